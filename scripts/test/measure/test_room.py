# SPDX-License-Identifier: MIT
"""No disk is filled: what does not fit is refused before, and what failed leaves nothing."""

import csv
import os
import subprocess

import pytest

ROOM = 8 << 20


@pytest.fixture
def disk(tmp_path):
    """A file system of 8 MiB and few files, in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM},nr_inodes=24", "tmpfs",
                              str(place)], capture_output=True, text=True, timeout=20, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], timeout=20, check=True)


def files_in(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("lines, words", [
    ("size=16m", "take 16 MiB"),
    ("size=0x1000000", "take 16 MiB"),
    ("size=${BIG}", "take 16 MiB"),
    ("size=$pagesize*4096", "take 16 MiB"),
    ("filesize=16m", "take 16 MiB"),
    ("filesize=1m-16m", "take 16 MiB"),
    ("filesize=4m\nnrfiles=4", "take 16 MiB"),
    ("size=4m\nfilesize=4m\nnrfiles=4", "take 16 MiB"),
    ("size=4m\nnumjobs=4", "take 16 MiB"),
    ("size=1m\nnumjobs=$ncpus*8", "take"),
    ("size=4m\nfilename=a:b\nfilesize=8m", "take 16 MiB"),
    ("size=8m\noffset=8m", "take 16 MiB"),
    ("size=4m\noffset_increment=4m\nnumjobs=4\nfilename=a", "take 16 MiB"),
    ("size=8m\n[b]\nrw=read\nsize=8m", "take 16 MiB"),
    ("fill_device=1", "fill_device=1 without size="),
    ("fill_fs=1\nrw=write", "fill_device=1 without size="),
    ("size=1m\nfile_append=1\nrw=write", "file_append=: each run would"),
])
def test_what_does_not_fit_is_refused_with_figures(job_file, compare, disk, lines, words):
    path = job_file(f"[a]\nrw=read\ntime_based\nruntime=100ms\n{lines}\n")
    done = compare(path, "fio:psync", "--scratch", disk, env={"BIG": "16m"})
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert words in done.stderr and ("take" not in words or "room for " in done.stderr)
    assert not files_in(disk)


def test_jobs_that_fit_one_by_one_but_not_together_are_refused(job_file, command, disk):
    text = "[a]\nrw=read\nsize=5m\ntime_based\nruntime=100ms\n"
    one, other = job_file(text, "one.fio"), job_file(text, "other.fio")
    program, *line = command(one, "fio:psync", "--scratch", disk)
    done = subprocess.run([program, str(other), *line], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 2 and "take 10 MiB" in done.stderr, done.stderr
    assert "one.fio" in done.stderr and "other.fio" in done.stderr and not files_in(disk)


def test_what_a_modes_options_make_larger_is_counted(job_file, compare, disk):
    path = job_file("[a]\nrw=read\nsize=5m\ntime_based\nruntime=100ms\n")
    done = compare(path, "fio:psync,fio:psync+numjobs=2", "--scratch", disk)
    assert done.returncode == 2 and "take 10 MiB" in done.stderr, done.stderr


@pytest.mark.parametrize("lines", [
    "size=5m\n[b]\nrw=read\nsize=5m", "size=1m\nnumjobs=5", "size=5m\nio_size=1g",
])
def test_files_that_jobs_share_or_that_are_there_count_once(job_file, compare, disk, lines):
    path = job_file(f"[global]\nfilename=one\n[a]\nrw=read\ntime_based\nruntime=100ms\n{lines}\n")
    for results in ("first", "again"):
        done = compare(path, "fio:psync", "--scratch", disk, "--results", path.parent / results)
        assert done.returncode == 0, done.stderr


def test_a_laying_out_that_fails_leaves_what_was_there_and_nothing_else(job_file, compare, disk):
    (disk / "tiny").mkdir()
    (disk / "tiny/mine").write_bytes(b"m" * 4096)
    done = compare(job_file("[a]\nrw=read\nsize=4m\nnrfiles=40\nruntime=100ms\n"), "fio:psync",
                   "--scratch", disk)
    assert done.returncode == 1 and "cannot lay out" in done.stderr, done.stderr
    assert files_in(disk) == {"mine": b"m" * 4096}


def test_a_run_that_fails_leaves_nothing_of_its_own(tmp_path, job_file, compare):
    path = job_file("[a]\nrw=write\nsize=1m\ncreate_on_open=1\nexec_prerun=false\n")
    folder = tmp_path / "scratch/tiny"
    assert compare(path).returncode == 1
    with open(tmp_path / "results/summary.csv", newline="") as file:
        assert [row["flags"] for row in csv.DictReader(file)] in (["failed"], ["no_result"])
    assert not files_in(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="making file systems needs root")
@pytest.mark.parametrize("kinds, where", [("ext4", "disk"), ("xfs,btrfs", "disk"),
                                         ("tmpfs", "memory")])
def test_images_do_not_outgrow_what_they_lie_in(job_file, compare, disk, kinds, where):
    size = "16m" if where == "disk" else "900g"
    path = job_file(f"[a]\nrw=read\nsize={size}\nruntime=100ms\n")
    done = compare(path, "fio:psync", "--scratch", disk, "--file-systems", kinds)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "room for" in done.stderr and where in done.stderr and not files_in(disk)
