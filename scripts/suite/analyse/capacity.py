# SPDX-License-Identifier: MIT
"""The most load that a mode takes while its p99 keeps a limit: a search in each round.

A search begins with a closed loop, which says what the mode can do at all. It halves that rate
until one is kept, then bisects, on a logarithmic scale, between the greatest rate that is kept and
the least that is broken. A rate is kept if its first run keeps the limit, and does not fall behind;
otherwise if two of three runs do. Short runs break a limit by chance far more often than they keep
one, and a search cannot come back from a wrong turn.

What a search tries next follows from its runs so far and nothing else. So one that was interrupted
goes on with the very runs that it would have made.
"""

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import groupby
from math import ceil, inf, sqrt
from statistics import median, median_low

from suite.analyse import rounds
from suite.analyse.stats import Interval, median_interval
from suite.analyse.summary import PointSummary
from suite.fio.output import Figures, percentile
from suite.request.plan import plan_round

NEAR = 1.05  # a search ends when the least rate that is broken is so near the greatest that is kept
ABOVE = 1.2  # no mode does that much more in an open loop than in a closed one
LEAST_IOS = 100  # of a run: of fewer, p99 is the slowest one
USUAL_TRIES = 10  # of a search


@dataclass(frozen=True)
class Span:
    """Where a search looks, in I/Os a second: from `least`, in multiples of `unit`; `closed` is
    what a closed loop does."""

    least: int
    closed: float
    unit: int = 1

    @property
    def most(self):
        return self.near(ABOVE * self.closed)

    def near(self, rate):
        return max(self.unit, round(rate / self.unit) * self.unit)

    @property
    def too_slow(self):
        """Are there too few I/Os in a run for a p99?"""
        return self.closed < self.least


def is_kept(answers):
    """Is a rate kept, by the answers of its runs? None: one more run is needed."""
    if answers[0] or answers.count(True) == 2:
        return True
    return False if answers.count(False) == 2 else None


def between(tries):
    """(the greatest rate that is kept, or 0; the least that is broken, or None), of [(rate, does
    that run keep the limit)]."""
    low, high = 0, None
    for rate, answers in by_rate(tries):
        if is_kept(answers):
            low = rate
        else:
            high = rate
    return low, high


def by_rate(tries):
    """[(rate, its answers)] of the rates in the order in which they were tried."""
    return [(rate, [kept for _, kept in group])
            for rate, group in groupby(tries, lambda one: one[0])]


def next_rate(tries, span):
    """The rate that is to be tried next; None when the search is over."""
    if span.too_slow:
        return None
    if tries:
        rate, answers = by_rate(tries)[-1]
        if is_kept(answers) is None:
            return rate
    low, high = between(tries)
    if low == 0:
        if high is not None and high <= span.least:
            return None
        broken = len(by_rate(tries))
        return max(span.near(span.closed / 2**2**broken), span.least)
    high = high or span.most
    middle = span.near(sqrt(low * high))
    return middle if high > NEAR * low and low < middle < high else None


# ---- the runs of a search


@dataclass(frozen=True)
class Limit:
    """What is asked of a run of `length_s`."""

    p99_ns: float
    length_s: float

    def is_kept(self, record, figures):
        return "behind" not in record["flags"] and p99(figures) < self.p99_ns

    @property
    def least(self):
        """The least rate at which a run has enough I/Os."""
        return ceil(LEAST_IOS / self.length_s)


def p99(figures):
    return percentile(figures.bins, 99) or inf


@dataclass
class Search:
    """A mode's runs in one round, [(run, record, figures)] in the order in which they were made:
    the closed loop first."""

    point: object
    repeat: int
    rows: list
    limit: Limit
    unit: int

    @property
    def failed(self):
        return any(figures is None for _, _, figures in self.rows)

    @property
    def span(self):
        least = ceil(self.limit.least / self.unit) * self.unit
        return Span(least, self.rows[0][2].iops, self.unit)

    def tries(self, most=None):
        return [(run.point.rate, self.limit.is_kept(record, figures))
                for run, record, figures in self.rows[1:][:most]]

    def then(self, step):
        """The rate of its run of that number; None where it has ended before."""
        if self.failed or len(self.rows) < step:
            return None
        return next_rate(self.tries(step - 1), self.span)

    @property
    def found(self):
        """(the greatest rate that is kept, or 0; the least that is broken, or None)"""
        return between(self.tries())

    @property
    def ended(self):
        return not self.failed and self.then(len(self.rows)) is None


def searches(asked, finished, limit):
    """{(repeat, point): Search} of all that have begun."""
    found = {}
    for row in finished:
        run = row[0]
        point = replace(run.point, rate=0)
        key = run.repeat, point
        if key not in found:
            found[key] = Search(point, run.repeat, [], limit, asked.job_of(point).processes)
        found[key].rows.append(row)
    return found


def step(asked, finished, limit, repeat, number):
    """The runs of one step of a round: each mode's run of that number, if its search has not ended.

    Step 0 has the closed loops. The order is shuffled from the seed.
    """
    first = plan_round(asked.points, repeat, asked.seed)
    if number == 0:
        return first
    begun = searches(asked, [row for row in finished if row[0].repeat == repeat], limit)
    runs = [replace(run, id=f"{run.id}-{number}", point=replace(run.point, rate=rate))
            for run in first if (rate := begun[repeat, run.point].then(number))]
    random.Random(f"{asked.seed}/{repeat}/{number}").shuffle(runs)
    return runs


# ---- what was found


@dataclass
class Capacity:
    """A mode over its rounds. `interval` is of the greatest rate that keeps the limit, in I/Os a
    second: the median is 0 where half of the rounds have none, an end is inf where nothing was
    broken."""

    point: object
    interval: Interval | None = None
    rounds: dict = field(default_factory=dict)  # {repeat: (greatest kept or 0, least broken, inf)}
    closed: float | None = None  # IOPS of the closed loops
    tries: int = 0
    p99_ns: float | None = None  # median of the runs at the greatest rates that are kept
    lowest: tuple = ()  # the least rate that was tried, and the median p99 there
    too_slow: bool = False  # too few I/Os in a run for a p99
    failed: int = 0  # searches that a run ended which came to no result
    flags: Counter = field(default_factory=Counter)
    reasons: list = field(default_factory=list)

    @property
    def mode(self):
        return self.point.mode

    @property
    def none(self):
        """Did half of the rounds find no rate that keeps the limit?"""
        return bool(self.interval) and self.interval.median == 0


def capacities(asked, finished, limit):
    """{point: Capacity} of what has ended, in the order of the modes."""
    counted = searches(asked, rounds.counted(finished), limit).values()
    return {point: capacity(point, [one for one in counted if one.point == point])
            for point in asked.points}


def capacity(point, of_rounds):
    ended = [one for one in of_rounds if one.ended and not one.span.too_slow]
    found = Capacity(point, failed=sum(one.failed for one in of_rounds),
                     tries=sum(len(one.rows) for one in of_rounds),
                     rounds={one.repeat: edges(one) for one in ended})
    for one in of_rounds:
        for _, record, _ in one.rows:
            # That a rate is too much, or hardly so, is what is looked for.
            found.flags.update(flag for flag in record["flags"] if flag not in ("behind", "uneven"))
            found.reasons += [record["reason"]] * bool(record["reason"])
    found.reasons = list(dict.fromkeys(found.reasons))
    whole = [one for one in of_rounds if not one.failed]
    found.closed = median(one.rows[0][2].iops for one in whole) if whole else None
    found.too_slow = bool(whole) and not ended and all(one.span.too_slow for one in whole)
    if not ended:
        return found
    found.interval = interval_of(list(found.rounds.values()))
    tried = [(run.point.rate, p99(figures), run.point.rate == one.found[0])
             for one in ended for run, _, figures in one.rows[1:]]
    there = [ns for _, ns, greatest in tried if greatest]
    least = min(rate for rate, _, _ in tried)
    found.p99_ns = median(there) if there else None
    found.lowest = least, median(ns for rate, ns, _ in tried if rate == least)
    return found


def edges(search):
    low, high = search.found
    return low, inf if high is None else high


def interval_of(of_rounds):
    """The Interval of rounds that each say between which rates the truth lies.

    Its ends are order statistics of these ends, so that it is never narrower than what a round can
    tell.
    """
    middles = [low if high == inf else sqrt(low * high) for low, high in of_rounds]
    lows, highs = (median_interval(ends) for ends in zip(*of_rounds))
    middle = median(middles) if median_low(middles) else 0
    return Interval(middle, lows.low, highs.high, lows.coverage, lows.n)


def summaries(found):
    """{point: PointSummary} with the rates as IOPS, for verdicts.

    A round without any counts as the lowest rate that was tried, which is more than it kept.
    """
    return {point: PointSummary(point, runs=one.tries, iops=one.interval, flags=one.flags,
                                reasons=one.reasons,
                                by_repeat={repeat: as_figures(low or high)
                                           for repeat, (low, high) in one.rounds.items()})
            for point, one in found.items()}


def as_figures(rate):
    return Figures(None, rate, None, None, Counter(), 0, 0.0, 0)
