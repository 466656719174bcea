# SPDX-License-Identifier: MIT
"""Which mode for this load: what the runs show, in words, and what they leave open."""

from collections import Counter
from dataclasses import dataclass

from suite.plan import load_titles
from suite.stats import LEAST_COVERAGE
from suite.summary import ratios
from suite.units import duration, percent, rate


@dataclass
class Verdict:
    """On one load at one depth, and in an open loop at one offered rate."""

    load: object
    depth: int
    rate: int
    best: object  # the summary with the highest median of IOPS; in an open loop the lowest p99
    as_good: list  # summaries, none of them shown to be worse than the best
    worse: list  # (summary, its ratio to the best)
    coverage: float  # of the intervals that say so

    @property
    def good(self):
        return [self.best, *self.as_good]

    @property
    def cheapest(self):
        """The least CPU time per I/O among the best; None where that is not known of all."""
        if not all(s.cpu_ns for s in self.good):
            return None
        return min(self.good, key=lambda s: s.cpu_ns.median)

    @property
    def figure(self):
        return "p99" if self.rate else "iops"

    @property
    def sides(self):
        """What it means for a ratio of the figure to be above and below 1."""
        return ("worse", "better") if self.rate else ("better", "worse")


def verdicts(summaries, coverage):
    """[Verdict], one a load, depth and rate; a single mode is nothing to choose from."""
    groups = {}
    for s in summaries.values():
        if s.iops:
            groups.setdefault((s.point.load, s.point.depth, s.point.rate), []).append(s)
    return [judge(*group, groups[group], coverage) for group in sorted(groups)
            if len(groups[group]) > 1]


def judge(load, depth, offered, rows, coverage):
    best = min(rows, key=lambda s: s.latency_ns(99) or float("inf")) if offered else \
        max(rows, key=lambda s: s.iops.median)
    found = Verdict(load, depth, offered, best, [], [], 1.0)
    for s in rows:
        if s is best:
            continue
        ratio = ratios(s, best, coverage).get(found.figure)
        if not ratio or ratio.verdict(*found.sides) != "worse":
            found.as_good.append(s)
        else:
            found.worse.append((s, ratio))
        found.coverage = min(found.coverage, ratio.coverage if ratio else 0)
    found.as_good.sort(key=lambda s: s.cpu_ns.median if s.cpu_ns else 0)
    found.worse.sort(key=lambda row: row[1].median, reverse=not offered)
    return found


def always_good(found):
    """{load: (modes that are among the best most often, how often, of how many)}"""
    loads = {}
    for v in found:
        loads.setdefault(v.load, []).append(v)
    result = {}
    for load, of_load in loads.items():
        times = Counter(s.point.mode for v in of_load for s in v.good)
        most = max(times.values())
        result[load] = [mode for mode, n in times.items() if n == most], most, len(of_load)
    return result


def render(summaries, coverage):
    """The lines behind the table."""
    found = verdicts(summaries, coverage)
    if not found:
        return []
    if max(v.coverage for v in found) < LEAST_COVERAGE:
        return ["", "Which mode for this load? Too few repeats to say."]
    titles = load_titles(s.point.load for s in summaries.values())
    lines = ["", "Which mode for this load?"]
    for load, (modes, times, of) in always_good(found).items():
        lines.append(f"  {titles[load]}: {' or '.join(modes)}, among the best at "
                     + (f"all {of} points" if times == of and of > 1 else f"{times} of {of}"
                        + (" points" if of > 1 else " point")))
        for v in (v for v in found if v.load == load):
            lines += [f"    {line}" for line in words(v)]
    return lines + [f"  Each 'slower' is wrong in at most {percent(1 - found[0].coverage)} of "
                    "cases."]


def words(v):
    """One point's verdict."""
    lines = [f"{v.best.point.where}: {v.best.point.mode} ({in_figures(v.best)})"]
    if v.as_good:
        lines.append(f"  no worse, as far as these runs show: {names(v.as_good)}")
    if v.cheapest and v.cheapest is not v.best:
        lines.append(f"  cheapest of these: {v.cheapest.point.mode} ({in_figures(v.cheapest)})")
    if v.worse:
        worse = ", ".join(f"{s.point.mode} {ratio.median:.2f}" for s, ratio in v.worse)
        lines.append(f"  {'longer p99' if v.rate else 'slower'}: {worse}")
    return lines


def in_figures(s):
    cpu = f", {duration(s.cpu_ns.median)} of CPU time an I/O" if s.cpu_ns else ""
    return f"{rate(s.iops.median)} IOPS, p99 {duration(s.latency_ns(99))}{cpu}"


def names(rows):
    return ", ".join(s.point.mode + (" !" if s.flags else "") for s in rows)


def as_json(summaries, coverage):
    return [{"job": v.load.job, "block": v.load.block, "mix": v.load.mix,
             "placement": v.load.placement, "file_system": v.load.file_system, "depth": v.depth,
             "rate": v.rate, "best": v.best.point.mode,
             "no_worse": [s.point.mode for s in v.as_good],
             "worse": {s.point.mode: round(ratio.median, 4) for s, ratio in v.worse},
             "cheapest": v.cheapest and v.cheapest.point.mode, "coverage": v.coverage}
            for v in verdicts(summaries, coverage)]
