// SPDX-License-Identifier: MIT
// io_uring's three system calls, in user space. Any thread may make them.
#pragma once

#include <csignal>
#include <cstddef>
#include <linux/io_uring.h>

namespace iowq::uring {

// Each returns what the system call would, or -errno. -EBADF also where a descriptor is no ring of
// these.
[[nodiscard]] int setup(unsigned entries, io_uring_params *p);
// `mask`: the signals that are let through while it waits, if `flags` and `arg` name no others;
// nullptr: the thread's own.
[[nodiscard]] int enter(int fd, unsigned to_submit, unsigned min_complete, unsigned flags,
                        const void *arg, size_t size, const sigset_t *mask = nullptr);
[[nodiscard]] int do_register(int fd, unsigned what, void *arg, unsigned count);

} // namespace iowq::uring
