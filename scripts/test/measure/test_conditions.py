# SPDX-License-Identifier: MIT
"""The suite on machines as they are: without permissions, in any language and time zone, short of
memory, and beside another comparison."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import ENGINE, HANG_S, SCRIPTS, TINY_JOB
from kept import kept_records
from suite.measure import cgroups
from suite.measure.process import Stop
from suite.measure.run import wrong_syncs
from suite.measure.turn import take_turn

NOBODY = 65534


@pytest.fixture
def public():
    """A folder that everybody may use; those that pytest makes are this user's own."""
    with tempfile.TemporaryDirectory(prefix="iowq test: ") as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


def test_from_a_tree_that_cannot_be_written_and_without_root(public, engine):
    """With a space and a colon in every path but the engine's, which fio itself cannot load."""
    tree = public / "tree"
    for part in ("scripts", "jobs"):
        shutil.copytree(SCRIPTS.parent / part, tree / part,
                        ignore=shutil.ignore_patterns("__pycache__", "test"))
    for path in [tree, *tree.rglob("*")]:
        path.chmod(0o555)
    with tempfile.TemporaryDirectory(prefix="iowq-test-") as plain:
        os.chmod(plain, 0o755)
        shutil.copy(ENGINE, plain)
        job = public / "tiny.fio"
        job.write_text(TINY_JOB)
        line = [tree / "scripts/compare", job, "--modes", "inline,fio:psync", "--depths", "1",
                "--repeats", "1", "--no-wait", "--engine", f"{plain}/{ENGINE.name}",
                "--scratch", public / "scratch", "--results", public / "results"]
        if os.geteuid() == 0:
            line = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *line]
        done = subprocess.run([str(word) for word in line], capture_output=True, text=True,
                              timeout=HANG_S, cwd=public, check=False,
                              env={"PATH": f"/usr/bin:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    assert (public / "results/report.html").exists()
    assert not list(tree.rglob("__pycache__"))


@pytest.mark.parametrize("environment", [
    {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "TZ": "Pacific/Kiritimati"},
    {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "TZ": "nowhere"},
    {"LC_ALL": "tr_TR.ISO-8859-9", "LANG": "tr_TR.ISO-8859-9", "TZ": ":/etc/no"}])
def test_in_any_language_and_time_zone(tmp_path, job_file, compare, environment):
    done = compare(job_file(), "fio:psync", env=environment)
    assert done.returncode == 0, done.stderr
    assert "µs" in done.stdout or " ns" in done.stdout
    measured, = (tmp_path / "results/summary.csv").read_text().splitlines()[1:]
    assert measured.count(",") == (
        tmp_path / "results/summary.csv").read_text().splitlines()[0].count(",")
    assert "<svg" in (tmp_path / "results/report.html").read_text()


# ---- memory


@pytest.mark.parametrize(("mounts", "own", "files", "limit"), [
    ("cgroup2 {} cgroup2 rw 0 0", "0::/a/b", {"a/memory.max": "1000", "a/b/memory.max": "max"},
     1000),
    ("cgroup2 {} cgroup2 rw 0 0", "0::/", {"memory.max": "500"}, 500),
    ("cgroup2 {} cgroup2 rw 0 0", "0::/of/the/host", {"memory.max": "700"}, 700),
    ("cgroup {} cgroup rw,memory 0 0", "3:memory:/a", {"a/memory.limit_in_bytes": "300"}, 300),
    ("cgroup {} cgroup rw,cpu 0 0", "3:memory:/a", {"a/memory.limit_in_bytes": "300"}, None),
])
def test_the_least_memory_limit_above_this_process_counts(tmp_path, monkeypatch, mounts, own, files,
                                                          limit):
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text + "\n")
    for name, text in (("MOUNTS", mounts.format(tmp_path)), ("OWN", own)):
        (tmp_path / name).write_text(text + "\n")
        monkeypatch.setattr(cgroups, name, tmp_path / name)
    assert min(cgroups.memory_limits(), default=None) == limit
    assert cgroups.memory_available() > 2**20 or limit


def test_warm_files_above_a_memory_limit_are_refused_before_any_run(tmp_path, job_file, command):
    try:
        base, unified = cgroups.hierarchy("memory")
        group = base / f"iowq-test-{os.getpid()}"
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no memory cgroup can be made here: {error}")
    try:
        try:
            (group / ("memory.max" if unified else "memory.limit_in_bytes")).write_text("400M")
        except OSError as error:
            pytest.skip(f"no memory limit can be set here: {error}")
        done = subprocess.run(
            command(job_file(TINY_JOB.replace("size=1m", "size=600m"))), capture_output=True,
            text=True, timeout=HANG_S, check=False,
            preexec_fn=lambda: (group / "cgroup.procs").write_text("0"))
    finally:
        group.rmdir()
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "in the page cache, and take 600 MiB, and there is memory for 400 MiB" in done.stderr
    assert not (tmp_path / "results").exists()


# ---- another comparison


@pytest.fixture
def taken():
    """Another comparison measures: this test, once those of the tests beside it have ended."""
    other = take_turn(Stop(), wait=True)
    yield other
    other.close()


def test_another_comparison_is_waited_for(taken, tmp_path, job_file, command):
    line = [word for word in command(job_file()) if word != "--no-wait"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as waits:
        assert f"(process {os.getpid()}): waiting for its end" in waits.stdout.readline()
        assert not (tmp_path / "results/runs.jsonl").exists()
        taken.close()
        waits.stdout.read()
    assert waits.returncode == 0 and len(kept_records(tmp_path)) == 1


def test_a_wait_is_ended_by_a_signal_and_gone_on_with(taken, tmp_path, job_file, command):
    line = [word for word in command(job_file()) if word != "--no-wait"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as waits:
        waits.stdout.readline()
        waits.send_signal(signal.SIGINT)
        complaint = waits.communicate()[1]
    assert waits.returncode == 128 + signal.SIGINT and "--resume" in complaint
    assert json.loads((tmp_path / "results/plan.json").read_text())["runs"]


def test_it_is_said_where_another_comparison_is_not_waited_for(taken, job_file, compare):
    done = compare(job_file())
    assert done.returncode == 0 and "both will be disturbed" in done.stdout


def test_a_turn_is_free_again_once_it_is_let_go(taken):
    stop = Stop()
    assert take_turn(stop, wait=False) is None
    taken.close()
    held = take_turn(stop, wait=True)
    assert held is not None
    held.close()


@pytest.mark.parametrize("options, writes, syncs, flagged", [
    ({"fsync": "8"}, 8000, 1000, False), ({"fsync": "8"}, 8000, 1090, False),
    ({"fsync": "8"}, 8000, 1200, True), ({"fdatasync": "1"}, 100, 100, False),
    ({"fdatasync": "1"}, 100, 300, True), ({"fsync": "8"}, 8, 3, False), ({}, 8000, 8000, False),
    ({"fsync": "0"}, 8, 80, False), ({"fsync": "2*4"}, 8, 80, False)])
@pytest.mark.parametrize("where", ["global options", "job options"])
def test_syncs_that_nobody_asked_for_are_flagged(options, writes, syncs, flagged, where):
    job = {"write": {"total_ios": writes, "runtime": 1000}, "sync": {"total_ios": syncs}}
    document = {where: options, "jobs": [job]} if where == "global options" else \
        {"jobs": [job | {where: options}]}
    assert wrong_syncs(document) == (["more_syncs"] if flagged else [])
