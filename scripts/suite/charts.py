# SPDX-License-Identifier: MIT
"""The charts: each answers one question about one load, as a Figure made from summaries."""

from dataclasses import dataclass, replace

from suite.axis import LOG, Axis
from suite.figure import Band, Figure, Mark, Panel, Series
from suite.modes import styles
from suite.plan import load_titles, unique_names
from suite.table import describe
from suite.units import duration, percent, rate


@dataclass(frozen=True)
class Chart:
    """`name` ends the names of its files, `question` is what it answers; `figure` makes it of a
    Subject, or nothing where there is nothing to show."""

    name: str
    question: str
    figure: object


@dataclass
class Subject:
    """One load, and what all of its charts have in common."""

    title: str
    subtitle: str
    rows: dict  # {label of a series: [its PointSummary, one a depth and rate]}, in order of drawing
    styles: dict  # {label: Style}
    about: list  # lines of the footer on how the figures came about
    warnings: list  # and what must not be overlooked
    baseline: str | None = None
    marked: frozenset = frozenset()  # labels with flags

    def shown(self, label):
        """A label that was flagged carries the mark wherever it is drawn."""
        return label + (" !" if label in self.marked else "")

    def closed(self):
        """{label: summaries with a result along the depths}, of the points without a rate."""
        return self.chosen(lambda s: s.point.rate == 0, lambda s: s.point.depth)

    def open(self):
        return self.chosen(lambda s: s.point.rate > 0, lambda s: s.point.rate)

    def chosen(self, wanted, order):
        found = {label: sorted((s for s in rows if s.iops and wanted(s)), key=order)
                 for label, rows in self.rows.items()}
        return {label: rows for label, rows in found.items() if rows}


def figures(plan, environment, summaries, names=None):
    """[(file name, Chart, Figure)] of every load; only the charts of `names`, if given."""
    found = []
    subjects = compared(plan, environment, summaries)
    files = unique_names([subject.title for subject in subjects])
    for subject in subjects:
        found += figures_of(subject, files[subject.title], names)
    return found


def figures_of(subject, file_name, names=None):
    made = [(chart, chart.figure(subject)) for chart in CHARTS if not names or chart.name in names]
    return [(f"{file_name}-{chart.name}", chart, figure) for chart, figure in made if figure]


def compared(plan, environment, summaries):
    """The Subjects of a comparison, one a load."""
    titles = load_titles(point.load for point in summaries)
    jobs = {job["name"]: job for job in plan["jobs"]}
    subjects = []
    for load, title in titles.items():
        here = [s for s in summaries.values() if s.point.load == load]
        asked = [mode["name"] for mode in plan["modes"]]
        rows = {mode: [s for s in here if s.point.mode == mode] for mode in asked}
        rows = {mode: rows[mode] for mode in asked if any(s.iops for s in rows[mode])}
        if rows:
            looks = styles(asked)
            subjects.append(Subject(
                title, describe(jobs[load.job] | {"block": load.block}), rows,
                {mode: looks[mode] for mode in rows},
                provenance(plan, environment, load, here), warnings(asked, rows, here),
                plan["baseline"], frozenset(s.point.mode for s in here if s.flags)))
    return subjects


def provenance(plan, environment, load, summaries):
    """What the points are, n, method, versions."""
    counts = {s.iops.n for s in summaries if s.iops}
    shown = f"n = {min(counts)}" if len(counts) == 1 else f"n = {min(counts)} to {max(counts)}"
    cover = percent(min(s.iops.coverage for s in summaries if s.iops))
    length = plan["lengths_s"].get(load.job)
    versions = environment["versions"]
    commit = (environment["git"]["commit"] or "no commit")[:10]
    changes = " with changes" if environment["git"]["dirty"] else ""
    bars = f"; intervals: {cover}" if max(counts) > 1 else ""
    return [
        "Filled points: this project's pool. Hollow: the kernel, same engine. Thin or crossed: "
        "fio's engines.",
        f"Medians of {shown} {f'runs of {length:g} s' if length else 'runs'} in shuffled blocks, "
        f"seed {plan['seed']}{bars}.",
        f"{versions['fio']}, {(versions['gnuplot'] or 'gnuplot').partition(' patch')[0]}, "
        f"Linux {environment['kernel'].split()[1]}, {commit}{changes}, "
        f"{environment['cpus']} CPUs, {environment['scratch']['file_system']}.",
    ]


def warnings(asked, rows, summaries):
    marked = {}
    for s in summaries:
        for flag in s.flags:
            marked.setdefault(flag, set()).add(s.point.mode)
    missing = [mode for mode in asked if mode not in rows]
    lines = [f"! {flag}: {', '.join(sorted(modes, key=asked.index))}"
             for flag, modes in sorted(marked.items())]
    return lines + ([f"No result: {', '.join(missing)}"] if missing else [])


def made(subject, bands, method=(), key=None):
    """A Figure of the subject: its words around the bands."""
    labels = list(subject.rows) if key is None else key
    return Figure(subject.title, subject.subtitle, bands,
                  [(subject.shown(label), subject.styles[label]) for label in labels],
                  [*method, *subject.about, *subject.warnings])


def told(label, summary, *lines):
    """What a reader who points at a mark is told."""
    return "\n".join([f"{label}, depth {summary.point.depth}", *lines])


def with_interval(interval, words):
    if interval.n == 1:
        return words(interval.median)
    return (f"{words(interval.median)} [{words(interval.low)}, {words(interval.high)}], "
            f"n = {interval.n}")


def throughput(subject):
    """The modes stand side by side at each depth, or the intervals of twelve would be one."""
    rows = subject.closed()
    if not rows:
        return None
    depths = sorted({s.point.depth for points in rows.values() for s in points})
    step = side_by_side(depths, len(rows))
    series = []
    for i, (label, points) in enumerate(rows.items()):
        marks = [Mark(s.point.depth, s.iops.median,
                      *((s.iops.low, s.iops.high) if s.iops.n > 1 else ()),
                      text=told(label, s, f"{with_interval(s.iops, rate)} IOPS"))
                 for s in points]
        series.append(Series(label, subject.styles[label], marks,
                             shift=step**(i - (len(rows) - 1) / 2)))
    room = step**(len(rows) / 2) * 1.06
    x = Axis("depth (side by side)" if len(rows) > 1 else "depth", min(depths) / room,
             max(depths) * room, LOG, ticks=[(depth, str(depth)) for depth in depths])
    ends = [end for points in rows.values() for s in points for end in (s.iops.low, s.iops.high)]
    panel = Panel(x, Axis.log_if_wide("IOPS", ends, rate), series, height=330)
    return made(subject, [Band([panel])], key=rows)


def side_by_side(depths, modes):
    """The factor from one mode to the next: all of a depth take a third of the way to the next."""
    closest = min((b / a for a, b in zip(depths, depths[1:])), default=4)
    return min(1.025, closest**(1 / (3 * modes)))


def latency(subject):
    """Latency against throughput, along the depths of each mode: the hockey stick."""
    rows = {label: [s for s in points if s.latency_ns(50)]
            for label, points in subject.closed().items()}
    rows = {label: points for label, points in rows.items() if points}
    if not rows:
        return None
    depths = sorted({s.point.depth for points in rows.values() for s in points})
    x = Axis.log_if_wide("", [s.iops.median for points in rows.values() for s in points], rate)
    bands = []
    for p in (50, 99):
        series = [Series(label, subject.styles[label], [
            Mark(s.iops.median, s.latency_ns(p), note=f"depth {s.point.depth}",
                 text=told(label, s, f"{rate(s.iops.median)} IOPS",
                           f"p{p} {duration(s.latency_ns(p))}"))
            for s in points if s.latency_ns(p)]) for label, points in rows.items()]
        values = [mark.y for one in series for mark in one.marks]
        if values:
            bands.append(Band([Panel(x, Axis.log(f"p{p} latency", values, duration), series,
                                     height=290)]))
    along = f"IOPS (along a line: depth {', '.join(map(str, depths))})" if len(depths) > 1 \
        else f"IOPS (depth {depths[0]})"
    bands[-1].panels[0].x = replace(x, title=along)
    return made(subject, bands, [f"Latency: {latency_words(rows)}."], key=rows)


def latency_words(rows):
    """Which latency it is, and how percentiles were come by."""
    return "total, percentiles of the json+ bins of all runs merged"


CHARTS = [
    Chart("throughput", "How does throughput grow with depth?", throughput),
    Chart("latency", "What does throughput cost in latency?", latency),
]
