# SPDX-License-Identifier: MIT
"""iowq-run: programs with io_uring in user space, where the kernel's is denied."""

import platform
import re
import shutil
import subprocess

import pytest
from conftest import HANG_S
from forbid_io_uring import forbid, forbid_io_uring
from installed import REPOSITORY

RUN = str(REPOSITORY / "build/iowq-run")
# It makes a ring, and fails where there is none.
PROBE = r"""
#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

static void *with_all_signals_blocked(void *ring) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    struct io_uring_cqe *cqe;
    io_uring_prep_nop(io_uring_get_sqe(ring));
    return (void *)(long)(io_uring_submit_and_wait(ring, 1) == 1 &&
                          io_uring_peek_cqe(ring, &cqe) == 0);
}

int main(void) {
    struct io_uring ring;
    int error = io_uring_queue_init(8, &ring, 0);
    if (error) {
        printf("none: %d\n", error);
        return 0;
    }
    pthread_t thread;
    void *done;
    pthread_create(&thread, NULL, with_all_signals_blocked, &ring);
    pthread_join(thread, &done);
    printf("made, and %s\n", done ? "used" : "not used");
    io_uring_queue_exit(&ring);
    return 0;
}
"""


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.c").write_text(PROBE)
    subprocess.run(["cc", "-pthread", folder / "probe.c", "-luring", "-o", folder / "probe"],
                   check=True)
    return folder / "probe"


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=HANG_S, check=False, **more)


def denied(*command, **more):
    """The command where io_uring is refused, as containers have it."""
    return run(*command, preexec_fn=forbid_io_uring, **more)


def test_a_program_has_a_ring_where_the_kernel_has_none(probe):
    assert denied(probe).stdout == "none: -1\n"
    assert denied(RUN, probe).stdout == "made, and used\n"
    assert denied(RUN, "--if-needed", probe).stdout == "made, and used\n"
    assert denied(RUN, RUN, probe).stdout == "made, and used\n"  # a second one in the first


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the system calls' numbers are x86-64's")
@pytest.mark.parametrize("number", [310, 311], ids=["process_vm_readv", "process_vm_writev"])
def test_a_container_may_forbid_what_tells_bad_addresses(probe, number):
    done = run(RUN, probe, preexec_fn=lambda: (forbid_io_uring(), forbid(number)))
    assert done.stdout == "made, and used\n", done.stderr


@pytest.mark.parametrize("options", [
    "", "--fixedbufs", "--registerfiles", "--nonvectored=0", "--force_async=1", "--direct=1",
    "--sqthread_poll=1", "--sqthread_poll=1 --registerfiles --fixedbufs", "--fsync=8",
    "--iodepth_batch=8 --iodepth_batch_complete_min=4", "--numjobs=2 --thread", "--numjobs=2",
    "--sync_file_range=write:8", "--nrfiles=3", "--bs=96k",
    "--sqthread_poll=1 --sqthread_poll_cpu=0", "--cmdprio_percentage=50", "--bs=512 --direct=1",
    "--registerfiles --nrfiles=40 --openfiles=40",
    "--sqthread_poll=1 --registerfiles --fixedbufs --thread --numjobs=4"])
def test_fios_own_engine_verifies_what_it_has_written(tmp_path, options):
    done = denied(RUN, "fio", "--name=t", "--ioengine=io_uring", f"--directory={tmp_path}",
                  "--rw=randrw", "--size=2m", "--bs=4k", "--iodepth=16", "--verify=crc32c",
                  *options.split(), cwd=tmp_path)  # where fio leaves its verify state
    assert done.returncode == 0 and "err= 0" in done.stdout, done.stdout + done.stderr


def test_it_says_how_it_is_used():
    said = run(RUN, "--help")
    assert said.returncode == 0 and said.stdout.startswith("usage: iowq-run")
    assert len(said.stdout.splitlines()) < 24


@pytest.mark.parametrize("arguments, status, words", [
    ([], 2, "no program is named"), (["--if-needed"], 2, "no program is named"),
    (["--nosuch", "true"], 2, "there is no option --nosuch"),
    (["--liburing"], 2, "no program is named"),
    (["/nosuch/program"], 127, "/nosuch/program: No such file or directory"),
    (["/etc"], 126, "/etc: Permission denied"),
])
def test_bad_input_is_told_in_a_line(arguments, status, words):
    done = run(RUN, *arguments)
    assert done.returncode == status
    assert done.stderr.startswith("iowq-run: ") and words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_lost_library_is_told(tmp_path):
    shutil.copy(RUN, tmp_path / "iowq-run")
    done = run(tmp_path / "iowq-run", "true")
    assert done.returncode == 2 and "there is no libiowq-uring.so beside it" in done.stderr


def test_the_readme_lists_every_operation():
    source = (REPOSITORY / "iowq/uring/opcodes.cc").read_text()
    text = (REPOSITORY / "iowq/uring/README.md").read_text()
    part = text.partition("by who makes them:\n\n")[2].partition("\n\n")[0]
    listed = {name for item in re.findall(r": ([^;.]+)[;.]", " ".join(part.split()))
              for name in item.split(", ")}
    assert listed == set(re.findall(r'\] = \{\s*"(\w+)"', source)) and len(listed) > 30


def symbols(path, *which):
    """The functions of the C library's that an object uses, or takes the place of."""
    listed = subprocess.run(["nm", *which, path], capture_output=True, text=True, check=True)
    return {line.split()[-1] for line in listed.stdout.splitlines()}


def test_the_library_itself_polls_by_plain_calls():
    """Those of the C library's names are for the program: they take the locks of all rings."""
    objects = REPOSITORY / "build/iowq/uring"
    for_the_program = {name for name in symbols(objects / "preload_polls.o", "--defined-only",
                                                "--extern-only") if not name.startswith("_Z")}
    assert "epoll_wait" in for_the_program and len(for_the_program) > 5
    own = [path for path in objects.glob("*.o") if not path.name.startswith("preload_")]
    assert len(own) > 20
    assert {path.name: found for path in own
            if (found := symbols(path, "--undefined-only") & for_the_program)} == {}


def test_every_operation_is_made_by_a_test():
    opcodes = re.findall(r"    rows\[(\w+)\] = \{",
                         (REPOSITORY / "iowq/uring/opcodes.cc").read_text())
    tests = "".join(path.read_text() for path in (REPOSITORY / "iowq/test/uring").glob("*.cc"))
    assert len(opcodes) > 30
    assert not [code for code in opcodes if not re.search(rf"\b{code}\b", tests)]
