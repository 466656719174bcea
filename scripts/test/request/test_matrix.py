# SPDX-License-Identifier: MIT
"""The matrix: plan files, its dimensions, and what becomes of each in a run."""

import json
import os
import re
import subprocess
from types import SimpleNamespace

import pytest
from conftest import HANG_S, LOGGED_JOB, TINY_JOB
from kept import documents_and_records, kept_records, kept_runs
from suite.comparison import wanted
from suite.errors import BadInput
from suite.request import placement
from suite.request.asked import DIMENSIONS, Matrix, bring_together
from suite.request.jobfile import read_job
from suite.request.placement import cpu_list, placement_options
from suite.request.plan_file import read_plan_file

MIXED_JOB = TINY_JOB.replace("randread", "randrw").replace("[tiny]", "[mixed]")


@pytest.fixture
def plan_file(tmp_path):
    def write(text):
        path = tmp_path / "plan.toml"
        path.write_text(text)
        return path

    return write


def points_of(path):
    settings, parts = read_plan_file(path)
    matrices = [Matrix(part, read_job) for part in parts]
    return settings, bring_together(matrices, "fio", (), repeats=1, seed=1, arguments=[]).points


def test_the_points_are_the_product_of_the_dimensions(job_file, plan_file):
    job_file(MIXED_JOB, "mixed.fio")
    settings, points = points_of(plan_file("""
        jobs = ["mixed.fio"]
        modes = ["inline", "fio:psync"]
        depths = [1, 8]
        blocks = ["4k", "64k"]
        mixes = [30, 70]
        file-systems = ["tmpfs", "xfs"]
        repeats = 7
        precision = "2%"
        """))
    assert settings == {"repeats": "7", "precision": "2%"}
    assert len(points) == len(set(points)) == 2 * 2 * 2 * 2 * 2
    assert {p.load.block for p in points} == {"4096", "65536"}
    assert {p.load.mix for p in points} == {"30", "70"}
    assert {p.load.file_system for p in points} == {"tmpfs", "xfs"}


def test_parts_are_matrices_of_their_own_and_share_what_stands_above_them(job_file, plan_file):
    job_file()
    _, points = points_of(plan_file("""
        jobs = "tiny.fio"
        modes = "inline, sqwq"
        [[compare]]
        depths = 1
        [[compare]]
        depths = [1, 32]
        modes = ["sqwq"]
        """))
    assert [(p.mode, p.depth) for p in points] == [("inline", 1), ("sqwq", 1), ("sqwq", 32)]


@pytest.mark.parametrize("text, words", [
    ("depth = [1]", r"unknown: depth \(did you mean depths\?\); allowed are jobs, modes, depths"),
    ("repeat = 3", r"unknown: repeat \(did you mean repeats\?\)"),
    ("zzz = 3", "unknown: zzz; allowed"),
    ("[[compare]]\nrepeats = 3", "unknown: repeats"),
    ("compare = 3", "list of"),
    ("depths = [1.5]", "whole numbers"),
    ("depths = [", "Invalid value"),
    ("jobs = ['missing.fio']", "missing.fio: No such file"),
    ("jobs = ['tiny.fio']\nmodes = ['pnut']", "unknown mode 'pnut'"),
    ("jobs = ['tiny.fio']\nmixes = [50]", "does not read and write"),
    ("jobs = ['tiny.fio']\nblocks = ['4q']", "sizes from 512"),
    ("jobs = ['tiny.fio']\nplacements = ['node']", "cpus:LIST"),
    ("jobs = ['tiny.fio']\nplacements = ['cpus:4095']", "CPUs of this process"),
    ("jobs = ['tiny.fio']\nplacements = ['nodes:0/99']", "has the nodes"),
    ("jobs = ['tiny.fio']\nmodes = ['fio:psync']\nrates = [100]", "open loop"),
    ("jobs = ['tiny.fio']\ndepths = [8, 8]", "given twice"),
    ("jobs = ['tiny.fio']\ncompare = []", "list of"),
    ("[[compare]]\njobs = ['tiny.fio']\n[[compare]]\nmodes = ['sqwq']", "some have none"),
    ("jobs = ['tiny.fio']\nmodes = ['sqwq+arrival_rate=5']", "set by the comparison"),
])
def test_bad_plans_are_refused_with_the_reason(job_file, plan_file, text, words):
    job_file()
    with pytest.raises(BadInput, match=words):
        points_of(plan_file(text))


@pytest.mark.parametrize("lines, asked, depths", [
    ("", [], [1, 8, 32]), ("iodepth=8", [], [1, 8, 32]), ("iodepth=64", [], [1, 8, 32, 64]),
    ("iodepth=64", ["4,2"], [4, 2]), ("iodepth=0", [], [1, 8, 32]),
    ("iodepth=999999", [], [1, 8, 32]), ("iodepth=$ncpus", [], [1, 8, 32]),
    ("iodepth=1\n[b]\niodepth=4\n[c]\niodepth=2", [], [1, 4, 8, 32]),
])
def test_a_job_files_own_depth_is_among_the_usual_ones(job_file, lines, asked, depths):
    job = job_file(f"[a]\nrw=randread\nsize=4k\n{lines}\n")
    matrix = Matrix({"jobs": [str(job)], "modes": ["sqwq"],
                     "depths": [text for given in asked for text in given.split(",")]},
                    lambda path: read_job(path, decided=("iodepth",)))
    assert [point.depth for point in matrix.points()] == depths


@pytest.mark.parametrize("cpus, memory, wanted", [
    ("0", "0", ["0/0"]),
    ("0-1", "0-1", ["0/0", "0/1", "1/0", "1/1"]),
    ("0,3", "0-1,3", ["0/0", "0/1", "0/3", "3/0", "3/1", "3/3"]),
])
def test_nodes_stands_for_every_node_with_cpus_with_every_node_with_memory(
        job_file, tmp_path, monkeypatch, cpus, memory, wanted):
    nodes_of(tmp_path, monkeypatch, cpus, memory)
    matrix = Matrix({"jobs": [str(job_file())], "modes": ["sqwq"], "depths": ["1"],
                     "placements": ["none", "nodes"]}, read_job)
    placements = [point.load.placement for point in matrix.points()]
    assert placements == ["none", *(f"nodes:{pair}" for pair in wanted)]


def nodes_of(tmp_path, monkeypatch, cpus, memory):
    """A machine that has other nodes than this one."""
    (tmp_path / "has_cpu").write_text(f"{cpus}\n")
    (tmp_path / "has_memory").write_text(f"{memory}\n")
    monkeypatch.setattr(placement, "NODES", tmp_path)


@pytest.mark.parametrize("texts, words", [
    (["nodes:1/0"], "the nodes 0, 2 with CPUs, and 0, 1, 2 with memory"),
    (["nodes:0/3"], "the nodes 0, 2 with CPUs"),
    (["nodes", "nodes:2/1"], "given twice"),
])
def test_pairs_that_this_machine_lacks_or_that_come_twice_are_refused(
        job_file, tmp_path, monkeypatch, texts, words):
    nodes_of(tmp_path, monkeypatch, "0,2", "0-2")
    with pytest.raises(BadInput, match=words):
        Matrix({"jobs": [str(job_file())], "placements": texts}, read_job)


def test_a_kernel_without_numa_says_so(job_file, tmp_path, monkeypatch):
    monkeypatch.setattr(placement, "NODES", tmp_path / "none")
    with pytest.raises(BadInput, match="tells of no NUMA nodes"):
        Matrix({"jobs": [str(job_file())], "placements": ["nodes"]}, read_job)


@pytest.mark.parametrize("extra, words", [
    (("--file-systems", "ext5"), ("--file-systems ext5", "ext4, xfs")),
    (("--file-systems", "a=/nowhere"), ("/nowhere is no folder",)),
    (("--file-systems", "../x=/tmp"), ("letters",)),
    (("--file-systems", "a=/tmp,a=/srv"), ("a is two folders",)),
    (("--plan", "/nowhere.toml"), ("/nowhere.toml", "No such file")),
    (("--blocks", "4k,"), ("is empty",)),
])
def test_bad_dimensions_are_told_in_one_line(job_file, compare, extra, words):
    done = compare(job_file(), "fio:psync", *extra)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_the_command_line_wins_over_the_plan_file(job_file, compare, plan_file):
    job_file()
    plan = plan_file("jobs = ['tiny.fio']\ndepths = [4]\nrepeats = 9\nblocks = ['8k']\n")
    done = compare(job_file(), "fio:psync", "--plan", plan, "--dry-run")
    assert done.returncode == 0 and "1 runs" in done.stdout and "depth 1" in done.stdout


def jobs_run(tmp_path):
    """{what a run's job file sets: its options} by block, mix and placement."""
    found = {}
    for kept in kept_runs(tmp_path):
        run = kept.record["run"]
        found[run["block"], run["mix"], run["placement"]] = kept.job_file.splitlines()
    return found


def test_blocks_mixes_and_placements_reach_fio(tmp_path, job_file, compare):
    cpu = min(os.sched_getaffinity(0))
    done = compare(job_file(MIXED_JOB.replace("bs=4k", "bsrange=1k-4k")), "fio:psync",
                   "--blocks", "4k,8k", "--mixes", "10,90", "--placements", f"none,cpus:{cpu}")
    assert done.returncode == 0, done.stderr
    runs = jobs_run(tmp_path)
    assert len(runs) == 8
    for (block, mix, placement), lines in runs.items():
        assert f"bs={block}" in lines and f"rwmixread={mix}" in lines
        assert "bsrange=1k-4k" not in lines
        assert (f"cpus_allowed={cpu}" in lines) == (placement != "none")
    for mix in ("10", "90"):
        assert f"tiny, 8k, {mix}% reads, cpus:{cpu}: " in done.stdout


def test_mixes_are_what_fio_did(tmp_path, job_file, compare):
    assert compare(job_file(MIXED_JOB), "fio:psync", "--mixes", "10,90").returncode == 0
    for document, record in documents_and_records(tmp_path):
        reads, writes = (document["jobs"][0][side]["total_ios"] for side in ("read", "write"))
        mix = int(record["run"]["mix"]) / 100
        assert reads / (reads + writes) == pytest.approx(mix, abs=0.03)


@pytest.mark.skipif(os.geteuid() != 0, reason="making file systems needs root")
def test_file_systems_are_made_and_nothing_stays_mounted(tmp_path, job_file, compare):
    own = tmp_path / "own"
    own.mkdir()
    done = compare(job_file(), "fio:psync", "--file-systems", f"ext4,xfs,btrfs,tmpfs,mine={own}")
    if "mkfs" in done.stderr and "not installed" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    devices = {}
    for record in kept_records(tmp_path):
        devices[record["run"]["file_system"]] = (record["device"] or {}).get("name", "")
    assert set(devices) == {"ext4", "xfs", "btrfs", "tmpfs", "mine"}
    assert all(devices[kind].startswith("loop") for kind in ("ext4", "xfs", "btrfs"))
    assert devices["tmpfs"] == "" and list((own / "tiny").iterdir())
    mounts = subprocess.run(["mount"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in mounts
    losetup = subprocess.run(["losetup", "--all"], capture_output=True, text=True, check=True)
    assert str(tmp_path) not in losetup.stdout


def test_a_record_holds_what_the_machine_counted(tmp_path, job_file, command):
    line = command(job_file(LOGGED_JOB), "fio:psync,fio:io_uring+force_async=1")
    line.remove("--no-trace")
    done = subprocess.run(line, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stderr
    records = kept_records(tmp_path)
    for record in records:
        over_time = record["threads_over_time"]
        assert max(sum(names.values()) for _, names in over_time) == record["threads_peak"]
        assert record["cache_hit"] > 0.5, "another program may empty the page cache meanwhile"
        assert any(rate > 0 for _, rate in record["iops_over_time"])
        traced = record["run"]["repeat"] == 0
        assert ("latency_over_time" in record) == traced
        if os.path.exists("/proc/pressure/cpu"):
            assert set(record["pressure"]) == {"cpu", "io", "memory"}
    assert any("iou-wrk" in names for record in records
               for _, names in record["threads_over_time"])
    assert not list((tmp_path / "scratch").rglob("over-time*"))


def test_a_steady_state_that_was_not_seen_is_flagged(tmp_path, job_file, compare):
    text = TINY_JOB.replace("150ms", "4s")
    assert compare(job_file(text), "fio:psync", "--steady", "0.001%").returncode == 0
    ((document, record),) = documents_and_records(tmp_path)
    job = document["jobs"][0]
    assert job["steadystate"]["ss"] == "iops_slope:0.001000%"
    assert ("not_steady" in record["flags"]) == (not job["steadystate"]["attained"])


def test_json_is_one_document_and_nothing_else_is_on_stdout(tmp_path, job_file, compare):
    done = compare(job_file(), "fio:psync,fio:libaio", "--repeats", "5", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["status"] == 0 and document["results"] == str(tmp_path / "results")
    points = {point["mode"]: point for point in document["points"]}
    low, middle, high = points["fio:libaio"]["ratios"]["iops"]
    assert low <= middle <= high and points["fio:libaio"]["coverage"] == 0.9375
    assert points["fio:psync"]["ratios"] == {} and points["fio:psync"]["runs"] == 5
    (verdict,) = document["verdicts"]
    assert {verdict["best"], *verdict["as_good"], *verdict["worse"],
            *verdict["undecided"]} == set(points)
    assert verdict["figure"] == "iops" and verdict["row"] is None


def rows_of(asked, ratios, rounds):
    """Runs of these rounds with a result, as comparison.wanted() is given them: fio:psync at 1000,
    the others at `ratios[mode](repeat)` of it."""
    def iops(run):
        return 1000 * ratios.get(run.point.mode, lambda _: 1)(run.repeat)

    return [(run, {}, SimpleNamespace(iops=iops(run)))
            for repeat in rounds for run in wanted(asked, repeat, [])]


def test_a_point_is_wanted_until_its_interval_is_narrow_and_the_baseline_as_long_as_it_is(job_file):
    matrix = Matrix({"jobs": [str(job_file())], "modes": ["fio:psync", "inline", "sqwq"],
                     "depths": ["1"]}, read_job)
    asked = bring_together([matrix], "fio", (), repeats=30, seed=1, arguments=[], precision=0.02,
                           early_until=29)
    steady, noisy = (lambda repeat: 1.1), (lambda repeat: 1 + repeat % 5 / 10)

    def modes(repeat, ratios):
        finished = rows_of(asked, ratios, range(1, repeat))
        return {run.point.mode for run in wanted(asked, repeat, finished)}

    every = {"fio:psync", "inline", "sqwq"}
    assert modes(7, {"inline": steady, "sqwq": steady}) == every, "7 rounds at the least"
    assert modes(8, {"inline": steady, "sqwq": steady}) == set()
    assert modes(8, {"inline": steady, "sqwq": noisy}) == {"fio:psync", "sqwq"}
    assert modes(29, {"inline": noisy, "sqwq": noisy}) == every
    assert modes(30, {"inline": steady, "sqwq": steady}) == every, "a round that was added"


def test_a_comparison_with_a_precision_ends_by_itself(tmp_path, job_file, compare):
    text = TINY_JOB.replace("150ms", "60ms")
    done = compare(job_file(text), "fio:psync,fio:libaio", "--precision", "99%", "--repeats", "40")
    assert done.returncode == 0, done.stderr
    rounds = {record["run"]["repeat"] for record in kept_records(tmp_path)}
    assert 7 <= len(rounds) <= 40 and "at most" in done.stdout
    assert re.search(r"its 9[89]\.\d* % interval", done.stdout)


def test_placements_in_fios_words():
    assert cpu_list("0-2+5") == {0, 1, 2, 5} and cpu_list("0,1") == set()
    assert placement_options("cpus:0-2+5") == {"cpus_allowed": "0-2,5"}
    assert placement_options("nodes:1/0") == {"numa_cpu_nodes": "1", "numa_mem_policy": "bind:0"}
    assert placement_options("none") == {}


def test_every_dimension_is_an_option(compare, job_file):
    done = compare(job_file(), "fio:psync", "--help-all")
    assert all(f"--{name} " in done.stdout for name in DIMENSIONS if name != "jobs")


def test_an_open_loop_offers_what_was_asked_for_and_is_charted_apart(tmp_path, job_file, compare,
                                                                     engine):
    job = job_file(TINY_JOB + "numjobs=2\n")
    done = compare(job, "inline,sqwq", "--rates", "200,2000", "--engine", engine, "--depths", "16")
    assert done.returncode == 0, done.stderr
    for record in kept_records(tmp_path):
        rates = [evidence["arrival_rate"] for evidence in record["path_evidence"]]
        assert rates == [record["run"]["rate"] / 2] * 2
    charts = {path.stem for path in (tmp_path / "results/charts").glob("*.svg")}
    assert charts == {"tiny-open-loop"}
    assert "ratio of p99 to inline" in done.stdout
    done = compare(job, "inline", "--rates", "201", "--engine", engine)
    assert done.returncode == 2 and "multiples of 2" in done.stderr
