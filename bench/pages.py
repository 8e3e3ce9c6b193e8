"""docs/performance.md and its plots, from the rows of a run, and docs/bounds.md."""

from . import pair, report

INTRO = """\
<!-- Made by scripts/bench.sh --docs: run that. -->

# Performance

Each row is a pair, timed in turn in one process: a compiled function, and what it is held against, which is a limit of
the machine, another function of zq, or another library. The ratio is the median over the passes of the ratio of both
rates; above 1 is faster. Losses are shown like wins. A row `n/a` says why there is nothing to show.
"""


def _rates(rates, factor, threads):
    return "; ".join(
        f"{name} {rate * factor:.0f}" for name, rate in rates[threads].items()
    )


def machine_lines(machine):
    """The machine's limits, a line each."""
    yield f"{machine['cpu']}, {machine['cpus']} CPUs, measured {machine['time']}"
    yield f"last-level cache {machine['last_level_bytes'] >> 20} MiB, L2 {machine['l2_bytes'] >> 10} KiB a core"
    if "placement" in machine:
        place = machine["placement"]
        yield f"a cache line's round trip between the CPUs {place['line_ns']} ns, core complex: {place['placement']}"
    for threads in machine["read"]:
        plural = "s" if threads != "1" else ""
        yield f"read, {threads} thread{plural}, GB/s: {_rates(machine['read'], 1e-9, threads)}"
        yield f"peak, {threads} thread{plural}, GFLOP/s: {_rates(machine['peak'], 1e-9, threads)}"


def machine_text(machine):
    return "\n".join("machine: " + text for text in machine_lines(machine))


def conditions_lines(bench):
    """What holds for every row."""
    s = bench.settings
    yield (
        f"Weights {s.n} x {s.k}, y[m,n] = x[m,k] w[n,k]^T, x and y in f32 unless a dense bf16 row says otherwise; "
        f"{s.rows} rows are encoded and replicated, each replica rolled by another number of rows."
    )
    yield (
        f"Copies of the weights of {s.at_least >> 20} MiB in all are taken in turn, beyond the last-level cache; they and "
        "the results are in pages of 2 MiB where the system grants them (`madvise`)."
    )
    yield (
        f"{s.passes} passes of {1e3 * s.seconds:.0f} ms a side, or as many as a pair gets in {pair.PAIR_SECONDS:.0f} s; a pass "
        f"in which a thread waited for a CPU for more than {100 * pair.WAITING:.0f} % of the time is thrown away (column "
        f"*dropped*) as long as {pair.LEAST_PASSES} are left; *foreign* is the CPU time of everything else, in CPUs."
    )
    yield (
        "A read limit reads the same copies in turn with the function, one sequential stream a thread; it is "
        "the best, in each pass, of no software prefetch and of some distances. Bytes are those of all streams of the "
        "weights, once a call."
    )
    yield (
        "A peak is that of vector instructions. Products of bf16 are held against the bf16 dot instruction, or against "
        "f32 FMA where that is faster, and compiled for a CPU without matrix tiles at m=512; rows that end in *tiles* are "
        "compiled for this CPU and held against its tiles, those that end in *dots* for a CPU with the dot instruction and no "
        "tiles and held against that instruction, those that end in *without dots* for a CPU that has neither."
    )
    yield (
        "Quantizing or rotating the activations is inside of the timed call. Every result is compared, before and after, "
        "with a product in double precision of what the reference codecs decode; the column *error* is relative. The "
        "domains int8, bf16 and f32-like allow 1.5e-2, 4e-3 and 5e-5, bf16x1 4e-3 with what both operands lose when they are "
        "rounded to bf16 once; rows of *dots* ask for an accuracy of 3.92e-3, which one plane of integers just misses. Beside "
        "it stands what the compiler chose."
    )
    yield (
        "Register rANS decodes the exponents of bf16, 2.62 bits each of 10.62 a weight, in the second cache, every bit "
        "checked; a byte of the rate is a symbol. The target is of symbols to bytes. With signs and mantissas to bf16 "
        "has none: that reads and writes more."
    )
    yield (
        "Other libraries have copies of their own, in the layout that they like best (interleaved rows, matrix tiles). "
        "torch gets bf16 activations ready-made for bf16 and int4, and quantizes them in the call for int8, as ggml does. "
        "Their *error*s, against the dense weights, are only checked to be those of their formats."
    )
    yield (
        "In the plots a black line is the target; a bar is green where it is met, red where it is missed, gray where "
        "there is none."
    )
    yield (
        "One thread is code without OpenMP, pinned to a CPU; two are pinned to a CPU each, but beside other libraries: an "
        "OpenMP of their own would take the one CPU that ours has pinned the caller to for all there are."
    )


def table(rows):
    """A table of Markdown."""
    yield "| case | against | ratio | target | | least-most | rate | limit | error | dropped, foreign |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for row in rows:
        c = row["conditions"]
        if row["ratio"] is None:
            yield f"| {row['case']} | {row['peer']} | n/a | | | {c['reason']} | | | | |"
            continue
        target = "" if row["target"] is None else f"{row['target']:.2f}"
        error = f"{c['error']:.1e}" if c.get("error") is not None else ""
        if c.get("domain"):
            error += f", {c['domain']}"
        place = (
            f", {c['placement']}"
            if c.get("placement", "not told") != "not told"
            else ""
        )
        tiles = f", {c['of_tiles']:.3f} of tiles" if c.get("of_tiles") else ""
        load = f"{c['dropped']}, {c['foreign_load']}{place}" if "dropped" in c else ""
        yield (
            f"| {row['case']} | {row['peer']} | {row['ratio']:.3f} | {target} | {report.verdict(row)} | "
            f"{c['least']:.2f}-{c['most']:.2f} | {report.figure(row, 'value')} | "
            f"{report.figure(row, 'limit')}{tiles} | {error} | {load} |"
        )


def plot(path, rows, title):
    """Bars of the ratios, with a line at each target. Needs matplotlib; returns
    whether there is a plot."""
    rows = [row for row in rows if row["ratio"] is not None]
    try:
        import matplotlib
    except ImportError:
        return False
    if not rows:
        return False
    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {"svg.fonttype": "none", "svg.hashsalt": "zq", "font.size": 8}
    )
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 0.6 + 0.2 * len(rows)))
    colors = {"met": "#2a7f62", "missed": "#c05746", "": "#6b7a8f"}
    for i, row in enumerate(rows):
        axes.barh(i, row["ratio"], color=colors[report.verdict(row)], height=0.7)
        if row["target"] is not None:
            axes.plot(
                [row["target"]] * 2, [i - 0.45, i + 0.45], color="black", linewidth=1
            )
    labels = [f"{row['case']} / {row['peer']}" for row in rows]
    axes.set_yticks(range(len(rows)), labels)
    axes.invert_yaxis()
    axes.axvline(1, color="gray", linewidth=0.5)
    axes.set_title(title)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
    return True


GROUPS = (
    ("one-row", "One row of activations", lambda row: " m=1" in row["case"]),
    (
        "many-rows",
        "Several rows of activations",
        lambda row: " m=8" in row["case"] or " m=512" in row["case"],
    ),
    ("other", "The rest", lambda row: " m=" not in row["case"]),
)


def write(folder, bench, rows):
    """Writes performance.md into `folder`, and the plots into performance/ in it."""
    plots = folder / "performance"
    plots.mkdir(parents=True, exist_ok=True)
    text = [INTRO, "## The machine\n"]
    text += [f"- {line}" for line in machine_lines(bench.machine)]
    text += ["\n## Conditions\n"]
    text += [f"- {line}" for line in conditions_lines(bench)]
    for stem, title, belongs in GROUPS:
        group = [row for row in rows if belongs(row)]
        if not group:
            continue
        text.append(f"\n## {title}\n")
        if plot(plots / f"{stem}.svg", group, title):
            text.append(
                f"![{title}: ratios, and targets as lines](performance/{stem}.svg)\n"
            )
        text += table(group)
    text.append(f"\nTogether: {report.summary(rows)}.")
    (folder / "performance.md").write_text("\n".join(text) + "\n")


BOUNDS_INTRO = """\
<!-- Made by scripts/bench.sh --bounds --docs: run that. -->

# What bounds each kernel

Why the kernels of [performance.md](performance.md) are as fast as they are: the instructions that each executes, counted by
stepping through it, and the cycles that these take. On one thread, with weights of 64 and of 128 rows, which lie in the second
cache up to two bytes a weight: a figure is the difference of the two, without what a call costs anyway. Rotations and decodes
have one size, that of performance.md; products of many rows have 32 and 64 rows of
256 columns.

- *instructions*: executed for 64 products (values of a rotation, symbols of a decode), and how many of these are of vectors.
- *llvm-mca*: cycles for 64 products by LLVM's model of this CPU, where each load comes from the first cache and each branch is
  foreseen; *measured*: with weights in the second cache.
- *hottest loop*: the straight code that takes most cycles of the model: its share, its instructions and cycles, and the unit of
  the CPU that is busy for most of these.
- *from L2*: the rate with weights in the second cache, in what the row of performance.md counts.
- *bound by*: `memory` where weights in the second cache are multiplied faster than memory gives them (the highest of the read
  limits); where not, or where nothing is held against memory, `units` if the model's cycles are nine tenths of the measured
  ones at least, so that fewer instructions would help; else `latency`: waits that the model does not know, for the second
  cache, stores, or branches.
"""


def read_limit(machine):
    """Bytes a second that one thread reads from memory at best."""
    reads = machine["read"]["1"]
    return max(rate for place, rate in reads.items() if place.startswith("memory"))


def bound_by(found, limit):
    """What a kernel waits for."""
    rate = found["work"]["bytes"] / found["cycles"] * found["clock"]
    from_memory = found["unit"] != "flop" and found["against"] != "l2"
    if from_memory and rate > limit:
        return "memory"
    return "units" if found["mca_cycles"] >= 0.9 * found["cycles"] else "latency"


def bounds_table(rows, limit):
    """A table of Markdown of what run.Bench.bound found."""
    yield "| case | instructions, of vectors | llvm-mca | measured | from L2 | hottest loop | bound by |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        if "reason" in row:
            yield f"| {row['case']} | n/a | | | | {row['reason']} | |"
            continue
        each = 64 / row["work"]["values"]
        name = "GFLOP/s" if row["unit"] == "flop" else "GB/s"
        done = row["work"]["flop" if row["unit"] == "flop" else "bytes"]
        rate = done / row["cycles"] * row["clock"] * 1e-9
        loop = row["loop"]
        yield (
            f"| {row['case']} | {row['instructions'] * each:.2f}, {row['vector'] * each:.2f} | "
            f"{row['mca_cycles'] * each:.2f} | {row['cycles'] * each:.2f} | {rate:.3g} {name} | "
            f"{100 * loop['share']:.0f} %: {loop['instructions']} in {loop['cycles']:.1f}, "
            f"{loop['unit']} {loop['busy']:.1f} | {bound_by(row, limit)} |"
        )


def write_bounds(folder, bench, rows):
    """Writes bounds.md into `folder`."""
    text = [BOUNDS_INTRO]
    text += [f"- {line}" for line in machine_lines(bench.machine)]
    text += ["", *bounds_table(rows, read_limit(bench.machine))]
    (folder / "bounds.md").write_text("\n".join(text) + "\n")
