# SPDX-License-Identifier: MIT
"""io_uring forbidden for one process, as in many containers."""

import ctypes
import errno
import struct

IO_URING_SETUP = 425  # the same number on every architecture


def forbid_io_uring():
    """For preexec_fn: io_uring_setup gives EPERM."""
    forbid(IO_URING_SETUP)


def forbid(number):
    """A seccomp filter: a system call gives EPERM."""
    allow, refuse = 0x7fff0000, 0x00050000 | errno.EPERM
    load_number, jump_if_equal, give = 0x20, 0x15, 0x06
    program = b"".join(struct.pack("HBBI", *i) for i in (
        (load_number, 0, 0, 0), (jump_if_equal, 0, 1, number), (give, 0, 0, refuse),
        (give, 0, 0, allow)))
    code = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 4, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
    if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header)):
        raise OSError(ctypes.get_errno(), "no seccomp filter to be had")
