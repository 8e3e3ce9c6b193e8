"""GGUF files: what the gguf package writes and dequantizes is what loads."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc

import gguf
import ml_dtypes
import numpy as np
import pytest
import zq
import zq.files
from gguf import GGMLQuantizationType, quants
from zq.files.gguf import TENSOR_TYPES
from zq.files.gguf_blocks import FORMATS

#: Where a block of each type has its f16 factors.
FACTORS = {
    "Q4_0": [0],
    "Q4_1": [0, 2],
    "Q5_0": [0],
    "Q5_1": [0, 2],
    "Q8_0": [0],
    "Q2_K": [80, 82],
    "Q3_K": [108],
    "Q4_K": [0, 2],
    "Q5_K": [0, 2],
    "Q6_K": [208],
    "IQ4_NL": [0],
    "IQ4_XS": [0],
    "TQ1_0": [52],
    "TQ2_0": [64],
    "MXFP4": [],
    "NVFP4": [],
}

#: The type -> the name in zq's table that it is loaded as.
NAMED = {
    "Q4_0": "q4_0",
    "Q4_1": "q4_1",
    "Q5_0": "q5_0",
    "Q8_0": "q8_0",
    "Q2_K": "q2_k",
    "Q3_K": "q3_k",
    "Q4_K": "q4_k",
    "Q5_K": "q5_k",
    "Q6_K": "q6_k",
    "IQ4_NL": "iq4_nl",
    "TQ1_0": "tq1_0",
    "MXFP4": "mxfp4",
}


def random_blocks(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Any bytes, but for factors that are numbers: u8 [..., bytes of a row]."""
    block, size = gguf.GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    blocks = rng.integers(0, 256, (int(np.prod(shape)) // block, size), np.uint8)
    for place in FACTORS[name]:
        # Not all bits of the exponent, so that it is finite.
        blocks[:, place + 1] &= 0xBF
    if name == "MXFP4":
        blocks[:, 0] = rng.integers(90, 160, len(blocks))
        blocks[:3, 0] = [0, 1, 254][: len(blocks)]
    if name == "NVFP4":
        blocks[:, :4] &= 0x7F
        blocks[0, 0] = 0x7F
    return blocks.reshape(*shape[:-1], -1)


def write(path, tensors: dict[str, tuple[str, np.ndarray]]) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_string("general.name", "a model")
    writer.add_array("tokenizer.ggml.tokens", ["<s>", "\N{GREEK SMALL LETTER ALPHA}", "x"])
    writer.add_array("tokenizer.ggml.scores", [0.5, 1.5, 2.5])
    for name, (kind, data) in tensors.items():
        writer.add_tensor(name, data, raw_dtype=GGMLQuantizationType[kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("shape", [(3, 512), (768,), (2, 3, 256), (1, 256)], ids=str)
@pytest.mark.filterwarnings("ignore:overflow")
def test_decodes_as_gguf_dequantizes(tmp_path, rng, same_bits, kind, shape):
    path = tmp_path / "model.gguf"
    blocks = random_blocks(rng, kind, shape)
    write(path, {"blk.0.ffn_up.weight": (kind, blocks)})
    tensor = zq.load(path)["blk.0.ffn_up.weight"]
    assert tensor.shape == shape
    want = quants.dequantize(blocks, GGMLQuantizationType[kind]).astype(np.float32, copy=False)
    same_bits(tensor.decode(), want)
    if len(shape) == 2 and kind in NAMED:
        assert tensor.codec.name == NAMED[kind]
    if kind != "TQ1_0":  # Five digits to a byte everywhere, where ggml has four in some.
        assert tensor.nbytes == blocks.nbytes


@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q5_0", "Q8_0", "TQ1_0", "TQ2_0", "MXFP4"])
def test_real_values(tmp_path, rng, same_bits, kind):
    """Blocks that gguf quantized and not random bytes, so that the error is small."""
    values = rng.standard_normal((16, 512), np.float32)
    blocks = quants.quantize(values, GGMLQuantizationType[kind])
    write(tmp_path / "m.gguf", {"w": (kind, blocks)})
    decoded = zq.load(tmp_path / "m.gguf")["w"].decode()
    same_bits(
        decoded,
        quants.dequantize(blocks, GGMLQuantizationType[kind]).astype(np.float32, copy=False),
    )
    error = np.linalg.norm(decoded - values) / np.linalg.norm(values)
    assert error < (0.85 if kind.startswith("TQ") else 0.15)


def test_ternary_without_a_fourth_digit_has_the_named_codec(tmp_path, rng):
    blocks = quants.quantize(rng.standard_normal((4, 256), np.float32), GGMLQuantizationType.TQ2_0)
    write(tmp_path / "m.gguf", {"w": ("TQ2_0", blocks)})
    assert zq.load(tmp_path / "m.gguf")["w"].codec.name == "tq2_0"


def test_dense_tensors_and_metadata(tmp_path, rng, same_bits):
    f32 = rng.standard_normal((3, 4), np.float32)
    bf16 = rng.standard_normal((5, 8), np.float32).astype(ml_dtypes.bfloat16)
    numbers = np.arange(7, dtype=np.int32)
    path = tmp_path / "model.gguf"
    write(
        path,
        {
            "a": ("F32", f32),
            "b": ("F16", f32.astype(np.float16)),
            "c": ("BF16", bf16.view(np.uint8)),
            "d": ("I32", numbers),
        },
    )
    with zq.files.open(path) as checkpoint:
        assert checkpoint.format == "gguf"
        assert checkpoint.metadata["general.name"] == "a model"
        assert checkpoint.metadata["tokenizer.ggml.tokens"] == [
            "<s>",
            "\N{GREEK SMALL LETTER ALPHA}",
            "x",
        ]
        assert list(checkpoint.metadata["tokenizer.ggml.scores"]) == [0.5, 1.5, 2.5]
        assert list(checkpoint) == ["a", "b", "c", "d"]
        same_bits(checkpoint["a"], f32)
        same_bits(checkpoint["b"], f32.astype(np.float16))
        same_bits(checkpoint["c"], bf16)
        same_bits(checkpoint["d"], numbers)


def test_a_type_without_codec_is_an_error_of_that_tensor_only(tmp_path, rng):
    path = tmp_path / "model.gguf"
    data = rng.integers(0, 256, (2, 66), np.uint8)
    write(path, {"a": ("IQ2_XXS", data), "b": ("F32", np.ones((2, 2), np.float32))})
    with pytest.raises(
        zq.Error, match=r"model.gguf: tensor 'a': zq has no codec for ggml's IQ2_XXS"
    ):
        zq.load(path)
    assert list(zq.load(path, ["b"])) == ["b"]


@pytest.mark.parametrize("kind", FORMATS)
def test_tensors_without_elements(tmp_path, kind):
    path = tmp_path / "m.gguf"
    number = GGMLQuantizationType[kind]
    path.write_bytes(header([], [info("v", (0, 256), number, 0), info("w", (3, 0), number, 0)]))
    loaded = zq.load(path)
    assert [tensor.decode().shape for tensor in loaded.values()] == [(0, 256), (3, 0)]


def test_folders(tmp_path, rng):
    write(tmp_path / "a.gguf", {"a": ("F32", np.ones((2, 2), np.float32))})
    assert list(zq.load(tmp_path)) == ["a"]
    write(tmp_path / "b.gguf", {"b": ("F32", np.ones((2, 2), np.float32))})
    with pytest.raises(zq.Error, match="has 2 .gguf files; name one of them"):
        zq.load(tmp_path)


def test_a_checkpoint_that_is_closed(tmp_path):
    write(tmp_path / "a.gguf", {"a": ("F32", np.ones((2, 2), np.float32))})
    with zq.files.open(tmp_path / "a.gguf") as checkpoint:
        pass
    with pytest.raises(zq.Error, match="a.gguf: tensor 'a': is closed"):
        checkpoint["a"]


def test_the_table_of_types_is_that_of_gguf():
    for number, kind in TENSOR_TYPES.items():
        assert GGMLQuantizationType(number).name == kind.name
        assert gguf.GGML_QUANT_SIZES[GGMLQuantizationType(number)] == (kind.block, kind.size)


def test_nan_scales_are_refused(tmp_path, rng):
    blocks = random_blocks(rng, "Q4_0", (2, 64))
    blocks[1, 18:20] = [0, 0x7E]
    write(tmp_path / "m.gguf", {"w": ("Q4_0", blocks)})
    with pytest.raises(zq.Error, match=r"m.gguf: tensor 'w': scale \[1, 1\] is nan"):
        zq.load(tmp_path / "m.gguf")


def test_nan_exponents_are_refused(tmp_path, rng):
    blocks = random_blocks(rng, "MXFP4", (2, 64))
    blocks[0, 0] = 255
    write(tmp_path / "m.gguf", {"w": ("MXFP4", blocks)})
    with pytest.raises(zq.Error, match=r"tensor 'w': scale \[0, 0\] is nan"):
        zq.load(tmp_path / "m.gguf")


# ---------------------------------------------------------------------------
# Headers that lie
# ---------------------------------------------------------------------------


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def info(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
    sizes = b"".join(struct.pack("<Q", n) for n in shape[::-1])
    return text(name) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", kind, offset)


def header(
    keys: list[bytes], infos: list[bytes], *, tensors: int | None = None, count: int | None = None
) -> bytes:
    start = b"GGUF" + struct.pack(
        "<IQQ", 3, len(infos) if tensors is None else tensors, len(keys) if count is None else count
    )
    whole = start + b"".join(keys) + b"".join(infos)
    return whole + bytes(-len(whole) % 32)


HUGE = (1 << 64) - 1
LYING = {
    "no magic": (b"GGUX" + bytes(28), "is no GGUF file"),
    "version": (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "is GGUF version 9"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "is a big-endian GGUF file"),
    "count of tensors": (header([], [], tensors=HUGE), f"claims {HUGE} tensors in"),
    "count of keys": (header([], [], count=HUGE), f"claims {HUGE} keys in"),
    "length of a key": (
        header([struct.pack("<Q", HUGE) + b"aaaaaaaaaaaa"], []),
        f"a key has {HUGE} bytes",
    ),
    "length of a string": (
        header([text("a") + struct.pack("<I", 8) + struct.pack("<Q", 1 << 40)], []),
        "ends within its header",
    ),
    "length of an array": (
        header([text("a") + struct.pack("<IIQ", 9, 4, 1 << 62)], []),
        "claims 4611686018427387904 elements of key 'a'",
    ),
    "arrays of arrays": (
        header([text("a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 40], []),
        "key 'a' has arrays in arrays",
    ),
    "type of a value": (
        header([text("a") + struct.pack("<I", 77) + bytes(16)], []),
        "has the unknown type 77",
    ),
    "key twice": (header([text("a") + struct.pack("<II", 4, 1)] * 2, []), "key 'a' is given twice"),
    "key not UTF-8": (
        header([struct.pack("<Q", 2) + b"\xff\xfe" + struct.pack("<II", 4, 1)], []),
        "a key at byte 32 is not UTF-8",
    ),
    "dimensions": (
        header([], [text("w") + struct.pack("<I", 1 << 31) + bytes(64)]),
        "tensor 'w': 2147483648 dimensions",
    ),
    "shape overflows": (
        header([], [info("w", (1 << 40, 1 << 40), 0, 0)]),
        "tensor 'w': its size overflows",
    ),
    "empty shape overflows": (
        header([], [info("w", (0, 1 << 40, 1 << 40), 0, 0)]),
        "tensor 'w': its size overflows",
    ),
    "unknown type": (header([], [info("w", (4, 4), 999, 0)]), "tensor 'w': unknown ggml type 999"),
    "ragged rows": (
        header([], [info("w", (4, 33), 2, 0)]),
        "tensor 'w': rows of 33 are no blocks of 32 of Q4_0",
    ),
    "a scalar of blocks": (
        header([], [info("w", (), 2, 0)]),
        "tensor 'w': rows of 1 are no blocks of 32 of Q4_0",
    ),
    "beyond the end": (
        header([], [info("w", (64, 64), 0, 0)]),
        "tensor 'w': bytes 0 to 16384 are not within the 0 bytes",
    ),
    "offset overflows": (
        header([], [info("w", (4, 4), 0, HUGE - 31)]),
        "tensor 'w': bytes 18446744073709551584 to",
    ),
    "offset not aligned": (
        header([], [info("w", (4, 4), 0, 8)]) + bytes(128),
        "tensor 'w': its offset 8 is no multiple of 32",
    ),
    "overlap": (
        header([], [info("v", (4, 8), 0, 0), info("w", (4, 4), 0, 64)]) + bytes(128),
        "tensor 'w': its bytes overlap those of 'v'",
    ),
    "twice": (header([], [info("w", (4, 4), 0, 0)] * 2) + bytes(64), "tensor 'w': is there twice"),
    "alignment": (
        header([text("general.alignment") + struct.pack("<II", 4, 0)], []),
        "general.alignment is 0, expected a power of two",
    ),
    "alignment of another type": (
        header([text("general.alignment") + struct.pack("<If", 6, 32.0)], []),
        "general.alignment is 32.0, expected a power of two",
    ),
}


@pytest.mark.parametrize("case", LYING)
def test_headers_that_lie(tmp_path, case):
    data, message = LYING[case]
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(zq.Error) as caught:
        zq.load(path, format="gguf")
    # Nothing is allocated by what a header says.
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert str(caught.value).startswith(str(path) + ": ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_random_damage_is_an_error_or_loads(tmp_path, rng):
    """No file crashes the reader, hangs it or has it raise anything but zq.Error."""
    good = tmp_path / "good.gguf"
    write(
        good,
        {
            "a": ("Q4_K", random_blocks(rng, "Q4_K", (2, 256))),
            "b": ("F32", np.ones((3, 3), np.float32)),
            "c": ("MXFP4", random_blocks(rng, "MXFP4", (2, 64))),
        },
    )
    data = np.frombuffer(good.read_bytes(), np.uint8)
    head = data.size - 512
    refused = 0
    bad = tmp_path / "bad.gguf"
    for i in range(400):
        damaged = data.copy()
        if i % 4 == 0:
            damaged = damaged[: rng.integers(0, data.size)]
        else:
            places = rng.integers(0, head if i % 4 < 3 else data.size, rng.integers(1, 5))
            damaged[places] = rng.choice(
                [0, 1, 0x7F, 0x80, 0xFF, *rng.integers(0, 256, 3)], len(places)
            )
        bad.write_bytes(damaged.tobytes())
        try:
            loaded = zq.load(bad, format="gguf")
        except zq.Error as problem:
            refused += 1
            assert str(problem).startswith(str(bad))
            continue
        for found in loaded.values():
            # That codes of many lengths end too soon shows when they are read.
            if isinstance(found, zq.Tensor):
                with contextlib.suppress(zq.Error):
                    found.decode()
    assert refused > 200
