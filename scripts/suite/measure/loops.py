# SPDX-License-Identifier: MIT
"""Loops that keep CPUs busy while a run is measured."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

from suite.measure.process import ended_by_parent

LOOP = "while True: pass"


@contextmanager
def loops(cpus):
    """One loop on each of the CPUs, as long as the block runs. They are below this process, so they
    are no foreign programs."""
    started = [subprocess.Popen([sys.executable, "-S", "-E", "-c", LOOP], stdin=subprocess.DEVNULL,
                                preexec_fn=held_to(cpu)) for cpu in cpus]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def held_to(cpu):
    ended = ended_by_parent(signal.SIGKILL)

    def before_exec():
        ended()
        os.sched_setaffinity(0, {cpu})

    return before_exec
