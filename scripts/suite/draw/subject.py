# SPDX-License-Identifier: MIT
"""What the charts of one load have in common: its series, their looks, the words around."""

from dataclasses import dataclass, field, replace

from suite.analyse.flags import doubts
from suite.analyse.words import load_words, machine_words
from suite.draw.figure import Figure, Label
from suite.draw.styles import styles
from suite.request.modes import counterpart
from suite.request.plan import NO_PLACEMENT, load_titles
from suite.units import percent

POINTS = ("Filled points: this project's. Hollow: the kernel, same engine. Thin, or hollow with a "
          "cross: fio's engines.")
MERGED_BINS = "Latency: total, percentiles of the json+ bins of all runs merged."


@dataclass
class Subject:
    """One load, or all placements of one. A label names a series: in a comparison, its mode."""

    title: str
    subtitle: str
    rows: dict  # {label: [PointSummary of each depth and rate]}, in the order of drawing
    styles: dict  # {label: Style}
    about: list  # lines of the footer on how the figures came about
    warnings: list  # lines of the footer that must not be overlooked
    latency: str = MERGED_BINS
    points: str = POINTS  # what the looks of points say
    baseline: str | None = None
    compared: str = "paired within rounds"  # how ratios to the baseline came about
    marked: frozenset = frozenset()  # labels with flags
    pairs: dict = field(default_factory=dict)  # {label: that of its mode's counterpart}

    def shown(self, label):
        """The label, with the mark that a flagged one carries wherever it is drawn."""
        return label + (" !" if label in self.marked else "")

    def closed(self, wanted=lambda s: True):
        """{label: summaries with a result, along the depths}: the closed loop's points."""
        return self.chosen(lambda s: s.point.rate == 0 and wanted(s), lambda s: s.point.depth)

    def open(self):
        """{label: summaries with a result, along the rates}: the open loops' points."""
        return self.chosen(lambda s: s.point.rate > 0, lambda s: s.point.rate)

    def chosen(self, wanted, order):
        found = {label: sorted((s for s in rows if s.iops and wanted(s)), key=order)
                 for label, rows in self.rows.items()}
        return {label: rows for label, rows in found.items() if rows}

    def figure(self, bands, method=(), reading=""):
        """The bands with the subject's words around them."""
        points = [self.points] if self.points and any(panel.labels for band in bands
                                                      for panel in band.panels) else []
        return Figure(self.title, self.subtitle, bands, [], [*method, *points], reading,
                      self.about, self.warnings)

    def labels(self, series):
        """The names of lines, for their ends."""
        return [Label(*(one.path or [(mark.x, mark.y) for mark in one.marks])[-1],
                      self.shown(one.name), one.style) for one in series]


def of_loads(plan, environment, summaries):
    """The Subjects of a comparison, one for each load."""
    titles = load_titles(point.load for point in summaries)
    found = [subject(plan, environment, title, [s for s in summaries.values()
                                                if s.point.load == load])
             for load, title in titles.items()]
    return [one for one in found if one.rows]


def of_placements(plan, environment, summaries):
    """A Subject for each load that was placed, with all of its placements."""
    unplaced = {point: replace(point.load, placement=NO_PLACEMENT) for point in summaries}
    found = []
    for load, title in load_titles(unplaced.values()).items():
        here = [s for point, s in summaries.items() if unplaced[point] == load]
        if any(s.point.load.placement != NO_PLACEMENT for s in here):
            found.append(subject(plan, environment, title, here))
    return [one for one in found if one.rows]


def subject(plan, environment, title, summaries):
    load = summaries[0].point.load
    job = next(job for job in plan["jobs"] if job["name"] == load.job)
    asked = [mode["name"] for mode in plan["modes"]]
    rows = {mode: [s for s in summaries if s.point.mode == mode] for mode in asked}
    rows = {mode: found for mode, found in rows.items() if any(s.iops for s in found)}
    if not rows:
        return Subject(title, "", {}, {}, [], [])
    return Subject(title, load_words(job | {"block": load.block}), rows, styles(asked),
                   provenance(plan, environment, load, summaries),
                   warnings(asked, rows, summaries), baseline=plan["baseline"],
                   marked=frozenset(s.point.mode for s in summaries if doubts(s.flags)),
                   pairs={mode: counterpart(mode) for mode in rows if counterpart(mode) in rows})


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
        f"Medians of {shown} {f'runs of {length:g} s' if length else 'runs'} in shuffled rounds, "
        f"seed {plan['seed']}{bars}.",
        f"{versions['fio']}, {(versions['gnuplot'] or 'gnuplot').partition(' patch')[0]}, "
        f"{commit}{changes}, {machine_words(environment, load.file_system)}.",
    ]


def warnings(asked, rows, summaries):
    marked = {}
    for s in summaries:
        for flag in doubts(s.flags):
            marked.setdefault(flag, set()).add(s.point.mode)
    missing = [mode for mode in asked if mode not in rows]
    lines = [f"! {flag}: {', '.join(sorted(modes, key=asked.index))}"
             for flag, modes in sorted(marked.items())]
    return lines + ([f"No result: {', '.join(missing)}"] if missing else [])
