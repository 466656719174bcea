# SPDX-License-Identifier: GPL-2.0-only
"""Files that are not plain: FIFOs, ranges beyond 4 GiB, zones. And a job without memory."""

import array
import fcntl
import os
import re
import shutil
import subprocess
import termios
import threading
import time

import pytest

from conftest import HANG_S, KERNELS, MODES, OURS

KIB = 1024


@pytest.fixture
def fifo(tmp_path):
    """A FIFO that this process holds open too: no open of it blocks, and no end of file comes."""
    name = tmp_path / "fifo"
    os.mkfifo(name)
    held = os.open(name, os.O_RDWR)
    yield name, held
    os.close(held)


@pytest.mark.parametrize("mode", MODES)
def test_reads_a_fifo(fio, fifo, evidence, tmp_path, mode):
    """Whole pages, so that no read comes back short: fio's own sums go wrong then."""
    name, held = fifo

    def feed():
        for _ in range(64):
            os.write(held, b"x" * 4096)

    threading.Thread(target=feed, daemon=True).start()
    result = fio(mode, filename=name, rw="read", iodepth=4, size="256k", timeout=HANG_S,
                 pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    assert result.job["read"]["io_bytes"] == 256 * KIB
    if mode in ("sqwq", "hashed"):
        reads = evidence()[0]["read"]
        assert reads["pooled"] + reads["helped"] == reads["issued"] == 64


def unread(fd):
    waiting = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, waiting)
    return waiting[0]


@pytest.mark.parametrize("mode", MODES)
def test_the_rest_of_a_short_read_is_asked_for(fio, fifo, mode):
    name, held = fifo
    os.write(held, b"x" * 1000)

    def feed():
        while unread(held):
            time.sleep(0.001)
        os.write(held, b"x" * 7192)

    threading.Thread(target=feed, daemon=True).start()
    result = fio(mode, filename=name, rw="read", size="8k", timeout=HANG_S)
    assert result.status == 0, result.said
    assert result.job["read"]["short_ios"] == 1
    assert unread(held) == 0


@pytest.mark.parametrize("mode", MODES)
def test_writes_a_fifo(fio, fifo, mode):
    name, held = fifo
    got = bytearray()

    def drain():
        while len(got) < 256 * KIB:
            got.extend(os.read(held, 65536))

    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    result = fio(mode, filename=name, rw="write", iodepth=4, size="256k", buffer_pattern="0x5a")
    assert result.status == 0, result.said
    reader.join(timeout=HANG_S)
    assert bytes(got) == b"\x5a" * 256 * KIB
    assert result.job["write"]["io_bytes"] == 256 * KIB


def test_a_fifos_io_runs_on_unbound_workers(fio, fifo, evidence, tmp_path):
    """Bound ones that block would be made up for, up to the depth of 16."""
    name, held = fifo

    def feed():
        for _ in range(16):
            while unread(held):
                time.sleep(0.001)
            os.write(held, b"x" * 4096)

    threading.Thread(target=feed, daemon=True).start()
    result = fio("sqwq", filename=name, rw="read", iodepth=16, max_unbounded=2, size="64k",
                 timeout=HANG_S, pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    assert evidence()[0]["workers_created"] <= 2


@pytest.mark.parametrize("mode", KERNELS + ["sqwq"])
def test_a_range_beyond_4_gib_is_synced_whole(fio, tmp_path, mode):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    result = fio(mode, filename=tmp_path / "data", rw="randwrite", size="9g", io_size="128k",
                 iodepth=4, fallocate="none", sync_file_range="write:16", overwrite=0, unlink=1,
                 prefix=["strace", "-f", f"-o{trace}", "-etrace=sync_file_range"])
    assert result.status == 0, result.said
    lengths = [int(n) for n in re.findall(r"sync_file_range\(\d+, \d+, (\d+)", trace.read_text())]
    assert lengths and max(lengths) > 1 << 32


@pytest.mark.parametrize("mode", MODES)
def test_zones_of_a_plain_file_are_emulated_by_fio(fio, tmp_path, mode):
    name = tmp_path / "data"
    name.touch()
    os.truncate(name, 2 << 20)  # fio looks at the size before it would make the file
    result = fio(mode, filename=name, rw="randwrite", zonemode="zbd", zonesize="256k", size="2m",
                 iodepth=8, direct=1, verify="crc32c")
    assert result.status == 0, result.said
    assert result.job["write"]["total_ios"] > 0


@pytest.mark.parametrize("mode", ["punt", "uring"])
def test_zones_of_a_zoned_device(fio, mode):
    """null_blk zoned=1, if this kernel has it."""
    modprobe = shutil.which("modprobe", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    zoned = ["null_blk", "zoned=1", "gb=1", "zone_size=4", "memory_backed=1"]
    if (not modprobe or subprocess.run([modprobe, *zoned], capture_output=True).returncode
            or not os.path.exists("/dev/nullb0")):
        pytest.skip("there is no zoned null_blk here")
    try:
        for load in ("write", "trim"):
            result = fio(mode, filename="/dev/nullb0", rw=load, zonemode="zbd", size="16m",
                         bs="64k", iodepth=4, direct=1)
            assert result.status == 0, result.said
    finally:
        subprocess.run([modprobe, "-r", "null_blk"], check=True)


FAILS_AT = 2000  # bytes: a string of that length cannot be had
NO_MEMORY = """
#include <cstdlib>
#include <new>
void *operator new(std::size_t n) {
    if (n >= %d && n < %d + 500)
        throw std::bad_alloc();
    return malloc(n);
}
""" % (FAILS_AT, FAILS_AT)


@pytest.mark.parametrize("mode", OURS[:1] + KERNELS[:1])
def test_no_memory_for_a_path_is_said(fio, tmp_path, mode):
    compiler = shutil.which("g++")
    if not compiler:
        pytest.skip("g++ is not installed")
    (tmp_path / "new.cc").write_text(NO_MEMORY)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", tmp_path / "new.so", tmp_path / "new.cc"],
                   check=True)
    long_path = f"{tmp_path}/" + "./" * (FAILS_AT // 2) + "evidence"
    result = fio(mode, filename=tmp_path / "data", rw="read", size="64k", pool_stats=long_path,
                 prefix=["env", f"LD_PRELOAD={tmp_path / 'new.so'}"])
    assert result.status >= 0, result.said  # not killed by a signal
    assert "Cannot allocate memory" in result.said
    assert result.job["read"]["total_ios"] == 16
