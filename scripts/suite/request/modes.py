# SPDX-License-Identifier: MIT
"""The modes that can be compared: how each becomes a job, and how it is seen to take its own path.

A new mode of the engine is one more row here, and one in draw/styles.py.
"""

import re
from dataclasses import dataclass

from suite.errors import BadInput, meant
from suite.request.jobfile import LOGS

# What stands before the name of one of fio's own engines: as it is, and under build/iowq-run, which
# gives it io_uring in user space.
ENGINE_PREFIX, IOWQ_RUN_PREFIX = "fio:", "iowq:"
# The engines that can run on io_uring in user space. (io_uring_cmd sends commands to a device's
# driver, which only the kernel can.)
URING_ENGINES = ("io_uring",)
# Those that somebody may name without the prefix.
FIO_ENGINES = ("fio:psync", "fio:io_uring", "fio:libaio", "fio:posixaio", "fio:sync", "fio:null",
               "fio:filestat", "fio:filecreate", "fio:filedelete")


def counted(counter, *directions):
    """A check that `counter` is not 0, over the given directions or over all."""

    def missing(stats, job):
        total = sum(stats[d].get(counter, 0) for d in directions or ("read", "write", "other"))
        return f"no_{counter}" if total == 0 else None

    return missing


def handed_over(counter, *directions):
    """A check that the thread that the mode is named for issued something, or that the submitter
    did so in its place, while that was found to be better."""

    def missing(stats, job):
        total = sum(stats[d].get(name, 0) for d in directions or ("read", "write", "other")
                    for name in (counter, "helped"))
        return f"no_{counter}" if total == 0 else None

    return missing


def punt_path(stats, job):
    """Checks that RWF_NOWAIT answered as it must: what that is depends on where the data lay."""
    if job.cache == "direct":
        return counted("aio")(stats, job) and counted("pooled")(stats, job)
    if not job.reads or (stats["other"].get("issued") and not stats["read"].get("issued")):
        return None  # RWF_NOWAIT is for reads only, not for operations in their place
    if job.cache != "cold":
        return counted("inline", "read")(stats, job)
    # At depth 1 nobody else waits, so the submitter waits in the plain call.
    return None if stats["read"].get("waited") else counted("nowait_miss", "read")(stats, job)


def hashed_path(stats, job):
    """Checks that workers made the I/O: every buffered write goes through a chain, in the pool."""
    writes = job.writes and job.buffered and stats["write"].get("issued", 1)
    return handed_over("pooled", *(["write"] if writes else []))(stats, job)


# {offload= value: (the check of the engine's counters, the kernel threads that must have been
# seen)}; None: there is no such check.
OFFLOADS = {
    "inline": (counted("inline"), None),
    "sqthread": (handed_over("sqthread"), None),
    "handoff": (handed_over("sqthread"), None),
    "sqwq": (handed_over("pooled"), None),
    "punt": (punt_path, None),
    "hashed": (hashed_path, None),
    "acall": (counted("acall"), None),
    "acall_pool": (counted("acall"), None),
    "uring": (counted("issued"), None),
    "uring_async": (counted("issued"), "iou-wrk"),
    "uring_sqpoll": (counted("issued"), "iou-sqp"),
    "uring_defer": (counted("issued"), None),
}

# {mode of the pool: the mode that does the same through the kernel's io_uring}, as
# engine/README.md has it for people.
COUNTERPARTS = {
    "inline": "uring",
    "sqthread": "uring_sqpoll",
    "sqwq": "uring_async",
    "punt": "uring",
    "hashed": "uring_async",
}
# Those that hand I/Os over to another thread, unless that is found not to pay.
HAND_OVER = ("sqthread", "handoff", "sqwq", "hashed")
KERNEL = tuple(offload for offload in OFFLOADS if offload.startswith("uring"))

# {mode of fio's own engines: the threads that must have been seen, by how their names begin}.
FIO_THREADS = {
    "fio:io_uring+force_async=1": "iou-wrk",
    "fio:io_uring+sqthread_poll=1": "iou-sqp",
    "iowq:io_uring+force_async=1": "iowq-wrk",
    "iowq:io_uring+sqthread_poll=1": "iowq-sq",
}

# An option of the kernel's modes that the suite sets itself, for the machine (kernel_handoff.py).
KERNEL_HANDOFF = "kernel_handoff"

# Options that the suite sets for every mode alike, so a mode must not.
RESERVED = LOGS | {
    "ioengine", "offload", "iodepth", "directory", "filename", "rw", "readwrite", "bs", "blocksize",
    "size", "runtime", "timeout", "time_based", "randseed", "pool_stats", "invalidate", "pre_read",
    "direct", "buffered", "opendir", "filename_format", "arrival_rate", "unlink",
    "unlink_each_loop", "read_iolog", "write_iolog", "mem", "iomem",
}


@dataclass(frozen=True)
class Mode:
    name: str
    base: str
    options: tuple

    @property
    def offload(self):
        """The engine's offload= value, or None for one of fio's own engines."""
        return self.base if ours(self.base) else None

    @property
    def under_iowq_run(self):
        """Is io_uring in user space for it?"""
        return under_iowq_run(self.base)

    def job_options(self, engine):
        """The mode's options in a job file; the engine first, as its own options need it."""
        lines = {"ioengine": self.base.partition(":")[2]}
        if self.offload:
            lines = {"ioengine": f"external:{engine}", "offload": self.offload}
        return lines | {name: value for name, value in self.options if name != KERNEL_HANDOFF}

    @property
    def kernel_handoff(self):
        """1 or 0: the kernel is to move submitters that sleep, or not to. None: as it is."""
        return dict(self.options).get(KERNEL_HANDOFF)

    def helped(self, stats):
        """The share of a run's I/Os that the submitter did itself; None if the mode hands nothing
        over."""
        if self.base not in HAND_OVER or not stats:
            return None
        issued, helped = (sum(stats[d].get(name, 0) for d in stats)
                          for name in ("issued", "helped"))
        return helped / issued if issued else None

    def strayed(self, stats, threads, job, in_user_space=False, counted=0):
        """One word for why a run did not take the mode's own path; None if it did.

        `in_user_space`: io_uring was. `counted`: how many threads of the mode's the engine saw at
        once itself, as who looks at a short run from outside may miss them.
        """
        check, needed = OFFLOADS[self.base] if self.offload else (None, FIO_THREADS.get(self.name))
        if check and stats is None:
            return "no_evidence"
        if check and check(stats, job):
            return check(stats, job)
        if self.under_iowq_run and not in_user_space:
            return "no_iowq-run"
        if needed and not counted and not any(name.startswith(needed) for name in threads):
            return f"no_{needed}"
        return None


def counterpart(name):
    """The name of the mode's counterpart, None without one; options after a plus change nothing,
    except where both are fio's engine, which has them on either io_uring."""
    if under_iowq_run(name):
        return ENGINE_PREFIX + name.removeprefix(IOWQ_RUN_PREFIX)
    return COUNTERPARTS.get(base_of(name))


def ours(name):
    """Is it a mode of this project's engine?"""
    return base_of(name) in OFFLOADS


def under_iowq_run(name):
    """Is it an engine of fio's own, on io_uring in user space?"""
    return name.startswith(IOWQ_RUN_PREFIX)


def by_fio(name):
    """Is it an engine of fio's own, as it is?"""
    return name.startswith(ENGINE_PREFIX)


def needs_io_uring(name):
    """Does the mode need the kernel's io_uring?"""
    return of_kernel(name) or base_of(name).removeprefix(ENGINE_PREFIX) in URING_ENGINES


def of_kernel(name):
    """Does the mode do its I/O through the kernel's io_uring, in this project's engine?"""
    return base_of(name) in KERNEL


def base_of(name):
    return name.partition("+")[0]


def parse_mode(text):
    """One mode from the command line: `sqwq`, `fio:psync`, `sqwq+max_bounded=4`,
    `iowq:io_uring`."""
    base, *extra = text.split("+")
    prefix, colon, engine = base.partition(":")
    in_user_space = [IOWQ_RUN_PREFIX + name for name in URING_ENGINES]
    if prefix + colon == IOWQ_RUN_PREFIX and engine not in URING_ENGINES:
        raise BadInput(f"mode '{text}': io_uring in user space is for engines that use io_uring: "
                       f"allowed is {', '.join(in_user_space)}, with options as "
                       f"{in_user_space[0]}+option=value")
    if not ours(base) and not (prefix + colon in (ENGINE_PREFIX, IOWQ_RUN_PREFIX)
                               and re.fullmatch(r"[A-Za-z0-9_-]+", engine)):
        raise BadInput(
            f"unknown mode '{text}'{meant(base, [*OFFLOADS, *FIO_ENGINES, *in_user_space])}: "
            f"allowed are {', '.join(OFFLOADS)}, fio's own engines as fio:NAME, and "
            f"{', '.join(in_user_space)}, each with options as MODE+option=value"
        )
    options = {}
    for option in extra:
        match = re.fullmatch(r"([a-z0-9_]+)=([A-Za-z0-9_.:/%@-]+)", option)
        if not match:
            raise BadInput(f"mode '{text}': '{option}' is not of the form option=value")
        if match[1] in RESERVED or match[1] in options:
            raise BadInput(f"mode '{text}': {match[1]} is set by the comparison, or given twice")
        options[match[1]] = match[2]
    if KERNEL_HANDOFF in options and (base not in (*KERNEL, "fio:io_uring")
                                      or options[KERNEL_HANDOFF] not in ("0", "1")):
        raise BadInput(f"mode '{text}': {KERNEL_HANDOFF}= is 0 or 1, and of the kernel's modes: "
                       f"{', '.join(KERNEL)}, fio:io_uring")
    return Mode(text, base, tuple(options.items()))


def parse_modes(text):
    modes = [parse_mode(name.strip()) for name in text.split(",")]
    if len({mode.name for mode in modes}) < len(modes):
        raise BadInput(f"--modes {text}: a mode is given twice")
    return modes
