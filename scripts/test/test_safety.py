# SPDX-License-Identifier: MIT
"""Nothing is destroyed that was not named."""

import os
import subprocess

import pytest
from conftest import SCRIPTS, TINY_JOB

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
    subprocess.run(["mkfs.ext4", "-q", "-F", device], check=True, timeout=60)


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
    subprocess.run(["mount", device, str(place)], check=True, timeout=20)
    try:
        refused(compare(job_file(WRITING + f"filename={device}\n")), f"mounted on {place}")
    finally:
        subprocess.run(["umount", str(place)], check=True, timeout=20)


def test_a_file_outside_the_scratch_folder_is_written_to_only_if_it_is_named(
        job_file, compare, tmp_path):
    outside = tmp_path / "precious"
    outside.write_bytes(b"p" * (1 << 20))
    job = job_file(WRITING + f"filename={outside}\n")
    refused(compare(job), "outside the scratch folder", f"--destroy {outside}")
    assert outside.read_bytes() == b"p" * (1 << 20)
    assert compare(job, "fio:psync", "--destroy", outside).returncode == 0
    assert outside.read_bytes() != b"p" * (1 << 20)


def test_a_reading_job_may_name_a_device(device, job_file, compare):
    before = content(device)
    done = compare(job_file(TINY_JOB + f"filename={device}\n"))
    assert done.returncode == 0, done.stderr
    assert content(device) == before


def test_going_on_checks_again(device, job_file, compare, tmp_path):
    target = tmp_path / "scratch/tiny/target"
    assert compare(job_file(WRITING + "filename=target\n")).returncode == 0
    target.unlink()
    target.symlink_to(device)
    before = content(device)
    refused(subprocess.run([str(SCRIPTS / "compare"), "--resume", str(tmp_path / "results"),
                            "--add-repeats", "1"], capture_output=True, text=True, timeout=60,
                           check=False), "block device")
    assert content(device) == before
