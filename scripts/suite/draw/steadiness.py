# SPDX-License-Identifier: MIT
"""Maps of how steady each mode is: a row a mode, its colour that of a figure against the median of
the mode's own. By rounds, a disturbance is seen as a column; and within the traced runs."""

import math
from dataclasses import replace
from statistics import mean, median

from suite.analyse.rounds import DISTURBED
from suite.draw.axis import Axis, Rows, text_width
from suite.draw.figure import (DIVERGING, EDGE, INK, RIGHT, SOLID, TEXT, TICK_GAP, WIDTH, Band,
                               Panel, Series, Style, Tile)
from suite.draw.marks import by_depth, from_zero, told
from suite.units import duration, percent, rate

NAMES = 150  # pixels for the names of modes
MOST_COLUMN = 80  # pixels
GAP = 6  # pixels at least between the words of two columns
SAID = 1.25  # what is further than this from the median is written into its field
MOST_TIMES = 40  # columns
RING = Style(INK, 6, SOLID)
OTHERS = "others' CPUs"
OTHERWISE = "!"  # in the place of these: a round was disturbed by something else
FIGURES = {"iops": ("IOPS", rate), "p99": ("p99 latency", duration)}


def rounds(subject):
    """A map for each depth and rate, a column a round; disturbed rounds are among them."""
    found = sorted({(s.point.depth, s.point.rate) for rows in subject.rows.values()
                    for s in rows if s.iops and s.point.depth})
    bands = []
    for point in found:
        here = {label: s for label, rows in subject.rows.items() for s in rows
                if s.iops and (s.point.depth, s.point.rate) == point}
        numbers = sorted({number for s in here.values() for number in s.every(s.point.judged_by)})
        if len(numbers) > 1:
            bands.append(by_round(subject, here, numbers))
    if not bands:
        return None
    shown = [s for rows in subject.rows.values() for s in rows]
    return subject.figure(bands, reading=reading(shown, any(
        mark.note for band in bands for series in band.panels[0].series
        for mark in series.marks if series.name in subject.rows)))


def reading(summaries, written):
    """How it is read; only of what is there. `written`: whether there are figures in fields."""
    words = ["Orange: slower than the median of the mode's own runs; blue: faster."]
    if written:
        words.append("Figures: % of it.")
    if any(looked(s) for s in summaries):
        words.append("On top: what other programs took meanwhile.")
    if any(otherwise(s, number) for s in summaries for number in s.disturbed):
        words.append("!: disturbed by something else.")
    if any(any(s.left_out.values()) for s in summaries):
        words.append("Ringed: that round is left out.")
    return " ".join(words)


def looked(summary):
    return any(cpus is not None for cpus in summary.foreign_cpus.values())


def otherwise(summary, number):
    """Whether it was something else that disturbed a round: a suspend; pressure, unseen others."""
    return number in summary.disturbed and (summary.foreign_cpus.get(number) or 0) <= DISTURBED


def by_round(subject, here, numbers):
    """`here`: {label: summary} at one depth and rate; `numbers`: of its rounds."""
    first = next(iter(here.values()))
    on_top = [OTHERS if looked(first) else "disturbed"] \
        if looked(first) or first.disturbed else []
    names = Rows(on_top + [subject.shown(label) for label in here], TEXT, NAMES)
    width = WIDTH - EDGE - names.width - TICK_GAP - RIGHT
    wide = max(len(numbers), width / MOST_COLUMN)
    places = {number: i + 0.5 for i, number in enumerate(numbers)}
    rows = list(zip(names.middles, names.heights))
    series = [others(name, here, places, *rows.pop(0)) for name in on_top]
    series += [Series(label, RING, runs(label, s, places, *row), "tiles")
               for row, (label, s) in zip(rows, here.items())]
    series = without_figures(series) if widest_note(series) > width / wide else series
    step = math.ceil((text_width(str(numbers[-1]), TEXT) + GAP) / (width / wide))
    titles = [(places[number], [str(number)]) for number in numbers[::step]]
    return Band([Panel(Axis.unlabelled(0, wide), names.axis(), series, height=names.height,
                       sideways=True, names=names, above=[titles], bare=True)],
                f"{FIGURES[first.point.judged_by][0]} in each round, {first.point.where}")


def others(name, here, places, y, height):
    """What other programs took in each round; from 0.1 of a CPU it has a colour, from 1 the
    strongest."""
    first = next(iter(here.values()))
    out = {number for s in here.values() for of in s.left_out.values() for number in of}
    marks = []
    for number, x in places.items():
        cpus, something_else = first.foreign_cpus.get(number), otherwise(first, number)
        if cpus is None and not something_else:
            continue
        took = "" if cpus is None else f": {cpus:.2f}"
        marks.append(Tile(
            x, y, half=height / 2, scale=DIVERGING, ring=number in out,
            share=0 if something_else else 0.5 - 0.5 * math.log10(max(1, cpus / DISTURBED)),
            note=OTHERWISE if something_else else f"{cpus:.1f}" if cpus > DISTURBED else "",
            text="\n".join([name, f"round {number}{took}",
                            *["disturbed by something else"] * something_else,
                            *left_out(number in out)])))
    return Series(name, RING, marks, "tiles")


def left_out(out):
    return ["disturbed: left out"] if out else []


def runs(label, summary, places, y, height):
    name = summary.point.judged_by
    figure, words = FIGURES[name]
    counted = summary.figures[name]
    usual = median(counted.values()) if counted else None
    marks = []
    for number, value in summary.every(name).items() if usual else ():
        of_usual = value / usual
        text = told(label, summary, f"round {number}: {figure} {words(value)}",
                    f"{percent(round(of_usual, 2))} of its median",
                    *left_out(number not in counted))
        marks.append(tile(places[number], y, height, of_usual,
                          of_usual if name == "iops" else 1 / of_usual, text))
    return marks


def tile(x, y, height, of_usual, speed, text):
    """`of_usual`: the figure in medians; `speed`: the same, or its inverse where less is better."""
    return Tile(x, y, half=height / 2, share=0.5 + 0.5 * math.log2(speed), scale=DIVERGING,
                note=f"{100 * of_usual:.0f}" if not 1 / SAID < speed < SAID else "", text=text)


def widest_note(series):
    return max((text_width(mark.note, TEXT) for one in series for mark in one.marks), default=0)


def without_figures(series):
    return [replace(one, marks=[
        replace(mark, note=mark.note if mark.note == OTHERWISE else "") for mark in one.marks])
        for one in series]


# ---- within the traced runs


def over_time(subject):
    """Mean latency of each window of the traced runs, a map for each depth."""
    bands = [within_runs(subject, depth, here)
             for depth, here in by_depth(subject.closed(lambda s: len(windows(s)) > 1))]
    if not bands:
        return None
    return subject.figure(bands, ["A row is one run, made at another time than the others. It "
                                  "counts for nothing else, as logging costs fio several percent."],
                          reading="Orange: longer than the median of the run's own windows, which "
                                  "stands beside it; blue: shorter.")


def windows(summary):
    """[(its end in ms, mean latency)] of the traced run, without the last, in which it ended."""
    logged = (summary.traced or {}).get("latency_over_time") or []
    return [(ms, ns) for ms, ns in logged[:-1] if ns]


def within_runs(subject, depth, here):
    names = Rows([subject.shown(label) for label in here], TEXT, NAMES)
    logged = {label: windows(s) for label, s in here.items()}
    width = min(b - a for rows in logged.values() for (a, _), (b, _) in zip(rows, rows[1:]))
    last = max(rows[-1][0] for rows in logged.values())
    step = width * math.ceil(last / width / MOST_TIMES)
    series, beside = [], []
    for label, y, height in zip(here, names.middles, names.heights):
        means = brought_together(logged[label], step)
        usual = median(means.values())
        beside.append((y, duration(usual)))
        series.append(Series(label, RING, [
            Tile(column - 0.5, y, half=height / 2, scale=DIVERGING,
                 share=0.5 + 0.5 * math.log2(usual / ns),
                 text=f"{label}\nuntil {milliseconds(column * step)}: {duration(ns)}")
            for column, ns in means.items()], "tiles"))
    x = Axis("time", 0, math.ceil(last / step), words=lambda column: milliseconds(column * step))
    return Band([Panel(x, names.axis(), series, height=names.height, sideways=True, names=names,
                       beside=beside)], f"Mean latency over time, depth {depth}")


def brought_together(rows, step):
    """{column: mean latency} of windows."""
    columns = {}
    for ms, ns in rows:
        columns.setdefault(max(1, math.ceil(ms / step)), []).append(ns)
    return {column: mean(found) for column, found in columns.items()}


def milliseconds(ms):
    return from_zero(1e6 * ms)
