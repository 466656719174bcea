# SPDX-License-Identifier: MIT
"""What charts have in common: the words of a mark, and the depths of rows."""

from suite.units import duration


def told(label, summary, *lines):
    """The text shown to a reader who points at a mark."""
    return "\n".join([f"{label}, {summary.depth_words}", *lines])


def written(interval, words):
    """A median with its interval, where there is one."""
    if interval.n == 1:
        return words(interval.median)
    return (f"{words(interval.median)} [{words(interval.low)}, {words(interval.high)}], "
            f"n = {interval.n}")


def ends(interval):
    return {"low": interval.low, "high": interval.high} if interval.n > 1 else {}


def depths_of(rows):
    """The depths of all rows, in order; an unknown one comes first."""
    return sorted({s.point.depth for points in rows.values() for s in points},
                  key=lambda depth: depth or 0)


def by_depth(rows):
    """[(depth, {label: summary})] of rows along the depths."""
    return [(depth, {label: s for label, points in rows.items() for s in points
                     if s.point.depth == depth}) for depth in depths_of(rows)]


def from_zero(ns):
    """A time's label on an axis that begins with 0."""
    return duration(ns) if ns else "0"
