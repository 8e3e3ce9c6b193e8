"""Errors that name the file and the tensor they are about."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable

from ..errors import Error


def error(path: str | os.PathLike[str], message: str, tensor: str | None = None) -> Error:
    """A `zq.Error` (to be raised) about `path`, and about `tensor` of it."""
    where = os.fspath(path)
    # A name from a hostile file may be long, or hold control characters.
    if tensor is not None:
        where += f": tensor {quoted(tensor)}"
    return Error(f"{where}: {message}")


def quoted(name: str, limit: int = 200) -> str:
    """`name` in quotes, printable and on one line."""
    if len(name) > limit:
        name = name[:limit] + "..."
    return "'" + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name) + "'"


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where something of `known` is close, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {quoted(close[0])}?" if close else ""
