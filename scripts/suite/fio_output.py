# SPDX-License-Identifier: MIT
"""fio's JSON: the document in fio's output, and the figures in the document."""

import json
import re
from collections import Counter
from dataclasses import dataclass

DIRECTIONS = ("read", "write", "trim")


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
