# SPDX-License-Identifier: MIT
"""Heat maps with NUMA nodes along their sides: the bands of a Figure, made of cells."""

from dataclasses import dataclass

from suite.draw.axis import Axis, text_width
from suite.draw.figure import INK, SOLID, TEXT, WIDTH, Band, Panel, Series, Style

ROW, LOW_ROW, LEAST_HEIGHT = 30, 22, 44  # pixels
MARGINS, GAP = 45, 24  # pixels beside the maps, and between two
FEW_ROWS = 4  # with more rows each is LOW_ROW high
NO_POINTS = Style(INK, 6, SOLID)


@dataclass
class NodeMap:
    """One panel: cells at (number of the column, number of the row); `name` is in the data file."""

    title: str
    name: str
    cells: list


def bands(heading, rows, columns, maps, below=""):
    """The maps' bands, with as many side by side as leave a cell legible; `columns` are nodes.

    All have the same rows, whose names stand at the left. `below` says what the columns are.
    """
    room = WIDTH - MARGINS - max(text_width(name, TEXT) for name in rows)
    found = in_rows(maps, len(columns), room)
    return [Band([panel(one, rows if at == 0 else [""] * len(rows), columns,
                        below if side_by_side is found[-1] else "")
                  for at, one in enumerate(side_by_side)],
                 heading if side_by_side is found[0] else "") for side_by_side in found]


def in_rows(maps, columns, room):
    widest = 0.95 * max(text_width(cell.note, TEXT) for one in maps for cell in one.cells)
    most = 3 if columns <= 2 else 2 if columns <= 4 else 1
    width = max(1, min(most, int(room // (columns * widest + GAP))))
    return [maps[at:at + width] for at in range(0, len(maps), width)]


def panel(one, names, columns, below):
    x = Axis(below, -0.5, len(columns) - 0.5, ticks=list(enumerate(map(str, columns))))
    y = Axis.rows(names)
    y.title = one.title
    height = len(names) * (ROW if len(names) <= FEW_ROWS else LOW_ROW)
    return Panel(x, y, [Series(one.name, NO_POINTS, one.cells, kind="cells")],
                 height=max(LEAST_HEIGHT, height), sideways=True)
