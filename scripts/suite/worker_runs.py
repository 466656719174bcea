# SPDX-License-Identifier: MIT
"""Runs fio once a mode under observation, with the job rewritten as a comparison does."""

import re
import sys

from suite import cache
from suite.command_line import whole
from suite.plan import unique_names
from suite.run import complaint, data_files, fio_command, lay_out, run_options, take_evidence
from suite.errors import FolderFailed
from suite.jobfile import rewritten
from suite.worker_observation import observe_command
from suite.worker_tracing import sources_in

USUAL_DEPTH = 32
COUNTED = ("workers_created", "workers_reaped", "enqueued")


def depth_of(job, asked):
    """What was asked for, else what the job file says, else 32."""
    if asked:
        return whole("--depth", asked, 1, 65536)
    told = {dict(options).get("iodepth", "") for _, options in job.sections}
    one = told.pop() if len(told) == 1 else ""
    return int(one) if re.fullmatch(r"[1-9]\d{0,4}", one) else USUAL_DEPTH


def observe_modes(bench, job, modes, depth, folder, chooser):
    """Returns (the observations, 1 if a run came to no good end)."""
    outcome = lay_out(bench, job)
    if outcome.status != 0 and not outcome.stopped:
        raise FolderFailed(f"fio cannot lay out the files of {job.name} in "
                           f"{bench.folders[job.name]}: {complaint(outcome)}")
    found, status = [], 0
    names = unique_names([mode.name for mode in modes])
    for mode in modes:
        if bench.stop.signal is not None:
            break
        observation, outcome = observe_mode(bench, job, mode, depth, folder, names[mode.name],
                                            chooser)
        found.append(observation)
        if outcome.status != 0 or outcome.hung:
            why = "interrupted" if outcome.stopped else complaint(outcome)
            observation.notes.append(f"fio did not end well: {why}")
            print(f"workers: {mode.name}: {why}", file=sys.stderr)
            status = 1
    return found, status


def observe_mode(bench, job, mode, depth, folder, name, chooser):
    own = bench.folders[job.name]
    path = folder.path / f"runs/{name}.fio"
    folder.write(f"runs/{name}.fio", rewritten(job, run_options(bench, job, mode, depth, 1)))
    take_evidence(own)  # of a run that nobody collected: it is not this one's
    cache.prepare(job.cache, data_files(bench, job), job.writes)
    sources = sources_in([bench.engine]) if mode.offload else []
    found, outcome = observe_command(mode.name, fio_command(bench, job, path.absolute()), own,
                                     sources, chooser, bench.stop, bench.limit(job))
    folder.write(f"runs/{name}.fio.json", outcome.stdout)
    found.counted = counted(take_evidence(own))
    return found, outcome


def counted(evidence):
    """What the engine's pools counted, all jobs together; nothing where there was no pool."""
    return {key: sum(row.get(key, 0) for row in evidence) for key in COUNTED
            if any(key in row for row in evidence)}
