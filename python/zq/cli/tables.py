"""What the commands print: tables and sizes."""

from __future__ import annotations

import os
import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text


def output() -> Console:
    """stdout. Where it is no terminal lines are as long as they are."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return Console(highlight=False)
    return Console(highlight=False, width=500)


def table(*columns: str, left: int = 1) -> Table:
    """A table whose first `left` columns are text and whose others are numbers."""
    result = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for i, column in enumerate(columns):
        is_text = i < left
        result.add_column(
            column, justify="left" if is_text else "right", overflow="fold", no_wrap=not is_text
        )
    return result


def row(target: Table, *cells: object, style: str | None = None) -> None:
    """Adds a row; brackets in names are no markup."""
    target.add_row(*(Text(str(cell)) for cell in cells), style=style)


def size(nbytes: float) -> str:
    """123 B, 1.5 kB, 12.3 MB: three digits, powers of 1000."""
    units = ["B", "kB", "MB", "GB", "TB"]
    value = float(nbytes)
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    digits = 0 if units[0] == "B" or value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f} {units[0]}"


def rate(bits: float | None) -> str:
    """Bits per weight."""
    return "" if bits is None else f"{bits:.3f}"


def shape_text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"


def error_text(error: float | None) -> str:
    """A relative error; None where it was not computed."""
    if error is None:
        return ""
    return "exact" if error == 0 else f"{error:.4f}" if error >= 0.001 else f"{error:.1e}"


def line(console: Console, text: str) -> None:
    """A line of plain text, as it is."""
    console.print(Text(text), soft_wrap=True)


def error_output() -> Console:
    """stderr."""
    return Console(stderr=True, highlight=False)
