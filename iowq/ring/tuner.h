// SPDX-License-Identifier: MIT
// Finds out whether handing requests over pays now, or whether the submitter does better to issue
// itself what does not block. It measures: completions a second the one way and the other, in turn.
// Owned by the ring; the submitter's thread only, except
// itself().
//
// Most of the time requests go the way that was found to be better. Now and then the other way has
// a trial, for one window. It is better if it does more than the windows before the trial and after
// it: so neither a load that changes, nor a machine that does, makes it look good. Handing over has
// to do distinctly more, as it takes two CPUs. A trial that goes badly is cut short. One that was
// lost makes the next one later.
//
// There are trials only while nearly all attempts hit the cache. Else requests are handed over:
// while a cold cache warms up, whatever is tried later looks better.
#pragma once

#include "iowq/os/atomic.h"
#include "iowq/os/clock.h"
#include "iowq/os/cpu_quota.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace iowq {

class tuner {
  public:
    // off: requests are always handed over. `quota`: of CPU time, in CPUs. Where it ends a run
    // before the time does, it is what rates are measured by: of two threads that use up a quota in
    // half of the time, each window before that would look fast.
    explicit tuner(bool on, std::optional<double> quota = {}) : on_(on), quota_(quota) {}

    // Does the submitter issue what does not block? Any thread may ask.
    [[nodiscard]] bool itself() const { return itself_.load(relaxed); }
    // A request that the submitter might issue itself is being submitted.
    void submitted() { eligible_++; }
    // What is known of a request that is over.
    enum class attempt {
        none,  // nobody has tried it
        hit,   // it was done without waiting
        missed // it would have waited
    };
    void completed(attempt came_to) {
        if (count(came_to) && on_)
            look_now();
    }
    // The submitter is about to wait.
    void waits() {
        if (++waits_ % often == 0 && on_)
            look_now();
    }

    // What these do. Apart for tests, which have a time of their own. count: is a look due?
    [[nodiscard]] bool count(attempt came_to) {
        if (came_to == attempt::missed)
            sure_ = std::max(sure_ - hits_for_a_miss, -surest);
        else if (came_to == attempt::hit)
            sure_ = std::min(sure_ + 1, surest);
        return ++completed_ - looked_at_ >= seldom;
    }
    struct moment {
        clock::time_point time{};
        std::chrono::nanoseconds cpu{}; // used by the process; only with a quota
    };
    void look(const moment &now);
    // The quota may have changed. What has been measured of this window by the old one is dropped.
    void quota_is(std::optional<double> quota) {
        if (quota == quota_)
            return;
        quota_ = quota;
        began_ = {};
    }

    // How many trials there have been, and for how long they have cost: the time in those that were
    // lost, as far as they did less than the other way would have done.
    struct cost {
        uint64_t trials = 0;
        std::chrono::nanoseconds lost{};
    };
    [[nodiscard]] const cost &costs() const { return cost_; }

    static constexpr double worth = 1.05; // what handing over has to do, to be worth a second CPU
    static constexpr std::chrono::milliseconds window{8};
    static constexpr std::chrono::milliseconds first_pause{100}, longest_pause{800};

  private:
    static constexpr int hits_for_a_miss = 15, surest = 64;
    static constexpr unsigned seldom = 16, often = 4;

    enum class phase { settled, trial, after };
    void look_now() {
        quota_is(cpu_quota());
        look({clock::now(), quota_ ? cpu_time() : std::chrono::nanoseconds{}});
    }
    void turn_round() { itself_.store(!itself(), relaxed); }
    void begin_window(const moment &now);
    void begin_trial(const moment &now);
    void end_trial(const moment &now, double rate);
    void judge(const moment &now, double rate);
    [[nodiscard]] double rate(const moment &now) const;

    const bool on_;
    std::optional<double> quota_;
    atomic<bool> itself_{false};
    int sure_ = 1; // that attempts hit: at least 15 of 16 of the latest, where it is above 0
    uint64_t completed_ = 0, looked_at_ = 0, eligible_ = 0, waits_ = 0;

    phase phase_ = phase::settled;
    moment began_; // this window
    uint64_t completed_then_ = 0, eligible_then_ = 0;
    clock::time_point next_trial_{}; // at the latest,
    clock::time_point not_before_{}; // and at the soonest, if the rate falls
    std::chrono::nanoseconds pause_{first_pause};
    double usual_ = 0;  // a second; of the settled way, over its latest windows
    double before_ = 0; // of the window before the trial
    double tried_ = 0;  // of the trial
    clock::duration trial_took_{};
    cost cost_;
};

} // namespace iowq
