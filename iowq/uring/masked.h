// SPDX-License-Identifier: MIT
// A signal mask of the calling thread, for as long as this lives.
#pragma once

#include <csignal>
#include <pthread.h>

namespace iowq::uring {

[[nodiscard]] inline const sigset_t &every_signal() {
    static const sigset_t all = [] {
        sigset_t set;
        sigfillset(&set);
        sigdelset(&set, SIGSYS); // which is never blocked
        return set;
    }();
    return all;
}

class masked {
  public:
    // nullptr: the mask stays as it is.
    explicit masked(const sigset_t *mask) : changes_(mask) {
        if (changes_)
            pthread_sigmask(SIG_SETMASK, mask, &before_);
    }
    ~masked() {
        if (changes_)
            pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    masked(const masked &) = delete;
    masked &operator=(const masked &) = delete;

  private:
    const bool changes_;
    sigset_t before_;
};

} // namespace iowq::uring
