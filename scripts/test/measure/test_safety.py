# SPDX-License-Identifier: MIT
"""Nothing is destroyed that was not named."""

import os
import subprocess

import pytest
from conftest import HANG_S, SCRIPTS, TINY_JOB

WRITING = TINY_JOB.replace("randread", "randwrite").replace("[tiny]", "[w]")


def losetup(*words):
    return subprocess.run(["losetup", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def device(tmp_path):
    """A block device of 32 MiB."""
    image = tmp_path / "image"
    image.write_bytes(b"")
    os.truncate(image, 32 << 20)
    made = losetup("--find", "--show", str(image))
    if made.returncode != 0:
        pytest.skip(f"no loop device: {made.stderr.strip()}")
    path = made.stdout.strip()
    yield path
    losetup("--detach", path)


def with_file_system(device):
    subprocess.run(["mkfs.ext4", "-q", "-F", device], check=True, timeout=HANG_S)


def content(device):
    with open(device, "rb") as file:
        return file.read()


def refused(done, *words):
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize("prepare, words", [
    (lambda device: None, "is a block device: refused"),
    (with_file_system, "with a signature of ext4"),
])
def test_a_device_is_not_written_to_unless_it_is_named(device, job_file, compare, prepare, words):
    prepare(device)
    before = content(device)
    job = job_file(WRITING + f"filename={device}\n")
    refused(compare(job), words, f"--destroy {device}")
    refused(compare(job, "fio:psync", "--destroy", "/dev/null"), "no job writes to it")
    assert content(device) == before
    done = compare(job, "fio:psync", "--destroy", device)
    assert done.returncode == 0, done.stderr
    assert content(device) != before


def test_a_mounted_device_says_where(device, job_file, compare, tmp_path):
    with_file_system(device)
    place = tmp_path / "in use"
    place.mkdir()
    subprocess.run(["mount", device, str(place)], check=True, timeout=HANG_S)
    try:
        refused(compare(job_file(WRITING + f"filename={device}\n")), f"mounted on {place}")
    finally:
        subprocess.run(["umount", str(place)], check=True, timeout=HANG_S)


def test_a_file_outside_the_scratch_folder_is_written_to_only_if_it_is_named(
        job_file, compare, tmp_path):
    outside = tmp_path / "precious"
    outside.write_bytes(b"p" * (1 << 20))
    job = job_file(WRITING + f"filename={outside}\n")
    refused(compare(job), "outside its scratch folder", f"--destroy {outside}")
    assert outside.read_bytes() == b"p" * (1 << 20)
    assert compare(job, "fio:psync", "--destroy", outside).returncode == 0
    assert outside.read_bytes() != b"p" * (1 << 20)


def test_a_reading_job_may_name_a_device(device, job_file, compare):
    before = content(device)
    done = compare(job_file(TINY_JOB + f"filename={device}\n"))
    assert done.returncode == 0, done.stderr
    assert content(device) == before


def test_a_reading_job_does_not_make_a_file_longer_or_anew(job_file, compare, tmp_path):
    outside = tmp_path / "precious"
    outside.write_bytes(b"p" * (1 << 19))
    compare(job_file(TINY_JOB + f"filename={outside}\n"))
    assert outside.read_bytes() == b"p" * (1 << 19)
    compare(job_file(TINY_JOB + f"filename={tmp_path}/missing\n"), "fio:psync", "--results",
            tmp_path / "other")
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("line", ["unlink=1", "unlink_each_loop=1"])
def test_a_reading_job_removes_nothing(job_file, compare, tmp_path, line):
    outside = tmp_path / "precious"
    outside.write_bytes(b"p" * (1 << 20))
    compare(job_file(TINY_JOB + f"filename={outside}\n{line}\n"))
    assert outside.read_bytes() == b"p" * (1 << 20)


@pytest.mark.parametrize("line", ["write_iolog=log", "mem=mmap:{}/x", "iomem=mmap:{}/x",
                                  "arrival_rate=100", "read_iolog=log"])
def test_what_writes_elsewhere_or_changes_the_question_is_refused(job_file, compare, tmp_path,
                                                                  line):
    refused(compare(job_file(TINY_JOB + line.format(tmp_path) + "\n")), "tiny.fio")
    assert not (tmp_path / "x").exists()


def test_a_section_that_is_named_as_a_device_is_about_the_device(device, job_file, compare):
    before = content(device)
    refused(compare(job_file(WRITING.replace("[w]", f"[{device}]"))), "is a block device")
    assert content(device) == before


def test_a_place_of_the_users_own_is_written_to_only_in_the_jobs_folder(job_file, compare,
                                                                        tmp_path):
    place = tmp_path / "mine"
    place.mkdir()
    (place / "backup").write_bytes(b"p" * (1 << 20))
    refused(compare(job_file(WRITING + "filename=../backup\n"), "fio:psync", "--file-systems",
                    f"mine={place}"), "backup", "outside")
    assert (place / "backup").read_bytes() == b"p" * (1 << 20)


def test_an_image_that_is_a_link_is_not_followed(job_file, compare, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("making file systems needs root")
    (tmp_path / "precious").write_bytes(b"p" * 4096)
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch/iowq-ext4.img").symlink_to(tmp_path / "precious")
    refused(compare(job_file(), "fio:psync", "--file-systems", "ext4"), "link")
    assert (tmp_path / "precious").read_bytes() == b"p" * 4096


def test_going_on_checks_again(device, job_file, compare, tmp_path):
    target = tmp_path / "scratch/tiny/target"
    assert compare(job_file(WRITING + "filename=target\n")).returncode == 0
    target.unlink()
    target.symlink_to(device)
    before = content(device)
    refused(subprocess.run([str(SCRIPTS / "compare"), "--resume", str(tmp_path / "results"),
                            "--add-repeats", "1"], capture_output=True, text=True, timeout=HANG_S,
                           check=False), "block device")
    assert content(device) == before
