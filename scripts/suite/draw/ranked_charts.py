# SPDX-License-Identifier: MIT
"""Charts with one row for each mode, the best on top: CPU time, threads, and ratios to the
baseline."""

from suite.analyse.stats import LEAST_COVERAGE
from suite.draw.axis import Axis, Rows
from suite.draw.figure import BLUE, INK, RED, SOLID, TEXT, Band, Mark, Panel, Series, Style
from suite.draw.marks import by_depth, ends, from_zero, told, written
from suite.request.judged import MORE_IS_BETTER
from suite.request.modes import by_fio, of_kernel
from suite.units import duration

NAMES = 150  # pixels for the names of rows
RATIOS = (("iops", "IOPS", ("slower", "faster")), ("p99", "p99 latency", ("faster", "slower")),
          ("cpu", "CPU an I/O", ("less", "more")))
KERNELS = " In brackets: the kernel's workers among them."
READING = "Blue: this project's; orange: the kernel, same engine; others: fio's engines."


def look(mode, filled=True):
    """The Style of a mode where rows have its name: all that is left to say is whose it is."""
    colour = INK if by_fio(mode) else RED if of_kernel(mode) else BLUE
    return Style(colour, 7 if filled else 6, SOLID)


def cpu(subject):
    """CPU time an I/O, grouped by depth, all on one scale."""
    rows = subject.closed(lambda s: s.cpu_ns)
    if not rows:
        return None
    x = Axis.log_if_wide("", [end for points in rows.values() for s in points
                              for end in (s.cpu_ns.low, s.cpu_ns.high)], from_zero)
    bands = []
    for depth, here in by_depth(rows):
        here = dict(sorted(here.items(), key=lambda row: row[1].cpu_ns.median))
        names = rows_of(subject, here)
        series = [Series(label, look(label), [
            Mark(s.cpu_ns.median, y, **ends(s.cpu_ns), note=label,
                 text=told(label, s, f"{written(s.cpu_ns, duration)} of CPU time an I/O"))],
            kind="points") for y, (label, s) in zip(names.middles, here.items())]
        bands.append(Band([Panel(x, names.axis(), series, height=names.height, sideways=True,
                                 names=names,
                                 beside=[(y, duration(s.cpu_ns.median))
                                         for y, s in zip(names.middles, here.values())])],
                          f"CPU time an I/O, depth {depth}"))
    return subject.figure(bands, [
        "CPU time of the whole process, with its workers and the kernel's, from start to end."],
        reading=READING)


def threads(subject):
    """The most threads at once, grouped by depth, all on one scale."""
    rows = subject.closed(lambda s: s.threads_peak)
    if not rows:
        return None
    x = Axis.log_if_wide("", [peak for points in rows.values() for s in points
                              for peak in s.threads_peaks], factor)
    bands = []
    for depth, here in by_depth(rows):
        here = dict(sorted(here.items(), key=lambda row: row[1].threads_peak))
        names = rows_of(subject, here)
        series = []
        for y, (label, s) in zip(names.middles, here.items()):
            of_kernel_s = [f"of them the kernel's: {s.kernel_threads}"] * bool(s.kernel_threads)
            series.append(Series(label, look(label), [Mark(
                s.threads_peak, y, min(s.threads_peaks), s.threads_peak, note=label,
                text=told(label, s, f"{s.threads_peak} threads at once", *of_kernel_s))],
                kind="points"))
        bands.append(Band([Panel(
            x, names.axis(), series, height=names.height, sideways=True, names=names,
            beside=[(y, peak_words(s)) for y, s in zip(names.middles, here.values())])],
            f"Most threads at once, depth {depth}"))
    lines = ["fio's own two or three are among them. A line goes from the run with the fewest."]
    return subject.figure(bands, lines, reading=READING + KERNELS * any(
        s.kernel_threads for points in rows.values() for s in points))


def peak_words(summary):
    of_kernel_s = f" ({summary.kernel_threads})" if summary.kernel_threads else ""
    return f"{summary.threads_peak}{of_kernel_s}"


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
        here = ranked(here, shown[0][0])
        names = rows_of(subject, here)
        panels = []
        for name, title, words in shown:
            y = names.axis()
            y.title = title
            panels.append(Panel(axes[name], y, ratio_series(subject, here, name, names.middles),
                                height=names.height, sideways=True, reference=1, ends=words,
                                names=None if panels else names))
        bands.append(Band(panels, f"Ratios to {subject.baseline}, depth {depth}"))
    return subject.figure(bands, [f"Ratios to {subject.baseline} at the same depth, "
                                  f"{subject.compared}."],
                          reading=f"{READING} Hollow: the interval holds 1, or covers too little. "
                                  f"The best {shown[0][1]} is on top.")


def rows_of(subject, here):
    return Rows([subject.shown(label) for label in here], TEXT, NAMES)


def ranked(here, name):
    """The rows, those with the best ratio of that figure first, and those without one last."""
    sign = -1 if name in MORE_IS_BETTER else 1
    return dict(sorted(here.items(), key=lambda row: (
        name not in row[1].ratios, name in row[1].ratios and sign * row[1].ratios[name].median)))


def ratio_series(subject, here, name, middles):
    series = []
    for y, (label, summary) in zip(middles, here.items()):
        ratio = summary.ratios.get(name)
        if ratio:
            text = told(label, summary,
                        f"{name}: {written(ratio, factor)} × {subject.baseline}")
            series.append(Series(label, look(label, decided(ratio)),
                                 [Mark(ratio.median, y, **ends(ratio), note=label, text=text)],
                                 kind="points"))
    return series


def decided(ratio):
    return ratio.coverage >= LEAST_COVERAGE and not ratio.low <= 1 <= ratio.high


def factor(value):
    return f"{value:.3g}" if value < 999.5 else f"{value:.0f}"
