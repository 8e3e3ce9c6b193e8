"""What became of each weight: its codec, its bytes, and whether its decoding is fused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch

from ..tensor import Tensor
from .segment import Segment, Weight


@dataclass(frozen=True)
class Row:
    """A compressed weight."""

    name: str
    codec: str
    shape: tuple[int, ...]
    #: Bytes as stored, and those of the dense tensor.
    nbytes: int
    dense_nbytes: int
    #: Whether values are decoded where they are used; None where the compiler does not say.
    fused: bool | None
    #: What the compiler says, without its prediction.
    why: str
    #: The weight itself; None before the first call.
    tensor: Tensor | None = None


@dataclass(frozen=True)
class Explanation:
    """What `zq.explain` gives. Prints as a table."""

    rows: list[Row]
    #: Name, shape and bytes of the matrices without a codec.
    dense: list[tuple[str, tuple[int, ...], int]]
    #: What stays with PyTorch or dense, and why.
    remarks: list[str]

    def __str__(self) -> str:
        lines = [("weight", "codec", "bytes", "of dense", "fused", "why")]
        for row in self.rows:
            ratio = f"{100 * row.nbytes / row.dense_nbytes:.1f}%" if row.dense_nbytes else ""
            fused = {True: "yes", False: "no", None: "?"}[row.fused]
            lines.append((row.name, row.codec, f"{row.nbytes:,}", ratio, fused, row.why))
        for name, _, nbytes in self.dense:
            lines.append((name, "dense", f"{nbytes:,}", "100.0%", "", ""))
        widths = [max(len(line[i]) for line in lines) for i in range(5)]
        text = [
            "  ".join(
                cell.rjust(width) if i in (2, 3) else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(line[:5], widths, strict=False))
            )
            + "  "
            + line[5]
            for line in lines
        ]
        return "\n".join([*text, *self.remarks])

    __repr__ = __str__


def _remarks_of(name: str, remarks: Iterable[str]) -> list[str]:
    """The remarks on the weight `name`, and those on the contraction of its layer."""
    layer = name.rpartition(".")[0]
    found = []
    for remark in remarks:
        place, _, text = remark.partition(": ")
        if place == name or (place == layer and text.startswith("contraction")):
            found.append(text.split("; predicted:")[0].strip())
    return list(dict.fromkeys(found))


def explain_segments(
    segments: Sequence[Segment],
    weights: Iterable[Weight],
    parameters: Mapping[str, torch.Tensor],
    remarks: Sequence[str],
) -> Explanation:
    """Of the programs that are compiled by now."""
    said = [remark for segment in segments for remark in segment.remarks]
    rows = []
    for weight in weights:
        if not weight.is_encoded:
            rows.append(
                Row(weight.name, "", weight.stored, 0, 0, None, "is compressed at the first call")
            )
            continue
        tensor = weight.tensor
        why = _remarks_of(weight.name, said)
        fused = None
        if why:
            fused = not any("not fused" in text for text in why)
        rows.append(
            Row(
                weight.name,
                str(tensor.codec),
                tuple(tensor.shape),
                tensor.nbytes,
                tensor.size * tensor.dtype.itemsize,
                fused,
                "; ".join(why),
                tensor,
            )
        )
    shortfalls = [c.shortfall for s in segments for c in s.compiled.values() if c.shortfall]
    compressed = {row.name for row in rows}
    dense = [
        (name, tuple(tensor.shape), tensor.numel() * tensor.element_size())
        for name, tensor in parameters.items()
        if name not in compressed and tensor.dim() > 1
    ]
    return Explanation(rows, dense, list(dict.fromkeys([*remarks, *shortfalls])))
