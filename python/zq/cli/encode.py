"""`zq encode`"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

import zq
import zq.files
from zq.files.dtypes import FLOATS

from . import tables
from .running import in_background, jobs_option, progress
from .selection import DTYPES, check_patterns, choose, parse_rules, to_dtype


@dataclass
class Result:
    """What became of a tensor."""

    name: str
    shape: tuple[int, ...]
    codec: str
    before: int
    after: int
    bits: float
    #: Relative; None where it was not computed.
    error: float | None


#: What was not encoded, by the reason.
Kept = dict[str, list[zq.files.Stored]]


@click.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--codec",
    "-c",
    "codec_texts",
    multiple=True,
    required=True,
    metavar="[PATTERN=]CODEC",
    help="The codec, or the one for names that match PATTERN; may be repeated, the first that "
    "matches counts. CODEC is a name ('zq codecs' lists them) or stages.",
)
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The .safetensors file to write. It appears complete or not at all.",
)
@click.option("--include", "-i", multiple=True, metavar="PATTERN", help="Encode these only.")
@click.option("--exclude", "-x", multiple=True, metavar="PATTERN", help="Leave these as they are.")
@click.option(
    "--min-size",
    type=click.IntRange(min=0),
    default=4096,
    show_default=True,
    metavar="N",
    help="Leave tensors of fewer elements as they are.",
)
@click.option(
    "--dtype",
    type=click.Choice(DTYPES),
    help="Round values to this type first; it is what decodes.",
)
@click.option(
    "--activations",
    "-a",
    "activations_file",
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE",
    help="Vectors that tensors will be multiplied by, each under its tensor's name: the errors of "
    "these products are made small (GPTQ), and are those of the table.",
)
@click.option(
    "--check/--no-check",
    default=True,
    show_default=True,
    help="Decode what was encoded, for the errors in the table.",
)
@click.option(
    "--keep-going",
    is_flag=True,
    help="Leave a tensor as it is whose values its codec cannot hold (NaN), and go on.",
)
@jobs_option
def encode(
    file: Path,
    codec_texts: tuple[str, ...],
    output: Path,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    min_size: int,
    dtype: str | None,
    activations_file: Path | None,
    check: bool,
    keep_going: bool,
) -> None:
    """Compress the tensors of FILE.

    Matrices of floats (and tensors of more dimensions, where the codec takes them) that are large
    enough are encoded; all else is copied, and the summary says why. PATTERN is as in a shell:
    * for anything, ? for a character, [ab] for one of these; it has to match the whole name.

    \b
    Examples:
      zq encode model.safetensors --codec nvfp4 -o small.safetensors
      zq encode model.safetensors -c nvfp4 --include '*.mlp.*' -o small.safetensors
      zq encode model.safetensors -c '*.mlp.*=nvfp4' -c '*.attn.*=int8_g128' -o mixed.safetensors
      zq encode model.safetensors -c 'scale<1x64, f16>, quantize<si4>, pack' -o own.safetensors
      zq encode bf16_model/ -c df11 --exclude '*embed*' -o lossless.safetensors
      zq encode model.safetensors -c int4_g128 -a inputs.safetensors -o gptq.safetensors
    """
    rules = parse_rules(codec_texts)
    check_output(output, file)
    with zq.files.open(file) as checkpoint:
        names = list(checkpoint)
        check_patterns("--include", include, names)
        check_patterns("--exclude", exclude, names)
        check_patterns("--codec", (r.pattern for r in rules if r.pattern != "*"), names)
        activations = read_activations(activations_file, names) if activations_file else {}
        results, kept, tensors = _encode_all(
            checkpoint, rules, include, exclude, min_size, dtype, activations, check, keep_going
        )
        if not results:
            _print_kept(kept)
            raise click.ClickException("nothing is left to encode; no file was written")
        zq.save(output, tensors, texts_of(checkpoint))
        total = sum(stored.nbytes for stored in checkpoint.stored.values())
    _print_results(results)
    _print_kept(kept)
    _print_summary(results, total, output, check)


def check_output(output: Path, file: Path) -> None:
    """Refuses to write what is called no .safetensors file, or where it is read from."""
    if output.suffix != ".safetensors":
        raise click.UsageError(f"-o {output}: what is written is a .safetensors file")
    read = [file, *file.glob("*.safetensors"), *file.glob("*.gguf")] if file.is_dir() else [file]
    if os.path.realpath(output) in map(os.path.realpath, read):
        raise click.UsageError(f"-o {output} would replace what is read; name another file")


def read_activations(file: Path, names: list[str]) -> dict[str, np.ndarray]:
    """The vectors of each tensor that the file has some for."""
    with zq.files.open(file) as known:
        unknown = [name for name in known if name not in names]
        if unknown:
            raise click.UsageError(
                f"--activations {file}: no tensor is called '{unknown[0]}'; vectors go by the "
                "names of the tensors that they are multiplied by"
            )
        activations = {name: stored.load() for name, stored in known.stored.items()}
    for name, vectors in activations.items():
        if vectors.dtype not in FLOATS:
            raise click.UsageError(
                f"--activations {file}: the vectors for '{name}' are {vectors.dtype}, and not "
                "floats"
            )
    return activations


def texts_of(checkpoint: zq.files.Checkpoint) -> dict[str, str]:
    """The metadata that any file can hold, without that of compressed tensors."""
    return {
        key: value
        for key, value in checkpoint.metadata.items()
        if isinstance(value, str) and not key.startswith("zq.")
    }


def _encode_all(
    checkpoint: zq.files.Checkpoint,
    rules: list,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    min_size: int,
    dtype: str | None,
    activations: dict[str, np.ndarray],
    check: bool,
    keep_going: bool,
) -> tuple[list[Result], Kept, dict[str, zq.Tensor | np.ndarray]]:
    results: list[Result] = []
    kept: Kept = {}
    tensors: dict[str, zq.Tensor | np.ndarray] = {}
    choices = {
        name: choose(stored, rules, include, exclude, min_size, dtype)
        for name, stored in checkpoint.stored.items()
    }
    for name in activations:
        if not isinstance(choices[name], zq.Codec):
            raise click.UsageError(
                f"--activations has vectors for '{name}', which is not encoded: {choices[name]}"
            )
    total = sum(checkpoint.stored[name].nbytes for name in choices)
    with progress("encoding", total) as advance:
        for name, choice in choices.items():
            stored = checkpoint.stored[name]
            advance(0, name)
            tensor = in_background(stored.load)
            if isinstance(choice, zq.Codec):
                try:
                    result, tensor = in_background(
                        _encode_one, name, tensor, choice, dtype, activations.get(name), check
                    )
                    results.append(result)
                except zq.Error as problem:
                    message = str(problem).splitlines()[0]
                    if not keep_going:
                        raise zq.Error(
                            f"{stored.path}: tensor '{name}': {message} "
                            "(--keep-going leaves such tensors as they are)"
                        ) from None
                    choice = f"{choice} cannot hold its values: {message}"
            if not isinstance(choice, zq.Codec):
                kept.setdefault(choice, []).append(stored)
            tensors[name] = tensor
            advance(stored.nbytes, name)
    return results, kept, tensors


def _encode_one(
    name: str,
    array: np.ndarray,
    codec: zq.Codec,
    dtype: str | None,
    activations: np.ndarray | None,
    check: bool,
) -> tuple[Result, zq.Tensor]:
    tensor = zq.encode(
        array, codec, dtype=to_dtype(dtype) if dtype else None, activations=activations
    )
    error = None
    if check and activations is None:
        error = relative_error(array, tensor.decode())
    elif check:
        error = relative_error(products(array, activations), products(tensor.decode(), activations))
    return (
        Result(
            name,
            array.shape,
            str(codec),
            array.nbytes,
            tensor.nbytes,
            tensor.bits_per_weight,
            error,
        ),
        tensor,
    )


def products(array: np.ndarray, activations: np.ndarray) -> np.ndarray:
    """Of each vector with each row."""
    columns = array.shape[-1]
    rows = array.reshape(-1, columns).astype(np.float64)
    return rows @ activations.reshape(-1, columns).astype(np.float64).T


def relative_error(array: np.ndarray, decoded: np.ndarray) -> float:
    """The norm of what changed, divided by the norm of the array; of NaN and
    infinities, which some codecs keep, only those that were lost count, as if
    all were."""
    left, right = array.reshape(-1), decoded.reshape(-1)
    difference = norm = 0.0
    for begin in range(0, left.size, 1 << 20):
        exact = left[begin : begin + (1 << 20)].astype(np.float64)
        with np.errstate(invalid="ignore"):
            change = right[begin : begin + (1 << 20)].astype(np.float64) - exact
        finite = np.isfinite(exact)
        if not finite.all():
            kept = right[begin : begin + (1 << 20)].astype(np.float64)[~finite]
            if not np.array_equal(exact[~finite], kept, equal_nan=True):
                return np.inf
            change, exact = change[finite], exact[finite]
        difference += float(change @ change)
        norm += float(exact @ exact)
    return (difference / norm) ** 0.5 if norm else 0.0 if difference == 0 else np.inf


def _print_results(results: list[Result]) -> None:
    lines = tables.table("tensor", "codec", "shape", "before", "after", "bits", "error", left=2)
    for result in results:
        tables.row(
            lines,
            result.name,
            result.codec,
            tables.shape_text(result.shape),
            tables.size(result.before),
            tables.size(result.after),
            tables.rate(result.bits),
            tables.error_text(result.error),
        )
    tables.output().print(lines)


def _print_kept(kept: Kept) -> None:
    if not kept:
        return
    lines = tables.table("left as they are, because", "such as", "tensors", "bytes", left=2)
    for reason, tensors in sorted(kept.items()):
        nbytes = tables.size(sum(tensor.nbytes for tensor in tensors))
        tables.row(lines, reason, tensors[0].name, len(tensors), nbytes)
    tables.output().print(lines)


def _print_summary(results: list[Result], total: int, output: Path, check: bool) -> None:
    before, after = sum(r.before for r in results), sum(r.after for r in results)
    weights = sum(int(np.prod(r.shape, dtype=np.int64)) for r in results)
    written = output.stat().st_size
    console = tables.output()
    worst = sorted(results, key=lambda r: -(r.error or 0))[:3]
    if check and worst[0].error:
        console.print("Largest relative errors:")
        for result in worst:
            tables.line(console, f"  {tables.error_text(result.error)}  {result.name}")
    tables.line(
        console,
        f"Encoded {len(results)} tensors: {tables.size(before)} became {tables.size(after)}, "
        f"{8 * after / max(weights, 1):.3f} bits per weight, {before / max(after, 1):.2f} times "
        "smaller.",
    )
    tables.line(console, f"Wrote {output}: {tables.size(total)} became {tables.size(written)}.")
