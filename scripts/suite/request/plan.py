# SPDX-License-Identifier: MIT
"""The plan: every point once a round, each round shuffled, all of it from one seed.

Before the first round each mode makes a traced run of each load, at its deepest and fastest point.
It warms the machine up and shows the latency over time. As logging that costs fio several percent,
it counts for nothing else.
"""

import random
import re
from dataclasses import asdict, dataclass, fields

from suite.request.busy import kind_of
from suite.units import rate, size_words

NO_PLACEMENT = "none"
TRACED = 0  # the repeat of a traced run


@dataclass(frozen=True, order=True)
class Load:
    """What is asked of every mode alike; most charts show one load."""

    job: str
    block: str  # bytes, or as in the job file where that names several
    mix: str = ""  # percent of reads, where the comparison sets it
    placement: str = NO_PLACEMENT
    file_system: str = ""  # the name of that with the files, where the comparison names some
    busy: str = ""  # what limits its CPUs (busy.py)


@dataclass(frozen=True, order=True)
class Point:
    """What is compared: everything but the repeat. `rate` is in I/Os a second; 0: a closed loop."""

    load: Load
    mode: str
    depth: int
    rate: int = 0

    @property
    def judged_by(self):
        """The figure by which modes are judged: in an open loop IOPS only say what is offered."""
        return "p99" if self.rate else "iops"

    @property
    def where(self):
        """The depth, and the rate of an open loop, in words."""
        return f"depth {self.depth}" + (f", {rate(self.rate)} I/Os/s offered" if self.rate else "")


@dataclass(frozen=True)
class Run:
    id: str
    point: Point
    repeat: int
    randseed: int

    def as_json(self):
        point = self.point
        return {"id": self.id, **asdict(point.load), "mode": point.mode, "depth": point.depth,
                "rate": point.rate, "repeat": self.repeat, "randseed": self.randseed}

    @staticmethod
    def from_json(row):
        # Folders of earlier versions know no busy CPUs.
        load = Load(**{field.name: row.get(field.name, "") for field in fields(Load)})
        point = Point(load, row["mode"], row["depth"], row["rate"])
        return Run(row["id"], point, row["repeat"], row["randseed"])


def plan_round(points, repeat, seed):
    """The runs of one round, one repeat of every point, in the order in which they are made.

    fio's random seed is the same for all runs of a round, so that the modes do the same I/O, and
    another in the next round, so that no mode is judged by one sequence only. A round depends on
    nothing but its number, the points and the seed, so that more can be added later.
    """
    source = random.Random(f"{seed}/{repeat}")
    randseed = source.randrange(1, 2**31)
    names = run_names(points)
    shuffled = sorted(points)
    source.shuffle(shuffled)
    return [Run(f"{repeat:03d}-{names[p]}", p, repeat, randseed) for p in shuffled]


def plan_traced(points, seed):
    """The traced runs: one for each mode and load, and one more where it has an open loop too."""
    last = {}
    for point in points:
        key = point.load, point.mode, point.rate > 0
        if key not in last or (point.depth, point.rate) > (last[key].depth, last[key].rate):
            last[key] = point
    return [run for run in plan_round(points, TRACED, seed) if run.point in last.values()]


def samples(points):
    """A few points that have each mode and each job at least once: for checks before any run."""
    first = {}
    for point in points:
        first.setdefault(("mode", point.mode), point)
        first.setdefault(("job", point.load.job), point)
    return list(dict.fromkeys(first.values()))


def plan_runs(points, repeats, seed):
    return [run for repeat in range(1, repeats + 1) for run in plan_round(points, repeat, seed)]


def run_names(points):
    """{point: a unique file name, safe in every shell, script and file system}"""
    points = sorted(points)
    titles = load_titles(p.load for p in points)
    loads, modes = unique_names(titles.values()), unique_names([p.mode for p in points])
    return {p: f"{loads[titles[p.load]]}-{modes[p.mode]}-d{p.depth}"
               + (f"-r{p.rate}" if p.rate else "") for p in points}


def load_titles(loads):
    """{load: its job's name, and whatever tells it from the other loads of that job}."""
    loads = list(dict.fromkeys(loads))
    titles = {}
    for load in loads:
        same_job = [other for other in loads if other.job == load.job]
        words = {"block": size_words(load.block), "mix": f"{load.mix}% reads",
                 "placement": load.placement, "file_system": load.file_system,
                 "busy": kind_of(load.busy).words or "quiet"}
        told = [word for name, word in words.items()
                if len({getattr(other, name) for other in same_job}) > 1]
        titles[load] = ", ".join([load.job, *told])
    return titles


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
