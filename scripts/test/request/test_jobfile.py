# SPDX-License-Identifier: MIT
import pytest
from suite.errors import BadInput
from suite.measure.safety import check_targets
from suite.request.jobfile import read_job, rewritten
from conftest import SCRIPTS

TEXT = """# why this load
[global]
ioengine = libaio
iodepth=4 ; of mine
rw=randrw
bs=8k
directory=/tmp
direct=0
invalidate=0
timeout=3

[one job]
randseed=7
size=1m   # small
[global]
nrfiles=2
[two]
iodepth=9
rw=randread
"""


def test_options_of_the_comparison_stand_at_the_top_and_nowhere_else(job_file):
    job = read_job(job_file(TEXT))
    text = rewritten(job, {"ioengine": "psync", "iodepth": 32, "randseed": 1, "runtime": "200ms"})
    assert text.startswith("[global]\nioengine=psync\niodepth=32\nrandseed=1\nruntime=200ms\n")
    for key in ("ioengine", "iodepth", "randseed"):
        assert text.count(f"{key}") == 1
    assert "directory" not in text and "timeout" not in text and "invalidate" not in text
    assert "# why this load" in text and "size=1m   # small" in text and "nrfiles=2" in text


@pytest.mark.parametrize("text, depths", [
    ("[log]\niodepth=1\nrw=write\n[readers]\niodepth=8\n", {"log": 1, "readers": 32}),
    ("[global]\niodepth=8\n[log]\niodepth=1\n[readers]\nrw=read\n", {"log": 1, "readers": 32}),
    ("[a]\niodepth=1\n", {"a": 32}),
    ("[a]\niodepth=1\n[b]\niodepth=1\n", {"a": 32, "b": 32}),
    ("[a]\niodepth=4\n[b]\niodepth=8\n", {"a": 32, "b": 32}),
])
def test_a_section_that_names_a_depth_of_1_beside_deeper_ones_stays_at_it(job_file, text, depths):
    job = read_job(job_file(text))
    again = read_job(job_file(rewritten(job, {"iodepth": 32})))
    assert {s.name: s.value("iodepth", 1) for s in again.sections} == depths


def test_what_the_job_asks_for_is_understood(job_file):
    job = read_job(job_file(TEXT))
    assert (job.reads, job.writes, job.buffered, job.cache) == (True, True, True, "warm")
    assert (job.block, job.runtime_s) == ("8192", 3)
    assert [section.name for section in job.sections] == ["one job", "two"]
    assert [section.value("nrfiles") for section in job.sections] == [0, 2]


@pytest.mark.parametrize("options, cache", [
    ("", "cold"), ("invalidate=0", "warm"), ("pre_read=1", "warm"), ("direct=1", "direct"),
    ("buffered=0", "direct"), ("invalidate=1", "cold"),
])
def test_cache_state_follows_the_job(job_file, options, cache):
    assert read_job(job_file(f"[a]\nrw=randread\n{options}\n")).cache == cache


@pytest.mark.parametrize("text, words", [
    ("", "no job"),
    ("[global]\nrw=read\n", "no job"),
    ("rw=read\n", "no job"),
    ("[a]\nrw=read\n[b]\nstonewall\n", "stages"),
    ("[a]\ninvalidate=0\n[b]\ninvalidate=1\n", "several cache states"),
    ("[a]\nruntime=soon\n", "runtime=soon"),
    ("[a]\nread_iolog=x\n", "replaying"),
    ("[a]\ninclude other.fio\n", "include"),
])
def test_jobs_that_cannot_be_compared_are_refused_with_the_reason(job_file, text, words):
    with pytest.raises(BadInput, match=words):
        read_job(job_file(text))


@pytest.mark.parametrize("line", [
    "filename=/dev/null", "filename=../../outside", "filename=/etc/passwd", "opendir=/etc",
    "filename=a:/etc/passwd", "filename=${HOME}/x", "filename_format=../../$jobname",
])
def test_a_job_that_writes_outside_the_scratch_folder_is_refused(job_file, tmp_path, line):
    job = read_job(job_file(f"[w]\nrw=randwrite\nsize=1m\n{line}\n"))
    with pytest.raises(BadInput, match="w.*: "):
        check_targets(job, tmp_path / "scratch/w")


def test_a_link_out_of_the_scratch_folder_is_refused_for_writing(job_file, tmp_path):
    folder = tmp_path / "scratch/w"
    folder.mkdir(parents=True)
    (folder / "w.0.0").symlink_to("/dev/null")
    with pytest.raises(BadInput, match="/dev/null|w.0.0"):
        check_targets(read_job(job_file("[w]\nrw=trim\n")), folder)


def test_the_projects_own_jobs_are_read_and_ask_a_question():
    jobs = {path.stem: read_job(path) for path in (SCRIPTS.parent / "jobs").glob("*.fio")}
    assert {"randread-cached", "randread-cold", "randread-direct", "randwrite-buffered-1file",
            "randwrite-buffered-4files", "write-fsync", "randrw-70-30"} <= set(jobs)
    assert jobs["randread-cached"].cache == "warm" and jobs["randread-cold"].cache == "cold"
    assert jobs["randread-direct"].cache == "direct"
    assert all(job.text.splitlines()[1].startswith("# Question: ") for job in jobs.values())
