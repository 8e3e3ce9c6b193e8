"""Weights in memory: the streams of a matrix, copied until they exceed the cache."""

import ctypes
import mmap

import numpy as np

from . import tools

# Streams begin on a cache line, copies on a page.
LINE = 64
PAGE = 4096


class Memory:
    """Zeroed memory in pages of 2 MiB, where the system grants them."""

    def __init__(self, size):
        # Of its own: shared pages are small whatever is advised.
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self._map = mmap.mmap(-1, max(size, PAGE), flags=flags)
        if size >= 2 << 20:
            self._map.madvise(mmap.MADV_HUGEPAGE)
        self.bytes = np.frombuffer(self._map, np.uint8)
        self.address = self.bytes.ctypes.data


class Descriptor(ctypes.Structure):
    """A memref descriptor for up to eight dimensions; a function reads as many
    sizes and strides as its rank says, one after the other."""

    _fields_ = [
        ("allocated", ctypes.c_void_p),
        ("aligned", ctypes.c_void_p),
        ("offset", ctypes.c_int64),
        ("sizes_and_strides", ctypes.c_int64 * 16),
    ]


def describe(address, shape):
    """The descriptor of dense data of `shape` at `address`."""
    strides = [int(np.prod(shape[i + 1 :], dtype=np.int64)) for i in range(len(shape))]
    numbers = [*shape, *strides]
    return Descriptor(address, address, 0, (ctypes.c_int64 * 16)(*numbers))


def replicate(arguments, streams, rows, wanted):
    """Streams for `wanted` rows from those of `rows`: {argument: array}.

    The replica r of a stream is rolled by r row blocks, so that a read in the
    wrong replica is seen in the result. Streams whose length depends on the data
    are strung together and their offsets moved; then nothing is rolled. Returns
    the arrays and, for each row, the row of the source that it equals.
    """
    if wanted % rows:
        raise ValueError(f"{wanted} rows are no multiple of {rows}")
    times = wanted // rows
    sources = {a.name: streams[a.stream] for a in arguments}
    dynamic = [a for a in arguments if None in a.shape]
    axes = {a.name: _row_axis(a, sources[a.name][0], times) for a in arguments}
    block = max(
        (rows // sources[n][0][axis] for n, axis in axes.items() if axis is not None),
        default=rows,
    )
    rolled = not dynamic and rows % block == 0
    shifts = [r * block % rows if rolled else 0 for r in range(times)]
    arrays = {}
    for argument in arguments:
        shape, raw = sources[argument.name]
        array = raw.reshape(*shape, -1)
        axis = axes[argument.name]
        if argument in dynamic:
            array = np.concatenate([array] * times)
        elif axis is not None:
            step = rows // shape[axis]
            parts = [np.roll(array, -(s // step), axis) for s in shifts]
            array = np.concatenate(parts, axis)
        arrays[argument.name] = array
    for argument in dynamic:
        _move_offsets(arrays, argument, len(sources[argument.name][1]), times)
    order = np.concatenate([np.roll(np.arange(rows), -s) for s in shifts])
    return arrays, order


def _row_axis(argument, shape, times):
    """The axis of a stream along which rows lie, None if all rows share it."""
    if None in argument.shape or times == 1:
        return None
    axes = [i for i, (a, b) in enumerate(zip(argument.shape, shape)) if a != b]
    if len(argument.shape) != len(shape) or len(axes) > 1:
        raise tools.NotAvailable(f"stream {argument.name} has the shape {shape}")
    if not axes:
        return None
    if argument.shape[axes[0]] != shape[axes[0]] * times:
        raise tools.NotAvailable(f"stream {argument.name} does not grow with the rows")
    return axes[0]


def _move_offsets(arrays, argument, size, times):
    """Moves the offsets into each replica of a stream of `size` bytes."""
    name = argument.name.rsplit("_", 1)[0] + "_offsets"
    if name not in arrays:
        raise tools.NotAvailable(f"stream {argument.name} has no offsets")
    shape = arrays[name].shape
    offsets = arrays[name].reshape(-1).view("<i4").reshape(times, -1)
    moved = offsets + (np.arange(times, dtype=np.int64) * size)[:, None]
    arrays[name] = moved.astype("<i4").reshape(-1).view(np.uint8).reshape(shape)


class Copies:
    """Copies of a weight's streams in one piece of memory, and a place in it that
    goes round: whoever reads takes the copy that was read the longest ago."""

    def __init__(self, arrays, at_least, least_count=2):
        """`arrays` are bytes by argument; there are as many copies as it takes for
        `at_least` bytes, and at least `least_count`."""
        self.offsets, size = {}, 0
        for name, array in arrays.items():
            self.offsets[name] = size
            size += -(-array.nbytes // LINE) * LINE
        self.shapes = {name: array.shape[:-1] for name, array in arrays.items()}
        self.stored_bytes = sum(a.nbytes for a in arrays.values())
        self.stride = -(-size // PAGE) * PAGE
        self.count = max(least_count, -(-at_least // self.stride))
        self.memory = Memory(self.stride * self.count)
        first = self.memory.bytes[: self.stride]
        for name, array in arrays.items():
            begin = self.offsets[name]
            first[begin : begin + array.nbytes] = array.reshape(-1)
        for i in range(1, self.count):
            self.memory.bytes[i * self.stride : (i + 1) * self.stride] = first
        self.position = 0

    def address(self, copy, name=None):
        offset = self.offsets[name] if name else 0
        return self.memory.address + copy * self.stride + offset

    def take(self):
        """The copy whose turn it is."""
        copy = self.position
        self.position = (copy + 1) % self.count
        return copy
