// SPDX-License-Identifier: MIT
// The system calls of Linux AIO, which the C library does not wrap. They return a count, 0 or
// -errno.
#pragma once

#include "iowq/os/clock.h"

#include <cerrno>
#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq {

// What the kernel maps at the context's address. Its headers do not declare it, but it cannot
// change: programs have read it since 2.6.
struct aio_ring {
    static constexpr unsigned known = 0xa10a10a1;
    unsigned id;
    unsigned nr;   // of events
    unsigned head; // written by whoever takes events
    unsigned tail; // written by the kernel
    unsigned magic;
    unsigned compatible_features;
    unsigned incompatible_features;
    unsigned header_length;
    __extension__ io_event events[];
};

[[nodiscard]] inline int aio_setup(unsigned depth, aio_context_t &out) {
    return syscall(SYS_io_setup, depth, &out) ? -errno : 0;
}
// Waits for what is in flight.
inline void aio_destroy(aio_context_t context) { syscall(SYS_io_destroy, context); }

[[nodiscard]] inline long aio_submit(aio_context_t context, long nr, iocb **batch) {
    long n = syscall(SYS_io_submit, context, nr, batch);
    return n < 0 ? -errno : n;
}
[[nodiscard]] inline long aio_getevents(aio_context_t context, unsigned min, unsigned most,
                                        io_event *out, deadline until) {
    timespec left = until ? time_left(*until) : timespec{};
    long n = syscall(SYS_io_getevents, context, min, most, out, until ? &left : nullptr);
    return n < 0 ? -errno : n;
}

} // namespace iowq
