# SPDX-License-Identifier: MIT
"""The picture of a whole comparison: the share of the best that each mode reaches, wherever a
choice is to be made."""

import re
from dataclasses import dataclass
from statistics import median

from suite.analyse.criteria import figure_name
from suite.analyse.stats import UNSTABLE, unstable
from suite.analyse.verdict import Rules, verdicts
from suite.analyse.words import machine_title
from suite.draw.axis import Axis, Rows, text_width, wrapped
from suite.draw.figure import (EDGE, RED, RIGHT, SOLID, TEXT, TICK_GAP, WIDTH, Band, Figure,
                               Panel, Series, Style, Tile)
from suite.request.plan import load_titles
from suite.units import rate

NAMES = 150  # pixels for the names of modes
LEAST_COLUMN, MOST_COLUMN = text_width("1.00~", TEXT) + 6, 90
GAP = 0.2  # between groups, in columns
RING = Style(RED, 6, SOLID)
TITLE = "Which mode, and where?"
READING = ("Share of the best mode's IOPS; of a latency its inverse: 1.00 is best. Outlined: as "
           f"good as the best. ~: runs differ over {UNSTABLE}-fold.")


@dataclass(frozen=True)
class Reached:
    """How a mode stands where something is decided; `share` of the best mode's figure, of a latency
    the inverse."""

    share: float
    as_good: bool
    unstable: bool


@dataclass(frozen=True)
class Decided:
    """A column: one choice between modes. Commas in `title` begin a new line; columns that follow
    each other with the same `group` stand below it."""

    title: str
    cells: dict  # {mode: Reached}
    group: str = ""


def of_comparison(plan, environment, summaries, jobs=None, width=WIDTH):
    """The Figure of a comparison, or of these jobs of it; None where nothing could be decided."""
    columns = [column for column in decided(plan, summaries) if not jobs or column.group in jobs]
    if not columns:
        return None
    return winner_map(TITLE, columns, [about(plan, environment)], width)


def decided(plan, summaries):
    """The columns of a comparison, from its verdicts."""
    titles = load_titles(point.load for point in summaries)
    found, columns = verdicts(summaries, Rules.of_plan(plan)), []
    sections = {(v.load, v.judged.row.section) for v in found if v.judged.row}
    for v in found:
        best = median(v.judged.values(v.best).values())
        cells = {}
        for s in [*v.good, *(one.summary for one in [*v.worse, *v.undecided])]:
            runs = v.judged.values(s).values()
            share = median(runs) / best if v.judged.more_is_better else best / median(runs)
            cells[s.point.mode] = Reached(share, s in v.good, unstable(runs))
        told = titles[v.load].removeprefix(v.load.job).removeprefix(", ")
        offered = [f"{rate(v.rate).replace(' ', '')}/s"] if v.rate else []
        alone = sum(load == v.load for load, _ in sections) < 2
        figure = row_parts(v.judged.row, alone) if v.judged.row else []
        figure += [figure_name(v.judged)] if v.judged.figure != "iops" else []
        columns.append(Decided(", ".join(filter(None, (told, f"depth {v.depth}", *offered,
                                                       *figure))), cells, v.load.job))
    return columns


def row_parts(row, alone):
    """A Row in words that fit a column; without its section, if the load has no other."""
    return [row.section] * (not alone) + [row.direction] + [row.phase] * bool(row.phase)


def about(plan, environment):
    return (f"Medians of up to {plan['repeats']} rounds, seed {plan['seed']}. "
            f"{machine_title(environment)}.")


def winner_map(title_words, columns, provenance, width=WIDTH):
    """The Figure: rows are modes, the best by the median of their shares on top."""
    modes = by_share(columns)
    room = width - EDGE - Rows(modes, TEXT, NAMES).width - TICK_GAP - RIGHT
    bands = in_bands(groups_of(columns), room / LEAST_COLUMN)
    wide = max(room / MOST_COLUMN, *(band[-1].end for band in bands))
    return Figure(title_words, "", [Band([panel(modes, band, wide, room / wide)])
                                    for band in bands],
                  reading=READING, about=provenance, width=width)


def by_share(columns):
    shares = {}
    for column in columns:
        for mode, reached in column.cells.items():
            shares.setdefault(mode, []).append(reached.share)
    return sorted(shares, key=lambda mode: -median(shares[mode]))


def groups_of(columns):
    """[(group, its columns)], of columns that follow each other."""
    groups = []
    for column in columns:
        if not groups or groups[-1][0] != column.group:
            groups.append((column.group, []))
        groups[-1][1].append(column)
    return groups


@dataclass(frozen=True)
class Placed:
    """Columns of a group, or a part of them, and where they lie in a band, in columns."""

    group: str
    columns: list
    start: float
    end: float

    @property
    def middle(self):
        return (self.start + self.end) / 2

    def places(self):
        """[(x of its middle, column)]"""
        first = self.middle - (len(self.columns) - 1) / 2
        return [(first + i, column) for i, column in enumerate(self.columns)]


def in_bands(groups, most):
    """[[Placed]]: as many columns beside each other as are legible, at the most `most`."""
    bands, end = [], most
    for group, columns in groups:
        # A group is at least as wide as the longest part of its title that is not to be broken.
        parts = re.split("(?<=-)| ", group)
        title = min(most, max(text_width(part, TEXT) for part in parts) / LEAST_COLUMN)
        while columns:
            least = min(most, max(title, len(columns)))
            start = end + GAP
            if start + least > most:
                bands.append([])
                start = 0
            here, columns = columns[:max(1, int(most))], columns[max(1, int(most)):]
            end = start + max(title, len(here))
            bands[-1].append(Placed(group, here, start, end))
    return bands


def panel(modes, band, wide, column_width):
    """`wide`: how many columns are as wide as the panel."""
    places = [place for placed in band for place in placed.places()]
    modes = [mode for mode in modes if any(mode in column.cells for _, column in places)]
    names = Rows(modes, TEXT, NAMES)
    groups = [(one.middle, wrapped(one.group, TEXT, column_width * (one.end - one.start)))
              for one in band]
    titles = [(x, [line for part in column.title.split(", ")
                   for line in wrapped(part, TEXT, column_width)]) for x, column in places]
    series = [Series(mode, RING, [tile(mode, x, y, height / 2, column) for x, column in places
                                  if mode in column.cells], kind="tiles")
              for mode, y, height in zip(modes, names.middles, names.heights)]
    return Panel(Axis.unlabelled(0, wide), names.axis(), series,
                 height=names.height, sideways=True, names=names, above=[groups, titles], bare=True)


def tile(mode, x, y, half, column):
    reached = column.cells[mode]
    words = f"{reached.share:.2f}{'~' if reached.unstable else ''}"
    where = ", ".join(filter(None, (column.group, column.title)))
    return Tile(x, y, note=words, share=reached.share, half=half, ring=reached.as_good,
                text="\n".join([
                    mode, where, f"{reached.share:.3f} of the best",
                    *["as good as the best"] * reached.as_good,
                    *[f"unstable: runs differ over {UNSTABLE}-fold"] * reached.unstable]))
