# SPDX-License-Identifier: MIT
"""What repeats can and cannot show: medians, their intervals, paired ratios."""

from dataclasses import dataclass
from math import comb
from statistics import median

WANTED_COVERAGE = 0.95
# Under this coverage no difference is called: with n=4 the widest interval holds 87.5 %, and one
# call in eight would be false.
LEAST_COVERAGE = 0.90


@dataclass
class Interval:
    """A median with its interval by order statistics, and the coverage which that really has."""

    median: float
    low: float
    high: float
    coverage: float
    n: int

    def verdict(self):
        """`faster` or `slower`; nothing where the interval holds 1 or covers too little."""
        if self.coverage < LEAST_COVERAGE:
            return ""
        return "faster" if self.low > 1 else "slower" if self.high < 1 else ""


def median_interval(values):
    """The narrowest symmetric pair of order statistics with 95 % coverage, else the widest pair.

    No distribution is assumed but independence of the repeats: each value is on either side of the
    true median with probability 1/2.
    """
    ordered = sorted(values)
    n = len(ordered)
    rank = max((k for k in range(1, n // 2 + 1) if coverage(n, k) >= WANTED_COVERAGE), default=1)
    return Interval(median(ordered), ordered[rank - 1], ordered[n - rank], coverage(n, rank), n)


def coverage(n, rank):
    """The probability that the true median lies between the rank-th smallest and largest of n."""
    return 1 - 2 * sum(comb(n, i) for i in range(rank)) / 2**n


def paired_ratios(values, baseline):
    """Ratios within a block, from {repeat: value} of both; a repeat that one lacks is left out."""
    return [values[repeat] / baseline[repeat] for repeat in sorted(values)
            if baseline.get(repeat)]
