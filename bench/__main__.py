"""Measures zq beside the machine's limits. scripts/bench.sh is the command."""

import argparse
import json
import pathlib
import re
import sys
import time

from . import cases, pages, probes, report, run, tools

# What is left out when this many seconds have passed has a row that says so.
BUDGET = 540


def pattern(text):
    """An argument that is a regular expression."""
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"'{text}': {error}") from error


def count(text):
    """An argument that counts from one."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 on")
    return int(text)


def earlier_rows(path):
    """The rows of an earlier results.json, read before anything is measured: the
    file may be the one that is written then."""
    try:
        return report.read(path)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{path}: {error}") from error


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", description=__doc__)
    parser.add_argument("--list", action="store_true", help="show the cases and end")
    parser.add_argument(
        "--case", metavar="REGEX", type=pattern, help="only cases whose name matches"
    )
    parser.add_argument("--threads", type=count, help="only so many threads")
    parser.add_argument(
        "--quick", action="store_true", help="small matrices; the figures say little"
    )
    parser.add_argument(
        "--peers", action="store_true", help="compare with other libraries too"
    )
    parser.add_argument(
        "--regress",
        metavar="FILE",
        type=earlier_rows,
        help="fail if a ratio fell from an earlier results.json",
    )
    parser.add_argument(
        "--tolerance", type=float, default=0.05, help="by more than this share (0.05)"
    )
    parser.add_argument(
        "--bounds",
        action="store_true",
        help="instead of timing, count instructions and cycles: bounds.md",
    )
    parser.add_argument(
        "--docs",
        action="store_true",
        help="write docs/performance.md and its plots too, or docs/bounds.md",
    )
    parser.add_argument(
        "--budget",
        type=float,
        default=BUDGET,
        help=f"seconds to begin cases in ({BUDGET})",
    )
    parser.add_argument("--build", type=pathlib.Path, default=run.ROOT / "build")
    parser.add_argument("--bin", type=pathlib.Path, help="zq's tools, if not BUILD/bin")
    parser.add_argument("--out", type=pathlib.Path, help="if not BUILD/bench")
    return parser.parse_args()


def chosen_cases(arguments):
    """The pairs of a case and a number of threads that are asked for."""
    for case in cases.all_cases(arguments.peers):
        for threads in case.threads:
            if arguments.threads and threads != arguments.threads:
                continue
            if arguments.case and not arguments.case.search(case.label(threads)):
                continue
            yield case, threads


def measure_all(bench, chosen, budget):
    """Measures the cases one after the other, and prints each. Returns the rows and
    what went wrong."""
    begin, rows, faults = time.monotonic(), [], []
    for case, threads in chosen:
        if time.monotonic() - begin > budget:
            row = run.no_row(case, threads, "no time was left")
        else:
            try:
                row = bench.measure(case, threads)
            except run.Wrong as error:
                faults.append(str(error))
                row = run.no_row(case, threads, f"WRONG RESULT: {error}")
        rows.append(row)
        print(report.line(row), flush=True)
    return rows, faults


def find_bounds(bench, chosen, folders):
    """Writes what bounds the compiled functions of the cases into the folders.
    Returns what went wrong."""
    rows, faults, known = [], [], set()
    for case, threads in chosen:
        key = (case.name, case.what)
        if threads > 1 or key in known or isinstance(case.what, cases.CompileTime):
            continue
        known.add(key)
        try:
            if str(case.against).startswith("peak:"):
                bench.peak_kind(case.against)
        except tools.NotAvailable:
            continue
        try:
            rows.append(bench.bound(case))
        except run.Wrong as error:
            faults.append(str(error))
            continue
        limit = pages.read_limit(bench.machine)
        print(*list(pages.bounds_table(rows[-1:], limit))[2:], flush=True)
    for folder in folders:
        pages.write_bounds(folder, bench, rows)
    return faults


def main():
    arguments = parse_arguments()
    chosen = list(chosen_cases(arguments))
    if arguments.list:
        for case, threads in chosen:
            print(f"{case.label(threads)} (against {run.peer_name(case)})")
        return 0
    if not chosen:
        raise SystemExit("bench: no case of that name and number of threads")
    build = arguments.build.resolve()
    out = arguments.out or build / "bench"
    settings = run.Settings.quick() if arguments.quick else run.Settings.full()
    probes.load(build)
    bench = run.Bench(build, arguments.bin or build / "bin", out.resolve(), settings)

    begin = time.monotonic()
    bench.measure_machine(arguments.quick)
    print(pages.machine_text(bench.machine), flush=True)
    (out / "machine.json").write_text(json.dumps(bench.machine, indent=1) + "\n")
    if arguments.bounds:
        folders = [out, *([run.ROOT / "docs"] if arguments.docs else [])]
        faults = find_bounds(bench, chosen, folders)
        for fault in faults:
            print(f"bench: wrong result: {fault}", file=sys.stderr)
        return 1 if faults else 0
    rows, faults = measure_all(bench, chosen, arguments.budget)
    report.write(out / "results.json", rows)
    print(
        f"{report.summary(rows)}; {time.monotonic() - begin:.0f} s; {out}/results.json"
    )
    pages.write(out, bench, rows)
    if arguments.docs:
        pages.write(run.ROOT / "docs", bench, rows)

    status = 0
    for fault in faults:
        print(f"bench: wrong result: {fault}", file=sys.stderr)
        status = 1
    if arguments.regress is not None:
        for loss in report.losses(arguments.regress, rows, arguments.tolerance):
            print(f"bench: regression: {loss}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
