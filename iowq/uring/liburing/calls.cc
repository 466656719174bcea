// SPDX-License-Identifier: MIT
// The three system calls by their names, and who makes them: where calls are trapped too, it is the
// library that traps them which knows the rings.
#include "iowq/uring/liburing/ring.h"
#include "iowq/uring/plain_calls.h"

#include <climits>
#include <csignal>
#include <sys/mman.h>

// nullptr: calls are not trapped.
extern "C" {
__attribute__((weak)) decltype(iowq::uring::plain_setup) iowq_uring_setup;
__attribute__((weak)) decltype(iowq::uring::plain_enter) iowq_uring_enter;
__attribute__((weak)) decltype(iowq::uring::plain_register) iowq_uring_register;
__attribute__((weak)) decltype(iowq::uring::plain_map) iowq_uring_map;
}

EXPORTED int io_uring_setup(unsigned entries, io_uring_params *p) {
    return (iowq_uring_setup ?: iowq::uring::plain_setup)(entries, p);
}

EXPORTED int io_uring_enter2(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags,
                             void *arg, size_t size) {
    return (iowq_uring_enter ?: iowq::uring::plain_enter)(static_cast<int>(fd), to_submit,
                                                          min_complete, flags, arg, size);
}

EXPORTED int io_uring_enter(unsigned fd, unsigned to_submit, unsigned min_complete, unsigned flags,
                            sigset_t *mask) {
    return io_uring_enter2(fd, to_submit, min_complete, flags, mask, _NSIG / CHAR_BIT);
}

EXPORTED int io_uring_register(unsigned fd, unsigned what, const void *arg, unsigned count) {
    return (iowq_uring_register ?: iowq::uring::plain_register)(static_cast<int>(fd), what,
                                                                const_cast<void *>(arg), count);
}

namespace iowq::uring {

int map_part(int fd, void *&at, size_t bytes, uint64_t offset) {
    return (iowq_uring_map ?: plain_map)(fd, &at, bytes, PROT_READ | PROT_WRITE,
                                         MAP_SHARED | MAP_POPULATE, offset);
}

} // namespace iowq::uring
