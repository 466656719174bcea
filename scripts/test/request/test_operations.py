# SPDX-License-Identifier: MIT
"""Jobs of metadata=: which modes they have, and fio's own engines that do the same."""

import os
import re

import pytest
from conftest import SCRIPTS
from kept import kept_records
from suite.errors import BadInput
from suite.request.asked import MODES, Matrix
from suite.request.jobfile import read_job
from suite.request.modes import parse_mode
from suite.request.operations import FIOS, check, default_modes, of_fio
from suite.store import runs_file

OURS = [mode for mode in MODES.split(",") if not mode.startswith("fio:")]
JOB = """[tiny]
metadata={}
rw=read
bs=4k
filesize=4k
size=80k
nrfiles=20
invalidate=0
time_based
runtime=100ms
"""
ONCE = JOB.replace("time_based\n", "")


def job_of(job_file, operation, text=JOB):
    return read_job(job_file(text.format(operation)))


@pytest.mark.parametrize("operation, text, theirs", [
    ("stat", JOB, ["fio:filestat"]), ("create", JOB, ["fio:filecreate"]),
    ("unlink", ONCE, ["fio:filedelete"]), ("unlink", JOB, []), ("open", JOB, []),
    ("rename", JOB, []), ("fsync", JOB, []),
    ("stat", JOB + JOB.replace("tiny", "more").format("open"), []),
    ("stat", JOB.replace("filesize=4k", "filesize=8k"), []),
    ("none", JOB, [mode for mode in MODES.split(",") if mode.startswith("fio:")]),
])
def test_the_usual_modes_are_those_that_do_the_same(job_file, operation, text, theirs):
    assert default_modes(job_of(job_file, operation, text), MODES.split(",")) == OURS + theirs


def test_each_job_of_a_comparison_has_its_own_usual_modes(job_file):
    stat = job_file(JOB.format("stat"), "stat.fio")
    read = job_file(JOB.format("none"), "read.fio")
    points = Matrix({"jobs": [stat, read], "depths": ["1"]}, read_job).points()
    assert [p.mode for p in points if p.load.job == "stat"] == [*OURS, "fio:filestat"]
    assert [p.mode for p in points if p.load.job == "read"] == MODES.split(",")


@pytest.mark.parametrize("operation, change, words", [
    ("stat", ("filesize=4k", "filesize=8k"), "one block"),
    ("stat", ("bs=4k", "bs=512"), "one block"),
    ("create", ("filesize=4k\n", ""), None),
    ("unlink", ("", ""), "time_based"),
])
def test_what_fios_engine_would_count_and_not_do_is_refused(job_file, operation, change, words):
    job = job_of(job_file, operation, JOB.replace(*change, 1))
    if words is None:
        check(job, [parse_mode(of_fio(job))])
    else:
        with pytest.raises(BadInput, match=words):
            check(job, [parse_mode(of_fio(job))])


@pytest.mark.parametrize("operation, mode, allowed", [
    ("stat", "fio:psync", "this engine's modes and fio:filestat"),
    ("stat", "fio:filecreate", "this engine's modes and fio:filestat"),
    ("fsync", "fio:filestat", "this engine's modes"),
])
def test_another_engine_of_fios_is_refused_with_what_is_allowed(job_file, compare, operation, mode,
                                                                allowed):
    done = compare(job_file(JOB.format(operation)), f"punt,{mode}")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"{mode} reads and writes instead: allowed are {allowed}\n" in done.stderr


@pytest.mark.parametrize("operation, text", [("stat", JOB), ("create", JOB), ("unlink", ONCE)])
def test_fios_engine_runs_beside_ours_and_leaves_the_files_as_they_were(
        job_file, compare, tmp_path, operation, text):
    done = compare(job_file(text.format(operation)), f"punt,{FIOS[operation]},sqwq,uring",
                   "--repeats", "3")
    assert done.returncode == 0, done.stderr
    records = kept_records(tmp_path / "results")
    assert all(record["ok"] for record in records)
    assert not [flag for record in records for flag in record["flags"]
                if re.match("path|no_bins|not_|cache", flag)]
    runs = {run.job_file for run in runs_file.read(tmp_path / "results")}
    assert all(("metadata=" in text) != ("ioengine=file" in text) for text in runs)
    names = [name for _, _, found in os.walk(tmp_path / "scratch") for name in found]
    assert not [name for name in names if name.endswith(".made") or name.startswith("iowq.")]


@pytest.mark.skipif(os.geteuid() != 0, reason="what is known of names is dropped by root")
def test_a_cold_job_is_one_of_unknown_names(job_file, compare, tmp_path):
    text = ONCE.replace("invalidate=0\n", "").format("stat")
    done = compare(job_file(text), "punt,fio:filestat", "--repeats", "2")
    assert done.returncode == 0, done.stderr
    assert not [flag for record in kept_records(tmp_path / "results") for flag in record["flags"]
                if flag == "not_cold"]


def test_every_operation_of_the_engine_has_a_job():
    texts = [path.read_text() for path in (SCRIPTS.parent / "jobs").glob("*.fio")]
    asked = {match[1] for text in texts if (match := re.search(r"^metadata=(\w+)", text, re.M))}
    source = (SCRIPTS.parent / "engine/options.cc").read_text()
    known = set(re.findall(r'\{"(\w+)",\s*metadata_', source)) - {"none"}
    assert asked == known and len(known) == 6
