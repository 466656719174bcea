// SPDX-License-Identifier: MIT
// Whether something pays, learnt from how it went: a saturating count, as a branch predictor's.
// Used for spinning, for calls that may sleep, for reads that trying begins, for helping, and for
// what a file system refuses; each has its rule.
//
// Any thread. All of it is relaxed: a lost update is corrected by the next, and a wrong guess costs
// time only.
#pragma once

#include <algorithm>
#include <atomic>

namespace iowq {

class learner {
  public:
    struct rule {
        unsigned most;  // credit
        unsigned start; // with how much it begins
        unsigned gain;  // of credit, where it paid; where it did not, 1 is lost
        unsigned retry; // without credit: after so many times it gets 1 again; 0: never
    };
    static constexpr rule until_one_fails{1, 1, 1, 0};

    constexpr explicit learner(rule by) : rule_(by), credit_(by.start) {}

    // As far as is known.
    [[nodiscard]] bool worth_it() const { return credit_.load(std::memory_order_relaxed) > 0; }

    // The same. Each no counts towards `retry`.
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
        if (next != now) // so that threads which only look share the line
            credit_.store(next, std::memory_order_relaxed);
    }

    // Somebody knows better.
    void assume(unsigned credit) { credit_.store(credit, std::memory_order_relaxed); }
    void forget() { assume(rule_.start); }

  private:
    const rule rule_;
    std::atomic<unsigned> credit_;
    std::atomic<unsigned> skipped_{0};
};

} // namespace iowq
