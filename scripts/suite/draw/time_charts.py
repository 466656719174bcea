# SPDX-License-Identifier: MIT
"""Charts of a run over time: of each point's typical run, the one with the median throughput."""

from suite.draw.axis import Axis
from suite.draw.figure import Band, Mark, Panel, Series
from suite.draw.marks import by_depth, from_zero, told
from suite.draw.ranked_charts import factor
from suite.units import duration, rate

# On a line with very many points, this many are drawn with the mode's point.
FEW = 5


def over_time(subject):
    """Mean latency of each window, and throughput beside it, of each point's typical run."""
    bands, shown = [], {}
    for depth, here in by_depth(subject.closed(lambda s: recorded(s, "latency_over_time"))):
        panels = [traces(subject, here, "latency_over_time", f"mean latency, depth {depth}",
                         duration, Axis.log),
                  traces(subject, here, "iops_over_time", "IOPS", rate, Axis.from_zero)]
        bands.append(Band([panel for panel in panels if panel]))
        shown |= here
    if not bands:
        return None
    for panel in bands[-1].panels:
        panel.x.title = "time"
    return subject.figure(bands, ["Mean of each window, of the run with the median throughput."],
                          key=[label for label in subject.rows if label in shown])


def recorded(summary, name):
    """[(ms, value)] from the record of the typical run."""
    return [(at, value) for at, value in (summary.typical or {}).get(name) or [] if value]


def traces(subject, here, name, title, words, make_axis):
    series = []
    for i, (label, summary) in enumerate(here.items()):
        points = recorded(summary, name)
        marks = [Mark(at, value, text=told(label, summary,
                                           f"at {milliseconds(at)}: {words(value)}"))
                 for at, value in few(points, i)]
        series += [Series(label, subject.styles[label], marks, path=points)] if points else []
    if not series:
        return None
    return Panel(time_axis(series), make_axis(title, [v for s in series for _, v in s.path], words),
                 series)


def time_axis(series):
    return Axis.from_zero("", [at for one in series for at, _ in one.path], milliseconds)


def milliseconds(ms):
    return from_zero(1e6 * ms)


def few(points, number):
    """A few of very many points; different ones for each series, so that their shapes lie apart."""
    step = max(1, -(-len(points) // FEW))
    return points[number % step::step]


def threads(subject):
    """All threads of each point's typical run, and the kernel's workers among them."""
    bands, shown, kernel = [], {}, False
    for depth, here in by_depth(subject.closed(lambda s: recorded(s, "threads_over_time"))):
        series = []
        for i, (label, summary) in enumerate(here.items()):
            samples = recorded(summary, "threads_over_time")
            until = max(samples[-1][0], 1000 * summary.typical.get("wall_s", 0))
            total, workers = ([(at, sum(n for name, n in counts.items() if wanted(name)))
                               for at, counts in [*samples, (until, samples[-1][1])]]
                              for wanted in (lambda name: True, is_kernels))
            marks = [Mark(at, n, text=told(label, summary, f"at {milliseconds(at)}: {n} threads"))
                     for at, n in few(total[:-1], i)]
            series.append(Series(label, subject.styles[label], marks, "steps", total))
            if any(n for _, n in workers):
                kernel = True
                series.append(Series(f"{label}, kernel's", subject.styles[label], [], "steps",
                                     workers, weight=0.5))
        counts = [n for one in series for _, n in one.path if n]
        bands.append(Band([Panel(time_axis(series),
                                 Axis.log_if_wide(f"threads, depth {depth}", counts, factor),
                                 series)]))
        shown |= here
    if not bands:
        return None
    bands[-1].panels[0].x.title = "time"
    thin = " Thin lines: the kernel's workers alone." if kernel else ""
    return subject.figure(bands, [f"fio's own threads included; of the run with the median "
                                  f"throughput.{thin}"],
                          key=[label for label in subject.rows if label in shown])


def is_kernels(name):
    return name.startswith("iou-")
