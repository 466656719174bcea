# SPDX-License-Identifier: MIT
"""What the figures depend on besides the modes: machine, kernel, file system, versions."""

import hashlib
import os
import platform
import re
import subprocess
from pathlib import Path

from suite import places
from suite.measure.mounts import file_system
from suite.measure.process import URING_LIBRARY
from suite.measure.watch import device_of


def describe(bench):
    """The contents of env.json: the machines, the tools and their versions."""
    return bench.machines.about(bench) | {
        "versions": {"fio": first_line(bench.fio, "--version"),
                     "gnuplot": first_line("gnuplot", "--version"),
                     "python": platform.python_version(),
                     "liburing": first_line("pkg-config", "--modversion", "liburing"),
                     "hwloc": first_line("pkg-config", "--modversion", "hwloc"),
                     "engine": engine_version(bench.engine) if bench.machines.seen else None,
                     # Of the modes whose io_uring is in user space; None without any.
                     "iowq_run": iowq_run_version(bench.iowq_run)},
        "git": {"commit": git("rev-parse", "HEAD"),
                # A results folder is no change of what is measured.
                "dirty": bool(git("status", "--porcelain", "--", ".", ":!results"))},
    }


def this_machine(bench):
    return {
        "kernel": f"{platform.system()} {platform.release()} {platform.version()}",
        "machine": platform.machine(),
        "cpu_model": cpu_model(),
        "cpus": os.cpu_count(),
        "cpus_allowed": sorted(os.sched_getaffinity(0)),
        "governor": read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "mitigations": mitigations(),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "numa_nodes": numa_nodes(),
        "topology": lines("lstopo-no-graphics", "--of", "console"),
        "io_uring_disabled": read("/proc/sys/kernel/io_uring_disabled"),
        # Of kernels that move a submitter which sleeps in a call to another thread.
        "io_uring_handoff": read("/proc/sys/kernel/io_uring_handoff"),
        "places": {name: under(path) for name, path in bench.folders.items()},
    }


def mitigations(folder=Path("/sys/devices/system/cpu/vulnerabilities")):
    """{vulnerability: the kernel's words} of those that this CPU has: most CPUs have few."""
    states = {path.name: read(path) for path in sorted(folder.glob("*"))}
    return {name: state for name, state in states.items() if state != "Not affected"}


def under(path):
    """The file system and the device under a path, which plan.json has."""
    kind, _, options, device = file_system(path)
    return {"file_system": kind, "mount_options": options, "device": device,
            "scheduler": scheduler(path)}


def read(path):
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None


def first_line(*command):
    """The first line of a command's output, or None if it cannot be run."""
    return (lines(*command) or [None])[0]


def lines(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip().splitlines()


def git(*arguments):
    """Of a suite that is installed there is nothing to tell."""
    return None if places.INSTALLED else first_line("git", "-C", str(places.HOME), *arguments)


def cpu_model():
    for line in (read("/proc/cpuinfo") or "").splitlines():
        if line.startswith(("model name", "Model", "cpu model")):
            return line.partition(":")[2].strip()
    return platform.processor() or None


def numa_nodes():
    nodes = sorted(Path("/sys/devices/system/node").glob("node[0-9]*"),
                   key=lambda path: int(path.name[4:]))
    return [{"node": int(node.name[4:]), "cpus": read(node / "cpulist"),
             "distances": read(node / "distance")} for node in nodes]


def scheduler(path):
    """The block scheduler under a path; a partition has that of its disk."""
    device = device_of(path) if os.path.exists(path) else None
    return device and (read(device / "queue/scheduler") or read(device.parent / "queue/scheduler"))


def iowq_run_version(path):
    """The hash of what iowq-run puts into a program."""
    if not path:
        return None
    try:
        held = Path(path).with_name(URING_LIBRARY).read_bytes()
    except OSError:
        return None
    return {"sha256": hashlib.sha256(held).hexdigest()}


def engine_version(path):
    """The engine's version, which identifies its sources on any machine; and the file's hash, which
    also depends on how it was built."""
    try:
        held = Path(path).read_bytes()
    except OSError:
        return None
    found = re.search(rb"iowq-engine-version: ([0-9.]+\+[0-9a-f]{12})\0", held)
    return {"version": found and found[1].decode(), "sha256": hashlib.sha256(held).hexdigest()}
