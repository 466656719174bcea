# SPDX-License-Identifier: MIT
"""scripts/map: which rates become which runs, and what is told of them."""

import json
import subprocess
from collections import Counter

import pytest
from conftest import HANG_S, SCRIPTS, TINY_JOB
from suite.analyse.interference import off, pairs
from suite.errors import BadInput
from suite.fio.output import Figures, Row
from suite.open_loop import MapFolder
from suite.request.jobfile import read_job
from suite.request.modes import parse_mode
from suite.request.open_loop import grid, mix_of, rates_of
from suite.request.plan import Load, Point, Run

MIXED = TINY_JOB.replace("rw=randread", "rw=randrw\nrwmixwrite=30")


def of_rows(**rows):
    """Figures of a run with {direction: (IOPS, ns)}."""
    found = {Row("j", direction): Figures(10, iops, None, None, Counter({ns: 100}), 0, 1, 0)
             for direction, (iops, ns) in rows.items()}
    return Figures(20, sum(iops for iops, _ in rows.values()), None, None, Counter(), 0, 1, 0,
                   rows=found)


@pytest.mark.parametrize("reads, writes, mix", [
    (1, 1, 50), (3, 1, 75), (2, 1, 67), (99, 1, 99), (1, 99, 1), (5, 0, 100), (1000, 10, 99)])
def test_the_mix_is_in_whole_percents(reads, writes, mix):
    assert mix_of(reads, writes) == mix


@pytest.mark.parametrize("reads, writes", [(1000, 1), (1, 1000)])
def test_what_is_under_half_a_percent_cannot_be_mixed(reads, writes):
    with pytest.raises(BadInput, match="at most 99 times the other"):
        mix_of(reads, writes)


def test_a_pair_of_rates_is_a_mix_at_the_rate_of_both(job_file):
    job = read_job(job_file(MIXED))
    found = grid(job, [parse_mode("punt"), parse_mode("uring")], 8, [3000, 1000], [1000, 0])
    assert len(found) == 8
    assert found["punt", 3000, 1000] == Point(Load("tiny", "4096", "75"), "punt", 8, 4000)
    assert found["uring", 1000, 0] == Point(Load("tiny", "4096", "100"), "uring", 8, 1000)
    assert rates_of("reads", "5,1,3", 1) == [1, 3, 5]


def test_latency_is_that_of_the_reads_and_a_rate_that_is_far_off_is_said():
    points = {("punt", 100, 100): Point(Load("j", "4096", "50"), "punt", 8, 200)}
    (key,) = points
    rows = [(Run(str(i), points[key], i, 1), {"flags": ["behind"] * (i == 1)},
             of_rows(read=(100 + i, 1000 * i), write=(60, 9)) if i < 4 else None)
            for i in (1, 2, 3, 4)]
    found = pairs(points, rows)[key]
    assert (found.p99_ns.median, found.reads, found.writes) == (2000, 102, 60)
    assert (found.runs, found.behind, found.overloaded) == (4, 1, False)
    assert [key for key, _ in off({key: found})] == [key]
    alone = {("punt", 100, 0): Point(Load("j", "4096", "100"), "punt", 8, 100)}
    ((_, one),) = pairs(alone, [(Run("x", *alone.values(), 1, 1), {"flags": ["behind"]},
                                 of_rows(read=(50, 7)))]).items()
    assert one.writes == 0 and one.overloaded
    assert not off({("punt", 100, 0): one}), "it was too much: nothing is odd about its rate"


@pytest.fixture
def command(tmp_path):
    def run(*words):
        line = [SCRIPTS / "map", *words, "--scratch", tmp_path / "scratch", "--no-wait"]
        return subprocess.run(list(map(str, line)), capture_output=True, text=True, timeout=HANG_S,
                              check=False)
    return run


@pytest.mark.parametrize("extra, words", [
    ((), "--reads is missing"), (("--reads", "1000"), "--writes is missing"),
    (("--reads", "0", "--writes", "5"), "--reads 0: allowed are different numbers from 1"),
    (("--reads", "5", "--writes", "x"), "--writes x: allowed are different numbers from 0"),
    (("--reads", "5,", "--writes", "5"), "--reads 5,"),
    (("--reads", "5,5", "--writes", "5"), "given twice"),
    (("--reads", "1k", "--writes", "5"), "--reads 1k"),
    (("--reads", "5", "--writes", "5000"), "99 times the other"),
    (("--reads", "5", "--writes", "5", "--modes", "fio:libaio"), "fio:libaio is none of them"),
    (("--reads", "5", "--writes", "5", "--add-rounds", "1"), "--resume"),
])
def test_bad_input_is_told_in_one_line(tmp_path, job_file, command, engine, extra, words):
    done = command(job_file(MIXED), "--results", tmp_path / "r", "--engine", engine, *extra)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("map: ") and words in done.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("text, words", [
    (TINY_JOB, "does not read and write"), (MIXED + "numjobs=3\n", "multiple of 3")])
def test_jobs_that_cannot_be_mapped_are_told_in_one_line(job_file, command, engine, text, words):
    done = command(job_file(text), "--reads", "1000", "--writes", "1000", "--engine", engine)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "tiny.fio" in done.stderr and words in done.stderr


@pytest.mark.parametrize("words, complaint", [
    ((), "name a job file, or a folder"), (("--resume", "."), "has no plan.json"),
    (("x.fio", "--resume", ".", "--rounds", "2", "--reads", "5"),
     "without a job file, --rounds, --reads;")])
def test_a_job_or_a_folder_is_to_be_named(tmp_path, words, complaint):
    done = subprocess.run([str(SCRIPTS / "map"), *words], text=True, cwd=tmp_path,
                          capture_output=True, timeout=HANG_S, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert complaint in done.stderr


def test_two_modes_are_mapped_with_fio_and_the_report_is_made_again(tmp_path, job_file, command,
                                                                    engine):
    results = tmp_path / "r"
    done = command(job_file(MIXED), "--reads", "1000,3000", "--writes", "0,1000", "--modes",
                   "punt,hashed", "--rounds", "1", "--runtime", "200ms", "--seed", "1", "--engine",
                   engine, "--results", results, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert len(document["pairs"]) == 8
    for one in document["pairs"]:
        if not one["behind"]:
            assert one["reads_made"] == pytest.approx(one["reads"], rel=0.4)
            assert one["writes_made"] == pytest.approx(one["writes"], rel=0.4)
        assert one["read_p99_ns"][1] > 0
    flags = [flag for of_mode in document["flags"].values() for flag in of_mode]
    assert not [flag for flag in flags if flag.startswith("path")], "also where nothing is written"
    assert (results / "charts/read-latency.svg").exists()
    (results / "report.html").unlink()
    again = subprocess.run([str(SCRIPTS / "map"), "--resume", str(results), "--no-wait"], text=True,
                           capture_output=True, timeout=HANG_S, check=False)
    assert again.returncode == 0, again.stderr
    assert "p99 of reads, one round" in again.stdout and "hashed" in again.stdout
    assert (results / "report.html").exists() and len(MapFolder(results).finished()) == 8
