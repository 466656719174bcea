# SPDX-License-Identifier: MIT
"""Looks at /proc: which threads are there. Without a tracer this is all that is known."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from suite.measure.process import Family
from suite.workers.records import Worker

FAMILY_EVERY_S = 0.05
NAMED_AFTER_S = 0.3  # a worker has its name long before; older threads are not asked again


@dataclass
class Seen:
    tid: int
    process: int
    first_s: float
    last_s: float
    was_there: bool = False  # before the first look
    name: str = ""
    worker: bool = False
    gone_s: float | None = None

    def as_worker(self):
        worker = Worker(self.tid, self.process, left_s=self.gone_s,
                        born_s=None if self.was_there else self.first_s)
        worker.called(self.name)
        return worker


class Sampler:
    """The threads of a process and its descendants, look by look."""

    def __init__(self, root, mappings, needs_mappings):
        self.family, self.mappings = Family(root), mappings
        self.needs_mappings = needs_mappings
        self.members, self.family_at = {root}, 0.0
        self.alive, self.over = {}, []
        self.looks, self.took_s, self.began_s = 0, 0.0, None
        self.longest_pause_s = 0.0
        self.last_s, self.ended_s = None, None

    def look(self):
        now, cpu_s = time.monotonic(), time.thread_time()
        if now - self.family_at >= FAMILY_EVERY_S:
            self.members, self.family_at = self.family.members(), now
            for pid in self.members if self.needs_mappings else ():
                self.mappings.note(pid)
        there = {tid: pid for pid in self.members for tid in threads_of(pid)}
        now = time.monotonic()
        for tid, pid in there.items():
            self.see(tid, pid, now)
        # Listing a folder while entries go may leave out others too, so each is looked for.
        for tid in [tid for tid, seen in self.alive.items()
                    if tid not in there and not os.path.exists(f"/proc/{seen.process}/task/{tid}")]:
            self.alive[tid].gone_s = now
            self.over.append(self.alive.pop(tid))
        self.account(now, cpu_s)

    def see(self, tid, pid, now):
        seen = self.alive.get(tid)
        if not seen:
            seen = self.alive[tid] = Seen(tid, pid, now, now, was_there=self.looks == 0)
        seen.last_s = now
        if not seen.worker and now - seen.first_s <= NAMED_AFTER_S:
            seen.name = name_of(pid, tid) or seen.name
            seen.worker = Worker(tid, pid).called(seen.name)

    def account(self, now, cpu_s):
        if self.last_s is not None:
            self.longest_pause_s = max(self.longest_pause_s, now - self.last_s)
        self.last_s = now
        self.looks += 1
        self.took_s = time.thread_time() - cpu_s

    def end(self):
        """The process has ended: the threads that were there at the last look have left with it."""
        now = self.ended_s = self.ended_s or time.monotonic()
        for seen in self.alive.values():
            seen.gone_s = now
        self.over += self.alive.values()
        self.alive = {}

    def found(self):
        return [seen for seen in [*self.over, *self.alive.values()] if seen.worker]

    def owner_of(self, worker):
        """The Seen of the thread that a kernel's worker serves, or where nobody knows that, of its
        process; None without either. A worker's name has the machine's own number of the thread,
        which in a PID namespace is none of those that are seen."""
        found = [seen for seen in [*self.over, *self.alive.values()]
                 if seen.process == worker.process and seen.tid in (worker.owner, worker.process)]
        return max(found, key=lambda seen: (seen.tid == worker.owner, seen.first_s), default=None)

    def name_of(self, worker):
        """The name of a worker that is still there; None if it is not."""
        seen = self.alive.get(worker.tid)
        return seen.name if seen else None

    def not_among(self, traced):
        """The workers that a tracer did not see: those that were there before it."""
        lives = {}
        for worker in traced:
            lives.setdefault(worker.tid, []).append(worker)
        return [seen.as_worker() for seen in self.found()
                if not any(self.same(seen, worker) for worker in lives.get(seen.tid, []))]

    def same(self, seen, worker):
        """Whether two lives with one thread number are the same: they are if they overlap, as
        numbers are used again."""
        left = worker.left_s if worker.left_s is not None else seen.last_s
        return (worker.born_s or 0) <= seen.last_s and seen.first_s <= left


def threads_of(pid):
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def name_of(pid, tid):
    try:
        return Path(f"/proc/{pid}/task/{tid}/comm").read_text(errors="replace").rstrip("\n")
    except OSError:
        return None
