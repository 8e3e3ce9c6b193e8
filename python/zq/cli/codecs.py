"""`zq codecs`"""

from __future__ import annotations

import fnmatch
import json

import click

import zq

from . import tables
from .selection import parse_codec


@click.command()
@click.argument("pattern", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def codecs(pattern: str | None, as_json: bool) -> None:
    """List the codecs that have names, with bits per weight of a 4096x4096 matrix.

    PATTERN is as in a shell; a single codec is shown with its stages and streams. Where bits are
    missing, they are up to the data.

    \b
    Examples:
      zq codecs
      zq codecs 'q*_k'
      zq codecs nvfp4
      zq codecs 'scale<1x64, f16>, quantize<si4>, pack'
    """
    found = zq.codecs()
    if pattern and set("*?[") & set(pattern) and "<" not in pattern:
        found = {name: found[name] for name in found if fnmatch.fnmatchcase(name, pattern)}
        if not found:
            raise click.UsageError(f"no codec's name matches '{pattern}'")
    elif pattern:
        codec = parse_codec(pattern)
        found = {str(codec): codec}
    if as_json:
        click.echo(json.dumps({name: _describe(codec) for name, codec in found.items()}, indent=2))
    elif len(found) == 1:
        _print_one(next(iter(found.values())))
    else:
        lines = tables.table("codec", "source", "bits", left=2)
        for name, codec in found.items():
            about = _describe(codec)
            bits = about["bits_per_weight"]
            shown = "lossless" if codec.lossless and bits is None else tables.rate(bits)
            tables.row(lines, name, about["source"] or "", shown)
        tables.output().print(lines)


def _describe(codec: zq.Codec) -> dict:
    return {
        "text": codec.text,
        "source": codec.source,
        "lossless": codec.lossless,
        "bits_per_weight": codec.bits_per_weight(),
    }


def _print_one(codec: zq.Codec) -> None:
    console = tables.output()
    about = _describe(codec)
    for line in (codec.name, about["text"], about["source"]):
        if line:
            tables.line(console, line)
    bits = about["bits_per_weight"]
    rate = "bits are up to the data" if bits is None else f"{bits:.4f} bits per weight"
    tables.line(console, rate + (", lossless" if codec.lossless else ""))
    console.print()
    lines = tables.table("stream of 4096x4096 weights", "elements", "shape", left=2)
    for name, (shape, dtype) in _streams(codec).items():
        tables.row(lines, name, dtype.name, "x".join("?" if n < 0 else str(n) for n in shape))
    console.print(lines)


def _streams(codec: zq.Codec) -> dict:
    from zq.files.native import ELEMENTS

    problem: zq.Error | None = None
    for dtype in ELEMENTS.values():
        try:
            return zq.Tensor.stream_types(codec, (4096, 4096), dtype)
        except zq.Error as caught:
            problem = problem or caught
    assert problem is not None
    raise problem
