# SPDX-License-Identifier: GPL-2.0-only
"""metadata=: each I/O is an operation on a file, in every mode and in its counterparts."""

import errno
import os

import pytest

from conftest import MODES, refused

OPERATIONS = ["stat", "open", "create", "unlink", "rename", "fsync"]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("mode", MODES)
def test_every_operation_is_made_and_leaves_nothing_behind(fio, tmp_path, evidence, mode,
                                                           operation):
    folder = tmp_path / "files"
    folder.mkdir()
    result = fio(mode, directory=folder, nrfiles=4, size="64k", rw="randwrite", iodepth=4,
                 number_ios=16, metadata=operation, pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    assert result.job["write"]["total_ios"] == 16
    counts = evidence()[0]
    assert counts["write"]["issued"] == 0
    assert counts["other"]["issued"] == 16
    assert len(os.listdir(folder)) == 4


@pytest.mark.parametrize("operation, opens", [("stat", 1), ("open", 1), ("fsync", 4)])
def test_opens_fios_files_only_where_it_needs_them(fio, tmp_path, operation, opens):
    """As fio's own filestat does not, so that both make one call an I/O. fio itself opens each
    once, to lay it out."""
    trace = tmp_path / "trace"
    result = fio("sqwq", filename=tmp_path / "data", size="4k", rw="write", loops=3,
                 metadata=operation, prefix=["strace", "-f", "-o", trace, "-e", "trace=openat"])
    assert result.status == 0, result.said
    assert trace.read_text().count(f'"{tmp_path}/data"') == opens


@pytest.mark.parametrize("operation", OPERATIONS)
def test_jobs_on_the_same_file_are_not_in_each_others_way(fio, tmp_path, operation):
    result = fio("punt", filename=tmp_path / "f", size="64k", rw="randwrite", iodepth=4,
                 metadata=operation, numjobs=3, group_reporting=None)
    assert result.status == 0, result.said
    assert result.job["write"]["total_ios"] == 3 * 16


@pytest.mark.parametrize("mode", ["punt", "sqwq", "uring"])
def test_its_error_is_the_jobs(fio, tmp_path, mode):
    result = fio(mode, filename="/dev/null", size="4k", rw="write", metadata="fsync")
    assert result.status != 0
    assert result.job["error"] == errno.EINVAL


@pytest.mark.parametrize("wrong", [{"verify": "crc32c", "rw": "write"}, {"rw": "randtrim"},
                                   {"fsync": 8, "rw": "write"}, {"end_fsync": 1, "rw": "write"}])
def test_what_it_does_not_go_with_is_refused(fio, tmp_path, wrong):
    refused(fio("punt", filename=tmp_path / "f", **{**wrong, "metadata": "stat"}), "metadata",
            "verify", "trims", "syncs")


def test_an_unknown_operation_is_refused_with_those_allowed(fio, tmp_path):
    result = fio("punt", filename=tmp_path / "f", rw="read", metadata="chmod")
    assert result.status != 0
    for operation in OPERATIONS:
        assert operation in result.said
