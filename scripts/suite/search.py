# SPDX-License-Identifier: MIT
"""A search for capacities from its first run to its last."""

import sys
from itertools import count

from suite.analyse import rows_csv, summary_csv
from suite.analyse.capacity import LEAST_IOS, USUAL_TRIES, Limit, step
from suite.analyse.race import last_round
from suite.comparison import going_on, in_turn, rounds_of
from suite.errors import BadInput, FolderFailed
from suite.measure import environment
from suite.measure.progress import Progress
from suite.units import clock

LEAST_S = 0.1  # of a run


def limit_of(part, asked, bench):
    """The Limit of plan.json's part."""
    return Limit(part["limit_p99_ns"], bench.length_s(asked.jobs[0]))


def check_length(runtime_s):
    """Raises BadInput where hardly any run would have I/Os enough for a p99."""
    if runtime_s < LEAST_S:
        raise BadInput(f"--runtime {runtime_s:g}: allowed are {LEAST_S:g} s and more, as a run "
                       f"needs {LEAST_IOS} I/Os for a p99")


def usual_s(asked, bench):
    """About how long a round takes."""
    run_s = bench.takes(asked.jobs[0]).known_s + bench.machines.start_s
    return len(asked.points) * (1 + USUAL_TRIES) * run_s


def how_long(asked, bench):
    rounds = "1 round" if asked.repeats == 1 else f"{asked.repeats} shuffled rounds"
    return (f"{rounds} of {len(asked.points)} searches, each a closed loop "
            f"and about {USUAL_TRIES} open ones of {bench.runtime_s:g} s, seed {asked.seed}: about "
            f"{clock(asked.repeats * usual_s(asked, bench))}")


def search(asked, bench, folder, limit, wait=True):
    """Makes the runs that are missing, and prints what became of them.

    `wait`: first for the end of a comparison on this machine. Returns (exit status, seconds spent
    in fio).
    """
    return in_turn(bench, wait, lambda: search_now(asked, bench, folder, limit))


def search_now(asked, bench, folder, limit):
    if not (folder.path / "env.json").exists():
        folder.write_json("env.json", environment.describe(bench))
    finished = folder.take_up()
    there = len(finished)
    in_fio_s = bench.machines.lay_out(asked, bench)
    words = f", of which {there} runs are there" if there else ""
    print(f"{how_long(asked, bench)}{words}; results in {folder.path}", flush=True)
    try:
        make_runs(asked, bench, folder, limit, finished)
    except FolderFailed as error:
        raise FolderFailed(f"{error}; {len(finished)} runs are kept") from error
    in_fio_s += sum(record["wall_s"] for _, record, _ in finished[there:])
    folder.write(summary_csv.NAME, summary_csv.document(finished))
    folder.write(rows_csv.NAME, rows_csv.document(finished))
    return told_status(bench, folder, finished), in_fio_s


def make_runs(asked, bench, folder, limit, finished):
    """Makes the runs of each round, step by step, without those that are there; appends to
    `finished`."""
    there = {run.id: run for run, _, _ in finished}
    usual = len(asked.points) * (1 + USUAL_TRIES)
    progress = Progress(usual * asked.repeats, usual_s(asked, bench) * asked.repeats)
    try:
        for repeat in rounds_of(asked, finished):
            last = last_round(asked, finished)
            progress.begin_round(repeat, last, usual)
            for number in count():
                runs = step(asked, finished, limit, repeat, number)
                if not runs:
                    break
                for run in runs:
                    if run.id in there:
                        check_same(folder, there[run.id], run)
                        progress.was_there()
                    elif not make(asked, bench, folder, run, progress, finished):
                        return
            progress.total = progress.done + usual * (last - repeat)
            progress.end_round("")
    finally:
        progress.close()


def make(asked, bench, folder, run, progress, finished):
    """Makes one run, keeps it and appends it; returns False after a stop."""
    progress.show(run)
    ran = bench.machines.execute(bench, run, asked.job_of(run.point), asked.mode(run.point.mode))
    if ran is None:
        return False
    folder.keep(ran)
    finished.append((run, ran.record, ran.figures))
    progress.finished(run, ran.figures)
    return True


def check_same(folder, there, run):
    if there != run:
        raise BadInput(f"{folder.path}: run {run.id} was made at {there.point.rate} I/Os/s, where "
                       f"this search makes it at {run.point.rate}: its files were changed")


def told_status(bench, folder, finished):
    """Prints what is not as it should be; returns the exit status."""
    if bench.stop.signal is not None:
        print(f"interrupted: {len(finished)} runs are kept in {folder.path}; {going_on(folder)}",
              file=sys.stderr)
        return 128 + bench.stop.signal
    bad = sum(figures is None for _, _, figures in finished)
    if bad:
        print(f"{bad} of {len(finished)} runs came to no result", file=sys.stderr)
    return 1 if bad else 0
