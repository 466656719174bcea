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
    // The last one to go restores what was there, unless somebody has replaced the handler since.
    ~interrupt_signal();
    interrupt_signal(const interrupt_signal &) = delete;
    interrupt_signal &operator=(const interrupt_signal &) = delete;

    // Takes the signal that the process has for this. If there is none yet it is `wanted` or, where
    // that is 0, the last real-time signal that is at its default and not blocked in the calling
    // thread, as one that is may be meant for signalfd or sigwaitinfo. -EBUSY: there is none, or it
    // is another than `wanted`, or that has a handler. -EINVAL: `wanted` is none.
    [[nodiscard]] int open(int wanted = 0);

    [[nodiscard]] int number() const { return number_; } // 0 before open
    // Sends it to a thread of this process that is known to be there; not if the program has given
    // it another handler meanwhile.
    void send(pid_t tid) const;
    // The same again and again, by the kernel, until stop_sending(). 0, or -EAGAIN: it is the
    // program's, or there is no timer.
    [[nodiscard]] int send_repeatedly(pid_t tid, timer_t &sender) const;
    static void stop_sending(timer_t sender) { timer_delete(sender); }
    // Would it run our handler? If it has been put back to its default, it would end the process:
    // then the handler is put in place again.
    [[nodiscard]] bool is_ours() const;

  private:
    int number_ = 0;
};

// A signal that is pending in the calling thread is taken here, and by no later system call.
void take_pending_signals();

} // namespace iowq
