"""What can be timed: a compiled function, a limit of the machine, a peer.

A side gives a rate: units of work a second over about the seconds asked for.
"""

import ctypes
import time

import numpy as np

from . import memory, probes, tools

# A single element may be off by this many times the allowed error of the whole.
OUTLIER = 12


class WrongResult(Exception):
    """A function computed something else than it should."""


def to_bf16(values):
    """The bits of bf16, rounded to nearest even, of finite f32 values."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def stored_as(values, element):
    """`values` in the element type f32 or bf16, and what they are then."""
    if element == "f32":
        values = np.ascontiguousarray(values, np.float32)
        return values, values
    bits = to_bf16(values)
    return bits, from_bf16(bits)


def relative_error(got, expected):
    """The norm of the difference over the norm of what is expected, and the
    largest difference over the root of the mean square of it."""
    difference = np.asarray(got, np.float64) - expected
    rms = np.sqrt(np.mean(np.square(expected, dtype=np.float64)))
    if not np.all(np.isfinite(difference)):
        return float("inf"), float("inf")
    rms = rms or 1.0
    return (
        float(np.sqrt(np.mean(difference**2)) / rms),
        float(np.max(np.abs(difference)) / rms),
    )


def check(what, got, expected, allowed):
    """Returns the relative error of `got`; raises WrongResult above `allowed`."""
    error, worst = relative_error(got, expected)
    if error > allowed or worst > OUTLIER * max(allowed, 1e-7):
        raise WrongResult(
            f"{what}: relative error {error:.2e}, worst element {worst:.2e} of the "
            f"root mean square, where {allowed:.1e} is allowed"
        )
    return error


class Function:
    """A compiled function and its arguments in memory.

    `work` says what one call does: {"bytes": ..., "flop": ..., "calls": 1, ...}.
    """

    def __init__(self, library, dense, copies):
        """`dense` are inputs by name; `copies` hold the other inputs, or is None."""
        name, self.arguments = tools.read_header(library.with_suffix(".h"))
        self._library = ctypes.CDLL(str(library))
        self._function = ctypes.cast(getattr(self._library, name), ctypes.c_void_p)
        self.copies, self._dense, self._descriptors = copies, {}, []
        self.results = {}
        for argument in self.arguments:
            if argument.name in dense:
                self._dense[argument.name] = self._place(dense[argument.name])
            elif argument.is_result:
                size = int(np.prod(argument.shape)) * tools.element_bytes(
                    argument.element
                )
                self._dense[argument.name] = result = memory.Memory(size)
                # Bits of bf16, which NumPy does not have.
                dtypes = {"f32": np.float32, "bf16": np.uint16}
                dtype = dtypes.get(argument.element, np.uint8)
                values = result.bytes[:size].view(dtype).reshape(argument.shape)
                self.results[argument.name] = values
        self._lists = [self._pointers(i) for i in range(copies.count if copies else 1)]
        self.repeats = 1
        self.work = {"calls": 1}

    @staticmethod
    def _place(values):
        place = memory.Memory(values.nbytes)
        place.bytes[: values.nbytes] = values.reshape(-1).view(np.uint8)
        return place

    def _pointers(self, copy):
        """The array of pointers to descriptors for one call on a copy."""
        pointers = (ctypes.c_void_p * len(self.arguments))()
        for i, argument in enumerate(self.arguments):
            if argument.name in self._dense:
                address, shape = self._dense[argument.name].address, argument.shape
            else:
                address = self.copies.address(copy, argument.name)
                shape = self.copies.shapes[argument.name]
            descriptor = memory.describe(address, shape)
            self._descriptors.append(descriptor)
            pointers[i] = ctypes.addressof(descriptor)
        return pointers

    @property
    def address(self):
        return self._function

    def pointers(self):
        """The array of pointers to descriptors for a call, and their number."""
        return self._lists[0], len(self.arguments)

    def call(self, copy=0, repeats=1):
        """Calls the function on a copy of the weights. Returns seconds."""
        return probes.call(
            self._function, self._lists[copy], len(self.arguments), repeats
        )

    def calibrate(self, seconds=1e-3):
        """Makes one clock reading cover about `seconds` where there is one copy."""
        if not self.copies or self.copies.count == 1:
            took = min(self.call() for _ in range(5))
            self.repeats = max(1, int(seconds / max(took, 1e-7)))

    def rate(self, seconds, unit):
        calls, took = 0, 0.0
        while took < seconds:
            copy = self.copies.take() if self.copies else 0
            took += self.call(copy, self.repeats)
            calls += self.repeats
        return calls * self.work[unit] / took


class ReadLimit:
    """Reading the very copies that a function reads, in turn with it: the best rate
    of all prefetch distances, since which one that is changes from minute to minute."""

    def __init__(self, copies, threads):
        self._copies, self._threads = copies, threads

    def rate(self, seconds, unit):
        assert unit == "bytes"
        part = seconds / len(probes.READ_AHEAD)
        return max(self._rate_with(ahead, part) for ahead in probes.READ_AHEAD)

    def _rate_with(self, ahead, seconds):
        part = 512 * self._threads
        size = self._copies.stride // part * part
        read, took = 0, 0.0
        while took < seconds:
            address = self._copies.address(self._copies.take())
            took += probes.read(address, size, ahead, self._threads)
            read += size
        return read / took


class CacheLimit:
    """Reading `size` bytes again and again from the cache that holds them."""

    def __init__(self, size, threads):
        self._memory, self._size, self._threads = memory.Memory(size), size, threads
        self._repeats = max(1, (64 << 20) // size)

    def rate(self, seconds, unit):
        read, took = 0, 0.0
        while took < seconds:
            took += probes.read(
                self._memory.address, self._size, 0, self._threads, self._repeats
            )
            read += self._size * self._repeats
        return read / took


class PeakLimit:
    """The arithmetic peak of a kind, in operations a second."""

    def __init__(self, kind, threads):
        self._kind, self._threads = kind, threads
        if probes.peak(kind, 1, 1e-3) is None:
            raise tools.NotAvailable(f"this CPU has no {kind} instruction")

    def rate(self, seconds, unit):
        assert unit == "flop"
        return probes.peak(self._kind, self._threads, seconds)


class PeerSide:
    """A call of another library, `run()`, which takes its weights in turn."""

    def __init__(self, run, work):
        self._run, self.work = run, work

    def rate(self, seconds, unit):
        calls, begin = 0, time.perf_counter()
        while (took := time.perf_counter() - begin) < seconds:
            self._run()
            calls += 1
        return calls * self.work[unit] / took
