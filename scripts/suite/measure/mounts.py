# SPDX-License-Identifier: MIT
"""What is mounted where, from the kernel's own list."""

import os
import re


def mounts():
    """[(mount point, type, options, device)] in the order of mounting."""
    found = []
    with open("/proc/self/mountinfo") as lines:
        for line in lines:
            left, right = line.split(" - ")
            kind, device, more = right.split(maxsplit=2)
            found.append((unescaped(left.split()[4]), kind,
                          f"{left.split()[5]},{more.strip()}", unescaped(device)))
    return found


def unescaped(path):
    r"""A path of the kernel's list, in which a space, for one, is written as \040."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)


def file_system(path):
    """(type, mount point, options, device) of the mount that a path lies on."""
    path = os.path.realpath(path)
    best = ("unknown", "", "", "")
    for point, kind, options, device in mounts():
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[1]):
            best = (kind, point, options, device)
    return best


def in_memory(path):
    """Does it lie in memory alone (tmpfs, ramfs), so that it is never anywhere but in the cache?"""
    return file_system(path)[0] in ("tmpfs", "ramfs")

