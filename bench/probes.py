"""The probes of Probes.cpp: what the machine itself reaches.

All functions return or take bytes, operations and seconds; none keeps state but
the loaded library.
"""

import ctypes
import os
import pathlib

LIBRARY = "libzq-bench-probes.so"

# The loops of findPeak in Probes.cpp.
PEAKS = {"f32": 0, "bf16": 1, "int8": 2, "bf16 tiles": 3, "int8 tiles": 4}

# How far ahead of a stream the read probe may prefetch, in bytes; the machine's
# limit is the fastest of them.
READ_AHEAD = (0, 512, 2048, 4096)

# Below this a cache line's way there and back stays in a core complex, above it
# does not. Known for AMD's Zen alone; ns.
SAME_COMPLEX_NS = 80

_library = None


def load(build):
    """Loads the probes of the build folder `build`, and returns them."""
    global _library
    path = pathlib.Path(build) / "lib" / LIBRARY
    if not path.exists():
        raise SystemExit(f"bench: {path} is missing: scripts/build.sh zq-bench-probes")
    _library = ctypes.CDLL(str(path))
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    signatures = {
        "zq_probe_read": [pointer, size, size, number, number],
        "zq_probe_peak": [number, ctypes.c_int64, number, pointer],
        "zq_probe_clock": [ctypes.c_int64],
        "zq_probe_line_round_trip": [number, number, number],
        "zq_call": [pointer, pointer, number, number],
    }
    for name, arguments in signatures.items():
        function = getattr(_library, name)
        function.restype, function.argtypes = ctypes.c_double, arguments
    _library.zq_find_code.restype = size
    _library.zq_find_code.argtypes = [pointer] * 3
    _library.zq_count_steps.restype = number
    _library.zq_count_steps.argtypes = [pointer, pointer, number, size, size, pointer]
    return _library


def library():
    """The loaded probes."""
    return _library


def read(address, size, ahead, threads, repeats=1):
    """Seconds in which `threads` threads read `size` bytes `repeats` times."""
    return _library.zq_probe_read(address, size, ahead, repeats, threads)


def peak(kind, threads, seconds):
    """Operations a second of the arithmetic loop `kind` on all threads together,
    run for about `seconds`; None if the CPU lacks the instruction."""
    operations = ctypes.c_double()
    rounds = 20000
    while True:
        took = _library.zq_probe_peak(
            PEAKS[kind], rounds, threads, ctypes.byref(operations)
        )
        if took < 0:
            return None
        if took > seconds / 2:
            return operations.value / took
        rounds = int(rounds * min(16, max(2, seconds / max(took, 1e-9))))


def clock():
    """The CPU's cycles a second at this moment."""
    additions = 1 << 20
    return additions / _library.zq_probe_clock(additions)


def call(function, arguments, count, repeats=1):
    """Seconds of `repeats` calls of the address `function` with `count` pointers
    from the array `arguments`."""
    seconds = _library.zq_call(function, arguments, count, repeats)
    if seconds < 0:
        raise ValueError(f"a function of {count} arguments")
    return seconds


def cpus():
    """The CPUs that this process may use, in order."""
    return sorted(os.sched_getaffinity(0))


def line_round_trip(cpu, other):
    """Nanoseconds in which a cache line goes from `cpu` to `other` and back: the
    least of three measurements."""
    return min(_library.zq_probe_line_round_trip(cpu, other, 5000) for _ in range(3))


def placement(cpu, other):
    """Where two CPUs are to one another: "same" or "split" core complex as far as
    the round trip of a line tells, and its nanoseconds."""
    nanoseconds = line_round_trip(cpu, other)
    if vendor() != "AuthenticAMD":
        where = "not told"
    else:
        where = "same" if nanoseconds < SAME_COMPLEX_NS else "split"
    return {"placement": where, "line_ns": round(nanoseconds, 1)}


def _cpuinfo(field):
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == field:
            return value.strip()
    return ""


def vendor():
    """The CPU's vendor as /proc/cpuinfo has it."""
    return _cpuinfo("vendor_id")


def cpu_name():
    """The CPU's name, and its family and model, since a virtual machine's name may
    say nothing."""
    return "{}, family {} model {}".format(
        *map(_cpuinfo, ("model name", "cpu family", "model"))
    )


def cache_bytes(level):
    """The size of the first CPU's data cache of `level` in bytes; 0 if unknown."""
    folder = pathlib.Path("/sys/devices/system/cpu/cpu0/cache")
    for index in sorted(folder.glob("index*")):
        if (index / "level").read_text().strip() != str(level):
            continue
        if (index / "type").read_text().strip() == "Instruction":
            continue
        text = (index / "size").read_text().strip()
        unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1])
        return int(text[:-1]) * unit if unit else int(text)
    return 0


def last_level_bytes():
    """The size of the last-level cache in bytes, 32 MiB if nothing says it."""
    return max(cache_bytes(3), cache_bytes(2)) or 32 << 20
