# SPDX-License-Identifier: MIT
"""Charts along the depths of each mode: throughput, latency, percentiles."""

from bisect import bisect_left
from dataclasses import replace
from itertools import accumulate

from suite.draw.axis import LOG, TAIL_TICKS, Axis
from suite.draw.figure import Band, Mark, Panel, Series
from suite.draw.marks import by_depth, depths_of, ends, told, written
from suite.units import depth_name, duration, rate

# A percentile is drawn only if so many I/Os took longer: with fewer it would be chance.
LEAST_BEYOND = 10
MOST_PERCENT = 99.9999
CURVE_STEPS = 200


def throughput(subject):
    """IOPS against depth. The modes stand side by side at each depth, or their intervals would
    cover each other."""
    rows = subject.closed()
    if not rows:
        return None
    positions = positions_of(depths_of(rows))
    step = side_by_side(list(positions.values()), len(rows))
    series = [Series(label, subject.styles[label],
                     [Mark(positions[s.point.depth], s.iops.median, **ends(s.iops),
                           note=depth_note(s),
                           text=told(label, s, f"{written(s.iops, rate)} IOPS")) for s in points],
                     shift=step**(i - (len(rows) - 1) / 2))
              for i, (label, points) in enumerate(rows.items())]
    room = step**(len(rows) / 2) * 1.06
    x = Axis("depth (side by side)" if len(rows) > 1 else "depth", min(positions.values()) / room,
             max(positions.values()) * room, LOG,
             ticks=[(at, depth_name(depth)) for depth, at in positions.items()])
    values = [end for points in rows.values() for s in points for end in (s.iops.low, s.iops.high)]
    panel = Panel(x, Axis.log_if_wide("IOPS", values, rate), series, height=330)
    return subject.figure([Band([panel])], key=rows)


def depth_note(summary):
    """A note about a depth for the data file; empty where its position on the axis says it all."""
    plain = f"depth {summary.point.depth}"
    return "" if summary.depth_words == plain else summary.depth_words


def positions_of(depths):
    """{depth: where it stands on the axis}; an unknown one well to the left of the others."""
    known = [depth for depth in depths if depth is not None]
    return {depth: min(known, default=4) / 4 if depth is None else depth for depth in depths}


def side_by_side(depths, modes):
    """The factor from one mode to the next: together they take a third of the way to the next
    depth."""
    closest = min((b / a for a, b in zip(depths, depths[1:])), default=4)
    return min(1.025, closest**(1 / (3 * modes)))


def latency(subject):
    """Latency against throughput, along the depths of each mode: the hockey stick."""
    rows = subject.closed(lambda s: s.latency_ns(50))
    if not rows:
        return None
    depths = ", ".join(map(depth_name, depths_of(rows)))
    x = Axis.log_if_wide("", [s.iops.median for points in rows.values() for s in points], rate)
    bands = []
    for p in (50, 99):
        series = [Series(label, subject.styles[label], [
            Mark(s.iops.median, s.latency_ns(p), note=s.depth_words,
                 text=told(label, s, f"{rate(s.iops.median)} IOPS",
                           f"p{p} {duration(s.latency_ns(p))}"))
            for s in points if s.latency_ns(p)]) for label, points in rows.items()]
        values = [mark.y for one in series for mark in one.marks]
        if values:
            bands.append(Band([Panel(x, Axis.log(f"p{p} latency", values, duration), series,
                                     height=290)]))
    bands[-1].panels[0].x = replace(
        x, title=f"IOPS ({'along a line: ' if ',' in depths else ''}depth {depths})")
    return subject.figure(bands, [subject.latency], key=rows)


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
                                 series)]))
    bands[-1].panels[0].x = Axis.tail("percentile", high)
    ends_where = [f"A curve ends where only {LEAST_BEYOND} I/Os took longer."]
    return subject.figure(bands, [
        subject.latency, *(ends_where if any(s.bins for points in rows.values() for s in points)
                           else [])], key=rows)


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
