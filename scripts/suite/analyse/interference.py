# SPDX-License-Identifier: MIT
"""How long reads take beside writes: p99 of the reads at each pair of rates, of each mode."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median

from suite.analyse import rounds
from suite.analyse.stats import median_interval
from suite.fio.output import percentile

FAR = 0.1  # how far a rate may be off what was asked for before that is said


@dataclass
class Pair:
    """One mode at one pair of rates, over its rounds. Rates are in I/Os a second, as measured."""

    runs: int
    p99_ns: object  # Interval; None without a result
    reads: float | None = None
    writes: float | None = None
    behind: int = 0  # runs that fell behind

    @property
    def overloaded(self):
        """Did most runs fall behind? In a single run a Poisson process may just have offered less.
        """
        return 2 * self.behind > self.runs


def pairs(grid, finished):
    """{(mode, reads, writes): Pair} of {the same: Point}."""
    by_point = defaultdict(list)
    for run, record, figures in rounds.counted(finished):
        by_point[run.point].append((record, figures))
    return {key: pair(by_point[point]) for key, point in grid.items()}


def pair(rows):
    good = [figures for _, figures in rows if figures]
    p99s = [ns for ns in (percentile(bins_of_reads(figures), 99) for figures in good) if ns]
    if not p99s:
        return Pair(len(rows), None)
    reads, writes = (median(done(figures, direction) for figures in good)
                     for direction in ("read", "write"))
    return Pair(len(rows), median_interval(p99s), reads, writes,
                sum("behind" in record["flags"] for record, _ in rows))


def bins_of_reads(figures):
    """Of all sections."""
    return sum((of_row.bins for row, of_row in figures.rows.items() if row.direction == "read"),
               Counter())


def done(figures, direction):
    """I/Os a second in one direction, of all sections."""
    return sum(of_row.iops for row, of_row in figures.rows.items() if row.direction == direction)


def flags_of(finished):
    """{mode: Counter of the flags of its runs}, without that of falling behind."""
    found = defaultdict(Counter)
    for run, record, _ in rounds.counted(finished):
        found[run.point.mode].update(flag for flag in record["flags"]
                                     if flag not in ("behind", "uneven"))
    return {mode: flags for mode, flags in found.items() if flags}


def off(found):
    """[(key, Pair)] of those whose rates were not those asked for, though they did not fall behind:
    fio mixes in whole percents, and by chance."""
    return [(key, one) for key, one in found.items() if one.p99_ns and not one.overloaded
            and any(abs(made - asked) > FAR * asked
                    for made, asked in ((one.reads, key[1]), (one.writes, key[2])))]
