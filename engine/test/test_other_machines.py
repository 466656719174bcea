# SPDX-License-Identifier: GPL-2.0-only
"""Machines unlike this one: more CPUs than glibc's cpu_set_t has room for, and 32 bits."""

import platform
import subprocess

import pytest

from conftest import MODES, REPO, refused


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
