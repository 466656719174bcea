// SPDX-License-Identifier: MIT
// How many workers of an acct run and how many are blocked, and whether calls that may block have
// lately slept. Owned by its acct; any thread, as all of it is atomic.
//
// Invariants:
//  1. running() counts the workers that run or are about to. Whoever decides to wake or create one
//     counts it then, so that nobody wakes a second one for the same work.
//  2. Both counts may dip below 0 while the monitor counts a call that just ends.
#pragma once

#include "iowq/os/atomic.h"
#include "iowq/os/learner.h"
#include "iowq/os/shown.h"

#include <algorithm>

namespace iowq {

class sleep_accounting {
  public:
    // seq_cst, here and below: either a pusher sees that nobody runs, or the worker that stops
    // running sees what was pushed (README, orders).
    [[nodiscard]] int running(memory_order order = seq_cst) const { return running_.load(order); }
    // Does nobody else run, or sleep in its item, beside the worker that asks?
    [[nodiscard]] bool only_one() const {
        return running_.load(relaxed) <= 1 && blocked_.load(relaxed) == 0;
    }
    void starts_running() { raise_to(peak_running_, running_.fetch_add(1, seq_cst) + 1); }
    // A worker that has just stopped goes on, or exit wakes a free one: neither counts as a peak.
    void resumes_running() { running_.fetch_add(1, seq_cst); }
    // Returns how many still run.
    int stops_running() { return running_.fetch_sub(1, seq_cst) - 1; }
    // A worker stops running, to sleep inside its item. Returns how many still run.
    int falls_asleep() {
        raise_to(peak_blocked_, blocked_.fetch_add(1, relaxed) + 1);
        return stops_running();
    }
    void wakes_up() {
        blocked_.fetch_sub(1, relaxed);
        starts_running();
    }

    // How many items want a worker of their own and found max_running workers running: they get
    // one when a worker sleeps. Written under the acct's lock. seq_cst: a worker calls
    // falls_asleep first and then looks here.
    [[nodiscard]] int concurrent_waits() const { return concurrent_waits_.load(seq_cst); }
    void concurrent_waits_more() { concurrent_waits_.fetch_add(1, seq_cst); }
    void concurrent_waits_less() { concurrent_waits_.fetch_sub(1, relaxed); }
    // No item waits any more. Loads first, as the word shares a line with what every push reads.
    void no_concurrent_waits() {
        if (concurrent_waits_.load(relaxed) > 0)
            concurrent_waits_.store(0, relaxed);
    }

    // Have calls that may block lately slept?
    [[nodiscard]] bool expects_sleep() const { return sleeps_.worth_it(); }
    void learn(bool slept) { sleeps_.learn(slept); }
    void found_asleep() { sleeps_.assume(surest / 2); }

    // Shows who runs and who sleeps, on the node with that OS number.
    void show(shown_figures &to, int node) const {
        to.add("running", shown_figure::level, running_, node);
        to.add("blocked", shown_figure::level, blocked_, node);
    }

    struct figures {
        unsigned running, blocked, peak_running, peak_blocked;
    };
    [[nodiscard]] figures now() const {
        auto count = [](const atomic<int> &n) {
            return static_cast<unsigned>(std::max(0, n.load(relaxed)));
        };
        return {count(running_), count(blocked_), count(peak_running_), count(peak_blocked_)};
    }

  private:
    static constexpr unsigned surest = 8;

    static void raise_to(atomic<int> &peak, int value) {
        int old = peak.load(relaxed);
        while (old < value && !peak.compare_exchange_weak(old, value, relaxed)) {
        }
    }

    atomic<int> running_{0};
    atomic<int> blocked_{0};
    atomic<int> peak_running_{0};
    atomic<int> peak_blocked_{0};
    atomic<int> concurrent_waits_{0};
    learner sleeps_{learner::rule{surest, 0, 1, 0}};
};

} // namespace iowq
