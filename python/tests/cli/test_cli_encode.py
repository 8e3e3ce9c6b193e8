"""`zq encode` and `zq decode`"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import zq
import zq.files


def test_encode_and_decode(run, model, tmp_path):
    done = run("encode", "model.safetensors", "--codec", "nvfp4", "-o", "small.safetensors")
    loaded = zq.load(tmp_path / "small.safetensors")
    assert list(loaded) == list(model)
    encoded = {name for name, tensor in loaded.items() if isinstance(tensor, zq.Tensor)}
    large = {name for name in model if model[name].size >= 4096 and model[name].ndim == 2}
    assert encoded == large - {"positions"}
    for name in encoded:
        assert loaded[name].type_text == zq.encode(model[name], "nvfp4").type_text
        want = zq.encode(model[name], "nvfp4").decode()
        assert loaded[name].decode().tobytes() == want.tobytes()
    for name in set(model) - encoded:
        assert loaded[name].tobytes() == model[name].tobytes()
    with zq.files.open(tmp_path / "small.safetensors") as checkpoint:
        assert checkpoint.metadata["made_by"] == "a test"
    for reason in ("not a matrix", "fewer than 4096 elements", "elements of type int64"):
        assert reason in done.stdout
    assert "nvfp4 does not hold it" in done.stdout
    assert "Largest relative errors" in done.stdout
    assert "4.50" in done.stdout

    run("decode", "small.safetensors", "-o", "dense.safetensors", "--dtype", "f32")
    dense = zq.load(tmp_path / "dense.safetensors")
    name = "layers.0.mlp.down.weight"
    assert dense[name].dtype == np.float32
    assert np.array_equal(dense[name], loaded[name].decode().astype(np.float32))
    assert dense["positions"].dtype == np.int64


def test_the_errors_are_those_of_the_values(run, model, tmp_path):
    done = run(
        "encode", "model.safetensors", "-c", "int4_g32", "-i", "embed*", "-o", "s.safetensors"
    )
    values = model["embed.weight"].astype(np.float64)
    change = zq.encode(model["embed.weight"], "int4_g32").decode() - values
    error = np.linalg.norm(change) / np.linalg.norm(values)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("embed.weight")]
    assert line.split()[-1] == f"{error:.4f}"
    assert "not included" in done.stdout


def test_activations_feed_errors_back(run, model, tmp_path):
    rng = np.random.default_rng(4)
    name = "layers.0.mlp.up.weight"
    vectors = rng.standard_normal((300, 128)) * 2.0 ** rng.integers(-3, 4, 128)
    vectors = (vectors + rng.standard_normal((300, 1))).astype(np.float32)
    zq.save(tmp_path / "inputs.safetensors", {name: vectors})
    done = run(
        "encode", "model.safetensors", "-c", "int4_g32", "-a", "inputs.safetensors",
        "-o", "s.safetensors",
    )  # fmt: skip
    loaded = zq.load(tmp_path / "s.safetensors")
    want = zq.encode(model[name], "int4_g32", activations=vectors)
    assert loaded[name].decode().tobytes() == want.decode().tobytes()
    other = "layers.0.attn.q.weight"
    blind = zq.encode(model[other], "int4_g32")
    assert loaded[other].decode().tobytes() == blind.decode().tobytes()
    products = model[name].astype(np.float64) @ vectors.T
    change = want.decode().astype(np.float64) @ vectors.T - products
    error = np.linalg.norm(change) / np.linalg.norm(products)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(name)]
    assert line.split()[-1] == f"{error:.4f}"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "no tensor is called 'nothing'"),
        ("layers.0.norm.weight", "has vectors for 'layers.0.norm.weight', which is not encoded"),
    ],
)
def test_activations_of_what_is_not_encoded(run, model, tmp_path, name, message):
    zq.save(tmp_path / "inputs.safetensors", {name: np.ones((2, 128), np.float32)})
    done = run(
        "encode", "model.safetensors", "-c", "int4_g32", "-a", "inputs.safetensors",
        "-o", "s.safetensors", code=2,
    )  # fmt: skip
    assert message in " ".join(done.stderr.split())
    assert not (tmp_path / "s.safetensors").exists()


def test_activations_of_integers(run, model, tmp_path):
    name = "layers.0.mlp.up.weight"
    zq.save(tmp_path / "inputs.safetensors", {name: np.ones((2, 128), np.int32)})
    done = run(
        "encode", "model.safetensors", "-c", "int4_g32", "-a", "inputs.safetensors",
        "-o", "s.safetensors", code=2,
    )  # fmt: skip
    assert f"the vectors for '{name}' are int32, and not floats" in " ".join(done.stderr.split())


def test_rules_include_exclude(run, model, tmp_path):
    run(
        "encode", "model.safetensors", "-o", "s.safetensors", "--min-size", "0",
        "-c", "*.mlp.*=q4_k", "-c", "scale<1x?, f32>, quantize<si8>, pack",
        "-c", "*.mlp.down.*=df11",
        "-x", "embed.*", "-x", "conv.*",
    )  # fmt: skip
    kinds = {
        name: stored.kind
        for name, stored in zq.files.open(tmp_path / "s.safetensors").stored.items()
        if not stored.is_dense
    }
    assert kinds == {
        "layers.0.attn.q.weight": "int8_row",
        "layers.0.mlp.up.weight": "q4_k",
        # The first pattern that matches counts.
        "layers.0.mlp.down.weight": "q4_k",
        "tiny.weight": "int8_row",
    }


def test_stages_with_options_are_no_pattern(run, model, tmp_path):
    stages = "hadamard<axis = 1, block = 128, seed = 1>, scale<1x?, f32>, quantize<si8>, pack"
    run("encode", "model.safetensors", "-i", "embed.*", "-c", stages, "-o", "s.safetensors")
    assert zq.load(tmp_path / "s.safetensors")["embed.weight"].codec == zq.codec(stages)


def test_lossless_says_exact(run, model, tmp_path):
    args = ["-c", "df11", "-i", "*.down.*", "-o", "s.safetensors", "--jobs", "1"]
    done = run("encode", "model.safetensors", *args)
    assert "exact" in done.stdout
    name = "layers.0.mlp.down.weight"
    assert zq.load(tmp_path / "s.safetensors")[name].decode().tobytes() == model[name].tobytes()


def test_dtype_rounds_first(run, model, tmp_path):
    run("encode", "model.safetensors", "-c", "df11", "--dtype", "bf16", "-o", "s.safetensors")
    tensor = zq.load(tmp_path / "s.safetensors")["embed.weight"]
    assert tensor.dtype.name == "bfloat16"
    assert tensor.decode().tobytes() == model["embed.weight"].astype(tensor.dtype).tobytes()


def test_what_is_compressed_stays(run, model, tmp_path):
    run("encode", "model.safetensors", "-c", "q4_k", "-i", "*.up.*", "-o", "a.safetensors")
    done = run("encode", "a.safetensors", "-c", "nvfp4", "-o", "b.safetensors")
    assert "compressed already (q4_k)" in done.stdout
    loaded = zq.load(tmp_path / "b.safetensors")
    assert loaded["layers.0.mlp.up.weight"].codec.name == "q4_k"
    assert loaded["layers.0.attn.q.weight"].codec.name == "nvfp4"


def test_values_that_a_codec_cannot_hold(run, model, tmp_path):
    model["embed.weight"][3, 4] = np.nan
    zq.save(tmp_path / "nan.safetensors", model)
    done = run("encode", "nan.safetensors", "-c", "nvfp4", "-o", "s.safetensors", code=1)
    assert done.stderr.startswith("zq: nan.safetensors: tensor 'embed.weight': ")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "s.safetensors").exists()
    done = run("encode", "nan.safetensors", "-c", "nvfp4", "-o", "s.safetensors", "--keep-going")
    assert "nvfp4 cannot hold its values" in done.stdout
    assert isinstance(zq.load(tmp_path / "s.safetensors")["embed.weight"], np.ndarray)


def test_nothing_to_encode(run, model, tmp_path):
    done = run(
        "encode", "model.safetensors", "-c", "nvfp4", "-x", "*", "-o", "s.safetensors", code=1
    )
    assert done.stderr == "zq: nothing is left to encode; no file was written\n"
    assert not (tmp_path / "s.safetensors").exists()


OUT = ("-o", "s.safetensors")
USAGE = {
    "codec": (
        ["-c", "nvpf4", *OUT],
        "unknown stage or codec 'nvpf4'; did you mean",
    ),
    "codec of a pattern": (
        ["-c", "*=q5_kk", *OUT],
        "codec 'q5_kk'; did you mean 'q5_k'?",
    ),
    "two codecs for all": (
        ["-c", "nvfp4", "-c", "q4_k", *OUT],
        "names two codecs for every tensor",
    ),
    "half a rule": (["-c", "*=", *OUT], "expected PATTERN=CODEC"),
    "include": (
        ["-c", "nvfp4", "-i", "*.mpl.*", *OUT],
        "--include '*.mpl.*' matches no tensor",
    ),
    "exclude": (
        ["-c", "nvfp4", "-x", "embed.wieght", *OUT],
        "matches no tensor; did you mean 'embed.weight'?",
    ),
    "pattern of a rule": (
        ["-c", "*.mpl.*=nvfp4", *OUT],
        "--codec '*.mpl.*' matches no tensor",
    ),
    "no codec": ([*OUT], "Missing option '--codec'"),
    "no output": (["-c", "nvfp4"], "Missing option '--output'"),
    "another kind of output": (["-c", "nvfp4", "-o", "s.npz"], "is a .safetensors file"),
    "the input as output": (
        ["-c", "nvfp4", "-o", "./model.safetensors"],
        "would replace what is read",
    ),
    "threads": (
        ["-c", "nvfp4", *OUT, "--jobs", "0"],
        "Invalid value for '--jobs'",
    ),
    "type": (
        ["-c", "nvfp4", *OUT, "--dtype", "f61"],
        "Invalid value for '--dtype'",
    ),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage(run, model, tmp_path, case):
    args, message = USAGE[case]
    done = run("encode", "model.safetensors", *args, code=2)
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.safetensors"]


def test_the_place_of_an_error_in_stages(run, model):
    done = run(
        "encode",
        "model.safetensors",
        "-c",
        "scale<1x32, f16>, quantise<si4>, pack",
        "-o",
        "s.safetensors",
        code=2,
    )
    lines = done.stderr.splitlines()
    assert "did you mean 'quantize'?" in lines[0]
    assert lines[2].index("^") == lines[1].index("quantise")


def test_files_that_are_none(run, tmp_path):
    (tmp_path / "text.safetensors").write_text("hello, this is no tensor")
    done = run("encode", "text.safetensors", "-c", "nvfp4", "-o", "s.safetensors", code=1)
    assert done.stderr.startswith("zq: text.safetensors: is no safetensors file, or cut short: ")
    assert "does not exist" in run("decode", "nowhere.safetensors", "-o", "s", code=2).stderr


def test_a_folder_that_is_not_there(run, model):
    done = run("encode", "model.safetensors", "-c", "nvfp4", "-o", "no/s.safetensors", code=1)
    assert done.stderr == "zq: no/s.safetensors: cannot be written: No such file or directory\n"


@pytest.mark.parametrize(
    "name, code, word", [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated")]
)
def test_a_signal_in_a_long_encode_ends_it_at_once(environment, tmp_path, name, code, word):
    values = np.random.default_rng(0).standard_normal((4096, 2048), np.float32)
    zq.save(tmp_path / "big.safetensors", {"w": values})
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "zq",
            "encode",
            "big.safetensors",
            "-c",
            "aqlm_2x8",
            "-o",
            "s.safetensors",
        ],
        cwd=tmp_path,
        env=environment,
        # What a process in the background of a shell has is SIG_IGN.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Native code has the tensor by then; it takes many seconds for it.
    time.sleep(2.5)
    assert process.poll() is None
    begin = time.monotonic()
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - begin < 1.5
    assert process.returncode == code
    assert errors == f"zq: {word}\n"
    assert os.listdir(tmp_path) == ["big.safetensors"]
