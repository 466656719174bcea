# SPDX-License-Identifier: MIT
"""Charts with one row for each mode: CPU time, and ratios to the baseline."""

from dataclasses import replace

from suite.analyse.stats import LEAST_COVERAGE
from suite.draw.axis import Axis
from suite.draw.figure import Band, Mark, Panel, Series
from suite.draw.marks import by_depth, ends, from_zero, told, written
from suite.units import duration

ROW = 18  # height of a row of bars or ratios
RATIOS = (("iops", "IOPS", ("slower", "faster")), ("p99", "p99 latency", ("faster", "slower")),
          ("cpu", "CPU an I/O", ("less", "more")))


def cpu(subject):
    """Bars from 0, grouped by depth, all on one scale."""
    rows = subject.closed(lambda s: s.cpu_ns)
    if not rows:
        return None
    longest = max(s.cpu_ns.high for points in rows.values() for s in points)
    bands = []
    for depth, here in by_depth(rows):
        series = [Series(label, subject.styles[label], [
            Mark(s.cpu_ns.median, row, **ends(s.cpu_ns),
                 text=told(label, s, f"{written(s.cpu_ns, duration)} of CPU time an I/O"))],
            kind="bars") for row, (label, s) in enumerate(here.items())]
        bands.append(Band([Panel(Axis.from_zero("", [longest], from_zero),
                                 Axis.rows([subject.shown(label) for label in here]), series,
                                 height=ROW * len(here), sideways=True,
                                 beside=[(row, duration(s.cpu_ns.median))
                                         for row, s in enumerate(here.values())])],
                          f"depth {depth}"))
    bands[-1].panels[0].x.title = "CPU time an I/O"
    return subject.figure(bands, [
        "CPU time of the whole process, with its workers and the kernel's, from start to end.",
        "Full bars: this project's pool. Pale: the kernel, same engine. Palest: fio's engines."])


def ratios(subject):
    """Ratios to the baseline, paired within rounds: a panel for each figure, a band for each depth.
    """
    rows = subject.closed(lambda s: s.ratios)
    shown = [(name, title, words) for name, title, words in RATIOS
             if any(name in s.ratios for points in rows.values() for s in points)]
    if not shown:
        return None
    axes = {name: Axis.log("", [1] + [end for points in rows.values() for s in points
                                      if name in s.ratios
                                      for end in (s.ratios[name].low, s.ratios[name].high)],
                           factor) for name, _, _ in shown}
    bands = []
    for depth, here in by_depth(rows):
        panels = []
        for name, title, words in shown:
            names = [subject.shown(label) if not panels else "" for label in here]
            y = replace(Axis.rows(names), title=title)
            panels.append(Panel(axes[name], y, ratio_series(subject, here, name),
                                height=ROW * len(here), sideways=True, reference=1, ends=words,
                                beside=sides(here, name)))
        bands.append(Band(panels, f"depth {depth}"))
    return subject.figure(bands, [
        f"Ratios to {subject.baseline} at the same depth, {subject.compared}. ◂ and ▸: the side of "
        "1 on which all of the interval lies. Small points: it holds 1, or covers too little.",
        subject.points])


def ratio_series(subject, here, name):
    series = []
    for row, (label, summary) in enumerate(here.items()):
        ratio = summary.ratios.get(name)
        if ratio:
            text = told(label, summary,
                        f"{name}: {written(ratio, factor)} × {subject.baseline}")
            series.append(Series(label, subject.styles[label],
                                 [Mark(ratio.median, row, **ends(ratio), text=text)],
                                 kind="points", weight=1 if decided(ratio) else 0.55))
    return series


def sides(here, name):
    """[(row, ◂ or ▸)]: on which side of 1 a row's interval lies, as near 1 that is hard to see."""
    return [(row, "◂" if s.ratios[name].high < 1 else "▸") for row, s in enumerate(here.values())
            if name in s.ratios and decided(s.ratios[name])]


def decided(ratio):
    return ratio.coverage >= LEAST_COVERAGE and not ratio.low <= 1 <= ratio.high


def factor(value):
    return f"{value:.3g}"
