# SPDX-License-Identifier: MIT
"""What the tracers have in common: their interface, where they attach, and when they are refused.
"""

import os
import re
import subprocess
from pathlib import Path

from suite.workers.symbols import EXIT, Elf, NotElf, has_probes

PLACES = (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing"))
FIRST_NAMESPACE = "pid:[4026531836]"
REGISTERS = {"rax": "ax", "rbx": "bx", "rcx": "cx", "rdx": "dx", "rdi": "di", "rsi": "si",
             "rbp": "bp", "rsp": "sp"}


class Refused(Exception):
    """This way of tracing is not to be had here; the text says why, in one line."""


class Tracer:
    """To be called in this order: start; pump, now and then; drain; stop; events."""

    name = ""
    exit_is_seen = False   # whether there will be wq_exit events
    kind_is_known = False  # whether the kernel's workers are known to be bound or unbound

    def __init__(self):
        self.notes = []


def check_may_trace():
    if os.geteuid() != 0:
        raise Refused("tracing needs root")
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        return
    if namespace != FIRST_NAMESPACE:
        raise Refused("process numbers here are not the kernel's own (a PID namespace)")


def mount_tracefs():
    """The folder of tracefs, which is mounted if it is not, and left mounted as other tools do."""
    for place in PLACES:
        if (place / "events/task/task_newtask").exists():
            return place
    done = subprocess.run(["mount", "-t", "tracefs", "tracefs", str(PLACES[0])],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["mount failed"]
        raise Refused(f"tracefs is not mounted at {PLACES[0]}, and cannot be: {said[-1]}")
    if not (PLACES[0] / "events/task/task_newtask").exists():
        raise Refused("this kernel has no tracepoint task:task_newtask")
    return PLACES[0]


class Source:
    """A file that holds the library, with the places in it that are traced."""

    def __init__(self, path):
        self.path = str(path)
        elf = Elf(path)
        self.places = [(name, offset, arguments) for name, offset, arguments in elf.probes()
                       if name in ("create", "reap") and offset]
        self.exit_at = elf.function_offset(EXIT)

    def for_bpftrace(self):
        """[(bpftrace's name of the place, our name of it)]"""
        names = list(dict.fromkeys(name for name, _, _ in self.places))
        found = [(f"usdt:{self.path}:iowq:{name}", name) for name in names]
        return found + ([(f"uprobe:{self.path}:{EXIT}", "wq_exit")] if self.exit_at else [])

    def for_tracefs(self):
        """[(our name, the place as uprobe_events takes it, with the wq if it can be fetched)]"""
        found = [(name, f"{self.path}:{offset:#x}{fetched(arguments)}")
                 for name, offset, arguments in self.places]
        if self.exit_at:
            register = " wq=%di:u64" if os.uname().machine == "x86_64" else ""
            found.append(("wq_exit", f"{self.path}:{self.exit_at:#x}{register}"))
        return found


def fetched(arguments):
    """A probe's first argument, the wq, in uprobe_events' syntax; empty unless it has x86's form.
    """
    match = re.match(r"8@(?:(-?\d*)\(%(\w+)\)|%(\w+))", arguments)
    if not match:
        return ""
    register = match[2] or match[3]
    register = "%" + REGISTERS.get(register, register)
    if match[2]:
        register = f"{int(match[1] or 0):+d}({register})"
    return f" wq={register}:u64"


def sources_in(paths):
    """A Source for each file that holds the library, and can be named to a tracer."""
    found = []
    for path in paths:
        if re.fullmatch(r"/[\w./+@~-]+", path) and has_probes(path):
            try:
                found.append(Source(path))
            except NotElf:
                pass
    return found
