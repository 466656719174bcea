# SPDX-License-Identifier: MIT
"""One run: sets the cache, writes the job file, runs fio, keeps everything, and judges it."""

import json
import re
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from suite.fio import output, over_time
from suite.measure import cache
from suite.measure.files import data_files, files_there, names_outside, remove_new
from suite.measure.process import run_limited
from suite.measure.watch import Watch
from suite.request.jobfile import SIZES, rewritten
from suite.request.length import QUIET_S, Limit
from suite.request.placement import placement_options, strayed
from suite.request.plan import TRACED

STATS_NAME = "pool-stats"
LAYOUT_LIMIT = Limit(0, QUIET_S)


def run_options(bench, job, mode, run):
    """What the comparison decides in the job file; the engine stands before its options."""
    point, length_s = run.point, bench.length_s(job)
    options = mode.job_options(bench.engine)
    if mode.offload:
        options["pool_stats"] = STATS_NAME
    options |= {"iodepth": point.depth, "randseed": run.randseed, "lat_percentiles": 1,
                "clat_percentiles": 0, "invalidate": 0 if job.cache in ("warm", "mixed") else 1}
    options |= over_time.log_options(length_s, run.repeat == TRACED)
    if bench.runtime_s:
        options["runtime"] = f"{round(bench.runtime_s * 1000)}ms"
    if bench.steady:
        options |= {"steadystate": f"iops_slope:{bench.steady}",
                    "steadystate_duration": f"{max(round((length_s or 2) / 2), 1)}s"}
    if point.load.block != job.block:
        options |= dict.fromkeys(SIZES) | {"bs": point.load.block}
    if point.load.mix:
        options["rwmixread"] = point.load.mix
    if point.rate:
        options["arrival_rate"] = point.rate // job.processes
    return options | placement_options(point.load.placement)


def lay_out(bench, job, load):
    """Creates the job's files before anything is measured; returns fio's outcome."""
    with tempfile.TemporaryDirectory() as outside:
        path = Path(outside, "layout.fio")
        path.write_text(rewritten(job, layout_options(job)), errors="surrogateescape")
        # fio makes a file that is missing, and one that is too short anew: outside its own folder a
        # job that reads must not have that done.
        readonly = not job.writes and names_outside(job, bench.folder(load))
        command = fio_command(bench, job, path, "--create_only=1", readonly=readonly)
        return run_limited(command, bench.folder(load), LAYOUT_LIMIT, bench.stop)


def layout_options(job):
    """psync has none of another engine's options; and nothing is to be waited for, or run."""
    return {"ioengine": "psync", "iodepth": 1, "startdelay": 0} | dict.fromkeys(
        ("exec_prerun", "exec_postrun", *job.engine_options))


def fio_command(bench, job, path, *extra, readonly=None):
    """fio without a shell; file names in a job are relative to the folder in which fio is run.

    Nothing is to be laid out any more in a run, so that a reading job is held to reading.
    """
    readonly = ["--readonly"] if (not job.writes if readonly is None else readonly) else []
    return [bench.fio, "--output-format=json+", *readonly, *extra, str(path)]


def run_command(bench, results, run, job):
    path = (results.path / f"runs/{run.id}.fio").absolute()
    return bench.hosts.command(bench.fio, path) if bench.hosts else fio_command(bench, job, path)


def execute(bench, results, run, job, mode):
    """Makes one run and writes all of its files; returns (record, figures or None).

    The record is written last: a run that has one is finished. (None, None) after a stop.
    """
    folder = bench.folder(run.point.load)
    take_evidence(folder)  # of a run that nobody collected: it is not this one's
    window_ms = over_time.log_options(bench.length_s(job), False)["log_avg_msec"]
    over_time.remove(folder)
    path = results.path / f"runs/{run.id}.fio"
    results.write(f"runs/{run.id}.fio", rewritten(job, run_options(bench, job, mode, run)))
    resident, wrong_cache = cache.prepare(job.cache, data_files(job, folder), job.writes)
    watch, before = Watch(folder), files_there(folder)
    outcome = run_limited(run_command(bench, results, run, job), folder, bench.limit(job),
                          bench.stop)
    machine, evidence, logs = watch.since(), take_evidence(folder), over_time.take(folder,
                                                                                   window_ms)
    if outcome.stopped:
        path.unlink()
        return None, None
    results.write(f"runs/{run.id}.fio.json", outcome.stdout)
    record, figures = judge(outcome, evidence, job, mode)
    if figures is None:
        remove_new(folder, before)
    record |= {"run": run.as_json(), "command": run_command(bench, results, run, job),
               "cwd": str(folder), "cache": job.cache, "resident_before": resident,
               "cache_hit": cache_hit(outcome, figures, job), **machine, **logs}
    record["flags"] += [wrong_cache] if wrong_cache else []
    elsewhere = figures and strayed(run.point.load.placement, mode, evidence)
    record["flags"] += [f"path:{elsewhere}"] if elsewhere else []
    if figures and over_time.uneven(logs.get("iops_over_time", [])):
        record["flags"].append("uneven")
    results.write_json(f"runs/{run.id}.run.json", record)
    return record, figures


def take_evidence(folder):
    """Takes the counters that the engine wrote, one file a job, out of the scratch folder."""
    evidence = []
    for path in sorted(folder.glob(f"{STATS_NAME}.*.json")):
        try:
            evidence.append(json.loads(path.read_text()))
        except ValueError:
            pass  # a run that was killed leaves a part of a file, which is evidence of nothing
        path.unlink()
    return evidence


def judge(outcome, evidence, job, mode):
    """The record of an outcome, with flags for whatever is not as it should be."""
    flags, reason, document = [], None, {}
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
        strayed = mode.strayed(total(evidence), outcome.threads_by_name, job)
        flags += [f"path:{strayed}"] if strayed else []
    record = asdict(replace(outcome, stdout=b"", stderr=b""))
    del record["stdout"], record["stopped"]
    record |= {"stderr": outcome.stderr.decode(errors="replace")[-4000:],
               "ok": figures is not None, "reason": reason, "path_evidence": evidence,
               "flags": flags}
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


def unsteady(document):
    """Where steady state was asked for, whether fio has seen it."""
    states = [job["steadystate"] for job in output.jobs_of(document) if job.get("steadystate")]
    return ["not_steady"] if any(not state.get("attained") for state in states) else []


def behind(evidence, figures):
    """In an open loop, whether the last arrivals that came to be sent had been due long before."""
    for job in evidence:
        gap_s = 1 / job.get("arrival_rate", 1)
        if job.get("schedule_ns", 1e18) / 1e9 < 0.99 * figures.runtime_s - 10 * gap_s:
            return ["behind"]
    return []


def cache_hit(outcome, figures, job):
    """The share of the bytes read that needed no device; None where the cache had no say in it."""
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
