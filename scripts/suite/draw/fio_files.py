# SPDX-License-Identifier: MIT
"""Any fio JSON as a Subject for charts, also files that no comparison has made."""

from dataclasses import dataclass, field

from suite.analyse.measured import DIRECTION_WORDS, measure, read
from suite.analyse.stats import median_interval
from suite.analyse.summary import PointSummary
from suite.draw.styles import STYLES, styles
from suite.draw.subject import Subject
from suite.fio.output import COMPLETION, TOTAL
from suite.request.modes import ENGINE_PREFIX, counterpart
from suite.request.plan import Load, Point

MOST_NAMES = 6
LATENCY_WORDS = {
    TOTAL: "total",
    COMPLETION: "from submission to completion (clat), as fio wrote no percentiles of the total"}


@dataclass
class FileSummary(PointSummary):
    """One direction of a job in one file: a single run, perhaps with only fio's own percentiles."""

    percentiles: dict = field(default_factory=dict)
    depth_words: str = ""

    def latency_ns(self, percent):
        return super().latency_ns(percent) if self.bins else self.percentiles.get(percent)


def subject(paths):
    """All files in one Subject."""
    documents, notes = [], []
    for path in paths:
        document, about = read(path)
        documents.append((path, document))
        notes += about
    measured = [one for path, document in documents for one in measure(path, document)]
    lines = form_lines(measured)
    labels = name_lines(lines)
    rows = {label: [summary(label, one) for one in line] for label, line in zip(labels, lines)}
    versions = sorted({str(document.get("fio version", "fio")) for _, document in documents})
    return Subject(
        title=", ".join(few_names(one.job for one in measured)),
        subtitle=", ".join(common(measured)),
        rows=rows,
        styles=looks(labels, lines),
        about=[f"{', '.join(versions)}. One run a point, so no intervals. From "
               f"{', '.join(few_names(path.name for path in paths))}."],
        warnings=warnings(labels, lines) + notes,
        latency=latency_words(labels, lines),
        pairs=pairs(labels, lines),
        points="",
        marked=frozenset(label for label, line in zip(labels, lines)
                         if any(one.figures.errors for one in line)),
    )


def form_lines(measured):
    """Lists of Measured: those that differ only in depth form one, each other has its own."""
    groups = {}
    for one in measured:
        groups.setdefault(one.line(), []).append(one)
    lines = []
    for group in groups.values():
        if len({one.depth for one in group}) == len(group):
            lines.append(sorted(group, key=lambda one: one.depth.value or 0))
        else:
            lines += [[one] for one in group]
    return lines


def name_lines(lines):
    """A label for each line, of whatever tells it from the others."""
    words = [{"file": line[0].file if len(line) == 1 else "", "job": line[0].job,
              "engine": line[0].mode.removeprefix(ENGINE_PREFIX),
              "block": line[0].options.get("bs", ""),
              "direction": DIRECTION_WORDS[line[0].direction]} for line in lines]
    told = [name for name in words[0] if len({w[name] for w in words}) > 1] or ["job"]
    labels = []
    for word in words:
        label = plain = ", ".join(word[name] for name in told if word[name]) or word["job"]
        while label in labels:
            label = f"{plain} ({2 + sum(other.startswith(f'{plain} (') for other in labels)})"
        labels.append(label)
    return labels


def looks(labels, lines):
    """{label: Style}: the modes' usual ones; where two lines are of one mode, others that differ.
    """
    modes = [line[0].mode for line in lines]
    if len(set(modes)) == len(modes):
        by_mode = styles(modes)
        return {label: by_mode[mode] for label, mode in zip(labels, modes)}
    every = list(STYLES.values())
    return {label: every[i % len(every)] for i, label in enumerate(labels)}


def pairs(labels, lines):
    """{label: that of its mode's counterpart}, where no two lines are of one mode."""
    by_mode = {line[0].mode: label for label, line in zip(labels, lines)}
    if len(by_mode) < len(lines):
        return {}
    return {label: by_mode[counterpart(mode)] for mode, label in by_mode.items()
            if counterpart(mode) in by_mode}


def summary(label, one):
    load = Load(one.job, str(one.options.get("bs", "")))
    iops = one.figures.iops
    return FileSummary(Point(load, label, one.depth.value, one.rate), runs=1,
                       iops=None if iops is None else median_interval([iops]),
                       bins=one.figures.bins, percentiles=one.figures.percentiles,
                       depth_words=one.depth.words)


def common(measured):
    """What all of them have in common, in words."""
    words = [
        {one.options.get("rw") or one.options.get("readwrite", "") for one in measured},
        {one.options.get("bs", "") for one in measured},
        {one.mode.removeprefix(ENGINE_PREFIX) for one in measured},
        {one.depth.words for one in measured},
    ]
    return [word for found in words if len(found) == 1 for word in found if word]


def few_names(names):
    names = list(dict.fromkeys(names))
    more = len(names) - MOST_NAMES
    return names if more <= 0 else [*names[:MOST_NAMES], f"and {more} more"]


def latency_words(labels, lines):
    """A sentence for each source of percentiles."""
    ways = {}
    for label, line in zip(labels, lines):
        for one in line:
            if one.figures.latency:
                source = "from json+ bins" if one.figures.bins else "from fio's own table"
                way = f"{LATENCY_WORDS[one.figures.latency]}; percentiles {source}"
                ways.setdefault(way, {})[label] = None
    if len(ways) == 1:
        return f"Latency: {next(iter(ways))}."
    return " ".join(f"Latency of {', '.join(labels)}: {way}." for way, labels in ways.items())


def warnings(labels, lines):
    found = {}
    for label, line in zip(labels, lines):
        for one in line:
            for note in doubts(one):
                found.setdefault(note, {})[label] = None
    return [f"{note}: {', '.join(labels)}" for note, labels in found.items()]


def doubts(one):
    if one.figures.errors:
        yield "! fio reports an error"
    if one.depth.doubt:
        yield one.depth.doubt
    if "rate_iops" in one.options or "rate" in one.options:
        yield "A rate was set, so throughput is what was asked for"
    if one.figures.iops is None:
        yield "Not drawn, as fio wrote no IOPS"
    if one.syncs:
        yield one.syncs
    if one.figures.latency is None:
        yield ("No percentiles, as those of several jobs cannot be added up (json+ or "
               "group_reporting would help)" if one.jobs > 1 else
               "No percentiles, as fio wrote none")
    elif not one.figures.bins and not any(one.figures.percentiles.values()):
        yield "No percentiles, as all that fio wrote are 0"
