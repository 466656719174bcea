# SPDX-License-Identifier: MIT
"""The interference map: how long reads take at each rate of reads and writes, a panel a mode."""

from math import log

from suite.analyse.words import load_words, machine_title
from suite.draw.axis import Axis, Rows, text_width
from suite.draw.figure import (COLUMN_GAP, EDGE, RED, RIGHT, SOLID, TEXT, TICK_GAP, WIDTH, Band,
                               Figure, Panel, Series, Style, Tile)
from suite.draw.marks import written
from suite.units import duration, rate

NAME = "read-latency"
QUESTION = "How long do reads take beside so many writes?"
READING = ("p99 of reads. Down: reads a second; right: writes a second, both offered. Outlined: "
           "that load was not reached, so latency grew for as long as the run.")
RING = Style(RED, 6, SOLID)
LEAST_CELL = text_width("0.88 ms", TEXT) + 4  # pixels
CELL_GAP = 12  # between the names of two rows


def of_grid(plan, environment, found, reads, writes, flagged):
    """The Figure of {(mode, reads, writes): Pair}; None without any result."""
    values = [one.p99_ns.median for one in found.values() if one.p99_ns]
    if not values:
        return None
    modes = [mode["name"] for mode in plan["modes"]]
    scale = Scale(min(values), max(values))
    rows = Rows([rate(r) for r in reads], TEXT, WIDTH, gap=CELL_GAP)
    parts, abreast = layout(rows, writes)
    panels = [panel(mode + " !" * (mode in flagged), rows, part, cells)
              for mode in modes for part in parts
              for cells in [cells_of(mode, found, reads, part, rows, scale)]]
    bands = [Band(panels[at:at + abreast]) for at in range(0, len(panels), abreast)]
    job, n = plan["jobs"][0], max(one.runs for one in found.values())
    return Figure(
        "Read latency beside writes", f"{job['name']}: {load_words(job)}", bands, reading=READING,
        about=[f"{f'Medians of {n} rounds' if n > 1 else 'One round'}, seed {plan['seed']}; open "
               f"loop, at most {plan['depths'][0]} in flight.",
               f"{machine_title(environment)}."],
        warnings=[f"! {mode}: {', '.join(flags)}" for mode, flags in flagged.items()])


class Scale:
    """The colour of a latency, between the least and the greatest of all panels, logarithmic."""

    def __init__(self, low, high):
        self.low, self.range = log(low), log(high) - log(low)

    def share(self, value):
        return (log(value) - self.low) / self.range if self.range else 0.0


def layout(rows, writes):
    """(the columns of each panel of a mode, how many panels stand side by side)"""
    margin = rows.width + TICK_GAP
    room = WIDTH - EDGE - RIGHT - margin
    most = int(room // LEAST_CELL)
    parts = [writes[at:at + most] for at in range(0, len(writes), most)]
    if len(parts) > 1:
        return parts, 1
    one = LEAST_CELL * len(writes)
    return parts, max(1, int((room + margin + COLUMN_GAP) // (one + margin + COLUMN_GAP)))


def panel(title, rows, columns, cells):
    above = [(x + 0.5, [rate(w)]) for x, w in enumerate(columns)]
    series = [Series(title, RING, cells, "tiles")] if cells else []
    return Panel(Axis.unlabelled(0, len(columns)), rows.axis(), series, height=rows.height,
                 sideways=True, names=rows, heads=[(title, "ink")], above=[above], bare=True)


def cells_of(mode, found, reads, columns, rows, scale):
    return [tile(mode, (r, w), found[mode, r, w], (x + 0.5, y, height / 2), scale)
            for r, y, height in zip(reads, rows.middles, rows.heights)
            for x, w in enumerate(columns) if found[mode, r, w].p99_ns]


def tile(mode, asked, one, at, scale):
    x, y, half = at
    ns = one.p99_ns.median
    return Tile(x, y, note=duration(ns), share=scale.share(ns), half=half, ring=one.overloaded,
                text="\n".join([
                    mode, f"offered {rate(asked[0])} reads/s, {rate(asked[1])} writes/s",
                    f"made {rate(one.reads)} reads/s, {rate(one.writes)} writes/s",
                    f"p99 of reads {written(one.p99_ns, duration)}",
                    *["that load was not reached"] * one.overloaded]))
