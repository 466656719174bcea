# SPDX-License-Identifier: GPL-2.0-only
"""Options: explained, honoured, and refused in one clear line."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import ENGINE, HANG_S, MODES, REPO, fio_binary

OPTION_TABLE = (REPO / "engine/options.cc").read_text()
OPTIONS = re.findall(r'\.name = "(\w+)"', OPTION_TABLE)


def enghelp(*words):
    name = ",".join((f"./{ENGINE.relative_to(REPO)}",) + words)
    done = subprocess.run([fio_binary(), f"--enghelp={name}"], capture_output=True, text=True,
                          cwd=REPO, timeout=HANG_S)
    return done.stdout + done.stderr


def test_enghelp_lists_every_option():
    listed = enghelp()
    assert len(OPTIONS) >= 9
    for option in OPTIONS:
        assert re.search(rf"^{option}\s*: \S", listed, re.M), option


@pytest.mark.parametrize("option", OPTIONS)
def test_enghelp_explains(option):
    assert option in enghelp(option)


def test_enghelp_names_every_mode():
    explained = enghelp("offload")
    for mode in MODES:
        assert re.search(rf"\b{mode}\b", explained), mode


def refused(result, *words):
    assert result.status != 0
    for word in words:
        assert word in result.said, result.said


def test_an_unknown_mode_is_refused_with_those_allowed(fio, tmp_path):
    refused(fio("bogus", filename=tmp_path / "data", rw="read"), "bogus", *MODES)


@pytest.mark.parametrize("option,value", [
    ("max_bounded", "0"), ("max_bounded", "65537"), ("max_bounded", "many"),
    ("max_unbounded", "0"), ("idle_ms", "-1"), ("spin_us", "2000000"), ("sqthread_cpu", "1024")])
def test_an_impossible_number_is_refused(fio, tmp_path, option, value):
    refused(fio("punt", filename=tmp_path / "data", rw="read", **{option: value}), option)


@pytest.mark.parametrize("mode", ["punt", "uring_async"])
@pytest.mark.parametrize("cpus,why", [("900", "may not use"), ("0-x", "not a list"),
                                      ("3-1", "not a list")])
def test_workers_on_impossible_cpus_are_refused(fio, tmp_path, mode, cpus, why):
    refused(fio(mode, filename=tmp_path / "data", rw="read", worker_cpus=cpus),
            "iowq: worker_cpus=", why)


@pytest.mark.parametrize("mode", ["sqthread", "uring_sqpoll"])
def test_a_submission_thread_outside_the_jobs_cpus_is_refused(fio, tmp_path, mode):
    refused(fio(mode, filename=tmp_path / "data", rw="read", sqthread_cpu=900),
            "iowq: sqthread_cpu=900", "may not use")


def test_workers_outside_the_jobs_own_cpus_are_refused(fio, tmp_path):
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        pytest.skip("one CPU only")
    refused(fio("punt", filename=tmp_path / "data", rw="read", cpus_allowed=cpus[0],
                worker_cpus=cpus[1]), f"allowed: {cpus[0]}")


@pytest.mark.parametrize("options", [
    {"max_bounded": 1}, {"spin_us": 0}, {"idle_ms": 0}, {"worker_cpus": "0"},
    {"cpus_allowed": "0"}])
@pytest.mark.parametrize("mode", ["sqwq", "punt", "hashed", "uring_async"])
def test_options_that_change_the_schedule_lose_nothing(fio, tmp_path, mode, options):
    result = fio(mode, filename=tmp_path / "data", rw="randrw", verify="crc32c", iodepth=16,
                 size="2m", **options)
    assert result.status == 0, result.said


@pytest.mark.parametrize("mode", ["sqthread", "uring_sqpoll"])
@pytest.mark.parametrize("options", [{"sqthread_cpu": 0}, {"sqthread_idle_ms": 0}, {"spin_us": 0}])
def test_the_submission_thread_takes_its_options(fio, tmp_path, mode, options):
    result = fio(mode, filename=tmp_path / "data", rw="randrw", verify="crc32c", iodepth=16,
                 size="1m", **options)
    assert result.status == 0, result.said


@pytest.mark.parametrize("hook", ["annotate", "perf", "bpf", "none"])
def test_a_sleep_hook_loses_nothing(fio, tmp_path, hook):
    result = fio("sqwq", filename=tmp_path / "data", rw="randwrite", direct=1, iodepth=8, size="1m",
                 verify="crc32c", sleep_hook=hook)
    if f"sleep hook {hook}" in result.said:
        pytest.skip(result.said.strip().splitlines()[0])
    assert result.status == 0, result.said
    assert result.job["write"]["total_ios"] == 256


def test_a_sleep_hook_without_the_right_to_it_is_refused_in_one_line(fio, tmp_path):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv, to give up rights")
    result = fio("sqwq", rw="randwrite", filename=tmp_path / "data", sleep_hook="bpf",
                 prefix=["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin", "--inh-caps=-all"])
    refused(result, "sleep hook bpf", "CAP_BPF", "sleep_hook=annotate")


def test_evidence_that_cannot_be_written_is_said(fio, tmp_path):
    result = fio("punt", filename=tmp_path / "data", rw="read", pool_stats="/nonexistent/evidence")
    assert "iowq: pool_stats=/nonexistent/evidence: No such file or directory" in result.said


def test_another_fios_version_is_refused(fio, tmp_path):
    """A copy of this fio that calls itself by another version."""
    original = pathlib.Path(shutil.which(fio_binary())).read_bytes()
    version = subprocess.run([fio_binary(), "--version"], capture_output=True,
                             text=True).stdout.strip()
    other = version[:-1] + ("4" if version[-1] != "4" else "5")
    assert original.count(version.encode() + b"\0") >= 1
    impostor = tmp_path / "fio"
    impostor.write_bytes(original.replace(version.encode() + b"\0", other.encode() + b"\0"))
    impostor.chmod(0o755)
    refused(fio("punt", binary=str(impostor), filename=tmp_path / "data", rw="read"),
            f"iowq: built for {version} but loaded by {other}")


def test_linux_aio_that_is_not_to_be_had_is_refused_if_asked_for(fio, tmp_path):
    same = dict(filename=tmp_path / "data", rw="randread", direct=1, iodepth=8, size="64k",
                prefix=["strace", "-qq", "-f", "-o", "/dev/null", "-e", "trace=io_setup",
                        "-e", "inject=io_setup:error=EAGAIN"])
    refused(fio("punt", direct_by="aio", **same), "direct_by=aio: no Linux AIO", "fs.aio-max-nr",
            "direct_by=pool")
    assert fio("punt", **same).status == 0
