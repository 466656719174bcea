# SPDX-License-Identifier: MIT
"""One observation of workers: of a run of fio, or of a process that runs already."""

import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass

from suite.errors import BadInput
from suite.measure.process import Family, Outcome, ended_by_parent, kill_tree, read_back
from suite.workers.bpftrace import Bpftrace
from suite.workers.records import Assembly, Observation
from suite.workers.sampling import Sampler, threads_of
from suite.workers.symbols import Mappings
from suite.workers.tracefs import Tracefs
from suite.workers.tracing import Refused, sources_in

TRACERS = {"bpftrace": Bpftrace, "tracefs": Tracefs}
SAMPLING = "sampling"
WAYS = ("auto", *TRACERS, SAMPLING)
BESIDE_A_TRACER_S, SAMPLING_S = 0.05, 0.004
BUSY = 4  # the pause after a look is so many times the look: at most a fifth of a CPU

# A shell that waits until the tracer has started and then becomes fio, so that fio's process number
# is known before.
GATE = 'read -r _ && exec "$@" </dev/null'


class Chooser:
    """Finds the way to observe: the one asked for, or the first that works here."""

    def __init__(self, by, say):
        self.by, self.say, self.told = by, say, None

    def check(self):
        """Raises BadInput for a way that plainly is not to be had, before anything is done."""
        if self.by in TRACERS:
            try:
                TRACERS[self.by]().check()
            except Refused as error:
                raise BadInput(f"--by {self.by}: {error}") from error

    def start(self, processes, sources, stop):
        """A tracer that has started, or None for sampling alone."""
        refusals = []
        for name in TRACERS if self.by == "auto" else [self.by] if self.by in TRACERS else []:
            tracer = TRACERS[name]()
            try:
                tracer.start(processes, sources, stop)
                self.tell(name, refusals)
                return tracer
            except Refused as error:
                if stop.signal is not None:
                    return None
                if self.by == name:
                    raise BadInput(f"--by {name}: {error}") from error
                refusals.append(f"{name}: {error}")
        self.tell(SAMPLING, refusals)
        return None

    def tell(self, name, refusals):
        line = f"observed by {name}" + (f" ({'; '.join(refusals)})" if refusals else "")
        if line != self.told:
            self.say(line)
        self.told = line


@dataclass
class Target:
    """What is observed: a root process, its descendants' threads, and the files that it maps."""

    root: int
    processes: dict  # {process: its threads}
    sources: list
    mappings: Mappings


def look_until(target, tracer, stop, done, give_up):
    """Looks at /proc until the process has ended, or for as long as is allowed.

    Returns (the sampler, whether the process has ended).
    """
    sampler = Sampler(target.root, target.mappings, bool(tracer))
    usual = BESIDE_A_TRACER_S if tracer else SAMPLING_S
    sampler.look()
    while time.monotonic() < give_up and stop.signal is None:
        pause = min(max(usual, BUSY * sampler.took_s), max(give_up - time.monotonic(), 0))
        waited = [done] + ([tracer.waited()] if tracer else [])
        end = time.monotonic() + pause
        while (left := end - time.monotonic()) > 0:
            ready = select.select(waited, [], [], left)[0]
            if done in ready:
                sampler.ended_s = time.monotonic()
                return sampler, True
            if ready:
                tracer.pump()
                time.sleep(min(0.005, left))  # so that a busy tracer is not read event by event
        sampler.look()
    return sampler, False


def assembled(target, tracer, sampler, ended, zero_s):
    """The workers of an observation, with their times counted from `zero_s`."""
    end_s = sampler.last_s
    if ended:
        sampler.end()
        end_s = sampler.ended_s
    assembly = Assembly(target.processes, target.mappings, bool(tracer and tracer.exit_is_seen))
    for event in tracer.events() if tracer else ():
        if event.what == "exec" and event.tid == target.root and zero_s is None:
            zero_s = event.at_s
        assembly.add(event)
    zero_s = sampler.began_s if zero_s is None else zero_s
    workers = assembly.workers(sampler)
    notes = list(tracer.notes) if tracer else []
    if ended:
        missed = [w for w in workers if w.left_s is None]
        for worker in missed:
            worker.left_s = end_s
        if missed:
            notes.append(f"the end of {len(missed)} workers was not seen: taken to be the "
                         "process's")
    # On a busy machine a worker's end may be noted a little after its process's.
    end_s = max([end_s, *(w.left_s for w in workers if w.left_s is not None)])
    for worker in workers:
        worker.born_s = None if worker.born_s is None else max(worker.born_s - zero_s, 0.0)
        worker.left_s = None if worker.left_s is None else max(worker.left_s - zero_s, 0.0)
    return workers, end_s - zero_s, notes


def observation(mode, target, tracer, sampler, ended, zero_s=None):
    workers, length_s, notes = assembled(target, tracer, sampler, ended, zero_s)
    resolution_s = 0.0 if tracer else sampler.longest_pause_s
    if not tracer:
        notes.append(f"by sampling: no stacks, and nothing that came and went within "
                     f"{1000 * resolution_s:.0f} ms")
    return Observation(mode, tracer.name if tracer else SAMPLING, workers, length_s, resolution_s,
                       notes)


def observe_command(mode, command, cwd, sources, chooser, stop, limit_s):
    """Runs a command under observation; returns (Observation, Outcome)."""
    out, err = os.memfd_create("stdout"), os.memfd_create("stderr")
    process = subprocess.Popen(["/bin/sh", "-c", GATE, "sh", *command], cwd=cwd,
                               stdin=subprocess.PIPE, stdout=out, stderr=err,
                               start_new_session=True, preexec_fn=ended_by_parent(signal.SIGKILL))
    outcome, tracer, done = Outcome(), None, os.pidfd_open(process.pid)
    try:
        mappings = Mappings()
        target = Target(process.pid, {process.pid: [process.pid]}, sources, mappings)
        tracer = chooser.start(target.processes, sources, stop)
        began = time.monotonic()
        if stop.signal is None:
            process.stdin.write(b"\n")
        process.stdin.close()
        sampler, ended = look_until(target, tracer, stop, done, began + limit_s)
        sampler.began_s = began
        outcome.stopped, outcome.hung = stop.signal is not None, not ended and stop.signal is None
        outcome.wall_s = time.monotonic() - began
        if tracer:
            tracer.drain()
    finally:
        end_process(process, done)
        if tracer:
            tracer.stop()
    outcome.status = process.returncode
    outcome.stdout, outcome.stderr = read_back(out), read_back(err)
    return observation(mode, target, tracer, sampler, True), outcome


def end_process(process, done):
    if not select.select([done], [], [], 0)[0]:
        kill_tree(process.pid)
    os.close(done)
    process.wait()


def observe_pid(pid, seconds, chooser, stop):
    """Observes a process that runs, and its descendants; Ctrl-C ends the observation early."""
    done = open_process(pid)
    tracer = None
    try:
        mappings = Mappings()
        members = Family(pid).members()
        for member in members:
            mappings.note(member)
        paths = dict.fromkeys(path for member in members for path in mappings.paths(member))
        target = Target(pid, {member: threads_of(member) for member in members},
                        sources_in(paths), mappings)
        tracer = chooser.start(target.processes, target.sources, stop)
        began = time.monotonic()
        sampler, ended = look_until(target, tracer, stop, done, began + seconds)
        sampler.began_s = began
        if tracer:
            tracer.drain()
    finally:
        os.close(done)
        if tracer:
            tracer.stop()
    return observation(f"process {pid}", target, tracer, sampler, ended, began)


def open_process(pid, named="--pid"):
    try:
        done = os.pidfd_open(pid)
    except ProcessLookupError:
        raise BadInput(f"{named} {pid}: no such process") from None
    except OSError as error:
        # Linux says EINVAL for a thread that leads no process.
        raise BadInput(f"{named} {pid}: not a process that can be observed: "
                       f"{error.strerror}") from error
    if select.select([done], [], [], 0)[0]:
        os.close(done)
        raise BadInput(f"{named} {pid}: has ended already")
    return done
