# SPDX-License-Identifier: MIT
"""Where a controller's cgroups are, of version 1 and 2, and what limits this process."""

import re
from pathlib import Path

MOUNTS, OWN = Path("/proc/self/mounts"), Path("/proc/self/cgroup")


def hierarchy(controller):
    """(the mounted root of its cgroups, is it version 2); raises FileNotFoundError without any."""
    unified = None
    for line in MOUNTS.read_text().splitlines():
        _, where, kind, options = line.split()[:4]
        if kind == "cgroup" and controller in options.split(","):
            return Path(where), False
        if kind == "cgroup2":
            unified = Path(where)
    if unified is None:
        raise FileNotFoundError(2, "no cgroups are mounted", "/sys/fs/cgroup")
    return unified, True


def own(controller):
    """The folders of the cgroup that this process is in, and of those above it, up to the root."""
    root, unified = hierarchy(controller)
    for line in OWN.read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(",") or (unified and not names):
            # In a container the path may be that of the host's root, of which nothing is seen here.
            path = Path(path.lstrip("/"))
            return [root / folder for folder in (path, *path.parents)]
    return [root]


def memory_available():
    """The bytes of memory that this process and its children can have, page cache included."""
    text = Path("/proc/meminfo").read_text()
    machines = int(re.search(r"^MemAvailable: +(\d+) kB$", text, re.M)[1]) << 10
    return min([machines, *memory_limits()])


def memory_limits():
    """In bytes."""
    try:
        _, unified = hierarchy("memory")
        folders = own("memory")
    except OSError:
        return []
    limits = []
    for folder in folders:
        path = folder / ("memory.max" if unified else "memory.limit_in_bytes")
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # the root has none; `max` is no limit
            continue
    return limits
