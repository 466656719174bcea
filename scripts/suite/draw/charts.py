# SPDX-License-Identifier: MIT
"""The charts: each answers one question about one load, as a Figure made from summaries."""

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import accumulate

from suite.analyse.stats import LEAST_COVERAGE
from suite.draw import node_map, subject as subjects
from suite.draw.axis import LOG, TAIL_TICKS, Axis
from suite.draw.figure import INK, SOLID, Band, Cell, Mark, Panel, Series, Style
from suite.draw.node_map import NodeMap
from suite.request.placement import node_pair
from suite.request.plan import unique_names
from suite.units import depth_name, duration, percent, rate

ROW = 18  # height of a row of bars or ratios
# Of a line with very many points, this many carry the mode's shape.
FEW = 5
# A percentile is drawn only if so many I/Os took longer: of fewer, chance decides.
LEAST_BEYOND = 10
MOST_PERCENT = 99.9999
CURVE_STEPS = 200
ROOM_FOR_MEDIAN = 2  # columns of a node's map, so that three of these stand side by side
LEAST_SPREAD = 0.1  # of a node map's greatest value, which takes all of its colours
RING = Style(INK, 6, SOLID)  # around points of an open loop that fell behind
RATIOS = (("iops", "IOPS", ("slower", "faster")), ("p99", "p99 latency", ("faster", "slower")),
          ("cpu", "CPU an I/O", ("less", "more")))


@dataclass(frozen=True)
class Chart:
    """`name` ends the names of its files, `question` is what it answers; `draw` makes the Figure
    of a Subject, or None where there is nothing to show. `placed`: the Subject has all placements
    of a load."""

    name: str
    question: str
    draw: object
    placed: bool = False


def figures(plan, environment, summaries, names=None):
    """[(file name, Chart, Figure)] of every load; only the charts of `names`, if given."""
    loads = subjects.of_loads(plan, environment, summaries)
    placements = subjects.of_placements(plan, environment, summaries)
    files = unique_names([subject.title for subject in loads + placements])
    return [row for subject, placed in [(one, False) for one in loads]
            + [(one, True) for one in placements]
            for row in figures_of(subject, files[subject.title], names, placed)]


def figures_of(subject, file_name, names=None, placed=False):
    drawn = [(chart, chart.draw(subject)) for chart in CHARTS
             if chart.placed == placed and (not names or chart.name in names)]
    return [(f"{file_name}-{chart.name}", chart, figure) for chart, figure in drawn if figure]


def told(label, summary, *lines):
    """What a reader who points at a mark is told."""
    return "\n".join([f"{label}, {summary.depth_words}", *lines])


def written(interval, words):
    """A median with its interval, where there is one."""
    if interval.n == 1:
        return words(interval.median)
    return (f"{words(interval.median)} [{words(interval.low)}, {words(interval.high)}], "
            f"n = {interval.n}")


def ends(interval):
    return {"low": interval.low, "high": interval.high} if interval.n > 1 else {}


def depths_of(rows):
    """An unknown one first."""
    return sorted({s.point.depth for points in rows.values() for s in points},
                  key=lambda depth: depth or 0)


def by_depth(rows):
    """[(depth, {label: summary})] of rows along the depths."""
    return [(depth, {label: s for label, points in rows.items() for s in points
                     if s.point.depth == depth}) for depth in depths_of(rows)]


def throughput(subject):
    """The modes stand side by side at each depth, or the intervals of twelve would be one."""
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
    """What is to be said of a depth in the data, beside its position on the axis."""
    plain = f"depth {summary.point.depth}"
    return "" if summary.depth_words == plain else summary.depth_words


def positions_of(depths):
    """{depth: where it stands on the axis}; an unknown one well to the left of the others."""
    known = [depth for depth in depths if depth is not None]
    return {depth: min(known, default=4) / 4 if depth is None else depth for depth in depths}


def side_by_side(depths, modes):
    """The factor from one mode to the next: all of a depth take a third of the way to the next."""
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
    """The percentile curve, a panel a depth, on an axis that stretches the tail."""
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
    """[(percent, ns)] along the axis; where there are no bins, what is in fio's own table."""
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


def over_time(subject):
    """Mean latency of each window, and beside it throughput, of the typical run of each point."""
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


def from_zero(ns):
    return duration(ns) if ns else "0"


def few(points, number):
    """Some of very many points; others for each series, so that their shapes lie apart."""
    step = max(1, -(-len(points) // FEW))
    return points[number % step::step]


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
    """Ratios to the baseline, paired within rounds: a panel a figure, a band a depth."""
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
    """For each row on which side of 1 its interval lies; those near the line are hard to see."""
    return [(row, "◂" if s.ratios[name].high < 1 else "▸") for row, s in enumerate(here.values())
            if name in s.ratios and decided(s.ratios[name])]


def decided(ratio):
    return ratio.coverage >= LEAST_COVERAGE and not ratio.low <= 1 <= ratio.high


def factor(value):
    return f"{value:.3g}"


def threads(subject):
    """All threads of the typical run of each point, and the kernel's workers among them."""
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


def nodes(subject):
    """Submitters on one node, buffers on another: a band a mode and depth."""
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
    """The mode without its placement=: what is coloured on one scale."""
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
            cells.append(Cell(
                sides[1].index(buffers), sides[0].index(submitter), note=words(value(s)),
                share=(value(s) - least) / max(most - least, LEAST_SPREAD * most),
                text=told(label, s, f"submitter on node {submitter}, buffers on {buffers}",
                          f"{title}: {words(value(s))}")))
    return cells


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
            series = []
            for label, points in rows.items():
                here = [s for s in points if s.point.depth == depth and s.latency_ns(p)]
                marks = [open_mark(label, s, p) for s in here]
                late = [Mark(s.point.rate, s.latency_ns(p)) for s in here
                        if fell_behind(s)]
                series += [Series(label, subject.styles[label], marks)] if marks else []
                series += [Series(f"{label}, short of it", RING, late, "rings")] \
                    if late else []
            values = [mark.y for one in series for mark in one.marks]
            if values:
                bands.append(Band([Panel(x, Axis.log(f"p{p:g} latency{at_most}", values, duration),
                                         series, height=210)]))
    bands[-1].panels[0].x = replace(x, title="offered I/Os a second (open loop)")
    short = [f"{label} at {rate(s.point.rate)}: {percent(round(achieved(s), 3))}"
             for label, points in rows.items() for s in points if fell_behind(s)]
    return subject.figure(bands, [
        "Open loop: I/Os arrive whether or not those before are complete.", subject.latency,
        *([f"Ringed: most runs fell behind; of what was offered they did: {'; '.join(short)}."]
          if short else [])], key=rows)


def fell_behind(summary):
    """In most runs: that a Poisson process offers somewhat less in a second says nothing."""
    return summary.flags["behind"] > summary.runs / 2


def achieved(summary):
    return summary.iops.median / summary.point.rate


def open_mark(label, summary, p):
    latency_ns = summary.latency_ns(p)
    return Mark(summary.point.rate, latency_ns, note=f"achieved {achieved(summary):.3f}", text=told(
        label, summary, f"{rate(summary.point.rate)} I/Os/s offered, "
        f"{percent(round(achieved(summary), 3))} achieved", f"p{p:g} {duration(latency_ns)}"))


CHARTS = [
    Chart("throughput", "How does throughput grow with depth?", throughput),
    Chart("latency", "What does more throughput cost in latency?", latency),
    Chart("percentiles", "How long do the slowest I/Os take?", percentiles),
    Chart("ratios", "Which modes differ from the baseline, and by how much?", ratios),
    Chart("cpu", "How much CPU time does an I/O cost?", cpu),
    Chart("over-time", "Is it steady over time?", over_time),
    Chart("threads", "How many threads does it take, and when?", threads),
    Chart("open-loop", "How long does an I/O take when I/Os arrive at a given rate?", open_loop),
    Chart("nodes", "What does it cost when memory lies on another node?", nodes, placed=True),
]
