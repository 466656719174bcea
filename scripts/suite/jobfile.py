# SPDX-License-Identifier: MIT
"""fio job files: what one asks for, whether it may run here, and its text for one run.

The user's file stays the description of the load. A run's own file is the same text without the
options that the comparison decides, under one [global] section that sets those.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from suite.errors import BadInput
from suite.units import plain_bytes

ALIASES = {
    "readwrite": "rw",
    "blocksize": "bs",
    "blocksize_range": "bsrange",
    "iomem": "mem",
    "timeout": "runtime",
    "wait_for_previous": "stonewall",
}
# The ways to say a block size; where several are given, fio takes the first of these.
SIZES = ("bssplit", "bsrange", "bs")
SECONDS = {"us": 1e-6, "ms": 1e-3, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

# Removed wherever they stand: they would change or hide what is measured alike for every mode.
ALWAYS_REMOVED = {
    "directory", "clat_percentiles", "slat_percentiles", "lat_percentiles", "percentile_list",
    "disable_lat", "gtod_reduce", "unified_rw_reporting", "randrepeat", "allrandrepeat",
    "invalidate", "pre_read", "pool_stats", "ioengine", "offload", "iodepth", "randseed",
    "write_iops_log", "write_lat_log", "write_bw_log", "write_hist_log", "log_avg_msec",
    "per_job_logs", "unlink", "unlink_each_loop",
}
# Refused wherever they stand, with what is to be done instead.
REFUSED = {
    "read_iolog": "replaying a log is not compared: a job needs an rw=",
    "write_iolog": "a log would be written over in each run",
    "arrival_rate": "an open loop is asked for with --rates, and charted apart",
}


@dataclass(frozen=True)
class Job:
    """A job file and what the comparison needs to know of it."""

    name: str
    path: str
    text: str
    sections: tuple
    reads: bool
    writes: bool
    mixed: bool
    buffered: bool
    cache: str
    block: str
    processes: int
    runtime_s: float | None
    ramp: bool


def read_job(path):
    """Reads a job file; raises BadInput with one line if fio could not, or should not, run it."""
    try:
        return understand(path, Path(path).read_text(errors="surrogateescape"))
    except OSError as error:
        raise BadInput(f"job file {path}: {error.strerror}") from error


def understand(path, text):
    sections = parse_sections(text, path)
    if not sections:
        raise BadInput(f"job file {path}: has no job: at least one [section] beside [global]")
    options = [o for _, o in sections]
    if len(sections) > 1 and any("stonewall" in o or "wait_for" in o for o in options):
        raise BadInput(f"job file {path}: stages (stonewall) would be mixed into one figure: "
                       "put each into a file of its own")
    for key in {key for o in options for key in o} & set(REFUSED):
        raise BadInput(f"job file {path}: {key}=: {REFUSED[key]}")
    if any(o.get("mem", "").startswith("mmap") and ":" in o["mem"] for o in options):
        raise BadInput(f"job file {path}: mem=mmap:FILE would be written to and removed: leave the "
                       "file out")
    directions = {o.get("rw", "read").split(":")[0].strip() for o in options}
    caches = {cache_state(o) for o in options}
    if caches == {"warm", "direct"} and directions <= {"read", "randread"}:
        caches = {"mixed"}  # clean pages in the cache do not touch reads past it
    if len(caches) > 1:
        raise BadInput(f"job file {path}: asks for several cache states "
                       f"({', '.join(sorted(caches))}): put each into a file of its own")
    runtimes = {seconds(o["runtime"], path) if "runtime" in o else None for o in options}
    return Job(
        name=Path(path).stem,
        path=str(path),
        text=text,
        sections=tuple((name, tuple(o.items())) for name, o in sections),
        reads=any(d in ("read", "randread", "rw", "readwrite", "randrw") for d in directions),
        writes=not directions <= {"read", "randread"},
        mixed=directions <= {"rw", "readwrite", "randrw"},
        buffered=caches != {"direct"},
        cache=caches.pop(),
        block=" ".join(sorted({plain_bytes(sizes(o)) for o in options})),
        processes=sum(max(number(o, "numjobs"), 1) for o in options),
        runtime_s=None if None in runtimes else max(runtimes),
        ramp=any(o.get("ramp_time", "0") not in ("0", "0s") for o in options),
    )


def parse_sections(text, path):
    """[(section name, options in force)] of each job; a [global] counts for the jobs after it."""
    shared, sections, current = {}, [], None
    for line in text.splitlines():
        header, key, value = parse_line(line)
        if header is not None:
            current = shared if header == "global" else dict(shared)
            if header != "global":
                sections.append((header, current))
        elif key and re.match(r"include\s", line.lstrip()):
            raise BadInput(f"job file {path}: an include line is not followed: put its options "
                           "here")
        elif key and current is not None:
            current[key] = value
    return sections


def parse_line(line):
    """(section name, None, None), or (None, key, value); as in fio, ; and # end a line."""
    line = re.split("[;#]", line, maxsplit=1)[0].strip()
    if line.startswith("[") and "]" in line:
        return line[1:line.index("]")], None, None
    key, _, value = line.partition("=")
    key = key.strip()
    return None, ALIASES.get(key, key), value.strip()


def cache_state(options):
    if options.get("direct", "0") != "0" or options.get("buffered", "1") == "0":
        return "direct"
    warm = options.get("invalidate", "1") == "0" or options.get("pre_read", "0") != "0"
    return "warm" if warm else "cold"


def sizes(options):
    """The block sizes of a section, as it says them."""
    return next((options[key] for key in SIZES if key in options), "4k")


def seconds(text, path):
    match = re.fullmatch(r"(\d+)(us|ms|s|m|h|d|)", text.lower())
    if not match or int(match[1]) == 0:
        raise BadInput(f"job file {path}: runtime={text} is not a time above 0 such as 2, 500ms "
                       "or 1m")
    return int(match[1]) * SECONDS[match[2]]


def rewritten(job, options):
    """The job file of one run: `options` in a [global] of its own, and nowhere else.

    An option whose value is None is left out altogether.
    """
    ours = ALWAYS_REMOVED | set(options)
    kept = [line for line in job.text.splitlines() if parse_line(line)[1] not in ours]
    head = [f"{key}={value}" for key, value in options.items() if value is not None]
    return "\n".join(["[global]", *head, "", *kept, ""])


def targets(job, folder):
    """Every path that the job could open: its file names, and whatever lies in its folder."""
    paths = [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names]
    return paths + named(job, folder)


def named(job, folder):
    """The paths that the job file names, or implies."""
    paths = []
    for section, options in job.sections:
        options = dict(options)
        # A section that has the name of a device, or of the like, is about that.
        special = os.path.join(folder, section)
        names = [section if os.path.exists(special) and not os.path.isfile(special)
                 and not os.path.isdir(special) else f"{section}.0.0"]
        for key in ("filename", "opendir", "filename_format"):
            text = re.sub(r"\$(jobname|jobnum|filenum)\b", "x", options.get(key, ""))
            if "$" in text:
                raise BadInput(f"job file {job.path}: {key}={text}: a path with a $ is not "
                               "compared")
            names += [name.replace("\\:", ":") for name in re.split(r"(?<!\\):", text) if name]
        paths += [os.path.join(folder, name) for name in names]
    return paths


def check_room(job, folder):
    """Raises BadInput if the files cannot fit: fio would fill the disk before it says so."""
    needed = room_needed(job)
    there = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    disk = os.statvfs(folder)
    if needed > there + disk.f_bavail * disk.f_frsize:
        raise BadInput(f"job file {job.path}: its files take {needed >> 20} MiB, and {folder} has "
                       f"room for {(there + disk.f_bavail * disk.f_frsize) >> 20} MiB")


def room_needed(job):
    """Bytes of the job's files, as far as the job file says."""
    return sum(number(options, "size") * max(number(options, "numjobs"), 1)
               for options in (dict(options) for _, options in job.sections))


def number(options, key):
    """A size or count; 0 where it is not given as a plain number, and so cannot be judged here."""
    text = plain_bytes(options.get(key, "0"))
    return int(text) if text.isdigit() else 0


def names_outside(job, folder):
    """Whether the job names anything outside its own folder."""
    own = os.path.realpath(folder)
    return any(os.path.commonpath([own, os.path.realpath(path)]) != own
               for path in targets(job, folder))


def outside_files(job, folder):
    """Regular files that the job names outside its own folder, whose cache state counts as well."""
    own = os.path.realpath(folder)
    real = {os.path.realpath(path) for path in targets(job, folder)}
    return sorted(path for path in real if os.path.isfile(path)
                  and os.path.commonpath([own, path]) != own)
