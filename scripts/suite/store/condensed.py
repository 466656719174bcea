# SPDX-License-Identifier: MIT
"""A comparison without what no table, chart or answer reads: small enough for a repository."""

import json
import lzma

from suite.fio.documents import NotFioOutput
from suite.fio.output import (DIRECTIONS, LATENCIES, SYNC, UNIFIED, figures, jobs_of, parse_fio,
                              value_of_bin)
from suite.store import runs_file

BITS = 3  # of latency: 8 bins to a power of two, where fio has 64
# Of these the flags were made while it ran.
UNREAD = ("iops_over_time", "latency_over_time", "threads_over_time", "path_evidence")
DOCUMENT = ("fio version", "global options", "jobs", "client_stats")
JOB = ("jobname", "error", "job options", *DIRECTIONS, UNIFIED, SYNC)
PART = ("total_ios", "io_bytes", "io_kbytes", "iops", "bw", "bw_bytes", "runtime",
        *(name for names in LATENCIES.values() for name, _ in names))
MEAN = ("N", "max", "mean")


def condense(folder, to):
    """Writes what is read of the finished comparison `folder` to another Folder, compressed."""
    to.write_json("env.json", folder.read_json("env.json"))
    plan = folder.read_plan()
    to.write("plan.json.xz", compressed([plan_text(plan)]))
    to.write(runs_file.COMPRESSED, compressed(line_of(kept, exact=bool(plan.get("judge")))
                                              for kept in folder.kept()))


def compressed(lines):
    """For text: no alignment, and four bits of the letter before."""
    by = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}]
    return lzma.compress(b"".join(lines), filters=by)


def plan_text(plan):
    """A line a run."""
    runs = ",\n".join(json.dumps(run) for run in plan["runs"])
    head = json.dumps(plan | {"runs": []}, indent=1)
    return (head.removesuffix("[]\n}") + f"[\n{runs}\n]\n}}\n").encode()


def line_of(kept, exact):
    """`exact`: whatever a run is judged by. Else an open loop is by its latency, and syncs."""
    record = {name: value for name, value in kept.record.items() if name not in UNREAD}
    exact = exact or record["run"]["rate"] > 0
    written = fio_text(kept.fio, exact).encode(errors="surrogateescape")
    return runs_file.line_of(record, kept.job_file, written)


def fio_text(text, exact=False):
    """fio's JSON with what is read of it, with all latencies but those of syncs in wider bins,
    unless `exact`; what it wrote, where that is no JSON."""
    try:
        document = parse_fio(text)
    except NotFioOutput:
        return text
    short = chosen(document, DOCUMENT)
    for name in ("jobs", "client_stats"):
        if name in short:
            short[name] = [job_of(job) for job in short[name]]
    if figures(short) != figures(document):
        return text  # it has what this does not know of
    for job in [] if exact else jobs_of(short):
        for part in (job[name] for name in (*DIRECTIONS, UNIFIED) if name in job):
            for latency in part.values():
                if isinstance(latency, dict) and "bins" in latency:
                    latency["bins"] = wider(latency["bins"])
    return json.dumps(short, separators=(",", ":"))


def chosen(found, names):
    return {name: value for name, value in found.items() if name in names}


def job_of(job):
    short = chosen(job, JOB)
    return short | {name: part_of(short[name]) for name in (*DIRECTIONS, UNIFIED, SYNC)
                    if isinstance(short.get(name), dict)}


def part_of(part):
    """Of several latencies only the first one that has bins, and the mean of the total."""
    short = chosen(part, PART)
    names = [name for of_kind in LATENCIES.values() for name, _ in of_kind if name in short]
    full = next((name for name in names if short[name].get("bins")), None)
    for name in names if full else ():
        short[name] = chosen(short[name], (*MEAN, "bins") if name == full else MEAN)
    return short


def wider(bins):
    """{text of the middle of a bin: I/Os}; as they are where fio wrote numbers of bins."""
    if any(name.startswith("FIO") for name in bins):
        return bins
    found = {}
    for name, count in bins.items():
        if count:
            middle = str(value_of_bin(bin_of(int(name)), BITS))
            found[middle] = found.get(middle, 0) + count
    return found


def bin_of(value):
    """The number of the bin; value_of_bin's inverse."""
    shift = max(0, value.bit_length() - 1 - BITS)
    return (shift << BITS) + (value >> shift)
