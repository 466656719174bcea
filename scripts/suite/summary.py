# SPDX-License-Identifier: MIT
"""All repeats of each point brought together: what the table and the charts show."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from statistics import median

from suite.stats import Interval, median_interval, paired_ratios, percentile


@dataclass
class PointSummary:
    """One point over its repeats; `iops` is None where no repeat came to a result."""

    point: object
    runs: int = 0
    iops: Interval | None = None
    ratio: Interval | None = None
    bins: Counter = field(default_factory=Counter)
    cpu_ns_per_io: float = 0.0
    threads_peak: int = 0
    flags: Counter = field(default_factory=Counter)
    reasons: list = field(default_factory=list)

    def latency_ns(self, percent):
        return percentile(self.bins, percent)


def summarise(finished, baseline):
    """{point: PointSummary} in the order of first appearance, from [(run, sidecar, figures)]."""
    repeats = defaultdict(list)
    for run, record, figures in finished:
        repeats[run.point].append((run.repeat, record, figures))
    rates = {point: {repeat: f.iops for repeat, _, f in rows if f}
             for point, rows in repeats.items()}
    summaries = {point: bring_together(point, rows) for point, rows in repeats.items()}
    for point, summary in summaries.items():
        ratios = paired_ratios(rates[point], baseline_rates(rates, point, baseline))
        if ratios and point.mode != baseline:
            summary.ratio = median_interval(ratios)
    return summaries


def bring_together(point, rows):
    summary = PointSummary(point, runs=len(rows))
    for _, record, _ in rows:
        summary.flags.update(record["flags"])
        if record["reason"] and record["reason"] not in summary.reasons:
            summary.reasons.append(record["reason"])
        summary.threads_peak = max(summary.threads_peak, record["threads_peak"])
    good = [(record, figures) for _, record, figures in rows if figures]
    if good:
        summary.iops = median_interval([figures.iops for _, figures in good])
        summary.cpu_ns_per_io = median(
            1e9 * (record["user_s"] + record["system_s"]) / figures.ios for record, figures in good)
    for _, figures in good:
        summary.bins.update(figures.bins)
    return summary


def baseline_rates(rates, point, baseline):
    return rates.get(replace(point, mode=baseline), {})
