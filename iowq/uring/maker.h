// SPDX-License-Identifier: MIT
// The thread that creates this library's other threads. The C library allocates for one, and needs
// much stack, and neither is to be done in the handler of SIGSYS: so that creates this thread
// alone, with the process's first ring. Owned by the process's instances; it never ends. Any thread
// may call it, but this one.
#pragma once

#include "iowq/os/lock.h"
#include "iowq/os/park.h"

namespace iowq::uring {

class maker {
  public:
    // Creates the thread, once. 0 or -errno.
    [[nodiscard]] int start();
    // Has it call make(arg), and waits. Returns what that returns.
    [[nodiscard]] int run(int (*make)(void *), void *arg);
    template <class Make>
    [[nodiscard]] int run(Make make) {
        return run([](void *its) { return (*static_cast<Make *>(its))(); }, &make);
    }

  private:
    static void *main(void *its);

    mutex one_at_a_time_;
    bool started_ IOWQ_GUARDED_BY(one_at_a_time_) = false;
    // Of the one that runs; published by the two parkers.
    int (*make_)(void *) = nullptr;
    void *arg_ = nullptr;
    int result_ = 0;
    parker wanted_, done_;
};

} // namespace iowq::uring
