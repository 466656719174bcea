# SPDX-License-Identifier: MIT
"""How long a run may take is what fio may take, and a run that is slow is not one that hangs."""

import csv
import sys
from types import SimpleNamespace

import pytest
from conftest import TINY_JOB
from suite.fio.parsing import Option, Section
from suite.measure.process import Stop, run_limited
from suite.request.jobfile import read_job
from suite.request.length import QUIET_S, SLACK_S, Limit, length_of

TIMED = "time_based\nruntime=1\n"


@pytest.mark.parametrize("lines, known_s, open_", [
    (TIMED, 1, ""),
    (TIMED + "ramp_time=2", 3, ""),
    (TIMED + "startdelay=2", 3, ""),
    (TIMED + "startdelay=1-2", 3, ""),
    (TIMED + "ramp_time=500ms\nstartdelay=1", 2.5, ""),
    (TIMED + "thinktime=2s", 3, ""),
    (TIMED + "loops=9", 1, ""),
    (TIMED + "rate_iops=1", 1, ""),
    ("runtime=1\nverify=crc32c", 1, ""),
    ("runtime=1\nrate=4k", 1, ""),
    (TIMED + "exec_prerun=true", 1, "before"),
    (TIMED + "exec_postrun=true", 1, "after"),
    (TIMED + "end_fsync=1", 1, "flushes"),
    (TIMED + "end_fsync=0", 1, ""),
    (TIMED + "fsync_on_close=1", 1, "flushes"),
    ("", 0, "no runtime"),
    ("runtime=0", 0, "no runtime"),
    ("verify=crc32c", 0, "no runtime"),
    ("loops=3\nrate=1m", 0, "no runtime"),
    (TIMED + "[b]\nrw=read\nsize=4k", 1, "no runtime"),
    (TIMED + "[b]\nrw=read\nsize=4k\nstartdelay=3\nruntime=1", 4, ""),
])
def test_a_run_lasts_as_long_as_fio_may_take(tmp_path, job_file, lines, known_s, open_):
    job = read_job(job_file(f"[a]\nrw=randwrite\nsize=64k\n{lines}\n"))
    length = length_of(job, None)
    assert length.known_s == known_s
    assert open_ in length.open and bool(length.open) == bool(open_)
    assert length.limit(seen=True) == Limit(SLACK_S + 2 * known_s, QUIET_S if open_ else 0)
    outcome = run_limited(["fio", job.path], tmp_path, length.limit(seen=True), Stop())
    assert (outcome.hung, outcome.status) == (False, 0), outcome.stderr


def test_the_runtime_of_the_comparison_is_what_holds(job_file):
    job = read_job(job_file("[a]\nrw=read\nsize=4k\nruntime=600\nramp_time=40\n"))
    assert length_of(job, 1).known_s == 41 and length_of(job, None).known_s == 640


def test_a_ramp_by_size_has_no_known_end():
    # Of fio since 3.42.
    options = {"runtime": Option("1", (10**6,)), "ramp_size": Option("1g", (1 << 30,))}
    job = SimpleNamespace(sections=[Section("a", options, ())])
    assert length_of(job, None).open == "ramps up for so many bytes"


@pytest.mark.parametrize("program", [
    "while time.process_time() < 2: pass",
    "[(file.write('x' * 4096), file.flush(), time.sleep(0.02)) for _ in range(100)]",
])
def test_a_slow_program_is_left_alone_as_long_as_it_does_something(tmp_path, program):
    path = tmp_path / "slow"
    text = f"import time; file = open({str(path)!r}, 'w'); {program}" if "file" in program \
        else f"import time\n{program}"
    outcome = run_limited([sys.executable, "-c", text], tmp_path, Limit(0, 1.5), Stop())
    assert (outcome.hung, outcome.status) == (False, 0)


def test_a_program_that_does_nothing_is_killed_in_the_end(tmp_path):
    outcome = run_limited(["sleep", "100"], tmp_path, Limit(0, 1), Stop())
    assert outcome.hung and outcome.wall_s < 60


def test_a_dry_run_tells_how_long_and_of_what_it_is_not_known(job_file, compare):
    line = TINY_JOB.replace("runtime=150ms", "runtime=1\nramp_time=40\nstartdelay=19")
    assert "about 1:00" in compare(job_file(line), "fio:psync", "--dry-run").stdout
    done = compare(job_file("[a]\nrw=read\nsize=4k\nstartdelay=30\n"), "fio:psync", "--dry-run")
    assert "at least 0:30, as tiny has no runtime, and so ends with its I/O" in done.stdout


@pytest.mark.parametrize("lines, option", [
    ("runtime=100ms\nstartdelay=1", ()), ("runtime=600\nramp_time=1", ("--runtime", "0.1")),
    ("runtime=100ms\nexec_prerun=sleep 1", ()), ("runtime=0\nsize=64k", ("--runtime", "0.1")),
])
def test_what_comes_beyond_the_runtime_is_no_hang(tmp_path, job_file, compare, lines,
                                                 option):
    done = compare(job_file(f"[a]\nrw=read\nsize=1m\ninvalidate=0\ntime_based\n{lines}\n"),
                   "fio:psync", *option)
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "results/summary.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["iops"]) > 0
