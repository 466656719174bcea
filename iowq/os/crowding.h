// SPDX-License-Identifier: MIT
// Notices that a thread has to share its CPU, while the one that waits for it sleeps, and leaves
// its own idle.
#pragma once

#include "iowq/os/clock.h"
#include "iowq/os/thread.h"

#include <utility>

namespace iowq {

// One thread's; called by that thread alone, and often.
class crowding {
  public:
    // `every`: how far apart it looks, at least.
    explicit crowding(std::chrono::nanoseconds every = std::chrono::milliseconds(2))
        : every_(every) {}

    // Most often it does not look, and says no. True: since the last look the thread has been taken
    // off its CPU, though it wanted to go on, and as often the other one has gone to sleep.
    // `sleeps`: how often that has so far.
    [[nodiscard]] bool noticed(unsigned sleeps) {
        if (++asked_ % often != 0 || clock::now() < next_look_)
            return false;
        next_look_ = clock::now() + every_;
        long lost = involuntary_switches();
        long lost_since = lost - std::exchange(lost_, lost);
        unsigned slept_since = sleeps - std::exchange(sleeps_, sleeps);
        bool counted = std::exchange(counted_, true);
        return counted && lost_since > 0 && std::cmp_greater_equal(slept_since, lost_since);
    }
    // It has moved to another CPU, and stays there for a while.
    void moved() {
        next_look_ = clock::now() + pause;
        counted_ = false;
    }

  private:
    static constexpr unsigned often = 16; // at the clock
    static constexpr std::chrono::milliseconds pause{10};

    std::chrono::nanoseconds every_;
    clock::time_point next_look_{};
    unsigned asked_ = 0;
    bool counted_ = false; // are these of the last look?
    long lost_ = 0;
    unsigned sleeps_ = 0;
};

} // namespace iowq
