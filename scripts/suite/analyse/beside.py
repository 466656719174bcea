# SPDX-License-Identifier: MIT
"""What is left of each mode when other programs want CPUs (--busy)."""

from dataclasses import replace
from statistics import median

from suite.analyse.stats import paired_ratios
from suite.request.plan import load_titles
from suite.units import rate


def shares(summaries):
    """{(load, depth, rate): {mode: its IOPS, or the inverse of its p99 in an open loop, to the same
    on a quiet machine}}"""
    found = {}
    for point, s in summaries.items():
        alone = summaries.get(replace(point, load=replace(point.load, busy="")))
        if not point.load.busy or not alone:
            continue
        sides = s.values(point.judged_by), alone.values(point.judged_by)
        ratios = paired_ratios(*(sides[::-1] if point.rate else sides))
        if ratios:
            found.setdefault((point.load, point.depth, point.rate), {})[point.mode] = median(ratios)
    return found


def words(summaries):
    """A line for each point, the modes that keep the most first."""
    titles = load_titles(point.load for point in summaries)
    lines = []
    for (load, depth, offered), modes in shares(summaries).items():
        where = f"{titles[load]}, depth {depth}" + (f", {rate(offered)} I/Os/s" if offered else "")
        kept = ", ".join(f"{mode} {share:.2f}"
                         for mode, share in sorted(modes.items(), key=lambda row: -row[1]))
        lines.append(f"{where}: of what it does on a quiet machine, each mode does: {kept}.")
    return lines
