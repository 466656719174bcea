# SPDX-License-Identifier: MIT
import subprocess
from types import SimpleNamespace

import pytest
from conftest import HANG_S, SCRIPTS
from kept import kept_runs
from suite.analyse.targets import Judged, Side, judge, judged, read_rows, render, spread
from suite.errors import BadInput
from suite.units import rate

ROW = """[[row]]
load = "tiny reads"
job = "tiny.fio"
depth = 1
ours = "inline"
theirs = "fio:psync"
"""
TWO_JOBS = """[global]
rw=randread
size=1m
invalidate=0
time_based
runtime=150ms
[a]
[b]
"""


def sides(*iops, flags=()):
    return {repeat: Side(value, 0, 0, 1, list(flags)) for repeat, value in enumerate(iops)}


def verdict(ours, theirs, target, at_least=True, what="IOPS"):
    return judged(what, ours, theirs, lambda s: s.iops, rate, target, at_least).verdict


@pytest.mark.parametrize("ours, target, at_least, expected", [
    ((110, 120, 130, 115, 125, 118, 119), 1.1, True, "met"),
    ((110, 120, 130, 115, 125, 118, 119), 1.15, True, "open"),
    ((110, 120, 130, 115, 125, 118, 119), 1.31, True, "missed"),
    ((110, 120, 130, 115, 125, 118, 119), 1.0, False, "missed"),
    ((90, 80, 100, 95, 85, 91, 92), 1.0, False, "met"),
    ((90, 80, 106, 95, 85, 91, 92), 1.0, False, "open"),
])
def test_only_a_whole_interval_decides(ours, target, at_least, expected):
    assert verdict(sides(*ours), sides(*[100] * 7), target, at_least) == expected


@pytest.mark.parametrize("ours, at_least, expected", [
    ((96, 97, 98, 96, 99, 97, 98), True, "met"), ((94, 97, 98, 94, 99, 97, 98), True, "open"),
    ((104, 103, 104, 102, 101, 104, 103), False, "met"), ((94, 93, 94, 92, 91, 94, 93), True,
                                                           "missed")])
def test_equal_is_near_enough(ours, at_least, expected):
    assert verdict(sides(*ours), sides(*[100] * 7), 1.0, at_least) == expected


def test_several_modes_are_a_row_each(tmp_path):
    path = tmp_path / "targets.toml"
    path.write_text(ROW.replace('"inline"', '["inline", "punt"]') + 'busy = "one"\n')
    assert [row.title for row in read_rows(path)] == [
        f"tiny reads, one CPU busy, depth 1, {mode} : fio:psync"
        for mode in ("inline", "punt")]


@pytest.mark.parametrize("ours, alone", [
    ("sqwq", "sqwq+help=0"), ("inline", None), ("sqwq+help=0", None), ("punt", None)])
def test_what_hands_over_is_measured_without_help_too(tmp_path, ours, alone):
    path = tmp_path / "targets.toml"
    path.write_text(ROW.replace('"inline"', f'"{ours}"'))
    row, = read_rows(path)
    assert row.measured == [("tiny.fio", ours), ("tiny.fio", "fio:psync"),
                            *([("tiny.fio", alone)] if alone else [])]


def test_what_is_measured_without_help_is_not_judged(tmp_path):
    path = tmp_path / "targets.toml"
    path.write_text(ROW.replace('"inline"', '"sqwq"') + "iops = 1.5\np99 = false\ncpu = false\n")
    row, = read_rows(path)
    rates = {"sqwq": 200, "fio:psync": 100, "sqwq+help=0": 50}
    runs = [(SimpleNamespace(point=SimpleNamespace(load=SimpleNamespace(job="tiny"), mode=mode),
                             repeat=repeat), {"threads_peak": 3, "flags": [], "user_s": None},
             SimpleNamespace(iops=iops, bins={1000: 1}))
            for mode, iops in rates.items() for repeat in range(7)]
    whole, alone = judge(row, runs, {})
    assert (whole.what, whole.ratio.median, whole.verdict) == ("IOPS", 2, "met")
    assert (alone.what, alone.ratio.median, alone.verdict) == ("help=0", 0.5, "")


@pytest.mark.parametrize("ours, verdict, words", [
    ((90, 100, 140), "met", "0.9 to 1.4"), ((90, 100, 150), "missed", "0.9 to 1.5")])
def test_rounds_that_lie_far_apart_are_told(ours, verdict, words):
    found = spread(sides(*ours), sides(100, 100, 100))
    assert (found.verdict, found.sides) == (verdict, words)


def test_ratios_are_of_one_round():
    assert verdict(sides(10, 100, 1000), sides(5, 50, 500), 2.0) == "met"


def test_a_side_without_runs_is_no_result():
    assert verdict({}, sides(1, 2), 1.0) == "no result"


def test_implausible_latency_is_not_compared():
    theirs = sides(100, 100, flags=["implausible_latency"])
    assert verdict(sides(1, 1), theirs, 1.0, False, "p99") == "theirs is implausible"
    assert verdict(sides(1, 1), theirs, 1.0, False) == "met"


def test_the_projects_own_rows_are_whole():
    rows = read_rows(SCRIPTS.parent / "jobs/targets.toml")
    assert len(rows) > 15
    for row in rows:
        for job, _ in row.sides:
            assert (SCRIPTS.parent / "jobs" / job).is_file()


@pytest.mark.parametrize("text, complaint", [
    (ROW + "speed = 3\n", "row 1: unknown: speed; allowed are load, job"),
    (ROW.replace("depth = 1\n", ""), "row 1: .*missing.*depth"),
    (ROW.replace("inline", "nosuch"), "unknown mode 'nosuch'"),
    (ROW + 'busy = "two"\n', 'busy = "two": allowed are one, half, single, quota'),
    ("[[row", "targets.toml: "),
])
def test_bad_rows_are_refused(tmp_path, text, complaint):
    path = tmp_path / "targets.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=complaint):
        read_rows(path)


def test_a_file_that_is_no_text_is_told_in_one_line(tmp_path):
    path = tmp_path / "targets.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="targets.toml: .*decode"):
        read_rows(path)


def test_the_table_says_what_was_shown(tmp_path):
    path = tmp_path / "targets.toml"
    path.write_text(ROW)
    row, = read_rows(path)
    found = judged("IOPS", sides(200, 210, 220), sides(100, 100, 100), lambda s: s.iops, rate, 1.5,
                   True)
    lines = render([(row, [found, Judged("threads", "6 : 20", None, "≤ 5", "missed")])])
    assert "tiny reads, depth 1, inline : fio:psync" in lines
    assert any(all(word in line for word in ("IOPS", "2.1 [2, 2.2]", "≥ 1.5", " met"))
               for line in lines)
    assert any(all(word in line for word in ("threads", "missed", "6 : 20")) for line in lines)


def bench_fio(tmp_path, *extra):
    line = [SCRIPTS / "bench-fio", "--targets", tmp_path / "targets.toml",
            "--scratch", tmp_path / "scratch", "--results", tmp_path / "results",
            "--repeats", "2", "--seed", "1", *extra]
    return subprocess.run(line, capture_output=True, text=True, timeout=HANG_S, check=False)


@pytest.fixture
def rows(tmp_path, job_file):
    """Three rows: two of one group, one of them in memory, and one of a part of the jobs."""
    job_file()
    job_file(TWO_JOBS, "two.fio")
    plain = ROW.replace("inline", "fio:libaio")
    two = ROW.replace("inline", "fio:psync").replace("tiny.fio", "two.fio")
    (tmp_path / "targets.toml").write_text(
        plain + "iops = 0.0001\n" + plain + "on = \"tmpfs\"\niops = 1000.0\n" +
        two + 'against = "tiny.fio"\nonly = "a"\nthreads = 9\niops = 0.01\n')


def test_rows_are_measured_and_judged(tmp_path, rows):
    done = bench_fio(tmp_path)
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "results/targets.txt").read_text()
    assert table in done.stdout
    assert table.count("IOPS") == table.count("CPU/IO") == table.count("p99") == 3
    assert "met" in table and "missed" in table and "threads" in table
    folders = {path.name for path in (tmp_path / "results").iterdir() if path.is_dir()}
    assert folders == {"tiny-d1", "tiny-tmpfs-d1", "two-d1"}
    assert len(kept_runs(tmp_path, "results/two-d1")) == 4
    again = bench_fio(tmp_path)
    assert again.returncode == 2 and "already has runs" in again.stderr


def test_a_row_may_be_of_io_uring_in_user_space(tmp_path, job_file):
    if not (SCRIPTS.parent / "build/iowq-run").exists():
        pytest.skip("iowq-run is not built")
    job_file()
    (tmp_path / "targets.toml").write_text(ROW.replace("inline", "iowq:io_uring") +
                                           "iops = 0.00001\np99 = false\ncpu = false\n")
    done = bench_fio(tmp_path)
    assert done.returncode == 0, done.stderr
    title, figures = (tmp_path / "results/targets.txt").read_text().splitlines()[-2:]
    assert title == "tiny reads, depth 1, iowq:io_uring : fio:psync"
    assert "IOPS" in figures and "met" in figures
    assert {kept.record["uring_in_user_space"] for kept in kept_runs(tmp_path, "results/tiny-d1")
            if kept.record["run"]["mode"] == "iowq:io_uring"} == {True}


def test_rows_can_be_chosen(tmp_path, rows):
    done = bench_fio(tmp_path, "--rows", r"\(tiny.fio\)", "--dry-run")
    assert done.returncode == 0
    assert "tiny reads, depth 1, fio:psync : fio:psync (tiny.fio)" in done.stdout
    assert "4 runs" in done.stdout and not (tmp_path / "results").exists()


def test_a_dry_run_refuses_what_fio_refuses(tmp_path, job_file):
    job_file()
    (tmp_path / "targets.toml").write_text(ROW.replace("inline", "fio:nosuch") + "iops = 1.0\n")
    done = bench_fio(tmp_path, "--dry-run")
    assert done.returncode == 2 and "no engine 'nosuch'" in done.stderr


@pytest.mark.parametrize("arguments, complaint", [
    (["--rows", "nosuch"], "matches none; the rows are"),
    (["--rows", "("], "not a regular expression"),
    (["--repeats", "0"], "--repeats 0: allowed"),
    (["--fio", "/nosuch"], "no such fio"),
])
def test_bad_input_is_told_in_a_line(tmp_path, rows, arguments, complaint):
    done = bench_fio(tmp_path, *arguments)
    assert done.returncode == 2 and complaint in done.stderr and "Traceback" not in done.stderr


def test_a_job_that_writes_elsewhere_is_refused(tmp_path, job_file):
    outside = tmp_path / "precious"
    outside.write_text("mine")
    job_file(f"[t]\nrw=write\nsize=4k\nfilename={outside}\n")
    (tmp_path / "targets.toml").write_text(ROW + "iops = 1.0\n")
    done = bench_fio(tmp_path)
    assert done.returncode == 2 and "outside its scratch folder" in done.stderr
    assert outside.read_text() == "mine"
