# SPDX-License-Identifier: MIT
"""The timeline: how many workers there are and, below that, each from its birth to its end.

Both sides, the pool and the kernel, stand next to each other on the same scales.
"""

from suite.draw import gnuplot
from suite.draw.axis import Axis
from suite.draw.figure import DASHED, SOLID, Band, Figure, Mark, Panel, Series, Style
from suite.draw.styles import styles
from suite.request.modes import ours, under_iowq_run
from suite.units import duration
from suite.workers.records import KERNEL, POOL, SIDES, kind_of, steps_of

NAME = "workers"
SIDE_BY_SIDE = 2
ROW, LEAST_HEIGHT, MOST_HEIGHT = 7, 50, 330
USUAL = {POOL: Style(6, 5, SOLID), KERNEL: Style(7, 4, DASHED)}


def draw(folder, title, observations):
    """Writes and draws charts/workers.*; returns the pictures, none where there was no worker."""
    made = figure(title, observations)
    if made is None:
        return []
    for path, content in gnuplot.files(NAME, made).items():
        folder.write(f"charts/{path}", content)
    return gnuplot.draw(folder.charts, [NAME], gnuplot.FORMATS)


def figure(title, observations):
    sides = [(found, side) for found in observations for side in found.sides()]
    if not sides:
        return None
    looks = looks_of(observations)
    length = max(found.length_s for found, _ in sides)
    most = max(found.summary(side)["at_most"] for found, side in sides)
    bands = []
    for at in range(0, len(sides), SIDE_BY_SIDE):
        row = sides[at:at + SIDE_BY_SIDE]
        bands.append(Band([numbers(found, side, looks, length, most) for found, side in row]))
        height = min(max(ROW * max(len(found.of(side)) for found, side in row), LEAST_HEIGHT),
                     MOST_HEIGHT)
        bands.append(Band([lives(found, side, looks, length, height) for found, side in row]))
    return Figure(f"Workers over time: {title}", "Their number, and below it each worker from its "
                  "creation to its end", bands, key(sides, looks), footer(observations))


def looks_of(observations):
    """{(mode, side): Style}: a mode that has a style in the other charts has it here too."""
    names = [found.mode for found in observations
             if ours(found.mode) or under_iowq_run(found.mode)]
    known = styles(names)
    return {(found.mode, side): known.get(found.mode, USUAL[side])
            for found in observations for side in SIDES}


def key(sides, looks):
    return [(f"{found.mode}: {SIDES[side]}", looks[found.mode, side]) for found, side in sides]


def footer(observations):
    ways = sorted({found.way for found in observations})
    lines = [f"Observed by {' and '.join(ways)}; a run that is observed is no benchmark."]
    without = [found.mode for found in observations if not found.sides()]
    lines += [f"No workers: {', '.join(without)}."] if without else []
    return lines + [f"{found.mode}: {note}." for found in observations for note in found.notes]


def time_axis(title, length):
    return Axis(title, 0, length, words=lambda seconds: f"{seconds:g}")


def numbers(found, side, looks, length, most):
    workers = found.of(side)
    steps = [(0.0, 0), *steps_of(workers)]
    steps.append((found.length_s, steps[-1][1]))
    marks = [Mark(at, number, text=f"{found.mode}: {number} workers from {at:.3f} s on")
             for at, number in steps]
    return Panel(time_axis("", length), Axis.from_zero(f"{found.mode}: workers", [most], whole),
                 [Series(found.mode, looks[found.mode, side], marks, "steps", weight=1.4)],
                 height=150)


def whole(value):
    return f"{value:.0f}" if value == int(value) else ""


def lives(found, side, looks, length, height):
    """One row for each worker, the first to be created on top."""
    workers = found.of(side)
    rows = max(height / ROW, len(workers))
    marks = []
    for i, worker in enumerate(workers):
        born, left = worker.born_s or 0.0, worker.left_s
        end = found.length_s if left is None else left
        marks.append(Mark(born, i, born, max(end, born + length / 500), text=told(worker),
                          note=f"{worker.name} {worker.tid}"))
    weight = min(2.5, max(0.4, 0.45 * height / rows))
    return Panel(time_axis("seconds", length), Axis("", rows - 0.5, -0.5, ticks=[(0, " ")]),
                 # Neither line nor points: only the intervals, which are the lives.
                 [Series(found.mode, looks[found.mode, side], marks, "spans", weight=weight)],
                 height=height, sideways=True)


def told(worker):
    """The text shown to a reader who points at a worker."""
    born = "was there" if worker.born_s is None else f"created at {worker.born_s:.3f} s"
    lines = [f"{worker.name} {worker.tid}: {kind_of(worker)}", born]
    if worker.left_s is not None:
        lines.append(f"left at {worker.left_s:.3f} s, {worker.left}")
        if worker.born_s is not None:
            lines.append(f"lived {duration(1e9 * (worker.left_s - worker.born_s))}")
    return "\n".join([*lines, *[f"from {frame}" for frame in worker.created_from[:3]]])
