// SPDX-License-Identifier: MIT
// What the tests ask of signals.
#pragma once

#include "iowq/test/item.h"

#include <csignal>

// The signal that the calling worker does not block.
inline int unblocked_signal() {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    for (int s = SIGRTMAX; s > 0; s--)
        if (sigismember(&blocked, s) == 0 && s != SIGKILL && s != SIGSTOP &&
            (s < 32 || s >= SIGRTMIN)) // between them are the C library's own
            return s;
    return 0;
}

inline int signal_of(iowq::wq &pool) {
    int signal = 0;
    item it([&](item &) { signal = unblocked_signal(); });
    it.run_on(pool);
    return signal;
}

inline void (*handler_of(int signal))(int) {
    struct sigaction now {};
    sigaction(signal, nullptr, &now);
    return now.sa_handler;
}
inline bool handled_by_default(int signal) { return handler_of(signal) == SIG_DFL; }

// The program's own handler for a signal, while it lives.
class own_handler {
  public:
    own_handler(int signal, void (*handler)(int)) : signal_(signal) {
        struct sigaction own {};
        own.sa_handler = handler;
        EXPECT_EQ(sigaction(signal, &own, &before_), 0);
    }
    ~own_handler() { sigaction(signal_, &before_, nullptr); }
    own_handler(const own_handler &) = delete;
    own_handler &operator=(const own_handler &) = delete;

  private:
    const int signal_;
    struct sigaction before_ {};
};
