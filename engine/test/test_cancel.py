# SPDX-License-Identifier: GPL-2.0-only
"""After an error an fio before 3.41 takes back the I/Os that have not started."""

import errno
import re
import resource
import signal
import subprocess

import pytest

from conftest import HANG_S, OURS, fio_binary


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


@pytest.fixture
def failing(fio, tmp_path, evidence):
    """Of 256 synchronous writes, those in the file's second half exceed a limit (EFBIG)."""

    def run(mode):
        result = fio(mode, filename=tmp_path / "data", rw="randwrite", fallocate="none",
                     overwrite=0, size="4m", iodepth=256, sync=1, thread=None,
                     pool_stats=tmp_path / "evidence", preexec=limit_files, timeout=HANG_S)
        return result, evidence()[0]["write"]["issued"]

    return run


@pytest.mark.parametrize("mode", OURS)
def test_an_error_with_hundreds_queued_ends_the_job(failing, mode):
    result, _ = failing(mode)
    assert result.status == 1  # as with fio's own engines
    assert result.job["error"] == errno.EFBIG


def test_what_has_not_started_never_does(failing):
    version = subprocess.run([fio_binary(), "--version"], capture_output=True, text=True).stdout
    if tuple(map(int, re.match(r"fio-(\d+)\.(\d+)", version).groups())) >= (3, 41):
        pytest.skip("this fio takes nothing back")
    result, issued = failing("hashed")
    assert result.status == 1
    assert 0 < issued < 200
