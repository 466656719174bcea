# SPDX-License-Identifier: MIT
"""Workers: what is known of each, put together from a tracer's events and from looks at /proc.

A tracer knows when and from where a worker was created and left; /proc knows which are there. Times
are CLOCK_MONOTONIC's seconds.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from statistics import median

POOL, KERNEL = "pool", "kernel"
UNTOLD = "bound or unbound"
NAMES = (
    (re.compile(r"iowq-wrk-(\d+)b"), POOL, "bound"),
    (re.compile(r"iowq-wrk-(\d+)u"), POOL, "unbound"),
    (re.compile(r"iowq-acall()"), POOL, "a call's own"),
    (re.compile(r"iowq-sq()"), POOL, "submission"),
    (re.compile(r"iou-wrk-(\d+)"), KERNEL, UNTOLD),
    (re.compile(r"iou-sqp-(\d+)"), KERNEL, "submission"),
)
SIDES = {POOL: "this project's pool", KERNEL: "the kernel's io-wq"}
WITH_ITS_WQ, IDLE, UNKNOWN = "with its wq", "idle", "unknown why"
NO_POOL = ("submission", "a call's own")  # kinds that nobody reaps: they end when they are done

# Frames that tell nothing: how the tracer got there, how a system call and a thread begin.
NOISE = re.compile(
    r"_*trace_?(iter|event|call|point)?_|__?bpf_|bpf_|copy_process$|do_syscall_64$|entry_SYSCALL|"
    r"x64_sys_call$|ret_from_fork|el0|el0t|invoke_syscall|do_el0|try_to_wake_up$|wake_up_process$|"
    r"wake_up_q$|ttwu_|__traceiter|perf_trace|asm_|default_wake_function$|autoremove_wake")


@dataclass
class Event:
    """What a tracer saw. `what`: exec, new, bound, create, wq_exit, reap, ending or exit."""

    what: str
    at_s: float
    tid: int
    child: int = 0            # new: the thread
    thread: bool = True       # new: of the same process; ending: only the thread ends
    bound: bool = False       # bound
    wq: int = 0               # create, reap, wq_exit: which
    name: str = ""            # exit
    kernel: tuple = ()        # frames, the innermost first
    user: tuple = ()          # addresses, likewise
    woken_kernel: tuple = ()  # exit: frames of the thread that woke it last
    woken_user: tuple = ()
    waker: int = 0


@dataclass
class Worker:
    tid: int
    process: int
    side: str = ""
    kind: str = ""
    node: int | None = None
    name: str = ""
    born_s: float | None = None  # None: was there before the observation
    left_s: float | None = None  # None: still there at its end
    left: str = ""               # why
    created_from: tuple = ()
    left_from: tuple = ()
    woken_from: tuple = ()
    wq: int = 0

    def called(self, name):
        """Learns what a worker's name says; False if it is no worker's name."""
        for pattern, side, kind in NAMES:
            match = pattern.match(name)
            if match:
                self.name, self.side = name, side
                self.kind = self.kind or kind
                self.node = int(match[1]) if side == POOL and match[1] else None
                return True
        return False

    @property
    def owner(self):
        """The number of the thread whose io-wq it serves, from its name; None in the pool."""
        match = re.match(r"iou-(?:wrk|sqp)-(\d+)", self.name)
        return int(match[1]) if match else None


@dataclass
class Observation:
    """All workers of one run, or of a process for a while; times count from the observation's
    start."""

    mode: str
    way: str
    workers: list
    length_s: float
    resolution_s: float = 0.0
    notes: list = field(default_factory=list)
    counted: dict = field(default_factory=dict)  # what the engine counted itself

    def as_json(self):
        return {"mode": self.mode, "way": self.way, "length_s": round(self.length_s, 6),
                "resolution_s": self.resolution_s, "notes": self.notes, "counted": self.counted,
                "summary": {side: self.summary(side) for side in self.sides()},
                "workers": [as_json(worker) for worker in self.workers]}

    def sides(self):
        return [side for side in SIDES if self.of(side)]

    def of(self, side):
        return [worker for worker in self.workers if worker.side == side]

    def summary(self, side):
        workers = self.of(side)
        steps = steps_of(workers)
        most = max((number for _, number in steps), default=0)
        births = sorted(w.born_s for w in workers if w.born_s is not None)
        lives = [w.left_s - w.born_s for w in workers if None not in (w.left_s, w.born_s)]
        return {
            "at_most": most,
            "at_most_at_s": next((at for at, number in steps if number == most), None),
            "created": len(births),
            "before": len(workers) - len(births),
            "left": sum(w.left_s is not None for w in workers),
            "left_why": dict(Counter(w.left for w in workers if w.left_s is not None)),
            "still_there": sum(w.left_s is None for w in workers),
            "kinds": dict(Counter(kind_of(w) for w in workers)),
            "lifetime_median_s": median(lives) if lives else None,
            "lifetimes_s": [min(lives), max(lives)] if lives else None,
            "creations_took_s": births[-1] - births[0] if births else None,
        }


def as_json(worker):
    row = {name: value for name, value in vars(worker).items() if name != "wq"}
    for name in ("born_s", "left_s"):
        row[name] = None if row[name] is None else round(row[name], 6)
    return row | {name: list(row[name]) for name in ("created_from", "left_from", "woken_from")}


def kind_of(worker):
    return worker.kind + ("" if worker.node is None else f", node {worker.node}")


def steps_of(workers):
    """[(time, number of workers from then on)]; two changes at one moment are one step."""
    changes = Counter()
    for worker in workers:
        changes[worker.born_s or 0.0] += 1
        if worker.left_s is not None:
            changes[worker.left_s] -= 1
    steps, number = [], 0
    for at in sorted(changes):
        number += changes[at]
        steps.append((at, number))
    return steps


def interesting(frames):
    """The frames without those that every stack has."""
    return tuple(frame for frame in frames if not NOISE.match(frame))


class Assembly:
    """Turns events, in their order of time, into workers."""

    def __init__(self, processes, mappings, exit_is_seen):
        self.process_of = {tid: pid for pid, tids in processes.items() for tid in tids}
        self.mappings = mappings
        self.exit_is_seen = exit_is_seen  # whether the pool tells when a wq begins to end
        self.alive = {tid: Worker(tid, pid) for tid, pid in self.process_of.items()}
        self.over = []
        self.unnamed = {}  # creator: the thread whose `create` is still to come
        # When a thread, a process and a wq begin to end.
        self.ends, self.process_ends, self.wq_ends = {}, {}, {}

    def add(self, event):
        if event.what == "new":
            self.begin(event)
        elif event.tid in self.process_of:
            getattr(self, event.what)(event)

    def begin(self, event):
        if event.tid not in self.process_of:
            # A child of another process: if it has the number of a thread of ours, that one has
            # ended unseen.
            self.process_of.pop(event.child, None)
            self.alive.pop(event.child, None)
            return
        pid = self.process_of[event.tid]
        process = pid if event.thread else event.child
        if process not in self.mappings.of and pid in self.mappings.of:
            self.mappings.of[process] = self.mappings.of[pid]  # a fork has its parent's mappings
        self.process_of[event.child] = process
        worker = Worker(event.child, process, born_s=event.at_s,
                        created_from=interesting(event.kernel))
        self.alive[event.child] = self.unnamed[event.tid] = worker
        self.own_stack(worker, event.user)

    def own_stack(self, worker, addresses):
        """Takes the user stack, if it can be walked, for a worker made by clone(): it tells more.
        """
        frames = self.mappings.stack(worker.process, addresses)
        if frames and "create_io_thread" not in worker.created_from:
            worker.created_from = frames

    def exec(self, event):
        pass

    def bound(self, event):
        if event.tid in self.alive:
            self.alive[event.tid].kind = "bound" if event.bound else "unbound"

    def create(self, event):
        worker = self.unnamed.pop(event.tid, None) or self.made_for(event.tid)
        if worker:
            worker.wq = event.wq
            self.own_stack(worker, event.user)

    def made_for(self, tid):
        """The newest thread that another one has made in this one's place, as a pool may have it:
        thread_config::create."""
        made = {worker.born_s: creator for creator, worker in self.unnamed.items()
                if worker.process == self.process_of[tid]}
        return self.unnamed.pop(made[max(made)]) if made else None

    def wq_exit(self, event):
        self.wq_ends.setdefault((self.process_of[event.tid], event.wq), event.at_s)

    def reap(self, event):
        worker = self.alive.get(event.tid)
        if worker:
            worker.left_from = self.mappings.stack(worker.process, event.user)
            worker.wq = event.wq or worker.wq

    def ending(self, event):
        process = self.process_of[event.tid]
        if not event.thread:
            self.process_ends.setdefault(process, event.at_s)
        tids = [event.tid] if event.thread else [t for t, p in self.process_of.items()
                                                 if p == process]
        for tid in tids:
            self.ends.setdefault(tid, event.at_s)

    def exit(self, event):
        self.ends.setdefault(event.tid, event.at_s)
        worker = self.alive.pop(event.tid, None)
        if not worker:
            return
        worker.left_s = event.at_s
        if worker.called(event.name):
            worker.left_from = worker.left_from or interesting(event.kernel)
            worker.woken_from = () if worker.kind in NO_POOL else self.woken(worker, event)
            self.over.append(worker)

    def woken(self, worker, event):
        """From where a worker was woken last: an idle one was woken to leave."""
        process = self.process_of.get(event.waker, worker.process)
        user = self.mappings.stack(process, event.woken_user) if worker.side == POOL else ()
        return user or interesting(event.woken_kernel)

    def workers(self, seen):
        """All workers; `seen` is the Sampler, with those that were found in /proc."""
        for worker in self.alive.values():
            name = seen.name_of(worker)
            if name and worker.called(name):
                self.over.append(worker)
        self.over += seen.not_among(self.over)
        for worker in self.over:
            if worker.left_s is not None:
                worker.left = self.why(worker, seen)
        return sorted(self.over, key=lambda w: (w.born_s or 0, w.tid))

    def why(self, worker, seen):
        """Why a worker left: with its wq if that, or its process, was ending by then, else because
        it was idle."""
        if worker.kind in NO_POOL:
            return "done"
        if worker.side == KERNEL:
            owner = seen.owner_of(worker)
            ends = self.ends.get(worker.owner, owner and owner.gone_s)
            # A killed owner's end is seen late, after its workers'.
            if ends is not None and worker.left_s > ends - 0.1:
                return WITH_ITS_WQ
            return IDLE if not owner or owner.tid == worker.owner else UNKNOWN
        ends = (self.wq_ends.get((worker.process, worker.wq)),
                self.process_ends.get(worker.process))
        if any(end is not None and worker.left_s >= end for end in ends):
            return WITH_ITS_WQ
        return IDLE if self.exit_is_seen else UNKNOWN
