// SPDX-License-Identifier: MIT
// The system calls of Linux AIO, which the C library does not wrap, and the ring of completions
// that the kernel maps. The calls return a count, 0 or -errno.
#pragma once

#include "iowq/os/atomic.h"
#include "iowq/os/clock.h"

#include <cerrno>
#include <csignal>
#include <linux/aio_abi.h>
#include <span>
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

    [[nodiscard]] static aio_ring &of(aio_context_t context) {
        return *reinterpret_cast<aio_ring *>(context);
    }
    [[nodiscard]] bool is_known() const { return magic == known && !incompatible_features; }
    // Is there something to take? Any thread may ask.
    [[nodiscard]] bool any() {
        return atomic_ref(head).load(relaxed) != atomic_ref(tail).load(relaxed);
    }
    // Hands up to `most` events to `each`, and returns how many. Makes no system call. One thread
    // at a time.
    template <class Each>
    unsigned take(unsigned most, Each each) {
        unsigned end = atomic_ref(tail).load(acquire); // the kernel's
        // Atomic for ThreadSanitizer alone, as another context may have been at this address.
        unsigned at = atomic_ref(head).load(relaxed), n = 0;
        for (; at != end && n < most; at = (at + 1) % nr, n++)
            each(events[at]);
        atomic_ref(head).store(at, release); // from now on the kernel may overwrite the entries
        return n;
    }
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
// Submits them all, but for those that the kernel does not take: `refuse` is told of each, with
// -errno. Returns how many were taken.
template <class Refuse>
unsigned aio_submit_all(aio_context_t context, std::span<iocb *> batch, Refuse refuse) {
    unsigned taken = 0;
    while (!batch.empty()) {
        long n = aio_submit(context, static_cast<long>(batch.size()), batch.data());
        if (n <= 0)
            refuse(*batch.front(), n < 0 ? n : -EAGAIN);
        else
            taken += static_cast<unsigned>(n);
        batch = batch.subspan(n <= 0 ? 1 : static_cast<size_t>(n));
    }
    return taken;
}

[[nodiscard]] inline long aio_getevents(aio_context_t context, unsigned min, unsigned most,
                                        io_event *out, deadline until) {
    timespec left = until ? time_left(*until) : timespec{};
    long n = syscall(SYS_io_getevents, context, min, most, out, until ? &left : nullptr);
    return n < 0 ? -errno : n;
}
// Sleeps until there is an event, and takes none: the kernel finds no memory to copy it to. So none
// is lost if a signal's handler jumps out of it. Meanwhile the thread has the signal mask `mask`
// (nullptr: its own). -EFAULT: there is one. 0: `until` has passed. -EINTR: a handler has run.
[[nodiscard]] inline int aio_sleep(aio_context_t context, deadline until, const sigset_t *mask) {
    struct {
        const sigset_t *mask;
        size_t bytes;
    } during{mask, _NSIG / 8};
    constexpr intptr_t nowhere = -4096; // the kernel's own
    timespec left = until ? time_left(*until) : timespec{};
    return syscall(SYS_io_pgetevents, context, 1, 1, nowhere, until ? &left : nullptr,
                   mask ? &during : nullptr) < 0
               ? -errno
               : 0;
}

} // namespace iowq
