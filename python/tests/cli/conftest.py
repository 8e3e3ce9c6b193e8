"""What the tests of the command line share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import zq
from zq import cli


@dataclass
class Output:
    stdout: str
    stderr: str


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command in the test's folder, in this process; gives what it
    printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZQ_CACHE_DIR", str(tmp_path / ".cache"))
    # So that --jobs is undone.
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "2"))
    monkeypatch.delenv("COLUMNS", raising=False)

    def call(*args: object, code: int = 0) -> Output:
        capsys.readouterr()
        got = cli._run([str(arg) for arg in args])
        printed = Output(*capsys.readouterr())
        assert got == code, printed
        return printed

    return call


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """For processes of `python -m zq`."""
    path = [str(Path(zq.__path__[0]).parent), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path), "ZQ_CACHE_DIR": str(tmp_path)}


@pytest.fixture
def model(tmp_path) -> dict[str, np.ndarray]:
    """A small model in model.safetensors."""
    rng = np.random.default_rng(3)
    tensors = {
        "embed.weight": rng.standard_normal((64, 128), np.float32),
        "layers.0.attn.q.weight": rng.standard_normal((128, 128), np.float32),
        "layers.0.mlp.up.weight": rng.standard_normal((256, 128), np.float32),
        "layers.0.mlp.up.bias": rng.standard_normal(256, np.float32),
        "layers.0.mlp.down.weight": rng.standard_normal((128, 256)).astype(ml_dtypes.bfloat16),
        "layers.0.norm.weight": np.ones(128, np.float32),
        "conv.weight": rng.standard_normal((32, 4, 4, 16), np.float32),
        "tiny.weight": rng.standard_normal((4, 16), np.float32),
        "positions": np.arange(8192).reshape(64, 128),
    }
    zq.save(tmp_path / "model.safetensors", tensors, {"made_by": "a test"})
    return tensors
