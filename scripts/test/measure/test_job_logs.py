# SPDX-License-Identifier: MIT
"""What a job says of logs and statistics does not change what the comparison has fio write."""

import os

import pytest
from conftest import LOGGED_JOB
from suite.store.folder import Folder

LINES = [
    "", "log_unix_epoch=1", "log_alternate_epoch=1",
    "log_alternate_epoch=1\nlog_alternate_epoch_clock_id=0", "log_compression=1m",
    "log_compression=1m\nlog_store_compressed=1", "log_compression=1m\nlog_compression_cpus=0",
    "log_offset=1", "log_prio=1", "log_max_value=1", "log_entries=2048", "log_avg_msec=1",
    "log_avg_msec=100000", "write_hist_log=mine\nlog_hist_msec=10\nlog_hist_coarseness=2",
    "bwavgtime=10", "iopsavgtime=10", "per_job_logs=0", "write_bw_log=mine", "write_lat_log=mine",
    "write_iops_log=mine", "disable_lat=1", "disable_clat=1", "disable_slat=1", "disable_bw=1",
    "disable_bw_measurement=1", "gtod_reduce=1", "unified_rw_reporting=1", "clat_percentiles=1",
    "slat_percentiles=1", "lat_percentiles=0", "percentile_list=50", "significant_figures=1",
    "disk_util=0", "group_reporting", "group_reporting\nnumjobs=2", "numjobs=2\nper_job_logs=0",
]


def in_few_jobs(lines):
    """The same lines in as few jobs as can be, where none says one option twice."""
    jobs = []
    for new in filter(None, lines):
        keys = {line.split("=")[0] for line in new.split("\n")}
        job = next((job for job in jobs if not keys & job.keys()), None)
        if job is None:
            jobs.append(job := {})
        job.update((line.split("=")[0], line) for line in new.split("\n"))
    return ["", *("\n".join(job.values()) for job in jobs)]


@pytest.mark.parametrize("lines", LINES if os.environ.get("IOWQ_FULL") else in_few_jobs(LINES))
def test_the_comparisons_own_logs_and_figures_are_there(job_file, compare, tmp_path, lines):
    done = compare(job_file(f"{LOGGED_JOB}{lines}\n"))
    assert done.returncode == 0, done.stderr
    folder = Folder(tmp_path / "results")
    ((_, record, figures),) = folder.finished()
    assert set(record["flags"]) <= {"uneven"}, "the machine may be busy"
    assert figures.latency == "total" and len(figures.bins) > 1
    times = [ms for ms, _ in record["iops_over_time"]]
    # From the start of the run, in the comparison's own windows.
    assert len(times) > 1 and times == sorted(times)
    assert all(ms % 50 == 0 and 0 <= ms < 60_000 for ms in times)
    mean = sum(rate for _, rate in record["iops_over_time"]) / len(times)
    assert 0.3 * figures.iops < mean < 3 * figures.iops
    assert not list((tmp_path / "scratch").rglob("*.log*"))


def test_a_job_of_which_fio_tells_nothing_is_refused(job_file, compare):
    done = compare(job_file(f"{LOGGED_JOB}stats=0\n"))
    assert done.returncode == 2 and "stats=0" in done.stderr and done.stderr.count("\n") == 1


def test_neither_does_what_a_mode_says(job_file, compare):
    done = compare(job_file(), "fio:psync+log_unix_epoch=1")
    assert done.returncode == 2 and "log_unix_epoch is set by the comparison" in done.stderr
