// SPDX-License-Identifier: MIT
#include "iowq/uring/plain_calls.h"

#include "iowq/uring/calls.h"
#include "iowq/uring/inside.h"

#include <cerrno>
#include <csignal>

namespace iowq::uring {

namespace {

// For calls that are made seldom. The threads that they create have all signals blocked, too.
class all_blocked {
  public:
    all_blocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~all_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    all_blocked(const all_blocked &) = delete;
    all_blocked &operator=(const all_blocked &) = delete;

  private:
    sigset_t before_;
};

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
        all_blocked signals;
        return setup(entries, p);
    });
}

int plain_enter(int fd, unsigned to_submit, unsigned min_complete, unsigned flags, const void *arg,
                size_t size) {
    return made([&] { return enter(fd, to_submit, min_complete, flags, arg, size); });
}

int plain_register(int fd, unsigned what, void *arg, unsigned count) {
    return made([&] {
        all_blocked signals;
        return do_register(fd, what, arg, count);
    });
}

} // namespace iowq::uring
