# SPDX-License-Identifier: MIT
"""Where a comparison stands: a bar on a terminal, a plain line a block elsewhere."""

import shutil
import sys
import time

from suite.units import clock, rate


class Progress:
    def __init__(self, runs, expected_s, repeats, stream=sys.stdout):
        self.total = len(runs)
        self.per_block = self.total // repeats
        self.repeats = repeats
        self.expected_s = expected_s
        self.stream = stream
        self.bar = stream.isatty()
        self.started = time.monotonic()
        self.done = 0
        self.last = ""

    def left_s(self):
        """The plan's estimate at first, then what the finished runs took."""
        if self.done == 0:
            return self.expected_s
        return (time.monotonic() - self.started) / self.done * (self.total - self.done)

    def show(self, run):
        if self.bar:
            text = f"block {run.repeat}/{self.repeats}  {run.point.mode} depth {run.point.depth}"
            self.draw(f"{text}  {clock(self.left_s())} left  {self.last}")

    def finished(self, run, figures):
        self.done += 1
        result = rate(figures.iops) + " IOPS" if figures else "failed"
        self.last = f"(last: {run.point.mode} {run.point.depth}: {result})"
        if not self.bar and self.done % self.per_block == 0:
            passed = clock(time.monotonic() - self.started)
            print(f"block {self.done // self.per_block} of {self.repeats}: {self.done} of "
                  f"{self.total} runs done, {passed} passed, about {clock(self.left_s())} left",
                  file=self.stream, flush=True)

    def draw(self, text):
        filled = 20 * self.done // self.total
        line = f"[{'#' * filled}{'.' * (20 - filled)}] {self.done}/{self.total}  {text}"
        columns = shutil.get_terminal_size().columns - 1
        self.stream.write(f"\r\033[K{line[:columns]}")
        self.stream.flush()

    def close(self):
        if self.bar:
            self.stream.write("\r\033[K")
            self.stream.flush()
