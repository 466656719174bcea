# SPDX-License-Identifier: MIT
"""An option of one engine in a job that others are to run as well: whose it is, and without it."""

import subprocess

import pytest
from conftest import SCRIPTS, TINY_JOB
from kept import kept_runs
from suite.store import runs_file


def text_of(results):
    return next(runs_file.read(results)).job_file


def refused(done, *words):
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stdout + done.stderr
    assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize("lines, modes, words", [
    ("ioengine=io_uring\nsqthread_poll=1", "fio:psync", "sqthread_poll= is an option of io_uring"),
    ("sqthread_poll", "fio:psync", "sqthread_poll= is an option of io_uring"),
    ("ioengine=io_uring\nfixedbufs", "fio:psync", "fixedbufs= is an option of io_uring"),
    ("ioengine=io_uring\nfixedbufs", "fio:io_uring,fio:psync", "and not of fio:psync:"),
    ("ioengine=libaio\nuserspace_reap", "fio:io_uring", "userspace_reap= is an option of libaio"),
    ("ioengine=libaio\nhipri=0", "fio:libaio", "hipri= is an option of "),
    ("ioengine=io_uring\nfixedbufs\nhipri=0", "fio:psync", "--leave-out fixedbufs,hipri"),
    ("ioengine=libaio\nuserspace_reap", "iowq:io_uring", "and not of iowq:io_uring:"),
    ("ioengine=cpuio\ncpuload=50", "fio:psync", "cpuload= is an option of cpuio"),
    ("nosuch=1\nnor_this", "fio:psync", "neither fio nor an engine of it has an option nor_"),
])
def test_the_owner_is_told_and_what_to_do(job_file, compare, tmp_path, lines, modes, words):
    refused(compare(job_file(f"{TINY_JOB}{lines}\n"), modes), words)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("lines, modes", [
    ("ioengine=io_uring\nfixedbufs=1", "fio:io_uring"),
    ("ioengine=io_uring\nfixedbufs=1", "fio:io_uring,iowq:io_uring"),
    ("ioengine=libaio\nnowait=0", "fio:libaio,fio:io_uring"),
    ("[global]\nnowait=0\n[b]\nrw=read\nsize=4k\nruntime=100ms\ninvalidate=0", "fio:io_uring"),
])
def test_an_option_that_all_modes_have_stays(job_file, compare, tmp_path, lines, modes):
    done = compare(job_file(f"{TINY_JOB}{lines}\n"), modes)
    assert done.returncode == 0, done.stderr
    assert lines.splitlines()[1] in text_of(tmp_path / "results")


def test_what_is_left_out_is_left_out_also_when_it_goes_on(job_file, compare, tmp_path):
    path = job_file(TINY_JOB + "ioengine=io_uring\nsqthread_poll=1\nfixedbufs\n")
    done = compare(path, "fio:psync", "--leave-out", "sqthread_poll,fixedbufs")
    assert done.returncode == 0, done.stderr
    assert "fixedbufs" not in text_of(tmp_path / "results")
    done = subprocess.run([str(SCRIPTS / "compare"), "--resume", str(tmp_path / "results"),
                           "--add-repeats", "1"], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr


def test_one_mode_may_have_what_the_job_leaves_out(job_file, compare, tmp_path):
    path = job_file(TINY_JOB + "ioengine=io_uring\nfixedbufs=1\n")
    done = compare(path, "fio:psync,fio:io_uring+fixedbufs=1", "--leave-out", "fixedbufs")
    assert done.returncode == 0, done.stderr
    runs = {kept.id: "fixedbufs=1" in kept.job_file for kept in kept_runs(tmp_path)}
    assert len(runs) == 2 and all(given == ("io_uring" in name) for name, given in runs.items())


@pytest.mark.parametrize("option, words", [
    ("nosuch", "--leave-out nosuch: no job file has it"), ("a b", "names of fio's options"),
    ("", "names of fio's options"), ("ioengine,", "names of fio's options"),
])
def test_what_cannot_be_left_out_is_told(job_file, compare, option, words):
    refused(compare(job_file(), "fio:psync", "--leave-out", option), words)


def test_options_of_fios_engines_are_told_from_ours(job_file, compare, engine):
    path = job_file(TINY_JOB + "ioengine=io_uring\nsqthread_poll=1\nmax_bounded=4\n")
    refused(compare(path, "sqwq,uring", "--engine", engine),
            "sqthread_poll= is an option of io_uring, and not of sqwq, uring: ")
    done = compare(path, "sqwq,uring", "--engine", engine, "--leave-out", "sqthread_poll")
    assert done.returncode == 0, done.stderr
