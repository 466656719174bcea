# SPDX-License-Identifier: MIT
"""The plan: every point once a block, each block shuffled, all of it from one seed."""

import random
import re
from dataclasses import asdict, dataclass

from suite.errors import BadInput

NO_PLACEMENT = "none"


@dataclass(frozen=True)
class Point:
    """What is compared: everything but the repeat."""

    job: str
    mode: str
    depth: int
    block: str
    placement: str = NO_PLACEMENT


@dataclass(frozen=True)
class Run:
    id: str
    point: Point
    repeat: int
    randseed: int

    def as_json(self):
        return {"id": self.id, **asdict(self.point), "repeat": self.repeat,
                "randseed": self.randseed}

    @staticmethod
    def from_json(row):
        point = Point(row["job"], row["mode"], row["depth"], row["block"], row["placement"])
        return Run(row["id"], point, row["repeat"], row["randseed"])


def all_points(jobs, modes, depths):
    return [Point(job.name, mode.name, depth, job.block)
            for job in jobs for mode in modes for depth in depths]


def plan_runs(points, repeats, seed):
    """All runs in the order in which they are made: a block is one repeat of every point.

    fio's random seed is the same for all runs of a block, so that the modes do the same I/O, and
    another in the next block, so that no mode is judged by one sequence only.
    """
    source = random.Random(seed)
    names = run_names(points)
    runs = []
    for repeat in range(1, repeats + 1):
        randseed = source.randrange(1, 2**31)
        shuffled = list(points)
        source.shuffle(shuffled)
        runs += [Run(f"{repeat:03d}-{names[p]}", p, repeat, randseed) for p in shuffled]
    return runs


def run_names(points):
    """A file name a point that is safe in every shell, script and file system, and unique."""
    jobs = unique_names([p.job for p in points])
    modes = unique_names([p.mode for p in points])
    return {p: f"{jobs[p.job]}-{modes[p.mode]}-d{p.depth}" for p in points}


def unique_names(texts):
    """{text: file name}: odd characters become `_`, and what then clashes gets a number."""
    names = {}
    for text in texts:
        if text not in names:
            plain = re.sub(r"[^A-Za-z0-9.+=-]+", "_", text).lstrip(".-")[:80] or "_"
            name, number = plain, 1
            while name.lower() in {taken.lower() for taken in names.values()}:
                number += 1
                name = f"{plain}.{number}"
            names[text] = name
    return names


def parse_numbers(option, text, low, high):
    """`1,8,32` as numbers, for --depths."""
    numbers = [int(n) if re.fullmatch(r"\d{1,9}", n.strip()) else 0 for n in text.split(",")]
    if not all(low <= n <= high for n in numbers) or len(set(numbers)) < len(numbers):
        raise BadInput(f"{option} {text}: allowed are different numbers from {low} to {high}, "
                       "separated by commas")
    return numbers


def default_baseline(modes):
    """fio's psync where it takes part: what a program without any of this would get."""
    names = [mode.name for mode in modes]
    return "fio:psync" if "fio:psync" in names else names[0]
