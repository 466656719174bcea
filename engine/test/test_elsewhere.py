# SPDX-License-Identifier: GPL-2.0-only
"""Where things are not as here: other fios than the installed one (IOWQ_FIO_DIRS="dir:dir" names
their source trees, configured and built); more CPUs than glibc's cpu_set_t has room for; 32 bits;
io_uring forbidden, where our modes need none, and the kernel's say so."""

import errno
import os
import platform
import shutil
import subprocess
import sys

import pytest

from conftest import HANG_S, KERNELS, MODES, OURS, REPO, refused
from forbid_io_uring import IO_URING_SETUP, forbid_io_uring

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


@pytest.fixture(scope="session")
def many_cpus(tmp_path_factory):
    """The words before a command that make this a kernel for 4096 CPUs."""
    library = tmp_path_factory.mktemp("preloaded") / "many_cpus.so"
    subprocess.run(["g++", "-shared", "-fPIC", f"{REPO}/engine/test/many_cpus.cc", "-o", library],
                   check=True)
    return ["env", f"LD_PRELOAD={library}"]


@pytest.mark.parametrize("mode", MODES)
def test_a_kernel_for_more_than_1024_cpus(fio, tmp_path, many_cpus, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randrw", verify="crc32c", iodepth=16,
                 size="1m", prefix=many_cpus)
    assert result.status == 0, result.said
    assert "iowq:" not in result.said


@pytest.mark.parametrize("mode", MODES)
def test_a_job_that_may_use_none_of_the_first_1024(fio, tmp_path, many_cpus, mode):
    refused(fio(mode, filename=tmp_path / "data", rw="read", size="64k",
                prefix=[*many_cpus, "FIRST_CPU=1024"]), "CPUs below 1024")


@pytest.mark.parametrize("header", ["pool/wq.h", "ring/ring.h", "os/topology.h",
                                    "pool/io_wq.h", "ring/iowq_ring.h", "acall/acall.h"])
def test_32_bits_are_refused_in_one_line(header):
    """Whether the compiler has the system's headers for that or not."""
    if platform.machine() != "x86_64":
        pytest.skip("-m32 is an option of compilers for x86-64")
    done = subprocess.run(
        ["g++", "-m32", "-std=gnu++20", "-fsyntax-only", "-Wfatal-errors", f"-I{REPO}",
         "-x", "c++", "-"], input=f'#include "iowq/{header}"\n', capture_output=True, text=True)
    assert done.returncode != 0
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    assert len(errors) == 1 and "64-bit" in errors[0], done.stderr


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


WITHOUT_RSEQ = ["env", "GLIBC_TUNABLES=glibc.pthread.rseq=0"]


@pytest.mark.parametrize("mode", ["sqwq", "handoff", "hashed"])
def test_a_c_library_without_rseq(fio, tmp_path, mode):
    """Then each look at which CPU a thread is on is a system call."""
    tell = "import ctypes; print(ctypes.c_uint.in_dll(ctypes.CDLL(None), '__rseq_size').value)"
    said = subprocess.run([*WITHOUT_RSEQ, sys.executable, "-c", tell], capture_output=True,
                          text=True, check=False)
    if said.stdout != "0\n":
        pytest.skip("this C library's rseq cannot be turned off")
    result = fio(mode, filename=tmp_path / "data", rw="randrw", verify="crc32c", iodepth=16,
                 size="1m", prefix=WITHOUT_RSEQ)
    assert result.status == 0, result.said
    assert result.job["write"]["total_ios"] > 0
