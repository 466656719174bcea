# SPDX-License-Identifier: MIT
"""The chart of submitters on one NUMA node with buffers on another."""

import re

from suite.draw import node_map
from suite.draw.figure import Cell
from suite.draw.marks import depths_of, told
from suite.draw.node_map import NodeMap
from suite.request.placement import node_pair
from suite.units import duration, rate

ROOM_FOR_SPACES = 6  # columns; with more a number and its unit stand close together
ROOM_FOR_MEDIAN = 2  # columns; maps with no more leave room for p50 as the third side by side
LEAST_SPREAD = 0.1  # of a node map's greatest value, which takes all of its colours


def nodes(subject):
    """Submitters on one node, buffers on another: a band for each mode and depth."""
    found = subject.closed(lambda s: node_pair(s.point.load.placement))
    pairs = [node_pair(s.point.load.placement) for rows in found.values() for s in rows]
    submitters, buffers = (sorted({pair[i] for pair in pairs}) for i in (0, 1))
    measures = [("IOPS", rate, lambda s: s.iops.median),
                ("p50 latency", duration, lambda s: s.latency_ns(50)),
                ("p99 latency", duration, lambda s: s.latency_ns(99))]
    if len(buffers) > ROOM_FOR_MEDIAN:
        del measures[1]
    bands = []
    for depth in depths_of(found):
        here = {label: [s for s in rows if s.point.depth == depth]
                for label, rows in found.items()}
        for label, rows in here.items():
            alike = [s for other in here if unplaced(other) == unplaced(label)
                     for s in here[other]]
            maps = [NodeMap(title, label, node_cells(label, rows, alike, (submitters, buffers),
                                                     (title, words, value)))
                    for title, words, value in measures]
            bands += node_map.bands(f"{subject.shown(label)}, depth {depth}",
                                    [f"node {c}" for c in submitters], buffers,
                                    [one for one in maps if one.cells])
    if not bands:
        return None
    for panel in bands[-1].panels:
        panel.x.title = "buffers on node"
    return subject.figure(bands, [
        "Rows: where the submitter runs. Colours go from the least (light) to the greatest (dark) "
        "of all placements of a mode at a depth, and span a tenth of that at the least."])


def unplaced(label):
    """The mode without its placement=: modes with the same one are coloured on one scale."""
    return re.sub(r"\+placement=[^+]*", "", label)


def node_cells(label, summaries, alike, sides, measure):
    """A cell for each summary that has the figure; `alike` are those that share its scale."""
    title, words, value = measure
    values = [value(s) for s in alike if value(s)]
    if not values:
        return []
    least, most = min(values), max(values)
    cells = []
    for s in summaries:
        if value(s):
            submitter, buffers = node_pair(s.point.load.placement)
            note = words(value(s))
            cells.append(Cell(
                sides[1].index(buffers), sides[0].index(submitter),
                note=note.replace(" ", "") if len(sides[1]) > ROOM_FOR_SPACES else note,
                share=(value(s) - least) / max(most - least, LEAST_SPREAD * most),
                text=told(label, s, f"submitter on node {submitter}, buffers on {buffers}",
                          f"{title}: {words(value(s))}")))
    return cells
