# SPDX-License-Identifier: MIT
"""The tools that all runs of a comparison share, and the folders of their files."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from suite import places
from suite.errors import BadInput
from suite.measure.process import kill_left_over
from suite.request.command_line import fio_of, seconds, steady_of
from suite.request.file_systems import folders_of
from suite.request.length import Limit, length_of
from suite.request.plan import unique_names


@dataclass(frozen=True)
class Bench:
    """What all runs of a comparison have in common."""

    fio: str
    engine: str
    iowq_run: str | None  # None: no mode needs it
    scratch: Path
    folders: dict  # {name of the file system: its folder}; '' is the scratch folder itself
    names: dict  # {job: its folder's name in each of these}
    runtime_s: float | None
    limit_s: float | None
    steady: str | None
    stop: object
    machines: object  # which do the I/O: Here or Hosts
    file_systems: tuple = ()  # as asked for: kinds to be made, and NAME=DIR
    destroy: tuple = ()  # paths outside the scratch folder that may be written to

    def folder(self, load):
        return self.folders[load.file_system] / self.names[load.job]

    def length_s(self, job):
        """For how many seconds a run is measured, if that is known beforehand."""
        return self.runtime_s or job.runtime_s

    def takes(self, job):
        """The Length of a whole run, with all that comes before and after the measured part."""
        return length_of(job, self.runtime_s)

    def limit(self, job):
        return Limit(self.limit_s) if self.limit_s else self.takes(job).limit(self.machines.seen)


def bench_of(options, jobs, modes, stop, machines, file_systems=()):
    """The Bench that the options name; raises BadInput for whatever is not there."""
    fio = fio_of(options)
    if not shutil.which("gnuplot"):
        raise BadInput(f"gnuplot is not installed: {places.TO_SET_UP}")
    return make_bench(fio, machines.engine_at(options, modes), machines.iowq_run_for(modes),
                      Path(options.scratch or places.SCRATCH).absolute(), jobs, stop,
                      machines, file_systems=file_systems, destroy=getattr(options, "destroy", ()),
                      runtime_s=seconds("--runtime", options.runtime),
                      limit_s=seconds("--limit", options.limit), steady=steady_of(options))


def make_bench(fio, engine, iowq_run, scratch, jobs, stop, machines, *, file_systems, destroy,
               runtime_s, limit_s, steady):
    names = unique_names([job.name for job in jobs])
    return Bench(fio, engine, iowq_run, scratch, folders_of(file_systems, scratch), names,
                 runtime_s, limit_s, steady, stop, machines, tuple(file_systems), tuple(destroy))


def hold(bench):
    """Locks the scratch folder, and ends processes that a killed comparison left running in it."""
    make_scratch(bench.scratch)
    lock(bench.scratch, "scratch folder")
    kill_left_over(bench.fio, bench.folders.values())


def lock(folder, what):
    """Keeps other comparisons out of a folder as long as this process lives: it never closes the
    descriptor, and no program that it starts inherits it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise BadInput(f"{what} {folder}: another comparison is using it") from None


def make_scratch(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "not writable")
    except OSError as error:
        raise BadInput(f"scratch folder {folder}: {error.strerror}") from error


def make_folders(bench, loads):
    """Makes the folder of each load's files."""
    for load in loads:
        make_scratch(bench.folder(load))
