# SPDX-License-Identifier: MIT
"""liburing.so.2 on this project's io_uring: programs that were linked with liburing's, where
io_uring is denied."""

import ctypes
import errno
import os
import re
import shutil
import subprocess

import pytest
from conftest import HANG_S
from forbid_io_uring import forbid_io_uring
from installed import REPOSITORY

LIBRARY = REPOSITORY / "build/liburing/liburing.so.2"
POLLS = REPOSITORY / "iowq/uring/preload_polls.cc"
RUN = str(REPOSITORY / "build/iowq-run")
# What versions after Debian's have brought.
LATER_NAMES = {
    "LIBURING_2.4": "io_uring_major_version io_uring_minor_version io_uring_check_version "
                    "io_uring_close_ring_fd io_uring_enable_rings io_uring_register_restrictions "
                    "io_uring_setup_buf_ring io_uring_free_buf_ring",
    "LIBURING_2.5": "io_uring_queue_init_mem",
    "LIBURING_2.6": "io_uring_buf_ring_head io_uring_register_napi io_uring_unregister_napi",
    "LIBURING_2.7": "",
    "LIBURING_2.8": "io_uring_register_clock io_uring_submit_and_wait_min_timeout "
                    "io_uring_wait_cqes_min_timeout io_uring_clone_buffers",
    "LIBURING_2.9": "io_uring_resize_rings io_uring_register_wait_reg io_uring_submit_and_wait_reg "
                    "io_uring_clone_buffers_offset io_uring_register_region",
    "LIBURING_2.10": "io_uring_register_ifq io_uring_set_iowait __io_uring_clone_buffers "
                     "__io_uring_clone_buffers_offset",
    "LIBURING_2.11": "io_uring_memory_size io_uring_memory_size_params io_uring_register_sync_msg",
    "LIBURING_2.12": "",
    "LIBURING_2.13": "",
    "LIBURING_2.14": "",
    "LIBURING_2.15": "io_uring_register_bpf_filter io_uring_register_bpf_filter_task "
                     "io_uring_register_zcrx_ctrl io_uring_register_query",
}


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=HANG_S, check=False, **more)


def denied(*command, **more):
    return run(*command, preexec_fn=forbid_io_uring, **more)


def names_of(library):
    """Each as (version, name); the versions too, as names of their own."""
    listed = run("objdump", "-T", library).stdout.splitlines()
    return {(words[-2].strip("()"), words[-1]) for words in map(str.split, listed)
            if "LIBURING_" in " ".join(words[-2:]) and "*UND*" not in words}


def installed_library():
    found = re.search(r"liburing\.so\.2 .*=> (\S+)", run("/sbin/ldconfig", "-p").stdout)
    return found.group(1)


def test_every_name_of_debians_is_there_in_its_version():
    names = names_of(installed_library())
    assert len(names) > 40 and names <= names_of(LIBRARY)


def test_the_names_of_later_versions_are_there():
    names = names_of(LIBRARY)
    for version, expected in LATER_NAMES.items():
        assert (version, version) in names
        assert {name for node, name in names if node == version} - {version} == set(
            expected.split())


def test_nothing_else_is_exported():
    defined = run("nm", "-D", "--defined-only", LIBRARY).stdout.splitlines()
    known = re.compile(r"(io_uring_\w+@@?|A )LIBURING_2")
    others = {line.split()[-1] for line in defined if not known.search(line)}
    polls = set(re.findall(r"^IOWQ_EXPORTED int (\w+)", POLLS.read_text(), re.MULTILINE))
    assert others == polls and len(polls) > 8
    assert "[liburing.so.2]" in run("readelf", "-d", LIBRARY).stdout


PREAMBLE = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAY(what) printf("%s: %d\n", #what, (int)(what))
static struct io_uring ring;
static struct io_uring_cqe *cqe;
static struct __kernel_timespec soon = {.tv_nsec = 1000000}, long_from_now = {.tv_sec = 1000};

static void nop(unsigned long long data) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    io_uring_prep_nop(sqe);
    sqe->user_data = data;
}
static int res_of_next(void) {
    int error = io_uring_wait_cqe(&ring, &cqe), res = error ? error : cqe->res;
    if (!error)
        io_uring_cqe_seen(&ring, cqe);
    return res;
}
"""
# Each prints the same on the kernel's io_uring.
PROGRAMS = {
    "submits_and_takes": r"""
    SAY(io_uring_queue_init(8, &ring, 0));
    SAY(io_uring_peek_cqe(&ring, &cqe));
    SAY(io_uring_submit(&ring));
    for (int i = 0; i < 5; i++)
        nop(i + 1);
    SAY(io_uring_sq_ready(&ring));
    SAY(io_uring_submit_and_wait(&ring, 3));
    SAY(io_uring_wait_cqe_nr(&ring, &cqe, 5));
    struct io_uring_cqe *all[8];
    unsigned got = io_uring_peek_batch_cqe(&ring, all, 8), sum = 0;
    for (unsigned i = 0; i < got; i++)
        sum += all[i]->user_data;
    SAY(got * 100 + sum);
    SAY(io_uring_peek_batch_cqe(&ring, all, 2));
    io_uring_cq_advance(&ring, got);
    SAY(io_uring_cq_ready(&ring));
    for (int i = 0; i < 9; i++)
        if (!io_uring_get_sqe(&ring))
            SAY(i);
    io_uring_queue_exit(&ring);""",
    "reads_and_writes": r"""
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char text[] = "0123456789", back[2][5];
    struct iovec out = {text, 10}, in[2] = {{back[0], 5}, {back[1], 5}};
    SAY(io_uring_queue_init(4, &ring, 0));
    io_uring_prep_writev(io_uring_get_sqe(&ring), fd, &out, 1, 0);
    SAY(io_uring_submit(&ring));
    SAY(res_of_next());
    io_uring_prep_readv(io_uring_get_sqe(&ring), fd, in, 2, 0);
    SAY(io_uring_submit_and_get_events(&ring));
    SAY(res_of_next());
    SAY(memcmp(back[0], "01234", 5) | memcmp(back[1], "56789", 5));
    SAY(io_uring_register_buffers(&ring, in, 2));
    SAY(io_uring_register_buffers(&ring, in, 2));
    SAY(io_uring_register_files(&ring, &fd, 1));
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    io_uring_prep_read_fixed(sqe, 0, back[1], 5, 2, 1);
    sqe->flags |= IOSQE_FIXED_FILE;
    SAY(io_uring_submit(&ring));
    SAY(res_of_next());
    SAY(memcmp(back[1], "23456", 5));
    int none = -1;
    SAY(io_uring_register_files_update(&ring, 0, &none, 1));
    SAY(io_uring_unregister_files(&ring));
    SAY(io_uring_unregister_files(&ring));
    SAY(io_uring_unregister_buffers(&ring));
    SAY(io_uring_register_files_sparse(&ring, 3));
    SAY(io_uring_register_files_update(&ring, 1, &fd, 1));
    io_uring_queue_exit(&ring);""",
    "waits_as_long_as_it_says": r"""
    sigset_t none;
    sigemptyset(&none);
    SAY(io_uring_queue_init(4, &ring, 0));
    SAY(io_uring_wait_cqe_timeout(&ring, &cqe, &soon));
    SAY(cqe == NULL);
    nop(1);
    SAY(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &long_from_now, &none));
    SAY(cqe->user_data);
    SAY(io_uring_wait_cqes(&ring, &cqe, 1, &long_from_now, NULL));
    io_uring_cqe_seen(&ring, cqe);
    SAY(io_uring_wait_cqes(&ring, &cqe, 2, &soon, &none));
    nop(1);
    SAY(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, NULL));
    SAY(res_of_next());
    io_uring_queue_exit(&ring);""",
    "keeps_what_overflows": r"""
    struct io_uring_params p = {.flags = IORING_SETUP_CQSIZE, .cq_entries = 4};
    SAY(io_uring_queue_init_params(4, &ring, &p));
    for (int i = 0; i < 12; i++) {
        nop(i);
        io_uring_submit(&ring);
    }
    SAY(io_uring_cq_ready(&ring));
    SAY(io_uring_cq_has_overflow(&ring));
    int seen = 0, in_order = 1;
    struct io_uring_cqe *all[4];
    for (unsigned got; (got = io_uring_peek_batch_cqe(&ring, all, 4)); seen += got) {
        for (unsigned i = 0; i < got; i++)
            in_order &= all[i]->user_data == seen + i;
        io_uring_cq_advance(&ring, got);
    }
    SAY(seen);
    SAY(in_order);
    SAY(io_uring_get_events(&ring));
    SAY(io_uring_cq_has_overflow(&ring));
    io_uring_queue_exit(&ring);""",
    "has_a_submission_thread": r"""
    struct io_uring_params p = {.flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 1};
    SAY(io_uring_queue_init_params(4, &ring, &p));
    for (int asleep = 0; asleep < 3; asleep++) { /* and what wakes it */
        while (!(*(volatile unsigned *)ring.sq.kflags & IORING_SQ_NEED_WAKEUP))
            sched_yield();
        nop(asleep);
        SAY(io_uring_submit(&ring));
        SAY(res_of_next());
    }
    int done = 0;
    for (int i = 0; i < 1000; i++) { /* more than there is room for */
        struct io_uring_sqe *sqe;
        while (!(sqe = io_uring_get_sqe(&ring)))
            io_uring_sqring_wait(&ring);
        io_uring_prep_nop(sqe);
        io_uring_submit(&ring);
        while (!io_uring_peek_cqe(&ring, &cqe)) {
            io_uring_cqe_seen(&ring, cqe);
            done++;
        }
    }
    while (done < 1000 && !res_of_next())
        done++;
    SAY(done);
    io_uring_queue_exit(&ring);""",
    "tells_what_there_is": r"""
    struct io_uring_probe *probe = io_uring_get_probe();
    SAY(io_uring_opcode_supported(probe, IORING_OP_READV));
    SAY(io_uring_opcode_supported(probe, 250));
    io_uring_free_probe(probe);
    SAY(io_uring_queue_init(4, &ring, 0));
    probe = io_uring_get_probe_ring(&ring);
    SAY(io_uring_opcode_supported(probe, IORING_OP_NOP));
    io_uring_free_probe(probe);
    SAY(io_uring_mlock_size(8, 0));
    SAY(io_uring_mlock_size(0, 0));
    SAY(io_uring_ring_dontfork(&ring));
    io_uring_queue_exit(&ring);""",
    "refuses": r"""
    errno = 7;
    SAY(io_uring_queue_init(0, &ring, 0));
    SAY(io_uring_queue_init(4, &ring, 1u << 31));
    SAY(io_uring_queue_init(40000, &ring, 0));
    SAY(errno);
    SAY(io_uring_queue_init(40000, &ring, IORING_SETUP_CLAMP));
    SAY(ring.sq.ring_entries);
    SAY(io_uring_unregister_files(&ring));
    SAY(io_uring_unregister_buffers(&ring));
    SAY(io_uring_unregister_eventfd(&ring));
    SAY(io_uring_register(ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
    SAY(io_uring_enter(-1, 0, 0, 0, NULL));
    SAY(io_uring_enter2(0, 0, 0, 0, NULL, 8));
    SAY(io_uring_register(0, IORING_UNREGISTER_FILES, NULL, 0));
    SAY(io_uring_enter(ring.ring_fd, 0, 0, 1u << 30, NULL));
    SAY(io_uring_setup(0, &(struct io_uring_params){}));
    SAY(errno);
    io_uring_queue_exit(&ring);""",
    "begins_disabled": r"""
    SAY(io_uring_queue_init(4, &ring, IORING_SETUP_R_DISABLED));
    nop(1);
    SAY(io_uring_submit(&ring));
    SAY(io_uring_register(ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
    SAY(io_uring_submit(&ring));
    SAY(res_of_next());
    io_uring_queue_exit(&ring);""",
    "raises_an_eventfd": r"""
    int event = eventfd(0, 0);
    eventfd_t count;
    SAY(io_uring_queue_init(4, &ring, 0));
    SAY(io_uring_register_eventfd(&ring, event));
    SAY(io_uring_register_eventfd(&ring, event));
    nop(1);
    SAY(io_uring_submit(&ring));
    SAY(eventfd_read(event, &count));
    SAY(io_uring_cq_eventfd_toggle(&ring, false));
    SAY(io_uring_cq_eventfd_enabled(&ring));
    SAY(io_uring_unregister_eventfd(&ring));
    SAY(io_uring_register_eventfd_async(&ring, event));
    io_uring_queue_exit(&ring);""",
    "polls_its_descriptor": r"""
    SAY(io_uring_queue_init(4, &ring, 0));
    struct pollfd polled = {.fd = ring.ring_fd, .events = POLLIN};
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    SAY(poll(&polled, 1, 0));
    SAY(epoll_ctl(epoll, EPOLL_CTL_ADD, ring.ring_fd, &event));
    SAY(epoll_wait(epoll, &event, 1, 0));
    for (int i = 0; i < 3; i++) {
        nop(1);
        io_uring_submit(&ring);
        SAY(poll(&polled, 1, -1));
        SAY(epoll_wait(epoll, &event, 1, -1));
        SAY(res_of_next());
        SAY(poll(&polled, 1, 0));
        SAY(epoll_wait(epoll, &event, 1, 0));
    }
    io_uring_queue_exit(&ring);""",
    "cancels_and_links": r"""
    int ends[2];
    SAY(pipe(ends));
    SAY(io_uring_queue_init(8, &ring, 0));
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    io_uring_prep_poll_add(sqe, ends[0], POLLIN);
    sqe->user_data = 1;
    sqe = io_uring_get_sqe(&ring);
    io_uring_prep_cancel64(sqe, 1, 0);
    sqe->user_data = 2;
    SAY(io_uring_submit_and_wait(&ring, 2));
    int by_data[3] = {};
    for (int i = 0; i < 2; i++) {
        io_uring_wait_cqe(&ring, &cqe);
        by_data[cqe->user_data] = cqe->res;
        io_uring_cqe_seen(&ring, cqe);
    }
    SAY(by_data[1]);
    SAY(by_data[2]);
    char byte;
    sqe = io_uring_get_sqe(&ring);
    io_uring_prep_read(sqe, -1, &byte, 1, 0);
    sqe->flags |= IOSQE_IO_LINK;
    nop(2);
    SAY(io_uring_submit_and_wait(&ring, 2));
    SAY(res_of_next());
    SAY(res_of_next());
    io_uring_queue_exit(&ring);""",
    "makes_the_calls_itself": r"""
    struct io_uring_params p = {};
    int fd = io_uring_setup(4, &p);
    SAY(fd >= 0);
    SAY(io_uring_queue_mmap(fd, &p, &ring));
    for (unsigned i = 0; i < 4; i++)
        ring.sq.array[i] = i;
    nop(1);
    *ring.sq.ktail = 1;
    SAY(io_uring_enter(fd, 1, 1, IORING_ENTER_GETEVENTS, NULL));
    SAY(res_of_next());
    SAY(io_uring_register(fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
    io_uring_queue_exit(&ring);""",
    "is_made_often": r"""
    int sum = 0;
    for (int i = 0; i < 50; i++) {
        sum |= io_uring_queue_init(4, &ring, 0);
        nop(1);
        sum |= io_uring_submit(&ring) - 1;
        sum |= res_of_next();
        io_uring_queue_exit(&ring);
    }
    SAY(sum);""",
    "is_made_more_often_than_there_are_handles": r"""
    static struct io_uring many[300];
    int sum = 0;
    for (int i = 0; i < 300; i++)
        sum |= io_uring_queue_init(1, &many[i], 0);
    for (int i = 299; i >= 0; i--) {
        ring = many[i];
        nop(1);
        sum |= io_uring_submit(&ring) - 1;
        sum |= res_of_next();
        io_uring_queue_exit(&ring);
    }
    SAY(sum);""",
    "is_made_anew_in_a_child": r"""
    SAY(io_uring_queue_init(4, &ring, 0));
    nop(1);
    SAY(io_uring_submit(&ring));
    fflush(stdout);
    struct io_uring of_parent = ring;
    if (fork() == 0) {
        SAY(io_uring_queue_init(4, &ring, 0));
        SAY(io_uring_cq_ready(&ring));
        nop(2);
        SAY(io_uring_submit_and_wait(&ring, 1));
        SAY(res_of_next());
        io_uring_queue_exit(&ring);
        io_uring_queue_exit(&of_parent);
        return 0;
    }
    wait(NULL);
    nop(3);
    SAY(io_uring_submit_and_wait(&ring, 2));
    SAY(io_uring_cq_ready(&ring));
    io_uring_queue_exit(&ring);""",
    "one_thread_submits_and_one_waits": r"""
    SAY(io_uring_queue_init(4, &ring, 0));
    pthread_t thread;
    void *sum;
    pthread_create(&thread, NULL, take_1000, NULL);
    for (int i = 0; i < 1000;) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
        io_uring_prep_nop(sqe);
        sqe->user_data = i++;
        io_uring_submit(&ring);
    }
    pthread_join(thread, &sum);
    SAY((long)sum);
    io_uring_queue_exit(&ring);""",
    "a_handler_submits_while_its_thread_waits": r"""
    SAY(io_uring_queue_init(4, &ring, 0));
    struct sigaction act = {.sa_handler = submit_nop};
    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 10000}, NULL);
    int error;
    do
        error = io_uring_wait_cqe(&ring, &cqe);
    while (error == -EINTR);
    SAY(error);
    SAY(cqe->user_data);
    SAY(submitted);""",
}
HELPERS = r"""
static int submitted;
static void submit_nop(int signal) {
    nop(signal);
    submitted = io_uring_submit(&ring);
}
static void *take_1000(void *unused) {
    long sum = 0;
    struct io_uring_cqe *each;
    for (int i = 0; i < 1000; i++) {
        if (io_uring_wait_cqe(&ring, &each))
            return (void *)-1;
        sum += each->user_data;
        io_uring_cqe_seen(&ring, each);
    }
    return (void *)sum;
}
"""


def build(folder, name, text, *libraries):
    (folder / f"{name}.c").write_text(text)
    subprocess.run(["cc", "-Wall", "-Wno-unused", "-Werror", "-pthread", folder / f"{name}.c",
                    *libraries, "-o", folder / name], check=True)
    return folder / name


def build_main(folder, name, body):
    return build(folder, name, f"{PREAMBLE}{HELPERS}int main(void) {{\n{body}\n    return 0;\n}}\n",
                 "-luring")


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_it_does_on_the_kernels(name, tmp_path):
    program = build_main(tmp_path, name, PROGRAMS[name])
    on_ours = denied(RUN, "--liburing", program, cwd=tmp_path)
    assert on_ours.returncode == 0 and ": " in on_ours.stdout, on_ours
    if not kernel_has_io_uring(tmp_path):
        pytest.skip("there is no io_uring of the kernel to compare with")
    assert on_ours.stdout == run(program, cwd=tmp_path).stdout


def kernel_has_io_uring(folder):
    program = build_main(folder, "probe", "SAY(io_uring_queue_init(4, &ring, 0));")
    return run(program).stdout.endswith(": 0\n")


def test_without_the_library_there_is_none(tmp_path):
    program = build_main(tmp_path, "probe", "SAY(io_uring_queue_init(4, &ring, 0));")
    assert denied(program).stdout.endswith(f": {-errno.EPERM}\n")
    assert denied(RUN, "--liburing", program).stdout.endswith(": 0\n")
    assert denied(program, env=os.environ | {"LD_LIBRARY_PATH": str(LIBRARY.parent)}
                  ).stdout.endswith(": 0\n")


# Most of its time the thread is in a call that holds a lock, until the next signal.
INTERRUPTED = r"""
static volatile sig_atomic_t refused, others;
static void call_too(int signal) {
    int got = io_uring_enter(ring.ring_fd, 0, 0, IORING_ENTER_GETEVENTS, NULL);
    refused += got == -EBUSY;
    others += got && got != -EBUSY;
    (void)signal;
}

int main(void) {
    io_uring_queue_init(64, &ring, 0);
    struct sigaction act = {.sa_handler = call_too, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &act, NULL);
    struct itimerval often = {{.tv_usec = 50}, {.tv_usec = 50}}, never = {};
    setitimer(ITIMER_REAL, &often, NULL);
    int failed = 0;
    while (refused < 100) {
        for (int i = 0; i < 64; i++)
            nop(i);
        failed |= io_uring_submit(&ring) != 64;
        io_uring_cq_advance(&ring, io_uring_cq_ready(&ring));
    }
    setitimer(ITIMER_REAL, &never, NULL);
    SAY(failed);
    SAY(others);
    return 0;
}
"""


def test_a_handler_that_has_interrupted_a_call_is_refused_another(tmp_path):
    program = build(tmp_path, "interrupted", PREAMBLE + INTERRUPTED, "-luring")
    for more in ({}, {"env": os.environ | {"LD_LIBRARY_PATH": str(LIBRARY.parent)}}):
        done = denied(RUN, *([] if more else ["--liburing"]), program, **more)
        assert (done.returncode, done.stdout) == (0, "failed: 0\nothers: 0\n")


BESIDE_THE_TRAP = r"""
    SAY(io_uring_queue_init(4, &ring, 0));
    nop(1);
    *ring.sq.ktail = 1;
    SAY(syscall(SYS_io_uring_enter, ring.ring_fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 8));
    SAY(res_of_next());
    nop(1);
    SAY(io_uring_submit_and_wait(&ring, 1));"""


def test_beside_the_trap_both_know_the_rings(tmp_path):
    program = build_main(tmp_path, "both", BESIDE_THE_TRAP)
    done = denied(RUN, program, env=os.environ | {"LD_LIBRARY_PATH": str(LIBRARY.parent)})
    assert [line.split()[-1] for line in done.stdout.splitlines()] == ["0", "1", "0", "1"]


LATER = r"""
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
int io_uring_major_version(void);
bool io_uring_check_version(int major, int minor);
ssize_t io_uring_memory_size(unsigned entries, unsigned flags);
int main(void) {
    printf("%d %d %d %zd\n", io_uring_major_version(), io_uring_check_version(2, 15),
           io_uring_check_version(2, 16), io_uring_memory_size(8, 0));
    return 0;
}
"""


def test_a_program_of_a_later_liburing_loads(tmp_path):
    program = build(tmp_path, "later", LATER, LIBRARY)
    assert "version `LIBURING_2.4' not found" in run(program).stderr  # Debian's is too old
    assert run(RUN, "--liburing", program).stdout == "2 0 1 8192\n"


@pytest.mark.parametrize("name, arguments, expected", [
    ("io_uring_close_ring_fd", (), -errno.EOPNOTSUPP),
    ("io_uring_set_iowait", (True,), -errno.EOPNOTSUPP),
    ("io_uring_queue_init_mem", (None, None, 0), -errno.EINVAL),
    ("io_uring_resize_rings", (None,), -errno.EINVAL),
    ("io_uring_register_clock", (None,), -errno.EINVAL),
    ("io_uring_register_napi", (None,), -errno.EINVAL),
    ("io_uring_register_region", (None,), -errno.EINVAL),
    ("io_uring_register_ifq", (None,), -errno.EINVAL),
    ("io_uring_register_wait_reg", (None, 0), -errno.EINVAL),
    ("io_uring_submit_and_wait_reg", (None, 1, 0), -errno.EINVAL),
    ("io_uring_wait_cqes_min_timeout", (None, 1, None, 1, None), -errno.EINVAL),
])
def test_what_is_not_to_be_had_is_refused_as_by_an_older_kernel(name, arguments, expected):
    library = ctypes.CDLL(str(LIBRARY))
    ring = ctypes.create_string_buffer(216)
    if name == "io_uring_queue_init_mem":
        assert library.io_uring_queue_init_mem(4, ring, *arguments) == expected
        return
    assert library.io_uring_queue_init(4, ring, 0) == 0
    assert getattr(library, name)(ring, *arguments) == expected
    library.io_uring_queue_exit(ring)


def test_calls_that_need_no_ring_are_refused():
    library = ctypes.CDLL(str(LIBRARY))
    for name in ("io_uring_register_sync_msg", "io_uring_register_bpf_filter_task",
                 "io_uring_register_query"):
        assert getattr(library, name)(None) == -errno.EBADF


def test_a_lost_library_is_told(tmp_path):
    shutil.copy(RUN, tmp_path / "iowq-run")
    done = run(tmp_path / "iowq-run", "--liburing", "true")
    assert done.returncode == 2
    assert done.stderr.startswith("iowq-run: there is no liburing.so.2 in liburing beside it")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("cache", ["writeback", "none"])
def test_qemu_img_runs_on_it(cache, tmp_path):
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(1 << 24))
    bench = ("qemu-img", "bench", "-i", "io_uring", "-f", "raw", "-t", cache, "-c", "2000", image)
    assert "failed to init linux io_uring ring" in denied(*bench).stderr
    done = denied(RUN, "--liburing", *bench)
    assert done.returncode == 0 and "Run completed" in done.stdout, done.stderr
