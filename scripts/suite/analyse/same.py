# SPDX-License-Identifier: MIT
"""How far two measurements of the same thing lie apart, on this machine and now.

fio's synchronous engines do one I/O at a time, whatever depth is asked for. Where a comparison has
several depths it measures them once for each, in the same round: an A/A test that is there anyway.
"""

from itertools import combinations
from statistics import median

from suite.units import percent

IGNORE_DEPTH = {"fio:psync", "fio:sync", "fio:pvsync", "fio:pvsync2", "fio:vsync", "fio:mmap"}
LEAST_PAIRS = 5


def apart(summaries):
    """[how much greater the one is, as a share] of all pairs of runs of one thing in one round."""
    groups = {}
    for s in summaries.values():
        if s.point.mode in IGNORE_DEPTH and not s.point.rate:
            groups.setdefault((s.point.load, s.point.mode), []).append(s.values("iops"))
    return [max(a[r], b[r]) / min(a[r], b[r]) - 1 for of_depths in groups.values()
            for a, b in combinations(of_depths, 2) for r in a.keys() & b.keys()]


def words(summaries):
    """The line about it; none where too little was measured twice."""
    found = apart(summaries)
    if len(found) < LEAST_PAIRS:
        return []
    names = sorted({s.point.mode for s in summaries.values()} & IGNORE_DEPTH)
    return [f"This machine, now: {' and '.join(names)} at another depth is the same again, and two "
            f"such runs of a round differ by {percent(round(median(found), 3))} in the median, "
            f"{percent(round(max(found), 3))} at most."]
