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


def without(names):
    """The modes that need none, with io_uring in user space in the place of the others."""
    return [name for name in names if not needs_io_uring(name)] + [IN_USER_SPACE]


def told(names, why):
    """What is done about it, in a line."""
    return f"no io_uring here ({why}): {IN_USER_SPACE} stands for " \
           f"{', '.join(filter(needs_io_uring, names))}"
