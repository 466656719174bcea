// SPDX-License-Identifier: MIT
#include "iowq/ring/tuner.h"

#include <algorithm>

namespace iowq {

namespace {

constexpr double much_less = 0.5; // a window that does no more than that is cut short,
constexpr std::chrono::milliseconds soonest_end{1}; // but not before
constexpr double fallen = 0.7;  // of the usual rate: something has changed, so a trial is due
constexpr uint64_t enough = 16; // completions, to speak of a rate
constexpr double weight = 0.2;  // of a window in the usual rate

} // namespace

double tuner::rate(const moment &now) const {
    auto took = std::chrono::duration<double>(now.time - began_.time).count();
    auto used = std::chrono::duration<double>(now.cpu - began_.cpu).count();
    return static_cast<double>(completed_ - completed_then_) /
           (quota_ ? std::max(took, used / *quota_) : took);
}

void tuner::begin_window(const moment &now) {
    began_ = now;
    completed_then_ = completed_;
    eligible_then_ = eligible_;
}

void tuner::begin_trial(const moment &now) {
    turn_round();
    phase_ = phase::trial;
    cost_.trials++;
    begin_window(now);
}

void tuner::end_trial(const moment &now, double rate) {
    tried_ = rate;
    trial_took_ = now.time - began_.time;
    turn_round();
    phase_ = phase::after;
    begin_window(now);
}

// The way that was tried, against the window before it and the one after it.
void tuner::judge(const moment &now, double after) {
    double other = std::max(before_, after);
    bool better = itself() ? tried_ > other * worth : tried_ * worth > other;
    phase_ = phase::settled;
    if (better) {
        turn_round();
        usual_ = tried_;
        pause_ = first_pause;
    } else {
        usual_ = after;
        pause_ = std::min<std::chrono::nanoseconds>(2 * pause_, longest_pause);
        if (other > tried_ && other > 0)
            cost_.lost += std::chrono::duration_cast<std::chrono::nanoseconds>(
                trial_took_ * (1 - tried_ / other));
    }
    not_before_ = now.time + first_pause;
    next_trial_ = now.time + pause_;
    begin_window(now);
}

void tuner::look(const moment &now) {
    looked_at_ = completed_;
    if (sure_ <= 0) {
        itself_.store(false, relaxed);
        phase_ = phase::settled;
        usual_ = 0;
        if (began_.time != clock::time_point{})
            not_before_ = next_trial_ = now.time + longest_pause;
        began_ = {};
        if (now.time >= next_trial_) // nobody tries, so only a trial will tell
            sure_ = 1;
        return;
    }
    if (began_.time == clock::time_point{}) {
        begin_window(now);
        return;
    }
    auto took = now.time - began_.time;
    bool some = completed_ - completed_then_ >= enough;
    double other = phase_ == phase::trial ? before_ : phase_ == phase::after ? tried_ : 0;
    bool clear = took >= soonest_end && rate(now) < much_less * other;
    if (!clear && (took < window || !some))
        return;
    if (phase_ == phase::trial)
        return end_trial(now, rate(now));
    if (phase_ == phase::after)
        return judge(now, rate(now));
    before_ = rate(now);
    bool has_fallen = before_ < fallen * usual_;
    usual_ = usual_ > 0 && !has_fallen ? (1 - weight) * usual_ + weight * before_ : before_;
    bool applies = eligible_ - eligible_then_ >= enough / 2;
    if (applies && now.time >= (has_fallen ? not_before_ : next_trial_))
        begin_trial(now);
    else
        begin_window(now);
}

} // namespace iowq
