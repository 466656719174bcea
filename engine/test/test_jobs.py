# SPDX-License-Identifier: GPL-2.0-only
"""Options whose effect is not an amount of I/O, and those that fio or the engine refuses."""

import os
import re

import pytest

from conftest import KERNELS, MODES, turns


@pytest.mark.parametrize("mode", ["hashed", "uring"])
def test_what_is_damaged_is_dumped(fio, tmp_path, mode):
    """verify_dump: what was read and what was wanted, for each bad block."""
    same = {"filename": tmp_path / "data", "rw": "randwrite", "verify": "crc32c", "iodepth": 16,
            "size": "64k"}
    assert fio(mode, **same).status == 0
    with open(tmp_path / "data", "r+b") as file:
        file.seek(20_000)
        file.write(b"damaged")
    damaged = fio(mode, **same, verify_only=None, verify_dump=1, verify_fatal=1)
    assert damaged.status != 0
    assert len(list(tmp_path.glob("*.received"))) == len(list(tmp_path.glob("*.expected"))) == 1


@pytest.mark.parametrize("mode", ["sqwq", "uring_defer"])
def test_files_are_gone_that_were_to_be_unlinked(fio, tmp_path, mode):
    result = fio(mode, filename=tmp_path / "data", rw="write", size="256k", iodepth=8, unlink=1)
    assert result.status == 0, result.said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("mode", ["punt", "uring"])
def test_it_ends_once_it_is_steady(fio, tmp_path, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randread", size="256k", iodepth=4,
                 time_based=None, runtime="30s", steadystate="iops:1000%",
                 steadystate_duration="2s", steadystate_ramp_time="0s")
    assert result.status == 0, result.said
    assert result.job["steadystate"]["attained"] == 1
    assert result.job["read"]["runtime"] < 20_000


@pytest.mark.parametrize("mode", ["sqthread", "uring_sqpoll"])
def test_a_latency_beyond_the_allowed_ends_it(fio, tmp_path, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randread", direct=1, size="256k", iodepth=4,
                 max_latency="1ns")
    assert result.status != 0
    assert "latency of" in result.said


def test_less_than_the_least_rate_ends_it(fio, tmp_path):
    """In inline only: fio 3.33 compares an uninitialised time for engines that complete later."""
    result = fio("inline", filename=tmp_path / "data", rw="randread", direct=1, size="64m",
                 iodepth=1, rate_cycle=100, rate="1g", rate_min="900g")
    assert result.status != 0
    assert "rate" in result.said


@pytest.mark.parametrize("mode", ["hashed", "uring_async"])
def test_io_is_as_fast_as_its_rate_allows(fio, tmp_path, mode):
    """256 reads at 1,000 a second take a quarter of a second and not less."""
    result = fio(mode, filename=tmp_path / "data", rw="randread", size="1m", iodepth=8,
                 rate_iops=1000)
    assert result.status == 0, result.said
    assert result.job["read"]["runtime"] >= 200


@pytest.mark.parametrize("mode", ["sqwq", "uring"])
def test_runs_as_another_user(fio, open_folder, mode):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    result = fio(mode, filename=open_folder / "data", rw="write", size="64k", uid=65534, gid=65534,
                 create_on_open=1)
    assert result.status == 0, result.said


@pytest.mark.parametrize("mode", ["punt", "uring_defer"])
def test_an_open_that_needs_a_second_look_at_device_sizes(fio, loop_device, mode):
    """fio opens a device to ask for its size before the engine's init, and again for the I/O."""
    result = fio(mode, filename=loop_device, rw="read", bs="1m", size=False,
                 registerfiles=None if mode in KERNELS
                 else False)
    assert result.status == 0, result.said
    assert result.job["read"]["io_bytes"] == 16 << 20


def refused_by_fio(result, said):
    assert result.status != 0
    assert re.search(said, result.said), result.said


@pytest.mark.parametrize("options,said", [
    ({"io_submit_mode": "offload"}, "offload"),  # by fio: the engine offloads itself
    ({"hipri_percentage": 50}, "hipri_percentage"),
    ({"force_async": 1}, "force_async"),
    ({"sqthread_poll": 1}, "sqthread_poll"),
    ({"sqthread_poll_cpu": 0}, "sqthread_poll_cpu"),
    ({"userspace_reap": None}, "userspace_reap"),
    ({"cmd_type": "nvme"}, "cmd_type"),
    ({"cmdprio_hash": 1}, "cmdprio_hash"),
])
def test_is_refused(fio, options, said):
    refused_by_fio(fio("punt", **{"filename": "data", "rw": "read", "size": "64k", **options}),
                   said)


def test_random_io_on_a_fifo_is_refused_by_fio(fio, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    held = os.open(tmp_path / "fifo", os.O_RDWR)
    result = fio("punt", filename="fifo", rw="randread", size="64k")
    os.close(held)
    assert "can't seek on pipes" in result.said
    assert result.job["read"]["total_ios"] == 0


@pytest.mark.parametrize("mode,option",
                         turns(MODES,
                               [{"sqthread_cpu": 0}, {"max_bounded": 2}, {"sleep_hook": "none"},
                                                      {"sqthread_idle_ms": 1}, {"worker_cpus": 0}]))
def test_an_option_of_another_mode_is_no_error(fio, tmp_path, mode, option):
    """One job file's [global] serves several modes."""
    assert fio(mode, filename=tmp_path / "data", rw="read", size="16k", **option).status == 0
