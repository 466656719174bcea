// SPDX-License-Identifier: MIT
// The three system calls by their names, and who makes them: where calls are trapped too, it is the
// library that traps them which knows the rings.
#include "iowq/uring/liburing/ring.h"

#include <climits>
#include <csignal>

extern "C" __attribute__((weak)) const iowq::uring::plain_calls *iowq_uring_calls();

namespace iowq::uring {

const plain_calls *const calls = iowq_uring_calls ? iowq_uring_calls() : &calls_here;

} // namespace iowq::uring

using namespace iowq::uring;

EXPORTED int io_uring_setup(unsigned entries, io_uring_params *p) {
    return calls->setup(entries, p);
}

EXPORTED int io_uring_enter2(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags,
                             void *arg, size_t size) {
    constexpr unsigned no_handle = 0;
    return calls->enter(static_cast<int>(fd), no_handle, to_submit, min_complete, flags, arg, size);
}

EXPORTED int io_uring_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags,
                            sigset_t *mask) {
    return io_uring_enter2(fd, to_submit, min_complete, flags, mask, _NSIG / CHAR_BIT);
}

EXPORTED int io_uring_register(unsigned fd, unsigned what, const void *arg, unsigned count) {
    return calls->do_register(static_cast<int>(fd), what, const_cast<void *>(arg), count);
}
