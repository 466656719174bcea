// SPDX-License-Identifier: MIT
// fork: the child has the parent's memory and none of its threads. What the parent made (pools,
// rings) is *orphaned* in the child: it takes nothing, waits for nothing, and its destruction only
// frees its memory. What the child makes itself works as ever. None of this holds after vfork and
// raw clone.
//
// The child destroys what it has inherited. So each lock that guards such a structure is held
// while the process forks, or the child might find the structure half changed.
#pragma once

#include "iowq/os/api.h"
#include "iowq/os/lock.h"

#include <atomic>

namespace iowq {

// Base of each object that a fork concerns. Any thread may make and destroy one.
class IOWQ_API across_forks {
  public:
    // Has the process that made this forked, and is this the child?
    [[nodiscard]] bool orphaned() const { return orphaned_.load(std::memory_order_relaxed); }

    across_forks(const across_forks &) = delete;
    across_forks &operator=(const across_forks &) = delete;

  protected:
    across_forks();
    ~across_forks();

    // Called by the thread that forks, while the object is whole. hold_still takes its locks before
    // the fork; go_on releases them after it, in both processes.
    virtual void hold_still() {}
    virtual void go_on() {}

    // The last member of a class that has these two. Another thread may fork while the members
    // before it, such as the locks, are still being made, or have been destroyed.
    class IOWQ_API whole {
      public:
        explicit whole(across_forks &of);
        ~whole();
        whole(const whole &) = delete;
        whole &operator=(const whole &) = delete;

      private:
        across_forks &of_;
    };

  private:
    friend struct fork_handlers;
    std::atomic<bool> orphaned_{false}; // written while the child has one thread
    bool whole_ = false;                // guarded by the lock under which a process forks
    across_forks *next_ = nullptr, *before_ = nullptr;
};

// Registers the caller's own handlers, as pthread_atfork(3); 0 or -ENOMEM. `before` may take a lock
// under which across_forks objects are made and destroyed: it runs before their locks are taken.
[[nodiscard]] int at_fork(void (*before)(), void (*in_parent)(), void (*in_child)());

} // namespace iowq
