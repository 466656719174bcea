# SPDX-License-Identifier: MIT
"""Each mode of this project's pool beside the kernel's own way, as a table of ratios."""

from dataclasses import replace

from suite.analyse.criteria import Judged, row_words, rows_of
from suite.analyse.stats import median_interval, paired_ratios
from suite.report.html import Cell, Table
from suite.request.modes import counterpart

FIGURES = {"iops": "IOPS", "p99": "p99", "cpu": "CPU/IO"}


def beside(summaries, titles, order, coverage):
    """The Table; None where no mode stands beside its counterpart. `order`: of the modes."""
    found = [(s, other, row) for s, other in pairs(summaries, order)
             for row in told_apart(s, other)]
    if not found:
        return None
    loads, sections = len(titles) > 1, any(row for _, _, row in found)
    heads = [*[("load", "")] * loads, ("mode", ""), ("the kernel's", "its counterpart"),
             ("depth", "or the rate offered"), *[("section", "and direction")] * sections]
    for name in FIGURES.values():
        heads += [(name, "the mode's to its counterpart's, paired within rounds"),
                  ("interval", "of the ratio"), ("", "where the interval leaves 1 out")]
    rows = [[*[Cell(titles[s.point.load])] * loads, Cell(s.point.mode), Cell(other.point.mode),
             Cell(s.point.where, s.point.depth), *[Cell(row_words(row) if row else "")] * sections,
             *(cell for figure in FIGURES for cell in cells(s, other, Judged(figure, row),
                                                            coverage))]
            for s, other, row in found]
    return Table(heads, rows)


def pairs(summaries, order):
    """[(summary, its counterpart's)] of the points that both have a result of."""
    found = []
    for point, s in summaries.items():
        other = summaries.get(replace(point, mode=counterpart(point.mode) or ""))
        if s.iops and other and other.iops:
            found.append((s, other))
    return sorted(found, key=lambda pair: (
        pair[0].point.load, order.index(pair[0].point.mode), pair[0].point.depth,
        pair[0].point.rate))


def told_apart(s, other):
    """The Rows that both have; [None], the whole run, where they have only one."""
    rows = [row for row in rows_of([s, other]) if row in s.rows and row in other.rows]
    return rows if len(rows) > 1 else [None]


def cells(s, other, judged, coverage):
    """The ratio, its interval, and a word; empty for CPU time, which no Row has of its own."""
    known = judged.figure != "cpu" or judged.row is None
    ratios = paired_ratios(judged.values(s), judged.values(other)) if known else []
    if not ratios:
        return [Cell("")] * 3
    ratio = median_interval(ratios, coverage)
    return [Cell(f"{ratio.median:.2f}", ratio.median),
            Cell(f"{ratio.low:.2f} to {ratio.high:.2f}" if ratio.n > 1 else ""),
            Cell(ratio.verdict(*judged.sides))]
