"""Makes weights that scales may stumble over: extremes.py FOLDER.

All are f32 [48, 256] but none.npy, which has no row: sound.npy, zeros.npy, equal.npy (all
-3), tiny.npy (rows from 1e-45 to 1e-3), huge.npy (1e30), inf.npy and nan.npy
(one of them, at [5, 17], among normal values).
"""

import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(3)
w = rng.standard_normal((48, 256)).astype(np.float32)
np.save(folder / "x.npy", rng.standard_normal((4, 256)).astype(np.float32))
np.save(folder / "sound.npy", w)
np.save(folder / "zeros.npy", np.zeros_like(w))
np.save(folder / "equal.npy", np.full_like(w, -3))
np.save(folder / "tiny.npy", (w * np.logspace(-45, -3, 48)[:, None]).astype(np.float32))
np.save(folder / "huge.npy", w * np.float32(1e30))
np.save(folder / "none.npy", w[:0])
for name in ("inf", "nan"):
    broken = w.copy()
    broken[5, 17] = float(name)
    np.save(folder / f"{name}.npy", broken)
