# SPDX-License-Identifier: MIT
"""The modes that can be compared: how each becomes a job, is drawn, and shows its own path.

All knowledge of modes is in the two tables below. A new mode of the engine is one more row.
"""

import re
from dataclasses import dataclass

from suite.errors import BadInput
from suite.figure import (BLACK, BLUE, DASHED, DOTTED, GREEN, ORANGE, PURPLE, RED, SKY, SOLID,
                          Style)
from suite.jobfile import LOGS

ENGINE_PREFIX = "fio:"

# Colours are positions in gnuplot's colour-blind-safe sequence `podo`. The colour says what is done
# with an I/O; filled points and solid lines are this project's pool, hollow points and dashed lines
# the kernel through the same engine, thin or crossed points and dotted lines fio's own engines. No
# two modes have the same point.


def counted(counter, *directions):
    """A check that `counter` is not 0, over the given directions or over all."""

    def missing(stats, job):
        total = sum(stats[d].get(counter, 0) for d in directions or ("read", "write", "other"))
        return f"no_{counter}" if total == 0 else None

    return missing


def punt_path(stats, job):
    """What RWF_NOWAIT must have answered depends on where the data lay."""
    if job.cache == "direct":
        return counted("aio")(stats, job) and counted("pooled")(stats, job)
    if not job.reads:
        return None
    return counted("nowait_miss" if job.cache == "cold" else "inline", "read")(stats, job)


def hashed_path(stats, job):
    """Every buffered write goes through a chain, so none may have been made elsewhere."""
    return counted("pooled", *(["write"] if job.writes and job.buffered else []))(stats, job)


# The engine's offload= values: style, the check of the engine's own counters, and the kernel
# threads that must have been seen (None: none are needed).
OFFLOADS = {
    "inline": (Style(BLACK, 7, SOLID), counted("inline"), None),
    "sqthread": (Style(ORANGE, 9, SOLID), counted("sqthread"), None),
    "handoff": (Style(SKY, 15, SOLID), counted("sqthread"), None),
    "sqwq": (Style(BLUE, 5, SOLID), counted("pooled"), None),
    "punt": (Style(GREEN, 13, SOLID), punt_path, None),
    "hashed": (Style(RED, 11, SOLID), hashed_path, None),
    "acall": (Style(PURPLE, (7, 7), SOLID), counted("acall"), None),
    "acall_pool": (Style(PURPLE, (5, 5), SOLID), counted("acall"), None),
    "uring": (Style(GREEN, 12, DASHED), counted("issued"), None),
    "uring_async": (Style(BLUE, 4, DASHED), counted("issued"), "iou-wrk"),
    "uring_sqpoll": (Style(ORANGE, 8, DASHED), counted("issued"), "iou-sqp"),
    "uring_defer": (Style(SKY, 6, DASHED), counted("issued"), None),
}

# fio's engines that have a style of their own, and the kernel threads that must have been seen.
FIO_ENGINES = {
    "fio:psync": (Style(BLACK, 1, DOTTED), None),
    "fio:io_uring": (Style(GREEN, 2, DOTTED), None),
    "fio:io_uring+force_async=1": (Style(BLUE, 3, DOTTED), "iou-wrk"),
    "fio:io_uring+sqthread_poll=1": (Style(ORANGE, (6, 1), DOTTED), "iou-sqp"),
    "fio:libaio": (Style(PURPLE, (4, 2), DOTTED), None),
    "fio:posixaio": (Style(PURPLE, (6, 2), DOTTED), None),
    "fio:psync+io_submit_mode=offload": (Style(BLACK, (4, 1), DOTTED), None),
}

# For modes in neither table (options of the user's own), in the order in which they are asked for.
# There are ten points and seven colours, so that only the 71st would be the first again.
SPARE_POINTS = [((9, 9), SOLID), (14, DASHED), ((13, 13), SOLID), (10, DASHED), ((11, 11), SOLID),
                ((12, 7), DASHED), ((15, 15), SOLID), ((8, 7), DASHED), ((4, 7), DASHED),
                ((6, 7), DASHED)]
SPARE_COLOURS = [RED, SKY, PURPLE, ORANGE, BLUE, GREEN, BLACK]
SPARE_STYLES = [Style(colour, point, dash)
                for colour, (point, dash) in zip(10 * SPARE_COLOURS, 7 * SPARE_POINTS)]

# What the suite itself decides for every mode alike, so a mode may not.
RESERVED = LOGS | {
    "ioengine", "offload", "iodepth", "directory", "filename", "rw", "readwrite", "bs", "blocksize",
    "size", "runtime", "timeout", "time_based", "randseed", "pool_stats", "invalidate", "pre_read",
    "direct", "buffered", "opendir", "filename_format", "arrival_rate", "unlink", "unlink_each_loop",
    "read_iolog", "write_iolog", "mem", "iomem",
}


@dataclass(frozen=True)
class Mode:
    name: str
    base: str
    options: tuple

    @property
    def offload(self):
        """The engine's offload= value, or None for one of fio's own engines."""
        return None if self.base.startswith(ENGINE_PREFIX) else self.base

    def job_options(self, engine):
        """The job file's lines for this mode; the engine first, as its options need it."""
        lines = {"ioengine": self.base.removeprefix(ENGINE_PREFIX)}
        if self.offload:
            lines = {"ioengine": f"external:{engine}", "offload": self.offload}
        return lines | dict(self.options)

    def strayed(self, stats, threads, job):
        """Why this run did not take the mode's own path, as one word; None if it did."""
        check, kernel_threads = None, None
        if self.offload:
            _, check, kernel_threads = OFFLOADS[self.base]
        elif self.name in FIO_ENGINES:
            _, kernel_threads = FIO_ENGINES[self.name]
        if check and stats is None:
            return "no_evidence"
        if check and check(stats, job):
            return check(stats, job)
        if kernel_threads and not threads.get(kernel_threads):
            return f"no_{kernel_threads}"
        return None


def parse_mode(text):
    """One mode from the command line: `sqwq`, `fio:psync`, `sqwq+max_bounded=4`."""
    base, *extra = text.split("+")
    engine = base.removeprefix(ENGINE_PREFIX)
    if base not in OFFLOADS and not (base != engine and re.fullmatch(r"[A-Za-z0-9_-]+", engine)):
        raise BadInput(
            f"unknown mode '{text}': allowed are {', '.join(OFFLOADS)}, and fio's own engines as "
            "fio:NAME, each with options as MODE+option=value"
        )
    options = {}
    for option in extra:
        match = re.fullmatch(r"([a-z0-9_]+)=([A-Za-z0-9_.:/%@-]+)", option)
        if not match:
            raise BadInput(f"mode '{text}': '{option}' is not of the form option=value")
        if match[1] in RESERVED or match[1] in options:
            raise BadInput(f"mode '{text}': {match[1]} is set by the comparison, or given twice")
        options[match[1]] = match[2]
    return Mode(text, base, tuple(options.items()))


def parse_modes(text):
    modes = [parse_mode(name.strip()) for name in text.split(",")]
    if len({mode.name for mode in modes}) < len(modes):
        raise BadInput(f"--modes {text}: a mode is given twice")
    return modes


def styles(names):
    """One style a mode: a mode of the tables always has its own, others take the next spare one."""
    known = {name: row[0] for name, row in (OFFLOADS | FIO_ENGINES).items()}
    others = [name for name in names if name not in known]
    spare = {name: SPARE_STYLES[i % len(SPARE_STYLES)] for i, name in enumerate(others)}
    return {name: known.get(name) or spare[name] for name in names}
