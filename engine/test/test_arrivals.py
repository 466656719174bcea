# SPDX-License-Identifier: GPL-2.0-only
"""arrival_rate=: I/Os that arrive by a schedule of their own, and latency from then on. On a busy
machine an I/O may be late; no test asks for more than that it is not early."""

import errno
import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import time

import pytest

from conftest import (ENGINE, HANG_S, KERNELS, MODES, REPO, fio_binary, interrupt_when_caught,
                      refused)
from test_cancel import limit_files

RATE = 2000


@pytest.fixture(scope="module")
def arrivals_of(tmp_path_factory):
    """The schedule itself: arrivals_of(rate, seed, job, count), in nanoseconds."""
    if not shutil.which("g++"):
        pytest.skip("g++ is not installed")
    program = tmp_path_factory.mktemp("gaps") / "gaps"
    subprocess.run(["g++", "-std=gnu++20", f"-I{REPO}", f"{REPO}/engine/test/gaps.cc",
                    f"{REPO}/build/engine/arrivals.o", "-pthread", "-o", program], check=True)

    def run(*arguments):
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                              check=True, timeout=HANG_S)
        return [float(line) for line in done.stdout.split()]

    return run


@pytest.mark.parametrize("rate", [10, 12345, 1000000])
def test_the_gaps_are_exponential(arrivals_of, rate):
    at = arrivals_of(rate, 42, 1, 100000)
    gaps = sorted((b - a) * rate / 1e9 for a, b in zip([0, *at], at))
    assert gaps[0] >= 0
    assert statistics.fmean(gaps) == pytest.approx(1, abs=0.02)  # six deviations
    assert statistics.pvariance(gaps) == pytest.approx(1, abs=0.06)
    # Kolmogorov and Smirnov's distance; one of 100000 passes 0.0071 in a run of 10000.
    distance = max(abs(1 - math.exp(-gap) - i / len(gaps)) for i, gap in enumerate(gaps))
    assert distance < 0.0071


def test_the_gaps_know_nothing_of_each_other(arrivals_of):
    at = arrivals_of(1, 7, 1, 100000)
    gaps = [(b - a) / 1e9 for a, b in zip([0, *at], at)]
    mean = statistics.fmean(gaps)
    together = statistics.fmean((a - mean) * (b - mean) for a, b in zip(gaps, gaps[1:]))
    assert abs(together / statistics.pvariance(gaps)) < 0.02


def test_a_schedule_is_of_its_seed_and_job(arrivals_of):
    assert arrivals_of(1000, 1, 1, 50) == arrivals_of(1000, 1, 1, 50)
    assert len({tuple(arrivals_of(1000, seed, job, 50))
                for seed in (0, 1, 1 << 40) for job in (1, 2)}) == 6


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_keeps_every_byte_and_the_schedule(fio, tmp_path, evidence, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randrw", verify="crc32c", iodepth=8,
                 size="1m", fsync=16, arrival_rate=RATE, pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    said = evidence()[0]
    assert said["arrival_rate"] == RATE
    assert said["arrivals"] == 256  # the fsyncs, and reading back, are not of the load
    assert said["behind_max_ns"] >= said["behind_mean_ns"] >= 0
    assert said["schedule_ns"] > 0
    assert result.job["job_runtime"] >= said["schedule_ns"] / 1e6 - 1


@pytest.mark.parametrize("mode", ["inline", "sqwq", "uring"])
def test_no_more_are_done_than_arrive(fio, tmp_path, evidence, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randread", iodepth=32, number_ios=600,
                 invalidate=0, arrival_rate=RATE, pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    said, read = evidence()[0], result.job["read"]
    assert said["arrivals"] == read["total_ios"] == 600
    assert read["iops"] <= 600 / (said["schedule_ns"] / 1e9) * 1.01
    # Nothing is issued before its arrival, or done before it was issued.
    assert read["slat_ns"]["min"] >= 0 and read["clat_ns"]["min"] >= 0
    both = read["slat_ns"]["mean"] + read["clat_ns"]["mean"]
    assert read["lat_ns"]["mean"] == pytest.approx(both, rel=0.01)
    assert read["slat_ns"]["max"] == pytest.approx(said["behind_max_ns"], abs=1000)


def schedules(fio, tmp_path, evidence, **options):
    result = fio("punt", filename=tmp_path / "data", rw="randread", target="null", number_ios=200,
                 invalidate=0, arrival_rate=20000, pool_stats=tmp_path / "evidence", **options)
    assert result.status == 0, result.said
    return [said["schedule_ns"] for said in evidence()]


def test_the_same_seed_makes_the_same_arrivals(fio, tmp_path, evidence, arrivals_of):
    first = schedules(fio, tmp_path, evidence, randseed=5)
    assert schedules(fio, tmp_path, evidence, randseed=5, iodepth=16) == first
    assert schedules(fio, tmp_path, evidence, randseed=6) != first
    another = schedules(fio, tmp_path, evidence, randrepeat=0)
    assert schedules(fio, tmp_path, evidence, randrepeat=0) != another


def test_each_job_has_arrivals_of_its_own(fio, tmp_path, evidence):
    assert len(set(schedules(fio, tmp_path, evidence, numjobs=3, thread=None))) == 3


@pytest.fixture
def stopped(tmp_path):
    """Of a job that is stopped for 0.3 s: how many of its I/Os took more than 50 ms, what fio says
    of its reads, and its evidence."""

    def run(mode, depth, **options):
        output = tmp_path / "out.json"
        given = {"name": "t", "thread": None, "ioengine": f"external:{ENGINE}", "offload": mode,
                 "size": "4m", "filename": tmp_path / "data", "rw": "randread", "invalidate": 0,
                 "pre_read": 1, "iodepth": depth, "time_based": None, "runtime": "2s",
                 "lat_percentiles": 1, "pool_stats": tmp_path / "evidence",
                 "exec_prerun": "touch begun", **options}
        job = subprocess.Popen([fio_binary(), "--output-format=json+", f"--output={output}",
                                *(f"--{k}" if v is None else f"--{k}={v}"
                                  for k, v in given.items())], cwd=tmp_path)
        limit = time.monotonic() + HANG_S
        try:
            while not (tmp_path / "begun").exists():
                assert job.poll() is None and time.monotonic() < limit, "the job does not begin"
                time.sleep(0.01)
            time.sleep(0.5)
            os.kill(job.pid, signal.SIGSTOP)
            time.sleep(0.3)
            os.kill(job.pid, signal.SIGCONT)
            assert job.wait(timeout=HANG_S) == 0
        finally:
            job.kill()
            job.wait()
        said = output.read_text()  # a note on exec_prerun, and the JSON
        read = json.loads(said[said.index("\n{"):])["jobs"][0]["read"]
        slow = sum(count for ns, count in read["lat_ns"]["bins"].items() if int(ns) > 50e6)
        return slow, read, json.loads((tmp_path / "evidence.t.1.json").read_text())

    return run


@pytest.mark.parametrize("mode,depth", [("inline", 1), ("sqthread", 4), ("sqwq", 8), ("punt", 32),
                                        ("acall_pool", 8), ("uring", 8), ("uring_async", 8)])
def test_a_stall_counts_for_all_that_would_have_come(stopped, mode, depth):
    """300 ms without the job, at 1000 a second: some 250 I/Os came more than 50 ms
    before it went on."""
    slow, _, said = stopped(mode, depth, arrival_rate=1000)
    assert slow > 150
    assert said["behind_max_ns"] > 100e6


def test_without_arrivals_a_stall_counts_for_what_is_under_way(stopped):
    slow, read, said = stopped("punt", 1, thinktime=1000)
    assert read["total_ios"] > 100
    assert slow <= 20  # one, on a machine that does not stall by itself
    assert "arrivals" not in said and "behind_max_ns" not in said


@pytest.mark.parametrize("mode", ["punt", "handoff", "uring"])
def test_what_has_not_arrived_at_the_end_never_does(fio, tmp_path, evidence, mode):
    """64 are queued, and at two a second would come in half a minute: fewer do."""
    result = fio(mode, filename=tmp_path / "data", rw="randwrite", verify="crc32c", do_verify=0,
                 iodepth=64, time_based=None, runtime="1s", arrival_rate=2,
                 pool_stats=tmp_path / "evidence", timeout=HANG_S)
    assert result.status == 0, result.said
    said = evidence()[0]
    assert said["arrivals"] == said["write"]["issued"] == result.job["write"]["total_ios"] < 20
    assert result.job["write"]["lat_ns"]["N"] == said["arrivals"]
    assert sum(result.job["iodepth_level"].values()) <= 101


def test_an_interrupted_job_does_not_wait_for_arrivals(tmp_path):
    job = subprocess.Popen([fio_binary(), "--name=t", "--thread", f"--ioengine=external:{ENGINE}",
                            "--offload=punt", "--arrival_rate=1", "--iodepth=32", "--size=4m",
                            f"--filename={tmp_path}/data", "--rw=randread",
                            f"--output={tmp_path}/out"], stderr=subprocess.DEVNULL)
    try:
        interrupt_when_caught(job, after=1)
        job.wait(timeout=HANG_S)
    finally:
        job.kill()
        job.wait()


@pytest.mark.parametrize("mode", ["sqwq", "punt", "uring"])
def test_an_error_ends_the_job_without_the_rest(fio, tmp_path, evidence, mode):
    """The first write is beyond a limit. The other 63 would come in a minute, and few of them are
    issued."""
    result = fio(mode, filename=tmp_path / "data", rw="write", offset="2m", size="2m",
                 fallocate="none", thread=None, iodepth=64, arrival_rate=1, preexec=limit_files,
                 pool_stats=tmp_path / "evidence", timeout=HANG_S)
    assert result.status == 1
    assert result.job["error"] == errno.EFBIG
    assert evidence()[0]["arrivals"] < 30


@pytest.mark.parametrize("mode", ["inline", "sqwq", "hashed", *KERNELS])
@pytest.mark.parametrize("options", [
    {"rw": "randread", "iodepth_batch": 8, "iodepth_batch_complete_min": 4,
     "iodepth_batch_complete_max": 16, "iodepth_low": 8},
    {"rw": "randread", "iodepth_batch_complete_min": 0, "iodepth_batch_complete_max": 16},
    {"rw": "randwrite", "nrfiles": 4, "openfiles": 2, "fsync": 8, "fsync_order": "drain"},
    {"rw": "randwrite", "verify": "md5", "verify_backlog": 16, "loops": 2},
    {"rw": "randrw", "serialize_overlap": 1, "norandommap": None, "end_fsync": 1},
], ids=["batches", "polled", "files_and_syncs", "verified_meanwhile", "overlaps"])
def test_it_goes_with_any_load(fio, tmp_path, evidence, mode, options):
    result = fio(mode, directory=tmp_path, iodepth=16, size="512k", arrival_rate=5000,
                 pool_stats=tmp_path / "evidence", **options)
    assert result.status == 0, result.said
    assert evidence()[0]["arrivals"] == 128 * options.get("loops", 1)


@pytest.mark.parametrize("mode", ["inline", "sqwq", "uring"])
def test_trims_arrive(fio, loop_device, tmp_path, evidence, mode):
    result = fio(mode, filename=loop_device, rw="trim", bs="64k", iodepth=4, arrival_rate=RATE,
                 pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    assert evidence()[0]["arrivals"] == result.job["trim"]["total_ios"] == 64


def test_a_ramp_is_part_of_the_schedule(fio, tmp_path, evidence):
    result = fio("punt", filename=tmp_path / "data", rw="randread", iodepth=16, time_based=None,
                 ramp_time="500ms", runtime="500ms", arrival_rate=1000,
                 pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    assert result.job["read"]["total_ios"] < evidence()[0]["arrivals"]


@pytest.mark.parametrize("rate", ["-1", "10000001", "many"])
def test_an_impossible_rate_is_refused(fio, tmp_path, rate):
    result = fio("punt", filename=tmp_path / "data", rw="read", arrival_rate=rate)
    assert result.status != 0
    assert "arrival_rate" in result.said


def test_without_a_rate_the_loop_is_closed(fio, tmp_path, evidence):
    result = fio("punt", filename=tmp_path / "data", rw="read", arrival_rate=0,
                 pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    assert "arrivals" not in evidence()[0]


@pytest.mark.parametrize("option,value", [("rate", "1m"), ("rate_iops", 100), ("thinktime", 100),
                                          ("flow", 1), ("latency_target", "1ms"),
                                          ("read_iolog", "log")])
def test_what_makes_the_job_wait_for_something_else_is_refused(fio, tmp_path, option, value):
    (tmp_path / "log").write_text(
        f"fio version 2 iolog\n{tmp_path}/data add\n{tmp_path}/data open\n"
        f"{tmp_path}/data read 0 4096\n{tmp_path}/data close\n")
    more = {"flow": {"flow_id": 1}, "latency_target": {"latency_window": "1s"}}.get(option, {})
    result = fio("punt", filename=tmp_path / "data", rw="read", arrival_rate=100, **{option: value},
                 **more)
    refused(result, f"arrival_rate=100: says when the job's I/Os come, and so does {option}")


def test_zones_in_which_fio_waits_are_refused(fio, loop_device):
    result = fio("punt", filename=loop_device, rw="write", direct=1, zonemode="zbd", zonesize="1m",
                 arrival_rate=100)
    refused(result, "arrival_rate=100: says when the job's I/Os come, and so does zonemode=zbd")
