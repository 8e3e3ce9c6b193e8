"""Parts of a quantized weight that are missing, of another shape or of another
type: whatever they are, an error that names file and tensor, or a tensor."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest
import zq

E4M3 = ml_dtypes.float8_e4m3fn
DTYPES = [np.int8, np.uint8, np.int32, np.int64, np.float16, np.float32, E4M3, np.float64]


def packed_integers(rng):
    return {
        "w_packed": rng.integers(-100, 100, (24, 8)).astype(np.int32),
        "w_scale": np.ones((24, 2), np.float16),
        "w_shape": np.array([24, 64]),
        "w_zero_point": rng.integers(-100, 100, (3, 2)).astype(np.int32),
        "w_g_idx": (np.arange(64) // 32).astype(np.int32),
    }


def packed_floats(rng):
    return {
        "w_packed": rng.integers(0, 256, (8, 16), np.uint8),
        "w_scale": np.ones((8, 2), E4M3),
        "w_global_scale": np.ones(1, np.float32),
    }


def numbers(rng):
    return {
        "w": rng.integers(-100, 100, (8, 32)).astype(np.int8),
        "w_scale": np.ones((8, 2), np.float32),
        "w_zero_point": rng.integers(1, 100, (8, 2)).astype(np.int8),
    }


def layer(rng):
    return {
        "w.qweight": rng.integers(-100, 100, (8, 16)).astype(np.int32),
        "w.qzeros": rng.integers(-100, 100, (2, 2)).astype(np.int32),
        "w.scales": np.ones((2, 16), np.float16),
        "w.g_idx": (np.arange(64) // 32).astype(np.int32),
    }


def awq_layer(rng):
    return layer(rng) | {"w.qweight": rng.integers(-100, 100, (64, 2)).astype(np.int32)}


def modelopt(rng):
    return {
        "w": rng.integers(0, 256, (8, 16), np.uint8),
        "w_scale": np.ones((8, 2), E4M3),
        "w_scale_2": np.ones((), np.float32),
    }


def blocks(rng):
    return {
        "w": rng.integers(0, 100, (130, 40), np.uint8).view(E4M3),
        "w_scale_inv": np.ones((2, 1), np.float32),
    }


def changed(rng, array: np.ndarray) -> np.ndarray:
    """The array, of another shape or type, or with other values."""
    kind = rng.integers(7)
    if kind == 0:
        return array.reshape(-1)
    if kind == 1:
        return array.reshape(array.shape + (1,))
    if kind == 2:
        return np.ascontiguousarray(array.T)
    if kind == 3:
        return np.repeat(array.reshape(-1), 2).reshape(-1, *array.shape[1:])
    if kind == 4:
        return array.reshape(-1)[: rng.integers(0, array.size + 1)]
    if kind == 5:
        with np.errstate(all="ignore"):
            return array.astype(np.float64).astype(DTYPES[rng.integers(len(DTYPES))])
    return rng.integers(0, 256, array.nbytes, np.uint8).view(array.dtype).reshape(array.shape)


CONFIGS = [
    None,
    {"quant_method": "gptq", "bits": 4, "group_size": 32},
    {"quant_method": "gptq", "bits": "4", "group_size": "x", "checkpoint_format": None},
    {"quant_method": ["gptq"], "bits": 4.5, "group_size": -7, "version": 3},
    {"quant_method": "awq", "w_bit": True, "group_size": 0},
    {"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"group_size": 16}}}},
    {"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {
        "num_bits": "4", "block_structure": [0, -1], "group_size": 1 << 70}}}},
    {"quant_method": "compressed-tensors", "config_groups": [3]},
    {"quant_method": "fp8", "weight_block_size": None},
]  # fmt: skip


@pytest.mark.parametrize(
    "kind", [packed_integers, packed_floats, numbers, layer, awq_layer, modelopt, blocks]
)
def test_odd_parts(tmp_path, rng, kind):
    path = tmp_path / "model.safetensors"
    loaded = refused = 0
    for i in range(250):
        arrays = kind(rng)
        for name in rng.choice(list(arrays), rng.integers(1, 3)):
            if rng.integers(8) == 0:
                arrays.pop(name, None)
            elif name in arrays:
                arrays[name] = changed(rng, arrays[name])
        zq.save(path, arrays)
        config = CONFIGS[rng.integers(len(CONFIGS))] if i % 2 else None
        (tmp_path / "config.json").write_text(json.dumps({"quantization_config": config}))
        try:
            for tensor in zq.load(path).values():
                if isinstance(tensor, zq.Tensor):
                    tensor.decode()
            loaded += 1
        except zq.Error as problem:
            refused += 1
            assert str(problem).startswith(str(path))
    assert loaded > 10 and refused > 10


def test_what_two_formats_claim(tmp_path, rng):
    zq.save(tmp_path / "w.safetensors", blocks(rng) | {"w_scale": np.ones((130, 1), np.float32)})
    with pytest.raises(zq.Error, match="tensor 'w': is there twice"):
        zq.load(tmp_path / "w.safetensors")
    loaded = zq.load(tmp_path / "w.safetensors", format="fp8")
    assert sorted(loaded) == ["w", "w_scale"]


@pytest.mark.parametrize("name", ["prepacked_packed", "layer.qweight"])
def test_names_alone_mean_nothing(tmp_path, name):
    zq.save(tmp_path / "w.safetensors", {name: np.ones((4, 4))})
    assert list(zq.load(tmp_path / "w.safetensors")) == [name]
