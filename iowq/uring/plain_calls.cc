// SPDX-License-Identifier: MIT
#include "iowq/uring/plain_calls.h"

#include "iowq/uring/calls.h"
#include "iowq/uring/inside.h"
#include "iowq/uring/masked.h"

#include <cerrno>

namespace iowq::uring {

namespace {

template <class Call>
int made(Call &&call) {
    if (inside::now())
        return -EBUSY;
    int before = errno;
    inside a_call(true);
    int result = call();
    errno = before;
    return result;
}

} // namespace

int plain_setup(unsigned entries, io_uring_params *p) {
    return made([&] {
        masked signals(&every_signal()); // it is made seldom
        return setup(entries, p);
    });
}

int plain_enter(int fd, unsigned to_submit, unsigned min_complete, unsigned flags, const void *arg,
                size_t size) {
    return made([&] { return enter(fd, to_submit, min_complete, flags, arg, size); });
}

int plain_register(int fd, unsigned what, void *arg, unsigned count) {
    return made([&] {
        masked signals(&every_signal()); // it is made seldom
        return do_register(fd, what, arg, count);
    });
}

int plain_map(int fd, void **at, size_t bytes, int protection, int flags, uint64_t offset) {
    return made([&] {
        masked signals(&every_signal());
        return map(fd, *at, bytes, protection, flags, offset);
    });
}

} // namespace iowq::uring
