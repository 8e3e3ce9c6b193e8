"""Compressed tensors: encoding, decoding, streams, and what goes wrong."""

import pickle
import re
import subprocess
import sys
import threading

import ml_dtypes
import numpy as np
import pytest
import zq
from safetensors.numpy import save_file

BF16 = np.dtype(ml_dtypes.bfloat16)


def gaussian(*shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def test_encode_and_decode():
    values = gaussian(48, 64)
    tensor = zq.encode(values, "int8_g128")
    decoded = tensor.decode()
    assert decoded.shape == values.shape and decoded.dtype == values.dtype
    # Half a step of the group's scale, which is its largest value / 127.
    step = np.abs(values).max(axis=1, keepdims=True) / 127
    assert (np.abs(decoded - values) <= 0.51 * step).all()


def test_what_a_tensor_says_of_itself():
    tensor = zq.encode(gaussian(1536, 384), "nvfp4")
    assert tensor.shape == (1536, 384) and tensor.ndim == 2 and tensor.size == 1536 * 384
    assert tensor.dtype == np.float32
    assert tensor.codec == zq.codec("nvfp4")
    assert tensor.nbytes == 4 + 1536 * 24 + 1536 * 192
    assert tensor.bits_per_weight == 8 * tensor.nbytes / tensor.size
    assert repr(tensor) == (
        "<zq.Tensor 1536x384xf32 as nvfp4: 331,780 bytes, 4.500 bits per weight>"
    )
    assert tensor.type_text.startswith("!zq.tensor<1536x384xf32, #zq.codec<scale<tensor, f32>")


def test_streams_are_views():
    tensor = zq.encode(gaussian(32, 64), "nvfp4")
    streams = tensor.streams
    assert list(streams) == ["scale", "scale1", "codes"]
    assert streams["scale1"].dtype == ml_dtypes.float8_e4m3fn
    assert streams["scale1"].shape == (32, 4)
    for stream in streams.values():
        assert not stream.flags.writeable
        with pytest.raises(ValueError):
            stream.flags.writeable = True
    # A view outlives the tensor.
    codes = streams["codes"]
    copy = codes.copy()
    del tensor, streams
    np.testing.assert_array_equal(codes, copy)


def test_records(tmp_path):
    panels = "scale<1x16, f8E4M3FN, rows = 8>, quantize<f4E2M1FN>, pack<lanes = 8x4>"
    values = gaussian(37, 200)
    tensor = zq.encode(values, f"{panels}, records = 64")
    # Of each 8 rows of 64 columns, 4 factors and 32 bytes of codes a row.
    assert list(tensor.streams) == ["records"]
    records = tensor.streams["records"]
    assert records.shape == (5, 4, 8 * 4 + 8 * 32) and records.dtype == np.uint8
    apart = zq.encode(values, panels)
    assert list(apart.streams) == ["scale", "codes"]
    np.testing.assert_array_equal(tensor.decode(), apart.decode())

    back = tensor.transcode(panels)
    for name, stream in apart.streams.items():
        np.testing.assert_array_equal(back.streams[name].view(np.uint8), stream.view(np.uint8))
    again = apart.transcode(tensor.codec)
    np.testing.assert_array_equal(again.streams["records"], records)

    path = tmp_path / "records.safetensors"
    zq.save(path, {"w": tensor})
    loaded = zq.load(path)["w"]
    assert loaded.codec == tensor.codec
    np.testing.assert_array_equal(loaded.streams["records"], records)


@pytest.mark.parametrize(
    ("cut", "got"),
    [
        ((slice(-1),), "4x4x288xi8"),
        ((slice(None), slice(-1)), "5x3x288xi8"),
        ((slice(None), slice(None), slice(-1)), "5x4x287xi8"),
    ],
)
def test_records_of_another_size(tmp_path, cut, got):
    codec = "scale<1x16, f8E4M3FN, rows = 8>, quantize<f4E2M1FN>, pack<lanes = 8x4>, records = 64"
    tensor = zq.encode(gaussian(37, 200), codec)
    records = np.ascontiguousarray(tensor.streams["records"][cut])
    message = f"stream 'records': expected tensor<5x4x288xi8>, got tensor<{got}>"
    with pytest.raises(zq.Error, match=re.escape(message)):
        zq.Tensor.from_type_text(tensor.type_text, {"records": records})
    path = tmp_path / "records.safetensors"
    save_file({"w.records": records}, path, metadata={"zq.w": tensor.type_text})
    with pytest.raises(zq.Error, match=re.escape(f"tensor 'w': {message}")):
        zq.load(path)


@pytest.mark.parametrize("name", ["nvfp4", "int4_zp_g128", "q4_k", "nf4_dq"])
def test_streams_make_the_same_tensor(name):
    tensor = zq.encode(gaussian(32, 256), name)
    again = zq.Tensor.from_streams(name, tensor.shape, tensor.streams)
    np.testing.assert_array_equal(again.decode(), tensor.decode())
    typed = zq.Tensor.from_type_text(tensor.type_text, tensor.streams)
    np.testing.assert_array_equal(typed.decode(), tensor.decode())
    assert pickle.loads(pickle.dumps(tensor)).type_text == tensor.type_text


def test_stream_types():
    types = zq.Tensor.stream_types("nvfp4", (32, 64))
    assert types["codes"] == ((32, 32), np.dtype(np.uint8))
    assert types["scale1"] == ((32, 4), np.dtype(ml_dtypes.float8_e4m3fn))
    # Sizes that data decides.
    types = zq.Tensor.stream_types("bf16_huff", (32, 64), BF16)
    assert any(-1 in shape for shape, _ in types.values())


@pytest.mark.parametrize("name", ["bf16_huff", "bf16_window4", "bf16_register_rans"])
def test_lossless_codecs_keep_every_bit(name):
    values = gaussian(64, 256).astype(BF16)
    tensor = zq.encode(values, name)
    np.testing.assert_array_equal(tensor.decode().view(np.uint16), values.view(np.uint16))
    assert tensor.bits_per_weight < 16


@pytest.mark.parametrize("name", ["bf16_window4", "bf16_register_rans"])
def test_one_lossless_code_is_changed_to_another(name):
    values = gaussian(64, 256).astype(BF16)
    changed = zq.encode(values, "bf16_huff").transcode(name)
    assert str(changed.codec) == name
    for stream, array in zq.encode(values, name).streams.items():
        np.testing.assert_array_equal(changed.streams[stream].view(np.uint8), array.view(np.uint8))
    with pytest.raises(zq.Error, match="not only in lossless stages"):
        changed.transcode("int4_g128")


def test_a_wider_type_is_rounded_only_if_asked():
    values = gaussian(64, 256)
    with pytest.raises(zq.Error, match='say dtype="bfloat16"'):
        zq.encode(values, "bf16_huff")
    rounded = zq.encode(values, "bf16_huff", dtype=BF16)
    np.testing.assert_array_equal(rounded.decode(), values.astype(BF16))
    # No rounding, no question.
    exact = zq.encode(values.astype(BF16).astype(np.float32), "bf16_huff")
    np.testing.assert_array_equal(exact.decode(), values.astype(BF16))


def test_doubles_are_rounded_only_if_asked():
    values = gaussian(64, 256, dtype=np.float64) + 1e-12
    with pytest.raises(zq.Error, match='say dtype="float32"'):
        zq.encode(values, "int8_g128")
    assert zq.encode(values, "int8_g128", dtype=np.float32).dtype == np.float32
    assert zq.encode(gaussian(4, 8).astype(np.float64), "int8_g128").dtype == np.float32


def test_activations_make_the_error_of_products_small():
    weight = gaussian(48, 64)
    mix = gaussian(4, 64, seed=1)
    x = gaussian(200, 4, seed=2) @ mix + 0.3 * gaussian(200, 64, seed=3)

    def error(tensor):
        return np.linalg.norm(x @ (tensor.decode() - weight).T)

    blind, aware = zq.encode(weight, "int4_g32"), zq.encode(weight, "int4_g32", activations=x)
    assert error(aware) < 0.5 * error(blind)
    assert aware.type_text == blind.type_text
    # Any vectors along the last axis, of any float type.
    again = zq.encode(weight, "int4_g32", activations=x.reshape(2, 100, 64).astype(np.float64))
    assert np.array_equal(again.decode(), aware.decode())


def test_activations_that_do_not_fit():
    weight = gaussian(48, 64)
    with pytest.raises(zq.Error, match="activations have 32 elements"):
        zq.encode(weight, "int4_g32", activations=gaussian(8, 32))
    with pytest.raises(zq.Error, match="activations are known, but scale, which they reach first"):
        zq.encode(
            weight,
            "scale<1x16, f16>, hadamard<axis = 1, block = 16>, quantize<si4>, pack",
            activations=gaussian(8, 64),
        )
    with pytest.raises(zq.Error, match="hold no vector"):
        zq.encode(weight, "int4_g32", activations=np.zeros((0, 64), np.float32))
    with pytest.raises(TypeError):
        zq.encode(weight, "int4_g32", activations=np.zeros((4, 64), np.int32))


def test_codes_that_do_not_exist():
    good = zq.encode(gaussian(32, 64), "pvq_16").streams
    bad = good | {"codes": np.full_like(good["codes"], 255)}
    with pytest.raises(zq.Error, match="pvq has codes below"):
        zq.Tensor.from_streams("pvq_16", (32, 64), bad)


def test_any_strides():
    values = gaussian(64, 128)
    expected = zq.encode(values, "int4_g32").decode()
    for view in (
        np.asfortranarray(values),
        np.repeat(values, 2, axis=1)[:, ::2],
        values[::-1, ::-1].copy()[::-1, ::-1],
    ):
        np.testing.assert_array_equal(zq.encode(view, "int4_g32").decode(), expected)


def test_other_arrays():
    torch = pytest.importorskip("torch")
    values = gaussian(32, 64)
    expected = zq.encode(values, "nvfp4").decode()
    np.testing.assert_array_equal(zq.encode(torch.from_numpy(values), "nvfp4").decode(), expected)
    parameter = torch.nn.Parameter(torch.from_numpy(values))
    np.testing.assert_array_equal(zq.encode(parameter, "nvfp4").decode(), expected)
    half = zq.encode(torch.from_numpy(values).bfloat16(), "bf16_huff")
    assert half.dtype == BF16
    # Out again, by DLPack and as an array.
    np.testing.assert_array_equal(torch.from_dlpack(zq.encode(values, "nvfp4")).numpy(), expected)
    np.testing.assert_array_equal(np.asarray(zq.encode(values, "nvfp4")), expected)
    with pytest.raises(TypeError, match="move it to the CPU"):
        zq.encode(torch.empty(32, 64, device="meta"), "nvfp4")


def test_decode_into():
    tensor = zq.encode(gaussian(32, 64), "nvfp4")
    out = np.empty((32, 64), np.float32)
    assert tensor.decode(out) is out
    np.testing.assert_array_equal(out, tensor.decode())
    for bad in (np.empty((64, 32), np.float32), np.empty((32, 64)), out[:, ::-1], "x"):
        with pytest.raises(zq.Error, match="out is not"):
            tensor.decode(bad)


@pytest.mark.parametrize("shape", [(0, 64), (1, 1), (3, 7), (1, 4096), (1000, 2)])
def test_odd_shapes(shape):
    values = gaussian(*shape)
    tensor = zq.encode(values, "int8_g128")
    assert tensor.decode().shape == shape
    assert "zq.Tensor" in repr(tensor)


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.zeros((4, 4), np.int32), TypeError, "int32 cannot be encoded"),
        (np.zeros((4, 4), np.complex64), TypeError, "complex64 cannot be encoded"),
        (np.array([["a"]]), TypeError, "cannot be encoded"),
        (object(), TypeError, "no array of numbers"),
        (np.zeros(64, np.float32), zq.Error, "rank"),
        (np.float32(1.0), zq.Error, "rank"),
        (np.full((2, 32), np.nan, np.float32), zq.Error, "NaN"),
        (np.array([[1.0, np.inf]], np.float32), zq.Error, "inf"),
    ],
)
def test_what_cannot_be_encoded(array, error, message):
    with pytest.raises(error, match=message):
        zq.encode(array, "int4_g32")


def test_bad_streams():
    tensor = zq.encode(gaussian(32, 64), "nvfp4")
    good = tensor.streams

    def make(**changed):
        return zq.Tensor.from_streams("nvfp4", (32, 64), good | changed)

    with pytest.raises(zq.Error, match="missing: codes"):
        zq.Tensor.from_streams("nvfp4", (32, 64), {k: v for k, v in good.items() if k != "codes"})
    with pytest.raises(zq.Error, match="unknown: more"):
        make(more=good["codes"])
    with pytest.raises(zq.Error, match="stream 'codes'"):
        make(codes=good["codes"][:-1])
    with pytest.raises(zq.Error, match="stream 'codes'"):
        make(codes=good["codes"].astype(np.int32))
    with pytest.raises(zq.Error, match="stream 'scale1': no stream has elements of type"):
        make(scale1=good["scale1"].astype(np.complex64))


def test_hostile_streams_of_an_entropy_codec():
    values = gaussian(64, 256).astype(BF16)
    tensor = zq.encode(values, "bf16_huff")
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        streams = {name: stream.copy() for name, stream in tensor.streams.items()}
        name = rng.choice(list(streams))
        data = streams[name].reshape(-1).view(np.uint8)
        data[rng.integers(data.size, size=3)] = rng.integers(256, size=3)
        try:
            zq.Tensor.from_streams("bf16_huff", values.shape, streams, BF16).decode()
        except zq.Error:
            refused += 1
    # No crash is what matters; offsets and code lengths are checked as well.
    assert refused > 0


def test_interrupting_a_long_encode():
    # Encoding this takes many seconds, also on machines with more CPUs.
    code = """
import _thread, threading, time, numpy as np, zq
values = np.random.default_rng(0).standard_normal((4096, 8192), np.float32)
threading.Timer(0.3, _thread.interrupt_main).start()
start = time.perf_counter()
try:
    zq.encode(values, "aqlm_1x16" if "aqlm_1x16" in zq.codecs() else "vptq_2")
except KeyboardInterrupt:
    print("interrupted after", time.perf_counter() - start, flush=True)
import os; os._exit(0)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert run.stdout.startswith("interrupted after"), run.stdout + run.stderr
    assert float(run.stdout.split()[-1]) < 3


def test_a_long_encode_raises_its_error():
    values = np.zeros((4096, 2048), np.float32)
    values[7, 3] = np.nan
    with pytest.raises(zq.Error, match=r"element \[7, 3\] is NaN"):
        zq.encode(values, "int4_g32")


def test_threads_do_not_share_errors():
    wrong = []

    def work(i):
        for _ in range(50):
            try:
                zq.codec(f"nvfp4{i}")
            except zq.Error as error:
                if f"nvfp4{i}" not in str(error):
                    wrong.append(str(error))
            zq.encode(gaussian(8, 32, seed=i), "int4_g32").decode()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_bytes_are_stored_as_they_are():
    values = np.random.default_rng(5).integers(0, 256, (5, 70), np.uint8)
    tensor = zq.encode(values, "huffman<chunk = 64, length = 12>")
    assert tensor.dtype == np.uint8
    assert np.array_equal(tensor.decode(), values)
    assert zq.codec("pack").bits_per_weight((5, 64), np.uint8) == 8
    with pytest.raises(TypeError, match="elements of type int8 cannot be encoded"):
        zq.encode(values.view(np.int8), "pack")
    with pytest.raises(zq.Error, match="expected"):
        zq.encode(values.astype(np.float32), "pack", dtype=np.uint8)
