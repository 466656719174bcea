# SPDX-License-Identifier: MIT
"""fio job files: what one asks for, and its text for one run.

The user's file stays the description of the load. A run's own file is the same text without the
options that the comparison decides, below a [global] section that sets them. What the options mean
is asked of fio (suite/fio/parsing.py).
"""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from suite.errors import BadInput, meant
from suite.fio.parsing import ask

# fio's second names of options, of all versions that the engine can be built for.
ALIASES = {
    "readwrite": "rw", "blocksize": "bs", "blocksize_range": "bsrange", "blockalign": "ba",
    "blocksize_unaligned": "bs_unaligned", "iodepth_batch_submit": "iodepth_batch",
    "iodepth_batch_complete": "iodepth_batch_complete_min", "io_limit": "io_size",
    "fill_fs": "fill_device", "fileoffset": "offset", "nr_files": "nrfiles", "timeout": "runtime",
    "iomem": "mem", "mem_align": "iomem_align", "ratemin": "rate_min", "ratecycle": "rate_cycle",
    "wait_for_previous": "stonewall", "disable_bw": "disable_bw_measurement", "ss": "steadystate",
    "ss_dur": "steadystate_duration", "ss_ramp": "steadystate_ramp_time",
    "ss_interval": "steadystate_check_interval", "data_placement": "dataplacement",
    "fdp_pli_select": "plid_select", "fdp_pli": "plids",
}
# The ways to say a block size; where several are given, fio takes the first of these.
SIZES = ("bssplit", "bsrange", "bs")

# fio's options about its logs; the comparison has logs of its own.
LOGS = {
    "write_iops_log", "write_lat_log", "write_bw_log", "write_hist_log", "per_job_logs",
    "log_avg_msec", "log_hist_msec", "log_hist_coarseness", "log_entries", "log_offset", "log_prio",
    "log_issue_time", "log_max_value", "log_window_value", "log_compression",
    "log_compression_cpus", "log_store_compressed", "log_unix_epoch", "log_alternate_epoch",
    "log_alternate_epoch_clock_id", "bwavgtime", "iopsavgtime",
}
# Removed wherever they stand: they would change or hide figures that every mode must have alike.
ALWAYS_REMOVED = LOGS | {
    "directory", "clat_percentiles", "slat_percentiles", "lat_percentiles", "percentile_list",
    "block_error_percentiles", "disable_lat", "disable_clat", "disable_slat",
    "disable_bw_measurement", "gtod_reduce", "unified_rw_reporting", "randrepeat", "allrandrepeat",
    "invalidate", "pre_read", "pool_stats", "ioengine", "offload", "iodepth", "randseed", "unlink",
    "unlink_each_loop", "group_reporting",
}
# The removed options whose values are read all the same: they say in which state the cache must be,
# and the depth.
READ_ALL_THE_SAME = {"invalidate", "pre_read", "iodepth"}
# Refused wherever they stand, with what is to be done instead.
REFUSED = {
    "read_iolog": "replaying a log is not compared: a job needs an rw=",
    "write_iolog": "a log would be written over in each run",
    "arrival_rate": "an open loop is asked for with --rates, and charted apart",
    "file_append": "each run would find longer files than the one before, until the disk is full",
}
# This engine's option for what is done to files in place of reading and writing them.
OPERATION = "metadata"
VARIABLE = re.compile(r"\$\{([^}]*)\}")


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
    engine_options: tuple  # options that fio itself does not know, but an engine may
    operations: tuple = ()  # what its sections do in place of reads and writes


def read_job(path, fio="fio", decided=(), left_out=()):
    """Reads a job file; raises BadInput with one line if fio could not, or should not, run it.

    `decided` are the options that the comparison sets itself: the file's own values of them are not
    read, and need not make sense. `left_out` are options that the user wants left out.
    """
    try:
        text = Path(path).read_bytes().decode(errors="surrogateescape")
    except OSError as error:
        raise BadInput(f"job file {path}: {error.strerror}") from error
    text = without(text.replace("\r\n", "\n"), set(map(canonical, left_out)))
    return job_of(path, settled(path, text, decided), fio, decided)


def check_left_out(options, paths):
    """Raises BadInput for an option to be left out that no job file has: a typing error."""
    texts = [Path(path).read_text(errors="replace") for path in paths]
    there = {parse_line(line)[1] for text in texts for line in text.split("\n")}
    for option in options:
        if canonical(option) not in there:
            raise BadInput(f"--leave-out {option}: no job file has it"
                           f"{meant(canonical(option), there - {None})}")


def settled(path, text, decided):
    """The text with the environment's variables filled in, so that it means the same when it is run
    again elsewhere, or later."""
    lines, missing = [], []
    for line in text.split("\n"):
        option, rest = re.match(r"([^;#]*)(.*)", line, re.DOTALL).groups()
        if line.lstrip().startswith("[") or not VARIABLE.search(option):
            lines.append(line)
            continue
        key, equals, value = option.partition("=")
        unset = [name for name in VARIABLE.findall(value) if name not in os.environ]
        if unset and canonical(filled(path, key)) in unread(decided):
            continue
        missing += unset
        lines.append(filled(path, key) + equals + filled(path, value) + rest)
    if missing:
        names = ", ".join(f"${{{name}}}" for name in dict.fromkeys(missing))
        raise BadInput(f"job file {path}: not set in the environment: {names}: set what is "
                       "missing, or put its value into the file")
    return "\n".join(lines)


def filled(path, text):
    def value(match):
        found = os.environ.get(match[1], match[0])
        if re.search(r"[;#\n]", found):
            raise BadInput(f"job file {path}: {match[0]} is '{found}': a value with ; # or a new "
                           "line cannot be put into a job file")
        return found

    return VARIABLE.sub(value, text)


def job_of(path, text, fio="fio", decided=()):
    """The Job of a text whose variables are settled."""
    check_lines(path, text)
    sections, engine_options = read_sections(path, text, fio, decided)
    if any(section.value("stonewall") or section.text("wait_for") for section in sections[1:]):
        raise BadInput(f"job file {path}: stages (stonewall) would be mixed into one figure: "
                       "put each into a file of its own")
    if not any(section.value("stats", 1) for section in sections):
        raise BadInput(f"job file {path}: stats=0 leaves fio without a figure of any section")
    if any(s.text("mem").startswith("mmap") and ":" in s.text("mem") for s in sections):
        raise BadInput(f"job file {path}: mem=mmap:FILE would be written to and removed: leave the "
                       "file out")
    directions = {re.split("[:,]", section.text("rw", "read"))[0] for section in sections}
    caches = {cache_state(section) for section in sections}
    if caches == {"warm", "direct"} and directions <= {"read", "randread"}:
        caches = {"mixed"}  # O_DIRECT reads do not mind clean pages in the cache
    if len(caches) > 1:
        raise BadInput(f"job file {path}: asks for several cache states "
                       f"({', '.join(sorted(caches))}): put each into a file of its own")
    runtimes = {section.value("runtime") / 1e6 for section in sections}
    return Job(
        name=Path(path).stem,
        path=str(path),
        text=text,
        sections=sections,
        reads=any(d in ("read", "randread", "rw", "readwrite", "randrw") for d in directions),
        writes=not directions <= {"read", "randread"},
        mixed=directions <= {"rw", "readwrite", "randrw"},
        buffered=caches != {"direct"},
        cache=caches.pop(),
        block="" if "bs" in decided else
        " ".join(sorted({block_size(section) for section in sections})),
        processes=sum(max(1, section.value("numjobs", 1)) for section in sections),
        runtime_s=max(runtimes) if all(runtimes) else None,
        ramp=any(section.value("ramp_time") or section.value("ramp_size") for section in sections),
        engine_options=engine_options,
        operations=operations_of(text),
    )


def read_sections(path, text, fio, decided):
    """(fio's Sections, the options that fio itself does not know: an engine's, or nobody's)"""
    unknown = set()
    while True:
        reading = ask(fio, without(text, unread(decided) | unknown))
        if unknown.issuperset(reading.unknown):
            break
        unknown.update(reading.unknown)
    if reading.complaint:
        raise BadInput(f"job file {path}: fio refuses it: {reading.complaint}")
    return reading.sections, tuple(sorted(unknown))


def unread(decided):
    """The options whose values in a job file are ignored."""
    return (ALWAYS_REMOVED - READ_ALL_THE_SAME) | set(decided)


def as_run(job, mode, fio, decided):
    """The Job with a mode's own options, which may change everything that is known of it."""
    lines = "".join(f"{key}={value}\n" for key, value in mode.options)
    try:
        _, of_the_engine = read_sections(job.path, f"[{mode.name}]\n{lines}", fio, ())
        options = dict(mode.options).keys() - set(of_the_engine)
        if not options:
            return job
        text = without(job.text, {canonical(option) for option in options})
        return replace(job_of(job.path, f"[global]\n{lines}\n{text}", fio, decided),
                       text=job.text, block=job.block, engine_options=job.engine_options)
    except BadInput as error:
        raise BadInput(f"mode {mode.name}: {error}") from error


def check_lines(path, text):
    """Raises BadInput for lines that are refused in any section, before fio acts on them."""
    lines = [parse_line(line) for line in text.split("\n")]
    if all(header is None or header.startswith("global") for header, _, _ in lines):
        raise BadInput(f"job file {path}: has no job: at least one [section] beside [global]")
    for header, key, _ in lines:
        if header is None and key.startswith("include"):
            raise BadInput(f"job file {path}: an include line is not followed: put its options "
                           "here")
        if key in REFUSED:
            raise BadInput(f"job file {path}: {key}=: {REFUSED[key]}")


def canonical(key):
    """fio's own name of an option."""
    return ALIASES.get(key.strip(), key.strip())


def parse_line(line):
    """(section name, None, None), or (None, option, value); as in fio, ; and # begin a comment."""
    line = re.split("[;#]", line, maxsplit=1)[0].strip()
    if line.startswith("["):
        return line[1:-1], None, None
    key, _, value = line.partition("=")
    return None, canonical(key), value.strip()


def without(text, options):
    """The text without the lines of these options."""
    return "\n".join(line for line in text.split("\n") if parse_line(line)[1] not in options)


def cache_state(section):
    if past_the_cache(section):
        return "direct"
    warm = not section.value("invalidate", 1) or section.value("pre_read")
    return "warm" if warm else "cold"


def past_the_cache(section):
    """Whether a section bypasses the page cache. direct= and buffered= are one setting to fio: the
    last of them holds."""
    direct = False
    for name in section.options:
        if name in ("direct", "buffered"):
            direct = bool(section.value(name)) == (name == "direct")
    return direct or bool(section.value("atomic"))


def operations_of(text):
    lines = map(parse_line, text.split("\n"))
    return tuple(sorted({value for _, key, value in lines if key == OPERATION} - {"none"}))


def block_size(section):
    """The block size in bytes; where there are several, the option's text."""
    key = next((key for key in SIZES if section.text(key)), None)
    sizes = set(section.values(key)) if key else {4096}
    return str(sizes.pop()) if len(sizes) == 1 else section.text(key)


def rewritten(job, options):
    """The job file of one run: `options` in a [global] of its own, and nowhere else.

    An option whose value is None is left out altogether.
    """
    replaced = ALWAYS_REMOVED | {canonical(option) for option in options}
    serial, section, kept = serial_sections(job.text), None, []
    for line in job.text.split("\n"):
        header, key, _ = parse_line(line)
        section = section if header is None else header
        if key not in replaced or (key == "iodepth" and section in serial):
            kept.append(line)
    head = [f"{key}={value}" for key, value in options.items() if value is not None]
    return "\n".join(["[global]", *head, "", "\n".join(kept).rstrip("\n"), ""])


def serial_sections(text):
    """The sections that name a depth of 1 where others name more: they stay at it, as a log that
    waits for each record does beside readers at any depth."""
    depths = named_depths(text)
    if set(depths.values()) <= {"1"}:
        return set()
    return {name for name, depth in depths.items()
            if depth == "1" and not name.startswith("global")}


def named_depths(text):
    """{section: the depth that it names, as written}"""
    depths, section = {}, None
    for header, key, value in map(parse_line, text.split("\n")):
        section = section if header is None else header
        if key == "iodepth":
            depths[section] = value
    return depths
