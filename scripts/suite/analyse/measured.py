# SPDX-License-Identifier: MIT
"""What fio's JSON files say of each job and direction: figures, depth and options.

What a fio did not write is left out; results/README.md lists which fio wrote what.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from suite.errors import BadInput
from suite.fio import documents
from suite.fio.number import number
from suite.fio.output import TOTAL, added, figures_of, jobs_of, mean_latency, parts_of
from suite.request.modes import ENGINE_PREFIX
from suite.units import depth_name, duration

DIRECTION_WORDS = {"read": "reads", "write": "writes", "trim": "trims", "mixed": "reads and writes"}
# Options in which runs of one line may differ, beside options that end in _log.
UNIMPORTANT = {"name", "description", "iodepth", "iodepth_batch", "iodepth_batch_submit",
               "iodepth_batch_complete", "iodepth_batch_complete_min", "iodepth_low",
               "iodepth_batch_complete_max", "randseed", "stonewall", "pool_stats"}
SYNCS = ("fsync", "fdatasync")  # options
WITHOUT_IO = "its jobs have no figures of I/O: allowed is what fio wrote, unchanged"
# The first and the last fio that writes percentiles of the total latency under clat_ns.
TOTAL_AS_COMPLETION = ((3, 2), (3, 12))


@dataclass(frozen=True)
class Depth:
    """`value` is None where the depth is unknown; `doubt` says why it is not simply fio's iodepth.
    """

    value: int | None
    doubt: str = ""

    @property
    def words(self):
        least = "at least " if self.doubt and self.value else ""
        return f"depth {least}{depth_name(self.value)}"


@dataclass
class Measured:
    """One direction of a job in a file; jobs of one name are taken together."""

    file: str
    job: str
    direction: str
    options: dict  # empty also where fio wrote none
    depth: Depth
    rate: int  # arrivals a second of an open loop; 0: a closed loop
    jobs: int
    figures: object
    syncs: str  # a sentence about them, or empty

    @property
    def mode(self):
        """The mode's name, as for `compare`."""
        engine = self.options.get("ioengine", "")
        if engine.startswith("external:") or not engine:
            return self.options.get("offload") or Path(engine).stem
        return ENGINE_PREFIX + engine

    def line(self):
        """A key that is equal for all that form one line; where the depth is in doubt, none is."""
        kept = sorted((name, value) for name, value in self.options.items()
                      if name not in UNIMPORTANT and not name.endswith("_log"))
        return self.job, self.direction, tuple(kept), id(self) if self.depth.doubt else 0


def option_number(options, text):
    return number(text, kb_base=1000 if options.get("kb_base") == "1000" else 1024)


def read(path):
    """(the document in a file, [notes about it])"""
    try:
        found = documents.find(documents.read_text(path))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    broken = f"is cut off or broken ({found.broken})"
    if not found.document:
        raise BadInput(f"{path}: {f'its JSON {broken}' if found.broken else documents.NONE}: "
                       "allowed is what fio writes with --output-format=json or json+")
    if not any(found.document.get(name) for name in documents.JOBS):
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
        done = any(name in part for job in jobs_of(document) for part in job.values()
                   if isinstance(part, dict) for name in ("total_ios", "io_bytes", "iops"))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: is not as fio writes it ({type(error).__name__}: {error}): "
                       "allowed is its own JSON, unchanged") from error
    if not found:
        raise BadInput(f"{path}: {'no I/O was done in any of its jobs' if done else WITHOUT_IO}")
    return found


def rate_of(options):
    text = options.get("arrival_rate", "0")
    found = option_number(options, text)
    if found is None:
        raise ValueError(f"arrival_rate={text} cannot be read")
    return found


def measure_jobs(file, document):
    by_name = {}
    for job, options in zip(jobs_of(document), options_of_jobs(document)):
        by_name.setdefault(str(job.get("jobname", file)), []).append((job, options))
    for name, found in by_name.items():
        jobs, options = [job for job, _ in found], found[0][1] or {}
        parts = [parts_of(job) for job in jobs]
        depth = depth_of(jobs, [options for _, options in found])
        for direction in DIRECTION_WORDS:
            here = [part[direction] for part in parts if direction in part]
            if here:
                figures = named_right(document, options, figures_of(jobs, here))
                yield Measured(file, name, direction, options, depth, rate_of(options), len(here),
                               figures, sync_words(jobs, options))


def options_of_jobs(document):
    """For each job its options, or None where fio did not write them. fio before 2.3 wrote none. A
    client writes a group's options right only for its host's first group."""
    common, hosts = document.get("global options"), set()
    for job in jobs_of(document):
        own = job.get("job options")
        options = (common or {}) | (own or {})
        host = job.get("hostname"), job.get("port")
        lost = own is None if "client_stats" in document else own is None and common is None
        yield None if lost or (host in hosts and is_on(options, "group_reporting")) else options
        if "client_stats" in document:
            hosts.add(host)


def is_on(options, name):
    return name in options and number(options[name] or "1") != 0


def depth_of(jobs, options):
    """The iodepth, 1 if the options name none; in doubt, the least depth that iodepth_level shows.
    """
    least = max((deepest_level(job) for job in jobs), default=0)
    if None in options:
        why = "as fio wrote no options"
    else:
        texts = list(dict.fromkeys(one.get("iodepth", "1") for one in options))
        asked = option_number(options[0], texts[0])
        if len(texts) > 1:
            why = f"as its jobs have several: {', '.join(texts)}"
        elif asked is None or asked < 1:
            why = f"as iodepth={texts[0]} cannot be read"
        elif asked < least:
            why = f"as more was in flight than iodepth={texts[0]} allows"
        else:
            return Depth(asked)
    if least:
        return Depth(least, f"Depth is at least the one drawn, by iodepth_level, {why}")
    return Depth(None, f"Depth unknown, {why}, and fio wrote no iodepth_level")


def deepest_level(job):
    """fio counts how many were in flight at each submission: 1, 2 or 3, 4 to 7 and so on."""
    levels = job.get("iodepth_level", {})
    return max((int(level.removeprefix(">=")) for level, share in levels.items() if share),
               default=0)


def sync_words(jobs, options):
    """A sentence about the syncs, which no chart shows; empty if there were none."""
    found = [job["sync"] for job in jobs if job.get("sync", {}).get("total_ios") is not None]
    if not found:
        asked = [name for name in SYNCS if is_on(options, name)]
        return f"{' and '.join(asked)} in its options, and nothing of it written by fio" \
            if asked else ""
    count, mean = added(sync["total_ios"] for sync in found), mean_latency(found)
    took = "" if mean is None else f", which took {duration(mean)} in the mean"
    return f"{count} syncs in no chart{took}" if count else ""


def named_right(document, options, figures):
    """The figures, with percentiles under clat_ns named as of the total where this fio meant that.
    """
    version = re.match(r"fio-(\d+)\.(\d+)", str(document.get("fio version", "")))
    least, most = TOTAL_AS_COMPLETION
    if not version or not least <= tuple(map(int, version.groups())) <= most:
        return figures
    of_total = is_on(options, "lat_percentiles") if "lat_percentiles" in options else \
        "clat_percentiles" in options and not is_on(options, "clat_percentiles")
    return replace(figures, latency=TOTAL) if of_total and figures.percentiles else figures
