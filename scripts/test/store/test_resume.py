# SPDX-License-Identifier: MIT
"""A comparison that is stopped in any way goes on with the very runs that it would have made."""

import html
import json
import lzma
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import time

import pytest
import synthetic
from conftest import HANG_S, SCRIPTS, TINY_JOB
from kept import kept_runs
from suite.comparison import rounds_of, wanted
from suite.measure.images import SBIN
from suite.measure.process import Stop
from suite.store.folder import Folder
from suite.store.planned import taken_up

FULL = "IOWQ_FULL" in os.environ
KILLS = 10 if FULL else 3
SHORT_JOB = TINY_JOB.replace("150ms", "60ms")


def resume(folder, *extra):
    return subprocess.run([str(SCRIPTS / "compare"), "--no-wait", "--resume", str(folder),
                           *extra],
                          capture_output=True, text=True, timeout=HANG_S, check=False)


def contents(folder):
    """The lines of finished runs, in their order; what follows the last is of none."""
    path = folder / "runs.jsonl"
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def planned(folder):
    """The runs of a whole comparison: what a round leaves out depends on the rounds before."""
    asked, _ = taken_up(Folder(folder), 0, Stop())
    finished = Folder(folder).finished()
    return [run for repeat in rounds_of(asked, finished)
            for run in wanted(asked, repeat, finished)]


def assert_complete(folder):
    """Every planned run is there once, with a result, and nothing else."""
    ids = [json.loads(line)["run"]["id"] for line in contents(folder)]
    assert sorted(ids) == sorted(run.id for run in planned(folder))
    assert (folder / "runs.jsonl").read_bytes().endswith(b"\n")
    assert all(figures and figures.ios for _, _, figures in Folder(folder).finished())
    assert not list(folder.rglob(".*"))
    measured = [run for run in planned(folder) if run.repeat]
    assert (folder / "summary.csv").read_text().count("\n") == 1 + len(measured)


@pytest.mark.parametrize("extra", [(), pytest.param(
    ("--file-systems", "ext4"), marks=pytest.mark.skipif(
        not FULL or os.geteuid() != 0, reason="one of the long tests, and needs root"))])
def test_killed_at_random_moments_it_still_makes_every_run_once(tmp_path, job_file, command, extra):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    source = random.Random(seed)
    line = command(job_file(SHORT_JOB), "fio:psync,fio:libaio", "--repeats", str(6 * KILLS),
                   *extra)
    line.remove("--no-trace")
    folder = tmp_path / "results"
    kept, killed = [], 0
    while killed < KILLS:
        going_on = [line[0], "--no-wait", "--resume", str(folder)]
        process = subprocess.Popen(going_on if (folder / "plan.json").exists() else line,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            process.wait(timeout=source.uniform(0.1, 2.5))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        complaint = process.communicate()[1].decode()
        assert process.returncode == -signal.SIGKILL, complaint
        if folder.exists():
            now = contents(folder)
            assert now[:len(kept)] == kept, "a finished run was made again, or lost"
            kept = now
    # On a busy machine every kill may have come before there was a plan.
    last = going_on if (folder / "plan.json").exists() else line
    done = subprocess.run(last, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(folder)[:len(kept)] == kept
    assert_complete(folder)


# "$*" of the calls of a program that make the file system.
MAKING = {"mkfs.ext4": "*", "mount": "*ext4*", "losetup": "*direct-io*"}


@pytest.mark.skipif(os.geteuid() != 0, reason="making file systems needs root")
@pytest.mark.parametrize("program", MAKING)
@pytest.mark.parametrize("moment", ["before", "behind", "instead"])
def test_killed_while_it_makes_a_file_system_it_makes_it_anew(tmp_path, job_file, command, program,
                                                              moment):
    fakes = tmp_path / "fakes"
    fakes.mkdir()
    kill, does = "kill -KILL $PPID", f'{shutil.which(program, path=SBIN)} "$@"'
    steps = {"before": [kill, does], "behind": [does, kill], "instead": [kill]}[moment]
    (fakes / program).write_text(f'#!/bin/sh\ncase "$*" in {MAKING[program]}) {"; ".join(steps)} ;;'
                                 f' *) {does} ;; esac\n')
    (fakes / program).chmod(0o755)
    line = command(job_file(), "fio:psync", "--file-systems", "ext4")
    killed = subprocess.run(line, env=os.environ | {"PATH": f"{fakes}:{SBIN}"}, timeout=HANG_S,
                            capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    folder = tmp_path / "results"
    going_on = [line[0], "--no-wait", "--resume", str(folder)]
    done = subprocess.run(going_on if (folder / "plan.json").exists() else line, timeout=HANG_S,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert_complete(folder)
    attached = subprocess.run(["losetup", "--all"], capture_output=True, text=True, check=True)
    assert str(tmp_path) not in attached.stdout


def test_what_a_killed_comparison_left_running_is_gone_before_the_next_run(tmp_path, job_file,
                                                                           command):
    line = command(job_file(TINY_JOB.replace("150ms", "60s")), "fio:psync", "--limit", "100")
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    while len(jobs_in(tmp_path / "scratch")) < 2:  # fio, and its job
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    left = jobs_in(tmp_path / "scratch")
    assert left, "fio's job outlives fio"
    going_on = subprocess.Popen([line[0], "--no-wait", "--resume", str(tmp_path / "results")],
                                stdout=subprocess.DEVNULL)
    try:
        while left & jobs_in(tmp_path / "scratch"):
            assert going_on.poll() is None
            time.sleep(0.02)
    finally:
        going_on.send_signal(signal.SIGINT)
        going_on.wait(timeout=HANG_S)
    assert not jobs_in(tmp_path / "scratch")


def jobs_in(folder):
    """Processes that are at work in a folder."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(str(folder)):
                found.add(int(pid))
        except OSError:
            pass
    return found


def test_more_repeats_are_added_and_the_old_ones_stay(tmp_path, job_file, compare):
    assert compare(job_file(SHORT_JOB), "fio:psync,fio:libaio").returncode == 0
    folder = tmp_path / "results"
    before = contents(folder)
    done = resume(folder, "--add-repeats", "2")
    assert done.returncode == 0, done.stderr
    assert contents(folder)[:len(before)] == before
    assert_complete(folder)
    assert {run.repeat for run in planned(folder)} == {1, 2, 3}
    assert "Medians of 3 runs" in done.stdout


def test_the_job_file_as_it_was_is_what_goes_on(tmp_path, job_file, compare):
    path = job_file(SHORT_JOB)
    assert compare(path).returncode == 0
    path.write_text("no job any more\n")
    assert resume(tmp_path / "results", "--add-repeats", "1").returncode == 0
    first, second = ([line for line in kept.job_file.splitlines() if "randseed" not in line]
                     for kept in kept_runs(tmp_path))
    assert first == second


@pytest.mark.parametrize("cut", [lambda text: text[:-1], lambda text: text[:-1000],
                                 lambda text: text + text[:1000], lambda text: text + b"\0" * 9])
def test_a_torn_last_line_is_made_again_and_nothing_else(tmp_path, job_file, compare, cut):
    assert compare(job_file(SHORT_JOB), "fio:psync,fio:libaio", "--repeats", "2").returncode == 0
    path = tmp_path / "results/runs.jsonl"
    path.write_bytes(cut(path.read_bytes()))
    before = contents(tmp_path / "results")
    done = resume(tmp_path / "results")
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "results")[:len(before)] == before
    assert_complete(tmp_path / "results")


def test_the_commands_in_the_report_work_in_any_folder(tmp_path, job_file, compare):
    folder = tmp_path / "my results"
    done = compare(job_file(SHORT_JOB), "fio:psync", "--results", os.path.relpath(folder))
    assert done.returncode == 0, done.stderr
    report = html.unescape((folder / "report.html").read_text())
    for words in (r"/compare --resume .* --add-repeats 5", "/plot '.*'"):
        (line,) = re.findall(rf"(/[^<>\n]*scripts{words})", report)
        done = subprocess.run(shlex.split(line), cwd="/", capture_output=True, text=True,
                              timeout=HANG_S, check=False)
        assert done.returncode == 0, done.stderr
    assert len(contents(folder)) == 6
    assert_complete(folder)


def test_a_folder_of_three_files_a_run_goes_on_and_keeps_them(tmp_path, job_file, compare):
    assert compare(job_file(SHORT_JOB), "fio:psync,fio:libaio").returncode == 0
    folder = Folder(tmp_path / "results")
    synthetic.as_run_files(folder)
    files = {path: (path.read_bytes(), path.stat().st_mtime_ns)
             for path in (folder.path / "runs").iterdir()}
    done = resume(folder.path, "--add-repeats", "1")
    assert done.returncode == 0, done.stderr
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns)
            for path in (folder.path / "runs").iterdir()} == files
    assert len(contents(folder.path)) == 2
    assert [run for run, _, _ in folder.finished()] == planned(folder.path)
    assert "Medians of 2 runs" in done.stdout


def test_a_compressed_file_goes_on_in_a_plain_one(tmp_path, job_file, compare):
    assert compare(job_file(SHORT_JOB), "fio:psync,fio:libaio").returncode == 0
    path = tmp_path / "results/runs.jsonl"
    for each in (path, path.with_name("plan.json")):
        each.with_name(f"{each.name}.xz").write_bytes(lzma.compress(each.read_bytes()))
        each.unlink()
    assert "already has runs" in compare(job_file(SHORT_JOB)).stderr
    done = resume(tmp_path / "results", "--add-repeats", "1")
    assert done.returncode == 0, done.stderr
    assert len(contents(tmp_path / "results")) == 2 and "Medians of 2 runs" in done.stdout
    assert [run for run, _, _ in Folder(path.parent).finished()] == planned(path.parent)


@pytest.mark.parametrize("changed", ["kernel", "cpu_model", "fio"])
def test_another_machine_does_not_go_on_with_it(tmp_path, job_file, compare, changed):
    assert compare(job_file(SHORT_JOB)).returncode == 0
    path = tmp_path / "results/env.json"
    about = json.loads(path.read_text())
    (about["versions"] if changed == "fio" else about)[changed] = "fio-9.9"
    path.write_text(json.dumps(about))
    before = contents(tmp_path / "results")
    done = resume(tmp_path / "results", "--add-repeats", "1")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "fio-9.9" in done.stderr
    assert contents(tmp_path / "results") == before


def test_bad_requests_to_go_on_are_told_in_one_line(tmp_path, job_file, compare):
    assert compare(job_file(SHORT_JOB)).returncode == 0
    folder = tmp_path / "results"
    for done, words in (
            (resume(tmp_path), "no plan.json"),
            (resume(folder, "--modes", "inline"), "--modes"),
            (resume(folder, "--dry-run"), "--dry-run"),
            (resume(folder, "--engine", "/x"), "--engine"),
            (resume(folder, "--add-repeats", "x"), "whole number"),
            (compare(job_file(SHORT_JOB), "fio:psync", "--add-repeats", "1"), "--resume"),
            (compare(job_file(SHORT_JOB)), "--resume")):
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and words in done.stderr
    assert_complete(folder)


def test_two_comparisons_do_not_share_a_scratch_folder(tmp_path, job_file, command, compare):
    running = subprocess.Popen(command(job_file(), "fio:psync", "--repeats", "100"),
                               stdout=subprocess.PIPE, text=True)
    try:
        assert any("100 runs" in line for line in running.stdout)
        done = compare(job_file(), "fio:psync", "--results", tmp_path / "other")
        assert done.returncode == 2 and "another comparison is using it" in done.stderr
        done = resume(tmp_path / "results")
        assert done.returncode == 2 and "another comparison is using it" in done.stderr
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=HANG_S)
