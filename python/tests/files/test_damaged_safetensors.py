"""Safetensors files that lie, and those that something happened to."""

from __future__ import annotations

import contextlib
import json
import tracemalloc

import numpy as np
import pytest
import zq
import zq.files


def raw(header: bytes | dict, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(shape, begin: int, end: int, dtype: str = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


LYING = {
    "no bytes": (b"", "is no safetensors file: it has 0 bytes"),
    "header longer than the file": (
        raw({}, length=1 << 40),
        "its header claims 1099511627776 bytes, the file has 2 more",
    ),
    "header of all bits": (b"\xff" * 8, "its header claims 18446744073709551615 bytes"),
    "no JSON": (raw(b"{nonsense"), "the header is malformed"),
    "no object": (raw(b"[1]"), "the header is malformed: it does not begin with '{'"),
    "not UTF-8": (raw(b'{"\xff": 1}'), "the header is malformed"),
    "deep": (raw(b'{"a":' * 100000), "the header is malformed"),
    "a number of many digits": (raw(b'{"a": ' + b"9" * 5000 + b"}"), "the header is malformed"),
    "a name twice": (
        raw(
            b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
            b"12",
        ),
        "'a' is given twice",
    ),
    "a field twice": (
        raw(b'{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', b"1"),
        "'dtype' is given twice",
    ),
    "metadata of numbers": (
        raw({"__metadata__": {"a": 1}}),
        "the header's __metadata__ is not a table of strings",
    ),
    "no entry": (raw({"w": 3}), "tensor 'w': expected 'dtype', 'shape' and 'data_offsets'"),
    "no shape": (
        raw({"w": {"dtype": "F32", "data_offsets": [0, 0]}}),
        "tensor 'w': expected 'dtype'",
    ),
    "unknown dtype": (
        raw({"w": entry([1], 0, 4, "F33")}, b"1234"),
        "tensor 'w': unknown dtype 'F33'",
    ),
    "dtype is a list": (
        raw({"w": entry([1], 0, 4, ["F32"])}, b"1234"),
        "tensor 'w': unknown dtype",
    ),
    "a negative size": (
        raw({"w": entry([-1], 0, 4)}, b"1234"),
        "tensor 'w': 'shape' is not a list of sizes",
    ),
    "a size that is a fraction": (
        raw({"w": entry([1.0], 0, 4)}, b"1234"),
        "tensor 'w': 'shape' is not a list of sizes",
    ),
    "a size that is true": (
        raw({"w": entry([True], 0, 4)}, b"1234"),
        "tensor 'w': 'shape' is not a list of sizes",
    ),
    "many dimensions": (
        raw({"w": entry([1] * 33, 0, 4)}, b"1234"),
        "tensor 'w': more than 32 dimensions",
    ),
    "sizes that overflow": (
        raw({"w": entry([1 << 40, 1 << 40], 0, 4)}, b"1234"),
        "tensor 'w': its size overflows",
    ),
    "sizes that wrap to the right one": (
        raw({"w": entry([1 << 32, 1 << 32, 1], 0, 0)}),
        "tensor 'w': its size overflows",
    ),
    "empty sizes that overflow": (
        raw({"w": entry([0, 1 << 62, 1 << 62], 0, 0)}),
        "tensor 'w': its size overflows",
    ),
    "three offsets": (
        raw({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 4]}}, b"1234"),
        "tensor 'w': 'data_offsets' holds 3 numbers",
    ),
    "offsets backwards": (
        raw({"w": entry([1], 4, 0)}, b"1234"),
        "tensor 'w': bytes 4 to 0 are not within",
    ),
    "offsets beyond the end": (
        raw({"w": entry([2], 0, 8)}, b"1234"),
        "tensor 'w': bytes 0 to 8 are not within the 4 bytes of data",
    ),
    "offsets of another size": (
        raw({"w": entry([2], 0, 4)}, b"1234"),
        "tensor 'w': dtype and shape ask for 8 bytes, its offsets give 4",
    ),
    "overlap": (
        raw({"v": entry([2], 0, 8), "w": entry([1], 4, 8)}, b"12345678"),
        "tensor 'w': its bytes overlap those of 'v'",
    ),
    "a gap": (
        raw({"w": entry([1], 4, 8)}, b"12345678"),
        "tensor 'w': 4 bytes before it belong to no tensor",
    ),
    "more at the end": (
        raw({"w": entry([1], 0, 4)}, b"12345678"),
        "4 bytes at its end belong to no tensor",
    ),
}


@pytest.mark.parametrize("case", LYING)
def test_headers_that_lie(tmp_path, case):
    data, message = LYING[case]
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(zq.Error) as caught:
        zq.load(path)
    # Nothing is allocated by what a header says.
    assert tracemalloc.get_traced_memory()[1] < 4 * len(data) + (1 << 20)
    tracemalloc.stop()
    assert str(caught.value).startswith(str(path) + ": ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_control_characters_do_not_reach_the_message(tmp_path):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(raw({"a\n\x1b[31m" + "x" * 5000: entry([2], 0, 4)}, b"1234"))
    with pytest.raises(zq.Error) as caught:
        zq.load(path)
    assert "a\\n\\x1b[31mxx" in str(caught.value)
    assert len(str(caught.value)) < 1000


def edited(path, edit) -> None:
    """Rewrites the header of a good file."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    edit(header)
    path.write_bytes(raw(header, data[8 + length :]))


def set_type(text: str):
    return lambda header: header["__metadata__"].update({"zq.w": text})


NVFP4 = "!zq.tensor<{}xf32, #zq.codec<nvfp4>>"
WRONG_TYPES = {
    "no type": ("f32", "metadata 'zq.w' is no type of a compressed tensor: 'f32'"),
    "dense": ("tensor<8x32xf32>", "metadata 'zq.w' is no type of a compressed tensor"),
    "codec with a typo": (
        "!zq.tensor<8x32xf32, #zq.codec<nvpf4>>",
        "unknown stage or codec 'nvpf4'; did you mean",
    ),
    "element": (
        "!zq.tensor<8x32xi32, #zq.codec<nvfp4>>",
        "metadata 'zq.w' is no type of a compressed tensor",
    ),
    "shape of other streams": (NVFP4.format("8x64"), "tensor 'w'"),
    "huge": (NVFP4.format("1099511627776x1099511627776"), "tensor 'w'"),
    "huge rows": (NVFP4.format("9223372036854775807x1"), "tensor 'w'"),
    "more than 64 bits": (NVFP4.format("99999999999999999999x1"), "metadata 'zq.w' is no type"),
    "rank": (NVFP4.format("8"), "tensor 'w'"),
    "another codec": ("!zq.tensor<8x32xf32, #zq.codec<q4_0>>", "tensor 'w'"),
    "a codec with more streams": (
        "!zq.tensor<8x32xf32, #zq.codec<q4_k>>",
        "tensor 'w': its stream 'w.offset.scale' is missing",
    ),
    "a decoder": ("!zq.tensor<8x32xf32, #zq.codec<@lut3>>", "tensor 'w'"),
}


@pytest.mark.parametrize("case", WRONG_TYPES)
def test_metadata_that_lies(tmp_path, rng, case):
    text, message = WRONG_TYPES[case]
    path = tmp_path / "bad.safetensors"
    zq.save(path, {"w": zq.encode(rng.standard_normal((8, 32), np.float32), "nvfp4")})
    edited(path, set_type(text))
    with pytest.raises(zq.Error) as caught:
        zq.load(path)
    assert str(caught.value).startswith(str(path) + ": ")
    assert message in str(caught.value)


def test_streams_of_another_type(tmp_path, rng):
    path = tmp_path / "bad.safetensors"
    zq.save(path, {"w": zq.encode(rng.standard_normal((8, 32), np.float32), "nvfp4")})
    edited(path, lambda header: header["w.scale1"].update(dtype="U8"))
    with pytest.raises(zq.Error, match=r"bad.safetensors: tensor 'w': .*scale1"):
        zq.load(path)


@pytest.mark.parametrize("codec", ["bf16_huff", "spqr3", "tq1_0", "nvfp4"])
def test_random_damage_is_an_error_or_loads(tmp_path, rng, codec):
    """Whatever is done to a file: an error that names it, or a tensor that
    decodes to something. Codes whose lengths and places are data are the hard
    ones."""
    import ml_dtypes

    values = rng.standard_normal((4, 256), np.float32)
    tensor = zq.encode(values.astype(ml_dtypes.bfloat16) if codec == "bf16_huff" else values, codec)
    good = tmp_path / "good.safetensors"
    zq.save(good, {"w": tensor, "b": np.ones(3, np.float32)})
    data = np.frombuffer(good.read_bytes(), np.uint8)
    head = 8 + int(data[:8].view("<u8")[0])
    bad = tmp_path / "bad.safetensors"
    refused = 0
    for i in range(300):
        damaged = data.copy()
        if i % 5 == 0:
            damaged = damaged[: rng.integers(0, data.size)]
        else:
            places = rng.integers(0, head if i % 2 else data.size, rng.integers(1, 4))
            damaged[places] = rng.integers(0, 256, len(places))
        bad.write_bytes(damaged.tobytes())
        try:
            loaded = zq.load(bad)
        except zq.Error as problem:
            refused += 1
            assert str(problem).startswith(str(bad))
            continue
        for found in loaded.values():
            # That codes of many lengths end too soon shows when they are read.
            if isinstance(found, zq.Tensor):
                with contextlib.suppress(zq.Error):
                    found.decode()
    assert refused > 100
