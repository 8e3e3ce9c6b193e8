"""`zq decode`"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

import zq
import zq.files
from zq.files.dtypes import FLOATS

from . import tables
from .encode import check_output, texts_of
from .running import in_background, jobs_option, progress
from .selection import DTYPES, any_matches, check_patterns, to_dtype


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The .safetensors file to write. It appears complete or not at all.",
)
@click.option(
    "--tensor", "-t", "patterns", multiple=True, metavar="PATTERN", help="Decode these only."
)
@click.option("--dtype", type=click.Choice(DTYPES), help="Round floats to this type.")
@jobs_option
def decode(file: Path, output: Path, patterns: tuple[str, ...], dtype: str | None) -> None:
    """Write the dense tensors of FILE.

    What is compressed is decoded, whoever wrote it; all else is copied.

    \b
    Examples:
      zq decode small.safetensors -o dense.safetensors
      zq decode model-Q4_K_M.gguf -o dense.safetensors --dtype bf16
      zq decode model.gguf --tensor 'blk.0.*' -o first_block.safetensors
    """
    check_output(output, file)
    with zq.files.open(file) as checkpoint:
        check_patterns("--tensor", patterns, list(checkpoint))
        wanted = [name for name in checkpoint if not patterns or any_matches(patterns, name)]
        stored = [checkpoint.stored[name] for name in wanted]
        arrays: dict[str, np.ndarray] = {}
        with progress("decoding", sum(tensor.nbytes for tensor in stored)) as advance:
            for tensor in stored:
                advance(0, tensor.name)
                arrays[tensor.name] = in_background(_dense, tensor, dtype)
                advance(tensor.nbytes, tensor.name)
        zq.save(output, arrays, texts_of(checkpoint))
    compressed = sum(not tensor.is_dense for tensor in stored)
    tables.line(
        tables.output(),
        f"Wrote {output}: {len(stored)} tensors, {compressed} of them decoded; "
        f"{tables.size(sum(tensor.nbytes for tensor in stored))} became "
        f"{tables.size(output.stat().st_size)}.",
    )


def _dense(stored: zq.files.Stored, dtype: str | None) -> np.ndarray:
    tensor = stored.load()
    array = tensor.decode() if isinstance(tensor, zq.Tensor) else tensor
    if dtype and array.dtype in FLOATS:
        with np.errstate(over="ignore"):
            array = array.astype(to_dtype(dtype))
    return array
