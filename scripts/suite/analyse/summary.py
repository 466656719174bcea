# SPDX-License-Identifier: MIT
"""All repeats of each point brought together: what the table, the charts and the report show."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from statistics import median

from suite.analyse import rounds
from suite.analyse.stats import (EARLY_STOP_COVERAGE, LEAST_COVERAGE, WANTED_COVERAGE, Interval,
                                 drifts, median_interval, paired_ratios, unstable)
from suite.fio.output import percentile
from suite.request.judged import PERCENTILE
from suite.request.plan import TRACED

# The figures that modes are compared by: {name: function of a run's record and figures}.
COMPARED = {
    "iops": lambda record, figures: figures.iops,
    "p99": lambda record, figures: percentile(figures.bins, 99),
    "cpu": lambda record, figures: cpu_ns(record, figures),
}
# The words for a ratio of each figure above 1, and below.
SIDES = {"iops": ("faster", "slower"), "p99": ("longer", "shorter"), "cpu": ("dearer", "cheaper")}


@dataclass
class PointSummary:
    """One point over its repeats; `iops` is None where no repeat came to a result."""

    point: object
    runs: int = 0
    iops: Interval | None = None
    cpu_ns: Interval | None = None  # of the whole process, per I/O; None also where it is unknown
    switches: float | None = None  # context switches per I/O
    helped: float | None = None  # share of the I/Os that the submitter did itself
    cache_hit: float | None = None  # share of the bytes read that came from the page cache
    device: dict = field(default_factory=dict)  # busy: share of the time; queue: mean length
    pressure: dict = field(default_factory=dict)  # {resource: share of the time some task waited}
    figures: dict = field(default_factory=dict)  # {name in COMPARED: {repeat: figure}}
    left_out: dict = field(default_factory=dict)  # the same, of disturbed rounds, which count not
    disturbed: set = field(default_factory=set)  # repeats, of the whole comparison
    foreign_cpus: dict = field(default_factory=dict)  # {repeat: CPUs that others took, or None}
    by_repeat: dict = field(default_factory=dict)  # {repeat: its Figures}
    ratios: dict = field(default_factory=dict)  # {name in COMPARED: Interval}, to the baseline
    bins: Counter = field(default_factory=Counter)  # {ns: I/Os}, of all repeats
    threads_peak: int | None = None
    threads_peaks: list = field(default_factory=list)  # of each run
    kernel_threads: int = 0  # the kernel's workers among them, at most
    hosts: dict = field(default_factory=dict)  # {name: {figure: its median}}, if they did the I/O
    flags: Counter = field(default_factory=Counter)
    reasons: list = field(default_factory=list)
    traced: dict | None = None  # the record of its traced run

    @property
    def depth_words(self):
        return f"depth {self.point.depth}"

    def every(self, name):
        """{repeat: figure} by its name in COMPARED, also of the rounds that are left out."""
        return self.figures.get(name, {}) | self.left_out.get(name, {})

    @property
    def judged(self):
        """The ratio to the baseline by which the mode is judged; None without a baseline."""
        return self.ratios.get(self.point.judged_by)

    def latency_ns(self, percent):
        return percentile(self.bins, percent)

    @property
    def rows(self):
        """Every Row that any of the runs has."""
        return sorted({row for figures in self.by_repeat.values() for row in figures.rows})

    def values(self, figure, row=None):
        """{repeat: a figure by its name in --judge}, of the whole run or of a Row."""
        if figure == "cpu":
            return self.figures.get("cpu", {})
        of = {repeat: whole.rows.get(row) if row else whole
              for repeat, whole in self.by_repeat.items()}
        found = {repeat: figure_of(figures, figure) for repeat, figures in of.items() if figures}
        return {repeat: value for repeat, value in found.items() if value}


def summarise(finished, baseline, coverage=WANTED_COVERAGE):
    """{point: PointSummary} in the order of first appearance, from [(run, record, figures)]."""
    counted = rounds.counted(finished)
    which = {run.repeat for run, _, _ in counted}
    disturbed, cpus = rounds.disturbed(finished), rounds.foreign_cpus(finished)
    repeats, traced = by_point(counted)
    left_out, _ = by_point([row for row in finished if row[0].repeat not in which])
    summaries = {point: bring_together(point, rows, coverage) for point, rows in repeats.items()}
    for point, summary in summaries.items():
        summary.traced = traced.get(point)
        summary.disturbed, summary.foreign_cpus = disturbed, cpus
        summary.left_out = compared(left_out.get(point, []))
        if point.mode != baseline:
            summary.ratios = ratios(summary, summaries.get(replace(point, mode=baseline)), coverage)
    return summaries


def interval_coverage(plan):
    """The coverage of a comparison's intervals: more where it ends once they are narrow."""
    return EARLY_STOP_COVERAGE if plan["precision"] else WANTED_COVERAGE


def by_point(finished):
    """({point: [(repeat, record, figures)]}, {point: the record of its traced run})"""
    repeats, traced = defaultdict(list), {}
    for run, record, figures in finished:
        if run.repeat == TRACED:
            traced[run.point] = record
        else:
            repeats[run.point].append((run.repeat, record, figures))
    return repeats, traced


def bring_together(point, rows, coverage):
    summary = PointSummary(point, runs=len(rows))
    for _, record, _ in rows:
        summary.flags.update(record["flags"])
        if record["reason"] and record["reason"] not in summary.reasons:
            summary.reasons.append(record["reason"])
    if summary.flags["uneven"] * 2 <= len(rows):
        del summary.flags["uneven"]  # in few runs it was a neighbour on the machine, not the mode
    summary.threads_peaks = known(record["threads_peak"] for _, record, _ in rows)
    summary.threads_peak = max(summary.threads_peaks, default=None)
    summary.kernel_threads = max(kernel_threads(record) for _, record, _ in rows)
    good = sorted(((record, figures) for _, record, figures in rows if figures),
                  key=lambda row: row[1].iops)
    if not good:
        return summary
    summary.iops = median_interval([figures.iops for _, figures in good], coverage)
    times = known(cpu_ns(*row) for row in good)
    summary.cpu_ns = median_interval(times, coverage) if times else None
    summary.switches = median_of(switches(*row) for row in good)
    records = [record for record, _ in good]
    summary.helped = median_of(record.get("helped") for record in records)
    summary.cache_hit = median_of(record["cache_hit"] for record in records)
    summary.device = medians([record.get("device") or {} for record in records],
                             ("busy", "queue"))
    summary.pressure = medians([record.get("pressure") or {} for record in records],
                               ("cpu", "io", "memory"))
    summary.hosts = by_host([record.get("hosts") or {} for record in records])
    rates = [figures.iops for _, _, figures in rows if figures]  # in the order of the repeats
    if unstable(rates):
        summary.flags["unstable"] = len(rates)
    if drifts(rates):
        summary.flags["drift"] = len(rates)
    summary.figures = compared(rows)
    summary.by_repeat = {repeat: figures for repeat, _, figures in rows if figures}
    for _, figures in good:
        summary.bins.update(figures.bins)
    return summary


def compared(rows):
    """{name in COMPARED: {repeat: figure}} of rows with a result."""
    return {name: {repeat: figure(record, figures) for repeat, record, figures in rows
                   if figures and figure(record, figures)} for name, figure in COMPARED.items()}


def figure_of(figures, name):
    """A figure by its name in --judge; None where fio did not write it."""
    plain = {"iops": figures.iops, "bw": figures.bw_bytes, "mean": figures.lat_mean_ns}
    if name in plain:
        return plain[name]
    return percentile(figures.bins, float(PERCENTILE.fullmatch(name)[1]))


def in_a_word(name, ratio):
    """What a ratio of a compared figure shows, also that it shows no difference; empty for too few
    runs."""
    if not ratio or ratio.coverage < LEAST_COVERAGE:
        return ""
    return ratio.verdict(*SIDES[name]) or "no difference shown"


def medians(rows, names):
    """{name: median} of the names that all rows have."""
    return {name: median(row[name] for row in rows) for name in names
            if all(name in row for row in rows)}


def known(values):
    return [value for value in values if value is not None]


def median_of(values):
    values = known(values)
    return median(values) if values else None


def by_host(records):
    """{host: {figure: its median over the runs}} of the records' "hosts"."""
    names = dict.fromkeys(name for hosts in records for name in hosts)
    return {name: {figure: median_of(hosts[name][figure] for hosts in records)
                   for figure in ("iops", "lat_p50_ns", "lat_p99_ns")} for name in names}


def ratios(summary, other, coverage):
    """{name in COMPARED: Interval}, paired within the rounds in which both have a result."""
    found = {}
    for name in COMPARED if other else ():
        paired = paired_ratios(summary.figures.get(name, {}), other.figures.get(name, {}))
        if paired:
            found[name] = median_interval(paired, coverage)
    return found


# ---- one run: its line of summary.csv, and what is made of a record and its figures


def cpu_ns(record, figures):
    """CPU time of the whole process per I/O, without fio's start where that is known; None where
    other machines did the I/O."""
    if record["user_s"] is None:
        return None
    spent_s = record["user_s"] + record["system_s"] - record.get("start_cpu_s", 0)
    return 1e9 * max(spent_s, 0) / figures.ios


def kernel_threads(record):
    """The most of the kernel's io threads that a run had."""
    return sum(count for name, count in (record.get("threads_by_name") or {}).items()
               if name.startswith("iou-"))


def switches(record, figures):
    """Context switches per I/O; None where other machines did the I/O."""
    if record["voluntary_switches"] is None:
        return None
    return (record["voluntary_switches"] + record["involuntary_switches"]) / figures.ios
