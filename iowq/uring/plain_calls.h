// SPDX-License-Identifier: MIT
// io_uring's calls for code that makes them by a function, not by a trap: the program's signal
// handlers may run meanwhile, and call again. A call that has interrupted another one of its own
// thread, which may hold a lock, is -EBUSY. One that has interrupted the wait for completions is
// made. Any thread may make them. errno stays as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/io_uring.h>

namespace iowq::uring {

// As those of calls.h.
[[nodiscard]] int plain_setup(unsigned entries, io_uring_params *p);
[[nodiscard]] int plain_enter(int fd, unsigned to_submit, unsigned min_complete, unsigned flags,
                              const void *arg, size_t size);
[[nodiscard]] int plain_register(int fd, unsigned what, void *arg, unsigned count);
[[nodiscard]] int plain_map(int fd, void **at, size_t bytes, int protection, int flags,
                            uint64_t offset);

} // namespace iowq::uring
