# SPDX-License-Identifier: MIT
"""Kernels that can move a submitter which sleeps in a call to another thread: with that on, or off,
for one run at a time."""

import os
from contextlib import contextmanager
from pathlib import Path

from suite.errors import BadInput
from suite.request.modes import KERNEL_HANDOFF

SYSCTL = Path("/proc/sys/kernel/io_uring_handoff")


@contextmanager
def during_run(wanted):
    """`wanted`: "1", "0", or None: as it is. It is the whole machine's, and set back afterwards."""
    if wanted is None:
        yield
        return
    before = SYSCTL.read_text()
    SYSCTL.write_text(wanted)
    try:
        yield
    finally:
        SYSCTL.write_text(before)


def check(modes):
    """Raises BadInput where a mode wants what this machine cannot set."""
    for mode in modes:
        if mode.kernel_handoff is None:
            continue
        if not SYSCTL.exists():
            raise BadInput(f"mode {mode.name}: this kernel has no {SYSCTL}: allowed is "
                           f"{mode.base}, without {KERNEL_HANDOFF}=")
        if not os.access(SYSCTL, os.W_OK):
            raise BadInput(f"mode {mode.name}: writing {SYSCTL} needs root")
