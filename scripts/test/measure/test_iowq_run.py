# SPDX-License-Identifier: MIT
"""Modes whose io_uring is in user space: fio's own engine under build/iowq-run."""

import json
import os
import subprocess

import pytest
from conftest import ENGINE, HANG_S, SCRIPTS, TINY_JOB
from forbid_io_uring import forbid_io_uring
from kept import kept_records, rows

IOWQ_RUN = SCRIPTS.parent / "build/iowq-run"
OURS, KERNELS = "iowq:io_uring", "fio:io_uring"
# For each chart that names all modes.
NAMED_IN = ("throughput", "latency", "percentiles", "ratios", "cpu", "threads", "rounds")


@pytest.fixture(autouse=True)
def built():
    if not IOWQ_RUN.exists():
        pytest.skip(f"{IOWQ_RUN} is not built")


def test_the_two_io_urings_stand_in_one_comparison(tmp_path, job_file, compare):
    modes = [KERNELS, OURS, f"{OURS}+sqthread_poll=1", "fio:psync"]
    # Enough rounds for a verdict.
    done = compare(job_file(), ",".join(modes), "--repeats", "5", "--depths", "4", "--no-race")
    assert done.returncode == 0, done.stdout + done.stderr
    results = tmp_path / "results"
    assert len(rows(tmp_path)) == 5 * len(modes)
    assert all("path" not in row["flags"] and float(row["iops"]) > 0 for row in rows(tmp_path))
    for record in kept_records(tmp_path):
        under = record["run"]["mode"].startswith("iowq:")
        assert (record["command"][0] == str(IOWQ_RUN)) == under
        assert record["uring_in_user_space"] == under
        assert not any(name.startswith("iou-") for name in record["threads_by_name"]) or not under
    for chart in NAMED_IN:
        drawn = (results / f"charts/tiny-{chart}.svg").read_text()
        assert f"{OURS}" in drawn and KERNELS in drawn, chart
    assert OURS in (results / "charts/winner-map.svg").read_text()
    assert "Which mode for this load?" in done.stdout
    advice = (f"{OURS} and {OURS}+sqthread_poll=1: io_uring in user space. Run your program, "
              "unchanged, under build/iowq-run.")
    page = (results / "report.html").read_text()
    assert advice in done.stdout.splitlines() and advice in page
    assert "Beside the kernel" in page, "each is the other's counterpart"
    library = json.loads((results / "env.json").read_text())["versions"]["iowq_run"]["sha256"]
    assert library in page


def test_without_such_a_mode_nothing_is_said_of_it(tmp_path, job_file, compare):
    done = compare(job_file(), "fio:psync")
    assert done.returncode == 0 and "iowq-run" not in done.stdout
    assert json.loads((tmp_path / "results/env.json").read_text())["versions"]["iowq_run"] is None


@pytest.mark.parametrize("extra", [("--busy", "one"), ("--busy", "single"),
                                   ("--placements", "cpus:0")])
def test_what_limits_a_run_limits_it_too(tmp_path, job_file, compare, extra):
    if extra[1] == "cpus:0" and 0 not in os.sched_getaffinity(0):
        pytest.skip("CPU 0 is not this process's")
    done = compare(job_file(), f"{OURS}+force_async=1", *extra, "--depths", "4")
    assert done.returncode == 0, done.stderr
    assert float(rows(tmp_path)[0]["iops"]) > 0


def test_writes_are_compared_too(tmp_path, job_file, compare):
    text = TINY_JOB.replace("randread", "randrw") + "fsync=8\nnumjobs=2\nthread\n"
    done = compare(job_file(text), f"{OURS},{KERNELS}", "--depths", "8")
    assert done.returncode == 0, done.stderr
    assert all(float(row["iops"]) > 0 for row in rows(tmp_path))


def resume(tmp_path, *extra):
    return subprocess.run([SCRIPTS / "compare", "--resume", tmp_path / "results", *extra],
                          capture_output=True, text=True, timeout=HANG_S, check=False)


def test_it_is_gone_on_with_only_on_the_same_io_uring(tmp_path, job_file, compare):
    assert compare(job_file(), f"{OURS},fio:psync").returncode == 0
    done = resume(tmp_path, "--add-repeats", "1")
    assert done.returncode == 0, done.stderr
    assert [record["uring_in_user_space"] for record in kept_records(tmp_path)
            if record["run"]["mode"] == OURS] == [True, True]
    path = tmp_path / "results/env.json"
    about = json.loads(path.read_text())
    about["versions"]["iowq_run"]["sha256"] = "0" * 64
    path.write_text(json.dumps(about))
    done = resume(tmp_path, "--add-repeats", "1")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "was made with the io_uring in user space 000000000000, and here is " in done.stderr


def test_a_folder_of_an_earlier_version_is_gone_on_with(tmp_path, job_file, compare):
    assert compare(job_file(), "fio:psync").returncode == 0
    for name, part in (("plan.json", "bench"), ("env.json", "versions")):
        path = tmp_path / "results" / name
        kept = json.loads(path.read_text())
        del kept[part]["iowq_run"]
        path.write_text(json.dumps(kept))
    assert resume(tmp_path, "--add-repeats", "1").returncode == 0
    assert len(rows(tmp_path)) == 2


def forbidden(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=HANG_S, check=False, preexec_fn=forbid_io_uring)


def test_where_the_kernels_is_forbidden_it_has_a_result_all_the_same(tmp_path, job_file, command):
    done = forbidden(*command(job_file(), f"{OURS},{KERNELS}"))
    assert done.returncode == 1
    assert {row["mode"]: row["flags"] for row in rows(tmp_path)} == {OURS: "", KERNELS: "failed"}


@pytest.mark.skipif(not ENGINE.exists(), reason="the engine is not built")
def test_where_the_kernels_is_forbidden_it_is_one_of_the_usual_modes(tmp_path, job_file):
    line = (SCRIPTS / "compare", job_file(), "--dry-run", "--scratch", tmp_path / "scratch")
    told, *listed = forbidden(*line).stdout.splitlines()
    assert told == ("no io_uring here (Operation not permitted): iowq:io_uring stands for uring, "
                    "uring_async, uring_sqpoll, uring_defer, fio:io_uring, "
                    "fio:io_uring+force_async=1")
    modes = {one.split(", ")[1] for one in listed[:-1]}
    assert OURS in modes and not [mode for mode in modes if mode.startswith(("uring", KERNELS))]
    named = forbidden(*line, "--modes", "fio:psync").stdout
    assert "io_uring" not in named, "who names modes knows"
    usual = subprocess.run([str(word) for word in line], capture_output=True, text=True,
                           timeout=HANG_S, check=True).stdout
    if "no io_uring here" in usual:
        pytest.skip("the tests' own kernel has no io_uring")
    assert ", uring_async, " in usual and OURS not in usual


@pytest.mark.skipif(not ENGINE.exists(), reason="the engine is not built")
def test_where_the_kernels_is_forbidden_a_search_is_without_it(tmp_path, job_file):
    done = forbidden(SCRIPTS / "capacity", job_file(), "--limit-p99", "1ms", "--dry-run",
                     "--scratch", tmp_path / "scratch")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("no io_uring here (Operation not permitted): without uring, "
                                  "uring_async, uring_sqpoll, uring_defer\n")


def test_an_fio_that_cannot_be_run_under_it_is_refused_in_a_line(tmp_path, job_file, compare):
    """One that says nothing of its own when the library is there."""
    fio = tmp_path / "fio"
    fio.write_text('#!/bin/sh\n[ -z "$LD_PRELOAD" ] || { echo "not here" >&2; exit 3; }\n'
                   'exec fio "$@"\n')
    fio.chmod(0o755)
    done = compare(job_file(), f"fio:psync,{OURS}", "--fio", fio)
    assert done.returncode == 2 and done.stderr == f"compare: mode {OURS}: not here\n"
    assert not (tmp_path / "results").exists()


def test_operations_on_files_are_not_its(job_file, compare):
    text = "[t]\nrw=randread\nbs=4k\nfilesize=4k\nmetadata=stat\nruntime=100ms\n"
    done = compare(job_file(text), OURS)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"{OURS} reads and writes instead" in done.stderr
