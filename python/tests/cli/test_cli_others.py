"""`zq inspect`, `zq codecs`, `zq bench`, and what all commands share."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import zq


def test_inspect(run, model, tmp_path):
    run("encode", "model.safetensors", "-c", "q4_k", "-i", "*.up.*", "-o", "s.safetensors")
    done = run("inspect", "s.safetensors")
    lines = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.split()}
    assert lines["layers.0.mlp.up.weight"][1:4] == ["q4_k", "float32", "256x128"]
    assert lines["positions"][1:4] == ["dense", "int64", "64x128"]
    assert "made_by: a test" in done.stdout
    assert f"{len(model)} tensors, " in done.stdout


def test_inspect_a_tensor(run, model, tmp_path):
    run("encode", "model.safetensors", "-c", "nvfp4", "-i", "*.up.*", "-o", "s.safetensors")
    done = run("inspect", "s.safetensors", "--tensor", "*.up.weight")
    assert "scale<tensor, f32>, scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>, pack" in done.stdout
    assert "scale1: 256x8 of float8_e4m3fn, 2.05 kB" in done.stdout
    decoded = zq.encode(model["layers.0.mlp.up.weight"], "nvfp4").decode()
    assert f"values from {decoded.min():.6g} to {decoded.max():.6g}" in done.stdout


def test_inspect_json(run, model):
    done = run("inspect", "model.safetensors", "--json")
    root = json.loads(done.stdout)
    assert root["format"] == "safetensors"
    assert root["metadata"] == {"made_by": "a test"}
    assert [tensor["name"] for tensor in root["tensors"]] == list(model)
    done = run("inspect", "model.safetensors", "--json", "-t", "embed.weight")
    (tensor,) = json.loads(done.stdout)["tensors"]
    assert (tensor["shape"], tensor["dtype"], tensor["bits_per_weight"]) == (
        [64, 128],
        "float32",
        32,
    )
    assert tensor["values"]["max"] == float(model["embed.weight"].max())
    assert tensor["values"]["not finite"] == 0


def test_inspect_says_what_is_not_finite(run, tmp_path):
    zq.save(tmp_path / "w.safetensors", {"w": np.array([[1, np.nan], [np.inf, 0]], np.float32)})
    assert "2 values are NaN or infinite" in run("inspect", "w.safetensors", "-t", "w").stdout


def test_gguf(run, tmp_path):
    gguf = pytest.importorskip("gguf")
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama")
    writer.add_array("tokens", [str(i) for i in range(1000)])
    data = gguf.quants.quantize(np.ones((4, 64), np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("w", data, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor(
        "odd", np.zeros((1, 66), np.uint8), raw_dtype=gguf.GGMLQuantizationType.IQ2_XXS
    )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    done = run("inspect", "m.gguf")
    assert "GGUF Q8_0" in done.stdout and "GGUF IQ2_XXS" in done.stdout
    assert 'tokens: {"length": 1000}' in done.stdout
    done = run("decode", "m.gguf", "-o", "dense.safetensors", code=1)
    assert done.stderr.startswith("zq: m.gguf: tensor 'odd': zq has no codec for ggml's IQ2_XXS")
    run("decode", "m.gguf", "-t", "w", "-o", "dense.safetensors")
    loaded = zq.load(tmp_path / "dense.safetensors")
    assert list(loaded) == ["w"]
    assert np.allclose(loaded["w"], 1, atol=1e-3)


def test_codecs(run):
    done = run("codecs")
    names = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    assert set(zq.codecs()) <= names
    assert json.loads(run("codecs", "--json").stdout)["nvfp4"]["bits_per_weight"] == pytest.approx(
        4.5
    )
    assert "q4_k" in run("codecs", "q*_k").stdout
    assert "4096x2048" in run("codecs", "nvfp4").stdout
    assert "lossless" in run("codecs", "df11").stdout
    assert "6.0000 bits" not in run("codecs", "scale<1x64, f16>, quantize<si4>, pack").stdout
    assert "did you mean 'nvint4'?" in run("codecs", "nvnt4", code=2).stderr
    assert "matches" in run("codecs", "zz*", code=2).stderr


def test_bench(run, model):
    args = ["-c", "nvfp4", "-c", "int8_g128", "--seconds", "0.01", "--json"]
    done = run("bench", "--shape", "64x256", *args)
    root = json.loads(done.stdout)
    numpy, nvfp4, int8 = root["timings"]
    assert root["shape"] == [64, 256]
    assert nvfp4["codec"] == "nvfp4" and 0 < nvfp4["difference"] <= 1
    assert all(nvfp4[what] > 0 for what in ("encode", "decode", "product"))
    assert int8["relative_error"] < nvfp4["relative_error"] < 0.2
    assert numpy["encode"] is None


def test_bench_of_a_file(run, model):
    run("encode", "model.safetensors", "-c", "q4_k", "-i", "*.up.*", "-o", "s.safetensors")
    args = ["--tensor", "layers.0.mlp.up.weight", "--seconds", "0.01", "--rows", "3"]
    done = run("bench", "s.safetensors", "--seconds", "0.01")
    assert done.stderr == "taking layers.0.mlp.up.weight; --tensor names another\n"
    assert "q4_k" in done.stdout
    done = run("bench", "model.safetensors", code=2)
    assert "name a --codec; model.safetensors has no compressed matrix" in done.stderr
    done = run("bench", "s.safetensors", *args)
    assert "q4_k" in done.stdout and "256x128 weights, 3 rows" in done.stdout
    done = run("bench", "model.safetensors", *args, "-c", "nvfp4", "-c", "df11")
    assert "nvfp4" in done.stdout and "df11" in done.stdout


def test_bench_checks_products(run, model, monkeypatch):
    compiled = zq.compile

    def wrong(*args, **options):
        function = compiled(*args, **options)
        right = function.call_into
        function.call_into = lambda args, outs: (right(args, outs), outs[0].__iadd__(1000))
        return function

    monkeypatch.setattr(zq, "compile", wrong)
    done = run("bench", "--shape", "64x256", "-c", "nvfp4", "--seconds", "0.01", code=1)
    assert "zq: nvfp4: a product differs by " in done.stderr


def test_a_signal_that_is_ignored_for_us(environment, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "zq", "bench", "--shape", "64x64", "-c", "nvfp4"],
        cwd=tmp_path,
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(1.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


BENCH_USAGE = {
    "nothing": ([], "give a FILE or a --shape"),
    "both": (["model.safetensors", "--shape", "4x4"], "give a FILE or a --shape"),
    "no shape": (["--shape", "4x4x4"], "'4x4x4' is no shape of a matrix"),
    "an empty shape": (["--shape", "0x4"], "'0x4' is no shape of a matrix"),
    "no codec": (["--shape", "4x4"], "name a --codec; the matrix is dense"),
    "tensor without file": (["--shape", "4x4", "-t", "w"], "--tensor is for a FILE"),
}


@pytest.mark.parametrize("case", BENCH_USAGE)
def test_wrong_usage_of_bench(run, model, case):
    args, message = BENCH_USAGE[case]
    assert message in run("bench", *args, code=2).stderr


def test_bench_of_no_matrix(run, model):
    done = run("bench", "model.safetensors", "-t", "layers.0.norm.weight", "-c", "nvfp4", code=1)
    assert "tensor 'layers.0.norm.weight' is no matrix of floats: 128 of float32" in done.stderr
    done = run("bench", "model.safetensors", "-t", "positions", "-c", "nvfp4", code=1)
    assert "tensor 'positions' is no matrix of floats: 64x128 of int64" in done.stderr
    done = run("bench", "model.safetensors", "-t", "layers.0.nrom.weight", "-c", "nvfp4", code=1)
    assert "did you mean 'layers.0.norm.weight'?" in done.stderr


@pytest.mark.parametrize(
    "command", [[], ["encode"], ["decode"], ["inspect"], ["bench"], ["codecs"]]
)
def test_help_teaches(run, command):
    done = run(*command, "--help")
    assert "zq " + (command[0] if command else "encode") in done.stdout
    assert "Examples:" in done.stdout or not command


def test_an_unknown_command(run):
    assert "No such command" in run("endcode", code=2).stderr


def test_a_reader_that_leaves(environment, tmp_path):
    # More than a pipe holds.
    zq.save(tmp_path / "w.safetensors", {f"tensor{i}": np.ones(1) for i in range(3000)})
    done = subprocess.run(
        f"{sys.executable} -m zq inspect w.safetensors | head -n 1",
        shell=True,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("tensor")


def test_names_are_no_markup_and_no_control_characters(run, tmp_path):
    zq.save(tmp_path / "w.safetensors", {"[red]x[/red]\x1b[31m": np.ones(3)})
    assert "[red]x[/red]\\x1b[31m" in run("inspect", "w.safetensors").stdout
