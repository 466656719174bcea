// SPDX-License-Identifier: MIT
// fork: the child has the parent's memory and none of its threads. What the parent made there
// (pools, rings) is *orphaned* in the child: it takes nothing, waits for nothing, and is dropped
// without a word to threads that are not there. What the child makes itself works as ever. Not so
// after vfork and raw clone.
//
// While the process forks every lock that guards a structure which the child takes apart is held,
// so that it does not find one half changed.
#pragma once

#include "iowq/os/api.h"
#include "iowq/os/lock.h"

#include <atomic>

namespace iowq {

// Base of what a fork concerns. Any thread.
class IOWQ_API across_forks {
  public:
    // Has the process that made this forked, and is this the child?
    [[nodiscard]] bool orphaned() const { return orphaned_.load(std::memory_order_relaxed); }

    across_forks(const across_forks &) = delete;
    across_forks &operator=(const across_forks &) = delete;

  protected:
    across_forks();
    ~across_forks();

    // By the thread that forks: takes the locks, before, and gives them up, after, in both
    // processes.
    virtual void hold_still() {}
    virtual void go_on() {}

  private:
    friend struct fork_handlers;
    std::atomic<bool> orphaned_{false}; // written while the child has one thread
    across_forks *next_ = nullptr, *before_ = nullptr;
};

// Handlers of the caller's own, as pthread_atfork(3); 0 or -ENOMEM. `before` may take a lock under
// which objects of the above are made and destroyed.
[[nodiscard]] int at_fork(void (*before)(), void (*in_parent)(), void (*in_child)());

} // namespace iowq
