// SPDX-License-Identifier: MIT
// Signal masks. SIGSYS is in none: a call that is trapped while it is blocked ends the process.
#pragma once

#include <csignal>
#include <pthread.h>

namespace iowq::uring {

[[nodiscard]] inline const sigset_t &every_signal() {
    static const sigset_t all = [] {
        sigset_t set;
        sigfillset(&set);
        sigdelset(&set, SIGSYS);
        return set;
    }();
    return all;
}

// The set without SIGSYS, in `own`; nullptr as it is.
inline const sigset_t *without_sigsys(const sigset_t *set, sigset_t &own) {
    if (!set)
        return nullptr;
    own = *set;
    sigdelset(&own, SIGSYS);
    return &own;
}

// A mask of the calling thread, for as long as this lives.
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
    // What it was, if it has changed.
    [[nodiscard]] const sigset_t &before() const { return before_; }
    masked(const masked &) = delete;
    masked &operator=(const masked &) = delete;

  private:
    const bool changes_;
    sigset_t before_;
};

} // namespace iowq::uring
