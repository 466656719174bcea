# SPDX-License-Identifier: MIT
"""An installed copy of the library, and how programs are built on it."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import HANG_S

REPOSITORY = Path(__file__).resolve().parents[2]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def make(*arguments):
    """This repository's make, as if called by hand, not as a part of the `make check` above it."""
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    # One at a time, so that what is not built yet is built once.
    with open(REPOSITORY / "Makefile") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["make", "-s", *map(str, arguments)], cwd=REPOSITORY,
                              env=environment, capture_output=True, text=True, timeout=HANG_S)
    assert done.returncode == 0, done.stderr
    return done


def run(command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=HANG_S, **more)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    make("install", f"PREFIX={folder}")
    return folder


@pytest.fixture
def flags(prefix):
    """What pkg-config says for a program that is built against the installed copy."""
    if not shutil.which("pkg-config"):
        pytest.skip("no pkg-config")

    def of(*options):
        environment = os.environ | {"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
        return run(["pkg-config", *options, "iowq"], env=environment).split()

    return of
