// SPDX-License-Identifier: MIT
// Learns whether something pays: a saturating count, as a branch predictor's. Each use has its
// rule: spinning, calls that may sleep, reads that are begun by trying them, helping, and
// RWF_NOWAIT on a file system that may refuse it.
//
// Any thread. All of it is relaxed: the next update corrects a lost one, and a wrong guess costs
// only time.
#pragma once

#include <algorithm>
#include <atomic>

namespace iowq {

class learner {
  public:
    struct rule {
        unsigned most;  // the most credit
        unsigned start; // credit at first
        unsigned gain;  // credit won where it paid; where it did not, 1 is lost
        unsigned retry; // without credit: 1 is given at every retry-th question; 0: never
    };
    static constexpr rule until_one_fails{1, 1, 1, 0};

    constexpr explicit learner(rule by) : rule_(by), credit_(by.start) {}

    [[nodiscard]] bool worth_it() const { return credit_.load(std::memory_order_relaxed) > 0; }

    // As worth_it, and each no counts towards `retry`.
    [[nodiscard]] bool worth_trying() {
        if (worth_it())
            return true;
        unsigned skipped = skipped_.load(std::memory_order_relaxed) + 1;
        bool again = skipped == rule_.retry;
        skipped_.store(again ? 0 : skipped, std::memory_order_relaxed);
        if (again)
            credit_.store(1, std::memory_order_relaxed);
        return again;
    }

    void learn(bool paid) {
        unsigned now = credit_.load(std::memory_order_relaxed);
        unsigned next = paid ? std::min(now + rule_.gain, rule_.most) : now - (now > 0);
        if (next != now) // no needless store: threads that only look share the cache line
            credit_.store(next, std::memory_order_relaxed);
    }

    // For a caller who knows better than the count.
    void assume(unsigned credit) { credit_.store(credit, std::memory_order_relaxed); }
    void forget() { assume(rule_.start); }

  private:
    const rule rule_;
    std::atomic<unsigned> credit_;
    std::atomic<unsigned> skipped_{0};
};

} // namespace iowq
