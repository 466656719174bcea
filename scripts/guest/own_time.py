# SPDX-License-Identifier: MIT
"""How much time a process really had: what a limit must go by that catches a hang and no machine
that is busy with something else."""

import time
from pathlib import Path


class OwnTime:
    """Seconds of a process from restart() on, without those in which it waited for a CPU.

    They are the greater of two: the CPU time of its threads, which is all that passes for one that
    spins; and the time in which none of them waited for a CPU, which is all that passes for one
    that sleeps. Where the kernel does not count the waiting, the latter is the time on the wall.
    """

    def __init__(self, pid):
        self.pid = pid
        self.restart()

    def restart(self):
        self.began = time.monotonic()
        self.ran, self.waited = self.counted()

    def passed(self):
        ran, waited = self.counted()
        return max(ran - self.ran, time.monotonic() - self.began - max(0, waited - self.waited))

    def counted(self):
        """(s on a CPU, s waiting for one), summed over the threads that live."""
        ran = waited = 0
        for path in Path(f"/proc/{self.pid}/task").glob("*/schedstat"):
            try:
                on_cpu, in_queue, _ = map(int, path.read_text().split())
            except OSError:
                continue  # the thread ended while we looked
            ran += on_cpu
            waited += in_queue
        return ran / 1e9, waited / 1e9
