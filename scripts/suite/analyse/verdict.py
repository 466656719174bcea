# SPDX-License-Identifier: MIT
"""Which mode for this load: what the runs show, in words, and what they leave open.

Three words. A mode is *as good* as the best of the others if it is shown to come near it. It is
*worse* if that is shown. All else is *undecided*: more rounds would tell.

As good: it is 95 % sure that the mode comes to `as_good` of each of the others, or more
(moderated.py). Worse: see calls.py. The ratio that is shown is to the best of the others, which the
other rounds choose: one that was picked by the round in which it is compared would be lucky twice.
"""

from dataclasses import asdict, dataclass, field
from math import ceil, log
from statistics import mean, median, stdev

from suite.analyse import calls
from suite.analyse import criteria as by
from suite.analyse.flags import doubts
from suite.analyse.moderated import LEVEL, Compared
from suite.analyse.stats import LEAST_COVERAGE, WANTED_COVERAGE, median_interval
from suite.analyse.summary import interval_coverage, ratios
from suite.request.judged import parse_judge
from suite.request.plan import load_titles
from suite.units import percent

AS_GOOD = 0.9  # of the best: nearer than this, nobody would change the mode for it
MOST_MORE = 99  # rounds that are spoken of
# How many standard errors of a mean ratio it takes, about: for an interval by order statistics to
# one side at 95 %, and for a call in a report of some dozens.
ERRORS_GOOD, ERRORS_WORSE = 2.1, 3.6


@dataclass(frozen=True)
class Rules:
    """What is asked of a comparison: by which figures, and how near the best is as good."""

    criteria: tuple = ()
    as_good: float = AS_GOOD
    coverage: float = WANTED_COVERAGE
    race: bool = False

    @staticmethod
    def of_plan(plan):
        return Rules(tuple(parse_judge(plan.get("judge"))), plan.get("as_good") or AS_GOOD,
                     interval_coverage(plan), plan.get("race", False))

    @staticmethod
    def of_asked(asked):
        return Rules(tuple(parse_judge(asked.judge)), asked.as_good or AS_GOOD, race=asked.race)


@dataclass
class Standing:
    """How a point does against the best of the others. `ratio`: its figure to theirs, with its
    interval. `more`: about how many rounds more would decide; None where nobody knows."""

    summary: object
    ratio: object
    share: float  # of the best: at most 1, or near it, also where less is better
    more: int | None = None

    @property
    def mode(self):
        return self.summary.point.mode


@dataclass
class Verdict:
    """The verdict on one load at one depth, in an open loop at one offered rate, by one figure."""

    load: object
    depth: int
    rate: int
    judged: by.Judged
    best: object  # a summary: with the best median
    as_good: list = field(default_factory=list)  # Standings, of those beside the best
    worse: list = field(default_factory=list)  # Standings
    undecided: list = field(default_factory=list)  # Standings
    untold: list = field(default_factory=list)  # summaries: too few runs came to a result
    over: list = field(default_factory=list)  # (summary, in words the limits that it does not keep)

    @property
    def good(self):
        """The summaries of the best and of those as good."""
        return [self.best, *(standing.summary for standing in self.as_good)]

    @property
    def where(self):
        words = self.judged.words
        return self.best.point.where + (f", {words}" if words else "")

    def cheaper(self, coverage):
        """The good mode with the least CPU time per I/O; None where it is not shown to be cheaper
        than the best."""
        known = [s for s in self.good[1:] if s.cpu_ns]
        least = min(known, key=lambda s: s.cpu_ns.median, default=None)
        ratio = ratios(least, self.best, coverage).get("cpu") if least else None
        return least if ratio and ratio.verdict("dearer", "cheaper") == "cheaper" else None


def verdicts(summaries, rules):
    """[Verdict], for each load, depth, rate and figure that has several modes to choose from."""
    contests = contests_of(summaries, rules)
    contests = [contest for contest in contests if contest.sure and contest.has_a_choice]
    worse = calls.worse(contests, rules.race)
    return [contest.verdict({mode for n, mode in worse if n == i})
            for i, contest in enumerate(contests)]


def contests_of(summaries, rules):
    """[Contest], one for each point of a load, and each figure that decides."""
    loads, points = {}, {}
    for s in summaries.values():
        if s.iops:
            loads.setdefault((s.point.load, s.point.rate > 0), []).append(s)
            points.setdefault((s.point.load, s.point.depth, s.point.rate), []).append(s)
    return [Contest(point, judged, points[point], rules) for point in sorted(points)
            for judged in by.deciding(rules.criteria, loads[point[0], point[2] > 0])]


class Contest:
    """The modes at one point of a load, compared by one figure."""

    def __init__(self, point, judged, rows, rules):
        self.point, self.judged, self.rules = point, judged, rules
        self.over = [(s, words) for s in rows if (words := broken(s, rules))]
        allowed = [s for s in rows if s not in [s for s, _ in self.over]]
        self.values = {s.point.mode: judged.values(s) for s in allowed}
        self.sure = [s for s in allowed if enough(self.values[s.point.mode])]
        self.untold = [s for s in allowed if s not in self.sure]

    @property
    def logs(self):
        """{mode: {round: logarithm}} of those that are sure, more being better."""
        sign = 1 if self.judged.more_is_better else -1
        return {s.point.mode: {r: sign * log(v) for r, v in self.values[s.point.mode].items()}
                for s in self.sure}

    @property
    def has_a_choice(self):
        return len(self.sure) > 1 or (self.sure and self.over)

    def verdict(self, called):
        """The Verdict; `called`: the modes that are worse than another."""
        best = self.best_of([(s, list(self.values[s.point.mode].values())) for s in self.sure])
        found = Verdict(*self.point, self.judged, best, untold=self.untold, over=self.over)
        near = self.near()
        for s in self.sure:
            if s is not best:
                standing = self.standing(s)
                place = found.as_good if s.point.mode in near else \
                    found.worse if s.point.mode in called else found.undecided
                place.append(standing)
        found.as_good.sort(key=lambda one: one.summary.cpu_ns.median if one.summary.cpu_ns else 0)
        for rest in (found.worse, found.undecided):
            rest.sort(key=lambda one: -one.share)
        return found

    def near(self):
        """The modes that are shown to be near all others."""
        chances = Compared(list(self.logs.values())).near(self.rules.as_good)
        return {mode for mode, chance in zip(self.logs, chances) if chance <= LEVEL}

    def best_of(self, candidates):
        """The summary with the best median, of [(summary, values)]."""
        pick = max if self.judged.more_is_better else min
        return pick(candidates, key=lambda row: median(row[1]))[0]

    def standing(self, s):
        """Its ratio to the best of the others, which the other rounds choose for each round."""
        paired = []
        for repeat, value in self.values[s.point.mode].items():
            others = [(other, [v for r, v in values.items() if r != repeat])
                      for other in self.sure if other is not s
                      and repeat in (values := self.values[other.point.mode])]
            others = [(other, values) for other, values in others if values]
            if others:
                best = self.best_of(others).point.mode
                paired.append(value / self.values[best][repeat])
        ratio = median_interval(paired, self.rules.coverage)
        share = ratio.median if self.judged.more_is_better else 1 / ratio.median
        return Standing(s, ratio, share, self.more_rounds(paired))

    def more_rounds(self, paired):
        """About how many rounds more it takes to show that a mode is as good, or that it is worse.
        """
        sign = 1 if self.judged.more_is_better else -1
        logs = [sign * log(ratio) for ratio in paired]
        behind, spread = mean(logs), stdev(logs)
        above = behind - log(self.rules.as_good)
        needed = [(errors * spread / distance) ** 2
                  for errors, distance in ((ERRORS_GOOD, above), (ERRORS_WORSE, -behind))
                  if distance > 0]
        more = max(1, ceil(min(needed)) - len(logs)) if needed else None
        return more if more and more <= MOST_MORE else None


def enough(values):
    """Are they enough to call a difference?"""
    return bool(values) and median_interval(values.values()).coverage >= LEAST_COVERAGE


def broken(summary, rules):
    """The limits that a point does not keep, in words; empty where it may keep all of them."""
    limits = by.limits_of(rules.criteria, summary, rules.coverage)
    return ", ".join(limit.words for limit in limits if limit.kept is False)


def nobody(summaries, rules):
    """A line for each point of a load at which no mode keeps the limits."""
    titles = load_titles(s.point.load for s in summaries.values())
    return list(dict.fromkeys(
        f"{titles[c.point[0]]}, {c.over[0][0].point.where}: no mode keeps the limits: "
        + ", ".join(f"{named(s)} ({limits})" for s, limits in c.over)
        for c in contests_of(summaries, rules) if c.over and not c.sure and not c.untold))


def caveat(found, rules):
    """How far the words may be trusted."""
    lines = [f"As good: it is 95 % sure that a mode comes to {percent(rules.as_good)} of the best "
             "of the others, or more."]
    if any(v.worse for v in found):
        lines.append("Slower, longer, dearer: at most 1 such report in 20 says so of any mode "
                     "wrongly.")
    if any(v.undecided for v in found):
        lines.append("Undecided: neither is shown; --resume with --add-repeats makes more rounds.")
    return lines


def words(v, coverage):
    """One Verdict in lines."""
    lines = [f"{v.where}: {named(v.best)} ({by.in_figures(v.best, v.judged)})"]
    if v.as_good:
        lines.append(f"  as good: {', '.join(named(one.summary) for one in v.as_good)}")
    cheaper = v.cheaper(coverage)
    if cheaper:
        lines.append(f"  cheapest of these: {named(cheaper)} "
                     f"({by.in_figures(cheaper, v.judged)})")
    if v.worse:
        worse = ", ".join(f"{named(one.summary)} {one.ratio.median:.2f}" for one in v.worse)
        lines.append(f"  {v.judged.worse}: {worse}")
    if v.undecided:
        lines.append(f"  undecided: {', '.join(map(undecided, v.undecided))}")
    if v.over:
        over = ", ".join(f"{named(s)} ({limits})" for s, limits in v.over)
        lines.append(f"  does not keep: {over}")
    if v.untold:
        lines.append(f"  too few runs to say: {', '.join(map(named, v.untold))}")
    return lines


def undecided(standing):
    more = "many more rounds" if standing.more is None else "about 1 more round" \
        if standing.more == 1 else f"about {standing.more} more rounds"
    return f"{named(standing.summary)} {standing.ratio.median:.2f} ({more})"


def named(s):
    return marked(s.point.mode, doubts(s.flags))


def marked(mode, flagged):
    """The mode's name, with the mark that a flagged mode carries wherever it is named."""
    return mode + (" !" if flagged else "")


def as_json(summaries, rules):
    return [{**asdict(v.load), "depth": v.depth, "rate": v.rate, "figure": v.judged.figure,
             "row": v.judged.row and asdict(v.judged.row), "best": v.best.point.mode,
             "as_good": [one.mode for one in v.as_good],
             "worse": {one.mode: round(one.ratio.median, 4) for one in v.worse},
             "undecided": {one.mode: one.more for one in v.undecided},
             "untold": [s.point.mode for s in v.untold],
             "over_limit": {s.point.mode: limits for s, limits in v.over},
             "cheapest": (v.cheaper(rules.coverage) or v.best).point.mode}
            for v in verdicts(summaries, rules)]
