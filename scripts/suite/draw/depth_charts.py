# SPDX-License-Identifier: MIT
"""Charts along the depths of each mode: throughput, latency, percentiles."""

from bisect import bisect_left
from functools import partial
from itertools import accumulate

from suite.draw import panels
from suite.draw.axis import LOG, TAIL_TICKS, Axis
from suite.draw.figure import Band, Mark, Panel, Series
from suite.draw.marks import by_depth, depths_of, ends, told, written
from suite.units import depth_name, duration, rate

# A percentile is drawn only if so many I/Os took longer: with fewer it would be chance.
LEAST_BEYOND = 10
MOST_PERCENT = 99.9999
CURVE_STEPS = 200
BESIDE = 1.07  # the runs of a mode stand so far right of its median, its counterpart's left


def throughput(subject):
    """IOPS against depth, a panel a mode."""
    rows = subject.closed()
    if not rows:
        return None
    positions = positions_of(depths_of(rows))
    lines = {label: panels.Line(
        [Mark(positions[s.point.depth], s.iops.median, **ends(s.iops), note=depth_note(s),
              text=told(label, s, f"{written(s.iops, rate)} IOPS")) for s in points],
        *panels.runs_of(points, "iops", partial(run_of_throughput, label, positions)))
        for label, points in rows.items()}
    x = Axis("", min(positions.values()) / 1.3, max(positions.values()) * 1.3, LOG,
             ticks=[(at, depth_name(depth)) for depth, at in positions.items()])
    bands = panels.bands(subject, lines, x, Axis.log_if_wide, rate, "IOPS against depth", BESIDE)
    return subject.figure(bands, reading=panels.reading(subject, lines))


def run_of_throughput(label, positions, summary, number):
    iops = summary.every("iops")[number]
    return Mark(positions[summary.point.depth], iops,
                text=told(label, summary, f"{rate(iops)} IOPS, round {number}"))


def depth_note(summary):
    """A note about a depth for the data file; empty where its position on the axis says it all."""
    plain = f"depth {summary.point.depth}"
    return "" if summary.depth_words == plain else summary.depth_words


def positions_of(depths):
    """{depth: where it stands on the axis}; an unknown one well to the left of the others."""
    known = [depth for depth in depths if depth is not None]
    return {depth: min(known, default=4) / 4 if depth is None else depth for depth in depths}


def latency(subject):
    """Latency against throughput, along the depths of each mode: the hockey stick, a panel a mode.

    Of p99, as in a closed loop the median follows from depth and IOPS; of p50 where fio wrote no
    p99.
    """
    percent = next((p for p in (99, 50) if subject.closed(lambda s: s.latency_ns(p))), None)
    if percent is None:
        return None
    rows = subject.closed(lambda s: s.latency_ns(percent))
    lines = {label: panels.Line(
        [Mark(s.iops.median, s.latency_ns(percent), note=s.depth_words,
              text=told(label, s, f"{rate(s.iops.median)} IOPS",
                        f"p{percent} {duration(s.latency_ns(percent))}")) for s in points],
        *(panels.runs_of(points, "p99", partial(run_of_latency, label)) if percent == 99 else ()))
        for label, points in rows.items()}
    x = Axis.log_if_wide("", [mark.x for line in lines.values() for mark in line.every()], rate)
    depths = list(map(depth_name, depths_of(rows)))
    along = f"{'along a line ' if len(depths) > 1 else ''}depth {', '.join(depths)}"
    bands = panels.bands(subject, lines, x, Axis.log, duration,
                         f"p{percent} latency against IOPS, {along}")
    return subject.figure(bands, [subject.latency], reading=panels.reading(subject, lines))


def run_of_latency(label, summary, number):
    iops, ns = (summary.every(name)[number] for name in ("iops", "p99"))
    return Mark(iops, ns, text=told(label, summary, f"{rate(iops)} IOPS",
                                    f"p99 {duration(ns)}, round {number}"))


def percentiles(subject):
    """The percentile curve, a panel for each depth, on an axis that stretches the tail."""
    rows = subject.closed(curve)
    if not rows:
        return None
    high = max(curve(s)[-1][0] for points in rows.values() for s in points)
    bands = []
    for depth, here in by_depth(rows):
        series = [Series(label, subject.styles[label], [
            Mark(p, s.latency_ns(p), text=told(label, s, f"p{p:g} {duration(s.latency_ns(p))}"))
            for p in TAIL_TICKS[1:] if p <= curve(s)[-1][0] and s.latency_ns(p)],
            path=curve(s)) for label, s in here.items()]
        values = [ns for one in series for _, ns in one.path]
        bands.append(Band([Panel(Axis.tail("", high),
                                 Axis.log(f"latency, depth {depth_name(depth)}", values, duration),
                                 series, labels=subject.labels(series))]))
    bands[-1].panels[0].x = Axis.tail("percentile", high)
    ends_where = [f"A curve ends where only {LEAST_BEYOND} I/Os took longer."]
    return subject.figure(bands, [
        subject.latency, *(ends_where if any(s.bins for points in rows.values() for s in points)
                           else [])])


def curve(summary):
    """[(percent, ns)] along the axis, from the bins or, without bins, from fio's own table."""
    if not summary.bins:
        table = getattr(summary, "percentiles", {})
        return sorted((p, ns) for p, ns in table.items() if 0 < p <= MOST_PERCENT and ns)
    values = sorted(summary.bins)
    reached = list(accumulate(summary.bins[ns] for ns in values))
    last = min(MOST_PERCENT, 100 * (1 - LEAST_BEYOND / reached[-1]))
    percents = [100 * (1 - 10**(-6 * i / CURVE_STEPS)) for i in range(CURVE_STEPS + 1)]
    percents = [p for p in percents if p < last] + ([last] if last > 0 else [])
    # No I/O takes no time, but fio may say so, and the axis is logarithmic.
    return [(p, max(1, values[bisect_left(reached, reached[-1] * p / 100)])) for p in percents]
