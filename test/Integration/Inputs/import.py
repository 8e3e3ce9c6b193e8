"""Inputs of import.mlir (`make FOLDER`), and what its functions must return, bit
for bit (`check FOLDER`)."""

import pathlib
import sys

import numpy as np

mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
if mode == "make":
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(3)
    # Every code, in three groups of 16 a row.
    codes = np.arange(20 * 48).reshape(20, 3, 16) % 256 - 128
    np.save(folder / "codes.npy", codes.astype(np.int8))
    np.save(folder / "rows.npy", codes.reshape(20, 48).astype(np.int8))
    np.save(folder / "scales.npy", random.random((20, 3)).astype(np.float32))
else:
    codes = np.load(folder / "codes.npy").astype(np.float32)
    scales = np.load(folder / "scales.npy")
    expected = {
        "quant": (codes.reshape(20, 48) - np.float32(-3)) * np.float32(0.05),
        "groups": (codes * scales[:, :, None]).reshape(20, 48),
    }
    for name, values in expected.items():
        actual = np.load(folder / f"{name}.npy")
        same = np.array_equal(actual.view(np.uint32), values.view(np.uint32))
        print(f"{name}: {'identical' if same else 'different'}")
