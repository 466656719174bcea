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

struct plain_calls {
    // As those of calls.h.
    int (*setup)(unsigned entries, io_uring_params *p);
    int (*do_register)(int fd, unsigned what, void *arg, unsigned count);
    int (*map)(int fd, void *&at, size_t bytes, int protection, int flags, uint64_t offset);
    // By a handle, or, where it is none, by the descriptor.
    int (*enter)(int fd, unsigned handle, unsigned to_submit, unsigned min_complete, unsigned flags,
                 const void *arg, size_t size);
    // Of a ring that has just been made, and is used until the handle is closed; 0: none.
    unsigned (*open_handle)(int fd);
    void (*close_handle)(unsigned handle);
};
extern const plain_calls calls_here;

} // namespace iowq::uring
