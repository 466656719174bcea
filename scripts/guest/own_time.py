# SPDX-License-Identifier: MIT
"""How much time a process really had: a limit by this time catches a hang, and spares a process on
a machine that is busy with something else."""

import time
from pathlib import Path


class OwnTime:
    """Seconds of a process from restart() on, without those in which it waited for a CPU.

    It is the greater of two times: the CPU time of its threads, which is all the time of a process
    that spins; and the time in which none of them waited for a CPU, which is all the time of one
    that sleeps. Where the kernel does not count the waiting, the second is the wall-clock time.
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
