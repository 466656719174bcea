// SPDX-License-Identifier: MIT
// Counts the posts of completions, and lets threads wait for the next one. Any thread may call it,
// in handlers of signals too: a handler that interrupts wait() may call all of this, and may jump
// out of it.
#pragma once

#include "iowq/os/atomic.h"
#include "iowq/os/clock.h"

#include <csignal>
#include <cstdint>
#include <sys/types.h>

namespace iowq::uring {

class posts {
  public:
    posts() = default;
    ~posts();
    posts(const posts &) = delete;
    posts &operator=(const posts &) = delete;

    // 0 or -errno. Before anything else.
    [[nodiscard]] int create();

    // Whoever finds no completion after this call, and waits for more than this, misses none.
    [[nodiscard]] uint32_t count() const { return count_.load(seq_cst); }
    void add();
    // Does somebody wait here?
    [[nodiscard]] bool waited_for() const { return waiters_.load(relaxed) || polls_.load(relaxed); }
    // Until there are more than `seen`, or until the time; it may return early. Meanwhile the
    // thread has the signal mask `mask` (nullptr: its own). False: a handler has run.
    //
    // One thread at a time has its mask swapped as by ppoll(2), so that a signal that comes, or has
    // come, just before it sleeps is told as well. With another one that waits, a signal may come
    // between the two.
    [[nodiscard]] bool wait(uint32_t seen, deadline until, const sigset_t *mask);

  private:
    [[nodiscard]] bool poll(uint32_t seen, deadline until, const sigset_t &mask);

    atomic<uint32_t> count_{0};
    // In a futex; more than there are if one has jumped out of it, which costs calls in vain.
    atomic<uint32_t> waiters_{0};
    atomic<pid_t> poller_{0}; // the thread that polls, or has jumped out of that; 0: none
    atomic<bool> polls_{false};
    int event_ = -1; // what it polls
};

} // namespace iowq::uring
