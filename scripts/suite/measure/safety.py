# SPDX-License-Identifier: MIT
"""A job may write to regular files in its own folder below the scratch folder, and to nothing else
without an explicit --destroy."""

import os
import stat
import subprocess
from pathlib import Path

from suite.errors import BadInput
from suite.measure.files import targets
from suite.measure.mounts import mounts


def check_targets(job, folder, destroy=()):
    """Raises BadInput if the job could change anything that it must not, outside its own folder.

    A job that only reads may name a device or file elsewhere: fio then runs, and lays files out,
    with --readonly.
    """
    if not job.writes:
        return
    inside, allowed = os.path.realpath(folder), {os.path.realpath(path) for path in destroy}
    for target in targets(job, folder):
        real = os.path.realpath(target)
        danger = what_is_there(real, inside)
        if danger and real not in allowed:
            raise BadInput(f"job file {job.path} writes to '{target}', which {danger}: refused; "
                           f"--destroy {real} would allow it")


def check_destroy(jobs, destroy):
    """Raises BadInput for a --destroy that names a path that no job writes to: a typing error."""
    written = {os.path.realpath(target) for job, folder in jobs if job.writes
               for target in targets(job, folder)}
    for path in destroy:
        if os.path.realpath(path) not in written:
            raise BadInput(f"--destroy {path}: no job writes to it")


def what_is_there(real, inside):
    """Why a path must not be written to, in words; None for a regular file below `inside`."""
    if os.path.exists(real) and stat.S_ISBLK(os.stat(real).st_mode):
        return "is a block device" + uses(real)
    if os.path.exists(real) and not stat.S_ISREG(os.stat(real).st_mode):
        return "is not a regular file"
    if os.path.commonpath([inside, real]) != inside:
        return f"lies outside its scratch folder {inside}"
    return None


def uses(device):
    """What a block device is in use for, or carries."""
    number = os.stat(device).st_rdev
    found = [f"mounted on {point}" for point, _, _, source in mounts()
             if same_device(source, number)]
    sysfs = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    found += [f"in use by {holder.name}" for holder in sysfs.glob("holders/*")]
    found += [f"partitioned ({part.parent.name})" for part in sorted(sysfs.glob("*/partition"))]
    swaps = Path("/proc/swaps").read_text().splitlines()[1:]
    found += ["used as swap" for line in swaps if same_device(line.split()[0], number)]
    kind = signature(device)
    found += [f"with a signature of {kind} on it"] if kind else []
    return "".join(f", {use}" for use in found)


def same_device(path, number):
    try:
        return os.stat(path).st_rdev == number
    except OSError:
        return False


def signature(device):
    """The file system, or the like, that blkid finds on a device; None if there is none."""
    try:
        done = subprocess.run(["/sbin/blkid", "--probe", "--output", "value", "--match-tag", "TYPE",
                               device], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
