# SPDX-License-Identifier: MIT
"""The figures in fio's JSON."""

from collections import Counter
from dataclasses import dataclass, field

from suite import fio_json
from suite.fio_json import NotFioOutput

DIRECTIONS = ("read", "write", "trim")
# With unified_rw_reporting all directions are in one; `both` has it beside the others.
UNIFIED = "mixed"
# Total latency, else from submission to completion: fio writes percentiles of the one or the other.
LATENCIES = ("lat_ns", "clat_ns")
# The entry of a client's output that holds the sums of all others.
SUMS = "All clients"


@dataclass
class Figures:
    """One run: rates summed over jobs and directions, and the bins of its latency."""

    ios: int
    iops: float
    bw_bytes: float
    lat_mean_ns: float
    bins: Counter  # {ns: I/Os}; empty where fio wrote none
    errors: int
    runtime_s: float
    read_bytes: int
    latency: str | None = None  # which of LATENCIES the bins or percentiles are of
    percentiles: dict = field(default_factory=dict)  # {percent: ns}, fio's own, if it has no bins


def parse_fio(text):
    """The document in what a fio wrote that has ended; raises NotFioOutput if it is not whole."""
    found = fio_json.find(text)
    if found.broken:
        raise NotFioOutput(f"fio's JSON is cut off or broken: {found.broken}")
    if not found.whole:
        raise NotFioOutput(fio_json.NONE)
    return found.document


def jobs_of(document):
    """The document's jobs, those of a client's output with the others; none is a sum of others."""
    jobs = [*document.get("jobs", []), *document.get("client_stats", [])]
    return [job for job in jobs if job.get("jobname") != SUMS] or jobs


def parts_of(job):
    """{direction: what fio says of it} of the directions in which I/O was done."""
    parts = {d: job[d] for d in DIRECTIONS if job.get(d, {}).get("total_ios")}
    if not parts and job.get(UNIFIED, {}).get("total_ios"):
        return {UNIFIED: job[UNIFIED]}
    return parts


def figures(document):
    """The figures of one fio document; jobs of one run are concurrent, so their rates add up."""
    jobs = jobs_of(document)
    return figures_of(jobs, [part for job in jobs for part in parts_of(job).values()])


def figures_of(jobs, parts):
    """The figures of these parts of these jobs."""
    latency, bins, percentiles = distribution(parts)
    totals = [part["lat_ns"] for part in parts if part.get("lat_ns", {}).get("N")]
    samples = sum(total["N"] for total in totals)
    return Figures(
        ios=sum(part["total_ios"] for part in parts),
        iops=sum(part.get("iops", 0) for part in parts),
        bw_bytes=sum(part.get("bw_bytes", 0) for part in parts),
        lat_mean_ns=sum(t["mean"] * t["N"] for t in totals) / samples if samples else 0.0,
        bins=bins,
        errors=sum(1 for job in jobs if job.get("error")),
        runtime_s=max((part.get("runtime", 0) for part in parts), default=0) / 1000,
        read_bytes=sum(job.get("read", {}).get("io_bytes", 0) for job in jobs),
        latency=latency,
        percentiles=percentiles,
    )


def distribution(parts):
    """(which latency, its bins, its percentiles): the bins of all parts, else one part's table.

    Bins can be added up, percentiles cannot: of several parts without bins nothing is known.
    """
    for name in LATENCIES:
        found = [part.get(name, {}).get("bins") for part in parts]
        if parts and all(found):
            bins = Counter()
            for one in found:
                bins.update({int(ns): count for ns, count in one.items()})
            return name, bins, {}
    for name in LATENCIES:
        table = parts[0].get(name, {}).get("percentile") if len(parts) == 1 else None
        if table:
            return name, Counter(), {float(p): ns for p, ns in table.items()}
    return None, Counter(), {}


def percentile(bins, percent):
    """The value of the first bin at which `percent` % of the samples are reached, as in fio."""
    needed = sum(bins.values()) * percent / 100
    reached = 0
    for ns in sorted(bins):
        reached += bins[ns]
        if reached >= needed:
            return ns
    return None
