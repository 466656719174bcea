// SPDX-License-Identifier: MIT
// Waiting: a futex word to park on, and spinning that learns whether it pays. The only raw futex
// calls of the library are here.
#pragma once

#include "iowq/os/atomic.h"
#include "iowq/os/clock.h"
#include "iowq/os/learner.h"

#include <cerrno>
#include <climits>
#include <cstdint>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq {

// Sleeps while `word` holds `value`, until woken or until `until`. May return early. False: it did,
// because a signal's handler without SA_RESTART has run.
inline bool futex_wait(atomic<uint32_t> &word, uint32_t value, deadline until) {
    // The clock is CLOCK_MONOTONIC, which FUTEX_WAIT_BITSET takes as absolute.
    timespec at = until ? as_timespec(until->time_since_epoch()) : timespec{};
    return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, value, until ? &at : nullptr,
                   nullptr, FUTEX_BITSET_MATCH_ANY) == 0 ||
           errno != EINTR;
}

inline void futex_wake_one(atomic<uint32_t> &word) {
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

inline void futex_wake_all(atomic<uint32_t> &word) {
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

// One thread parks, any thread unparks it. An unpark before the park is not lost; two count as one.
class parker {
  public:
    // Returns true when unparked, false when `until` has passed.
    bool park(deadline until = {}) {
        // Acquire: pairs with unpark's release, which publishes why it woke us.
        while (!token_.exchange(0, std::memory_order_acquire)) {
            if (until && clock::now() >= *until)
                return false;
            (void)futex_wait(token_, 0, until);
        }
        return true;
    }

    void unpark() {
        // Pairs with park's exchange. An exchange, as a store would hide what an unpark before it,
        // which counts as one with it, has published.
        (void)token_.exchange(1, std::memory_order_release);
        futex_wake_one(token_); // uses the address only: the parker may have been destroyed by now
    }

  private:
    std::atomic<uint32_t> token_{0};
};

// Bounded spinning that stops by itself where it does not pay: where nothing comes within the
// bound, or where CPUs are scarce and the thread that is waited for cannot run. With `always` it
// does not stop. One thread at a time.
class adaptive_spin {
  public:
    enum kind { learns, always };
    explicit adaptive_spin(std::chrono::nanoseconds bound, kind k = learns)
        : bound_(bound), kind_(k) {}

    // Will until() spin?
    [[nodiscard]] bool pays() const {
        return bound_.count() > 0 && (kind_ == always || pays_.worth_it());
    }

    // Spins until ready(), for at most `patience` times the bound. Returns ready().
    template <class Ready>
    bool until(Ready ready, int patience = 1) {
        if (ready())
            return true;
        if (bound_.count() == 0 || !(kind_ == always || pays_.worth_trying()))
            return false;
        auto end = clock::now() + patience * bound_;
        do {
            for (int i = 0; i < 8; i++) {
                if (ready()) {
                    pays_.learn(true);
                    return true;
                }
                cpu_relax();
            }
        } while (clock::now() < end);
        pays_.learn(false);
        return ready();
    }

  private:
    std::chrono::nanoseconds bound_;
    kind kind_;
    learner pays_{learner::rule{16, 16, 2, 32}};
};

} // namespace iowq
