# SPDX-License-Identifier: MIT
"""One run of fio: its options and job file, what it leaves, and the flags that it gets."""

import json
import re
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from suite.errors import FolderFailed
from suite.fio import output, over_time
from suite.measure.files import names_outside
from suite.measure.process import run_limited
from suite.request import operations
from suite.request.jobfile import SIZES, rewritten
from suite.request.length import QUIET_S, Limit
from suite.request.placement import placement_options
from suite.request.plan import TRACED

STATS_NAME = "pool-stats"
# In the scratch folder, which one comparison at a time has for itself.
JOB_FILE = ".run.fio"
LAYOUT_LIMIT = Limit(0, QUIET_S)
STARTS = 3


@dataclass
class Ran:
    """A run that has ended."""

    run: object
    job_file: str  # its text
    output: bytes  # what fio wrote
    record: dict  # what was seen, and what is said against it
    figures: object  # None without a result


@contextmanager
def job_file(bench, text):
    """The path of a run's job file, which is there as long as the run is."""
    path = bench.scratch / JOB_FILE
    try:
        path.write_text(text, errors="surrogateescape")
    except OSError as error:
        raise FolderFailed(f"scratch folder {bench.scratch}: {error.strerror}") from error
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def run_options(bench, job, mode, run):
    """The options that the comparison sets in the job file; the engine stands before its options.
    """
    point, length_s = run.point, bench.length_s(job)
    options = mode.job_options(bench.engine)
    if mode.offload:
        options["pool_stats"] = STATS_NAME
    options |= {"iodepth": point.depth, "randseed": run.randseed, "lat_percentiles": 1,
                "clat_percentiles": 0, "invalidate": 0 if job.cache in ("warm", "mixed") else 1}
    options |= operations.options_of(job, mode)
    options |= over_time.log_options(length_s, run.repeat == TRACED)
    if bench.runtime_s:
        options["runtime"] = f"{round(bench.runtime_s * 1000)}ms"
    if bench.steady:
        options |= {"steadystate": f"iops_slope:{bench.steady}",
                    "steadystate_duration": f"{max(round((length_s or 2) / 2), 1)}s"}
    if point.load.block != job.block:
        options |= dict.fromkeys(SIZES) | {"bs": point.load.block}
    if point.load.mix:
        options |= {"rwmixread": point.load.mix, "rwmixwrite": None}
    if point.rate:
        options["arrival_rate"] = point.rate // job.processes
    return options | placement_options(point.load.placement)


def lay_out(bench, job, load):
    """Creates the job's files before anything is measured; returns fio's outcome."""
    with tempfile.TemporaryDirectory() as outside:
        path = Path(outside, "layout.fio")
        path.write_text(rewritten(job, layout_options(job)), errors="surrogateescape")
        # fio makes missing files, and makes short ones anew. For a job that only reads it must not
        # do so outside the job's own folder.
        readonly = not job.writes and names_outside(job, bench.folder(load))
        command = fio_command(bench, job, path, "--create_only=1", readonly=readonly)
        return run_limited(command, bench.folder(load), LAYOUT_LIMIT, bench.stop)


def layout_options(job):
    """Options for laying out by psync: without the engine's own, without waits and programs."""
    return {"ioengine": "psync", "iodepth": 1, "startdelay": 0} | dict.fromkeys(
        ("exec_prerun", "exec_postrun", *job.engine_options))


def fio_command(bench, job, path, *extra, readonly=None, mode=None):
    """fio's command line, without a shell; a job's file names are relative to where fio runs.

    A job that only reads runs with --readonly: by then all files are laid out.
    """
    readonly = ["--readonly"] if (not job.writes if readonly is None else readonly) else []
    under = [bench.iowq_run] if mode and mode.under_iowq_run else []
    return [*under, bench.fio, "--output-format=json+", *readonly, *extra, str(path)]


def start_cpu_s(bench):
    """CPU time of a fio that does nothing: it starts, calibrates its clock, and ends. The least of
    three, as what comes on top is the machine's."""
    command = [bench.fio, "--output-format=json+", "--name=empty", "--ioengine=null", "--size=4k"]
    runs = [run_limited(command, bench.scratch, LAYOUT_LIMIT, bench.stop)
            for _ in range(STARTS)]
    return min((o.user_s + o.system_s for o in runs if o.status == 0), default=0)


def take_evidence(folder):
    """Takes the counters that the engine wrote, one file for each job, out of the folder."""
    evidence = []
    for path in sorted(folder.glob(f"{STATS_NAME}.*.json")):
        try:
            evidence.append(json.loads(path.read_text()))
        except ValueError:
            pass  # a run that was killed leaves a part of a file
        path.unlink()
    return evidence


def judge(outcome, evidence, job, mode):
    """(record, figures or None) of an outcome; the record has flags for what is in doubt."""
    flags, reason, document = [], None, {}
    helped = mode.helped(total(evidence))
    try:
        document = output.parse_fio(outcome.stdout.decode(errors="replace"))
        figures = output.figures(document)
    except (output.NotFioOutput, KeyError, TypeError):
        figures = None
    if outcome.hung:
        flags.append("hung")
    elif outcome.status != 0 or (figures and figures.errors):
        flags.append("failed")
    elif figures is None or figures.ios == 0:
        flags.append("no_result")
    if flags:
        figures, reason = None, complaint(outcome)
    else:
        flags += doubts(outcome, figures, job) + unsteady(document) + behind(evidence, figures)
        flags += wrong_syncs(document)
        strayed = mode.strayed(total(evidence), outcome.threads_by_name, job,
                               outcome.uring_in_user_space,
                               sum(of_job.get("threads_peak", 0) for of_job in evidence))
        flags += [f"path:{strayed}"] if strayed else []
        flags += ["mostly_helped"] if helped and helped > 0.5 else []
    record = asdict(replace(outcome, stdout=b"", stderr=b""))
    del record["stdout"], record["stopped"]
    record |= {"stderr": outcome.stderr.decode(errors="replace")[-4000:],
               "ok": figures is not None, "reason": reason, "path_evidence": evidence,
               "helped": helped, "flags": flags}
    return record, figures


def complaint(outcome):
    """Why fio came to no result, in one line: its first complaint names the cause of the others."""
    if outcome.hung:
        return f"killed after {outcome.wall_s:.0f} s without an end"
    lines = [line.strip() for line in outcome.stderr.decode(errors="replace").splitlines()]
    lines = [line for line in lines if line]
    if not lines:
        return f"exit status {outcome.status}, and no I/O was done"
    return re.sub(r"\bpid=\d+, ", "", lines[0])


def doubts(outcome, figures, job):
    """Flags for figures that cannot be what they seem."""
    flags = doubts_of_latency(figures)
    if job.ramp:
        flags.append("cpu_includes_ramp")
    if job.reads and job.cache == "warm" and outcome.read_bytes > 0.01 * figures.read_bytes:
        flags.append("cache_missed")
    if job.reads and job.cache == "cold" and outcome.read_bytes == 0:
        flags.append("cache_hit")
    return flags


def doubts_of_latency(figures):
    flags = []
    if (output.percentile(figures.bins, 99.9) or 0) > 1e9 * max(figures.runtime_s, 1):
        flags.append("implausible_latency")
    if not figures.bins:
        flags.append("no_bins")
    return flags


def wrong_syncs(document):
    """The flag for a job that has not synced as it asks for: over a tenth more often than its
    fsync= says, as fio 3.33 does with engines that take syncs as they take writes; or not."""
    for job in output.jobs_of(document):
        options = output.options_of(document, job)
        if output.refuses_syncs(options):
            return ["no_syncs"]
        every = options.get("fsync") or options.get("fdatasync") or ""
        writes = job.get("write", {}).get("total_ios", 0)
        syncs = output.syncs_of(job).get(output.SYNC, {}).get("total_ios", 0)
        if re.fullmatch("[1-9][0-9]*", every) and syncs > 1.1 * writes / int(every) + 2:
            return ["more_syncs"]
    return []


def unsteady(document):
    """The flag of a run in which steady state was asked for and fio has not seen it."""
    states = [job["steadystate"] for job in output.jobs_of(document) if job.get("steadystate")]
    return ["not_steady"] if any(not state.get("attained") for state in states) else []


def behind(evidence, figures):
    """The flag of an open loop in which the last I/Os that were sent had arrived long before."""
    for job in evidence:
        gap_s = 1 / job.get("arrival_rate", 1)
        if job.get("schedule_ns", 1e18) / 1e9 < 0.99 * figures.runtime_s - 10 * gap_s:
            return ["behind"]
    return []


def cache_hit(outcome, figures, job):
    """The share of the bytes read that needed no device; None where the page cache had no part."""
    if not figures or not figures.read_bytes or job.cache in ("direct", "mixed"):
        return None
    return max(0.0, 1 - outcome.read_bytes / figures.read_bytes)


def total(evidence):
    """The counters of all jobs of a run, added up by direction; None without any."""
    if not evidence:
        return None
    sums = {direction: {} for direction in ("read", "write", "other")}
    for job in evidence:
        for direction, counters in sums.items():
            for name, count in job.get(direction, {}).items():
                counters[name] = counters.get(name, 0) + count
    return sums
