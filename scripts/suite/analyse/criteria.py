# SPDX-License-Identifier: MIT
"""By what the modes of a load are judged: figures of rows, and limits."""

from dataclasses import dataclass
from statistics import median

from suite.analyse.measured import DIRECTION_WORDS
from suite.analyse.stats import median_interval
from suite.fio.output import SYNC, Row
from suite.request.judged import MORE_IS_BETTER, Criterion
from suite.units import duration, rate

ROW_WORDS = DIRECTION_WORDS | {SYNC: "syncs"}


@dataclass(frozen=True)
class Judged:
    """A figure of a Row; without one, of the whole run."""

    figure: str
    row: Row | None = None

    @property
    def more_is_better(self):
        return self.figure in MORE_IS_BETTER

    @property
    def sides(self):
        """The words for a ratio above 1, and below."""
        if self.figure in ("iops", "bw"):
            return "faster", "slower"
        return ("dearer", "cheaper") if self.figure == "cpu" else ("longer", "shorter")

    @property
    def worse(self):
        """What a mode is that is worse, in words."""
        side = self.sides[1 if self.more_is_better else 0]
        return side if self.figure in ("iops", "bw", "cpu") else f"{side} {figure_name(self)}"

    @property
    def words(self):
        """What is judged, in words; empty where it is the IOPS of the whole run."""
        if self.row is None:
            return "" if self.figure == "iops" else f"by {figure_name(self)}"
        return f"{row_words(self.row)} by {figure_name(self)}"

    def values(self, summary):
        """{repeat: figure}"""
        return summary.values(self.figure, self.row)


def figure_name(judged):
    return {"iops": "IOPS", "bw": "bytes/s", "mean": "mean latency",
            "cpu": "CPU/IO"}.get(judged.figure, judged.figure)


def row_words(row):
    phase = f" ({row.phase})" if row.phase else ""
    return f"{row.section} {ROW_WORDS[row.direction]}{phase}"


# {name in a table: figure} of each section and direction.
SECTION_FIGURES = {"IOPS": "iops", "mean": "mean", "p50": "p50", "p99": "p99", "p99.9": "p99.9"}


def section_figures(summary):
    """{Row: {name in SECTION_FIGURES: median over the runs, or None}}"""
    found = {}
    for row in summary.rows:
        values = {name: summary.values(figure, row).values()
                  for name, figure in SECTION_FIGURES.items()}
        found[row] = {name: median(of_runs) if of_runs else None
                      for name, of_runs in values.items()}
    return found


def rows_of(summaries):
    """Every Row of a load's summaries."""
    return sorted({row for s in summaries for row in s.rows})


def deciding(criteria, summaries):
    """[Judged]: what decides between these points of a load.

    What --judge names, as far as the load has it. Otherwise the whole run where it is all of one
    section and one direction, and every row where it is not. Of syncs and of open loops that is
    p99, as their IOPS only say what was asked for.
    """
    rows = rows_of(summaries)
    named = [c for c in criteria if c.limit is None]
    if not named:
        named = [Criterion("")] if len(rows) < 2 else [
            Criterion("", row.section, row.direction) for row in rows]
    usual = summaries[0].point.judged_by
    found = []
    for criterion in named:
        for row in [None] if criterion.of_whole else filter(criterion.matches, rows):
            figure = criterion.figure or ("p99" if row and row.direction == SYNC else usual)
            found.append(Judged(figure, row))
    return list(dict.fromkeys(found))


@dataclass
class Kept:
    """Whether a point keeps a limit: None where its interval lies across. `words`: that it does
    not."""

    words: str
    kept: bool | None


def limits_of(criteria, summary, coverage):
    """[Kept] of the limits that a point has to keep, as far as they are known of it."""
    found = []
    for criterion in (c for c in criteria if c.limit):
        rows = [None] if criterion.of_whole else filter(criterion.matches, summary.rows)
        for row in rows:
            judged = Judged(criterion.figure, row)
            values = list(judged.values(summary).values())
            if values:
                interval, limit = median_interval(values, coverage), criterion.limit
                words = f"{row_words(row)} " if row else ""
                words += f"{written(judged, interval.median)}, not {limit.sign} {limit.text}"
                found.append(Kept(words, limit.kept(interval.low, interval.high)))
    return found


def written(judged, value):
    """A judged figure with its name."""
    if judged.figure in ("iops", "bw"):
        return f"{rate(value)} {figure_name(judged)}"
    return f"{figure_name(judged)} {duration(value)}"


def in_figures(summary, judged):
    """A point's most telling figures, and the judged one; medians of the runs."""
    figures = dict.fromkeys(["iops", "p99", judged.figure])
    found = []
    for each in (Judged(figure, judged.row) for figure in figures if figure != "cpu"):
        values = list(each.values(summary).values())
        if values:
            found.append(written(each, median(values)))
    if summary.cpu_ns and judged.row is None:
        found.append(f"{duration(summary.cpu_ns.median)} of CPU time an I/O")
    return ", ".join(found)
