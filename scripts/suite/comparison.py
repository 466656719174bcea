# SPDX-License-Identifier: MIT
"""A comparison from the last check to the last run."""

import sys
import time

from suite.analyse import race, rounds, rows_csv, summary_csv, verdict
from suite.analyse.race import last_round
from suite.analyse.stats import LEAST_ROUNDS
from suite.analyse.precision import narrow
from suite.analyse.summary import summarise
from suite.errors import FolderFailed
from suite.measure import environment
from suite.measure.progress import Progress
from suite.measure.turn import take_turn
from suite.report.conclusion import report
from suite.request.command_line import to_go_on
from suite.request.plan import TRACED, plan_round, plan_traced
from suite.units import clock


def compare(asked, bench, folder, wait=True):
    """Makes all runs, and the report of them; returns the exit status."""
    return to_the_end(bench, folder, lambda: measure(asked, bench, folder, wait), report)


def to_the_end(bench, folder, make, tell):
    """Makes all runs with `make`, which returns (exit status, seconds spent in fio), and the report
    of the folder with `tell`; returns the exit status.

    From here on plan.json is written, so that whatever ends early can be gone on with.
    """
    started = time.monotonic()
    try:
        status, in_fio_s = make()
        if bench.stop.signal is None:
            tell(folder)
    except FolderFailed as error:
        raise FolderFailed(f"{error}; when that is put right, {going_on(folder)}") from error
    if bench.stop.signal is None:
        took_s = time.monotonic() - started
        print(f"took {clock(took_s)}, {100 * in_fio_s / took_s:.1f} % of it in fio")
    return status


def measure(asked, bench, folder, wait=True):
    """Makes the runs that are missing, and prints what became of them.

    `wait`: first for the end of another comparison on this machine. Returns (exit status, seconds
    spent in fio).
    """
    return in_turn(bench, wait, lambda: measure_now(asked, bench, folder))


def in_turn(bench, wait, make):
    turn = take_turn(bench.stop, wait) if bench.machines.seen else None
    try:
        return make()
    finally:
        if turn:
            turn.close()


def measure_now(asked, bench, folder):
    if not (folder.path / "env.json").exists():
        folder.write_json("env.json", environment.describe(bench))
    finished = folder.take_up()
    there = len(finished)
    in_fio_s = bench.machines.lay_out(asked, bench)
    left = 1 - there / len(asked.runs)
    what = f"{len(asked.runs)} runs" + (f", of which {there} are there" if there else "")
    print(f"{what} in {asked.repeats} shuffled rounds, seed {asked.seed}: "
          f"{how_long(asked, bench, left)}; results in {folder.path}", flush=True)
    try:
        progress = Progress(len(asked.runs), expected(asked, bench) * left)
        make_runs(asked, bench, folder, progress, finished)
    except FolderFailed as error:
        raise FolderFailed(f"{error}; {len(finished)} of {len(asked.runs)} runs are kept"
                           f"{summary_anyway(folder, finished)}") from error
    in_fio_s += sum(record["wall_s"] for _, record, _ in finished[there:])
    write_summary(folder, finished)
    return told_status(asked, bench, folder, finished), in_fio_s


def going_on(folder):
    return f"{to_go_on(folder.path, command=folder.made_by)} goes on"


def told_status(asked, bench, folder, finished):
    """Prints what is not as it should be; returns the exit status."""
    if bench.stop.signal is not None:
        print(f"interrupted: {len(finished)} of {len(asked.runs)} runs are kept in {folder.path}; "
              f"{going_on(folder)}", file=sys.stderr)
        return 128 + bench.stop.signal
    bad = [run for run, _, figures in finished if figures is None]
    if bad:
        print(f"{len(bad)} of {len(finished)} runs came to no result; the rest is complete",
              file=sys.stderr)
    return 1 if bad else 0


def write_summary(folder, finished):
    folder.write(summary_csv.NAME, summary_csv.document(finished))
    folder.write(rows_csv.NAME, rows_csv.document(finished))


def summary_anyway(folder, finished):
    """Tries to write summary.csv, perhaps on a full disk: what the last run left is removed first.
    """
    try:
        folder.drop_unfinished()
        write_summary(folder, finished)
    except (FolderFailed, OSError):
        return ", but summary.csv could not be written"
    return ""


def expected(asked, bench):
    return sum(bench.takes(asked.job_of(run.point)).known_s + bench.machines.start_s
               for run in asked.runs)


def how_long(asked, bench, share=1):
    """How long all runs, or a share of them, take, in words."""
    unknown = {run.point.load.job: takes.open for run in asked.runs
               if (takes := bench.takes(asked.job_of(run.point))).open}
    precision = "at most" if asked.precision else "about"
    words = f"{'at least' if unknown else precision} {clock(expected(asked, bench) * share)}"
    return words + "".join(f", as {job} {why}" for job, why in unknown.items())


def make_runs(asked, bench, folder, progress, finished):
    """Makes the wanted runs, round by round, without those that are there; appends to `finished`.
    """
    there = {run.id: figures for run, _, figures in finished}
    try:
        for repeat in rounds_of(asked, finished):
            runs = wanted(asked, repeat, finished)
            progress.begin_round(repeat, last_round(asked, finished), len(runs))
            for run in runs:
                if run.id in there:
                    progress.was_there()
                    continue
                progress.show(run)
                ran = bench.machines.execute(bench, run, asked.job_of(run.point),
                                             asked.mode(run.point.mode))
                if ran is None:
                    return
                folder.keep(ran)
                finished.append((run, ran.record, ran.figures))
                progress.finished(run, ran.figures)
            if any(run.id not in there for run in runs):
                progress.end_round(so_far(asked, finished))
    finally:
        progress.close()


def so_far(asked, finished):
    """How much is decided, and how many rounds were disturbed, in words."""
    summaries = summarise(finished, asked.baseline)
    found = verdict.verdicts(summaries, verdict.Rules.of_asked(asked))
    decided = sum(len(v.as_good) + len(v.worse) for v in found)
    compared = decided + sum(len(v.undecided) for v in found)
    disturbed = len(rounds.disturbed(finished))
    return ", ".join([*([f"{decided} of {compared} decided"] if compared else []),
                      *([f"{disturbed} disturbed"] if disturbed else [])])


def rounds_of(asked, finished):
    """The numbers of the rounds; how many there are is known when the last of them is there."""
    repeat = TRACED if asked.traced else TRACED + 1
    while repeat <= asked.repeats or repeat <= last_round(asked, before(repeat, finished)):
        yield repeat
        repeat += 1


def before(repeat, finished):
    return [row for row in finished if row[0].repeat < repeat]


def wanted(asked, repeat, finished):
    """The runs of a round: all points, except those that are done, as their interval has become
    narrow enough, or they have left the race.

    What a round leaves out depends only on the rounds before it. So a comparison that was
    interrupted goes on with the very runs that it would have made.
    """
    done = set()
    if asked.race:
        _, done = race.out(asked, before(repeat, finished))
    elif asked.precision is not None and LEAST_ROUNDS < repeat <= asked.early_until:
        done = narrow(before(repeat, finished), asked.baseline, asked.precision)
    stay = race.staying(asked, done)
    return [run for run in round_of(asked, repeat) if run.point in stay]


def round_of(asked, repeat):
    if repeat == TRACED:
        return plan_traced(asked.points, asked.seed)
    return plan_round(asked.points, repeat, asked.seed)
