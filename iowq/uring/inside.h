// SPDX-License-Identifier: MIT
// Whether this thread is in one of io_uring's calls, where it may hold a lock. A signal handler of
// the program's that has interrupted it there must not call. Trapped calls have all signals masked
// and need not say so; those of liburing's functions do. While a call waits for completions it
// holds no lock, and is outside.
#pragma once

#include "iowq/os/atomic.h"

namespace iowq::uring {

// Says so, or the opposite, as long as it lives.
class inside {
  public:
    explicit inside(bool is) : before_(state().load(relaxed)) { state().store(is, relaxed); }
    ~inside() { state().store(before_, relaxed); }
    inside(const inside &) = delete;
    inside &operator=(const inside &) = delete;

    [[nodiscard]] static bool now() { return state().load(relaxed); }

  private:
    struct of_thread {
        atomic<bool> it{false};
    };
    static atomic<bool> &state() { return per_thread<of_thread>().it; }

    const bool before_;
};

} // namespace iowq::uring
