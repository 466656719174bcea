# SPDX-License-Identifier: GPL-2.0-only
"""Each mode takes its own path: what pool_stats= counted."""

import re
import shutil

import pytest


@pytest.fixture
def counted(fio, tmp_path, evidence):
    def run(mode, **options):
        options = {"filename": tmp_path / "data", "iodepth": 8, **options}
        result = fio(mode, pool_stats=tmp_path / "evidence", **options)
        assert result.status == 0, result.said
        return evidence()[0]
    return run


def test_punt_reads_what_is_cached_inline(counted):
    reads = counted("punt", rw="randread", invalidate=0, pre_read=1)["read"]
    assert reads["inline"] == reads["issued"] == 1024


def test_punt_waits_itself_for_reads_that_it_has_begun(counted):
    """The first read of each 4 KiB block of a file dropped from the cache misses, but for
    readahead. On a device that reads one after another, it may in time look as if a try began no
    read."""
    said = counted("punt", rw="randread", invalidate=1, fadvise_hint="random", iodepth=16)
    reads = said["read"]
    assert reads["waited"] > 0
    assert reads["waited"] + reads["pooled"] == reads["nowait_miss"]
    assert reads["pooled"] > 0 or said["workers_created"] == 0


def test_workers_do_not_wait_for_reads_that_they_have_begun(counted):
    said = counted("sqwq", rw="randread", invalidate=1, fadvise_hint="random", iodepth=16)
    assert said["read"]["waited"] > 0
    assert said["peak_blocked"] <= 1 or said["read"]["waited"] < said["read"]["nowait_miss"]


@pytest.mark.parametrize("mode", ["punt", "sqwq"])
def test_a_write_that_is_flushed_is_a_workers(counted, file_system, mode):
    """XFS takes RWF_NOWAIT for buffered writes, and then waits for the device all the same."""
    writes = counted(mode, filename=file_system("xfs") / f"flushed.{mode}", rw="randwrite",
                     size="256k", sync="dsync", overwrite=1)["write"]
    assert writes["pooled"] == writes["issued"] == 64
    assert writes["helped"] == writes["nowait_miss"] == 0


def test_punt_sends_o_direct_by_linux_aio(counted):
    """What would block before it is sent (finding space, for one) is for the pool."""
    said = counted("punt", rw="randrw", direct=1)
    for way in ("read", "write"):
        assert said[way]["aio"] + said[way]["pooled"] == said[way]["issued"]
        assert said[way]["pooled"] == said[way]["nowait_miss"] + said[way]["nowait_refused"]
    assert said["read"]["aio"] > 0


@pytest.mark.parametrize("mode", ["sqwq", "hashed"])
def test_workers_send_o_direct_by_linux_aio(counted, mode):
    """With CPUs of their own they get no help."""
    said = counted(mode, rw="randrw", direct=1, iodepth=16, worker_cpus=0)
    for way in ("read", "write"):
        assert said[way]["aio"] == said[way]["pooled"] == said[way]["issued"]


def test_the_submitter_sends_o_direct_itself_where_a_worker_would_be_woken_for_each(counted):
    """A job of depth 1 waits for each, so no other ever follows it. Now and then handing over is
    tried again."""
    reads = counted("sqwq", rw="randread", direct=1, iodepth=1)["read"]
    assert reads["aio"] == reads["issued"] == 1024
    assert 0 < reads["pooled"] < 16
    assert reads["helped"] + reads["pooled"] == reads["issued"]


def test_punt_never_tries_o_direct_inline(counted):
    said = counted("punt", rw="randrw", direct=1, direct_by="pool")
    for way in ("read", "write"):
        assert said[way]["pooled"] == said[way]["issued"]
        assert said[way]["nowait_miss"] == said[way]["nowait_refused"] == 0


def test_punt_writes_inline_where_the_file_system_takes_rwf_nowait(counted, file_system):
    xfs = file_system("xfs") / "inline"
    writes = counted("punt", rw="randwrite", filename=xfs, overwrite=1, pre_read=1,
                     invalidate=0)["write"]
    assert writes["inline"] > 0
    assert writes["inline"] + writes["pooled"] == writes["issued"]


def test_punted_writes_to_one_file_wait_for_each_other(counted, file_system):
    """ext4 takes no RWF_NOWAIT for buffered writes."""
    said = counted("punt", rw="randwrite", filename=file_system("ext4") / "hashed", iodepth=32)
    assert said["write"]["pooled"] > 0
    assert said["chain_waits"] > 0


def test_handoff_never_waits_for_a_device_while_others_are_to_be_issued(counted):
    said = counted("handoff", rw="randread", direct=1, iodepth=8)["read"]
    assert said["sqthread"] == said["handed_over"] == said["issued"]


def test_handoff_hands_nothing_over_for_reads_that_it_has_begun(counted):
    said = counted("handoff", rw="randread", invalidate=1, fadvise_hint="random")["read"]
    assert said["waited"] > 0
    assert said["waited"] + said["handed_over"] == said["nowait_miss"]


def test_punt_stays_inline_on_tmpfs(counted, file_system):
    said = counted("punt", rw="randrw", filename=file_system("tmpfs") / "paths")
    for way in ("read", "write"):
        assert said[way]["inline"] == said[way]["issued"]
    assert said["workers_created"] == 0


def test_punt_remembers_a_file_systems_refusal(counted, file_system):
    """ext4 refuses RWF_NOWAIT for buffered writes: once is enough to learn that."""
    writes = counted("punt", rw="randwrite", filename=file_system("ext4") / "paths")["write"]
    assert writes["nowait_refused"] in (0, 1)
    assert writes["pooled"] + writes["inline"] == writes["issued"]


@pytest.mark.parametrize("mode", ["sqwq", "hashed"])
def test_the_pool_takes_every_io(counted, mode):
    said = counted(mode, rw="randrw", fsync=16)
    for way in ("read", "write", "other"):
        assert said[way]["pooled"] + said[way]["helped"] == said[way]["issued"] > 0


def test_a_submitter_that_waits_helps_unless_the_workers_have_cpus_of_their_own(counted):
    cached = dict(rw="randread", iodepth=32, invalidate=0, loops=20)
    assert counted("sqwq", **cached)["read"]["helped"] > 0
    apart = counted("sqwq", worker_cpus=0, **cached)["read"]
    assert apart["helped"] == 0 and apart["pooled"] == apart["issued"]


@pytest.mark.parametrize("mode", ["sqwq", "hashed", "punt"])
def test_syncs_of_one_file_are_merged_unless_told_otherwise(counted, mode):
    often = dict(rw="write", fsync=1, iodepth=16)
    merged = counted(mode, **often)["other"]
    assert 0 < merged["merged"] < merged["pooled"] == merged["issued"]
    assert counted(mode, merge_syncs=0, **often)["other"]["merged"] == 0


def test_hashed_writes_to_one_file_wait_for_each_other(counted):
    assert counted("hashed", rw="randwrite", iodepth=32)["chain_waits"] > 0


def test_writes_without_a_hash_do_not(counted):
    assert counted("sqwq", rw="randwrite", iodepth=32)["chain_waits"] == 0


def test_reads_are_never_hashed(counted):
    assert counted("hashed", rw="randread", iodepth=32)["chain_waits"] == 0


def test_o_direct_writes_are_not_hashed(counted):
    assert counted("hashed", rw="randwrite", iodepth=32, direct=1)["chain_waits"] == 0


def test_blocked_workers_are_made_up_for(counted):
    said = counted("sqwq", rw="randread", direct=1, iodepth=16, direct_by="pool")
    assert said["peak_blocked"] > 8
    assert said["workers_created"] <= 16


def test_copies_from_the_cache_need_one_worker(counted):
    said = counted("sqwq", rw="randread", invalidate=0, pre_read=1, iodepth=32)
    assert said["workers_created"] == 1


def wakes_by_the_submitter(fio, tmp_path, **options):
    """How often it has made a system call to wake the submission thread, which makes the reads."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    trace = tmp_path / "trace"
    result = fio("sqthread", filename=tmp_path / "data", rw="randread", size="256k", invalidate=0,
                 pre_read=1, rate_iops=500,
                 prefix=["strace", "-f", "-qq", "-o", trace, "-e", "trace=futex,pread64"],
                 **options)
    assert result.status == 0, result.said
    calls = [line.split(None, 1) for line in trace.read_text().splitlines()]
    submission_thread = {tid for tid, call in calls if call.startswith("pread64(")}
    wake = re.compile(r"FUTEX_WAKE_PRIVATE, 1\b")
    return sum(bool(wake.search(call)) for tid, call in calls if tid not in submission_thread)


def test_submitting_costs_no_system_call_while_the_submission_thread_is_awake(fio, tmp_path):
    assert wakes_by_the_submitter(fio, tmp_path, sqthread_idle_ms=60000) < 5
    assert wakes_by_the_submitter(fio, tmp_path, sqthread_idle_ms=0) > 10
