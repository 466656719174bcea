// SPDX-License-Identifier: MIT
// io_uring's three system calls, and those on its descriptor, in user space. Any thread may make
// them.
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <linux/io_uring.h>
#include <span>
#include <string>

namespace iowq::uring {

class instance;

// Each returns what the system call would, or -errno. -EOPNOTSUPP: the descriptor is no ring of
// this process.
[[nodiscard]] int setup(unsigned entries, io_uring_params *p);
// `mask`: the signals that are let through while it waits, if `flags` and `arg` name no others;
// nullptr: the thread's own.
[[nodiscard]] int enter(int fd, unsigned to_submit, unsigned min_complete, unsigned flags,
                        const void *arg, size_t size, const sigset_t *mask = nullptr);
// The same of a ring that is known already.
[[nodiscard]] int enter(instance &its, unsigned to_submit, unsigned min_complete, unsigned flags,
                        const void *arg, size_t size, const sigset_t *mask = nullptr);
[[nodiscard]] int do_register(int fd, unsigned what, void *arg, unsigned count);

// One of the three by its number, with the arguments of the call. All signals of the program's are
// blocked: `mask` is what it had blocked itself. -EBUSY: the thread is in another one that does not
// wait (inside.h).
[[nodiscard]] long make_call(int number, const uint64_t (&args)[6], const sigset_t &mask);

// As mmap(2) of a ring's descriptor; `at` becomes where it is. 0 or -errno. -EBADF, -EOPNOTSUPP:
// the descriptor is none of a ring.
[[nodiscard]] int map(int fd, void *&at, size_t bytes, int protection, int flags, uint64_t offset);

// Before the program polls these descriptors, or has them polled: those of rings are readable from
// now on if there are completions.
void about_to_poll(std::span<const int> fds);
// Before it waits: those are readable no longer whose completions have been taken.
void about_to_wait();

// The three come here from now on, wherever the program makes them: a seccomp filter has them raise
// SIGSYS in their own thread, whose handler makes them, and returns as from the call. For all
// threads of this process, and for what it will run. It cannot be undone. 0, or -errno and a line
// that says why not.
[[nodiscard]] int trap_calls(std::string &why);

} // namespace iowq::uring
