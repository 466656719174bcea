# SPDX-License-Identifier: MIT
"""Devices that fail or hold up: every error reaches fio, once for each I/O that it is of, and
nothing else changes."""

import errno

import pytest

import devices
import fio

pytestmark = pytest.mark.once
BLOCK = 4096
# Each mode has a region of its own: good blocks, bad ones, good ones.
GOOD, BAD = 28, 8
REGION = (GOOD + BAD + GOOD) * BLOCK
BLOCKS = REGION // BLOCK
SHARING = ["sqwq", "punt", "hashed"]  # the modes with wq_scope=process


def with_bad_blocks(memory, bad):
    """A device in which the blocks amid each region are `bad`, a target of device-mapper."""
    rows = []
    for _ in fio.MODES:
        rows += [(GOOD * BLOCK, f"linear {memory} {{start}}"), (BAD * BLOCK, bad),
                 (GOOD * BLOCK, f"linear {memory} {{start}}")]
    return devices.mapped("faulty", rows)


def every_block_once(device, **options):
    """Options of a run in which each mode touches each block of its region exactly once."""
    return ({"filename": device, "bs": BLOCK, "size": REGION, "iodepth": 8, **options},
            fio.in_every_mode(lambda number: {"offset": number * REGION}))


@pytest.fixture
def memory():
    with devices.null_block("memory", 4) as device:
        yield device


@pytest.mark.parametrize("bad", ["error", "flakey /dev/memory {start} 0 60 1 error_writes"])
def test_each_write_that_failed_is_reported_once_and_all_others_are_there(tmp_path, memory, bad):
    with with_bad_blocks(memory, bad) as device:
        done = fio.run(tmp_path, *every_block_once(
            device, rw="randwrite", direct=1, verify="crc32c", do_verify=0, continue_on_error="io"))
    for mode, job in done.jobs.items():
        assert job["total_err"] == BAD, mode
        assert job["first_error"] == errno.EIO, mode
        assert job["write"]["total_ios"] == BLOCKS, mode
    # The memory below: what was refused was never written, and is all that is not as it should be.
    check = {"filename": memory, "rw": "read", "bs": BLOCK, "size": REGION * len(fio.MODES),
             "offload": "inline", "verify": "crc32c", "continue_on_error": "verify"}
    job = fio.run(tmp_path, {}, {"check": check}).jobs["check"]
    assert (job["total_err"], job["first_error"]) == (BAD * len(fio.MODES), errno.EILSEQ)
    assert job["read"]["total_ios"] == BLOCKS * len(fio.MODES)


@pytest.mark.parametrize("direct", [0, 1])
def test_each_read_that_failed_is_reported_once_and_no_other_is_lost(tmp_path, memory, direct):
    with with_bad_blocks(memory, "error") as device:
        done = fio.run(tmp_path, *every_block_once(device, rw="randread", direct=direct,
                                                   continue_on_error="io"))
    for mode, job in done.jobs.items():
        assert job["total_err"] == BAD, mode
        assert job["read"]["total_ios"] == BLOCKS, mode


@pytest.mark.parametrize("rw", ["randread", "randwrite"])
def test_an_error_ends_the_job_with_eio(tmp_path, memory, rw):
    with with_bad_blocks(memory, "error") as device:
        done = fio.run(tmp_path, *every_block_once(device, rw=rw, direct=1))
    assert done.status != 0
    errors = {mode: job["error"] for mode, job in done.jobs.items()}
    assert errors == dict.fromkeys(fio.MODES, errno.EIO)


@pytest.mark.parametrize("limits", [
    pytest.param({}, id="default"),
    # Where one runs at a time, those that wait for the device are replaced.
    pytest.param({"max_bounded": 1, "direct_by": "pool"}, id="one-runs")])
@pytest.mark.parametrize("mode", SHARING)
def test_a_slow_device_holds_up_no_other_in_a_pool_of_the_process(tmp_path, memory, mode, limits):
    """The fast job begins when all the slow one's reads are held back, and ends while they are."""
    held, reads, go, begin = 4, 256, tmp_path / "go", tmp_path / "begin"
    begin.write_text(f"#!/bin/sh\nuntil [ -e {go} ]; do sleep 0.02; done\n")
    begin.chmod(0o755)
    common = {"rw": "randread", "bs": BLOCK, "direct": 1, "iodepth": held, "offload": mode,
              "wq_scope": "process", **limits}
    with devices.null_block("other", 4) as other, devices.slow("slow", memory, 4 << 20) as slow:
        jobs = {"slow": {"filename": slow.path, "io_size": held * BLOCK},
                "fast": {"filename": other, "size": reads * BLOCK,
                         "exec_prerun": begin}}
        with fio.started(tmp_path, common, jobs) as running:
            running.wait_until(lambda: slow.held_back() == held)
            go.touch()
            # The engine writes them at the job's end.
            running.wait_until(lambda: "fast" in running.stats())
            assert slow.held_back() == held
            assert "slow" not in running.stats()
            slow.let_go()
            done = running.result()
    assert done.status == 0, done.said
    counts = {name: job["read"]["total_ios"] for name, job in done.jobs.items()}
    assert counts == {"slow": held, "fast": reads}
