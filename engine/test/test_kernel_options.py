# SPDX-License-Identifier: GPL-2.0-only
"""RWF_NOWAIT and RWF_DONTCACHE in every mode. What only io_uring can do works in its modes, and is
refused in ours."""

import errno
import shutil
import subprocess

import pytest

from conftest import HANG_S, KERNELS, MODES, OURS, REPO, refused, turns

OF_IO_URING = {"hipri": None, "registerfiles": None, "fixedbufs": None, "cmdprio_percentage": 50,
               "cmdprio_class": 2, "cmdprio": 3, "cmdprio_bssplit": "4k/50/2/3"}


@pytest.mark.parametrize("mode",
                         [m for m in MODES if m != "uring_async"])  # that ignores RWF_NOWAIT
def test_eagain_goes_to_the_job(fio, tmp_path, mode):
    """Reads of pages that are not cached fail. How many pages the kernel drops is its own
    affair."""
    result = fio(mode, filename=tmp_path / "data", rw="randread", iodepth=8, nowait=1, size="1m",
                 ignore_error="EAGAIN", fadvise_hint="random", invalidate=1)
    assert result.job["total_err"] > 0
    assert result.job["first_error"] == errno.EAGAIN


@pytest.mark.parametrize("mode", MODES)
def test_what_is_cached_is_read_with_nowait(fio, tmp_path, mode):
    same = {"filename": tmp_path / "data", "iodepth": 8, "size": "1m", "invalidate": 0}
    assert fio(mode, rw="write", **same).status == 0
    result = fio(mode, rw="randread", nowait=1, **same)
    assert result.status == 0, result.said
    assert result.job["read"]["total_ios"] == 256


def test_punt_issues_nowait_inline_and_once(fio, tmp_path, evidence):
    fio("punt", filename=tmp_path / "data", rw="randread", iodepth=8, nowait=1, size="1m",
        ignore_error="EAGAIN", invalidate=1, pool_stats=tmp_path / "evidence")
    reads = evidence()[0]["read"]
    assert reads["inline"] == reads["issued"] == 256
    assert reads["nowait_miss"] == reads["pooled"] == 0


def cached_pages(name):
    if not shutil.which("fincore"):
        pytest.skip("fincore is not installed")
    done = subprocess.run(["fincore", "--noheadings", "--output", "PAGES", name], check=True,
                          capture_output=True, text=True)
    return int(done.stdout)


@pytest.mark.parametrize("mode", MODES)
def test_uncached_reads_leave_no_cache(fio, file_system, mode):
    name = file_system("xfs") / "uncached"
    same = {"filename": name, "iodepth": 8, "size": "1m"}
    assert fio(mode, rw="write", end_fsync=1, **same).status == 0
    result = fio(mode, rw="randread", uncached=1, fadvise_hint="random", **same)
    if result.status != 0 and result.job["error"] == errno.EOPNOTSUPP:
        pytest.skip("this kernel's xfs knows no RWF_DONTCACHE")
    assert result.status == 0, result.said
    assert cached_pages(name) < 64
    assert fio(mode, rw="randread", invalidate=1, **same).status == 0
    assert cached_pages(name) > 192


@pytest.mark.parametrize("mode", MODES)
def test_uncached_writes_keep_every_byte(fio, file_system, mode):
    result = fio(mode, filename=file_system("xfs") / "uncached", rw="randrw", uncached=1, iodepth=8,
                 size="1m", verify="crc32c")
    if result.status != 0 and result.job["error"] == errno.EOPNOTSUPP:
        pytest.skip("this kernel's xfs knows no RWF_DONTCACHE")
    assert result.status == 0, result.said


@pytest.mark.parametrize("option", ["nowait", "uncached"])
def test_a_switch_takes_0_and_1_only(fio, tmp_path, option):
    result = fio("punt", filename=tmp_path / "data", rw="read", **{option: 2})
    assert result.status != 0
    assert "max value out of range" in result.said


@pytest.mark.parametrize("mode,option", turns(OURS, list(OF_IO_URING)))
def test_our_modes_refuse_what_only_io_uring_can_do(fio, tmp_path, mode, option):
    refused(fio(mode, filename=tmp_path / "data", rw="read", **{option: OF_IO_URING[option]}),
            option, f"offload={mode}", *KERNELS)


@pytest.mark.parametrize("mode", KERNELS)
def test_registered_files_and_buffers_keep_every_byte(fio, tmp_path, mode):
    """More files than may be open at a time, so that places in the kernel's table change hands."""
    result = fio(mode, directory=tmp_path, rw="randrw", registerfiles=None, fixedbufs=None,
                 nrfiles=6, openfiles=2, file_service_type="roundrobin", iodepth=16, size="3m",
                 verify="crc32c")
    assert result.status == 0, result.said
    assert result.job["write"]["total_ios"] > 0


@pytest.mark.parametrize("mode", KERNELS)
def test_vectored_requests_keep_every_byte(fio, tmp_path, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randrw", nonvectored=0, iodepth=16,
                 size="1m", verify="crc32c")
    assert result.status == 0, result.said


@pytest.mark.parametrize("mode", ["sqwq", "uring"])
@pytest.mark.parametrize("value", [0, 1])
def test_nonvectored_goes_with_any_mode(fio, tmp_path, mode, value):
    assert fio(mode, filename=tmp_path / "data", rw="read", size="64k",
               nonvectored=value).status == 0


@pytest.mark.parametrize("mode", KERNELS)
@pytest.mark.parametrize("how", [{"cmdprio_percentage": "50,0", "cmdprio_class": 2, "cmdprio": 3},
                                 {"cmdprio_bssplit": "4k/50/2/3"}])
def test_some_reads_get_the_priority(fio, tmp_path, mode, how):
    result = fio(mode, filename=tmp_path / "data", rw="randread", direct=1, iodepth=8,
                 lat_percentiles=1, size="2m", **how)
    assert result.status == 0, result.said
    samples = {(p["prioclass"], p["prio"]): p["lat_ns"]["N"] for p in result.job["read"]["prios"]}
    assert samples[(2, 3)] + samples[(0, 0)] == 512
    assert 128 < samples[(2, 3)] < 384


def test_the_priority_reaches_the_kernel(fio, tmp_path):
    """It refuses the realtime class to who has no right to it."""
    result = fio("uring", filename=tmp_path / "data", rw="randread", direct=1, size="64k",
                 cmdprio_percentage=100, cmdprio_class=1, cmdprio=0,
                 prefix=["setpriv", "--bounding-set=-sys_nice,-sys_admin", "--inh-caps=-all"])
    assert result.job["error"] in (errno.EPERM, errno.EINVAL), result.said


@pytest.mark.parametrize("mode", KERNELS)
def test_polling_works_or_says_that_the_device_cannot(fio, tmp_path, mode):
    result = fio(mode, filename=tmp_path / "data", rw="randread", direct=1, hipri=None, iodepth=4,
                 size="64k")
    assert result.job["error"] in (0, errno.EOPNOTSUPP), result.said
    assert (result.status == 0) == (result.job["error"] == 0)


def test_polling_for_cached_io_is_refused(fio, tmp_path):
    refused(fio("uring", filename=tmp_path / "data", rw="read", hipri=None), "hipri", "direct=1")


def test_deferred_completions_come_to_a_reap_that_does_not_wait(tmp_path):
    if not shutil.which("g++"):
        pytest.skip("g++ is not installed")
    program, page = tmp_path / "reap_polls", tmp_path / "page"
    page.write_bytes(b"x" * 4096)
    subprocess.run(["g++", "-std=gnu++20", f"-I{REPO}", f"{REPO}/engine/test/reap_polls.cc",
                    f"{REPO}/build/engine/uring.o", f"{REPO}/build/engine/task_names.o",
                    f"{REPO}/build/libiowq.a", "-luring", "-lhwloc", "-pthread",
                    "-o", program], check=True)
    done = subprocess.run([program, page], timeout=HANG_S)
    if done.returncode == 2:
        pytest.skip("this kernel has no IORING_SETUP_DEFER_TASKRUN, "
                    "or this file system no O_DIRECT")
    assert done.returncode == 0


def test_polling_for_completions_loses_none(fio, tmp_path):
    result = fio("uring_defer", filename=tmp_path / "data", rw="randread", direct=1, iodepth=16,
                 iodepth_batch_complete_min=0, iodepth_batch_complete_max=16, size="1m")
    assert result.status == 0, result.said
    assert result.job["read"]["total_ios"] == 256


def test_a_kernel_without_deferring_is_said_in_one_line(fio, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    old = ["strace", "-f", "-o/dev/null", "-einject=io_uring_setup:error=EINVAL"]
    refused(fio("uring_defer", filename=tmp_path / "data", rw="read", size="64k", prefix=old),
            "offload=uring_defer", "6.1", "offload=uring needs none")
