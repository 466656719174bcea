# SPDX-License-Identifier: MIT
"""The printed table: figures first, then from where workers were created and why they left."""

from collections import Counter

from suite.units import duration
from suite.workers.records import KERNEL, SIDES

STACKS = 4   # of each kind; more are in workers.json
FRAMES = 10


def render(observation):
    lines = []
    for side in observation.sides():
        lines += ["", f"{observation.mode}: {SIDES[side]}, by {observation.way}"]
        lines += [f"  {label:24} {value}" for label, value in figures(observation, side)]
        lines += creations(observation.of(side)) + leavings(observation.of(side))
    if not observation.sides():
        lines += ["", f"{observation.mode}: no workers in {seconds(observation.length_s)}, "
                  f"by {observation.way}"]
    return lines + [f"  ({note})" for note in observation.notes]


def figures(observation, side):
    """[(what, how much)]"""
    s = observation.summary(side)
    rows = [("workers at most", at_most(s)), ("created", created(observation, s, side)),
            ("left", counted(s["left"], s["left_why"])), ("kinds", counted(None, s["kinds"]))]
    if s["before"]:
        rows.insert(1, ("there before", str(s["before"])))
    if s["still_there"]:
        rows.append(("still there", str(s["still_there"])))
    if s["creations_took_s"] is not None:
        rows.append(("first to last creation", seconds(s["creations_took_s"])))
    if s["lifetimes_s"]:
        rows.append(("lifetime, median", seconds(s["lifetime_median_s"]) + " (" + " to ".join(
            seconds(life) for life in s["lifetimes_s"]) + ")"))
    return rows


def at_most(s):
    return str(s["at_most"]) + (f", at {s['at_most_at_s']:.3f} s" if s["at_most"] else "")


def created(observation, s, side):
    own = observation.counted.get("workers_created") if side != KERNEL else None
    return str(s["created"]) + (f" (the engine counted {own})" if own is not None else "")


def counted(total, parts):
    told = ", ".join(f"{number} {name}" for name, number in sorted(parts.items()))
    return told if total is None else f"{total}" + (f": {told}" if told else "")


def seconds(value):
    return duration(1e9 * value)


def creations(workers):
    groups = Counter(worker.created_from for worker in workers if worker.created_from)
    return stacks("created from", [(n, "", [frames]) for frames, n in groups.most_common()])


def leavings(workers):
    """The stacks from which workers left. The stack of whoever woke a worker for the last time
    tells more than its own."""
    groups = Counter((worker.left, worker.left_from, worker.woken_from) for worker in workers
                     if worker.left_s is not None and worker.left_from)
    return stacks("left from", [(n, why, [at, woken]) for (why, at, woken), n
                                in groups.most_common()])


def stacks(title, groups):
    """The stacks' lines, as tracers print them, each with its number of workers."""
    lines = [f"  {title}"] if groups else []
    for number, why, (frames, *woken) in groups[:STACKS]:
        head = f"{number:6} × "
        rows = ([why] if why else []) + cut(frames)
        if woken and woken[0]:
            rows += ["woken for that, or last, by", *[f"  {row}" for row in cut(woken[0])]]
        lines += [(head if i == 0 else " " * len(head)) + row for i, row in enumerate(rows)]
    if len(groups) > STACKS:
        rest = sum(group[0] for group in groups[STACKS:])
        lines.append(f"  and {rest} from {len(groups) - STACKS} other stacks, in workers.json")
    return lines


def cut(frames):
    return [*frames[:FRAMES], *(["..."] if len(frames) > FRAMES else [])]
