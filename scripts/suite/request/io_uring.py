# SPDX-License-Identifier: MIT
"""Whether this process may have the kernel's io_uring, and which of the usual modes there are where
it may not."""

import ctypes
import os

from suite.request.modes import IOWQ_RUN_PREFIX, URING_ENGINES, needs_io_uring

IO_URING_SETUP = 425  # the same number on every architecture
PARAMETERS = 120  # bytes
IN_USER_SPACE = IOWQ_RUN_PREFIX + URING_ENGINES[0]


def refusal():
    """Why the kernel refuses it, in the kernel's words; None where it does not."""
    libc = ctypes.CDLL(None, use_errno=True)
    ring = libc.syscall(IO_URING_SETUP, 1, ctypes.create_string_buffer(PARAMETERS))
    if ring < 0:
        return os.strerror(ctypes.get_errno())
    os.close(ring)
    return None


def usual_modes(text, instead=None):
    """Of a list of modes those that are to be had here, and the mode `instead` of the others; says
    which these are, in a line."""
    names = text.split(",")
    lost, why = list(filter(needs_io_uring, names)), refusal()
    if not lost or not why:
        return text
    print(f"no io_uring here ({why}): " + (f"{instead} stands for " if instead else "without ")
          + ", ".join(lost))
    return ",".join([name for name in names if name not in lost] + [instead] * bool(instead))
