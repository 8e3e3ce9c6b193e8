"""The benchmarks on a small matrix: the form of what they write, and that nothing
wrong passes.

Needs the tools and the probes in build/, or in the folder that ZQ_BUILD names.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from bench import bounds, cases, memory, pair, probes, report, run, sides, tools

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("ZQ_BUILD", ROOT / "build"))
BINARIES = pathlib.Path(os.environ.get("ZQ_BIN", BUILD / "bin"))

needs_build = pytest.mark.skipif(
    not (BUILD / "lib" / "libzq-bench-probes.so").exists(), reason="nothing is built"
)


def run_bench(out, *arguments):
    command = [sys.executable, "-m", "bench", "--quick", "--build", BUILD]
    command += ["--bin", BINARIES, "--out", out, *arguments]
    return subprocess.run(
        list(map(str, command)), cwd=ROOT, capture_output=True, text=True
    )


@needs_build
def test_quick_run_writes_results(tmp_path):
    done = run_bench(tmp_path, "--case", "^nvfp4 m=1 f32-like, 1")
    assert done.returncode == 0, done.stderr
    (row,) = report.read(tmp_path / "results.json")
    assert row["case"] == "nvfp4 m=1 f32-like, 1 thread"
    assert row["peer"] == "read limit" and row["target"] == 0.80
    assert row["ratio"] > 0
    assert row["conditions"]["error"] < cases.DOMAINS["f32-like"][1]
    assert "nvfp4" in (tmp_path / "performance.md").read_text()


@needs_build
def test_lost_ratio_fails(tmp_path):
    old = [{"case": "nvfp4 m=1 f32-like, 1 thread", "peer": "read limit"}]
    old[0] |= {"ratio": 1e6, "target": None, "conditions": {}}
    # The file that is written then.
    results = tmp_path / "results.json"
    results.write_text(json.dumps(old))
    done = run_bench(tmp_path, "--case", "^nvfp4 m=1 f32-like, 1", "--regress", results)
    assert done.returncode == 1
    assert "regression: nvfp4 m=1 f32-like, 1 thread (read limit)" in done.stderr
    assert report.read(results)[0]["ratio"] < 1e6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--case", "("], "argument --case: '(': "),
        (["--case", "nobody's"], "no case of that name"),
        (["--threads", "0"], "argument --threads: '0' is not a number from 1 on"),
        (["--threads", "two"], "argument --threads: 'two' is not a number from 1 on"),
        (["--regress", "missing.json"], "argument --regress: missing.json: "),
        (["--regress", "README.md"], "argument --regress: README.md: "),
        (["--regress", "object.json"], "object.json: not a list of results"),
        (["--regress", "short.json"], "short.json: a row without target, peer"),
    ],
)
def test_wrong_arguments_are_named(tmp_path, arguments, message):
    (tmp_path / "object.json").write_text('{"case": "a"}')
    (tmp_path / "short.json").write_text('[{"case": "a", "ratio": 1}]')
    arguments = [
        str(tmp_path / argument) if (tmp_path / argument).is_file() else argument
        for argument in arguments
    ]
    done = run_bench(tmp_path, *arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def small_pair(tmp_path):
    """The specification of a small pair, with streams of its own to damage."""
    settings = run.Settings.quick()
    bench = run.Bench(BUILD, BINARIES, tmp_path, settings)
    case = bench.matmul(cases.Product(1, "int4_g32", "f32-like"), 1)
    return {
        "build": str(BUILD),
        "threads": 1,
        "unit": "bytes",
        "passes": 1,
        "seconds": 0.001,
        "at_least": settings.at_least,
        "case": case,
        "against": {"kind": "read"},
    }


def run_pair(spec, tmp_path):
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec))
    return run.run_python("pair", [path], 1)


@needs_build
def test_damaged_stream_is_refused(small_pair, tmp_path):
    status, out, error = run_pair(small_pair, tmp_path)
    assert status == 0, error
    assert json.loads(out)["ratio"] > 0

    streams = pathlib.Path(small_pair["case"]["streams"])
    data = bytearray(streams.read_bytes())
    data[-1000] ^= 0x77
    streams.write_bytes(data)
    status, _, error = run_pair(small_pair, tmp_path)
    assert status == pair.WRONG_RESULT
    assert "relative error" in error


def test_memory_may_have_large_pages():
    block = memory.Memory(4 << 20)
    flags = None
    for line in pathlib.Path("/proc/self/smaps").read_text().splitlines():
        first, *rest = line.split()
        if "-" in first:
            begin, end = (int(part, 16) for part in first.split("-"))
            here = begin <= block.address < end
        elif first == "VmFlags:" and here:
            flags = rest
    # Advised so, and not shared: that alone has such pages nearly everywhere.
    assert "hg" in flags and "sh" not in flags


def test_read_limit_is_best_of_distances(monkeypatch):
    class Copies:
        stride = 4096

        def take(self):
            return 0

        def address(self, copy):
            return 0

    best = probes.READ_AHEAD[-1]
    seconds = {ahead: 1e-3 for ahead in probes.READ_AHEAD} | {best: 0.5e-3}
    monkeypatch.setattr(probes, "read", lambda *call: seconds[call[2]])
    rate = sides.ReadLimit(Copies(), 1).rate(0.01, "bytes")
    assert rate == pytest.approx(4096 / 0.5e-3)


def test_check_finds_one_wrong_element():
    expected = np.ones(10000)
    got = expected.copy()
    assert sides.check("same", got, expected, 1e-5) == 0
    got[77] += 1e-3
    with pytest.raises(sides.WrongResult):
        sides.check("one", got, expected, 1e-4 / 3)
    got[77] = np.nan
    with pytest.raises(sides.WrongResult):
        sides.check("nan", got, expected, 1)


def test_replicas_are_rolled_by_row_blocks():
    arguments = [
        tools.Argument("arg1_scale", (1,), "f32", "scale"),
        tools.Argument("arg1_codes", (4, 3), "i8", "codes"),
    ]
    streams = {
        "scale": ((1,), np.arange(4, dtype=np.uint8)),
        "codes": ((2, 3), np.arange(6, dtype=np.uint8)),
    }
    arrays, order = memory.replicate(arguments, streams, 8, 16)
    assert arrays["arg1_scale"].reshape(-1).tolist() == [0, 1, 2, 3]
    assert arrays["arg1_codes"].reshape(4, 3)[:, 0].tolist() == [0, 3, 3, 0]
    assert order.tolist() == [*range(8), 4, 5, 6, 7, 0, 1, 2, 3]


def test_offsets_move_into_their_replica():
    arguments = [
        tools.Argument("arg1_offsets", (4, 1), "i32", "offsets"),
        tools.Argument("arg1_bits", (None,), "i8", "bits"),
    ]
    offsets = np.array([0, 5], "<i4").view(np.uint8)
    streams = {"offsets": ((2, 1), offsets), "bits": ((9,), np.zeros(9, np.uint8))}
    arrays, order = memory.replicate(arguments, streams, 2, 4)
    moved = arrays["arg1_offsets"].reshape(-1).view("<i4")
    assert moved.tolist() == [0, 5, 9, 14]
    assert arrays["arg1_bits"].size == 18
    assert order.tolist() == [0, 1, 0, 1]


def test_losses_compare_ratios():
    def row(ratio, microseconds):
        return {
            "case": "a",
            "peer": "b",
            "ratio": ratio,
            "conditions": {"us": microseconds},
        }

    assert not report.losses([row(0.9, 10)], [row(0.88, 99)], 0.05)
    assert report.losses([row(0.9, 10)], [row(0.8, 1)], 0.05) == [
        "a (b): 0.900 -> 0.800"
    ]
    assert report.losses([row(0.9, 10)], [row(None, 0)], 0.05) == [
        "a (b): 0.900 -> n/a"
    ]
    assert not report.losses([row(None, 0)], [row(0.8, 1)], 0.05)


def test_header_names_every_stream(tmp_path):
    header = tmp_path / "k.h"
    header.write_text(
        "/* @run\n"
        " *   arg0: ?x8xf32, size 0 is at most 64\n"
        " *   arg1_scale_codes: 2x?xi8, stream 'scale.codes' of !zq.tensor<2x8xf32, "
        "#zq.codec<scale<1x4, [pack]>, pack>>\n"
        " *   result0: ?x?xf32, size 0 is size 0 of arg0, size 1 is size 0 of arg1\n"
        " */\n"
        "void _mlir_ciface_run(\n"
        "    zq_memref_2d *arg0,\n"
        "    zq_memref_2d *arg1_scale_codes,\n"
        "    zq_memref_2d *result0);\n"
    )
    name, (x, codes, result) = tools.read_header(header)
    assert name == "_mlir_ciface_run"
    assert codes.shape == (2, None) and codes.stream == "scale.codes"
    assert codes.codec == "scale<1x4, [pack]>, pack"
    assert result.is_result and not x.is_result
    assert x.shape == (None, 8) and result.shape == (None, None)
    header.write_text(header.read_text().replace("scale.codes'", "scale codes'"))
    with pytest.raises(ValueError):
        tools.read_header(header)


@needs_build
def test_bounds_count_every_instruction(tmp_path):
    done = run_bench(tmp_path, "--bounds", "--case", "^nvfp4 m=1 (int8|bf16)")
    assert done.returncode == 0, done.stderr
    rows = [line.split("|") for line in done.stdout.splitlines() if line[0] == "|"]
    if "traced" in done.stdout:
        pytest.skip("this system does not let a process be traced")
    counts = {}
    for _, name, instructions, _, measured, *_ in rows:
        counts[name.strip()], vectors = map(float, instructions.split(","))
        assert 0 < vectors < counts[name.strip()]
        assert float(measured) > 0
    # Two planes of activations take more than one.
    assert 1 < counts["nvfp4 m=1 int8"] < counts["nvfp4 m=1 bf16"] < 64
    assert "nvfp4 m=1 int8" in (tmp_path / "bounds.md").read_text()


def test_blocks_end_at_jumps_and_where_counts_change():
    code = ["a", "b", "jne 0x4", "c", "d", "e"]
    counts = {0: 1, 1: 5, 2: 5, 3: 5, 5: 1}
    blocks = bounds.split_blocks(list(enumerate(code)), counts)
    assert [(b.texts, b.count) for b in blocks] == [
        (["a"], 1),
        (["b", "jne 0x4"], 5),
        (["c"], 5),
        (["e"], 1),
    ]


def test_mca_knows_a_chain_from_independent_instructions():
    try:
        chain, free = bounds.ask_mca(
            [
                bounds.Block(["addss %xmm1, %xmm0"], 1),
                bounds.Block(["addss %xmm2, %xmm0", "xorps %xmm0, %xmm0"], 1),
            ]
        )
    except tools.NotAvailable as reason:
        pytest.skip(str(reason))
    assert chain[0] > 1.5 > free[0]
