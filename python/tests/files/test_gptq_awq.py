"""GPTQ and AWQ checkpoints, against packing and dequantization written here
from their definitions, code by code."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest
import zq
import zq.files

AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]


def as_words(strings: list[int], words: int) -> np.ndarray:
    """Each number's lowest bits as a row of i32 words, the lowest first."""
    rows = [[(string >> (32 * i)) & 0xFFFFFFFF for i in range(words)] for string in strings]
    return np.array(rows, np.uint32).view(np.int32)


def pack_rows(codes: np.ndarray, width: int) -> np.ndarray:
    """Each row a string of bits: i32 [rows, columns * width / 32]."""
    strings = [sum(int(code) << (width * j) for j, code in enumerate(row)) for row in codes]
    return as_words(strings, codes.shape[1] * width // 32)


def gptq(
    rng,
    *,
    width=4,
    inputs=64,
    outputs=32,
    group=32,
    first=1,
    act_order=False,
    symmetric=False,
    scale=np.float16,
):
    """The arrays of a layer, and its weight [outputs, inputs]."""
    groups = -(-inputs // group)
    codes = rng.integers(0, 1 << width, (inputs, outputs))
    zeros = rng.integers(0, 1 << width, (groups, outputs))
    if symmetric:
        zeros[:] = 1 << (width - 1)
    scales = (rng.standard_normal((groups, outputs)) * 0.01).astype(scale)
    g_idx = np.arange(inputs) // group
    if act_order:
        rng.shuffle(g_idx)
    stored = (zeros - first) % (1 << width)
    arrays = {
        "qweight": np.ascontiguousarray(pack_rows(codes.T, width).T),
        "qzeros": pack_rows(stored, width),
        "scales": scales,
        "g_idx": g_idx.astype(np.int32),
    }
    weight = np.empty((inputs, outputs), scale)
    for i in range(inputs):
        weight[i] = (codes[i] - zeros[g_idx[i]]).astype(scale) * scales[g_idx[i]]
    return arrays, np.ascontiguousarray(weight.T)


def awq(rng, *, inputs=64, outputs=32, group=32):
    groups = inputs // group
    codes = rng.integers(0, 16, (inputs, outputs))
    zeros = rng.integers(0, 16, (groups, outputs))
    scales = (rng.standard_normal((groups, outputs)) * 0.01).astype(np.float16)

    def pack(values: np.ndarray) -> np.ndarray:
        order = [8 * word + j for word in range(outputs // 8) for j in AWQ_ORDER]
        return pack_rows(values[:, order], 4)

    arrays = {"qweight": pack(codes), "qzeros": pack(zeros), "scales": scales}
    weight = np.empty((inputs, outputs), np.float16)
    for i in range(inputs):
        weight[i] = (codes[i] - zeros[i // group]).astype(np.float16) * scales[i // group]
    return arrays, np.ascontiguousarray(weight.T)


def save(folder, arrays, config=None, layer="model.layers.0.mlp.up_proj"):
    path = folder / "model.safetensors"
    zq.save(
        path,
        {f"{layer}.{part}": array for part, array in arrays.items()}
        | {"model.norm.weight": np.ones(4)},
    )
    if config is not None:
        (folder / "config.json").write_text(json.dumps({"quantization_config": config}))
    return path


NAME = "model.layers.0.mlp.up_proj.weight"


@pytest.mark.parametrize("width", [2, 3, 4, 8])
@pytest.mark.parametrize("act_order", [False, True])
def test_gptq(tmp_path, rng, same_bits, width, act_order):
    arrays, weight = gptq(rng, width=width, act_order=act_order)
    path = save(tmp_path, arrays)
    loaded = zq.load(path)
    assert list(loaded) == [NAME, "model.norm.weight"]
    same_bits(loaded[NAME].decode(), weight)
    assert loaded[NAME].codec.text.startswith("permute") == act_order
    with zq.files.open(path) as checkpoint:
        assert checkpoint.format == "gptq"
        assert (checkpoint.stored[NAME].kind, checkpoint.stored[NAME].shape) == (
            f"GPTQ int{width}",
            (32, 64),
        )


def test_gptq_in_groups_of_128_has_the_named_codec(tmp_path, rng, same_bits):
    arrays, weight = gptq(rng, inputs=256, group=128)
    tensor = zq.load(save(tmp_path, arrays))[NAME]
    assert tensor.codec.name == "int4_zp_g128"
    same_bits(tensor.decode(), weight)


@pytest.mark.parametrize("width", [2, 3, 4, 8])
def test_zero_points_in_the_middle_make_signed_codes(tmp_path, rng, same_bits, width):
    arrays, weight = gptq(rng, width=width, symmetric=True)
    tensor = zq.load(save(tmp_path, arrays))[NAME]
    assert tensor.codec.text == f"scale<1x32, f16>, quantize<si{width}>, pack"
    same_bits(tensor.decode(), weight)


def test_gptq_with_one_group(tmp_path, rng, same_bits):
    arrays, weight = gptq(rng, group=64)
    tensor = zq.load(save(tmp_path, arrays, {"quant_method": "gptq", "bits": 4, "group_size": -1}))[
        NAME
    ]
    assert "1x?" in tensor.codec.text
    same_bits(tensor.decode(), weight)


def test_a_last_group_that_is_shorter(tmp_path, rng, same_bits):
    config = {"quant_method": "gptq", "bits": 4, "group_size": 48}
    for act_order in (False, True):
        arrays, weight = gptq(rng, group=48, act_order=act_order)
        same_bits(zq.load(save(tmp_path, arrays, config))[NAME].decode(), weight)
    (tmp_path / "config.json").unlink()
    arrays, weight = gptq(rng, inputs=96, group=40)
    del arrays["g_idx"]
    # Three groups of 32 fit as well, and nothing says otherwise.
    assert "1x32" in zq.load(save(tmp_path, arrays))[NAME].codec.text


@pytest.mark.parametrize("how", ["config", "quantize_config", "format"])
def test_gptq_v2_has_zero_points_as_they_are(tmp_path, rng, same_bits, how):
    arrays, weight = gptq(rng, first=0)
    config = {"quant_method": "gptq", "bits": 4, "group_size": 32, "checkpoint_format": "gptq_v2"}
    path = save(tmp_path, arrays, config if how == "config" else None)
    if how == "quantize_config":
        (tmp_path / "quantize_config.json").write_text(json.dumps(config))
    tensor = zq.load(path, format="gptq_v2" if how == "format" else None)[NAME]
    same_bits(tensor.decode(), weight)
    # The rule matters: by the other one every zero point is one off.
    other = (
        zq.load(path, format="gptq_v2")[NAME].decode()
        if how == "format"
        else zq.load(path, format=None)[NAME].decode()
    )
    same_bits(other, weight)


def test_the_versions_differ(tmp_path, rng):
    arrays, weight = gptq(rng)
    path = save(tmp_path, arrays)
    assert not np.array_equal(zq.load(path, format="gptq_v2")[NAME].decode(), weight)


def test_bfloat16_scales(tmp_path, rng, same_bits):
    arrays, weight = gptq(rng, scale=ml_dtypes.bfloat16)
    tensor = zq.load(save(tmp_path, arrays))[NAME]
    same_bits(tensor.decode(), weight)


def test_awq(tmp_path, rng, same_bits):
    arrays, weight = awq(rng)
    for config in (None, {"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm"}):
        path = save(tmp_path, arrays, config)
        with zq.files.open(path) as checkpoint:
            assert checkpoint.format == "awq"
            assert checkpoint.stored[NAME].kind == "AWQ int4"
            same_bits(checkpoint[NAME].decode(), weight)


def test_the_same_tensors_as_they_are(tmp_path, rng, same_bits):
    arrays, _ = awq(rng)
    loaded = zq.load(save(tmp_path, arrays), format="safetensors")
    same_bits(loaded["model.layers.0.mlp.up_proj.qweight"], arrays["qweight"])


def test_saved_as_zqs_own(tmp_path, rng, same_bits):
    arrays, weight = gptq(rng, act_order=True)
    zq.save(tmp_path / "own.safetensors", zq.load(save(tmp_path, arrays)))
    same_bits(zq.load(tmp_path / "own.safetensors")[NAME].decode(), weight)


def damaged(name, change):
    return lambda arrays: arrays.update({name: change(arrays[name])})


def nan_scale(scales):
    scales = scales.copy()
    scales[1, 3] = np.nan
    return scales


WRONG = {
    "no zero points": (lambda a: a.pop("qzeros"), "'model.layers.0.mlp.up_proj.qzeros' is missing"),
    "no scales": (lambda a: a.pop("scales"), "'model.layers.0.mlp.up_proj.scales' is missing"),
    "codes of another type": (
        damaged("qweight", lambda w: w.astype(np.int64)),
        "has elements of type int64, expected int32",
    ),
    "a vector": (damaged("qweight", np.ravel), "expected a matrix"),
    "an empty matrix": (damaged("qweight", lambda w: w[:0]), "expected a matrix"),
    "scales of other groups": (damaged("scales", lambda s: s[:1]), "does not fit 'scales'"),
    "scales of other outputs": (damaged("scales", lambda s: s[:, :-1]), "does not fit 'scales'"),
    "codes of other outputs": (damaged("qweight", lambda w: w[:, :-3]), "is not packed as"),
    "integer scales": (
        damaged("scales", lambda s: s.astype(np.int16)),
        "scale has elements of type int16, expected f16, bf16 or f32",
    ),
    "NaN": (damaged("scales", nan_scale), r"scale [3, 1] is nan"),
    "groups of uneven size": (
        damaged("g_idx", lambda g: g * 0),
        "g_idx does not put 32 columns into each group",
    ),
    "a group that is not there": (
        damaged("g_idx", lambda g: g + 1),
        "g_idx does not put 32 columns into each group",
    ),
    "g_idx of another length": (
        damaged("g_idx", lambda g: g[1:]),
        "g_idx is int32 of shape (63,), expected 64 integers",
    ),
    "g_idx of floats": (damaged("g_idx", lambda g: g.astype(np.float32)), "g_idx is float32"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_parts(tmp_path, rng, case):
    change, message = WRONG[case]
    arrays, _ = gptq(rng)
    change(arrays)
    path = save(tmp_path, arrays)
    with pytest.raises(zq.Error) as caught:
        zq.load(path)
    assert str(caught.value).startswith(f"{path}: tensor '{NAME}': ")
    assert message in str(caught.value)


WRONG_CONFIGS = {
    "other bits": (
        {"quant_method": "gptq", "bits": 3},
        "holds 4 bits for each zero point, where the configuration has 3",
    ),
    "other groups": (
        {"quant_method": "gptq", "bits": 4, "group_size": 16},
        "2 groups of 64 columns, where the configuration has groups of 16",
    ),
    "a layout of kernels": (
        {"quant_method": "gptq", "checkpoint_format": "marlin"},
        "GPTQ's checkpoint format 'marlin' is not known",
    ),
    "another method's packing": ({"quant_method": "awq"}, "is not packed as AWQ's gemm layout"),
}


@pytest.mark.parametrize("case", WRONG_CONFIGS)
def test_wrong_configurations(tmp_path, rng, case):
    config, message = WRONG_CONFIGS[case]
    arrays, _ = gptq(rng)
    path = save(tmp_path, arrays, config)
    with pytest.raises(zq.Error) as caught:
        zq.load(path)
    assert str(caught.value).startswith(f"{path}: tensor '{NAME}': ")
    assert message in str(caught.value)


def test_a_layout_of_awq_that_is_not_known(tmp_path, rng):
    arrays, _ = awq(rng)
    with pytest.raises(zq.Error, match="AWQ's layout 'gemv' is not known"):
        zq.load(save(tmp_path, arrays, {"quant_method": "awq", "version": "gemv"}))


def test_a_method_that_zq_does_not_read(tmp_path):
    path = save(tmp_path, {"weight": np.ones(4)}, {"quant_method": "bitsandbytes"})
    with pytest.raises(
        zq.Error,
        match="is quantized by 'bitsandbytes', which zq does not read; format='safetensors' loads",
    ):
        zq.load(path)
    assert len(zq.load(path, format="safetensors")) == 2


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"quantization_config": {"bits": "' + "x" * 100, "[" * 100000]
)
def test_a_configuration_that_is_no_json(tmp_path, rng, text):
    arrays, _ = gptq(rng)
    path = save(tmp_path, arrays)
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(zq.Error, match="config.json: is (malformed|no JSON object)"):
        zq.load(path)
