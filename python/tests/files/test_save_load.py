"""Files of zq's own: what is saved loads, here and by the C++ tools."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest
import safetensors
import safetensors.numpy
import zq
import zq.files
from zq.files.atomic import atomic_write
from zq.files.safetensors import SafetensorsReader

#: Every kind of stream: scales of scales, tables, bits of a length that the data decides.
CODECS = [
    "nvfp4",
    "q4_k",
    "int4_zp_g128",
    "bf16_huff",
    "tq1_0",
    "aqlm_2x8",
    "spqr3",
    "mxfp4",
    "fp8_e4m3",
]


def encoded(rng: np.random.Generator, codec: str, shape=(24, 256)) -> zq.Tensor:
    values = rng.standard_normal(shape, np.float32)
    if codec == "bf16_huff":
        return zq.encode(values.astype(ml_dtypes.bfloat16), codec)
    return zq.encode(values, codec)


@pytest.mark.parametrize("codec", CODECS)
def test_round_trip(tmp_path, rng, same_bits, codec):
    tensor = encoded(rng, codec)
    zq.save(tmp_path / "w.safetensors", {"a.weight": tensor})
    loaded = zq.load(tmp_path / "w.safetensors")["a.weight"]
    assert (loaded.codec, loaded.shape, loaded.dtype) == (tensor.codec, tensor.shape, tensor.dtype)
    assert loaded.type_text == tensor.type_text
    for name, stream in tensor.streams.items():
        same_bits(loaded.streams[name], stream)
    same_bits(loaded.decode(), tensor.decode())


def test_dense_arrays_keep_their_bits(tmp_path, rng, same_bits):
    bits = rng.integers(0, 256, (4, 8), np.uint8)
    arrays = {
        "f64": rng.standard_normal((2, 3)),
        "f32": rng.standard_normal((2, 3)).astype(np.float32),
        "bf16": bits.view(ml_dtypes.bfloat16),
        "f16": bits.view(np.float16),
        "f8_e4m3": bits.view(ml_dtypes.float8_e4m3fn),
        "f8_e5m2": bits.view(ml_dtypes.float8_e5m2),
        "f8_e8m0": bits.view(ml_dtypes.float8_e8m0fnu),
        "bool": bits > 100,
        "i64": np.arange(-3, 3),
        "scalar": np.float32(3).reshape(()),
        "empty": np.empty((0, 7), np.int16),
        "complex": np.complex64([1 + 2j]),
    }
    path = tmp_path / "dense.safetensors"
    zq.save(path, arrays, {"who": "me", "what": "\N{SNOWMAN}"})
    loaded = zq.load(path)
    assert list(loaded) == list(arrays)
    for name, array in arrays.items():
        same_bits(loaded[name], array)
    with zq.files.open(path) as checkpoint:
        assert checkpoint.metadata == {"who": "me", "what": "\N{SNOWMAN}"}


def test_every_tensor_is_aligned_to_its_elements(tmp_path):
    arrays = {"a": np.ones(3, np.int8), "b": np.ones(3), "c": np.ones(5, np.float16)}
    zq.save(tmp_path / "a.safetensors", arrays)
    reader = SafetensorsReader(tmp_path / "a.safetensors")
    for entry in reader.entries.values():
        assert entry.begin % entry.dtype.itemsize == 0
    assert list(reader.entries) == list(arrays)


def test_any_strides_and_byte_order(tmp_path, rng, same_bits):
    array = rng.standard_normal((6, 8)).astype(np.float32)
    views = {
        "transposed": array.T,
        "backwards": array[::-1, ::-2],
        "big-endian": array.astype(">f4"),
    }
    zq.save(tmp_path / "v.safetensors", views)
    for name, loaded in zq.load(tmp_path / "v.safetensors").items():
        same_bits(loaded, np.ascontiguousarray(views[name], "<f4"))


def test_torch_tensors(tmp_path):
    torch = pytest.importorskip("torch")
    tensors = {
        "bf16": torch.randn(3, 4).to(torch.bfloat16),
        "f8": torch.randn(3, 4).to(torch.float8_e4m3fn),
        "parameter": torch.nn.Parameter(torch.randn(4, 2)).T,
    }
    zq.save(tmp_path / "t.safetensors", tensors)
    from safetensors.torch import load_file

    loaded = load_file(tmp_path / "t.safetensors")
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name].float(), tensor.float())


def test_other_libraries_read_it_and_it_reads_theirs(tmp_path, rng, same_bits):
    tensor = encoded(rng, "nvfp4")
    zq.save(
        tmp_path / "ours.safetensors", {"w": tensor, "odd": np.ones(3, np.int8), "b": np.ones(3)}
    )
    with safetensors.safe_open(tmp_path / "ours.safetensors", "np") as file:
        assert file.metadata() == {"zq.w": tensor.type_text}
        same_bits(file.get_tensor("w.codes"), tensor.streams["codes"])
        same_bits(file.get_tensor("b"), np.ones(3))
    arrays = {
        "x": rng.standard_normal((3, 5)).astype(np.float32),
        "y": np.arange(5, dtype=np.uint16),
    }
    safetensors.numpy.save_file(arrays, tmp_path / "theirs.safetensors", {"format": "np"})
    loaded = zq.load(tmp_path / "theirs.safetensors")
    for name, array in arrays.items():
        same_bits(loaded[name], array)


@pytest.mark.parametrize("codec", ["nvfp4", "q4_k", "bf16_huff"])
def test_zq_run_reads_what_is_saved(tmp_path, rng, same_bits, tool, codec):
    tensor = encoded(rng, codec)
    zq.save(tmp_path / "w.safetensors", {"a.weight": tensor, "bias": np.ones(3, np.float32)})
    element = {"float32": "f32", "bfloat16": "bf16"}[tensor.dtype.name]
    dense = f"tensor<24x256x{element}>"
    (tmp_path / "m.mlir").write_text(
        f"func.func @main(%w: {tensor.type_text}) -> {dense} {{\n"
        f"  %e = tensor.empty() : {dense}\n"
        f"  %d = zq.decode %w at [0, 0] outs(%e : {dense})\n"
        f"      : {tensor.type_text} -> {dense}\n"
        f"  return %d : {dense}\n}}\n"
    )
    subprocess.run(
        [
            tool("zq-run"),
            "m.mlir",
            "--input",
            "w.safetensors:a.weight",
            "--output",
            "out.safetensors",
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    same_bits(zq.load(tmp_path / "out.safetensors")["result0"], tensor.decode())


@pytest.mark.parametrize("codec", ["nvfp4", "q4_k", "spqr3"])
def test_what_zq_encode_writes_loads(tmp_path, rng, same_bits, tool, codec):
    values = rng.standard_normal((24, 256)).astype(np.float32)
    zq.save(tmp_path / "dense.safetensors", {"a.weight": values})
    subprocess.run(
        [
            tool("zq-encode"),
            "dense.safetensors",
            f"--tensor=a.weight={codec}",
            "-o",
            "w.safetensors",
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    loaded = zq.load(tmp_path / "w.safetensors")
    assert list(loaded) == ["a.weight"]
    assert loaded["a.weight"].codec == zq.codec(codec)
    same_bits(loaded["a.weight"].decode(), zq.encode(values, codec).decode())


def test_single_tensors_are_read_alone(tmp_path, rng):
    zq.save(
        tmp_path / "w.safetensors", {"a": encoded(rng, "nvfp4"), "b": np.ones(4), "c": np.ones(5)}
    )
    assert list(zq.load(tmp_path / "w.safetensors", ["c"])) == ["c"]
    assert list(zq.load(tmp_path / "w.safetensors", "a")) == ["a"]
    with zq.files.open(tmp_path / "w.safetensors") as checkpoint:
        assert list(checkpoint) == ["a", "b", "c"]
        stored = checkpoint.stored["a"]
        assert (stored.shape, stored.kind, stored.dtype) == ((24, 256), "nvfp4", np.float32)
        assert stored.nbytes == 24 * 128 + 24 * 16 + 4
        assert "a" in checkpoint and "a.codes" not in checkpoint


def test_a_name_that_is_not_there_has_a_suggestion(tmp_path):
    zq.save(tmp_path / "w.safetensors", {"model.norm.weight": np.ones(4)})
    with pytest.raises(
        zq.Error,
        match=r"has no tensor 'model.norm.wieght'; did you mean 'model.norm.weight'\?",
    ):
        zq.load(tmp_path / "w.safetensors", ["model.norm.wieght"])


# ---------------------------------------------------------------------------
# Folders
# ---------------------------------------------------------------------------


def shards(folder, rng) -> dict[str, zq.Tensor | np.ndarray]:
    first = {"a.weight": encoded(rng, "nvfp4"), "b": np.ones(3)}
    second = {"c": np.zeros((2, 2), np.float32)}
    zq.save(folder / "model-00001-of-00002.safetensors", first)
    zq.save(folder / "model-00002-of-00002.safetensors", second)
    weight_map = {
        name: "model-00001-of-00002.safetensors"
        for name in ("a.weight.scale", "a.weight.codes", "b")
    }
    weight_map["c"] = "model-00002-of-00002.safetensors"
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return first | second


def test_a_folder_with_an_index(tmp_path, rng, same_bits):
    saved = shards(tmp_path, rng)
    loaded = zq.load(tmp_path)
    assert list(loaded) == list(saved)
    same_bits(loaded["a.weight"].decode(), saved["a.weight"].decode())


def change_map(folder, **changes) -> None:
    index = folder / "model.safetensors.index.json"
    root = json.loads(index.read_text())
    root["weight_map"].update(changes)
    index.write_text(json.dumps(root))


@pytest.mark.parametrize("file", ["../w.safetensors", "/etc/passwd", "", "..", "a\0b", 7])
def test_an_index_stays_in_its_folder(tmp_path, rng, file):
    shards(tmp_path, rng)
    change_map(tmp_path, c=file)
    with pytest.raises(zq.Error, match=r"index.json: tensor 'c': .* is no file of the folder"):
        zq.load(tmp_path)


def test_an_index_that_promises_too_much(tmp_path, rng):
    shards(tmp_path, rng)
    change_map(tmp_path, d="model-00001-of-00002.safetensors")
    with pytest.raises(
        zq.Error, match="tensor 'd': the index promises it in 'model-00001-of-00002.safetensors'"
    ):
        zq.load(tmp_path)


def test_a_tensor_in_two_files(tmp_path, rng):
    shards(tmp_path, rng)
    zq.save(tmp_path / "model-00002-of-00002.safetensors", {"c": np.ones(2), "b": np.ones(3)})
    with pytest.raises(zq.Error, match="00002.safetensors: tensor 'b': is in '.*00001.*' too"):
        zq.load(tmp_path)


def test_a_tensor_in_another_file_than_the_index_says(tmp_path, rng):
    shards(tmp_path, rng)
    change_map(tmp_path, b="model-00002-of-00002.safetensors")
    with pytest.raises(zq.Error, match="tensor 'b': the index has it in another file"):
        zq.load(tmp_path)


def test_a_shard_that_is_missing(tmp_path, rng):
    shards(tmp_path, rng)
    os.remove(tmp_path / "model-00002-of-00002.safetensors")
    with pytest.raises(
        zq.Error, match="model-00002-of-00002.safetensors: cannot be read: No such file"
    ):
        zq.load(tmp_path)


def test_folders_without_an_index(tmp_path, rng):
    with pytest.raises(zq.Error, match="has no .safetensors file"):
        zq.load(tmp_path)
    zq.save(tmp_path / "model.safetensors", {"a": np.ones(2)})
    assert list(zq.load(tmp_path)) == ["a"]
    zq.save(tmp_path / "other.safetensors", {"a": np.ones(2)})
    with pytest.raises(
        zq.Error,
        match="has 2 .safetensors files and no model.safetensors.index.json; name one of them",
    ):
        zq.load(tmp_path)


# ---------------------------------------------------------------------------
# Writing
# ---------------------------------------------------------------------------


@pytest.mark.parametrize("exists", [False, True])
def test_an_interrupt_leaves_no_half_file(tmp_path, exists):
    path = tmp_path / "w.safetensors"
    if exists:
        zq.save(path, {"old": np.ones(3)})
    before = path.read_bytes() if exists else None
    with pytest.raises(KeyboardInterrupt):
        with atomic_write(path) as file:
            file.write(b"half of it")
            raise KeyboardInterrupt
    assert os.listdir(tmp_path) == (["w.safetensors"] if exists else [])
    if exists:
        assert path.read_bytes() == before


def test_a_process_that_is_interrupted_leaves_no_half_file(tmp_path):
    """The real signal in the real writer, when all but the new name is done."""
    code = (
        "import os, signal, sys, numpy as np, zq\n"
        # What a process in the background of a shell has is SIG_IGN.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGINT)\n"
        "zq.save(sys.argv[1], {'w': np.ones(1000)})\n"
    )
    path = tmp_path / "w.safetensors"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert "KeyboardInterrupt" in done.stderr
    assert os.listdir(tmp_path) == []


def test_replacing_a_file_that_is_loaded(tmp_path, rng, same_bits):
    path = tmp_path / "w.safetensors"
    zq.save(path, {"w": np.arange(5)})
    with zq.files.open(path) as checkpoint:
        zq.save(path, {"w": checkpoint["w"] + 1})
        same_bits(checkpoint["w"], np.arange(5))
    same_bits(zq.load(path)["w"], np.arange(1, 6))


def test_permissions_are_the_usual_ones(tmp_path):
    umask = os.umask(0o027)
    try:
        zq.save(tmp_path / "w.safetensors", {"w": np.ones(2)})
    finally:
        os.umask(umask)
    assert stat.S_IMODE(os.stat(tmp_path / "w.safetensors").st_mode) == 0o640


def test_a_link_stays_one(tmp_path):
    zq.save(tmp_path / "real.safetensors", {"w": np.ones(2)})
    (tmp_path / "link.safetensors").symlink_to("real.safetensors")
    zq.save(tmp_path / "link.safetensors", {"w": np.zeros(2)})
    assert (tmp_path / "link.safetensors").is_symlink()
    assert not zq.load(tmp_path / "real.safetensors")["w"].any()


BAD_SAVES = {
    "a folder that is not there": (
        {"w": np.ones(2)},
        None,
        "nowhere/w.safetensors",
        "cannot be written: No such file",
    ),
    "an object": ({"w": object()}, None, "w.safetensors", "tensor 'w': a object cannot be stored"),
    "text": (
        {"w": np.array(["a"])},
        None,
        "w.safetensors",
        "tensor 'w': elements of type <U1 cannot be stored",
    ),
    "a name that is no text": (
        {3: np.ones(2)},
        None,
        "w.safetensors",
        "3 cannot be a tensor's name",
    ),
    "the reserved name": (
        {"__metadata__": np.ones(2)},
        None,
        "w.safetensors",
        "'__metadata__' cannot be a tensor's name",
    ),
    "metadata that is no text": (
        {},
        {"a": 1},
        "w.safetensors",
        "metadata 'a' is not a text under a text",
    ),
    "metadata of zq's": ({}, {"zq.w": "x"}, "w.safetensors", "keys that begin with 'zq.' are zq's"),
    "half a surrogate": ({"\ud800": np.ones(2)}, None, "w.safetensors", "is not valid Unicode"),
}


@pytest.mark.parametrize("case", BAD_SAVES)
def test_what_cannot_be_saved(tmp_path, case):
    tensors, metadata, name, message = BAD_SAVES[case]
    with pytest.raises(zq.Error) as caught:
        zq.save(tmp_path / name, tensors, metadata)
    assert message in str(caught.value)
    assert name in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_names_that_collide(tmp_path, rng):
    with pytest.raises(zq.Error, match="tensor 'w': another tensor is stored as 'w.codes' too"):
        zq.save(tmp_path / "w.safetensors", {"w.codes": np.ones(2), "w": encoded(rng, "nvfp4")})


def test_an_unknown_format_is_refused(tmp_path):
    zq.save(tmp_path / "w.safetensors", {"w": np.ones(2)})
    with pytest.raises(zq.Error, match="'gtpq' is no format of files; did you mean 'gptq'"):
        zq.load(tmp_path / "w.safetensors", format="gtpq")
    with pytest.raises(zq.Error, match="holds no tensor of the format 'gptq'"):
        zq.load(tmp_path / "w.safetensors", format="gptq")
