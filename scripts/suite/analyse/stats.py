# SPDX-License-Identifier: MIT
"""What repeats can and cannot show: medians, their intervals, paired ratios."""

from dataclasses import dataclass
from itertools import accumulate
from math import comb
from statistics import median

# The largest rank is taken that covers this much, so that 8 rounds do not say less than 5: 92.97 %
# at 8, 93.75 % at 5. Of a bound to one side it is over 96 %.
WANTED_COVERAGE = 0.925
# Of a ratio of runs that were not made in turn.
UNPAIRED_COVERAGE = 0.95
# Under this coverage no difference is called: with n=4 the widest interval covers 87.5 %, so one
# call in eight would be false.
LEAST_COVERAGE = 0.90
# A comparison that may end as soon as its intervals are narrow looks at them after every round, and
# tends to end after a lucky one. With intervals of 95 % up to 7 % of its calls were false
# (simulated, with normal and with heavy-tailed noise), with intervals of 98 % at most 3 %.
EARLY_STOP_COVERAGE = 0.98
LEAST_ROUNDS = 7
UNSTABLE = 2  # greatest : least of a point's runs
DRIFT_LEVEL = 0.005  # the share of steady series that count as drifting


@dataclass
class Interval:
    """A median, its interval by order statistics, and the interval's real coverage."""

    median: float
    low: float
    high: float
    coverage: float
    n: int

    @property
    def half_width(self):
        """As a share of the median."""
        return (self.high - self.low) / 2 / self.median

    def verdict(self, above="faster", below="slower"):
        """One word about a ratio; empty where the interval holds 1 or covers too little."""
        if self.coverage < LEAST_COVERAGE:
            return ""
        return above if self.low > 1 else below if self.high < 1 else ""


def median_interval(values, wanted=WANTED_COVERAGE):
    """The narrowest symmetric pair of order statistics that covers enough, else the widest pair.

    Assumes no distribution, only that the repeats are independent: each value is on either side of
    the true median with probability 1/2.
    """
    ordered = sorted(values)
    n = len(ordered)
    rank = max((k for k in range(1, n // 2 + 1) if coverage(n, k) >= wanted), default=1)
    return Interval(median(ordered), ordered[rank - 1], ordered[n - rank], coverage(n, rank), n)


def coverage(n, rank):
    """The probability that the true median lies between the rank-th smallest and largest of n."""
    return 1 - 2 * sum(comb(n, i) for i in range(rank)) / 2**n


def unstable(values):
    return max(values) > UNSTABLE * min(values)


def drifts(values):
    """Whether values rise or fall in the order in which they came: Kendall's test, exact."""
    n = len(values)
    rises = sum((values[j] > values[i]) - (values[j] < values[i])
                for i in range(n) for j in range(i + 1, n))
    falls = (n * (n - 1) // 2 - abs(rises)) // 2  # pairs against the trend
    # How many orders of n values have k pairs against the trend.
    orders = [1]
    for size in range(2, n + 1):
        longer = [0] * (len(orders) + size - 1)
        for k, count in enumerate(orders):
            for more in range(size):
                longer[k + more] += count
        orders = longer
    return 2 * sum(orders[:falls + 1]) / sum(orders) < DRIFT_LEVEL


def paired_ratios(values, baseline):
    """Ratios within rounds, of two {repeat: value}; a repeat that only one has is left out."""
    return [values[repeat] / baseline[repeat] for repeat in sorted(values)
            if baseline.get(repeat)]


def unpaired_ratio(ours, theirs, wanted=UNPAIRED_COVERAGE):
    """The ratio of two samples that were not measured in turn, such as those of two machines.

    It is the median of all ratios of one of ours to one of theirs, with Hodges and Lehmann's
    interval, which assumes only that both distributions have the same shape.
    """
    ordered = sorted(mine / other for mine in ours for other in theirs)
    n = len(ordered)
    tails = rank_sum_tails(len(ours), len(theirs))
    rank = max((k for k in range(1, n // 2 + 1) if 1 - 2 * tails[k - 1] >= wanted), default=1)
    return Interval(median(ordered), ordered[rank - 1], ordered[n - rank],
                    max(0.0, 1 - 2 * tails[rank - 1]), min(len(ours), len(theirs)))


def rank_sum_tails(n, m):
    """[P(U <= 0), P(U <= 1), ...] of Mann and Whitney's U for two equal populations."""
    # ways[j][u]: orders of i of ours and j of theirs in which u pairs have ours above theirs.
    ways = [[1] for _ in range(m + 1)]
    for i in range(1, n + 1):
        longer = [[1]]
        for j in range(1, m + 1):
            ours_is_last, theirs_is_last = ways[j], longer[j - 1]
            row = [0] * (i * j + 1)
            for u, count in enumerate(ours_is_last):
                row[u + j] += count
            for u, count in enumerate(theirs_is_last):
                row[u] += count
            longer.append(row)
        ways = longer
    total = comb(n + m, n)
    return [count / total for count in accumulate(ways[m])]
