"""Makes the tensor files of the tests in a folder: tensors.py FOLDER.

x.npy       f32 [4, 256]    activations
w.npy       f32 [48, 256]   weights
nan.npy     f32 [4, 16]     one NaN, at [2, 3]
empty.npy   f32 [0, 16]
int.npy     i32 [4, 16]
table.npy, offsets.npy, bits.npy
            streams of a Huffman-coded [4, 16] tensor, its first chunk outside
lut3.safetensors            w.npy in the codec of examples/lut3.mlir
"""

import json
import pathlib
import struct
import sys

import numpy as np

root = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(root / "examples"))


def save_safetensors(path, tensors, metadata):
    """Writes `tensors`, a dict from name to (dtype, array)."""
    header, data = {"__metadata__": metadata}, b""
    for name, (dtype, array) in tensors.items():
        raw = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": dtype,
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def main(folder):
    import lut3

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    x = rng.standard_normal((4, 256)).astype(np.float32)
    w = rng.standard_normal((48, 256)).astype(np.float32)
    np.save(folder / "x.npy", x)
    np.save(folder / "w.npy", w)
    nan = np.ones((4, 16), np.float32)
    nan[2, 3] = np.nan
    np.save(folder / "nan.npy", nan)
    np.save(folder / "empty.npy", np.zeros((0, 16), np.float32))
    np.save(folder / "int.npy", np.ones((4, 16), np.int32))
    np.save(folder / "table.npy", (4 << 8 | np.arange(16)).astype(np.int16))
    np.save(folder / "offsets.npy", np.full((4, 1), 1000, np.int32))
    np.save(folder / "bits.npy", np.zeros(8, np.uint8))

    dtypes = {"codes": "U8", "scale": "BF16", "table": "F32"}
    streams = lut3.encode(w)
    save_safetensors(
        folder / "lut3.safetensors",
        {"w." + name: (dtypes[name], array) for name, array in streams.items()},
        {"zq.w": "!zq.tensor<48x256xf32, #zq.codec<@lut3>>"},
    )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
