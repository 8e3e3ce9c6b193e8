"""`zq inspect`"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

import zq
import zq.files
from zq.files.errors import quoted

from . import tables
from .running import in_background
from .selection import any_matches, check_patterns

#: Longer lists of metadata (vocabularies) are shown by their length.
MAX_LIST = 16
MAX_TEXT = 200


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--tensor",
    "-t",
    "patterns",
    multiple=True,
    metavar="PATTERN",
    help="Only these, with their streams and what their values are.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--format",
    type=click.Choice(zq.files.FORMATS),
    help="Read FILE as this; without it, it is found out.",
)
def inspect(file: Path, patterns: tuple[str, ...], as_json: bool, format: str | None) -> None:
    """Show what FILE holds: tensors, how they are stored, and metadata.

    Reads headers only, and values where --tensor asks for them.

    \b
    Examples:
      zq inspect model.safetensors
      zq inspect model.gguf --tensor 'blk.0.ffn_*'
      zq inspect gptq_model/ --json | jq '.tensors[] | select(.bits_per_weight < 5) | .name'
      zq inspect gptq_model/ --format safetensors      the arrays as they are stored
    """
    with zq.files.open(file, format=format) as checkpoint:
        check_patterns("--tensor", patterns, list(checkpoint))
        stored = [
            tensor
            for name, tensor in checkpoint.stored.items()
            if not patterns or any_matches(patterns, name)
        ]
        details = {t.name: in_background(_details, t) for t in stored} if patterns else {}
        if as_json:
            _print_json(checkpoint, stored, details)
        else:
            _print_text(checkpoint, stored, details)


def _details(stored: zq.files.Stored) -> dict[str, Any]:
    """Streams and statistics of a tensor, whose values are read for it."""
    tensor = stored.load()
    result: dict[str, Any] = {}
    if isinstance(tensor, zq.Tensor):
        result["codec"] = tensor.codec.text
        result["streams"] = {
            name: {"shape": list(a.shape), "dtype": a.dtype.name, "bytes": a.nbytes}
            for name, a in tensor.streams.items()
        }
        tensor = tensor.decode()
    if tensor.size and tensor.dtype.kind not in "?c":
        values = tensor.astype(np.float64).reshape(-1)
        finite = values[np.isfinite(values)]
        result["values"] = {"not finite": int(values.size - finite.size)}
        if finite.size:
            result["values"] |= {
                "min": float(finite.min()),
                "max": float(finite.max()),
                "mean": float(finite.mean()),
                "std": float(finite.std()),
                "zeros": int((finite == 0).sum()),
            }
    return result


def _print_json(
    checkpoint: zq.files.Checkpoint, stored: list[zq.files.Stored], details: dict
) -> None:
    root = {
        "path": checkpoint.path,
        "format": checkpoint.format,
        "metadata": {key: _plain(value) for key, value in checkpoint.metadata.items()},
        "tensors": [
            {
                "name": tensor.name,
                "shape": list(tensor.shape),
                "dtype": tensor.dtype.name,
                "stored_as": tensor.kind,
                "bytes": tensor.nbytes,
                "bits_per_weight": tensor.bits_per_weight,
            }
            | details.get(tensor.name, {})
            for tensor in stored
        ],
    }
    click.echo(json.dumps(root, indent=2))


def _plain(value: Any) -> Any:
    """Metadata as JSON has it; long lists as their length."""
    if isinstance(value, np.ndarray | list):
        if len(value) > MAX_LIST:
            return {"length": len(value)}
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    # JSON has neither NaN nor infinity.
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def _print_text(
    checkpoint: zq.files.Checkpoint, stored: list[zq.files.Stored], details: dict
) -> None:
    console = tables.output()
    if not details:
        _print_metadata(checkpoint)
    lines = tables.table("tensor", "stored as", "dtype", "shape", "bytes", "bits", left=3)
    for tensor in stored:
        tables.row(
            lines,
            quoted(tensor.name)[1:-1],
            tensor.kind,
            tensor.dtype.name,
            tables.shape_text(tensor.shape),
            tables.size(tensor.nbytes),
            tables.rate(tensor.bits_per_weight),
        )
    console.print(lines)
    for name, found in details.items():
        _print_details(name, found)
    weights = sum(int(np.prod(t.shape, dtype=np.int64)) for t in stored)
    nbytes = sum(tensor.nbytes for tensor in stored)
    tables.line(
        console,
        f"{len(stored)} tensors, {weights:,} elements, {tables.size(nbytes)}"
        + (f", {8 * nbytes / weights:.3f} bits each" if weights else "")
        + f"; format {checkpoint.format}",
    )


def _print_metadata(checkpoint: zq.files.Checkpoint) -> None:
    console = tables.output()
    shown = {k: v for k, v in checkpoint.metadata.items() if not k.startswith("zq.")}
    for key, value in shown.items():
        plain = _plain(value)
        text = plain if isinstance(plain, str) else json.dumps(plain)
        tables.line(console, f"{quoted(key)[1:-1]}: {quoted(text, MAX_TEXT)[1:-1]}")
    if shown:
        console.print()


def _print_details(name: str, found: dict[str, Any]) -> None:
    console = tables.output()
    tables.line(console, quoted(name)[1:-1])
    if "codec" in found:
        tables.line(console, f"  {found['codec']}")
    for stream, about in found.get("streams", {}).items():
        shape = tables.shape_text(tuple(about["shape"]))
        tables.line(
            console, f"  {stream}: {shape} of {about['dtype']}, {tables.size(about['bytes'])}"
        )
    values = found.get("values", {})
    if "min" in values:
        tables.line(
            console,
            f"  values from {values['min']:.6g} to {values['max']:.6g}, mean {values['mean']:.3g}, "
            f"standard deviation {values['std']:.3g}, {values['zeros']} zeros",
        )
    if values.get("not finite"):
        tables.line(console, f"  {values['not finite']} values are NaN or infinite")
    console.print()
