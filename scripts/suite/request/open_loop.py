# SPDX-License-Identifier: MIT
"""What scripts/capacity and scripts/map ask of the user alike: one job, in our modes, in an open
loop."""

import re
import sys
from pathlib import Path

from suite.errors import BadInput
from suite.request import asked, command_line
from suite.request.asked import Asked, decided_by, numbers, variants_of
from suite.request.io_uring import usual_modes
from suite.request.jobfile import check_left_out, read_job
from suite.request.judged import TIMES
from suite.request.modes import ours, parse_modes
from suite.request.plan import Load, Point

USUAL = f"""\
  --modes LIST        such as punt,sqwq,sqthread+help=0
  --depth N           the most I/Os in flight
  --rounds N          shuffled rounds, each with every point once
{command_line.RUNS}\
  --resume DIR        go on with what was interrupted, or killed
  --json              print the result as one JSON document
"""
ROUNDS, RUNTIME_S = "5", "0.4"
MODES = ",".join(filter(ours, asked.MODES.split(",")))
# What --resume takes from the folder: the options of both commands, as attributes.
PLANNED = ("job", "modes", "depth", "leave_out", "destroy", "repeats", "runtime", "limit", "seed",
           "scratch", "results", "fio", "engine", "dry_run")


def parser_of(command, description, usual):
    p = command_line.parser(command, description, usual + USUAL, ROUNDS,
                            f"<time>-{command}-<job>", rounds="--rounds", runtime=f"{RUNTIME_S} s")
    p.add_argument("job", nargs="?", metavar="JOB.fio", help="a job file")
    p.add_argument("--modes", metavar="LIST", help="our modes by name, options after a plus: "
                   f"sqwq+max_bounded=4 (default: {MODES})")
    p.add_argument("--depth", metavar="N", help="the most I/Os in flight (default: what the job "
                   f"file says, else {command_line.USUAL_DEPTH})")
    p.add_argument("--destroy", action="append", default=[], metavar="PATH",
                   help="allow the job to write to this device, or to this file outside the "
                        "scratch folder: what is on it is lost")
    p.add_argument("--leave-out", metavar="OPTIONS", help="options of the job file, with commas, "
                   "that are left out: those of an engine that not every mode has")
    p.add_argument("--resume", type=Path, metavar="RESULTS_DIR",
                   help="go on with what was interrupted, or killed; of what is complete, draw and "
                        "tell it again")
    p.add_argument("--add-rounds", metavar="N", help="with --resume: N rounds more than planned")
    p.add_argument("--no-wait", action="store_true",
                   help="do not wait for a comparison that measures on this machine")
    p.add_argument("--json", action="store_true",
                   help="print the result as one JSON document, and all else to stderr")
    return p


def check_resumed(options, own):
    """Raises BadInput for options that do not go together; `own`: those of one command alone, as
    attributes."""
    if options.resume is None:
        if options.add_rounds:
            raise BadInput("--add-rounds: to what? Name its folder with --resume")
        if options.job is None:
            raise BadInput("name a job file, or a folder with --resume")
        return
    names = {"job": "a job file", "repeats": "--rounds"}
    others = [names.get(name, f"--{name.replace('_', '-')}") for name in (*PLANNED, *own)
              if getattr(options, name)]
    if others:
        raise BadInput(f"--resume: goes on as it was planned, without {', '.join(others)}; allowed "
                       "beside it are --add-rounds, --no-wait and --json")


def asked_of(options, points_of):
    """The Asked; `points_of` makes the points of (job, modes, depth). Raises BadInput."""
    modes = our_modes(options.modes or usual_modes(MODES))
    options.runtime = options.runtime or RUNTIME_S
    fio, decided = command_line.fio_of(options), decided_by(options.runtime, depth=options.depth)
    left_out = command_line.names_of("--leave-out", options.leave_out)
    job = read_job(options.job, fio, decided, left_out)
    check_left_out(left_out, [options.job])
    rounds = command_line.whole("--rounds", options.repeats or ROUNDS, 1, 1000)
    return Asked([job], modes, points_of(job, modes, command_line.depth_of(job, options.depth)),
                 rounds, command_line.seed_of(options), modes[0].name, sys.argv[1:],
                 spare=rounds // 4, decided=decided,
                 variants=variants_of([job], modes, fio, decided))


def our_modes(text):
    modes = parse_modes(text)
    theirs = [mode.name for mode in modes if not mode.offload]
    if theirs:
        raise BadInput(f"--modes {text}: an open loop needs this engine's modes, and "
                       f"{', '.join(theirs)} is none of them")
    return modes


# ---- scripts/capacity


def closed_loops(job, modes, depth):
    """A point a mode: where its search begins."""
    return [Point(Load(job.name, job.block), mode.name, depth) for mode in modes]


def p99_limit(text):
    """--limit-p99 in ns."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([a-zµ]+)", text)
    limit_ns = float(match[1]) * TIMES.get(match[2], 0) if match else 0
    if limit_ns <= 0:
        raise BadInput(f"--limit-p99 {text}: allowed is a time with its unit, of {', '.join(TIMES)}"
                       ": 500us, 1ms, 1.5ms")
    return limit_ns


# ---- scripts/map


def rates_of(option, text, least):
    """The rates of one side of a map, in order."""
    found = numbers(option, text.split(","), least, 10**8)
    if len(set(found)) < len(found):
        raise BadInput(f"--{option} {text}: one is given twice")
    return sorted(found)


def grid(job, modes, depth, reads, writes):
    """{(mode, reads a second, writes a second): Point}: the mix is in whole percents, as fio has
    it."""
    if not job.mixed:
        raise BadInput(f"job file {job.path} does not read and write: allowed are jobs whose "
                       "sections all have rw=rw or rw=randrw")
    load = Load(job.name, job.block)
    return {(mode.name, r, w): Point(Load(load.job, load.block, str(mix_of(r, w))), mode.name,
                                     depth, shared(r, w, job))
            for mode in modes for r in reads for w in writes}


def mix_of(reads, writes):
    """Percent of reads."""
    mix = round(100 * reads / (reads + writes))
    if writes and not 1 <= mix <= 99:
        raise BadInput(f"--reads {reads} and --writes {writes}: fio mixes them in whole percents: "
                       "allowed are rates of which the one is at most 99 times the other, and "
                       "--writes 0")
    return mix


def shared(reads, writes, job):
    """The rate of both, which the job's processes share."""
    if (reads + writes) % job.processes:
        raise BadInput(f"--reads {reads} and --writes {writes}: are shared by the {job.processes} "
                       f"jobs of {job.path}: allowed are rates whose sum is a multiple of "
                       f"{job.processes}")
    return reads + writes
