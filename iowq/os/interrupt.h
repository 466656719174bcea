// SPDX-License-Identifier: MIT
// The signal that makes a system call return early when its item is cancelled: one for the whole
// process, with a handler that does nothing and no SA_RESTART. The library's threads block every
// other signal. Each pool, and each ring with threads of its own, holds one interrupt_signal; any
// thread may open and close one.
#pragma once

#include <ctime>
#include <sys/types.h>

namespace iowq {

class interrupt_signal {
  public:
    interrupt_signal() = default;
    // The last one to go restores the old handler, unless somebody has replaced the library's.
    ~interrupt_signal();
    interrupt_signal(const interrupt_signal &) = delete;
    interrupt_signal &operator=(const interrupt_signal &) = delete;

    // Takes the process's signal for this. If it has none yet, `wanted` becomes that signal; where
    // `wanted` is 0, the last real-time signal that is at its default and not blocked in the
    // calling thread. (A blocked one may be meant for signalfd or sigwaitinfo.) -EBUSY: no signal
    // is left, or the process has another than `wanted`, or `wanted` has a handler. -EINVAL:
    // `wanted` is not a signal that can be caught.
    [[nodiscard]] int open(int wanted = 0);

    [[nodiscard]] int number() const { return number_; } // 0 before open
    // Sends the signal to a thread of this process, which must not have ended. Sends nothing if the
    // program has given the signal another handler meanwhile.
    void send(pid_t tid) const;
    // Has a timer of the kernel send it every ms, until stop_sending(). 0, or -EAGAIN: the program
    // has given the signal another handler, or no timer is to be had.
    [[nodiscard]] int send_repeatedly(pid_t tid, timer_t &sender) const;
    static void stop_sending(timer_t sender) { timer_delete(sender); }
    // Would the signal run our handler? If it has been put back to its default, it would end the
    // process: then our handler is installed again.
    [[nodiscard]] bool is_ours() const;

  private:
    int number_ = 0;
};

// Makes one system call, which takes a signal that is pending in the calling thread. So no later
// call is interrupted by it.
void take_pending_signals();

} // namespace iowq
