# SPDX-License-Identifier: MIT
"""How much CPU other programs took during a run.

Counted are user processes outside the run, and what the hypervisor took. Kernel threads, loop
devices and interrupts are not: a mode may need those for its own I/O.
"""

import os
import time
from pathlib import Path

PROC = Path("/proc")
# The number of the machine's own PID namespace. In another one /proc shows a container's processes.
MACHINES_OWN = "pid:[4026531836]"
KERNEL_THREAD = 0x00200000  # PF_KTHREAD, a bit of a task's flags
STEAL = 8  # the word of /proc/stat's first line


class Foreign:
    """Notes what each process has used when it is made; cpus() returns what others used since."""

    def __init__(self):
        self.began, self.before = time.monotonic(), used()

    def cpus(self):
        """In CPUs, on average; None where /proc does not show every process."""
        now = used()
        if self.before is None or now is None:
            return None
        seconds = max(time.monotonic() - self.began, 1e-6)
        return round(ticks_between(self.before, now) / os.sysconf("SC_CLK_TCK") / seconds, 4)


def ticks_between(before, now):
    """What processes used between two used(), also those that began or ended meanwhile.

    The ticks of a process that has ended go to its parent as those of a child, with what it had
    used before.
    """
    (steal, then), (steal_now, processes) = before, now
    own = sum(ticks - then.get(key, (0, 0))[0] for key, (ticks, _) in processes.items())
    by_children = sum(ticks - then.get(key, (0, 0))[1] for key, (_, ticks) in processes.items())
    known_before = sum(sum(then[key]) for key in then.keys() - processes.keys())
    return steal_now - steal + own + max(0, by_children - known_before)


def used():
    """(ticks stolen, {(pid, start): (its own ticks, those of its children that have ended)}) of all
    user processes but this one and those below it; None where /proc does not show them all."""
    if os.readlink(PROC / "self/ns/pid") != MACHINES_OWN or not stat_of("1"):
        return None
    stats = {name: stat for name in os.listdir(PROC) if name.isdigit() and (stat := stat_of(name))}
    steal = int((PROC / "stat").read_text().split("\n", 1)[0].split()[STEAL])
    return steal, {(name, stat["start"]): (stat["own"], stat["children"])
                   for name, stat in stats.items()
                   if not stat["kernel"] and not is_ours(name, stats)}


def stat_of(name):
    """What /proc/PID/stat says; None if it has ended, or may not be read."""
    try:
        words = (PROC / name / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return {"parent": words[1], "kernel": bool(int(words[6]) & KERNEL_THREAD),
            "own": int(words[11]) + int(words[12]),
            "children": int(words[13]) + int(words[14]), "start": words[19]}


def is_ours(name, stats):
    while name in stats and name != str(os.getpid()):
        name = stats[name]["parent"]
    return name in stats
