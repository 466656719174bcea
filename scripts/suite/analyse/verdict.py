# SPDX-License-Identifier: MIT
"""Which mode for this load: what the runs show, in words, and what they leave open.

A mode is called worse by comparing it, round by round, with the best of the others. Only the other
rounds decide which one is the best: a mode that was picked as the best of many by the round in
which it is compared would be lucky twice, and would make far too many others look worse.
"""

from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from suite.analyse.stats import LEAST_COVERAGE, median_interval
from suite.analyse.summary import MORE_IS_BETTER, ratios
from suite.request.plan import load_titles
from suite.units import duration, percent, rate

# The share of equal modes that may be called worse where intervals cover more than 95 %. It is
# somewhat more than the intervals say (simulated), as the best of the others is a choice.
CHOSEN = 0.05
MOST_NAMED = 4  # in a headline


@dataclass
class Verdict:
    """The verdict on one load at one depth, and in an open loop at one offered rate. The lists are
    of summaries."""

    load: object
    depth: int
    rate: int
    best: object  # with the highest median of IOPS; in an open loop with the lowest of p99
    as_good: list = field(default_factory=list)  # not shown to be worse than the best of the others
    worse: list = field(default_factory=list)  # (summary, its ratio to the best of the others)
    undecided: list = field(default_factory=list)  # with too few runs that came to a result

    @property
    def good(self):
        return [self.best, *self.as_good]

    def cheaper(self, coverage):
        """The good mode with the least CPU time per I/O; None where it is not shown to be cheaper
        than the best."""
        known = [s for s in self.as_good if s.cpu_ns]
        least = min(known, key=lambda s: s.cpu_ns.median, default=None)
        ratio = ratios(least, self.best, coverage).get("cpu") if least else None
        return least if ratio and ratio.verdict("dearer", "cheaper") == "cheaper" else None


def verdicts(summaries, coverage):
    """[Verdict], one for each load, depth and rate that has several modes to choose from."""
    groups = {}
    for s in summaries.values():
        if s.iops:
            groups.setdefault((s.point.load, s.point.depth, s.point.rate), []).append(s)
    found = [judge(*group, groups[group], coverage) for group in sorted(groups)
             if len(groups[group]) > 1]
    return [verdict for verdict in found if verdict]


def judge(load, depth, offered, rows, coverage):
    """The Verdict; None where fewer than two modes have enough runs."""
    figure = rows[0].point.judged_by
    sure = [s for s in rows if s.iops.coverage >= LEAST_COVERAGE and s.figures.get(figure)]
    if len(sure) < 2:
        return None
    found = Verdict(load, depth, offered, best_of([(s, list(s.figures[figure].values()))
                                                   for s in sure], figure))
    found.undecided = [s for s in rows if s not in sure]
    for s in sure:
        ratio = to_the_best_other(s, sure, figure, coverage)
        sides = ("better", "worse") if figure in MORE_IS_BETTER else ("worse", "better")
        if s is not found.best and ratio and ratio.verdict(*sides) == "worse":
            found.worse.append((s, ratio))
        elif s is not found.best:
            found.as_good.append(s)
    found.as_good.sort(key=lambda s: s.cpu_ns.median if s.cpu_ns else 0)
    found.worse.sort(key=lambda row: row[1].median, reverse=figure in MORE_IS_BETTER)
    return found


def best_of(candidates, figure):
    """The summary with the best median, of [(summary, values)]."""
    pick = max if figure in MORE_IS_BETTER else min
    return pick(candidates, key=lambda row: median(row[1]))[0]


def to_the_best_other(s, rows, figure, coverage):
    """The ratio of a summary to the best of the others, which the other rounds choose for each
    round."""
    paired = []
    for repeat, value in s.figures[figure].items():
        others = [(other, [v for r, v in other.figures[figure].items() if r != repeat])
                  for other in rows if other is not s and repeat in other.figures[figure]]
        others = [(other, values) for other, values in others if values]
        if others:
            paired.append(value / best_of(others, figure).figures[figure][repeat])
    return median_interval(paired, coverage) if paired else None


def always_good(found):
    """{load: (names of the modes that are among the best most often, how often, of how many)}"""
    loads = {}
    for v in found:
        loads.setdefault(v.load, []).append(v)
    result = {}
    for load, of_load in loads.items():
        times = Counter(s.point.mode for v in of_load for s in v.good)
        most = max(times.values())
        flagged = {s.point.mode for v in of_load for s in v.good if s.flags}
        modes = [marked(mode, mode in flagged) for mode, n in times.items() if n == most]
        result[load] = modes, most, len(of_load)
    return result


def render(summaries, coverage):
    """The lines that follow the table."""
    found = verdicts(summaries, coverage)
    if len({s.point.mode for s in summaries.values() if s.iops}) < 2:
        return []
    if not found:
        return ["", "Which mode for this load? Too few repeats to say."]
    titles = load_titles(s.point.load for s in summaries.values())
    lines = ["", "Which mode for this load?"]
    for load, shown in always_good(found).items():
        lines.append(f"  {titles[load]}: {among_the_best(*shown)}")
        for v in (v for v in found if v.load == load):
            lines += [f"    {line}" for line in words(v, coverage)]
    return [*lines, "", *caveat(found)]


def among_the_best(modes, times, of):
    if times < of:
        return f"it depends: no mode is among the best at more than {times} of {of} points"
    points = f"all {of} points" if of > 1 else "its only point"
    names = " or ".join(modes) if len(modes) <= MOST_NAMED else f"{len(modes)} modes"
    return f"{names}, among the best at {points}"


def caveat(found):
    """How far the words may be trusted."""
    covers = [ratio.coverage for v in found for _, ratio in v.worse]
    wrong = max(1 - min(covers, default=1), CHOSEN)
    lines = ["'No worse' means that these runs show no difference, not that there is none."]
    if covers:
        lines.append(f"Each 'slower' is wrong in at most {percent(wrong)} of cases: of "
                     f"{len(covers)} here, in about {len(covers) * wrong:.1f} at the most.")
    return lines


def words(v, coverage):
    """One Verdict in lines."""
    lines = [f"{v.best.point.where}: {named(v.best)} ({in_figures(v.best)})"]
    if v.as_good:
        lines.append(f"  no worse: {', '.join(map(named, v.as_good))}")
    cheaper = v.cheaper(coverage)
    if cheaper:
        lines.append(f"  cheapest of these: {named(cheaper)} ({in_figures(cheaper)})")
    if v.worse:
        worse = ", ".join(f"{named(s)} {ratio.median:.2f}" for s, ratio in v.worse)
        lines.append(f"  {'longer p99' if v.rate else 'slower'}: {worse}")
    if v.undecided:
        lines.append(f"  too few runs to say: {', '.join(map(named, v.undecided))}")
    return lines


def in_figures(s):
    cpu = f", {duration(s.cpu_ns.median)} of CPU time an I/O" if s.cpu_ns else ""
    return f"{rate(s.iops.median)} IOPS, p99 {duration(s.latency_ns(99))}{cpu}"


def named(s):
    return marked(s.point.mode, s.flags)


def marked(mode, flagged):
    """The mode's name, with the mark that a flagged mode carries wherever it is named."""
    return mode + (" !" if flagged else "")


def as_json(summaries, coverage):
    return [{"job": v.load.job, "block": v.load.block, "mix": v.load.mix,
             "placement": v.load.placement, "file_system": v.load.file_system, "depth": v.depth,
             "rate": v.rate, "best": v.best.point.mode,
             "no_worse": [s.point.mode for s in v.as_good],
             "worse": {s.point.mode: round(ratio.median, 4) for s, ratio in v.worse},
             "undecided": [s.point.mode for s in v.undecided],
             "cheapest": (v.cheaper(coverage) or v.best).point.mode}
            for v in verdicts(summaries, coverage)]
