# SPDX-License-Identifier: MIT
"""The chart of open loops: latency against what was offered."""

from dataclasses import replace

from suite.draw.axis import Axis
from suite.draw.figure import INK, SOLID, Band, Mark, Panel, Series, Style
from suite.draw.marks import depths_of, told
from suite.units import duration, percent, rate

RING = Style(INK, 6, SOLID)  # around points of an open loop that fell behind


def open_loop(subject):
    """Latency against what was offered, not against what was achieved."""
    rows = subject.open()
    rows = {label: [s for s in points if s.latency_ns(50)] for label, points in rows.items()}
    rows = {label: points for label, points in rows.items() if points}
    if not rows:
        return None
    x = Axis.log_if_wide("", [s.point.rate for points in rows.values() for s in points], rate)
    bands = []
    for depth in depths_of(rows):
        at_most = f", at most {depth} in flight" if depth else ""
        for p in (50, 99, 99.9):
            series, labels = [], []
            for label, points in rows.items():
                here = [s for s in points if s.point.depth == depth and s.latency_ns(p)]
                marks = [open_mark(label, s, p) for s in here]
                late = [Mark(s.point.rate, s.latency_ns(p)) for s in here
                        if fell_behind(s)]
                if marks:
                    series.append(Series(label, subject.styles[label], marks))
                    labels += subject.labels(series[-1:])
                series += [Series(f"{label}, short of it", RING, late, "rings")] \
                    if late else []
            values = [mark.y for one in series for mark in one.marks]
            if values:
                bands.append(Band([Panel(x, Axis.log(f"p{p:g} latency{at_most}", values, duration),
                                         series, height=210, labels=labels)]))
    bands[-1].panels[0].x = replace(x, title="offered I/Os a second (open loop)")
    short = [f"{label} at {rate(s.point.rate)}: {percent(round(achieved(s), 3))}"
             for label, points in rows.items() for s in points if fell_behind(s)]
    return subject.figure(bands, [
        "Open loop: I/Os arrive whether or not those before are complete.", subject.latency,
        *([f"Ringed: most runs fell behind; of what was offered they did: {'; '.join(short)}."]
          if short else [])])


def fell_behind(summary):
    """Did most runs fall behind? In a single run a Poisson process may just have offered less."""
    return summary.flags["behind"] > summary.runs / 2


def achieved(summary):
    return summary.iops.median / summary.point.rate


def open_mark(label, summary, p):
    latency_ns = summary.latency_ns(p)
    return Mark(summary.point.rate, latency_ns, note=f"achieved {achieved(summary):.3f}", text=told(
        label, summary, f"{rate(summary.point.rate)} I/Os/s offered, "
        f"{percent(round(achieved(summary), 3))} achieved", f"p{p:g} {duration(latency_ns)}"))
