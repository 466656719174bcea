// SPDX-License-Identifier: MIT
#include "iowq/uring/plain_calls.h"

#include "iowq/uring/calls.h"
#include "iowq/uring/handles.h"
#include "iowq/uring/inside.h"
#include "iowq/uring/instances.h"
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

int setup_plainly(unsigned entries, io_uring_params *p) {
    return made([&] {
        masked signals(&every_signal()); // it is made seldom
        return setup(entries, p);
    });
}

int register_plainly(int fd, unsigned what, void *arg, unsigned count) {
    return made([&] {
        masked signals(&every_signal()); // it is made seldom
        return do_register(fd, what, arg, count);
    });
}

int map_plainly(int fd, void *&at, size_t bytes, int protection, int flags, uint64_t offset) {
    return made([&] {
        masked signals(&every_signal()); // it is made seldom
        return map(fd, at, bytes, protection, flags, offset);
    });
}

int enter_plainly(int fd, unsigned handle, unsigned to_submit, unsigned min_complete,
                  unsigned flags, const void *arg, size_t size) {
    return made([&] {
        std::shared_ptr<instance> its = handles::all().find(handle);
        return its ? enter(*its, to_submit, min_complete, flags, arg, size)
                   : enter(fd, to_submit, min_complete, flags, arg, size);
    });
}

unsigned open_handle(int fd) {
    std::shared_ptr<instance> its;
    return instances::all().find(fd, its) ? 0 : handles::all().open(std::move(its));
}

void close_handle(unsigned handle) {
    masked signals(&every_signal());
    handles::all().close(handle);
}

} // namespace

const plain_calls calls_here = {.setup = setup_plainly,
                                .do_register = register_plainly,
                                .map = map_plainly,
                                .enter = enter_plainly,
                                .open_handle = open_handle,
                                .close_handle = close_handle};

} // namespace iowq::uring
