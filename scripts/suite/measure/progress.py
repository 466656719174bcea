# SPDX-License-Identifier: MIT
"""How far a comparison is: a bar on a terminal, elsewhere a plain line for each round."""

import shutil
import sys
import time

from suite.units import clock, rate


class Progress:
    def __init__(self, runs, expected_s, stream=None):
        self.total = runs
        self.expected_s = expected_s
        self.stream = stream or sys.stdout
        self.bar = self.stream.isatty()
        self.started = time.monotonic()
        self.done = self.made = 0
        self.name = self.last = self.so_far = ""

    def left_s(self):
        """The seconds that are left: by the plan at first, then by what the finished runs took."""
        if self.made == 0:
            return self.expected_s
        return (time.monotonic() - self.started) / self.made * (self.total - self.done)

    def begin_round(self, repeat, last, runs):
        """A round begins, with so many runs, as all until the last one have, as far as is known."""
        self.name = f"round {repeat} of {last}" if repeat else "traced runs"
        if repeat:
            self.total = self.done + runs * (last - repeat + 1)

    def show(self, run):
        if self.bar:
            text = f"{self.name}  {run.point.mode} {run.point.where}"
            known = f"  {self.so_far}" if self.so_far else ""
            self.draw(f"{text}  {clock(self.left_s())} left{known}  {self.last}")

    def was_there(self):
        self.done += 1

    def finished(self, run, figures):
        self.done += 1
        self.made += 1
        result = rate(figures.iops) + " IOPS" if figures else "failed"
        self.last = f"(last: {run.point.mode} {run.point.where}: {result})"

    def end_round(self, so_far):
        """`so_far`: what is known by now, in words."""
        if self.bar:
            self.so_far = so_far
            return
        passed = clock(time.monotonic() - self.started)
        line = (f"{self.name}: {self.done} of {self.total} runs done, {passed} passed, about "
                f"{clock(self.left_s())} left")
        print("; ".join(filter(None, (line, so_far))), file=self.stream, flush=True)

    def draw(self, text):
        filled = 20 * self.done // max(self.total, 1)
        line = f"[{'#' * filled}{'.' * (20 - filled)}] {self.done}/{self.total}  {text}"
        columns = shutil.get_terminal_size().columns - 1
        self.stream.write(f"\r\033[K{line[:columns]}")
        self.stream.flush()

    def close(self):
        if self.bar:
            self.stream.write("\r\033[K")
            self.stream.flush()
