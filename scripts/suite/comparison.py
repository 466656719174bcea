# SPDX-License-Identifier: MIT
"""A comparison from the last check to the last picture."""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from suite import cache, environment, plot, table
from suite.errors import BadInput, FolderFailed
from suite.jobfile import rewritten
from suite.process import run_limited
from suite.progress import Progress
from suite.run import (complaint, data_files, execute, lay_out, run_command, run_options, start,
                       summary_row)
from suite.summary import summarise
from suite.units import clock

# What a run takes beyond its own time, until the warm-up has shown it: fio calibrates its clock.
ASSUMED_START_S = 0.4


@dataclass(frozen=True)
class Asked:
    """What the user asked for, checked."""

    jobs: list
    modes: list
    depths: list
    repeats: int
    seed: int
    baseline: str
    arguments: list

    def job(self, name):
        return next(job for job in self.jobs if job.name == name)

    def mode(self, name):
        return next(mode for mode in self.modes if mode.name == name)


def plan_document(asked, bench, runs):
    """plan.json: all that scripts/plot needs to know beside the runs themselves."""
    return {
        "schema": 1,
        "arguments": asked.arguments,
        "seed": asked.seed,
        "baseline": asked.baseline,
        "depths": asked.depths,
        "repeats": asked.repeats,
        "lengths_s": {job.name: bench.length_s(job) for job in asked.jobs},
        "jobs": [{"name": job.name, "path": job.path, "reads": job.reads, "writes": job.writes,
                  "cache": job.cache, "block": job.block} for job in asked.jobs],
        "modes": [{"name": mode.name, "options": dict(mode.options)} for mode in asked.modes],
        "runs": [run.as_json() for run in runs],
    }


def check_options(asked, bench):
    """Lets fio read the job of every mode, so that a bad option is told before anything is run."""
    for mode in asked.modes:
        engine = mode.job_options(bench.engine)["ioengine"]
        if not mode.offload and not has_engine(bench, engine):
            raise BadInput(f"mode {mode.name}: {bench.fio} has no engine '{engine}'; "
                           "see fio --enghelp")
    pairs = [(asked.jobs[0], mode) for mode in asked.modes]
    pairs += [(job, asked.mode(asked.baseline)) for job in asked.jobs[1:]]
    with tempfile.TemporaryDirectory() as empty:
        path = Path(empty, "check.fio")
        for job, mode in pairs:
            text = rewritten(job, run_options(bench, job, mode, asked.depths[0], 1))
            path.write_text(text, errors="surrogateescape")
            outcome = run_limited([bench.fio, "--parse-only", str(path)], empty, 60, bench.stop)
            if outcome.status != 0 and not outcome.stopped:
                raise BadInput(f"fio refuses {mode.name} on {job.path}: {complaint(outcome)}")


def has_engine(bench, name):
    """fio's exit status is the same for an engine that it lacks and one that has no options."""
    outcome = run_limited([bench.fio, f"--enghelp={name}"], None, 60, bench.stop)
    return b"not loadable" not in outcome.stderr + outcome.stdout


def make_ready(asked, bench, folder):
    """Lays the files out, and makes the warm-up run; returns what a run takes to start."""
    for job in asked.jobs:
        outcome = lay_out(bench, job)
        if outcome.stopped:
            return ASSUMED_START_S
        if outcome.status != 0:
            raise FolderFailed(f"fio cannot lay out the files of {job.name} in "
                               f"{bench.folders[job.name]}: {complaint(outcome)}")
        if job.cache == "cold" and cache.file_system(bench.scratch)[0] in ("tmpfs", "ramfs"):
            print(f"{job.name} asks for a cold cache, which {bench.scratch} cannot have: it lies "
                  "in memory (tmpfs); every run of it will be flagged not_cold")
    for job in asked.jobs:
        # Earlier uses of the files must not decide in which form they lie in the page cache.
        cache.forget(data_files(bench, job))
    job, mode = asked.jobs[0], asked.mode(asked.baseline)
    path = folder.path / "warm-up.fio"
    folder.write(path.name, rewritten(job, run_options(bench, job, mode, asked.depths[0], 1)))
    outcome, _, _ = start(bench, job, path)
    path.unlink()
    length = bench.length_s(job)
    return max(outcome.wall_s - (length or 0), 0.1)


def compare(asked, bench, folder, runs):
    """Makes all runs and everything that is made of them; returns the exit status."""
    status = measure(asked, bench, folder, runs)
    if bench.stop.signal is None:
        report(folder)
    return status


def measure(asked, bench, folder, runs):
    """Makes all runs and says what became of them; returns the exit status."""
    folder.write_json("plan.json", plan_document(asked, bench, runs))
    about = environment.describe(bench)
    about["commands"] = [" ".join(run_command(bench, folder, run, asked.job(run.point.load.job)))
                         for run in runs]
    folder.write_json("env.json", about)
    start_s = make_ready(asked, bench, folder)
    expected_s = expected(asked, bench, runs, start_s)
    print(f"{len(runs)} runs in {asked.repeats} shuffled blocks, seed {asked.seed}: about "
          f"{clock(expected_s)}; results in {folder.path}", flush=True)
    finished = []
    try:
        make_runs(asked, bench, folder, runs, expected_s, finished)
    except FolderFailed as error:
        raise FolderFailed(f"{error}; {len(finished)} of {len(runs)} runs are kept"
                           f"{summary_anyway(folder, finished)}") from error
    folder.write_summary([summary_row(*row) for row in finished])
    if bench.stop.signal is not None:
        print(f"interrupted: {len(finished)} of {len(runs)} runs are kept in {folder.path}; "
              f"scripts/plot {folder.path} draws them", file=sys.stderr)
        return 128 + bench.stop.signal
    bad = [run for run, _, figures in finished if figures is None]
    if bad:
        print(f"{len(bad)} of {len(runs)} runs came to no result; the rest is complete",
              file=sys.stderr)
    return 1 if bad else 0


def summary_anyway(folder, finished):
    """On a disk that is full: what is left of the run that did not fit makes room."""
    try:
        folder.drop_unfinished()
        folder.write_summary([summary_row(*row) for row in finished])
    except (FolderFailed, OSError):
        return ", but summary.csv could not be written"
    return ""


def expected(asked, bench, runs, start_s):
    return sum((bench.length_s(asked.job(run.point.load.job)) or 0) + start_s for run in runs)


def make_runs(asked, bench, folder, runs, expected_s, finished):
    progress = Progress(runs, expected_s, asked.repeats)
    try:
        for run in runs:
            progress.show(run)
            point = run.point
            record, figures = execute(bench, folder, run, asked.job(point.load.job),
                                      asked.mode(point.mode))
            if record is None:
                return
            finished.append((run, record, figures))
            progress.finished(run, figures)
    finally:
        progress.close()


def report(folder):
    """Draws and prints everything from the folder alone."""
    plan, about = folder.read_json("plan.json"), folder.read_json("env.json")
    summaries = summarise(folder.finished(), plan["baseline"])
    pictures = plot.draw_all(folder, plan, about, summaries)
    print("\n".join(table.render(plan, summaries)))
    for picture in pictures:
        print(f"picture: {os.path.relpath(picture)}")
