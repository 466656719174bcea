# SPDX-License-Identifier: MIT
"""How a load's modes did in several comparisons, one after another: a panel a mode, a line for each
point of it, as shares of what the first comparison had."""

from suite.draw.axis import LOG, Axis
from suite.draw.figure import (BLUE, FAINT, GREEN, ORANGE, PURPLE, RED, SKY, SOLID, TEXT, Band,
                               Figure, Mark, Panel, Series, Style)
from suite.draw.panels import ABREAST, BASELINE, HEIGHTS
from suite.draw.ranked_charts import factor

LOOKS = [Style(colour, point, SOLID) for colour, point in (
    (BLUE, 7), (RED, 5), (GREEN, 13), (ORANGE, 9), (PURPLE, 11), (SKY, 15), (FAINT, 7))]
BESIDE = 0.4  # how far apart marks of one comparison are at the most, where the next is at 1
READING = "Shares of the first comparison's; the line at 1. Intervals: Hodges and Lehmann's."


def courses(title, subtitle, names, rows):
    """The Figure. `rows`: {mode: {what is judged of a point: [its ratio to the first as an
    Interval, or None, of each comparison]}}; `names`: of the comparisons."""
    kinds = list(dict.fromkeys(kind for points in rows.values() for kind in points))
    looks = {kind: LOOKS[i % len(LOOKS)] for i, kind in enumerate(kinds)}
    beside = {kind: BESIDE * (i - (len(kinds) - 1) / 2) / len(kinds)
              for i, kind in enumerate(kinds)}
    ends = [end for points in rows.values() for ratios in points.values() for ratio in ratios
            if ratio for end in (ratio.low, ratio.high)]
    y = Axis.log("", [0.9, 1.1, *ends], factor)
    abreast = min(ABREAST, len(rows))
    ticks = y.labelled(HEIGHTS[abreast], TEXT, upright=True)
    x = Axis("", 0.6, len(names) + 0.4, ticks=[(i, str(i)) for i in range(1, len(names) + 1)])
    modes, bands = list(rows), []
    for at in range(0, len(modes), abreast):
        bands.append(Band([
            Panel(x, Axis("", y.low, y.high, LOG, ticks=[(value, "" if i else label)
                                                         for value, label in ticks]),
                  [Series("", BASELINE, [], path=[(x.low, 1), (x.high, 1)], weight=0.6),
                   *(Series(kind, looks[kind], marks(mode, kind, ratios, names, beside[kind]),
                            weight=0.8) for kind, ratios in rows[mode].items())],
                  height=HEIGHTS[abreast], heads=[(mode, "ink")])
            for i, mode in enumerate(modes[at:at + abreast])]))
    return Figure(title, subtitle, bands, [(kind, looks[kind]) for kind in kinds],
                  reading=READING)


def marks(mode, kind, ratios, names, beside):
    return [Mark(i + beside, ratio.median, ratio.low, ratio.high,
                 text=f"{mode}, {kind}\n{name}: {factor(ratio.median)} of the first's "
                      f"[{factor(ratio.low)}, {factor(ratio.high)}]")
            for i, (name, ratio) in enumerate(zip(names, ratios), 1) if ratio]
