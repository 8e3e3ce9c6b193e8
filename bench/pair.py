"""One pair: a case and what it is held against, timed in turn in one process.

    python -m bench.pair SPEC.json

prints one JSON object. bench/run.py writes the specification and starts the
process with the threads pinned; a result that is wrong ends it with status 3.
"""

import json
import os
import pathlib
import statistics
import sys
import time

import numpy as np

from . import memory, peers, probes, sides, tools

WRONG_RESULT = 3
NOT_AVAILABLE = 4

# A pass in which the threads waited for a CPU for more than this share of the time
# is thrown away, and another one done, until a pair has taken this many seconds.
# Where fewer than the least number are left, those count that waited the least.
WAITING = 0.05
PAIR_SECONDS = 5.0
LEAST_PASSES = 3

# Pause before each side, so that idle threads of the other one have gone to sleep.
PAUSE_SECONDS = 0.004


def activations(m, k, element):
    """x[m,k], normally distributed, as stored and as f32."""
    values = np.random.default_rng(7).standard_normal((m, k), np.float32)
    return sides.stored_as(values, element)


def expected_product(x, values, order):
    """x values^T in double precision, its columns in `order`."""
    return (x.astype(np.float64) @ values.astype(np.float64).T)[:, order]


def make_matmul(spec, at_least):
    """The function of a product and the check of what it computed."""
    library = pathlib.Path(spec["library"])
    _, arguments = tools.read_header(library.with_suffix(".h"))
    stored, x = activations(spec["m"], spec["k"], spec["x"])
    values = np.load(spec["values"])
    weights = [a for a in arguments if a.name.startswith("arg1")]
    if spec["streams"]:
        streams = tools.read_streams(spec["streams"])
    else:
        bits, values = sides.stored_as(values, spec["w"])
        streams = {None: (values.shape, bits.reshape(-1).view(np.uint8))}
    arrays, order = memory.replicate(weights, streams, len(values), spec["n"])
    copies = memory.Copies(arrays, at_least, least_count=2 if at_least else 1)
    function = sides.Function(library, {"arg0": stored}, copies)
    function.work = {
        "calls": 1,
        "bytes": copies.stored_bytes,
        "flop": 2 * spec["m"] * spec["n"] * spec["k"],
        "values": spec["m"] * spec["n"] * spec["k"],
    }
    expected = expected_product(x, values, order)

    def verify():
        result = function.results["result0"]
        result[:] = np.nan
        function.call(copies.count - 1)
        return sides.check("matmul", result, expected, spec["allowed"])

    return function, verify


def make_bytes(spec, at_least):
    """A decode of one copy that stays in the cache."""
    library = pathlib.Path(spec["library"])
    _, arguments = tools.read_header(library.with_suffix(".h"))
    values = np.load(spec["values"])
    weights = [a for a in arguments if a.stream]
    arrays, _ = memory.replicate(
        weights, tools.read_streams(spec["streams"]), len(values), len(values)
    )
    copies = memory.Copies(arrays, 0, least_count=1)
    function = sides.Function(library, {}, copies)
    function.work = {"calls": 1, "values": values.size, "bytes": values.size}

    def verify():
        result = function.results["result0"]
        result[:] = 255
        function.call()
        return sides.check("decode", result, values, 0)

    return function, verify


def make_rotate(spec, at_least):
    library = pathlib.Path(spec["library"])
    x, expected = np.load(spec["x"]), np.load(spec["values"])
    function = sides.Function(library, {"arg0": x}, None)
    function.work = {"calls": 1, "values": x.size, "bytes": x.nbytes}

    def verify():
        result = function.results["result0"]
        result[:] = np.nan
        function.call()
        return sides.check("rotate", result, expected, 1e-6)

    error = verify()
    # An input may be overwritten, so that a second check would have another x.
    return function, lambda: error


def make_peer(spec, at_least):
    values = np.load(spec["values"])
    _, x = activations(spec["m"], spec["k"], "f32")
    run, stored_bytes = peers.make(spec, x, values, at_least)
    work = {
        "calls": 1,
        "bytes": stored_bytes,
        "flop": 2 * spec["m"] * spec["n"] * spec["k"],
    }
    order = np.tile(np.arange(len(values)), spec["n"] // len(values))
    expected = expected_product(x, values, order)

    def verify():
        return sides.check(spec["peer"], run(), expected, spec["allowed"])

    return sides.PeerSide(run, work), verify


MAKERS = {
    "matmul": make_matmul,
    "bytes": make_bytes,
    "rotate": make_rotate,
    "peer": make_peer,
}


def make_side(spec, pair, case=None):
    """The side of a specification, and its check; limits have none. `case` is the
    side that a limit is held against."""
    threads = pair["threads"]
    if spec["kind"] == "read":
        return sides.ReadLimit(case.copies, threads), None
    if spec["kind"] == "cache":
        return sides.CacheLimit(spec["size"], threads), None
    if spec["kind"] == "peak":
        return sides.PeakLimit(spec["peak"], threads), None
    return MAKERS[spec["kind"]](spec, pair["at_least"])


def waited_seconds():
    """Seconds for which threads of this process were ready and had no CPU."""
    total = 0
    for file in pathlib.Path("/proc/self/task").glob("*/schedstat"):
        try:
            total += int(file.read_text().split()[1])
        except (OSError, IndexError):
            pass  # The thread has ended.
    return total * 1e-9


def cpu_seconds():
    """Seconds that all CPUs were busy or taken away by the hypervisor."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(
            int, file.readline().split()[1:9]
        )
    ticks = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq + steal) / ticks


def time_pass(order, seconds, unit):
    """The rates of the sides in `order`, and the share of the time in which a thread
    waited for a CPU."""
    rates = {}
    waited, begin = waited_seconds(), time.perf_counter()
    for side in order:
        time.sleep(PAUSE_SECONDS)
        rates[side] = side.rate(seconds, unit)
    return rates, (waited_seconds() - waited) / (time.perf_counter() - begin)


def time_passes(case, against, pair):
    """Times both sides in turn, the first one changing. Returns the rates of the
    passes that count, and the number of those that do not."""
    unit, seconds = pair["unit"], pair["seconds"]
    begin = time.perf_counter()
    time_pass((case, against), seconds / 4, unit)
    passes, good = [], []
    while len(good) < pair["passes"]:
        late = time.perf_counter() - begin > PAIR_SECONDS
        if late and len(passes) >= min(LEAST_PASSES, pair["passes"]):
            break
        order = (case, against) if len(passes) % 2 == 0 else (against, case)
        rates, waiting = time_pass(order, seconds, unit)
        passes.append((waiting, rates[case], rates[against]))
        good = [p for p in passes if p[0] <= WAITING]
    if len(good) < LEAST_PASSES:
        good = sorted(passes)[:LEAST_PASSES]
    return [rates for _, *rates in good], len(passes) - len(good)


def measure(pair):
    """Checks and times a pair. Returns what bench/run.py makes a row of."""
    probes.load(pair["build"])
    cpus = probes.cpus()
    placed = {}
    if pair["threads"] > 1:
        placed = probes.placement(*cpus[:2])
    else:
        # The last one, since the first has the most interrupts.
        os.sched_setaffinity(0, cpus[-1:])
    case, verify = make_side(pair["case"], pair)
    # What this machine lacks comes before what is wrong.
    against, verify_against = make_side(pair["against"], pair, case)
    error = verify()
    against_error = verify_against() if verify_against else None
    for side in (case, against):
        if isinstance(side, sides.Function):
            side.calibrate()
    busy, own, wall = cpu_seconds(), time.process_time(), time.perf_counter()
    kept, dropped = time_passes(case, against, pair)
    wall = time.perf_counter() - wall
    foreign = (cpu_seconds() - busy - (time.process_time() - own)) / wall
    if placed:
        after = probes.placement(*cpus[:2])
        if after["placement"] != placed["placement"]:
            placed["placement"] = "changed"
    verify()
    ratios = [a / b for a, b in kept]
    return {
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
        "rate": statistics.median(a for a, _ in kept),
        "against_rate": statistics.median(b for _, b in kept),
        "error": error,
        "against_error": against_error,
        "work": case.work,
        "passes": len(kept),
        "dropped": dropped,
        "foreign": max(0.0, foreign),
        **placed,
    }


def main():
    pair = json.loads(pathlib.Path(sys.argv[1]).read_text())
    try:
        print(json.dumps(measure(pair)))
    except sides.WrongResult as error:
        print(error, file=sys.stderr)
        sys.exit(WRONG_RESULT)
    except tools.NotAvailable as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_AVAILABLE)


if __name__ == "__main__":
    main()
