"""What ggml's blocks hold, as zq's codecs and their streams.

A block of ggml is a struct: factors, then codes in an order that suits its
kernels. Here each field becomes an array along the row, in the order of the
elements, and is packed as the codec's `pack` does it. No value is computed anew,
so that decoding gives what `gguf.quants.dequantize` gives, bit by bit.

Layouts: ggml-common.h (the structs) and ggml-quants.c (the dequantize_row
functions) of ggml.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ml_dtypes
import numpy as np

from . import bits

#: u8 [blocks, bytes of a block] -> by stream [blocks, elements of a block's
#: part]: factors as they are stored, codes as u8.
Split = Callable[[np.ndarray], dict[str, np.ndarray]]


@dataclass(frozen=True)
class BlockFormat:
    """How one type of ggml is stored."""

    #: The codec; {16} stands for a block of 16 along the last axis.
    text: str
    split: Split
    #: How wide the codes of each stream of codes are.
    widths: dict[str, int]
    #: Another codec for blocks that the first cannot hold.
    wider: str | None = None
    #: Not 0: codes are digits of this base, which is what `wider` is without.
    radix: int = 0


def codec_text(text: str, rank: int) -> str:
    """The codec for tensors of `rank`: blocks are 1 but along the last axis."""
    for size in (8, 16, 32, 256):
        text = text.replace(f"{{{size}}}", "1x" * (rank - 1) + str(size))
    return text


def to_streams(
    form: BlockFormat, blocks: np.ndarray, shape: tuple[int, ...]
) -> tuple[str, dict[str, np.ndarray]]:
    """The codec's text and the streams of the tensor of `shape`, whose blocks
    are u8 [blocks, bytes of a block]. Raises ValueError, which says what is wrong."""
    parts = form.split(blocks)
    text, radix = form.text, form.radix
    if form.wider and (parts["codes"] > 2).any():
        text, radix = form.wider, 0
    streams = {}
    for name, part in parts.items():
        row = part.reshape(*shape[:-1], -1)
        if name not in form.widths:
            _check_finite(row, name)
            streams[name] = row
        elif radix and name == "codes":
            streams[name] = bits.pack_digits(row, radix)
        else:
            streams[name] = bits.pack(row, form.widths[name])
    return codec_text(text, len(shape)), streams


def _check_finite(values: np.ndarray, name: str) -> None:
    bad = ~np.isfinite(values.astype(np.float32))
    if bad.any():
        place = [int(i) for i in np.argwhere(bad)[0]]
        raise ValueError(f"{name} {place} is {values[tuple(place)]}")


# ---------------------------------------------------------------------------
# Pieces of a block
# ---------------------------------------------------------------------------


def _f16(blocks: np.ndarray, begin: int) -> np.ndarray:
    """The f16 at byte `begin` of each block, [blocks, 1]."""
    return np.ascontiguousarray(blocks[:, begin : begin + 2]).view("<f2")


def _minus(values: np.ndarray) -> np.ndarray:
    """f16 with the other sign. Minima are subtracted by ggml, offsets are added."""
    return (values.view(np.uint16) ^ np.uint16(0x8000)).view("<f2")


def _fields(data: np.ndarray, run: int, width: int) -> np.ndarray:
    """Codes of bytes that each hold codes `run` apart, the first in the lowest
    bits, run after run: [blocks, bytes] as [blocks, codes]."""
    runs = data.reshape(len(data), -1, 1, run)
    shifts = np.arange(0, 8, width, dtype=np.uint8)[:, None]
    return ((runs >> shifts) & np.uint8((1 << width) - 1)).reshape(len(data), -1)


def _bits32(data: np.ndarray) -> np.ndarray:
    """Bit j of four bytes as element j."""
    return np.unpackbits(np.ascontiguousarray(data), axis=-1, bitorder="little")


def _scales_and_minima(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The eight 6-bit scales and minima of Q4_K and Q5_K, of 12 bytes: four
    scales and four minima in the low bits of the first eight; the other four of
    each have their low halves in the last four bytes, their upper bits on top of
    the first ones."""
    first, second, rest = packed[:, :4], packed[:, 4:8], packed[:, 8:]
    top = np.uint8(0x30)
    scales = np.concatenate([first & 63, (rest & 15) | ((first >> 2) & top)], axis=1)
    minima = np.concatenate([second & 63, (rest >> 4) | ((second >> 2) & top)], axis=1)
    return scales, minima


# ---------------------------------------------------------------------------
# The types
# ---------------------------------------------------------------------------


def _q4_0(b: np.ndarray) -> dict[str, np.ndarray]:
    # The number less 8 in two's complement is the number with its top bit flipped.
    return {"scale": _f16(b, 0), "codes": _fields(b[:, 2:], 16, 4) ^ np.uint8(8)}


def _q4_1(b: np.ndarray) -> dict[str, np.ndarray]:
    return {"offset": _f16(b, 2), "scale": _f16(b, 0), "codes": _fields(b[:, 4:], 16, 4)}


def _q5_0(b: np.ndarray) -> dict[str, np.ndarray]:
    codes = _fields(b[:, 6:], 16, 4) | (_bits32(b[:, 2:6]) << np.uint8(4))
    return {"scale": _f16(b, 0), "codes": codes ^ np.uint8(16)}


def _q5_1(b: np.ndarray) -> dict[str, np.ndarray]:
    codes = _fields(b[:, 8:], 16, 4) | (_bits32(b[:, 4:8]) << np.uint8(4))
    return {"offset": _f16(b, 2), "scale": _f16(b, 0), "codes": codes}


def _q8_0(b: np.ndarray) -> dict[str, np.ndarray]:
    return {"scale": _f16(b, 0), "codes": b[:, 2:]}


def _q2_k(b: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "offset.scale": _minus(_f16(b, 82)),
        "offset.codes": b[:, :16] >> np.uint8(4),
        "scale.scale": _f16(b, 80),
        "scale.codes": b[:, :16] & np.uint8(15),
        "codes": _fields(b[:, 16:80], 32, 2),
    }


def _q3_k(b: np.ndarray) -> dict[str, np.ndarray]:
    low = _fields(b[:, 96:104], 8, 4)
    high = _fields(b[:, 104:108], 4, 2)
    # A bit of the mask that is not set subtracts 4, as the sign bit of three does.
    sign = _fields(b[:, :32], 32, 1) ^ np.uint8(1)
    return {
        "scale.scale": _f16(b, 108),
        "scale.codes": (low | (high << np.uint8(4))) ^ np.uint8(32),
        "codes": _fields(b[:, 32:96], 32, 2) | (sign << np.uint8(2)),
    }


def _q4_k(b: np.ndarray) -> dict[str, np.ndarray]:
    scales, minima = _scales_and_minima(b[:, 4:16])
    return {
        "offset.scale": _minus(_f16(b, 2)),
        "offset.codes": minima,
        "scale.scale": _f16(b, 0),
        "scale.codes": scales,
        "codes": _fields(b[:, 16:], 32, 4),
    }


def _q5_k(b: np.ndarray) -> dict[str, np.ndarray]:
    parts = _q4_k(b[:, :16])
    parts["codes"] = _fields(b[:, 48:], 32, 4) | (_fields(b[:, 16:48], 32, 1) << np.uint8(4))
    return parts


def _q6_k(b: np.ndarray) -> dict[str, np.ndarray]:
    codes = _fields(b[:, :128], 64, 4) | (_fields(b[:, 128:192], 32, 2) << np.uint8(4))
    return {
        "scale.scale": _f16(b, 208),
        "scale.codes": b[:, 192:208],
        "codes": codes ^ np.uint8(32),
    }


def _iq4_nl(b: np.ndarray) -> dict[str, np.ndarray]:
    return {"scale": _f16(b, 0), "codes": _fields(b[:, 2:], 16, 4)}


def _iq4_xs(b: np.ndarray) -> dict[str, np.ndarray]:
    low = _fields(b[:, 4:8], 1, 4)
    high = _fields(b[:, 2:4], 1, 2)
    return {
        "scale.scale": _f16(b, 0),
        "scale.codes": (low | (high << np.uint8(4))) ^ np.uint8(32),
        "codes": _fields(b[:, 8:], 16, 4),
    }


def _tq1_0(b: np.ndarray) -> dict[str, np.ndarray]:
    # A byte is ceil(256/243 of five digits), the first the most significant, so
    # that a digit is the upper byte of three times what the ones before leave.
    def digits(data: np.ndarray, count: int) -> np.ndarray:
        powers = np.array([1, 3, 9, 27, 81], np.uint8)[:count, None]
        left = data[:, None, :] * powers
        return ((left.astype(np.uint16) * 3) >> 8).astype(np.uint8).reshape(len(data), -1)

    parts = [digits(b[:, :32], 5), digits(b[:, 32:48], 5), digits(b[:, 48:52], 4)]
    return {"scale": _f16(b, 52), "codes": np.concatenate(parts, axis=1)}


def _tq2_0(b: np.ndarray) -> dict[str, np.ndarray]:
    return {"scale": _f16(b, 64), "codes": _fields(b[:, :64], 32, 2)}


def _positive_zero(codes: np.ndarray) -> np.ndarray:
    """ggml's table of E2M1 has integers, and so no negative zero."""
    return np.where(codes == 8, np.uint8(0), codes)


def _mxfp4(b: np.ndarray) -> dict[str, np.ndarray]:
    scale = np.ascontiguousarray(b[:, :1]).view(ml_dtypes.float8_e8m0fnu)
    return {"scale": scale, "codes": _positive_zero(_fields(b[:, 1:], 16, 4))}


def _nvfp4(b: np.ndarray) -> dict[str, np.ndarray]:
    # ggml takes 0x7F for zero and looks at seven bits otherwise, which are 480
    # where all are set: a number that no type of eight bits has.
    scale = b[:, :4]
    if (scale == 0xFF).any():
        raise ValueError("a scale is 0xFF")
    scale = np.where(scale == 0x7F, np.uint8(0), scale & np.uint8(0x7F)).view(
        ml_dtypes.float8_e4m3fn
    )
    return {"scale": scale, "codes": _positive_zero(_fields(b[:, 4:], 8, 4))}


_NORMAL = (
    "-127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, "
    "1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0"
)
_Q_K = (
    "offset<{32}, [scale<{8}, f16, peak>, quantize<ui6>, pack], min>, "
    "scale<{32}, [scale<{8}, f16>, quantize<ui6>, pack]>, "
)
_Q_K_WIDTHS = {"offset.codes": 6, "scale.codes": 6}

#: By ggml's names. The texts are those of zq's table where it has the name.
FORMATS: dict[str, BlockFormat] = {
    "Q4_0": BlockFormat("scale<{32}, f16, peak>, quantize<si4>, pack", _q4_0, {"codes": 4}),
    "Q4_1": BlockFormat(
        "offset<{32}, f16, min>, scale<{32}, f16>, quantize<ui4>, pack", _q4_1, {"codes": 4}
    ),
    "Q5_0": BlockFormat("scale<{32}, f16, peak>, quantize<si5>, pack", _q5_0, {"codes": 5}),
    "Q5_1": BlockFormat(
        "offset<{32}, f16, min>, scale<{32}, f16>, quantize<ui5>, pack", _q5_1, {"codes": 5}
    ),
    "Q8_0": BlockFormat("scale<{32}, f16>, quantize<si8>, pack", _q8_0, {"codes": 8}),
    "Q2_K": BlockFormat(
        "offset<{16}, [scale<{16}, f16, peak>, quantize<ui4>, pack], min>, "
        "scale<{16}, [scale<{16}, f16>, quantize<ui4>, pack]>, quantize<ui2>, pack",
        _q2_k,
        {"offset.codes": 4, "scale.codes": 4, "codes": 2},
    ),
    "Q3_K": BlockFormat(
        "scale<{16}, [scale<{16}, f16, peak>, quantize<si6>, pack], peak>, quantize<si3>, pack",
        _q3_k,
        {"scale.codes": 6, "codes": 3},
    ),
    "Q4_K": BlockFormat(_Q_K + "quantize<ui4>, pack", _q4_k, {**_Q_K_WIDTHS, "codes": 4}),
    "Q5_K": BlockFormat(_Q_K + "quantize<ui5>, pack", _q5_k, {**_Q_K_WIDTHS, "codes": 5}),
    "Q6_K": BlockFormat(
        "scale<{16}, [scale<{16}, f16, peak>, quantize<si8>, pack], peak>, quantize<si6>, pack",
        _q6_k,
        {"scale.codes": 8, "codes": 6},
    ),
    "IQ4_NL": BlockFormat(f"scale<{{32}}, f16>, lookup<[{_NORMAL}]>, pack", _iq4_nl, {"codes": 4}),
    "IQ4_XS": BlockFormat(
        "scale<{32}, [scale<{8}, f16, peak>, quantize<si6>, pack], peak>, "
        f"lookup<[{_NORMAL}]>, pack",
        _iq4_xs,
        {"scale.codes": 6, "codes": 4},
    ),
    "TQ1_0": BlockFormat(
        "scale<{256}, f16>, quantize<levels = 3>, pack<radix = 3>", _tq1_0, {"codes": 2}, radix=3
    ),
    # Two bits have a fourth code, 2, which ggml's quantizer never writes.
    "TQ2_0": BlockFormat(
        "scale<{256}, f16>, quantize<levels = 3>, pack",
        _tq2_0,
        {"codes": 2},
        wider="scale<{256}, f16>, lookup<[-1.0, 0.0, 1.0, 2.0]>, pack",
    ),
    "MXFP4": BlockFormat(
        "scale<{32}, f8E8M0FNU, floor>, quantize<f4E2M1FN>, pack", _mxfp4, {"codes": 4}
    ),
    "NVFP4": BlockFormat("scale<{16}, f8E4M3FN>, quantize<f4E2M1FN>, pack", _nvfp4, {"codes": 4}),
}
