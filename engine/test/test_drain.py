# SPDX-License-Identifier: GPL-2.0-only
"""fsync_order=drain: a sync waits for all before it, and all after it waits for the sync."""

import re
import shutil

import pytest

from conftest import HANG_S, KERNELS, MODES, turns

CALL = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed)")


def overlaps(trace):
    """Pairs of a sync and another call of which neither had ended when the other began. strace sees
    a call's end before the engine does, so what the engine keeps apart is apart here too."""
    running, found = {}, []
    for line in trace.splitlines():
        call = CALL.match(line)
        if not call:
            continue
        thread, name = line.split()[0], call.group(1)
        if "resumed" not in line:
            found += [(name, other) for other in running.values()
                      if "sync" in name or "sync" in other]
            running[thread] = name
        if "<unfinished" not in line:
            running.pop(thread, None)
    return found


def traced(fio, tmp_path, mode, **options):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    calls = "pread64,preadv2,pwrite64,pwritev2,fsync,fdatasync,sync_file_range"
    result = fio(mode, filename=tmp_path / "data", iodepth=16, pool_stats=tmp_path / "evidence",
                 prefix=["strace", "-f", f"-o{trace}", f"-etrace={calls}"], **options)
    assert result.status == 0, result.said
    return trace.read_text()


@pytest.mark.parametrize("mode,sync", [("sqwq", {"fsync": 4}), ("punt", {"fdatasync": 4}),
                                       ("hashed", {"fsync": 3}), ("sqthread", {"fsync": 4}),
                                       ("inline", {"fsync": 4}),
                                       ("sqwq", {"sync_file_range": "write:4"})])
def test_no_call_is_under_way_beside_a_sync(fio, tmp_path, evidence, mode, sync):
    trace = traced(fio, tmp_path, mode, rw="randrw", direct=1, direct_by="pool", size="256k",
                   fsync_order="drain", **sync)
    assert trace.count("sync") >= 5
    assert trace.count("pwrite64(") >= 20
    assert overlaps(trace) == []
    assert evidence()[0]["other"]["issued"] >= 5


def test_without_the_order_they_do_overlap(fio, tmp_path):
    """So that the test above can fail."""
    assert overlaps(traced(fio, tmp_path, "sqwq", rw="randwrite", direct=1, direct_by="pool",
                           size="512k", fsync=4))


@pytest.mark.parametrize("mode,batch", turns(
    MODES, [{"iodepth_batch_complete_min": 0, "iodepth_batch_complete_max": 16},
                {"iodepth_batch": 8, "iodepth_batch_complete_min": 6, "iodepth_low": 2}]))
def test_drained_syncs_lose_nothing(fio, tmp_path, evidence, mode, batch):
    result = fio(mode, filename=tmp_path / "data", rw="randrw", iodepth=16, size="512k",
                 verify="crc32c", fsync=5, fsync_order="drain", pool_stats=tmp_path / "evidence",
                 **batch)
    assert result.status == 0, result.said
    said = evidence()[0]
    assert said["write"]["issued"] == result.job["write"]["total_ios"] > 0
    assert said["other"]["issued"] >= result.job["write"]["total_ios"] // 5


@pytest.mark.parametrize("mode", ["sqwq", "uring", "uring_sqpoll"])
@pytest.mark.parametrize("load", ["trimwrite", "randtrim"])
def test_trims_are_drained_too(fio, loop_device, mode, load):
    """A counterpart trims a device by a system call of its own, so the engine keeps the order."""
    result = fio(mode, filename=loop_device, rw=load, bs="16k", iodepth=8, size="1m", fsync=4,
                 fsync_order="drain")
    assert result.status == 0, result.said
    assert result.job["trim"]["total_ios"] > 0


@pytest.mark.parametrize("mode", KERNELS)
def test_the_kernel_defers_drained_syncs(fio, tmp_path, mode):
    if not shutil.which("perf"):
        pytest.skip("perf is not installed")
    counts = tmp_path / "perf"

    def deferred(order):
        result = fio(mode, filename=tmp_path / "data", rw="randwrite", direct=1, iodepth=16,
                     size="512k", fsync=4, fsync_order=order,
                     prefix=["perf", "stat", "-x,", f"-o{counts}", "-eio_uring:io_uring_defer"])
        if result.data is None:
            pytest.skip("perf cannot count io_uring:io_uring_defer here")
        assert result.status == 0, result.said
        return int(re.search(r"^(\d+),,io_uring", counts.read_text(), re.M).group(1))

    assert deferred("none") == 0
    assert deferred("drain") > 0


@pytest.mark.parametrize("mode", ["sqwq", *KERNELS])
def test_all_at_once_may_be_waited_for(fio, tmp_path, mode):
    """Deferred completions once did not come here: they and the syncs waited for each other."""
    result = fio(mode, filename=tmp_path / "data", rw="randwrite", direct=1, size="512k",
                 iodepth=16, fsync=4, fsync_order="drain", iodepth_batch_complete_min=16,
                 iodepth_batch_complete_max=16, timeout=HANG_S)
    assert result.status == 0, result.said
