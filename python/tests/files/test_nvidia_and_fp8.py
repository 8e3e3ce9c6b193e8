"""Checkpoints of Model Optimizer (NVFP4) and of f8 blocks (DeepSeek-V3), against
dequantization written here from the definition."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest
import zq
import zq.files

BF16, E4M3 = ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn
GRID = np.float32([0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6])
W = "model.layers.0.mlp.up_proj.weight"


def nvfp4(rng, factor=np.float32(3.1 / 2688)):  # noqa: B008
    codes = rng.integers(0, 16, (32, 64), np.uint8)
    scales = rng.integers(0, 127, (32, 4), np.uint8).view(E4M3)
    blocks = scales.astype(np.float32) * factor
    arrays = {
        W: codes[:, ::2] | (codes[:, 1::2] << 4),
        f"{W}_scale": scales,
        f"{W}_scale_2": np.float32(factor).reshape(()),
    }
    return arrays, (GRID[codes] * np.repeat(blocks, 16, axis=1)).astype(BF16)


def blocks(rng, shape=(200, 300), block=128):
    numbers = rng.integers(0, 256, shape, np.uint8).view(E4M3)
    numbers = np.where(np.isnan(numbers.astype(np.float32)), np.zeros((), E4M3), numbers)
    grid = tuple(-(-n // block) for n in shape)
    scales = (rng.standard_normal(grid) * 0.01).astype(np.float32)
    full = np.repeat(np.repeat(scales, block, axis=0), block, axis=1)[: shape[0], : shape[1]]
    arrays = {W: numbers, f"{W}_scale_inv": scales}
    return arrays, (numbers.astype(np.float32) * full).astype(BF16)


def save(folder, arrays, config=None):
    path = folder / "model.safetensors"
    zq.save(path, arrays | {"norm": np.ones(3)})
    if config:
        (folder / "config.json").write_text(json.dumps({"quantization_config": config}))
    return path


def test_nvfp4_of_any_factor(tmp_path, rng, same_bits):
    for factor in np.float32(np.exp(rng.uniform(-10, 10, 30))):
        arrays, weight = nvfp4(rng, factor)
        loaded = zq.load(save(tmp_path, arrays))
        assert list(loaded) == [W, "norm"]
        assert loaded[W].codec.name == "nvfp4"
        same_bits(loaded[W].decode(), weight)


def test_nvfp4_where_no_factor_does(tmp_path, rng, same_bits):
    # One of the 70 mantissas, found by trying all of them.
    factor = np.float32(1.0208333)
    arrays, _ = nvfp4(rng, factor)
    arrays[f"{W}_scale"].reshape(-1)[:127] = np.arange(127, dtype=np.uint8).view(E4M3)
    codes = np.stack([arrays[W] & 15, arrays[W] >> 4], axis=-1).reshape(32, 64)
    full = np.repeat(arrays[f"{W}_scale"].astype(np.float32) * factor, 16, axis=1)
    tensor = zq.load(save(tmp_path, arrays))[W]
    assert "lookup" in tensor.codec.text
    same_bits(tensor.decode(), (GRID[codes] * full).astype(BF16))


def test_the_format_is_found(tmp_path, rng):
    arrays, _ = nvfp4(rng)
    for config in (None, {"quant_method": "modelopt", "quant_algo": "NVFP4"}):
        with zq.files.open(save(tmp_path, arrays, config)) as checkpoint:
            assert checkpoint.format == "modelopt"
            assert checkpoint.stored[W].kind == "ModelOpt NVFP4"
            assert checkpoint.stored[W].shape == (32, 64)


def test_f8_of_modelopt(tmp_path, rng, same_bits):
    numbers = rng.integers(0, 0x78, (32, 64), np.uint8).view(E4M3)
    arrays = {W: numbers, f"{W}_scale": np.float32(0.37)}
    tensor = zq.load(save(tmp_path, arrays, {"quant_method": "modelopt"}))[W]
    assert tensor.codec.name == "fp8_e4m3"
    same_bits(tensor.decode(), numbers.astype(np.float32) * np.float32(0.37))


@pytest.mark.parametrize("shape", [(200, 300), (128, 128), (1, 129), (256, 40)])
def test_f8_in_blocks(tmp_path, rng, same_bits, shape):
    arrays, weight = blocks(rng, shape)
    path = save(tmp_path, arrays, {"quant_method": "fp8", "weight_block_size": [128, 128]})
    with zq.files.open(path) as checkpoint:
        assert (checkpoint.format, checkpoint.stored[W].kind) == ("fp8", "FP8 blocks")
        same_bits(checkpoint[W].decode(), weight)


def test_f8_in_blocks_of_another_size(tmp_path, rng, same_bits):
    arrays, weight = blocks(rng, (100, 90), 32)
    config = {"quant_method": "fp8", "weight_block_size": [32, 32]}
    same_bits(zq.load(save(tmp_path, arrays, config))[W].decode(), weight)
    (tmp_path / "config.json").unlink()
    with pytest.raises(zq.Error, match=r"expected F32 of \(1, 1\)"):
        zq.load(save(tmp_path, arrays))


WRONG_NVFP4 = {
    "scale": (f"{W}_scale", lambda s: s[:, :3], "expected F8_E4M3 of (32, 4)"),
    "type": (f"{W}_scale", lambda s: s.view(np.uint8), "expected F8_E4M3 of"),
    "two": (f"{W}_scale_2", lambda s: np.repeat(s, 2), "expected one f32"),
    "zero": (f"{W}_scale_2", lambda s: s * 0, "global scale is 0.0"),
    "infinite": (f"{W}_scale_2", lambda s: s * np.inf, "global scale is inf"),
    "rank": (W, np.ravel, "expected a matrix"),
}


@pytest.mark.parametrize("case", WRONG_NVFP4)
def test_wrong_nvfp4(tmp_path, rng, case):
    name, change, message = WRONG_NVFP4[case]
    arrays, _ = nvfp4(rng)
    arrays[name] = np.asarray(change(arrays[name]))
    path = save(tmp_path, arrays)
    with pytest.raises(zq.Error) as caught:
        zq.load(path)
    assert str(caught.value).startswith(f"{path}: tensor '{W}': ")
    assert message in str(caught.value)


@pytest.mark.parametrize("size", [[128], [0, 128], ["a", 3], [1.5, 2], [1 << 40, 1]])
def test_a_block_size_that_is_none(tmp_path, rng, size):
    arrays, _ = blocks(rng)
    path = save(tmp_path, arrays, {"quant_method": "fp8", "weight_block_size": size})
    with pytest.raises(zq.Error, match=f"tensor '{W}': the configuration's weight_block_size is"):
        zq.load(path)


def test_f8_scales_that_are_not_finite(tmp_path, rng):
    arrays, _ = blocks(rng)
    arrays[f"{W}_scale_inv"][1, 2] = np.nan
    with pytest.raises(zq.Error, match=r"scale \[1, 2\] is nan"):
        zq.load(save(tmp_path, arrays))
