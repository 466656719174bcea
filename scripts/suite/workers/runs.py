# SPDX-License-Identifier: MIT
"""Runs fio once in each mode under observation, with the job rewritten as for a comparison."""

import sys
from pathlib import Path

from suite.errors import FolderFailed
from suite.fio import over_time
from suite.measure import cache
from suite.measure.files import data_files
from suite.measure.process import URING_LIBRARY
from suite.measure.run import complaint, fio_command, lay_out, run_options, take_evidence
from suite.request.jobfile import rewritten
from suite.request.plan import Point, Run, unique_names
from suite.workers.observation import observe_command
from suite.workers.tracing import sources_in

RANDSEED = 1
COUNTED = ("workers_created", "workers_reaped", "enqueued")


def observe_modes(bench, job, load, modes, depth, folder, chooser):
    """Returns (the observations, the exit status: 1 if a run failed)."""
    outcome = lay_out(bench, job, load)
    if outcome.status != 0 and not outcome.stopped:
        raise FolderFailed(f"fio cannot lay out the files of {job.name} in "
                           f"{bench.folder(load)}: {complaint(outcome)}")
    (folder.path / "runs").mkdir(exist_ok=True)
    found, status = [], 0
    names = unique_names([mode.name for mode in modes])
    for mode in modes:
        if bench.stop.signal is not None:
            break
        run = Run(names[mode.name], Point(load, mode.name, depth), 1, RANDSEED)
        observation, outcome = observe_mode(bench, job, mode, run, folder, chooser)
        found.append(observation)
        if outcome.status != 0 or outcome.hung:
            why = "interrupted" if outcome.stopped else complaint(outcome)
            observation.notes.append(f"fio did not end well: {why}")
            print(f"workers: {mode.name}: {why}", file=sys.stderr)
            status = 1
    return found, status


def observe_mode(bench, job, mode, run, folder, chooser):
    own = bench.folder(run.point.load)
    path = folder.path / f"runs/{run.id}.fio"
    folder.write(f"runs/{run.id}.fio", rewritten(job, run_options(bench, job, mode, run)))
    take_evidence(own)  # removes what a killed run left, which is not this run's
    cache.prepare(job.cache, data_files(job, own), job.writes)
    found, outcome = observe_command(mode.name,
                                     fio_command(bench, job, path.absolute(), mode=mode), own,
                                     sources_of(bench, mode), chooser, bench.stop,
                                     bench.limit(job).after_s + bench.limit(job).quiet_s)
    folder.write(f"runs/{run.id}.fio.json", outcome.stdout)
    over_time.remove(own)
    found.counted = counted(take_evidence(own))
    return found, outcome


def sources_of(bench, mode):
    """Of the pool that the mode has, if it has one."""
    if mode.under_iowq_run:
        return sources_in([str(Path(bench.iowq_run).with_name(URING_LIBRARY))])
    return sources_in([bench.engine]) if mode.offload else []


def counted(evidence):
    """The counters of the engine's pools, all jobs together; empty where there was no pool."""
    return {key: sum(row.get(key, 0) for row in evidence) for key in COUNTED
            if any(key in row for row in evidence)}
