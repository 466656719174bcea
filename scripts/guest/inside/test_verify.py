# SPDX-License-Identifier: MIT
"""What is written in any mode is what is read back, on a block device and on a file system."""

import pytest

import devices
import fio
import machine
import nfs

REGION = 256 << 10


def verified(tmp_path, filename, **options):
    """Each mode in a region of its own, so that none finds what another has written."""
    done = fio.run(tmp_path, {"filename": filename, "rw": "randwrite", "bs": "4k", "iodepth": 8,
                              "size": REGION, "verify": "crc32c", **options},
                   fio.in_every_mode(lambda number: {"offset": number * REGION}))
    assert done.status == 0, done.said
    assert list(done.jobs) == fio.MODES
    for mode, job in done.jobs.items():
        assert job["error"] == 0
        assert job["write"]["total_ios"] == job["read"]["total_ios"] == REGION // 4096, mode
        assert done.stats[mode]["offload"] == mode


@pytest.mark.parametrize("direct", [pytest.param(0, marks=pytest.mark.once), 1])
def test_null_blk_gives_back_what_every_mode_wrote(tmp_path, direct):
    with devices.null_block("memory", 4) as device:
        verified(tmp_path, device, direct=direct)


def test_tmpfs_gives_back_what_every_mode_wrote(tmp_path):
    verified(tmp_path, tmp_path / "data")


@pytest.mark.once
@pytest.mark.parametrize("direct", [0, 1])
def test_an_encrypted_device_gives_back_what_every_mode_wrote(tmp_path, direct):
    """dm-crypt, as LUKS sets it up."""
    with devices.null_block("memory", 4) as memory:
        cipher = f"crypt aes-xts-plain64 {'5a' * 32} 0 {memory} 0"
        with devices.mapped("secret", [(4 << 20, cipher)]) as device:
            verified(tmp_path, device, direct=direct)


@pytest.mark.once
def test_what_was_swapped_out_of_tmpfs_comes_back_in_every_mode(tmp_path):
    region = 1 << 20
    with devices.swap(64), machine.memory_limit(8 << 20):
        before = machine.swapped_in()
        done = fio.run(tmp_path, {"filename": tmp_path / "data", "rw": "randwrite", "bs": "64k",
                                  "iodepth": 8, "size": region, "verify": "crc32c"},
                       fio.in_every_mode(lambda number: {"offset": number * region}))
        assert done.status == 0, done.said
        assert machine.swapped_in() > before
    assert [job["error"] for job in done.jobs.values()] == [0] * len(fio.MODES)


@pytest.mark.once
@pytest.mark.parametrize("direct", [0, 1])
def test_nfs_gives_back_what_every_mode_wrote(tmp_path, direct):
    served, mounted = tmp_path / "served", tmp_path / "mounted"
    served.mkdir()
    mounted.mkdir()
    with nfs.mounted(served, mounted):
        verified(tmp_path, mounted / "data", direct=direct)
    assert (served / "data").stat().st_size == REGION * len(fio.MODES)


@pytest.mark.once
def test_the_disk_gives_back_what_every_mode_wrote(tmp_path):
    verified(tmp_path, "/dev/vda", direct=1)
