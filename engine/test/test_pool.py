# SPDX-License-Identifier: GPL-2.0-only
"""Whose pool it is (wq_scope=), and what is left when nothing is read or written (target=)."""

import pytest
from conftest import ENGINE, MODES, refused

WITHOUT_CALLS = [mode for mode in MODES if not mode.startswith("acall")]


def two_jobs(fio, tmp_path, mode, *threads, first={}, second={}):
    """Two jobs at once, each on a file of its own."""
    both = {"rw": "randrw", "size": "1m", "bs": "4k", "iodepth": 8, "verify": "crc32c",
            "wq_scope": "process"}
    other = {"name": "second", "ioengine": f"external:{ENGINE}", "offload": mode, **both,
             "filename": tmp_path / "second", "pool_stats": tmp_path / "evidence", **second}
    this = {**both, "filename": tmp_path / "first", "pool_stats": tmp_path / "evidence", **first}
    return fio(mode, *threads,
               *(f"--{option}={value}" for option, value in other.items() if value is not False),
               *threads, **this)


@pytest.mark.parametrize("mode", ["sqwq", "punt", "hashed"])
def test_jobs_share_a_pool_and_keep_every_byte(fio, tmp_path, evidence, mode):
    result = two_jobs(fio, tmp_path, mode, "--thread")
    assert result.status == 0, result.said
    assert [job["error"] for job in result.data["jobs"]] == [0, 0]
    for said in evidence():
        assert said["read"]["issued"] > 0 and said["write"]["issued"] > 0


@pytest.mark.parametrize("shared", ["job", "process"])
def test_what_is_counted_is_the_pools(fio, tmp_path, evidence, shared):
    """One job writes by the pool, and ends first. The other only reads, and sees those writes if
    the pool is shared."""
    result = two_jobs(fio, tmp_path, "sqwq", "--thread",
                      first={"rw": "write", "size": "2m", "verify": False, "wq_scope": shared},
                      second={"rw": "read", "size": "64k", "verify": False, "rate_iops": 30,
                              "wq_scope": shared})
    assert result.status == 0, result.said
    reader = next(said for said in evidence() if said["read"]["issued"])
    assert (reader["enqueued"] > reader["read"]["issued"]) == (shared == "process")


def test_as_processes_each_job_has_its_own(fio, tmp_path, evidence):
    result = two_jobs(fio, tmp_path, "sqwq", second={"max_bounded": 3})
    assert result.status == 0, result.said
    assert len(evidence()) == 2


@pytest.mark.parametrize("option, other", [("max_bounded", 3), ("max_unbounded", 5), ("idle_ms", 7),
                                           ("spin_us", 1), ("worker_cpus", 0),
                                           ("sleep_hook", "none"), ("placement", "interleave")])
def test_jobs_that_share_a_pool_agree_on_its_limits(fio, tmp_path, option, other):
    result = two_jobs(fio, tmp_path, "sqwq", "--thread", first={"time_based": None, "runtime": 1},
                      second={"startdelay": "300ms", option: other})
    refused(result, f"wq_scope=process: another job has given another {option}")


@pytest.mark.parametrize("mode", WITHOUT_CALLS)
def test_nothing_is_read_or_written_with_target_null(fio, tmp_path, mode):
    data = tmp_path / "data"
    data.write_bytes(b"x" * 65536)
    result = fio(mode, filename=data, rw="randrw", size="64k", io_size="8m", norandommap=1,
                 iodepth=8, fsync=32, target="null")
    assert result.status == 0, result.said
    assert result.job["read"]["total_ios"] + result.job["write"]["total_ios"] == 2048
    assert data.read_bytes() == b"x" * 65536


@pytest.mark.parametrize("mode", ["acall", "acall_pool"])
def test_target_null_is_refused_where_it_would_leave_nothing(fio, tmp_path, mode):
    refused(fio(mode, filename=tmp_path / "data", target="null"), mode, "target=null")


@pytest.mark.parametrize("name", ["wq_scope", "target"])
def test_an_unknown_value_is_refused(fio, tmp_path, name):
    result = fio("sqwq", filename=tmp_path / "data", **{name: "nosuch"})
    assert result.status != 0 and "nosuch" in result.said
