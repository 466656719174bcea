// SPDX-License-Identifier: MIT
// The signal that makes a worker's system call return early when its item is cancelled: one real-time
// signal for all wqs of the process, with a handler that does nothing and no SA_RESTART. Workers block
// every other signal. Each wq holds one interrupt_signal; any thread may open and close one.
#pragma once

#include <sys/types.h>

namespace iowq {

class interrupt_signal {
  public:
    interrupt_signal() = default;
    // The last one to go restores what was there, unless somebody has replaced the handler since.
    ~interrupt_signal();
    interrupt_signal(const interrupt_signal &) = delete;
    interrupt_signal &operator=(const interrupt_signal &) = delete;

    // Picks the signal, if no other wq has yet: the first from SIGRTMIN on that is at its default.
    // -EBUSY when there is none.
    [[nodiscard]] int open();

    [[nodiscard]] int number() const { return number_; } // 0 before open
    // Sends it to a thread of this process that is known to be there.
    void send(pid_t tid) const;

  private:
    int number_ = 0;
};

} // namespace iowq
