# SPDX-License-Identifier: MIT
"""A cgroup with a CPU quota, as containers have it, for one run at a time."""

import os
import re
import time
from contextlib import contextmanager, suppress

from suite.errors import BadInput
from suite.measure.cgroups import hierarchy

PERIOD_US = 100000  # as Docker and Kubernetes set it
NAME = "iowq-compare-{pid}"
ATTEMPTS = 500


@contextmanager
def quota(cpus):
    """The folder of a cgroup whose processes use so many CPUs on average at the most; None: no
    quota. It is gone afterwards, with its processes."""
    if cpus is None:
        yield None
        return
    group = make(cpus)
    try:
        yield group
    finally:
        remove(group)


def check():
    """Raises BadInput where no such cgroup can be made."""
    try:
        with quota(1):
            pass
    except OSError as error:
        raise BadInput("--busy quota: no cgroup with a CPU quota can be made here "
                       f"({error.filename}: {error.strerror}): it needs root, and the cpu "
                       "controller") from error


def make(cpus):
    base, unified = hierarchy("cpu")
    if unified and "cpu" not in (base / "cgroup.subtree_control").read_text().split():
        write(base / "cgroup.subtree_control", "+cpu")
    remove_left_over(base)
    group = base / NAME.format(pid=os.getpid())
    group.mkdir(exist_ok=True)
    limit = round(cpus * PERIOD_US)
    try:
        if unified:
            write(group / "cpu.max", f"{limit} {PERIOD_US}")
        else:
            write(group / "cpu.cfs_period_us", PERIOD_US)
            write(group / "cpu.cfs_quota_us", limit)
    except OSError:
        os.rmdir(group)
        raise
    return group


def remove(group):
    """Also if a process in it was killed just now, and is not gone yet."""
    for _ in range(ATTEMPTS):
        with suppress(OSError):
            os.rmdir(group)
            return
        time.sleep(0.01)


def write(path, value):
    """Names the path also where the kernel refuses the value."""
    try:
        path.write_text(f"{value}")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def remove_left_over(base):
    """Those of comparisons that were killed."""
    for group in base.glob(NAME.format(pid="*")):
        pid = re.fullmatch(NAME.format(pid=r"(\d+)"), group.name)
        if pid and not os.path.exists(f"/proc/{pid[1]}"):
            with suppress(OSError):
                os.rmdir(group)
