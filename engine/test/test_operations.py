# SPDX-License-Identifier: GPL-2.0-only
"""What a job file may ask of an engine, in every mode."""

import errno
import signal
import subprocess
import time

import pytest

from conftest import (ENGINE, HANG_S, KERNELS, MODES, OURS, fio_binary, fio_version,
                      interrupt_when_caught, mount_loop)

pytestmark = pytest.mark.parametrize("mode", MODES)


@pytest.mark.parametrize("sync", ["fsync", "fdatasync", "sync_file_range"])
def test_syncs_are_issued(fio, tmp_path, evidence, mode, sync):
    every = {"fsync": {"fsync": 8}, "fdatasync": {"fdatasync": 8},
             "sync_file_range": {"sync_file_range": "write:8"}}[sync]
    result = fio(mode, filename=tmp_path / "data", rw="randwrite", iodepth=4, size="512k",
                 pool_stats=tmp_path / "evidence", **every)
    assert result.status == 0, result.said
    assert evidence()[0]["other"]["issued"] >= 512 // 4 // 8 - 1  # fio's JSON counts fsync only


def test_the_file_system_is_synced_at_the_end(fio, tmp_path, mode):
    if fio_version() < (3, 42):
        pytest.skip("this fio has no end_syncfs")
    trace = tmp_path / "trace"
    result = fio(mode, filename=tmp_path / "data", rw="write", size="64k", iodepth=4, end_syncfs=1,
                 prefix=["strace", "-f", "-o", trace, "-e", "trace=syncfs"])
    assert result.status == 0, result.said
    assert trace.read_text().count("syncfs(") == 1


def test_trims_a_block_device(fio, loop_device, mode):
    written = fio(mode, filename=loop_device, rw="write", bs="64k", iodepth=4,
                  buffer_pattern="0x77")
    assert written.status == 0, written.said
    result = fio(mode, filename=loop_device, rw="trim", bs="64k", iodepth=4)
    assert result.status == 0, result.said
    assert result.job["trim"]["total_ios"] == 64
    with open(loop_device, "rb") as device:
        assert not any(device.read(4 << 20))


def test_reads_and_writes_a_block_device(fio, loop_device, mode):
    result = fio(mode, filename=loop_device, rw="randrw", verify="crc32c", iodepth=8)
    assert result.status == 0, result.said


def test_a_short_write_is_gone_on_with_and_its_error_reaches_fio(fio, tmp_path, mode):
    """1 MiB takes ten blocks of 96 KiB and part of the next; fio asks for the rest of that block,
    and gets ENOSPC."""
    small = mount_loop(tmp_path, "tmpfs", 1)
    try:
        result = fio(mode, filename=small / "data", rw="write", bs="96k", fallocate="none",
                     size="8m")
    finally:
        subprocess.run(["umount", small], check=True)
    assert result.status != 0
    assert result.job["write"]["short_ios"] == 1
    assert result.job["error"] == errno.ENOSPC


@pytest.mark.parametrize("process", ["thread", "fork"])
def test_several_jobs_and_files(fio, tmp_path, evidence, mode, process):
    result = fio(mode, directory=tmp_path, rw="randrw", numjobs=3, nrfiles=4, iodepth=8, size="1m",
                 verify="crc32c", thread=None if process == "thread" else False,
                 pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    assert [j["error"] for j in result.data["jobs"]] == [0, 0, 0]
    assert len(evidence()) == 3
    for said in evidence():
        assert said["offload"] == mode
        assert said["depth"] == 8
        assert said["write"]["issued"] >= 100


def test_batches_are_submitted_and_reaped(fio, tmp_path, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randread", iodepth=32, iodepth_batch=8,
                 iodepth_batch_complete_min=4, iodepth_batch_complete_max=16, iodepth_low=8)
    assert result.status == 0, result.said
    assert result.job["read"]["total_ios"] == 1024


def test_counts_every_io(fio, tmp_path, evidence, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randrw", iodepth=16, fsync=32,
                 pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    said = evidence()[0]
    assert said["read"]["issued"] == result.job["read"]["total_ios"]
    assert said["write"]["issued"] == result.job["write"]["total_ios"]
    assert said["other"]["issued"] >= result.job["sync"]["total_ios"] > 0
    if mode in OURS:
        for direction in ("read", "write", "other"):
            counts = said[direction]
            ways = ("inline", "pooled", "helped", "sqthread", "acall",
                    *(["waited"] if mode == "punt" else []))
            assert sum(counts.get(way, 0) for way in ways) == counts["issued"]
    else:
        assert mode in KERNELS


def test_a_replayed_log_keeps_its_pauses(fio, tmp_path, mode):
    """Five reads 100 ms apart: fio waits from the issue of one to that of the next."""
    name = tmp_path / "data"
    name.write_bytes(b"x" * 65536)
    reads = "".join(f"{100_000 * i} {name} read {4096 * i} 4096\n" for i in range(5))
    (tmp_path / "log").write_text(f"fio version 3 iolog\n0 {name} add\n0 {name} open\n{reads}"
                                  f"400000 {name} close\n")
    result = fio(mode, read_iolog=tmp_path / "log", iodepth=4, rw="read", size=False)
    assert result.status == 0, result.said
    assert result.job["read"]["total_ios"] == 5
    assert result.job["read"]["runtime"] >= 250


def test_sigint_ends_it_with_hundreds_in_flight(tmp_path, mode):
    name = tmp_path / "data"
    log = tmp_path / "log"
    with open(log, "w") as output:
        running = subprocess.Popen(
            [fio_binary(), "--name=t", f"--ioengine=external:{ENGINE}", f"--offload={mode}",
             f"--filename={name}", "--size=64m", "--rw=randwrite", "--bs=4k", "--iodepth=256",
             "--direct=1", "--time_based", f"--runtime={10 * HANG_S}", "--status-interval=100ms"],
            stdout=output, stderr=subprocess.STDOUT)
    # It is in the middle of its I/O once it has reported some.
    limit = time.monotonic() + HANG_S
    while "IOPS=" not in log.read_text() and time.monotonic() < limit:
        assert running.poll() is None, log.read_text()
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    running.wait(timeout=HANG_S)
    assert "terminating on signal 2" in log.read_text()
    assert running.returncode == 128  # as with any engine


@pytest.mark.parametrize("after", [0, 0.4])
def test_sigint_ends_16_threads_whatever_they_are_at(tmp_path, mode, after):
    """As they start, and as they read."""
    log = tmp_path / "log"
    with open(log, "w") as output:
        running = subprocess.Popen(
            [fio_binary(), "--name=t", "--thread", "--numjobs=16", f"--ioengine=external:{ENGINE}",
             f"--offload={mode}", f"--filename={tmp_path}/data", "--size=4m", "--rw=randread",
             "--iodepth=32", "--time_based", "--runtime=60"],
            stdout=output, stderr=subprocess.STDOUT)
    try:
        interrupt_when_caught(running, after)
        running.wait(timeout=HANG_S)
    finally:
        running.kill()
        running.wait()
    assert "terminating on signal 2" in log.read_text()
    assert running.returncode == 128


def test_a_replay_is_over_only_when_its_last_io_is(fio, tmp_path, evidence, mode):
    """fio does not ask for the last ones, and frees their buffers."""
    name = tmp_path / "data"
    assert fio(mode, filename=name, rw="randread", size="1m",
               write_iolog=tmp_path / "log").status == 0
    result = fio(mode, read_iolog=tmp_path / "log", iodepth=16, direct=1, rw=False, size=False,
                 replay_no_stall=1, pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    assert evidence()[0]["read"]["issued"] == 256
