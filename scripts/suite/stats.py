# SPDX-License-Identifier: MIT
"""Figures from fio's JSON, merged latency bins, and what repeats can and cannot show."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from math import comb
from statistics import median

DIRECTIONS = ("read", "write", "trim")
WANTED_COVERAGE = 0.95
# Under this coverage no difference is called: with n=4 the widest interval holds 87.5 %, and one
# call in eight would be false.
LEAST_COVERAGE = 0.90


class NotFioOutput(Exception):
    """fio's output holds no complete JSON document."""


@dataclass
class Figures:
    """One run: rates summed over jobs and directions, and the bins of total latency."""

    ios: int
    iops: float
    bw_bytes: float
    lat_mean_ns: float
    bins: Counter
    errors: int
    runtime_s: float
    read_bytes: int


def parse_fio(text):
    """fio's JSON, which notes to the user may precede."""
    start = re.search(r"^\{", text, re.MULTILINE)
    if not start:
        raise NotFioOutput("no JSON in fio's output")
    try:
        return json.JSONDecoder().raw_decode(text, start.start())[0]
    except json.JSONDecodeError as error:
        raise NotFioOutput(f"fio's JSON is cut off or broken: {error}") from error


def figures(fio):
    """The figures of one fio document; jobs of one run are concurrent, so their rates add up."""
    parts = [job[d] for job in fio.get("jobs", []) for d in DIRECTIONS
             if job.get(d, {}).get("total_ios")]
    ios = sum(part["total_ios"] for part in parts)
    bins = Counter()
    for part in parts:
        bins.update({int(ns): count for ns, count in part["lat_ns"].get("bins", {}).items()})
    samples = sum(part["lat_ns"]["N"] for part in parts)
    total_ns = sum(part["lat_ns"]["mean"] * part["lat_ns"]["N"] for part in parts)
    return Figures(
        ios=ios,
        iops=sum(part["iops"] for part in parts),
        bw_bytes=sum(part["bw_bytes"] for part in parts),
        lat_mean_ns=total_ns / samples if samples else 0.0,
        bins=bins,
        errors=sum(1 for job in fio.get("jobs", []) if job.get("error")),
        runtime_s=max((part["runtime"] for part in parts), default=0) / 1000,
        read_bytes=sum(job.get("read", {}).get("io_bytes", 0) for job in fio.get("jobs", [])),
    )


def percentile(bins, percent):
    """The value of the first bin at which `percent` % of the samples are reached, as in fio."""
    needed = sum(bins.values()) * percent / 100
    reached = 0
    for ns in sorted(bins):
        reached += bins[ns]
        if reached >= needed:
            return ns
    return None


@dataclass
class Interval:
    """A median with its interval by order statistics, and the coverage which that really has."""

    median: float
    low: float
    high: float
    coverage: float
    n: int

    def verdict(self):
        """`faster` or `slower`; nothing where the interval holds 1 or covers too little."""
        if self.coverage < LEAST_COVERAGE:
            return ""
        return "faster" if self.low > 1 else "slower" if self.high < 1 else ""


def median_interval(values):
    """The narrowest symmetric pair of order statistics with 95 % coverage, else the widest pair.

    No distribution is assumed but independence of the repeats: each value is on either side of the
    true median with probability 1/2.
    """
    ordered = sorted(values)
    n = len(ordered)
    rank = max((k for k in range(1, n // 2 + 1) if coverage(n, k) >= WANTED_COVERAGE), default=1)
    return Interval(median(ordered), ordered[rank - 1], ordered[n - rank], coverage(n, rank), n)


def coverage(n, rank):
    """The probability that the true median lies between the rank-th smallest and largest of n."""
    return 1 - 2 * sum(comb(n, i) for i in range(rank)) / 2**n


def paired_ratios(values, baseline):
    """Ratios within a block, from {repeat: value} of both; a repeat that one lacks is left out."""
    return [values[repeat] / baseline[repeat] for repeat in sorted(values)
            if baseline.get(repeat)]
