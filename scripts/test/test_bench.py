# SPDX-License-Identifier: MIT
"""The benchmark program on a few tiny measurements; what it measures is not judged here."""

import csv
import os
import re
import resource
import subprocess
from pathlib import Path

import pytest
from conftest import HANG_S, SCRIPTS
from suite.measure.cgroups import hierarchy

PROGRAM = SCRIPTS.parent / "build/bench/iowq_bench"
COLUMNS = "case,side,window,workers,ops_per_s,p50_ns,p99_ns,cpu_ns_per_op".split(",")
FIGURES = COLUMNS[4:]
SIDES = {"iowq", "kernel", "tbb", "asio", "uv", "moodycamel", "glib", "mutex"}


@pytest.fixture
def bench(tmp_path):
    """Runs one tiny round of what the filter matches; the table goes to the test's folder."""
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not built")

    def run(only, *extra, **options):
        return subprocess.run(command(tmp_path, only, *extra), capture_output=True, text=True,
                              timeout=HANG_S, check=False, **options)

    return run


def command(tmp_path, only, *extra):
    return [str(PROGRAM), "--blocks=1", "--seconds=0.005", "--seed=1",
            f"--csv={tmp_path / 'bench.csv'}", f"--benchmark_filter={only}", *extra]


def rows(tmp_path):
    with open(tmp_path / "bench.csv", newline="") as file:
        return list(csv.DictReader(file))


def name(row):
    return f"{row['case']}/{row['side']}/window:{row['window']}/workers:{row['workers']}"


def test_every_point_gets_a_row_of_positive_figures(tmp_path, bench):
    only = "^(nop/.*/window:(1|64)/workers:2/|nop_batch|hashed_4|mixed_may|pread|growth_will|idle)"
    listed = {re.match(r".*/workers:\d+", line)[0]
              for line in bench(only, "--benchmark_list_tests").stdout.splitlines() if "/" in line}
    done = bench(only)
    assert done.returncode == 0 and done.stderr == ""
    table = rows(tmp_path)
    assert list(table[0]) == COLUMNS
    assert {name(row) for row in table} == listed and len(table) == len(listed)
    skipped = set(re.findall(r"^skipped: (\w+): ", done.stdout, re.MULTILINE))
    assert {row["side"] for row in table} == SIDES - skipped
    for row in table:
        measured = ["cpu_ns_per_op"] if row["case"] == "idle" else FIGURES
        assert [column for column in FIGURES if row[column]] == measured
        # The CPU time of a tiny measurement may be below what the clock for it resolves. In mixed
        # the rate is the sleepers', none of which need be done by then.
        may_be_0 = ["cpu_ns_per_op", *(["ops_per_s"] if row["case"].startswith("mixed") else [])]
        assert all(float(row[column]) > 0 for column in measured if column not in may_be_0)
        assert all(float(row[column]) >= 0 for column in measured)
        if "p50_ns" in measured:
            assert float(row["p50_ns"]) <= float(row["p99_ns"])
    assert not [path for path in tmp_path.iterdir() if path.name != "bench.csv"]


def test_targets_are_told_as_met_missed_or_not_run(bench):
    lines = bench("^growth_will").stdout.splitlines()
    (growth,) = [line for line in lines if line.startswith("growth_will")]
    assert growth.endswith((" met", " missed", " open")) and "<= 10" in growth
    assert sum(line.endswith("not run") for line in lines) > 10


def skip_without(done, what):
    for line in done.stdout.splitlines():
        if line.startswith(f"skipped: {what}: "):
            pytest.skip(line)


def test_under_the_quota_no_pool_gets_more_than_half_a_cpu(tmp_path, bench):
    only = "^nop_quota/(iowq|mutex)/window:64"
    skip_without(bench(only), "quota")
    assert bench(only, "--seconds=0.1").returncode == 0
    # Of the 5 periods of a measurement one more may begin, and be used up, in its last moment.
    used = [float(row["ops_per_s"]) * float(row["cpu_ns_per_op"]) / 1e9 for row in rows(tmp_path)]
    assert len(used) == 2 and all(0 < cpus < 0.7 for cpus in used)
    root, _ = hierarchy("cpu")
    assert not [group for group in root.glob("iowq-bench-*")
                if not Path("/proc", group.name.rpartition("-")[2]).exists()]


def test_beside_a_busy_cpu_there_is_a_loop_on_the_last_one(tmp_path, bench):
    only = "^nop_busy/mutex/window:64/workers:2/"
    skip_without(bench(only), "busy")
    last = max(os.sched_getaffinity(0))
    loops = set()
    with subprocess.Popen(command(tmp_path, only, "--seconds=0.2"),
                          stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            loops |= {child for child in children_of(running.pid) if cpus_of(child) == [last]}
    assert running.returncode == 0 and loops
    assert not [loop for loop in loops if Path("/proc", loop).exists()]


def children_of(pid):
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []


def cpus_of(pid):
    try:
        return sorted(os.sched_getaffinity(int(pid)))
    except ProcessLookupError:
        return []


def test_ways_that_were_chosen_for_the_kernel_are_told(bench):
    done = bench("^nop/kernel/window:8/workers:2/")
    if "skipped: kernel" in done.stdout:
        pytest.skip(done.stdout.splitlines()[0])
    assert re.search(r"^nop/kernel/window:8/workers:2: best with .*spinning$", done.stdout,
                     re.MULTILINE)


def test_a_measurement_that_fails_is_told_in_one_line_and_the_others_are_kept(tmp_path, bench):
    """In so little address space there is no room for the stacks of 64 threads."""
    small = 250 << 20
    done = bench("^(nop/mutex/window:1/workers:1/|blocking_will/mutex)",
                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (small, small)))
    assert done.returncode == 1
    assert [line.partition(": ")[0] for line in done.stderr.splitlines()] == \
        ["failed", "1 measurements failed"]
    assert "blocking_will/mutex/window:64/workers:64: " in done.stderr
    assert [name(row) for row in rows(tmp_path)] == ["nop/mutex/window:1/workers:1"]


@pytest.mark.parametrize("argument, word", [
    ("--nonsense", "--nonsense"), ("more", "more"), ("--blocks=0", "--blocks=0"),
    ("--seconds=x", "--seconds=x"), ("--seconds=nan", "--seconds=nan"), ("--seed=", "--seed="),
    ("--csv=/nowhere/bench.csv", "/nowhere/bench.csv"), ("--benchmark_filter=nothing", "nothing")])
def test_what_makes_no_sense_is_refused_in_one_line(tmp_path, bench, argument, word):
    done = bench("^nop/", argument)
    assert done.returncode not in (0, 1) and done.returncode > 0
    assert done.stderr.count("\n") == 1 and word in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_hooks_table_has_a_row_for_each_way():
    program = PROGRAM.with_name("hooks_bench")
    if not program.exists():
        pytest.skip(f"{program} is not built")
    told = subprocess.run([str(program), "1"], capture_output=True, text=True, timeout=HANG_S,
                          check=True).stdout
    ways = re.findall(r"^\| hook_(\w+)", told, re.M)
    assert {"annotate", "none"} <= set(ways)
    assert len(ways) == 5 or "sleep hook" in told, "one that is not to be had here says why"
