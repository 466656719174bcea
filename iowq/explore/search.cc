// SPDX-License-Identifier: MIT
#include "iowq/explore/search.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace explore {

std::string written(const schedule &s) {
    std::string text;
    for (const decision &d : s)
        text +=
            (text.empty() ? "" : ",") + std::to_string(d.step) + d.kind + std::to_string(d.value);
    return text.empty() ? "default" : text;
}

std::optional<schedule> read_schedule(const std::string &text) {
    schedule s;
    if (text == "default")
        return s;
    const char *at = text.c_str();
    for (;;) {
        decision d{};
        int used = 0;
        if (sscanf(at, "%lu%c%u%n", &d.step, &d.kind, &d.value, &used) != 3 ||
            !strchr(">-=", d.kind))
            return {};
        s.push_back(d);
        at += used;
        if (!*at)
            return s;
        if (*at++ != ',')
            return {};
    }
}

namespace {

class bounded final : public search {
  public:
    bounded(unsigned preemptions, unsigned stale, bool whole)
        : most_{preemptions, stale}, whole_(whole) {}

    bool next(bool grown) override {
        bool first = taken_.empty() && !begun_;
        if (first || grown)
            taken_.clear();
        else if (!advance())
            return false;
        begun_ = true;
        if (grown)
            tried_.clear();
        at_ = 0;
        used_ = {};
        return true;
    }

    unsigned thread(uint64_t step, std::span<const thread_id> threads, bool forced,
                    const situation &now) override {
        if (!whole_ && at_ == taken_.size() && comes_again(now, forced))
            return nothing_new;
        return choose(step, static_cast<unsigned>(threads.size()), forced ? free : preemption);
    }
    unsigned stale(uint64_t step, unsigned n) override { return choose(step, n + 1, stale_load); }
    unsigned value(uint64_t step, unsigned n) override { return choose(step, n, free); }
    [[nodiscard]] bool has_tried_the_first() const override { return !whole_; }

  private:
    enum kind : uint8_t { preemption, stale_load, free };
    struct choice {
        uint64_t step;
        unsigned options, value;
        kind what;
    };
    using budget = std::array<unsigned, free>;

    // The deepest choice that has another option becomes that.
    bool advance() {
        for (; !taken_.empty(); taken_.pop_back()) {
            choice &last = taken_.back();
            if (last.value + 1 < last.options && (last.value > 0 || affordable(last))) {
                last.value++;
                return true;
            }
        }
        return false;
    }
    // Of its kind, do those before it leave room for one more?
    [[nodiscard]] bool affordable(const choice &last) const {
        if (last.what == free)
            return true;
        auto costs = [&](const choice &c) { return c.what == last.what && c.value > 0; };
        return std::count_if(taken_.begin(), taken_.end() - 1, costs) < most_[last.what];
    }

    // Has this state been come to before, with as many preemptions and stale loads left, and the
    // same threads late or none?
    bool comes_again(const situation &now, bool forced) {
        uint64_t state = mixed(mixed(now.state, forced), used_[stale_load]);
        auto tried = [&](const auto &found) { return found->second <= used_[preemption]; };
        if (auto found = tried_.find(state); found != tried_.end() && tried(found))
            return true;
        auto [found, first] = tried_.try_emplace(now.late ? mixed(state, now.late) : state);
        if (!first && tried(found))
            return true;
        found->second = used_[preemption];
        return false;
    }

    unsigned choose(uint64_t step, unsigned options, kind what) {
        if (options < 2 || (what != free && used_[what] == most_[what]))
            return 0;
        if (at_ < taken_.size()) {
            choice &c = taken_[at_++];
            if (c.step != step || c.options != options || c.what != what) {
                fprintf(stderr,
                        "explore: a schedule was not the same when it was run again, at "
                        "step %lu (%lu): %u options (%u)\n",
                        step, c.step, options, c.options);
                exit(2);
            }
            if (what != free && c.value > 0)
                used_[what]++;
            return c.value;
        }
        taken_.push_back({step, options, 0, what});
        at_++;
        return 0;
    }

    const budget most_;
    const bool whole_;
    budget used_{}; // in this schedule so far
    bool begun_ = false;
    std::vector<choice> taken_; // in this schedule, and to be taken first of all in the next
    size_t at_ = 0;
    // By state, and stale loads so far: the fewest preemptions with which it was come to.
    std::unordered_map<uint64_t, unsigned> tried_;
};

class random_search : public search {
  public:
    random_search(uint64_t seed, uint64_t count, bool stale_loads)
        : seed_(seed), count_(count), stale_loads_(stale_loads) {}

    bool next(bool) override {
        if (done_ == count_)
            return false;
        dice_.seed(seed_ + done_++);
        switches_ = 4u << roll(5);
        return true;
    }
    unsigned thread(uint64_t, std::span<const thread_id> threads, bool forced,
                    const situation &) override {
        auto n = static_cast<unsigned>(threads.size());
        return forced || roll(switches_) == 0 ? roll(n) : 0;
    }
    unsigned stale(uint64_t, unsigned n) override {
        return stale_loads_ && roll(4) == 0 ? roll(n + 1) : 0;
    }
    unsigned value(uint64_t, unsigned n) override { return roll(n); }

  protected:
    unsigned roll(unsigned n) { return static_cast<unsigned>(dice_() % n); }

  private:
    const uint64_t seed_, count_;
    const bool stale_loads_;
    uint64_t done_ = 0;
    unsigned switches_ = 1; // one in so many points
    std::mt19937_64 dice_;
};

class pct final : public random_search {
  public:
    pct(uint64_t seed, uint64_t count, unsigned changes)
        : random_search(seed, count, false), changes_(changes) {}

    bool next(bool grown) override {
        if (!random_search::next(grown))
            return false;
        longest_ = std::max(longest_, points_);
        points_ = 0;
        for (int &p : priority_)
            p = static_cast<int>(1000 + roll(1000000));
        change_at_.clear();
        for (unsigned i = 0; i < changes_; i++)
            change_at_.push_back(1 + roll(longest_));
        return true;
    }
    unsigned thread(uint64_t, std::span<const thread_id> threads, bool forced,
                    const situation &) override {
        points_++;
        for (unsigned i = 0; i < change_at_.size(); i++)
            if (change_at_[i] == points_ && !forced)
                priority_[threads[0]] = static_cast<int>(i);
        return highest(threads);
    }

  private:
    unsigned highest(std::span<const thread_id> threads) {
        unsigned best = 0;
        for (unsigned i = 1; i < threads.size(); i++)
            if (priority_[threads[i]] > priority_[threads[best]])
                best = i;
        return best;
    }

    const unsigned changes_;
    unsigned points_ = 0, longest_ = 100;
    std::array<int, most_threads> priority_{};
    std::vector<unsigned> change_at_;
};

class replayed final : public search {
  public:
    explicit replayed(schedule s) : schedule_(std::move(s)) {}

    bool next(bool) override { return !std::exchange(done_, true); }
    unsigned thread(uint64_t step, std::span<const thread_id> threads, bool,
                    const situation &) override {
        const decision *d = at(step, '>');
        auto found = std::find(threads.begin(), threads.end(), d ? d->value : threads[0]);
        return found == threads.end() ? 0 : static_cast<unsigned>(found - threads.begin());
    }
    unsigned stale(uint64_t step, unsigned n) override {
        const decision *d = at(step, '-');
        return d ? std::min(n, d->value) : 0;
    }
    unsigned value(uint64_t step, unsigned n) override {
        const decision *d = at(step, '=');
        return d ? std::min(n - 1, d->value) : 0;
    }

  private:
    const decision *at(uint64_t step, char kind) {
        for (const decision &d : schedule_)
            if (d.step == step && d.kind == kind)
                return &d;
        return nullptr;
    }

    const schedule schedule_;
    bool done_ = false;
};

} // namespace

std::unique_ptr<search> exhaustive(unsigned preemptions, unsigned stale_loads, bool whole) {
    return std::make_unique<bounded>(preemptions, stale_loads, whole);
}
std::unique_ptr<search> at_random(uint64_t seed, uint64_t count, bool stale_loads) {
    return std::make_unique<random_search>(seed, count, stale_loads);
}
std::unique_ptr<search> by_priorities(uint64_t seed, uint64_t count, unsigned changes) {
    return std::make_unique<pct>(seed, count, changes);
}
std::unique_ptr<search> replay(schedule s) { return std::make_unique<replayed>(std::move(s)); }

} // namespace explore
