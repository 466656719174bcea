# SPDX-License-Identifier: MIT
"""The chart of capacities: a row a mode, the greatest on top, with a dot for each round."""

from math import inf

from suite.analyse.words import load_words, machine_title
from suite.draw.axis import Axis, Rows
from suite.draw.figure import TEXT, Band, Figure, Mark, Panel, Series
from suite.draw.marks import written
from suite.draw.ranked_charts import NAMES, look
from suite.units import duration, rate

NAME = "capacity"
QUESTION = "How much load does each mode take before its p99 breaks the limit?"
ROUND, BELOW = 0.45, 0.3  # of a round's dot: its size, and its distance from the median, in rows
COLOURS = "Blue: this project's pool; orange: the kernel, same engine."


def of_search(plan, environment, found, limit):
    """The Figure; None where no mode keeps the limit at any rate."""
    shown = sorted((one for one in found.values() if one.interval and not one.none),
                   key=lambda one: -one.interval.median)
    if not shown:
        return None
    names = Rows([one.mode + " !" * bool(one.flags) for one in shown], TEXT, NAMES, gap=14)
    x = Axis.log_if_wide("I/Os a second (open loop)", [
        end for one in shown for pair in one.rounds.values() for end in pair
        if 0 < end < inf], rate)
    series = []
    for y, height, one in zip(names.middles, names.heights, shown):
        dots = [Mark(at, y + BELOW * height, note=f"round {repeat}",
                     text=f"{one.mode}, round {repeat}\n{rate(at)} I/Os/s")
                for repeat, (at, _) in one.rounds.items() if at]
        median = Mark(one.interval.median, y, **ends(one, x), note=one.mode, text=told(one))
        series += [Series(f"{one.mode}, rounds", look(one.mode), dots, "points", weight=ROUND),
                   Series(one.mode, look(one.mode), [median], "points")]
    panel = Panel(x, names.axis(), series, height=names.height, sideways=True, names=names,
                  beside=[(y, rate(one.interval.median)) for y, one in zip(names.middles, shown)])
    missing = [one.mode for one in found.values() if one not in shown]
    job = plan["jobs"][0]
    return Figure(
        f"The most load with p99 under {duration(limit.p99_ns)}",
        f"{job['name']}: {load_words(job)}",
        [Band([panel])], reading=f"{COLOURS} Small dots: rounds.",
        about=about(plan, environment, shown), warnings=warnings(shown, missing))


def ends(one, x):
    """The ends of the interval: from the end of the axis where a round found no rate, and as far as
    a rate was kept where none was broken."""
    interval = one.interval
    if interval.n == 1:
        return {}
    greatest = max(low for low, _ in one.rounds.values())
    return {"low": interval.low or x.low,
            "high": greatest if interval.high == inf else interval.high}


def told(one):
    lines = [one.mode, f"{written(one.interval, words)} I/Os/s"]
    return "\n".join(lines + ([f"p99 there {duration(one.p99_ns)}"] if one.p99_ns else []))


def words(value):
    return "no end" if value == inf else rate(value) if value else "none"


def about(plan, environment, shown):
    n = max(one.interval.n for one in shown)
    runs = f"Medians of {n} searches, with their intervals" if n > 1 else "One search"
    return [f"{runs}; seed {plan['seed']}; at most {plan['depths'][0]} in flight.",
            f"{machine_title(environment)}."]


def warnings(shown, missing):
    flags = dict.fromkeys(flag for one in shown for flag in one.flags)
    lines = [f"! {flag}: {', '.join(one.mode for one in shown if one.flags[flag])}"
             for flag in flags]
    return lines + ([f"Too few rounds found a rate: {', '.join(missing)}"] if missing else [])
