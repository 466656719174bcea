# SPDX-License-Identifier: MIT
"""What is written in any mode is what is read back, on a block device and on a file system."""

import pytest

import devices
import fio

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
def test_the_disk_gives_back_what_every_mode_wrote(tmp_path):
    verified(tmp_path, "/dev/vda", direct=1)
