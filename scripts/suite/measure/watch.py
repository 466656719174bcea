# SPDX-License-Identifier: MIT
"""What the machine counted during a run: others' CPU time, pressure, the device under the files."""

import os
import re
import time
from pathlib import Path

from suite.measure.foreign import Foreign
from suite.measure.mounts import file_system

PRESSURE = Path("/proc/pressure")
SECTOR = 512


class Watch:
    """Notes the counters when it is made; since() returns how much they have grown."""

    def __init__(self, folder):
        self.device = device_of(folder)
        self.foreign = Foreign()
        self.before = self.now()

    def now(self):
        return time.monotonic(), suspended_s(), stalled_us(), device_counts(self.device)

    def since(self):
        """{"foreign_cpus": those that other programs took, "suspended_s": ..., "pressure":
        {resource: share of the time some task waited for it}, "device": ...}"""
        found = {"foreign_cpus": self.foreign.cpus()}
        then, slept, stalled, counts = self.before
        now, slept_now, stalled_now, counts_now = self.now()
        seconds = max(now - then, 1e-6)
        found["suspended_s"] = round(slept_now - slept, 3)
        found["pressure"] = {name: round((stalled_now[name] - stalled[name]) / 1e6 / seconds, 4)
                             for name in stalled if name in stalled_now}
        if not counts or not counts_now:
            return found | {"device": None}
        reads, sectors_read, writes, sectors_written, busy_ms, queue_ms = (
            after - before for before, after in zip(counts, counts_now))
        return found | {"device": {
            "name": self.device.name,
            "reads": reads, "read_bytes": sectors_read * SECTOR,
            "writes": writes, "written_bytes": sectors_written * SECTOR,
            "busy": round(busy_ms / 1e3 / seconds, 4),
            "queue": round(queue_ms / 1e3 / seconds, 3)}}


def suspended_s():
    """For how long the machine has been suspended since boot, as its clocks tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def stalled_us():
    """{resource: us for which some task has waited for it since boot}; empty without PSI."""
    found = {}
    for resource in ("cpu", "io", "memory"):
        try:
            match = re.search(r"^some .*total=(\d+)", (PRESSURE / resource).read_text(), re.M)
        except OSError:
            continue
        if match:
            found[resource] = int(match[1])
    return found


def device_of(folder):
    """The sysfs folder of the block device under a folder; None where there is none (tmpfs)."""
    numbers = [os.stat(folder).st_dev]
    source = file_system(folder)[3]
    if source.startswith("/dev/") and os.path.exists(source):
        numbers.append(os.stat(source).st_rdev)  # btrfs's st_dev is the number of no device
    for number in numbers:
        path = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
        if path.exists():
            return path.resolve()
    return None


def device_counts(device):
    """Reads, sectors read, writes, sectors written, ms busy, ms summed over the requests queued."""
    if not device:
        return None
    try:
        fields = [int(text) for text in (device / "stat").read_text().split()]
    except OSError:
        return None
    return fields[0], fields[2], fields[4], fields[6], fields[9], fields[10]
