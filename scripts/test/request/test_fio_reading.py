# SPDX-License-Identifier: MIT
"""What a job file asks for is what fio makes of it: each row is run by fio, and looked at."""

import json
import os
import re
import subprocess

import pytest
from suite.errors import BadInput
from suite.measure import cache, mounts
from suite.measure.files import sizes_of_all
from suite.request.asked import decided_by
from suite.request.jobfile import ALIASES, read_job
from suite.request.command_line import depth_of

CPUS = os.sysconf("SC_NPROCESSORS_ONLN")
ENVIRONMENT = {"RW": "randread", "D": "1", "N": "3", "KEY": "numjobs", "SIZE": "8k", "NONE": ""}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def fio(tmp_path):
    """Runs fio on a job file in a folder of its own; returns (that folder, what it wrote)."""

    def run(path, *options):
        folder = tmp_path / "fio"
        folder.mkdir()
        done = subprocess.run(["fio", *options, str(path)], cwd=folder, capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return folder, done.stdout

    return run


def laid_out(folder):
    return {str(path.relative_to(folder)): path.stat().st_size
            for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("lines", [
    "size=8192", "size=08192", "size=0x2000", "size=8k", "size=8K", "size=8kb", "size=8kib",
    "size=8ki", "size=1m", "size=8*1024", "size=${SIZE}", "size=$pagesize*2", "size = 8k ; of mine",
    "size=8k # small", "filesize=8k", "filesize=4k-8k", "filesize=8k\nnrfiles=3",
    "size=8k\nnrfiles=3",
    "size=8k\nnr_files=2\nnumjobs=2", "size=8k\nnumjobs=$ncpus", "size=8k\nnumjobs=${N}",
    "size=8k\n${KEY}=2", "size=8k\nnumjobs=0x2", "size=8k\nnumjobs=02", "size=8k\nfilename=x:y\\:z",
    "size=8k\nfilename=x\nnumjobs=2", "size=8k\noffset=4k",
    "size=8k\noffset_increment=4k\nnumjobs=3",
    "size=8k\nfilename_format=$JOBNAME-$jobnum/$filenum\nnrfiles=2\nnumjobs=2",
    "size=50%\nfilesize=8k",
    "size=8k\nio_size=1m", "size=8k\nio_limit=4k", "kb_base=1000\nsize=8k", "size=8k\n[b]\nsize=4k",
    "size=8k\n[globals]\nsize=4k\n[b]", "size=8k\n[global of b]\nnumjobs=2\n[b]\nsize=4k",
    "filename=x\nsize=8k\n[global]\nfilename=y\nsize=4k\n[b]\nfilename=z",
])
def test_files_are_as_many_and_as_large_as_fio_makes_them(job_file, tmp_path, fio, lines):
    path = job_file(f"[a]\nrw=randread\nbs=1\n{lines}\n")
    folder, _ = fio(path, "--create_only=1")
    nowhere = tmp_path / "nowhere"
    counted = {os.path.relpath(name, nowhere): size
               for name, size in sizes_of_all([(read_job(path), nowhere)]).items()}
    made = laid_out(folder)
    assert counted.keys() == made.keys()
    # Where fio throws dice, or takes a share, the most is counted; what does not divide is rounded
    # up.
    most = 8192 if "4k-8k" in lines or "%" in lines else 0
    assert all(made[name] <= counted[name] <= max(most, made[name] + 1) for name in made)


@pytest.mark.parametrize("lines, jobs", [
    ("", 1), ("numjobs=3", 3), ("numjobs=$ncpus", CPUS), ("numjobs=$ncpus*2", 2 * CPUS),
    ("numjobs=${N}", 3), ("${KEY}=2", 2), ("numjobs=0x2", 2), ("numjobs=02", 2),
    ("numjobs=2k", 2048),
    ("[b]", 2), ("[globals]\nnumjobs=3\n[b]", 4), ("[globally]\n[b]\nnumjobs=2", 3),
    ("[Global]", 2), (";[b]", 1), ("[b] # and [c]", 2),
])
def test_processes_are_as_many_as_fio_starts(job_file, fio, lines, jobs):
    path = job_file(f"[global]\nrw=randread\nsize=4k\nfilename=one\n[a]\n{lines}\n")
    assert read_job(path).processes == jobs
    if jobs < 100:
        _, output = fio(path, "--create_only=1", "--output-format=json")
        assert len(json.loads(output[output.index("{"):])["jobs"]) == jobs


@pytest.mark.parametrize("line, reads, writes", [
    ("", True, False), ("rw=randread", True, False), ("rw=${RW}", True, False),
    ("readwrite=randread", True, False), ("rw=randread:8", True, False), ("rw =read", True, False),
    ("rw=readwrite", True, True), ("rw=randrw", True, True), ("rw=write", False, True),
    ("rw=randread\nreadwrite=write", False, True), ("rw=trim", False, True),
])
def test_reads_and_writes_are_those_of_fio(job_file, fio, line, reads, writes):
    path = job_file(f"[a]\nsize=64k\nnumber_ios=16\n{line}\n")
    job = read_job(path)
    assert (job.reads, job.writes) == (reads, writes)
    if "trim" not in line:
        _, output = fio(path, "--output-format=json")
        result = json.loads(output[output.index("{"):])["jobs"][0]
        done = [result[direction]["total_ios"] > 0 for direction in ("read", "write")]
        assert done == [reads, writes]


@pytest.mark.parametrize("globals_, lines, state", [
    ("", "", "cold"), ("", "direct=1", "direct"), ("", "direct", None),
    ("", "direct=${D}", "direct"),
    ("", "buffered=0", "direct"), ("direct=1", "buffered=1", "cold"),
    ("direct=1", "direct=0", "cold"),
    ("buffered=0", "direct=0", "cold"), ("direct=0", "buffered=0", "direct"),
    ("", "direct=01", "direct"), ("", "direct=0x0", "cold"), ("direct=1", "buffered=0", "direct"),
])
def test_past_the_cache_is_what_fio_opens_so(job_file, tmp_path, fio, globals_, lines, state):
    path = job_file(f"[global]\nrw=read\nbs=64k\n{globals_}\n[a]\nsize=1m\n{lines}\n")
    if state is None:
        with pytest.raises(BadInput, match=f"fio refuses it: .*{lines}"):
            read_job(path)
        return
    assert read_job(path).cache == state
    if mounts.file_system(tmp_path)[0] in ("tmpfs", "ramfs", "overlay"):
        pytest.skip("the file system of the tests has no O_DIRECT")
    folder, _ = fio(path)
    assert (cache.resident_share([folder / "a.0.0"]) < 0.5) == (state == "direct")


@pytest.mark.parametrize("line, state", [
    ("invalidate=0", "warm"), ("invalidate=00", "warm"), ("pre_read=1", "warm"),
    ("pre_read=0", "cold"), ("invalidate=1", "cold"), ("pre_read=${D}", "warm"),
])
def test_the_cache_is_to_be_as_fio_would_have_it(job_file, line, state):
    assert read_job(job_file(f"[a]\nrw=randread\nsize=4k\n{line}\n")).cache == state


@pytest.mark.parametrize("text, seconds", [
    ("1", 1), ("01", 1), ("0x1", 1e-6), ("1s", 1), ("1S", 1), ("300ms", 0.3), ("300msec", 0.3),
    ("900000us", 0.9), ("${D}", 1), ("$ncpus*1", CPUS), ("0", None), ("1m", 60), ("2h", 7200),
    ("1d", 86400),
])
def test_the_runtime_is_that_of_fio(job_file, fio, text, seconds):
    path = job_file(f"[a]\nrw=randread\nsize=4k\nruntime={text}\n")
    assert read_job(path).runtime_s == seconds
    if seconds and seconds <= 2:
        path = job_file(f"[a]\nrw=randread\nsize=4k\ntime_based\nruntime={text}\n")
        _, output = fio(path, "--output-format=json")
        ran_ms = json.loads(output[output.index("{"):])["jobs"][0]["job_runtime"]
        assert ran_ms >= int(1000 * seconds)


@pytest.mark.parametrize("line, block", [
    ("", "4096"), ("bs=1k", "1024"), ("bs=0x400", "1024"), ("bs=01024", "1024"),
    ("bs=4kib", "4000"),
    ("blocksize=$pagesize", str(os.sysconf("SC_PAGESIZE"))), ("bs=4k,8k", "4k,8k"),
    ("bs=4k,4096", "4096"), ("bsrange=1k-4k", "1k-4k"), ("bssplit=4k/50:8k/50", "4k/50:8k/50"),
    ("bs=4k\nbsrange=1k-4k", "1k-4k"), ("bs=${SIZE}", "8192"),
])
def test_the_block_size_is_that_of_fio(job_file, line, block):
    assert read_job(job_file(f"[a]\nrw=randread\nsize=1m\n{line}\n")).block == block


@pytest.mark.parametrize("lines, depth", [
    ("", 32), ("iodepth=8", 8), ("iodepth=08", 8), ("iodepth=0x8", 8), ("iodepth=1k", 1024),
    ("iodepth=${N}", 3), ("iodepth=4\n[b]\niodepth=4", 4), ("iodepth=4\n[b]\niodepth=8", 32),
])
def test_the_depth_of_the_workers_is_that_of_fio(job_file, lines, depth):
    path = job_file(f"[a]\n{lines}\n")
    assert depth_of(read_job(path, decided=decided_by(None, depth=False)), None) == depth


@pytest.mark.parametrize("line, words", [
    ("rw=sideways", "rw=sideways"), ("direct=08", "direct=08: max value out of range"),
    ("size=big", "size=big"), ("runtime=soon", "runtime=soon"), ("size=(4*1024)junk", "size="),
    ("rw=${UNSET}", r"not set in the environment: \$\{UNSET\}: "),
    ("size=${UNSET}k${UNSET_TOO}", r"\$\{UNSET\}, \$\{UNSET_TOO\}: "),
    ("numjobs=${NONE}", "fio refuses it: failed parsing numjobs="),
])
def test_what_cannot_be_read_is_told_in_one_line(job_file, line, words):
    with pytest.raises(BadInput, match=words) as told:
        read_job(job_file(f"[a]\nrw=randread\nsize=1m\n{line}\n"))
    assert "\n" not in str(told.value) and "tiny.fio" in str(told.value)


def test_what_the_comparison_sets_itself_need_not_make_sense(job_file):
    path = job_file("[a]\nrw=randread\nsize=1m\nruntime=${UNSET}\nbs=${UNSET}\niodepth=many\n"
                    "directory=${UNSET}/x\nioengine=${UNSET}\nwrite_bw_log=${UNSET}\n")
    job = read_job(path, decided=("runtime", "bs", "bsrange", "bssplit", "iodepth"))
    assert (job.runtime_s, job.block) == (None, "")


def test_variables_are_kept_as_they_were(job_file, monkeypatch):
    job = read_job(job_file("# of ${RW}\n[a]\nrw=${RW} ; not ${D}\nsize=1m\n"))
    assert job.text == "# of ${RW}\n[a]\nrw=randread ; not ${D}\nsize=1m\n"
    monkeypatch.setenv("RW", "read # and more")
    with pytest.raises(BadInput, match=r"\$\{RW\} is 'read # and more'"):
        read_job(job_file("[a]\nrw=${RW}\n"))


def test_every_second_name_is_known():
    done = subprocess.run(["fio", "--cmdhelp=all"], capture_output=True, text=True, timeout=60,
                          check=True)
    names = re.findall(r"^ *(\w+) *: ", done.stdout, re.M)
    assert len(names) > 150
    for name in names:
        told = subprocess.run(["fio", f"--cmdhelp={name}"], capture_output=True, text=True,
                              timeout=60, check=True).stdout
        alias = re.search(r"^ *alias: (\w+)$", told, re.M)
        assert not alias or ALIASES.get(alias[1]) == name
