# SPDX-License-Identifier: GPL-2.0-only
"""What is left of a job: the file of pool_stats=, with the job's threads over time, and the line in
fio's output."""

import glob
import itertools
import os
import re
import shutil
import subprocess

import pytest

from conftest import ENGINE, HANG_S, MODES, REPO, engine_version, fio_binary

NODES = max(1, len(glob.glob("/sys/devices/system/node/node[0-9]*")))
# The most threads of a job of depth 16, where there is a most.
MOST = {"inline": 0, "sqthread": 1, "sqwq": 16 * NODES, "punt": 16 * NODES, "hashed": 16 * NODES,
        "acall_pool": 3 * NODES}


def said_by(result):
    """The engine's lines. fio says them in its output and beside it."""
    return {line for line in result.said.splitlines() if line.startswith("iowq:")}


@pytest.mark.parametrize("mode", MODES)
def test_threads_over_time(fio, tmp_path, evidence, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randread", direct=1, iodepth=16,
                 time_based=None, runtime="200ms", pool_stats=tmp_path / "evidence",
                 **({"max_bounded": 3} if mode == "acall_pool" else {}))
    assert result.status == 0, result.said
    said = evidence()[0]
    times, numbers = zip(*said["threads"])
    assert all(a <= b for a, b in itertools.pairwise(times))
    assert all(a != b for a, b in itertools.pairwise(numbers))
    assert said["threads_peak"] == max(numbers)
    if mode not in ("inline", "punt", "uring", "uring_defer"):  # O_DIRECT needs none there
        assert said["threads_peak"] >= 1
    assert said["threads_peak"] <= MOST.get(mode, 65536)


# There the kernel's threads have the number of their owner outside in their names.
@pytest.mark.skipif(os.geteuid(), reason="needs root")
@pytest.mark.parametrize("mode", ["sqwq", "uring_async", "uring_sqpoll"])
def test_threads_are_seen_in_a_container_too(fio, tmp_path, evidence, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randread", direct=1, iodepth=16,
                 time_based=None, runtime="200ms", pool_stats=tmp_path / "evidence",
                 prefix=["unshare", "--pid", "--fork", "--mount-proc"])
    assert result.status == 0, result.said
    assert evidence()[0]["threads_peak"] >= 1


@pytest.mark.skipif(not os.environ.get("IOWQ_FULL"), reason="takes 14 s: IOWQ_FULL=1")
def test_a_long_job_takes_no_more_room(fio, tmp_path, evidence):
    result = fio("acall", filename=tmp_path / "data", rw="randread", direct=1, iodepth=16,
                 time_based=None, runtime="14s", pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    threads = evidence()[0]["threads"]
    assert 256 < len(threads) <= 1024
    assert threads[0][0] < 5000 and threads[-1][0] > 9000


def test_a_full_disk_is_said_in_one_line_and_loses_nothing_else(fio, tmp_path, evidence):
    unfinished = tmp_path / "evidence.t.1.json.new"
    unfinished.symlink_to("/dev/full")
    result = fio("punt", filename=tmp_path / "data", rw="read", pool_stats=tmp_path / "evidence")
    assert result.status == 0
    assert result.job["read"]["total_ios"] == 1024
    assert said_by(result) == {f"iowq: pool_stats={tmp_path}/evidence: No space left on device"}
    assert evidence() == [] and not unfinished.is_symlink()


def normal_output(tmp_path, *more, name="t", to_file=False):
    """fio's own output, on its standard output or in a file."""
    line = [fio_binary(), f"--name={name}", f"--ioengine=external:{ENGINE}", "--offload=punt",
            "--size=256k", f"--filename={tmp_path}/data", "--rw=read", "--invalidate=0", *more]
    done = subprocess.run([*line, *(["--output=out"] if to_file else [])], capture_output=True,
                          text=True, timeout=HANG_S, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return (tmp_path / "out").read_text() if to_file else done.stdout


@pytest.mark.parametrize("name", ['a "b"', "back\\slash", "tab\tand\x01\x7f", "a/b", "grün"])
def test_any_job_name_makes_valid_json(tmp_path, evidence, name):
    """fio's own JSON is not: it leaves control characters as they are."""
    normal_output(tmp_path, f"--pool_stats={tmp_path}/evidence", name=name)
    assert evidence()[0]["job"] == name


@pytest.mark.parametrize("to_file", [True, False])
@pytest.mark.parametrize("process", [["--thread"], []])
def test_a_line_a_job_between_fios_own(tmp_path, process, to_file):
    lines = normal_output(tmp_path, "--numjobs=2", "--pre_read=1", *process,
                          to_file=to_file).splitlines()
    ours = [i for i, line in enumerate(lines) if "iowq:" in line]
    line = f"  iowq: t: offload=punt: read 64 inline, 64 waited for; engine {engine_version()}"
    assert [lines[i] for i in ours] == [line] * 2
    started = [i for i, line in enumerate(lines) if line.startswith("Starting 2 ")]
    results = [i for i, line in enumerate(lines) if "groupid=0" in line]
    assert len(started) == 1 and len(results) == 2  # nothing of fio's is there twice, or lost
    assert started[0] < ours[0] and ours[-1] < results[0]


def test_the_line_tells_the_threads_where_they_were_counted(tmp_path):
    said = normal_output(tmp_path, "--direct=1", "--direct_by=pool",
                         f"--pool_stats={tmp_path}/evidence")
    assert "  iowq: t: offload=punt: read 64 pooled; threads at most 1; engine " in said


@pytest.mark.parametrize("form, there", [("json", False), ("terse", False), ("normal,json", True)])
def test_the_line_is_there_only_where_people_read(tmp_path, form, there):
    assert ("iowq:" in normal_output(tmp_path, f"--output-format={form}", "--thread")) == there


def test_the_engines_version_is_the_same_everywhere(tmp_path, evidence):
    said = normal_output(tmp_path, f"--pool_stats={tmp_path}/evidence")
    assert re.search(r"; engine (\S+)\n", said)[1] == engine_version() == evidence()[0]["engine"]


def test_the_engines_version_is_a_hash_over_its_sources(tmp_path):
    """It is the same in another folder. With a byte more in a source it is another, until the byte
    is gone."""
    for part in ("engine", "iowq"):
        shutil.copytree(REPO / part, tmp_path / part,
                        ignore=shutil.ignore_patterns("test", "bench"))
    shutil.copy(REPO / "Makefile", tmp_path)
    header = tmp_path / "build/engine/source_version.h"

    def made():
        subprocess.run(["make", "-s", header.relative_to(tmp_path)], cwd=tmp_path, check=True,
                       timeout=HANG_S)
        return header.read_text().split('"')[1], header.stat().st_mtime_ns

    first = made()
    assert first[0] == engine_version()
    assert made() == first  # not written anew, so nothing is built anew
    source = tmp_path / "engine/engine.cc"
    with open(source, "a") as file:
        file.write("\n")
    assert made()[0] != first[0]
    source.write_bytes((REPO / "engine/engine.cc").read_bytes())
    assert made()[0] == first[0]


@pytest.mark.parametrize(("options", "running"), [({}, 2), ({"max_bounded": 3}, 3)])
def test_the_pools_cpus_and_its_limit(fio, tmp_path, evidence, options, running):
    cpu = min(os.sched_getaffinity(0))
    result = fio("sqwq", filename=tmp_path / "data", rw="read", cpus_allowed=cpu,
                 pool_stats=tmp_path / "evidence", **options)
    assert result.status == 0, result.said
    assert evidence()[0]["cpus"] == str(cpu)
    assert evidence()[0]["max_running"] == running
