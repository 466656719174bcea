# SPDX-License-Identifier: MIT
"""Figures as people write and read them: sizes, times, rates, shares."""

UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def size_words(size):
    """`65536` as `64k`; a size that is no multiple of 1024 stays as it is."""
    for unit in ("g", "m", "k"):
        if size.isdigit() and int(size) and int(size) % UNITS[unit] == 0:
            return f"{int(size) // UNITS[unit]}{unit}"
    return size


def bytes_in_words(size):
    """`4 KiB`; a size that is no multiple of 1024 stays in bytes."""
    for unit in ("g", "m", "k"):
        if size and size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]} {unit.upper()}iB"
    return f"{size} bytes"


def percent(share):
    return f"{100 * share:.4g} %"


def depth_name(depth):
    """The number, or `unknown` for None."""
    return "unknown" if depth is None else str(depth)


def rate(iops):
    if iops >= 999500:
        return f"{iops / 1e6:.3g} M"
    return f"{iops / 1e3:.3g} k" if iops >= 999.5 else f"{iops:.3g}"


def duration(ns):
    if ns is None:
        return "-"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.3g} ns"


def clock(seconds):
    hours, rest = divmod(int(seconds), 3600)
    return (f"{hours}:{rest // 60:02d}" if hours else f"{rest // 60}") + f":{rest % 60:02d}"
