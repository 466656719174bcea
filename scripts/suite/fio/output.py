# SPDX-License-Identifier: MIT
"""The figures in fio's JSON."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from suite.fio import documents
from suite.fio.documents import NotFioOutput

DIRECTIONS = ("read", "write", "trim")
SYNC = "sync"  # fsync, fdatasync and sync_file_range, which fio counts apart
# With unified_rw_reporting fio adds all directions up in this one; with `both`, beside the others.
UNIFIED = "mixed"
# Total latency, or else the latency from submission to completion: [(name in the JSON, its unit in
# ns)]. fio before 2.99 wrote both in µs, under the second name.
TOTAL, COMPLETION = "total", "completion"
LATENCIES = {TOTAL: (("lat_ns", 1), ("lat", 1000)), COMPLETION: (("clat_ns", 1), ("clat", 1000))}
# fio's units of time; without one it means seconds.
SECONDS = {"us": 1e-6, "usec": 1e-6, "ms": 1e-3, "msec": 1e-3, "s": 1, "sec": 1, "m": 60,
           "min": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400}
# The entry of a client's output that holds the sums of all others.
SUMS = "All clients"


@dataclass
class Figures:
    """One run: rates summed over jobs and directions, and the bins of its latency.

    A figure that fio did not write for every part is None or empty, never 0.
    """

    ios: int | None
    iops: float | None
    bw_bytes: float | None
    lat_mean_ns: float | None
    bins: Counter  # {ns: I/Os}
    errors: int
    runtime_s: float
    read_bytes: int
    latency: str | None = None  # which of LATENCIES the bins or percentiles are of
    percentiles: dict = field(default_factory=dict)  # {percent: ns}, fio's own, if it has no bins
    start_s: float = 0.0  # after the run's start
    rows: dict = field(default_factory=dict)  # {Row: its Figures}, of a whole run

    @property
    def end_s(self):
        return self.start_s + self.runtime_s


@dataclass(frozen=True, order=True)
class Row:
    """What is told apart in a run. Jobs of one section, which numjobs makes, are taken together."""

    section: str
    direction: str  # one of DIRECTIONS, or UNIFIED, or SYNC
    phase: str = ""  # not empty: it does not run from the start


def parse_fio(text):
    """The document that fio wrote; raises NotFioOutput if there is none, or it is not whole."""
    found = documents.find(text)
    if found.broken:
        raise NotFioOutput(f"fio's JSON is cut off or broken: {found.broken}")
    if not found.whole:
        raise NotFioOutput(documents.NONE)
    return found.document


def jobs_of(document):
    """The document's jobs, also those of a client's output; without the sum of all clients."""
    jobs = [*document.get("jobs", []), *document.get("client_stats", [])]
    return [job for job in jobs if job.get("jobname") != SUMS] or jobs


def parts_of(job):
    """{direction: fio's object for it} of the directions in which I/O was done."""
    parts = {d: job[d] for d in DIRECTIONS if did_io(job.get(d, {}))}
    if not parts and did_io(job.get(UNIFIED, {})):
        return {UNIFIED: job[UNIFIED]}
    return parts


def did_io(part):
    """Was I/O done? By the number of I/Os or, before fio 2.1.14, by any other trace of one."""
    if part.get("total_ios") is not None:
        return part["total_ios"] > 0
    return any(part.get(name) for name in ("io_bytes", "iops", "bw"))


def figures(document):
    """The figures of one fio document, and those of its rows.

    Rates of what runs at the same time add up. Where there are phases, the whole run's rate is that
    of all its I/Os over all of its time.
    """
    jobs = jobs_of(document)
    whole = figures_of(jobs, [part for job in jobs for part in parts_of(job).values()])
    found = {}
    for job in jobs:
        options = options_of(document, job)
        syncs = {} if refuses_syncs(options) else syncs_of(job)
        for direction, part in (parts_of(job) | syncs).items():
            phase, start_s = phase_of(options, direction, job)
            row = Row(str(job.get("jobname", "")), direction, phase)
            found.setdefault(row, (start_s, []))[1].append((job, part))
    for row, (start_s, parts) in found.items():
        whole.rows[row] = replace(figures_of(*zip(*parts)), start_s=start_s)
    if any(row.phase for row in whole.rows):
        whole.runtime_s = max(of_row.end_s for of_row in whole.rows.values())
        whole.iops, whole.bw_bytes = (
            None if amount is None or not whole.runtime_s else amount / whole.runtime_s
            for amount in (whole.ios, bytes_of(whole.rows)))
    return whole


def bytes_of(rows):
    return added(None if of_row.bw_bytes is None else of_row.bw_bytes * of_row.runtime_s
                 for row, of_row in rows.items() if row.direction != SYNC)


def syncs_of(job):
    """{SYNC: an object like a direction's}. fio 3.33 counts no syncs, but their latencies."""
    sync = job.get(SYNC, {})
    count = sync.get("total_ios") or latency_of(sync, TOTAL)[0].get("N", 0)
    runtime = max((job.get(d, {}).get("runtime", 0) for d in (*DIRECTIONS, UNIFIED)), default=0)
    if not count or not runtime:
        return {}
    return {SYNC: sync | {"total_ios": count, "runtime": runtime, "iops": 1000 * count / runtime}}


def options_of(document, job):
    return document.get("global options", {}) | job.get("job options", {})


def refuses_syncs(options):
    """Are the syncs of a job with these options none? The io_uring engine of fio 3.33 to 3.42 asks
    for sync_file_range with an address in it, left over from a write. The kernel answers EINVAL;
    fio takes no notice, and counts a sync of less than a microsecond."""
    return options.get("ioengine") == "io_uring" and "sync_file_range" in options


def phase_of(options, direction, job):
    """(a name for when a row runs, its start in s): empty and 0, but after a delay, and for the
    reads by which a job that only writes verifies what it has written."""
    delay_s = seconds(options.get("startdelay", "0"))
    verifies = options.get("verify", "none") != "none" and direction == "read" \
        and options.get("rw", "read").startswith(("write", "randwrite"))
    phase = " ".join([*(["verify"] if verifies else []),
                      *([f"after {delay_s:g} s"] if delay_s else [])])
    return phase, delay_s + verifies * job.get("write", {}).get("runtime", 0) / 1000


def seconds(text):
    """A time in an option of fio's, the least one of a range."""
    match = re.match(r"\s*(\d+)\s*([a-z]*)", text.lower())
    return int(match[1]) * SECONDS.get(match[2], 1) if match else 0


def figures_of(jobs, parts):
    """The figures of these parts of these jobs."""
    latency, bins, percentiles = distribution(parts)
    return Figures(
        ios=added(part.get("total_ios") for part in parts),
        iops=added(part.get("iops") for part in parts),
        bw_bytes=added(bandwidth(part) for part in parts),
        lat_mean_ns=mean_latency(parts),
        bins=bins,
        errors=sum(1 for job in jobs if job.get("error")),
        runtime_s=max((part.get("runtime", 0) for part in parts), default=0) / 1000,
        read_bytes=sum(bytes_done(job.get("read", {})) for job in jobs),
        latency=latency,
        percentiles=percentiles,
    )


def added(values):
    """The sum, or None where a part has no value: the sum of the others would mislead."""
    values = list(values)
    return None if None in values else sum(values)


def bandwidth(part):
    """Bytes a second. fio before 3.2 wrote only whole KiB a second."""
    if "bw_bytes" in part or "bw" not in part:
        return part.get("bw_bytes")
    return 1024 * part["bw"]


def bytes_done(part):
    """fio before 2.21 wrote KiB as io_bytes; since then that is io_kbytes."""
    return part.get("io_bytes", 0) * (1024 if "lat" in part and "io_kbytes" not in part else 1)


def latency_of(part, kind):
    """(fio's object for a latency, its unit in ns); the object is empty where there are no samples.
    """
    for name, unit_ns in LATENCIES[kind]:
        found = part.get(name)
        # Before 3.18 fio did not write the number of samples, and wrote 0 where there were none.
        if found and found.get("N", found.get("max", 1)):
            return found, unit_ns
    return {}, 1


def mean_latency(parts):
    """The mean of all I/Os in ns; None where a part has none, or the parts' weights are unknown."""
    found = [latency_of(part, TOTAL) for part in parts]
    means = [total["mean"] * unit_ns if total.get("mean") is not None else None
             for total, unit_ns in found]
    if len(parts) == 1:
        return means[0]
    weights = [total.get("N", part.get("total_ios")) for (total, _), part in zip(found, parts)]
    if not parts or None in means or None in weights:
        return None
    return sum(mean * weight for mean, weight in zip(means, weights)) / sum(weights)


def distribution(parts):
    """(which latency, its bins, its percentiles): the bins of all parts, else one part's table.

    Bins can be added up, percentiles cannot: for several parts without bins both are empty.
    """
    for kind in LATENCIES:
        found = [bins_of(part, kind) for part in parts]
        if parts and all(found):
            return kind, sum(found, Counter()), {}
    for kind in LATENCIES if len(parts) == 1 else ():
        percentiles = percentiles_of(parts[0], kind)
        if percentiles:
            return kind, Counter(), percentiles
    return None, Counter(), {}


def bins_of(part, kind):
    """{ns: I/Os}. fio 2.2.12 to 2.19 wrote the number of each bin in place of its value."""
    found, unit_ns = latency_of(part, kind)
    bins = dict(found.get("bins", {}))
    bits = bins.pop("FIO_IO_U_PLAT_BITS", None)
    for size in ("FIO_IO_U_PLAT_VAL", "FIO_IO_U_PLAT_NR"):
        bins.pop(size, None)
    value = int if bits is None else lambda number: value_of_bin(int(number), bits)
    return Counter({round(unit_ns * value(name)): count for name, count in bins.items() if count})


def value_of_bin(number, bits):
    """The middle of a bin, as fio has it: each power of two has 2**bits bins."""
    if number < 2 << bits:
        return number
    shift = (number >> bits) - 1
    return int((1 << (shift + bits)) + (number % (1 << bits) + 0.5) * (1 << shift))


def percentiles_of(part, kind):
    """{percent: ns}; fio before 3.4 filled its table up with a percentile of 0."""
    found, unit_ns = latency_of(part, kind)
    table = {float(percent): unit_ns * value
             for percent, value in found.get("percentile", {}).items()}
    return {percent: ns for percent, ns in table.items() if percent > 0}


def percentile(bins, percent):
    """The value of the first bin at which `percent` % of the samples are reached, as in fio."""
    needed = sum(bins.values()) * percent / 100
    reached = 0
    for ns in sorted(bins):
        reached += bins[ns]
        if reached >= needed:
            return ns
    return None
