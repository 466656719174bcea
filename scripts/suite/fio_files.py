# SPDX-License-Identifier: MIT
"""Any fio JSON as a Subject for charts: what is drawn of files that no comparison has made."""

from dataclasses import dataclass, field
from pathlib import Path

from suite import fio_json
from suite.errors import BadInput
from suite.fio_output import figures_of, jobs_of, parts_of
from suite.modes import ENGINE_PREFIX, FIO_ENGINES, OFFLOADS, styles
from suite.plan import Load, Point
from suite.stats import median_interval
from suite.subject import Subject
from suite.summary import PointSummary

DIRECTION_WORDS = {"read": "reads", "write": "writes", "trim": "trims", "mixed": "reads and writes"}
# Options in which runs that belong to one line may differ, beside those that end in _log.
UNIMPORTANT = {"name", "description", "iodepth", "iodepth_batch", "iodepth_batch_submit",
               "iodepth_batch_complete", "iodepth_batch_complete_min", "iodepth_low",
               "iodepth_batch_complete_max", "randseed", "stonewall", "pool_stats"}
MOST_NAMES = 6
TOTAL = "total"
COMPLETION = "from submission to completion (clat_ns), as fio wrote no percentiles of the total"
LATENCY_WORDS = {"lat_ns": TOTAL, "clat_ns": COMPLETION}


@dataclass
class FileSummary(PointSummary):
    """A job's direction in one file: a single run, perhaps with fio's own percentiles at most."""

    percentiles: dict = field(default_factory=dict)

    def latency_ns(self, percent):
        return super().latency_ns(percent) if self.bins else self.percentiles.get(percent)


@dataclass
class Measured:
    """A job's direction in a file; jobs of one name are taken together."""

    file: str
    job: str
    direction: str
    options: dict
    jobs: int
    figures: object

    @property
    def depth(self):
        return whole_number(self.options.get("iodepth"), 1)

    @property
    def mode(self):
        """As `compare` would call it."""
        engine = self.options.get("ioengine", "")
        if engine.startswith("external:") or not engine:
            return self.options.get("offload") or Path(engine).stem
        return ENGINE_PREFIX + engine

    def line(self):
        """What is equal in all that belong to one line."""
        kept = sorted((name, value) for name, value in self.options.items()
                      if name not in UNIMPORTANT and not name.endswith("_log"))
        return self.job, self.direction, tuple(kept)


def whole_number(text, default):
    try:
        return int(text, 0)
    except (TypeError, ValueError):
        return default


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
        points="",
        marked=frozenset(label for label, line in zip(labels, lines)
                         if any(one.figures.errors for one in line)),
    )


def read(path):
    """(the document in a file, what is to be said about it)"""
    try:
        found = fio_json.find(fio_json.read_text(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    broken = f"is cut off or broken ({found.broken})"
    if not found.document:
        raise BadInput(f"{path}: {f'its JSON {broken}' if found.broken else fio_json.NONE}: "
                       "allowed is what fio writes with --output-format=json or json+")
    if not any(found.document.get(name) for name in fio_json.JOBS):
        raise BadInput(f"{path}: there is no job in its 'jobs' or 'client_stats': allowed is what "
                       "fio writes with --output-format=json or json+")
    notes = []
    if len(found.whole) > 1:
        notes.append(f"{path.name} has {len(found.whole)} documents, of which the last is drawn")
    if found.broken:
        notes.append(f"{path.name} has a document that {broken}, of which nothing is drawn"
                     if found.whole else
                     f"{path.name} {broken}: drawn are the jobs before that")
    return found.document, notes


def measure(path, document):
    """[Measured] of a document."""
    try:
        found = list(measure_jobs(path.stem, document))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: is not as fio writes it ({type(error).__name__}: {error}): "
                       "allowed is its own JSON, unchanged") from error
    if not found:
        raise BadInput(f"{path}: no I/O was done in any of its jobs")
    return found


def measure_jobs(file, document):
    common_options = document.get("global options", {})
    by_name = {}
    for job in jobs_of(document):
        by_name.setdefault(str(job.get("jobname", file)), []).append(job)
    for name, jobs in by_name.items():
        options = common_options | jobs[0].get("job options", {})
        parts = [parts_of(job) for job in jobs]
        for direction in DIRECTION_WORDS:
            here = [found[direction] for found in parts if direction in found]
            if here:
                yield Measured(file, name, direction, options, len(here), figures_of(jobs, here))


def form_lines(measured):
    """Lists of Measured: those that differ in depth alone, along it; all others for themselves."""
    groups = {}
    for one in measured:
        groups.setdefault(one.line(), []).append(one)
    lines = []
    for group in groups.values():
        if len({one.depth for one in group}) == len(group):
            lines.append(sorted(group, key=lambda one: one.depth))
        else:
            lines += [[one] for one in group]
    return lines


def name_lines(lines):
    """A label a line, of whatever tells it from the others."""
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
    """Modes as in every chart; where two lines are of one mode, looks that all differ."""
    modes = [line[0].mode for line in lines]
    if len(set(modes)) == len(modes):
        by_mode = styles(modes)
        return {label: by_mode[mode] for label, mode in zip(labels, modes)}
    every = [row[0] for row in (OFFLOADS | FIO_ENGINES).values()]
    return {label: every[i % len(every)] for i, label in enumerate(labels)}


def summary(label, one):
    load = Load(one.job, str(one.options.get("bs", "")))
    point = Point(load, label, one.depth, whole_number(one.options.get("arrival_rate"), 0))
    return FileSummary(point, runs=1, iops=median_interval([one.figures.iops]),
                       bins=one.figures.bins, percentiles=one.figures.percentiles)


def common(measured):
    """What all of it has in common, in words."""
    words = [
        {one.options.get("rw") or one.options.get("readwrite", "") for one in measured},
        {one.options.get("bs", "") for one in measured},
        {one.mode.removeprefix(ENGINE_PREFIX) for one in measured},
        {f"depth {one.depth}" for one in measured},
    ]
    return [word for found in words if len(found) == 1 for word in found if word]


def few_names(names):
    names = list(dict.fromkeys(names))
    more = len(names) - MOST_NAMES
    return names if more <= 0 else [*names[:MOST_NAMES], f"and {more} more"]


def latency_words(labels, lines):
    """A sentence for each way in which the percentiles were come by."""
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
    if "rate_iops" in one.options or "rate" in one.options:
        yield "A rate was set, so throughput is what was asked for"
    if one.figures.latency is None:
        yield ("No percentiles, as those of several jobs cannot be added up (json+ or "
               "group_reporting would help)" if one.jobs > 1 else
               "No percentiles, as fio wrote none")
