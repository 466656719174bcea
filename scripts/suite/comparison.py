# SPDX-License-Identifier: MIT
"""A comparison from the last check to the last run."""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from suite.analyse import summary_csv
from suite.analyse.stats import LEAST_ROUNDS
from suite.analyse.summary import narrow
from suite.errors import BadInput, FolderFailed
from suite.measure import cache, environment, hosts
from suite.measure.files import data_files, files_there, remove_new
from suite.measure.mounts import file_system
from suite.measure.process import run_limited
from suite.measure.progress import Progress
from suite.measure.run import complaint, execute, lay_out, run_command, run_options
from suite.report.conclusion import report
from suite.request import engine_options
from suite.request.jobfile import rewritten
from suite.request.length import Limit
from suite.request.plan import TRACED, Run, plan_round, plan_traced, samples
from suite.units import clock

# What a run takes beyond its own time: fio calibrates its clock.
ASSUMED_START_S = 0.4


def check_options(asked, bench):
    """Lets fio read the job of every mode, so that a bad option is told before anything is run."""
    if bench.hosts:
        hosts.check_options(asked, bench)
        return
    for mode in asked.modes:
        engine = mode.job_options(bench.engine)["ioengine"]
        if not mode.offload and not has_engine(bench, engine):
            raise BadInput(f"mode {mode.name}: {bench.fio} has no engine '{engine}'; "
                           "see fio --enghelp")
    for job in asked.jobs:
        names = {point.mode for point in asked.points if point.load.job == job.name}
        engine_options.check(job, [mode for mode in asked.modes if mode.name in names], bench)
    with tempfile.TemporaryDirectory() as empty:
        path = Path(empty, "check.fio")
        for point in samples(asked.points):
            job, mode = asked.job_of(point), asked.mode(point.mode)
            options = run_options(bench, job, mode, Run("check", point, 1, 1))
            path.write_text(rewritten(job, options), errors="surrogateescape")
            outcome = run_limited([bench.fio, "--parse-only", str(path)], empty, Limit(60),
                                  bench.stop)
            if outcome.status != 0 and not outcome.stopped:
                raise BadInput(f"fio refuses {mode.name} on {job.path}: {complaint(outcome)}")


def has_engine(bench, name):
    """fio's exit status is the same for an engine that it lacks and one that has no options."""
    outcome = run_limited([bench.fio, f"--enghelp={name}"], None, Limit(60), bench.stop)
    return b"not loadable" not in outcome.stderr + outcome.stdout


def make_ready(asked, bench):
    """Lays the files out, once for all loads that share them; returns the time that fio took."""
    if bench.hosts:
        return hosts.lay_out(asked, bench)
    loads = {(point.load.job, point.load.file_system): point.load for point in asked.points}
    spent_s = 0
    for load in loads.values():
        job, before = asked.job(load.job), files_there(bench.folder(load))
        outcome = lay_out(bench, job, load)
        spent_s += outcome.wall_s
        if outcome.stopped:
            break
        if outcome.status != 0:
            remove_new(bench.folder(load), before)
            raise FolderFailed(f"fio cannot lay out the files of {job.name} in "
                               f"{bench.folder(load)}: {complaint(outcome)}")
        if job.cache == "cold" and file_system(bench.folder(load))[0] in ("tmpfs", "ramfs"):
            print(f"{job.name} asks for a cold cache, which {bench.folder(load)} cannot have: it "
                  "lies in memory (tmpfs); every run of it will be flagged not_cold")
    for load in loads.values():
        # Earlier uses of the files must not decide in which form they lie in the page cache.
        cache.forget(data_files(asked.job(load.job), bench.folder(load)))
    return spent_s


def compare(asked, bench, folder):
    """Makes all runs and everything that is made of them; returns the exit status."""
    started = time.monotonic()
    status, in_fio_s = measure(asked, bench, folder)
    if bench.stop.signal is None:
        report(folder)
        took_s = time.monotonic() - started
        print(f"took {clock(took_s)}, {100 * in_fio_s / took_s:.1f} % of it in fio")
    return status


def measure(asked, bench, folder):
    """Makes the runs that are not there and says what became of them.

    Returns (exit status, the time that was spent in fio).
    """
    if not (folder.path / "env.json").exists():
        about = environment.describe(bench)
        about["commands"] = [" ".join(run_command(bench, folder, run, asked.job_of(run.point)))
                             for run in asked.runs]
        folder.write_json("env.json", about)
    finished = folder.take_up()
    there = len(finished)
    in_fio_s = make_ready(asked, bench)
    left = 1 - there / len(asked.runs)
    what = f"{len(asked.runs)} runs" + (f", of which {there} are there" if there else "")
    print(f"{what} in {asked.repeats} shuffled rounds, seed {asked.seed}: "
          f"{how_long(asked, bench, left)}; results in {folder.path}", flush=True)
    try:
        progress = Progress(len(asked.runs), expected(asked, bench) * left, asked.repeats)
        make_runs(asked, bench, folder, progress, finished)
    except FolderFailed as error:
        raise FolderFailed(f"{error}; {len(finished)} of {len(asked.runs)} runs are kept"
                           f"{summary_anyway(folder, finished)}") from error
    in_fio_s += sum(record["wall_s"] for _, record, _ in finished[there:])
    write_summary(folder, finished)
    return told_status(asked, bench, folder, finished), in_fio_s


def told_status(asked, bench, folder, finished):
    """Says what is not as it should be; returns the exit status."""
    if bench.stop.signal is not None:
        print(f"interrupted: {len(finished)} of {len(asked.runs)} runs are kept in {folder.path}; "
              f"scripts/compare --resume {folder.path} goes on", file=sys.stderr)
        return 128 + bench.stop.signal
    bad = [run for run, _, figures in finished if figures is None]
    if bad:
        print(f"{len(bad)} of {len(finished)} runs came to no result; the rest is complete",
              file=sys.stderr)
    return 1 if bad else 0


def write_summary(folder, finished):
    folder.write(summary_csv.NAME, summary_csv.document(finished))


def summary_anyway(folder, finished):
    """On a disk that is full: what is left of the run that did not fit makes room."""
    try:
        folder.drop_unfinished()
        write_summary(folder, finished)
    except (FolderFailed, OSError):
        return ", but summary.csv could not be written"
    return ""


def expected(asked, bench):
    start_s = hosts.ASSUMED_START_S if bench.hosts else ASSUMED_START_S
    return sum(bench.takes(asked.job_of(run.point)).known_s + start_s for run in asked.runs)


def how_long(asked, bench, share=1):
    """The time that all runs, or a share of them, take, in words."""
    unknown = {run.point.load.job: takes.open for run in asked.runs
               if (takes := bench.takes(asked.job_of(run.point))).open}
    precision = "at most" if asked.precision else "about"
    words = f"{'at least' if unknown else precision} {clock(expected(asked, bench) * share)}"
    return words + "".join(f", as {job} {why}" for job, why in unknown.items())


def make_runs(asked, bench, folder, progress, finished):
    """Makes round after round of what is wanted, without what is there; appends to `finished`."""
    there = {run.id: figures for run, _, figures in finished}
    make = hosts.execute if bench.hosts else execute
    try:
        for repeat in range(0 if asked.traced else 1, asked.repeats + 1):
            runs = wanted(asked, repeat, finished)
            progress.begin_round(repeat, len(round_of(asked, repeat)), len(runs))
            for run in runs:
                if run.id in there:
                    progress.was_there()
                    continue
                progress.show(run)
                record, figures = make(bench, folder, run, asked.job_of(run.point),
                                       asked.mode(run.point.mode))
                if record is None:
                    return
                finished.append((run, record, figures))
                progress.finished(run, figures)
    finally:
        progress.close()


def wanted(asked, repeat, finished):
    """The runs of a round: all points, but those whose interval has become narrow enough.

    What a round leaves out depends on the rounds before it alone, so that a comparison that was
    interrupted goes on with the very runs that it would have made.
    """
    runs = round_of(asked, repeat)
    if asked.precision is None or not LEAST_ROUNDS < repeat <= asked.early_until:
        return runs
    before = [row for row in finished if row[0].repeat < repeat]
    done = narrow(before, asked.baseline, asked.precision)
    # The baseline is wanted as long as one of those that it is compared with is.
    with_baseline = {replace(point, mode=asked.baseline) for point in asked.points
                     if point not in done and point.mode != asked.baseline}
    return [run for run in runs if run.point not in done or run.point in with_baseline]


def round_of(asked, repeat):
    if repeat == TRACED:
        return plan_traced(asked.points, asked.seed)
    return plan_round(asked.points, repeat, asked.seed)
