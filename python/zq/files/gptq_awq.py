"""The int4 (and 2, 3, 8) checkpoints of GPTQ and AWQ.

Both store a linear layer as `qweight`, `qzeros` (i32 words) and `scales`, inputs
first: scales are [groups, outputs]. Packing, with w the width:

GPTQ   qweight [inputs * w / 32, outputs]: each column a string of bits down the
       inputs; qzeros [groups, outputs * w / 32]: each row a string. The zero
       point is what is stored plus 1, modulo 2^w (v1); as it is (v2). g_idx
       [inputs] is the group of each input (desc_act, "act-order").
AWQ    qweight [inputs, outputs * 4 / 32], qzeros [groups, outputs * 4 / 32]: a
       word holds the outputs 0, 2, 4, 6, 1, 3, 5, 7 of its eight from the lowest
       bits on. The zero point is as it is.

Definitions: AutoGPTQ's nn_modules/qlinear, GPTQModel's gptq_v2, AutoAWQ's
awq/modules/linear/gemm.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

import zq

from .checkpoint import Stored
from .errors import error
from .integers import group_size, integer_tensor, order_of_groups, unpack_words
from .source import Source

if TYPE_CHECKING:
    from zq import Tensor

#: Which bits, in fours, hold output j of a word.
AWQ_PLACE = np.array([0, 4, 1, 5, 2, 6, 3, 7])


def packed_by(source: Source) -> str:
    """Which of the two packed the layers of a file that does not say: they differ
    in what they pack along."""
    for name, entry in source.entries.items():
        layer, _, last = name.rpartition(".")
        scales = source.entries.get(f"{layer}.scales")
        if last == "qweight" and scales and len(entry.shape) == len(scales.shape) == 2:
            return "gptq" if entry.shape[1] == scales.shape[1] else "awq"
    return "gptq"


def stored_tensors(source: Source, config: dict[str, Any], format: str) -> Iterator[Stored]:
    """The layers that are packed as `format` says: gptq, gptq_v2 or awq."""
    for name in list(source.entries):
        layer, _, last = name.rpartition(".")
        if last != "qweight":
            continue
        parts = {last: f"{layer}.{last}" for last in ("qweight", "qzeros", "scales", "g_idx")}
        if parts["g_idx"] not in source.entries:
            del parts["g_idx"]
        if not any(part in source.entries for part in (parts["qzeros"], parts["scales"])):
            # Something else of that name.
            continue
        yield _stored(source, f"{layer}.weight" if layer else "weight", parts, config, format)


def _stored(
    source: Source, name: str, parts: dict[str, str], config: dict[str, Any], format: str
) -> Stored:
    def fail(message: str) -> zq.Error:
        return error(source.path_of(parts["qweight"]), message, name)

    for part in ("qweight", "qzeros", "scales"):
        entry = source.entries.get(parts[part])
        if entry is None:
            raise fail(f"'{parts[part]}' is missing")
        if len(entry.shape) != 2 or 0 in entry.shape:
            raise fail(f"'{parts[part]}' has the shape {entry.shape}, expected a matrix")
        if part != "scales" and entry.dtype != np.dtype("<i4"):
            raise fail(f"'{parts[part]}' has elements of type {entry.dtype}, expected int32")
    weight, zeros, scales = (
        source.entries[parts[p]].shape for p in ("qweight", "qzeros", "scales")
    )
    outputs = scales[1]
    if zeros[0] != scales[0] or zeros[1] * 32 % outputs:
        raise fail(f"'qzeros' {zeros} does not fit 'scales' {scales}")
    width = zeros[1] * 32 // outputs
    said = config.get("bits", config.get("w_bit"))
    if isinstance(said, int) and said != width:
        raise fail(f"holds {width} bits for each zero point, where the configuration has {said}")

    read: Callable[[], Tensor]
    if format == "awq":
        if width != 4 or weight[1] * 8 != outputs:
            raise fail(
                f"'qweight' {weight} is not packed as AWQ's gemm layout for {outputs} outputs"
            )
        if str(config.get("version", "gemm")).lower() != "gemm":
            raise fail(f"AWQ's layout {config['version']!r} is not known; zq reads 'gemm'")
        inputs, kind = weight[0], "AWQ int4"

        def read() -> Tensor:
            return _read_awq(
                source,
                parts,
                group_size(inputs, scales[0], config.get("group_size", config.get("q_group_size"))),
            )
    else:
        if width not in (2, 3, 4, 8) or weight[1] != outputs or weight[0] * 32 % width:
            raise fail(
                f"'qweight' {weight} is not packed as GPTQ for {outputs} outputs of {width} bits"
            )
        layout = str(config.get("checkpoint_format", "gptq")).lower()
        if format == "gptq" and layout not in ("gptq", "gptq_v2"):
            raise fail(
                f"GPTQ's checkpoint format {layout!r} is not known; zq reads 'gptq' and 'gptq_v2'"
            )
        inputs, kind = weight[0] * 32 // width, f"GPTQ int{width}"
        first = 0 if format == "gptq_v2" or layout == "gptq_v2" else 1

        def read() -> Tensor:
            return _read_gptq(
                source, parts, width, first, group_size(inputs, scales[0], config.get("group_size"))
            )

    names = tuple(parts.values())
    nbytes = sum(source.entries[part].nbytes for part in names)
    dtype = source.entries[parts["scales"]].dtype
    return Stored(
        name, (outputs, inputs), dtype, kind, nbytes, source.path_of(parts["qweight"]), read, names
    )


def _read_gptq(source: Source, parts: dict[str, str], width: int, first: int, group: int) -> Tensor:
    weight = source.read(parts["qweight"])
    inputs = weight.shape[0] * 32 // width
    codes = unpack_words(np.ascontiguousarray(weight.T), width, inputs)
    scales = source.read(parts["scales"])
    zeros = unpack_words(source.read(parts["qzeros"]), width, scales.shape[1])
    zeros = (zeros + np.uint8(first)) & np.uint8((1 << width) - 1)
    order = None
    if "g_idx" in parts:
        order = order_of_groups(source.read(parts["g_idx"]), inputs, group)
        if order is not None:
            codes = codes[:, order]
    return integer_tensor(codes, width, _rows(scales), _rows(zeros), group, order)


def _read_awq(source: Source, parts: dict[str, str], group: int) -> Tensor:
    scales = source.read(parts["scales"])
    codes, zeros = (
        _unpack_awq(source.read(parts[part]), scales.shape[1]) for part in ("qweight", "qzeros")
    )
    return integer_tensor(_rows(codes), 4, _rows(scales), _rows(zeros), group)


def _unpack_awq(words: np.ndarray, outputs: int) -> np.ndarray:
    codes = unpack_words(words, 4, outputs)
    return codes.reshape(len(codes), -1, 8)[..., AWQ_PLACE].reshape(len(codes), outputs)


def _rows(values: np.ndarray) -> np.ndarray:
    """Inputs first becomes outputs first."""
    return np.ascontiguousarray(values.T)
