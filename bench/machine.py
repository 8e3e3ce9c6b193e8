"""The machine's own limits, measured before anything else.

    python -m bench.machine BUILD

prints them as JSON: bytes and operations a second, by what and by threads.
"""

import json
import statistics
import sys
import time

from . import memory, probes

SECONDS = 0.03
PASSES = 5


def _median(rate):
    return statistics.median(rate() for _ in range(PASSES))


def read_rates(block, threads):
    """Bytes a second from each level of the memory, and from memory with each
    prefetch distance."""
    sizes = {
        "L1": probes.cache_bytes(1) // 2 * threads,
        "L2": probes.cache_bytes(2) // 2 * threads,
    }
    rates = {}
    for name, size in sizes.items():
        if size >= 1024:
            repeats = max(1, (256 << 20) // size)
            rates[name] = _median(
                lambda: size
                * repeats
                / probes.read(block.address, size, 0, threads, repeats)
            )
    whole = len(block.bytes) // (512 * threads) * 512 * threads
    for distance in probes.READ_AHEAD:
        name = f"memory, prefetch {distance}" if distance else "memory"
        rates[name] = _median(
            lambda: whole / probes.read(block.address, whole, distance, threads)
        )
    return rates


def peak_rates(threads):
    """Operations a second of each kind of arithmetic that the CPU has."""
    rates = {}
    for kind in probes.PEAKS:
        if probes.peak(kind, threads, SECONDS) is not None:
            rates[kind] = _median(lambda: probes.peak(kind, threads, SECONDS))
    return rates


def measure(quick=False):
    """Measures all limits. Takes about ten seconds, less if `quick`."""
    cpus = probes.cpus()
    size = (64 << 20) if quick else int(1.5 * probes.last_level_bytes())
    block = memory.Memory(min(size, 4 << 30))
    block.bytes[:] = 1
    limits = {
        "cpu": probes.cpu_name(),
        "vendor": probes.vendor(),
        "cpus": len(cpus),
        "last_level_bytes": probes.last_level_bytes(),
        "l2_bytes": probes.cache_bytes(2),
        "time": time.strftime("%Y-%m-%d %H:%M"),
        "read": {},
        "peak": {},
    }
    if len(cpus) > 1:
        limits["placement"] = probes.placement(*cpus[:2])
    for threads in (1, 2):
        if threads <= len(cpus):
            limits["read"][threads] = read_rates(block, threads)
            limits["peak"][threads] = peak_rates(threads)
    limits["bf16"] = bf16_kind(limits["peak"][1])
    return limits


def bf16_kind(peaks):
    """What products of bf16 are held against: the dot instruction, or FMA on f32
    where that is as fast or the only one."""
    return "bf16" if peaks.get("bf16", 0) > peaks.get("f32", 0) else "f32"


def main():
    probes.load(sys.argv[1])
    print(json.dumps(measure(quick="--quick" in sys.argv[2:])))


if __name__ == "__main__":
    main()
