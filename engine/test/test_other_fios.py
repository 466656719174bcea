# SPDX-License-Identifier: GPL-2.0-only
"""Other fios than the installed one. IOWQ_FIO_DIRS="dir:dir" names their source trees, configured
and built."""

import os
import shutil
import subprocess
import sys

import pytest

from conftest import HANG_S, REPO

DIRECTORIES = [d for d in os.environ.get("IOWQ_FIO_DIRS", "").split(":") if d]


@pytest.mark.parametrize("directory", DIRECTORIES or [
    pytest.param("", marks=pytest.mark.skip(reason="IOWQ_FIO_DIRS names no other fio"))])
def test_builds_without_a_warning_and_passes_every_test_with_it(tmp_path, directory):
    """In a copy, as an engine fits the fio that it was built for."""
    for part in ("engine", "iowq", "scripts"):
        shutil.copytree(REPO / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPO / "Makefile", tmp_path)
    environment = {k: v for k, v in os.environ.items() if k not in ("IOWQ_FIO_DIRS", "MAKEFLAGS",
                                                                    "MAKELEVEL")}
    environment["FIO_DIR"] = os.path.abspath(directory)

    def run(*command, limit):
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True,
                              text=True, timeout=limit)
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
        assert "warning:" not in done.stderr

    run("make", "-s", "engine", limit=10 * HANG_S)
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "auto", "engine/test",
        limit=20 * HANG_S)
