# SPDX-License-Identifier: MIT
"""What the user asked for: the matrix and how it is to be measured."""

import itertools
import os
import re
from dataclasses import dataclass, field, replace

from suite.errors import BadInput, meant
from suite.fio.number import number as fio_number
from suite.request.busy import IDLE, busy_of
from suite.request.file_systems import name_of
from suite.request.jobfile import SIZES, as_run, named_depths
from suite.request.modes import parse_mode
from suite.request.operations import default_modes
from suite.request.placement import placements_of
from suite.request.plan import NO_PLACEMENT, Load, Point, plan_runs, plan_traced

# The dimensions of the matrix, as the command line and a plan file name them, with their defaults.
MODES = ("inline,sqthread,handoff,sqwq,punt,hashed,uring,uring_async,uring_sqpoll,uring_defer,"
         "fio:psync,fio:io_uring,fio:io_uring+force_async=1,fio:libaio")
DIMENSIONS = {"jobs": "", "modes": MODES, "depths": "1,8,32", "blocks": "", "mixes": "",
              "placements": NO_PLACEMENT, "file-systems": "", "busy": IDLE, "rates": ""}

MOST_DEPTH = 65536
RACE_ROUNDS = 2  # the most that a race makes, in times of what was asked for


@dataclass(frozen=True)
class Asked:
    """What the user asked for, checked."""

    jobs: list
    modes: list
    points: list
    repeats: int
    seed: int
    baseline: str
    arguments: list
    precision: float | None = None  # a point is done at this half width of its ratio's interval
    early_until: int = 0  # the last round that may leave out points that are done
    traced: bool = False
    spare: int = 0  # rounds to be made in place of those that other programs disturb
    race: bool = False  # what is clearly worse leaves the time that it would take to the others
    decided: tuple = ()  # the options that the comparison sets, whatever the job files say
    judge: str | None = None  # as --judge
    as_good: float | None = None
    variants: dict = field(default_factory=dict)  # {(job, mode): the job with the mode's options}

    def job(self, name):
        return next(job for job in self.jobs if job.name == name)

    def job_of(self, point):
        """The job as the point's mode runs it."""
        return self.variants.get((point.load.job, point.mode)) or self.job(point.load.job)

    def mode(self, name):
        return next(mode for mode in self.modes if mode.name == name)

    @property
    def runs(self):
        """Every run that is to be made if nothing disturbs them, in order."""
        traced = plan_traced(self.points, self.seed) if self.traced else []
        return traced + plan_runs(self.points, self.repeats, self.seed)

    @property
    def possible_runs(self):
        """Those of the rounds too that may be added."""
        most = self.repeats + self.spare
        return replace(self, repeats=RACE_ROUNDS * most if self.race else most).runs


class Matrix:
    """The points of one part: the product of its dimensions."""

    def __init__(self, texts, read, usual=MODES):
        """`texts` is {dimension: [text, ...]}; a dimension that is missing or empty has its
        default; `usual` is that of the modes. `read` makes a Job of a path."""
        defaults = DIMENSIONS | {"modes": usual}

        def get(dimension):
            given = [text for text in texts.get(dimension) or [] if text]
            return given or [text for text in defaults[dimension].split(",") if text]

        self.jobs = [read(path) for path in get("jobs")]
        given = any(texts.get("modes") or [])
        self.modes_of = {
            job.name: list(map(parse_mode, get("modes") if given else
                               default_modes(job, get("modes"))))
            for job in self.jobs}
        self.modes = list(dict.fromkeys(mode for modes in self.modes_of.values()
                                        for mode in modes))
        depths = numbers("depths", get("depths"), 1, MOST_DEPTH)
        given = any(texts.get("depths") or [])
        self.depths_of = {job.name: depths if given else sorted({*depths, *own_depth(job)})
                          for job in self.jobs}
        self.blocks = [block_size(text) for text in get("blocks")] or [None]
        self.mixes = numbers("mixes", get("mixes"), 1, 99) or [None]
        self.placements = [one for text in get("placements") for one in placements_of(text)]
        self.file_systems = [name_of(text) for text in get("file-systems")] or [""]
        self.busy = [busy_of(text, os.sched_getaffinity(0)) for text in get("busy")]
        self.rates = numbers("rates", get("rates"), 1, 10**8)
        for dimension in DIMENSIONS:
            texts_of = self.placements if dimension == "placements" else get(dimension)
            if len(set(texts_of)) < len(texts_of) and dimension != "jobs":
                raise BadInput(f"--{dimension} {','.join(texts_of)}: one is given twice")
        self.check_jobs()
        if self.rates:
            theirs = [mode.name for mode in self.modes if not mode.offload]
            if theirs:
                raise BadInput(f"--rates: an open loop needs this engine's modes, and "
                               f"{', '.join(theirs)} is none of them")
            for job in self.jobs:
                self.check_rates(job)

    def check_jobs(self):
        for job in self.jobs:
            if self.mixes != [None] and not job.mixed:
                raise BadInput(f"--mixes: job file {job.path} does not read and write: allowed "
                               "are jobs whose sections all have rw=rw or rw=randrw")

    def check_rates(self, job):
        odd = [rate for rate in self.rates if rate % job.processes]
        if odd:
            raise BadInput(f"--rates {odd[0]}: is shared by the {job.processes} jobs of "
                           f"{job.path}: allowed are multiples of {job.processes}")

    def points(self):
        return [Point(Load(job.name, block or job.block, str(mix or ""), placement, system, busy),
                      mode.name, depth, rate)
                for job in self.jobs
                for system, placement, block, mix, busy, mode, depth, rate in
                itertools.product(self.file_systems, self.placements, self.blocks, self.mixes,
                                  self.busy, self.modes_of[job.name], self.depths_of[job.name],
                                  self.rates or [0])]


def own_depth(job):
    """[The greatest depth that the job file names], if it is one."""
    named = filter(re.compile(r"\d{1,9}").fullmatch, named_depths(job.text).values())
    return [depth for depth in [max(map(int, named), default=0)] if 1 <= depth <= MOST_DEPTH]


def numbers(dimension, texts, low, high):
    found = [int(text) if re.fullmatch(r"\d{1,9}", text) else -1 for text in texts]
    if not all(low <= number <= high for number in found):
        raise BadInput(f"--{dimension} {','.join(texts)}: allowed are different numbers from {low} "
                       f"to {high}, separated by commas")
    return found


def block_size(text):
    size = fio_number(text) if re.fullmatch(r"\d+[kmg]?b?", text.lower()) else None
    if not size or not 512 <= size <= 1 << 30:
        raise BadInput(f"--blocks {text}: allowed are sizes from 512 to 1g, such as 4k (4kib is "
                       "4000 to fio), separated by commas")
    return str(size)


def default_baseline(modes, open_loop):
    """fio's psync if it takes part, as a plain program does the same; else the first mode."""
    names = [mode.name for mode in modes]
    return "fio:psync" if "fio:psync" in names and not open_loop else names[0]


def decided_by(runtime, parts=(), depth=True):
    """The options that the comparison sets itself."""
    blocks = parts and all(part.get("blocks") for part in parts)
    return (*(("iodepth",) if depth else ()), *(("runtime",) if runtime else ()),
            *(SIZES if blocks else ()))


def variants_of(jobs, modes, fio, decided):
    return {(job.name, mode.name): as_run(job, mode, fio, decided)
            for job in jobs for mode in modes if mode.options}


def bring_together(matrices, fio, decided, baseline=None, **settings):
    """One Asked of several parts; raises BadInput where these do not fit together."""
    jobs = {job.path: job for matrix in matrices for job in matrix.jobs}
    if len({job.name for job in jobs.values()}) < len(jobs):
        raise BadInput("two job files have the same name: results could not be told apart")
    modes = {mode.name: mode for matrix in matrices for mode in matrix.modes}
    baseline = baseline or default_baseline(list(modes.values()),
                                            all(matrix.rates for matrix in matrices))
    if baseline not in modes:
        raise BadInput(f"--baseline {baseline}{meant(baseline, modes)}: not among the modes "
                       f"compared: {', '.join(modes)}")
    points = list(dict.fromkeys(p for matrix in matrices for p in matrix.points()))
    jobs, modes = list(jobs.values()), list(modes.values())
    return Asked(jobs, modes, points, baseline=baseline, decided=decided,
                 variants=variants_of(jobs, modes, fio, decided), **settings)
