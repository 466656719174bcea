# SPDX-License-Identifier: MIT
import os
import subprocess

import pytest
import synthetic
from conftest import HANG_S, SCRIPTS, TINY_JOB


def refused(done, *words):
    """One line that says what is wrong and what is allowed, exit status 2, and nothing run."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("compare: ") and done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert "round 1" not in done.stdout


@pytest.mark.parametrize("extra, words", [
    (("--modes", "pnut"), ("unknown mode 'pnut'", "sqwq", "fio:NAME")),
    (("--modes", "fio:nosuch"), ("no engine 'nosuch'",)),
    (("--modes", "fio:psync+nosuch=1"), ("nosuch",)),
    (("--modes", "fio:psync+fsync=often"), ("fsync=often",)),
    (("--depths", "0"), ("--depths 0", "from 1 to")),
    (("--depths", "8,x"), ("--depths 8,x", "from 1 to")),
    (("--repeats", "0"), ("--repeats 0", "from 1 to")),
    (("--repeats", "many"), ("--repeats many", "from 1 to")),
    (("--runtime", "-1"), ("--runtime -1", "seconds")),
    (("--limit", "0"), ("--limit 0", "seconds")),
    (("--seed", "x"), ("--seed x", "from 0 to")),
    (("--baseline", "uring"), ("--baseline uring", "fio:psync")),
    (("--fio", "/nowhere/fio"), ("/nowhere/fio",)),
    (("--modes", "sqwq", "--engine", "/nowhere/iowq.so"), ("/nowhere/iowq.so", "run make")),
    (("--results", "/dev/null/results"), ("/dev/null/results", "cannot be written")),
    (("--scratch", "/dev/null/scratch"), ("/dev/null/scratch",)),
    (("--nosuch",), ("--nosuch", "--help")),
])
def test_bad_arguments_are_told_in_one_line(job_file, compare, tmp_path, extra, words):
    refused(compare(job_file(), "fio:psync", *extra), *words)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("extra, near", [
    (("--modes", "pnut"), "punt"),
    (("--modes", "sqwq,uring_asinc"), "uring_async"),
    (("--modes", "io_uring"), "fio:io_uring"),
    (("--modes", "psync"), "fio:psync"),
    (("--modes", "fio:pysnc"), "psync"),
    (("--modes", "sqwk+max_bounded=4"), "sqwq"),
    (("--baseline", "fio:psnyc"), "fio:psync"),
    (("--dephts", "8"), "--depths"),
    (("--placement=none",), "--placements"),
    (("--file-systems", "etx4"), "ext4"),
    (("--leave-out", "norandmap"), "norandommap"),
])
def test_what_was_meant_is_asked_where_one_word_is_near(job_file, compare, extra, near):
    refused(compare(job_file(TINY_JOB + "norandommap\n"), "fio:psync", *extra),
            f"(did you mean {near}?)")


def test_nothing_is_asked_where_no_word_is_near(job_file, compare):
    done = compare(job_file(), "zzz")
    refused(done, "unknown mode 'zzz'")
    assert "mean" not in done.stderr


@pytest.mark.parametrize("text, modes, words", [
    (TINY_JOB, "fio:nosuch", "no engine 'nosuch'"),
    (TINY_JOB, "fio:psync+nosuch=1", "nosuch"),
    (TINY_JOB, "fio:psync,fio:libaio+fsync=often", "fsync=often"),
    (TINY_JOB, "sqwq+nosuch=1", "nosuch"),
    (TINY_JOB, "sqwq+max_bounded=0", "max_bounded"),
    (TINY_JOB + "nosuch=1\n", "fio:psync", "nosuch"),
    (TINY_JOB + "bs=often\n", "fio:psync", "bs=often"),
])
def test_a_dry_run_refuses_what_fio_refuses(job_file, compare, engine, text, modes, words):
    refused(compare(job_file(text), modes, "--dry-run", "--engine", engine), words)


def test_bad_engine_options_are_told_in_one_line(job_file, compare, engine):
    refused(compare(job_file(), "sqwq+max_bounded=0", "--engine", engine), "max_bounded")
    refused(compare(job_file(), "sqwq+nosuch=1", "--engine", engine), "nosuch")


@pytest.mark.parametrize("text, words", [
    ("", ("no job",)),
    ("[global]\nrw=read\n", ("no job",)),
    ("[a]\nrw=sideways\nsize=1m\n", ("sideways",)),
    ("[a]\nrw=write\nsize=1m\nfilename=/dev/null\n", ("/dev/null", "refused")),
    ("[a]\nrw=write\nsize=1m\nfilename=/tmp/elsewhere\n", ("/tmp/elsewhere", "refused")),
    ("[../../../a]\nrw=write\nsize=1m\n", ("refused",)),
])
def test_bad_jobs_are_told_in_one_line(job_file, compare, text, words):
    refused(compare(job_file(text)), "tiny.fio", *words)


def test_missing_and_unreadable_job_files_are_told_in_one_line(compare, tmp_path):
    refused(compare(tmp_path / "missing.fio"), "missing.fio", "No such file")
    refused(compare(tmp_path), str(tmp_path), "Is a directory")


def test_a_folder_that_has_runs_is_never_written_over(job_file, compare, tmp_path):
    folder = synthetic.results(tmp_path / "results", ["fio:psync"])
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    refused(compare(job_file()), "already has runs")
    assert before == {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def test_a_read_only_results_folder_is_told_in_one_line(job_file, compare, tmp_path):
    place = tmp_path / "readonly"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(place)],
                             capture_output=True, text=True, timeout=HANG_S, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount: {mounted.stderr.strip()}")
    try:
        refused(compare(job_file(), "fio:psync", "--results", place / "r"), "Read-only file system")
    finally:
        subprocess.run(["umount", str(place)], timeout=HANG_S, check=True)


def test_missing_programs_are_told_in_one_line(job_file, compare, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to("/usr/bin/python3")
    (programs / "env").symlink_to("/usr/bin/env")
    refused(compare(job_file(), env={"PATH": str(programs), "FIO_DIR": ""}), "no such fio")
    (programs / "fio").symlink_to("/usr/bin/fio")
    refused(compare(job_file(), env={"PATH": str(programs), "FIO_DIR": ""}), "gnuplot")
    refused(compare(job_file(), env={"FIO_DIR": str(tmp_path / "nofio")}), "nofio/fio")


def test_a_dry_run_prints_every_run_and_touches_nothing(job_file, compare, tmp_path):
    path = job_file()
    before = set(tmp_path.iterdir())
    done = compare(path, "fio:psync,fio:libaio", "--depths", "1,8", "--repeats", "3", "--dry-run")
    assert done.returncode == 0
    assert sum(line.startswith("round ") for line in done.stdout.splitlines()) == 12
    assert "12 runs" in done.stdout and set(tmp_path.iterdir()) == before


def test_files_that_do_not_fit_are_told_before_the_disk_is_full(job_file, compare, tmp_path):
    refused(compare(job_file(TINY_JOB.replace("size=1m", "size=900t"))), "room for", "MiB")
    assert not list((tmp_path / "scratch/tiny").iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_job_file_without_permission_is_told_in_one_line(job_file, compare):
    path = job_file()
    path.chmod(0)
    refused(compare(path), "Permission denied")


def test_help_names_the_defaults():
    done = subprocess.run([str(SCRIPTS / "compare"), "--help-all"], capture_output=True, text=True,
                          timeout=HANG_S, check=True)
    assert "--modes" in done.stdout and "fio:libaio" in "".join(done.stdout.split())
