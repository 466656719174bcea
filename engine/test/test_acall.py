# SPDX-License-Identifier: GPL-2.0-only
"""The acall modes: where threads run out, and limits."""

import errno
import os

import pytest

from conftest import ENGINE, HANG_S

ACALLS = ["acall", "acall_pool"]
GIB = 1 << 30


def with_stacks_of(gib, room):
    """Runs fio where each thread's stack takes that much of the address space there is."""
    return ["prlimit", f"--stack={gib * GIB}", f"--as={int(room * GIB)}"]


def test_what_gets_no_thread_waits_for_one(fio, tmp_path, evidence):
    """Room for a few threads, 64 wanted."""
    result = fio("acall", filename=tmp_path / "data", rw="randwrite", verify="crc32c", direct=1,
                 iodepth=64, size="1m", prefix=with_stacks_of(1, 5),
                 pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    assert result.job["write"]["total_ios"] == 256
    assert evidence()[0]["refused"] > 0


@pytest.mark.parametrize("mode", ACALLS)
def test_no_thread_at_all_is_an_error_and_no_hang(fio, tmp_path, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randwrite", iodepth=64, size="1m",
                 prefix=with_stacks_of(4, 3), timeout=HANG_S)
    assert result.status != 0
    assert os.strerror(errno.EAGAIN) in result.said


@pytest.mark.parametrize("mode", ACALLS)
def test_a_limit_of_threads_loses_nothing(fio, tmp_path, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randwrite", verify="crc32c", iodepth=32,
                 size="1m", max_bounded=2)
    assert result.status == 0, result.said
    assert result.job["write"]["total_ios"] == 256


def test_a_reap_waits_for_as_many_as_asked_where_threads_are_few(fio, tmp_path):
    """At its end fio asks each job for all that is in flight, 31 or 32 calls; two run at a time."""
    result = fio("acall", directory=tmp_path, rw="randwrite", iodepth=32, size="128k", numjobs=16,
                 max_bounded=2)
    assert result.status == 0, result.said
    assert [job["jobname"] for job in result.data["jobs"]
            if not job["iodepth_complete"]["32"]] == []


def two_jobs(tmp_path, first, second, *more):
    return [f"--filename={tmp_path}/data", f"--max_bounded={first}", *more, "--name=u",
            f"--ioengine=external:{ENGINE}", "--offload=acall_pool", f"--filename={tmp_path}/data",
            "--size=1m", "--time_based", "--runtime=100ms", f"--max_bounded={second}", *more]


def test_two_limits_of_one_processs_pool_are_refused_in_one_line(fio, tmp_path):
    result = fio("acall_pool", *two_jobs(tmp_path, 2, 3, "--thread"), rw="read", size="1m",
                 time_based=None, runtime="100ms")
    said = {line for line in result.said.splitlines()
            if line.startswith("iowq:")}  # in the output, and beside it
    assert result.status != 0
    assert len(said) == 1
    assert "one pool a process" in said.pop()


@pytest.mark.parametrize("second, more", [(2, ["--thread"]), (3, [])])
def test_one_limit_or_a_process_each_are_taken(fio, tmp_path, second, more):
    result = fio("acall_pool", *two_jobs(tmp_path, 2, second, *more), rw="read", size="1m")
    assert result.status == 0, result.said
