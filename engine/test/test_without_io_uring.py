# SPDX-License-Identifier: GPL-2.0-only
"""Where io_uring is forbidden: our modes need none, and the kernel's say so."""

import errno
import subprocess
import sys

import pytest

from conftest import KERNELS, OURS
from forbid_io_uring import IO_URING_SETUP, forbid_io_uring


def test_the_filter_forbids_io_uring():
    tell = ("import ctypes; c = ctypes.CDLL(None, use_errno=True); "
            f"r = c.syscall({IO_URING_SETUP}, 1, ctypes.create_string_buffer(120)); "
            "print(r, ctypes.get_errno())")
    told = subprocess.run([sys.executable, "-c", tell], preexec_fn=forbid_io_uring,
                          capture_output=True, text=True)
    assert told.stdout == f"-1 {errno.EPERM}\n", told.stderr


@pytest.mark.parametrize("mode", OURS)
def test_our_modes_need_no_io_uring(fio, tmp_path, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randrw", verify="crc32c", iodepth=16,
                 size="1m", preexec=forbid_io_uring)
    assert result.status == 0, result.said
    assert result.job["write"]["total_ios"] > 0


@pytest.mark.parametrize("mode", KERNELS)
def test_the_kernels_modes_say_in_one_line_what_to_use_instead(fio, tmp_path, mode):
    result = fio(mode, filename=tmp_path / "data", rw="read", size="1m", preexec=forbid_io_uring)
    assert result.status != 0
    # In the output, and beside it.
    said = {line for line in result.said.splitlines() if line.startswith("iowq:")}
    assert said == {f"iowq: offload={mode}: io_uring cannot be used here "
                    "(Operation not permitted); offload=punt needs none"}
