# SPDX-License-Identifier: MIT
"""Targets: what a mode must reach on a load against its counterpart, and whether it does."""

from dataclasses import dataclass, fields, replace
from statistics import median

from suite.analyse.stats import median_interval, paired_ratios
from suite.analyse.summary import cpu_ns
from suite.errors import BadInput, meant
from suite.fio.output import figures, percentile
from suite.request.busy import KINDS, kind_of
from suite.request.file_systems import KINDS as FILE_SYSTEMS
from suite.request.modes import HAND_OVER, parse_mode
from suite.request.toml_file import read_toml
from suite.units import duration, percent, rate


@dataclass(frozen=True)
class Row:
    """A row of the targets' file, which says what each field means."""

    load: str
    job: str
    depth: int
    ours: str
    theirs: str
    against: str = ""
    on: str = ""
    busy: str = ""
    iops: float | None = None
    p99: float | bool = 1.0
    cpu: float | bool = 1.0
    threads: int | None = None
    only: str = ""

    @property
    def title(self):
        return (", ".join(filter(None, (self.load, self.on, kind_of(self.busy).words,
                                        f"depth {self.depth}")))
                + f", {self.ours} : {self.theirs}" + f" ({self.against})" * bool(self.against))

    @property
    def group(self):
        """Rows of one group are measured in the same rounds."""
        return self.job, self.depth, self.on, self.busy

    @property
    def sides(self):
        """(job file, mode) of ours and of theirs."""
        return (self.job, self.ours), (self.against or self.job, self.theirs)

    @property
    def alone(self):
        """(job file, mode) of ours where the submitter never helps: shown, but not judged. None
        where ours hands nothing over."""
        return (self.job, f"{self.ours}+help=0") if self.ours in HAND_OVER else None

    @property
    def measured(self):
        """All (job file, mode) that the row needs."""
        return [*self.sides, *filter(None, [self.alone])]


def read_rows(path):
    """A row for each mode of `ours`."""
    return [row for number, entry in enumerate(read_toml(path).get("row", []), start=1)
            for row in rows_of(path, number, entry)]


def rows_of(path, number, entry):
    ours = entry.get("ours")
    modes = ours if isinstance(ours, list) else [ours] if "ours" in entry else []
    each = [entry | {"ours": mode} for mode in modes] or [entry]
    return [read_row(path, number, one) for one in each]


def read_row(path, number, entry):
    known = {field.name: field for field in fields(Row)}
    odd = set(entry) - set(known)
    if odd:
        words = ", ".join(f"{key}{meant(key, known)}" for key in sorted(odd))
        raise BadInput(f"{path}: row {number}: unknown: {words}; allowed are {', '.join(known)}")
    try:
        row = Row(**entry)
    except TypeError as error:
        raise BadInput(f"{path}: row {number}: {str(error).partition(' ')[2]}") from error
    for mode in (row.ours, row.theirs):
        parse_mode(mode)
    if row.on not in ("", *FILE_SYSTEMS):
        raise BadInput(f"{path}: row {number}: on = \"{row.on}\": allowed are "
                       f"{', '.join(FILE_SYSTEMS)}")
    if row.busy not in ("", *KINDS):
        raise BadInput(f"{path}: row {number}: busy = \"{row.busy}\": allowed are "
                       f"{', '.join(KINDS)}")
    return row


# ---- judging

NOISE = 0.05  # two that are equal are never shown to be
SPREAD = 1.6  # of a mode's ratio to the one below, at most: the rounds differ in the mode alone
STEADY = "inline"
# fio has two threads of its own in any run.
FIOS_OWN_THREADS = 2


@dataclass
class Side:
    """What one run shows of one side of a row."""

    iops: float
    p99_ns: float
    cpu_ns: float
    threads: int
    flags: list


@dataclass
class Judged:
    """A figure of both sides against its target, and the verdict in one word."""

    what: str
    sides: str
    ratio: object
    target: str
    verdict: str


def judge(row, finished, documents):
    """[Judged] of a row, from its group's runs; `documents`, fio's, are for rows with `only`."""
    ours, theirs = (side(row, job, mode, finished, documents) for job, mode in row.sides)
    found = []
    if row.iops is not None:
        found.append(judged("IOPS", ours, theirs, lambda s: s.iops, rate, row.iops, True))
    if row.iops is not None and row.alone:
        alone = side(row, *row.alone, finished, documents)
        shown = judged("help=0", alone, theirs, lambda s: s.iops, rate, row.iops, True)
        found.append(replace(shown, target="", verdict=""))
    if row.theirs == STEADY and ours and theirs:
        found.append(spread(ours, theirs))
    if row.p99 is not False:
        found.append(judged("p99", ours, theirs, lambda s: s.p99_ns, duration, row.p99, False))
    if row.cpu is not False:
        found.append(judged("CPU/IO", ours, theirs, lambda s: s.cpu_ns, duration, row.cpu, False))
    if row.threads is not None and ours:
        most = max(s.threads for s in ours.values())
        kernels = max((s.threads for s in theirs.values()), default=0)
        found.append(Judged("threads", f"{most} : {kernels}", None, f"≤ {row.threads}",
                            "met" if most <= row.threads else "missed"))
    return found


def spread(ours, theirs):
    """How far the rounds' ratios lie apart: the most by the least."""
    ratios = paired_ratios(*({repeat: s.iops for repeat, s in runs.items()}
                             for runs in (ours, theirs)))
    most, least = max(ratios), min(ratios)
    return Judged("spread", f"{least:.3g} to {most:.3g}", None, f"≤ {SPREAD:g}",
                  "met" if most <= SPREAD * least else "missed")


def side(row, job, mode, finished, documents):
    """{repeat: Side}; runs without a result are left out."""
    found = {}
    name = job.removesuffix(".fio")
    for run, record, all_jobs in finished:
        if (run.point.load.job, run.point.mode) != (name, mode) or not all_jobs:
            continue
        shown = figures(of_jobs(documents[run.id], row.only)) if row.only else all_jobs
        found[run.repeat] = Side(
            shown.iops, percentile(shown.bins, 99),
            cpu_ns(record, all_jobs),
            record["threads_peak"] - FIOS_OWN_THREADS, record["flags"])
    return found


def of_jobs(document, prefix):
    return document | {"jobs": [job for job in document["jobs"]
                                if job["jobname"].startswith(prefix)]}


def judged(what, ours, theirs, figure, show, target, at_least):
    """The verdict is `met` or `missed` only where the whole interval says so, else `open`."""
    mine, other = ({repeat: figure(s) for repeat, s in runs.items()} for runs in (ours, theirs))
    goal = f"{'≥' if at_least else '≤'} {target:g}"
    ratios = paired_ratios(mine, other)
    if not ratios:
        return Judged(what, "", None, goal, "no result")
    sides = " : ".join(show(median(side.values())) for side in (mine, other))
    ratio = median_interval(ratios)
    if what == "p99" and any("implausible_latency" in s.flags for s in theirs.values()):
        return Judged(what, sides, ratio, goal, "theirs is implausible")
    if target == 1:  # no worse than the other one
        target -= NOISE if at_least else -NOISE
    good, bad = (ratio.low >= target, ratio.high < target) if at_least else \
        (ratio.high <= target, ratio.low > target)
    return Judged(what, sides, ratio, goal, "met" if good else "missed" if bad else "open")


# ---- the table

def render(rows):
    """The lines for [(row, what judge() found of it)]."""
    ratios = [j.ratio for _, found in rows for j in found if j.ratio]
    if not ratios:
        return ["no row came to a result"]
    lines = [f"Ours : theirs, medians of {max(r.n for r in ratios)} runs; the ratio is paired "
             f"within each round, with its {percent(max(r.coverage for r in ratios))} interval.",
             "met, missed: all of the interval is on that side of the target; open: it is across."]
    for row, found in rows:
        lines += ["", row.title]
        lines += [f"  {j.what:8}{interval(j.ratio):24}{j.target:9}{j.verdict:8}{j.sides}".rstrip()
                  for j in found]
    return lines


def interval(ratio):
    return f"{ratio.median:.3g} [{ratio.low:.3g}, {ratio.high:.3g}]" if ratio else ""
