"""Times of products. What they are is up to the machine; what is timed is not."""

import ml_dtypes
import numpy as np
import pytest
import zq
from zq.reports import timing

from .conftest import layer_rows


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(timing, "PROBE_BYTES", 1 << 20)
    monkeypatch.setattr(timing, "PROBE_SECONDS", 0.0)
    monkeypatch.setattr(timing, "SECONDS", 0.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_the_product_is_one(gaussian, dtype):
    codec = "bf16_huff" if dtype == ml_dtypes.bfloat16 else "int8_g128"
    tensor = zq.encode(gaussian(48, 256).astype(dtype), codec)
    x = gaussian(1, 256, seed=1)
    y = zq.compile(timing.product_text(tensor))(x, tensor)
    exact = x.astype(np.float64) @ tensor.decode().astype(np.float64).T
    bound = 256 * 5e-5 * np.abs(x).max() * np.abs(tensor.decode()).astype(np.float64).max()
    assert (np.abs(y - exact) <= bound).all()


def test_layers_of_one_type_share_a_kernel(gaussian):
    tensors = {f"a{i}": zq.encode(gaussian(64, 256, seed=i), "nvfp4") for i in range(3)}
    tensors["b"] = zq.encode(gaussian(32, 256), "nvfp4")
    found = timing.measure_times(tensors)
    assert [list(kernel.seconds) for kernel in found.kernels] == [["a0", "a1", "a2"], ["b"]]
    assert found.rounds >= timing.ROUNDS
    assert found.total_bytes == sum(tensor.nbytes for tensor in tensors.values())
    kernel = found.kernels[0]
    assert kernel.rate == 3 * tensors["a0"].nbytes / sum(kernel.seconds.values())
    assert found.read_rate > 0 and found.call_seconds > 0
    assert all(seconds > 0 for kernel in found.kernels for seconds in kernel.seconds.values())


def test_what_is_no_matrix_says_so(gaussian, write):
    tensor = zq.encode(gaussian(4, 4, 64), "scale<1x1x16, f16>, quantize<si4>, pack")
    page = write({"w": tensor}, time=True)
    assert "not measured: not a matrix" in page.one("table", id="kernels").text
    assert layer_rows(page)[0]["time"].text == "–"


def test_times_on_the_page(gaussian, write, monkeypatch):
    kept = {}

    def measure(tensors):
        kept["timing"] = timing.measure_times(tensors)
        return kept["timing"]

    monkeypatch.setattr(zq.reports, "measure_times", measure)
    tensors = {"a": zq.encode(gaussian(64, 256), "nvfp4"), "b": zq.encode(gaussian(8, 64), "nf4")}
    page = write(tensors, time=True)
    found = kept["timing"]
    for row in layer_rows(page):
        name = row["name"].text
        seconds = found.by_layer[name].seconds[name]
        assert float(row["time"].attributes["data-value"]) == pytest.approx(1e6 * seconds)
        rate = float(row["rate"].attributes["data-value"])
        assert rate == pytest.approx(tensors[name].nbytes / seconds)
    text = page.text
    assert (
        f"{found.read_rate / 1e9:.1f} GB/s" in text or f"{found.read_rate / 1e9:.2f} GB/s" in text
    )
    assert "the last-level cache" in text.lower() or not found.cache_bytes
    assert "8-bit integers" in page.one("table", id="kernels").text


def test_no_time_unless_asked_for(gaussian, write, monkeypatch):
    monkeypatch.setattr(zq.reports, "measure_times", None)
    page = write({"a": zq.encode(gaussian(8, 64), "nvfp4")})
    assert "Time by kernel" not in page.text
