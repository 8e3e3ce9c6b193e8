"""Checkpoints of compressed-tensors, against dequantization written here from
the definition, and against the library itself where it is installed."""

from __future__ import annotations

import contextlib
import json

import ml_dtypes
import numpy as np
import pytest
import zq
import zq.files

BF16 = ml_dtypes.bfloat16
E4M3 = ml_dtypes.float8_e4m3fn
GRID = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)
W = "model.layers.0.mlp.up_proj.weight"


def pack_rows(codes: np.ndarray, width: int) -> np.ndarray:
    """Each row a string of bits in as few i32 words as hold it."""
    words = -(-codes.shape[1] * width // 32)
    strings = [sum(int(code) << (width * j) for j, code in enumerate(row)) for row in codes]
    return np.array(
        [[(s >> (32 * i)) & 0xFFFFFFFF for i in range(words)] for s in strings], np.uint32
    ).view(np.int32)


def integers(
    rng, *, width=4, rows=24, columns=64, group=32, asymmetric=False, act_order=False, scale=BF16
):
    """The arrays of a pack-quantized weight, and the weight."""
    groups = columns // group
    low, high = -(1 << (width - 1)), 1 << (width - 1)
    numbers = rng.integers(low, high, (rows, columns))
    scales = (rng.standard_normal((rows, groups)) * 0.01).astype(scale)
    zeros = rng.integers(low, high, (rows, groups)) if asymmetric else np.zeros((rows, groups), int)
    g_idx = np.arange(columns) // group
    if act_order:
        rng.shuffle(g_idx)
    arrays = {
        "packed": pack_rows(numbers - low, width),
        "scale": scales,
        "shape": np.array([rows, columns]),
    }
    if asymmetric:
        arrays["zero_point"] = np.ascontiguousarray(pack_rows((zeros - low).T, width).T)
    if act_order:
        arrays["g_idx"] = g_idx.astype(np.int32)
    weight = np.empty((rows, columns), scale)
    for j in range(columns):
        weight[:, j] = (numbers[:, j] - zeros[:, g_idx[j]]).astype(scale) * scales[:, g_idx[j]]
    return arrays, weight


def nvfp4(rng, *, rows=32, columns=64, divisor=1734.2):
    codes = rng.integers(0, 16, (rows, columns), np.uint8)
    scales = rng.integers(0, 127, (rows, columns // 16), np.uint8).view(E4M3)
    arrays = {
        "packed": codes[:, ::2] | (codes[:, 1::2] << 4),
        "scale": scales,
        "global_scale": np.float32([divisor]),
    }
    factors = np.repeat(scales.astype(np.float32) / np.float32(divisor), 16, axis=1)
    return arrays, (GRID[codes] * factors).astype(BF16)


def save(folder, arrays, weights=None, **others):
    path = folder / "model.safetensors"
    zq.save(path, {f"{W}_{part}" if part else W: array for part, array in arrays.items()} | others)
    if weights is not None:
        config = {
            "quant_method": "compressed-tensors",
            "config_groups": {"group_0": {"weights": weights}},
        }
        (folder / "config.json").write_text(json.dumps({"quantization_config": config}))
    return path


@pytest.mark.parametrize("width", range(1, 9))
@pytest.mark.parametrize("asymmetric", [False, True])
def test_packed_integers(tmp_path, rng, same_bits, width, asymmetric):
    arrays, weight = integers(rng, width=width, asymmetric=asymmetric)
    path = save(tmp_path, arrays, bias=np.ones(3))
    loaded = zq.load(path)
    assert list(loaded) == [W, "bias"]
    same_bits(loaded[W].decode(), weight)
    with zq.files.open(path) as checkpoint:
        assert checkpoint.format == "compressed-tensors"
        assert checkpoint.stored[W].kind == f"compressed-tensors int{width}"


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("scale", [np.float16, BF16, np.float32])
@pytest.mark.parametrize("group", [16, 32, 128])
def test_groups_channels_and_types_of_scales(tmp_path, rng, same_bits, asymmetric, scale, group):
    arrays, weight = integers(rng, columns=128, group=group, asymmetric=asymmetric, scale=scale)
    tensor = zq.load(save(tmp_path, arrays))[W]
    assert tensor.dtype == scale
    assert tensor.codec.text.startswith(f"scale<1x{'?' if group == 128 else group}, ")
    same_bits(tensor.decode(), weight)


@pytest.mark.parametrize("asymmetric", [False, True])
def test_act_order(tmp_path, rng, same_bits, asymmetric):
    arrays, weight = integers(rng, asymmetric=asymmetric, act_order=True)
    tensor = zq.load(save(tmp_path, arrays))[W]
    assert tensor.codec.text.startswith("permute<axis = 1>, ")
    same_bits(tensor.decode(), weight)
    arrays["g_idx"][:] = -1
    assert not zq.load(save(tmp_path, arrays))[W].codec.text.startswith("permute")


def test_rows_too_short_to_tell_the_width(tmp_path, rng, same_bits):
    arrays, weight = integers(rng, columns=6, group=6)
    with pytest.raises(zq.Error, match="1 words for 6 codes do not fit any number of bits"):
        zq.load(save(tmp_path, arrays))
    same_bits(zq.load(save(tmp_path, arrays, {"num_bits": 4}))[W].decode(), weight)


@pytest.mark.parametrize("exponent", [-20, -3, 0, 11])
def test_nvfp4_with_a_power_of_two(tmp_path, rng, same_bits, exponent):
    arrays, weight = nvfp4(rng, divisor=np.float32(2.0**exponent))
    tensor = zq.load(save(tmp_path, arrays))[W]
    assert (tensor.codec.name, tensor.dtype) == ("nvfp4", BF16)
    same_bits(tensor.streams["codes"], arrays["packed"])
    same_bits(tensor.streams["scale1"], arrays["scale"])
    same_bits(tensor.decode(), weight)


def test_nvfp4_of_any_scale(tmp_path, rng, same_bits):
    """All scales and codes meet in one tensor, so that every product counts."""
    for _ in range(40):
        divisor = np.float32(np.exp(rng.uniform(-10, 10)))
        arrays, weight = nvfp4(rng, rows=64, divisor=divisor)
        tensor = zq.load(save(tmp_path, arrays))[W]
        assert tensor.codec.name == "nvfp4"
        same_bits(tensor.decode(), weight)


def test_nvfp4_where_no_factor_does(tmp_path, rng, same_bits):
    """A quotient that is a tie of bf16 by one rounding and not by the other."""
    # One of the 134 mantissas, found by trying all of them.
    divisor = np.float32(1.0020877)
    arrays, _ = nvfp4(rng, rows=64, divisor=divisor)
    arrays["scale"].reshape(-1)[:127] = np.arange(127, dtype=np.uint8).view(E4M3)
    arrays, weight = redone(arrays, divisor)
    tensor = zq.load(save(tmp_path, arrays))[W]
    assert "lookup" in tensor.codec.text
    assert tensor.bits_per_weight < 4.6
    same_bits(tensor.decode(), weight)


def redone(arrays, divisor):
    """The weight again, after its scales were changed."""
    codes = np.stack([arrays["packed"] & 15, arrays["packed"] >> 4], axis=-1).reshape(
        len(arrays["packed"]), -1
    )
    factors = np.repeat(arrays["scale"].astype(np.float32) / divisor, 16, axis=1)
    return arrays, (GRID[codes] * factors).astype(BF16)


def test_mxfp4(tmp_path, rng, same_bits):
    codes = rng.integers(0, 16, (8, 64), np.uint8)
    scales = rng.integers(100, 150, (8, 2), np.uint8)
    tensor = zq.load(
        save(tmp_path, {"packed": codes[:, ::2] | (codes[:, 1::2] << 4), "scale": scales})
    )[W]
    assert tensor.codec.name == "mxfp4"
    factors = np.repeat(2.0 ** (scales.astype(np.float32) - 127), 32, axis=1)
    same_bits(tensor.decode(), (GRID[codes] * factors).astype(BF16))


def test_mxfp8(tmp_path, rng, same_bits):
    numbers = rng.integers(0, 0x78, (8, 64), np.uint8).view(E4M3)
    scales = rng.integers(100, 150, (8, 2), np.uint8)
    tensor = zq.load(save(tmp_path, {"": numbers, "scale": scales}))[W]
    assert tensor.codec.name == "mxfp8_e4m3"
    factors = np.repeat(2.0 ** (scales.astype(np.float32) - 127), 32, axis=1)
    same_bits(tensor.decode(), (numbers.astype(np.float32) * factors).astype(BF16))
    scales[1, 1] = 255
    with pytest.raises(zq.Error, match="a scale is NaN"):
        zq.load(save(tmp_path, {"": numbers, "scale": scales}))


@pytest.mark.parametrize("strategy", ["tensor", "channel", "flat channel", "group", "block"])
@pytest.mark.parametrize("number", [np.int8, E4M3, ml_dtypes.float8_e5m2])
def test_numbers_as_they_are(tmp_path, rng, same_bits, strategy, number):
    numbers = rng.integers(0, 256, (32, 64), np.uint8).view(number)
    if number != np.int8:
        numbers = np.where(np.isfinite(numbers.astype(np.float32)), numbers, np.zeros((), number))
    shape = {
        "tensor": (1,),
        "channel": (32, 1),
        "flat channel": (32,),
        "group": (32, 4),
        "block": (2, 4),
    }[strategy]
    scales = (rng.standard_normal(shape) * 0.01).astype(BF16)
    full = scales.reshape(shape if len(shape) == 2 else (-1, 1))
    full = np.repeat(np.repeat(full, 32 // full.shape[0], axis=0), 64 // full.shape[1], axis=1)
    weights = {"strategy": "block", "block_structure": [16, 16]} if strategy == "block" else None
    tensor = zq.load(save(tmp_path, {"": numbers, "scale": scales}, weights))[W]
    same_bits(tensor.decode(), numbers.astype(BF16) * full)


def test_blocks_at_a_ragged_edge(tmp_path, rng, same_bits):
    numbers = rng.integers(0, 0x78, (20, 40), np.uint8).view(E4M3)
    scales = rng.standard_normal((2, 3)).astype(np.float32)
    full = np.repeat(np.repeat(scales, 16, axis=0), 16, axis=1)[:20, :40]
    tensor = zq.load(save(tmp_path, {"": numbers, "scale": scales}, {"block_structure": [16, 16]}))[
        W
    ]
    same_bits(tensor.decode(), numbers.astype(np.float32) * full)


def test_int8_with_zero_points(tmp_path, rng, same_bits):
    numbers = rng.integers(-128, 128, (32, 64)).astype(np.int8)
    zeros = rng.integers(-128, 128, (32, 1)).astype(np.int8)
    scales = (rng.standard_normal((32, 1)) * 0.01).astype(np.float16)
    tensor = zq.load(save(tmp_path, {"": numbers, "scale": scales, "zero_point": zeros}))[W]
    same_bits(tensor.decode(), (numbers.astype(np.int32) - zeros).astype(np.float16) * scales)


def test_int8_without_scales_is_dense(tmp_path, rng, same_bits):
    numbers = rng.integers(-128, 128, (32, 64)).astype(np.int8)
    same_bits(zq.load(save(tmp_path, {"": numbers}))[W], numbers)


def test_shards_have_parts_of_one_weight(tmp_path, rng, same_bits):
    arrays, weight = integers(rng)
    zq.save(tmp_path / "a.safetensors", {f"{W}_packed": arrays["packed"]})
    zq.save(
        tmp_path / "b.safetensors", {f"{W}_scale": arrays["scale"], f"{W}_shape": arrays["shape"]}
    )
    weight_map = {
        f"{W}_packed": "a.safetensors",
        f"{W}_scale": "b.safetensors",
        f"{W}_shape": "b.safetensors",
    }
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    same_bits(zq.load(tmp_path)[W].decode(), weight)


# ---------------------------------------------------------------------------
# The library
# ---------------------------------------------------------------------------


def decompress(compressor, arrays, **args) -> np.ndarray:
    import torch
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme

    def tensor(array):
        if array.dtype == BF16:
            return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
        if array.dtype == np.dtype(E4M3):
            return torch.from_numpy(array.view(np.uint8)).view(torch.float8_e4m3fn)
        return torch.from_numpy(array)

    scheme = QuantizationScheme(targets=["Linear"], weights=QuantizationArgs(**args))
    state = {
        f"weight_{part}" if part else "weight": tensor(array) for part, array in arrays.items()
    }
    state["weight_shape"] = torch.Size(arrays["shape"]) if "shape" in arrays else None
    if state["weight_shape"] is None:
        del state["weight_shape"]
    weight = compressor.decompress(state, scheme)["weight"].contiguous()
    return weight.view(torch.int16).numpy().view(BF16)


@pytest.fixture(scope="module")
def library():
    return pytest.importorskip("compressed_tensors.compressors", exc_type=ImportError)


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("group", [32, 128])
def test_the_library_agrees_on_integers(tmp_path, rng, same_bits, library, asymmetric, group):
    from compressed_tensors.compressors.pack_quantized.base import PackedQuantizationCompressor

    arrays, weight = integers(rng, columns=128, group=group, asymmetric=asymmetric)
    strategy = (
        {"strategy": "channel"} if group == 128 else {"strategy": "group", "group_size": group}
    )
    theirs = decompress(
        PackedQuantizationCompressor, arrays, num_bits=4, symmetric=not asymmetric, **strategy
    )
    same_bits(theirs, weight)
    same_bits(zq.load(save(tmp_path, arrays))[W].decode(), theirs)


def test_the_library_agrees_on_nvfp4(tmp_path, rng, same_bits, library):
    from compressed_tensors.compressors.nvfp4.base import NVFP4PackedCompressor

    for divisor in np.float32(np.exp(rng.uniform(-8, 8, 10))):
        arrays, weight = nvfp4(rng, divisor=divisor)
        theirs = decompress(
            NVFP4PackedCompressor,
            arrays,
            num_bits=4,
            type="float",
            strategy="tensor_group",
            group_size=16,
        )
        same_bits(theirs, weight)
        same_bits(zq.load(save(tmp_path, arrays))[W].decode(), theirs)


def test_the_library_agrees_on_mxfp4(tmp_path, rng, same_bits, library):
    from compressed_tensors.compressors.mxfp4.base import MXFP4PackedCompressor

    codes = rng.integers(0, 16, (8, 64), np.uint8)
    arrays = {
        "packed": codes[:, ::2] | (codes[:, 1::2] << 4),
        "scale": rng.integers(90, 160, (8, 2), np.uint8),
    }
    theirs = decompress(
        MXFP4PackedCompressor, arrays, num_bits=4, type="float", strategy="group", group_size=32
    )
    same_bits(zq.load(save(tmp_path, arrays))[W].decode(), theirs)


def test_the_library_agrees_on_mxfp8(tmp_path, rng, same_bits, library):
    mxfp8 = pytest.importorskip("compressed_tensors.compressors.mxfp8.base")
    numbers = rng.integers(0, 0x78, (8, 64), np.uint8).view(E4M3)
    arrays = {"": numbers, "scale": rng.integers(90, 160, (8, 2), np.uint8)}
    (compressor,) = (c for n, c in vars(mxfp8).items() if n.startswith("MXFP8"))
    theirs = decompress(
        compressor, arrays, num_bits=8, type="float", strategy="group", group_size=32
    )
    same_bits(zq.load(save(tmp_path, arrays))[W].decode(), theirs)


@pytest.mark.parametrize("number", [np.int8, E4M3])
def test_the_library_agrees_on_numbers_as_they_are(tmp_path, rng, same_bits, library, number):
    from compressed_tensors.compressors.naive_quantized.base import NaiveQuantizationCompressor

    numbers = rng.integers(0, 0x78, (32, 64), np.uint8).view(number)
    arrays = {"": numbers, "scale": (rng.standard_normal((32, 1)) * 0.01).astype(BF16)}
    kind = "int" if number is np.int8 else "float"
    theirs = decompress(
        NaiveQuantizationCompressor, arrays, num_bits=8, type=kind, strategy="channel"
    )
    same_bits(zq.load(save(tmp_path, arrays))[W].decode(), theirs)


# ---------------------------------------------------------------------------
# Files that lie
# ---------------------------------------------------------------------------


def put(part, change):
    return lambda arrays: arrays.update({part: change(arrays[part])})


def poke(index, value):
    def change(array):
        array = array.copy()
        array.reshape(-1)[index] = value
        return array

    return change


WRONG_INTEGERS = {
    "no scale": (lambda a: a.pop("scale"), f"'{W}_scale' is missing"),
    "no shape": (lambda a: a.pop("shape"), f"'{W}_shape' is missing"),
    "a negative shape": (put("shape", lambda s: -s), "says (-24, -64)"),
    "a huge shape": (put("shape", lambda s: s << 50), "says ("),
    "a shape of floats": (put("shape", lambda s: s.astype(np.float32)), "is no shape of a matrix"),
    "a shape of three": (put("shape", lambda s: np.array([1, 24, 64])), "is no shape of a matrix"),
    "columns of another width": (
        put("shape", lambda s: np.array([24, 70])),
        "8 words for 70 codes do not fit any number of bits",
    ),
    "words of another type": (
        put("packed", lambda p: p.view(np.uint32).astype(np.int64)),
        "has elements of type int64",
    ),
    "uneven groups": (
        put("scale", lambda s: np.repeat(s, 3, axis=1)[:, :5]),
        "64 columns in 5 groups",
    ),
    "fewer rows of scales": (put("scale", lambda s: s[:-1]), "do not fit"),
    "NaN": (put("scale", poke(5, np.nan)), "scale [2, 1] is nan"),
    "infinity": (put("scale", poke(0, -np.inf)), "scale [0, 0] is -inf"),
    "zero points of another type": (
        put("zero_point", lambda z: z.astype(np.int8)),
        "zero points are int8",
    ),
    "too few zero points": (put("zero_point", lambda z: z[:-1]), "zero points are int32 of shape"),
}


@pytest.mark.parametrize("case", WRONG_INTEGERS)
def test_wrong_integers(tmp_path, rng, case):
    change, message = WRONG_INTEGERS[case]
    arrays, _ = integers(rng, asymmetric=True)
    change(arrays)
    path = save(tmp_path, arrays)
    with pytest.raises(zq.Error) as caught:
        zq.load(path)
    assert str(caught.value).startswith(f"{path}: tensor '{W}': ")
    assert message in str(caught.value)


WRONG_FLOATS = {
    "no scale": (lambda a: a.pop("scale"), f"'{W}_scale' is missing"),
    "scales of other groups": (put("scale", lambda s: s[:, :-1]), "expected (32, 4)"),
    "scales of another type": (put("scale", lambda s: s.astype(np.float32)), "expected F8_E4M3"),
    "two global scales": (put("global_scale", lambda g: np.repeat(g, 2)), "expected one f32"),
    "a global scale of f64": (
        put("global_scale", lambda g: g.astype(np.float64)),
        "expected one f32",
    ),
    "zero": (
        put("global_scale", lambda g: g * 0),
        "global scale is 0.0, expected a positive number",
    ),
    "negative": (put("global_scale", lambda g: -g), "expected a positive number"),
    "NaN": (put("global_scale", lambda g: g * np.nan), "global scale is nan"),
    "so small that scales overflow": (
        put("global_scale", lambda g: np.float32([1e-40])),
        "makes scales infinite",
    ),
    "a NaN of a block": (
        put("scale", lambda s: poke(6, 0x7F)(s.view(np.uint8)).view(E4M3)),
        "scale [1, 2] is nan",
    ),
    "zero points": (
        lambda a: a.update(zero_point=np.zeros(3, np.int8)),
        "a packed float has no 'zero_point'",
    ),
}


@pytest.mark.parametrize("case", WRONG_FLOATS)
def test_wrong_floats(tmp_path, rng, case):
    change, message = WRONG_FLOATS[case]
    arrays, _ = nvfp4(rng)
    change(arrays)
    path = save(tmp_path, arrays)
    with pytest.raises(zq.Error) as caught:
        zq.load(path)
    assert str(caught.value).startswith(f"{path}: tensor '{W}': ")
    assert message in str(caught.value)


def test_sparse_weights_are_not_taken_for_arrays(tmp_path):
    arrays = {f"{W}.compressed": np.ones(3), f"{W}.bitmask": np.ones(3, np.uint8)}
    zq.save(tmp_path / "w.safetensors", arrays)
    with pytest.raises(zq.Error, match=f"tensor '{W}': its sparse bitmask is not read yet"):
        zq.load(tmp_path / "w.safetensors")
    assert list(zq.load(tmp_path / "w.safetensors", format="safetensors")) == list(arrays)


def test_a_weight_beside_its_packed_self(tmp_path, rng):
    arrays, _ = integers(rng)
    with pytest.raises(zq.Error, match="is there twice"):
        zq.load(save(tmp_path, arrays | {"": np.ones((24, 64), np.float32)}))


@pytest.mark.parametrize("kind", [integers, nvfp4])
def test_random_damage_is_an_error_or_loads(tmp_path, rng, kind):
    arrays, _ = kind(rng)
    good = save(tmp_path, arrays)
    data = np.frombuffer(good.read_bytes(), np.uint8)
    bad = tmp_path / "bad.safetensors"
    refused = 0
    for i in range(300):
        damaged = data.copy()
        places = rng.integers(0, data.size, rng.integers(1, 6))
        damaged[places] = rng.integers(0, 256, len(places))
        if i % 3:
            # Numbers and letters of the header, so that more of it is still one.
            place = rng.choice(np.flatnonzero((data[8:400] >= 48) & (data[8:400] < 58))) + 8
            damaged = data.copy()
            damaged[place] = rng.integers(48, 58)
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
