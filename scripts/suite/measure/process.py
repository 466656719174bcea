# SPDX-License-Identifier: MIT
"""One process under a time limit: its output, its rusage, its threads; and it always ends."""

import ctypes
import os
import re
import select
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM

SAMPLE_S = 0.05
# The least share of a CPU that counts as activity: fio's process, which waits for its jobs, takes
# 0.001.
LEAST_CPU = 0.02
TICKS = os.sysconf("SC_CLK_TCK")
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
# What iowq-run puts into a program.
URING_LIBRARY = "libiowq-uring.so"


class Stop:
    """Set by a signal, looked at between runs and while a run is waited for.

    It is a flag and no exception: that could come between a fork and noting the process's id, or in
    the middle of writing a file.
    """

    def __init__(self):
        self.signal = None

    def listen(self):
        for number in (signal.SIGINT, SIGTERM, signal.SIGHUP):
            signal.signal(number, self.note)

    def note(self, number, _frame):
        self.signal = number


@dataclass
class Outcome:
    status: int = 0
    hung: bool = False
    stopped: bool = False
    wall_s: float = 0.0
    user_s: float = 0.0
    system_s: float = 0.0
    read_bytes: int = 0
    voluntary_switches: int = 0
    involuntary_switches: int = 0
    threads_peak: int = 0
    threads_by_name: dict = field(default_factory=dict)
    threads_over_time: list = field(default_factory=list)
    uring_in_user_space: bool = False
    stdout: bytes = b""
    stderr: bytes = b""


def run_limited(command, cwd, limit, stop, grace_s=0, group=None, cpus=None):
    """Runs a command to its end, its limit or a stop, and never leaves a process behind.

    With a grace the command is first asked to end: so fio's client can end its jobs on the servers.
    `group`: the folder of the cgroup in which it runs. `cpus`: those that it may use.
    """
    # Files in memory instead of pipes: nobody needs to read along, and no full disk cuts them off.
    out, err = os.memfd_create("stdout"), os.memfd_create("stderr")
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                               start_new_session=True,
                               preexec_fn=before_exec(SIGTERM if grace_s else SIGKILL, group,
                                                      cpus))
    outcome = Outcome()
    threads = Threads(process.pid)
    activity = Activity(threads.family)
    done = os.pidfd_open(process.pid)
    try:
        while not select.select([done], [], [], SAMPLE_S)[0]:
            threads.sample()
            outcome.hung = time.monotonic() - started > limit.after_s and not (
                limit.quiet_s and activity.seen_within(limit.quiet_s))
            outcome.stopped = stop.signal is not None
            if outcome.hung or outcome.stopped:
                if grace_s:
                    signal_quietly(process.pid, SIGTERM)
                    select.select([done], [], [], grace_s)
                kill_tree(process.pid)
                break
    finally:
        os.close(done)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = outcome.status = os.waitstatus_to_exitcode(status)
    outcome.wall_s = time.monotonic() - started
    outcome.user_s, outcome.system_s = usage.ru_utime, usage.ru_stime
    outcome.read_bytes = usage.ru_inblock * 512
    outcome.voluntary_switches, outcome.involuntary_switches = usage.ru_nvcsw, usage.ru_nivcsw
    outcome.threads_peak, outcome.threads_by_name = threads.peak, threads.peak_by_name
    outcome.threads_over_time = threads.over_time
    outcome.uring_in_user_space = threads.uring_in_user_space
    outcome.stdout, outcome.stderr = read_back(out), read_back(err)
    return outcome


def before_exec(number, group, cpus):
    """What a child does before it becomes the command."""
    ended = ended_by_parent(number)

    def child():
        ended()
        if group:
            (group / "cgroup.procs").write_text("0")
        if cpus:
            os.sched_setaffinity(0, cpus)

    return child


def ended_by_parent(number):
    """Has the kernel signal a child when its parent dies: if the comparison is killed, fio must not
    go on writing."""
    return lambda: LIBC.prctl(PR_SET_PDEATHSIG, number)


def read_back(memory):
    with os.fdopen(memory, "rb") as file:
        file.seek(0)
        return file.read()


class Threads:
    """Counts the threads of a process and its descendants, the kernel's io workers with them; and
    sees whether the process has io_uring in user space."""

    def __init__(self, pid):
        self.family = Family(pid)
        self.peak = 0
        self.peak_by_name = {}
        self.over_time = []  # [ms, {name: threads}], where that changes
        self.uring_in_user_space = False
        self.started = time.monotonic()

    def sample(self):
        self.uring_in_user_space = self.uring_in_user_space or maps(self.family.root, URING_LIBRARY)
        names = Counter(name for pid in self.family.members() for name in thread_names(pid))
        self.peak = max(self.peak, names.total())
        for name, count in names.items():
            self.peak_by_name[name] = max(self.peak_by_name.get(name, 0), count)
        if not self.over_time or self.over_time[-1][1] != names:
            self.over_time.append([round(1000 * (time.monotonic() - self.started)), dict(names)])


def maps(pid, library):
    """Whether a process has a library."""
    try:
        return f"/{library}\n" in Path(f"/proc/{pid}/maps").read_text(errors="replace")
    except OSError:
        return False  # the process ended, or is not ours to look at


def thread_names(pid):
    """The names of a process's threads, without the numbers in those of the kernel's workers."""
    names = []
    with suppress(OSError):  # the process has ended while we looked
        for task in os.scandir(f"/proc/{pid}/task"):
            with suppress(OSError):  # this thread has ended
                name = Path(task.path, "comm").read_text().strip()
                names.append("-".join(name.split("-")[:2]) if name.startswith("iou-") else name)
    return names


class Activity:
    """Whether a family of processes does anything: reads or writes the storage, waits for it, or
    computes."""

    def __init__(self, family):
        self.family = family
        self.seen = self.looked = time.monotonic()
        self.io, self.cpu_s = {}, 0.0  # as of `seen`

    def seen_within(self, quiet_s):
        now = time.monotonic()
        if now - self.looked >= min(1, quiet_s / 10):
            self.looked = now
            self.look(now)
        return now - self.seen <= quiet_s

    def look(self, now):
        members = self.family.members()
        io = {pid: storage_bytes(pid) for pid in members}
        states, cpu_s = zip(*(state_and_cpu(pid) for pid in members)) if members else ([], [0])
        busy = sum(cpu_s) - self.cpu_s > LEAST_CPU * (now - self.seen)
        if io != self.io or "D" in "".join(states) or busy:
            self.seen, self.io, self.cpu_s = now, io, sum(cpu_s)


def storage_bytes(pid):
    try:
        text = Path(f"/proc/{pid}/io").read_text()
        return re.findall(r"^(?:read|write)_bytes: (\d+)", text, re.M)
    except OSError:
        return []  # the process ended, or is not ours to look at


def state_and_cpu(pid):
    """(the state letters of a process's threads, the CPU time of all in seconds)"""
    states, cpu_s = "", 0.0
    try:
        for task in os.scandir(f"/proc/{pid}/task"):
            fields = Path(task.path, "stat").read_text().rpartition(")")[2].split()
            states += fields[0]
            cpu_s += (int(fields[11]) + int(fields[12])) / TICKS
    except OSError:
        pass  # the process ended while we looked
    return states, cpu_s


class Family:
    """A process and its living descendants, by their parents: /proc's `children` files are often
    not built in."""

    def __init__(self, root):
        self.parents = {}
        self.root = root

    def members(self):
        alive = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        self.parents = {pid: self.parents.get(pid) or parent_of(pid) for pid in alive}
        family, found = {self.root}, True
        while found:
            found = {p for p, parent in self.parents.items() if parent in family} - family
            family |= found
        return family & alive


def parent_of(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def kill_tree(pid):
    """Kills a process and its descendants. A signal to the process group would not reach fio's
    jobs, which lead sessions of their own and outlive their parent."""
    signal_quietly(pid, signal.SIGSTOP)
    for member in Family(pid).members():
        signal_quietly(member, SIGKILL)


def kill_left_over(program, folders):
    """Kills fio's jobs that a killed comparison has left running in its folders: they outlive their
    parent, and would go on writing during the next comparison's runs."""
    folders = [os.path.realpath(folder) for folder in folders]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            works_in, runs = (os.readlink(f"/proc/{pid}/{link}") for link in ("cwd", "exe"))
        except OSError:
            continue  # the process ended, or is not ours to look at
        inside = any(works_in == f or works_in.startswith(f"{f}/") for f in folders)
        if inside and runs == os.path.realpath(program):
            signal_quietly(int(pid), SIGKILL)
            wait_until_gone(int(pid))


def wait_until_gone(pid):
    try:
        done = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([done], [], [], 10)
    os.close(done)


def signal_quietly(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
