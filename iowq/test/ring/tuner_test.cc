// SPDX-License-Identifier: MIT
// The tuner on machines whose rates are known, in a time of its own.
#include "iowq/ring/tuner.h"

#include <functional>
#include <gtest/gtest.h>
#include <random>

using namespace iowq;
using namespace std::chrono_literals;

namespace {

// Completions a second, if the submitter issues them itself, or hands them over, at that time.
using rate_at = std::function<double(std::chrono::nanoseconds since, bool itself)>;

struct run {
    explicit run(std::optional<double> quota = {}) : tuned(true, quota) {}

    tuner tuned;
    std::chrono::nanoseconds cpu{};
    double both_run = 1; // CPUs in use while requests are handed over
    clock::time_point start{1h}, now = start;
    double done = 0;
    std::chrono::nanoseconds itself{}; // for how long
    bool tried = true;                 // also what is handed over
    double missing = 0;                // the share of attempts that miss

    void go(std::chrono::nanoseconds length, const rate_at &rate) {
        std::mt19937 source(1);
        itself = {};
        done = 0;
        for (auto end = now + length; now < end;) {
            double each = 1 / rate(now - start, tuned.itself());
            auto took = std::chrono::nanoseconds(static_cast<int64_t>(1e9 * each));
            now += took;
            itself += tuned.itself() ? took : 0ns;
            cpu += std::chrono::nanoseconds(static_cast<int64_t>(static_cast<double>(took.count()) *
                                                                 (tuned.itself() ? 1 : both_run)));
            done++;
            tuned.submitted();
            bool missed = missing > 0 && std::uniform_real_distribution<>(0, 1)(source) < missing;
            auto came_to = missed                    ? tuner::attempt::missed
                           : tried || tuned.itself() ? tuner::attempt::hit
                                                     : tuner::attempt::none;
            if (tuned.count(came_to) || took > 100us) // a long one is waited for
                tuned.look({now, cpu});
        }
    }
    [[nodiscard]] double share(std::chrono::nanoseconds length) const {
        return static_cast<double>(itself.count()) / static_cast<double>(length.count());
    }
};

rate_at steady(double handing_over, double itself) {
    return [=](auto, bool is_itself) { return is_itself ? itself : handing_over; };
}

} // namespace

TEST(tuner, finds_the_better_way_and_stays_there) {
    struct {
        double handing_over, itself;
        bool better_itself;
    } rows[] = {{1e6, 5e5, false}, {5e5, 1e6, true},    {2e5, 1e6, true}, {250, 8e5, true},
                {1e6, 9e5, false}, {1.02e6, 1e6, true}, // not worth a second CPU
                {8e5, 6e5, false}, {2000, 2200, true},  {3e4, 1e4, false}};
    for (auto &row : rows) {
        SCOPED_TRACE(testing::Message() << row.handing_over << " " << row.itself);
        run r;
        r.go(2s, steady(row.handing_over, row.itself));
        r.go(4s, steady(row.handing_over, row.itself));
        double share = r.share(4s);
        EXPECT_GT(row.better_itself ? share : 1 - share, 0.95);
        // What finding out costs.
        EXPECT_GT(r.done / 4, 0.97 * std::max(row.handing_over / tuner::worth, row.itself));
    }
}

TEST(tuner, follows_a_machine_that_changes) {
    // A hog comes at 3 s, and goes at 6 s.
    rate_at changes = [](std::chrono::nanoseconds t, bool itself) {
        bool hog = t > 3s && t < 6s;
        return itself ? 3.5e4 : hog ? 1e4 : 5e4;
    };
    run r;
    r.go(3s, changes);
    EXPECT_LT(r.share(3s), 0.05);
    r.go(300ms, changes);
    r.go(2700ms, changes);
    EXPECT_GT(r.share(2700ms), 0.95);
    r.go(1s, changes); // the next trial may be as far away
    r.go(2s, changes);
    EXPECT_LT(r.share(2s), 0.05);
}

TEST(tuner, a_load_that_gets_faster_by_itself_does_not_look_like_a_better_way) {
    // Both the same, and faster and faster; then handing over is better by a third.
    run r;
    r.go(4s, [](std::chrono::nanoseconds t, bool itself) {
        double warmer = 1e4 * std::exp2(std::chrono::duration<double>(t).count());
        return warmer * (itself ? 0.75 : 1);
    });
    EXPECT_LT(r.share(4s), 0.06);
}

TEST(tuner, hands_over_where_attempts_miss) {
    run r;
    r.missing = 0.1;
    r.go(3s, steady(1e4, 5e4));
    EXPECT_LT(r.share(3s), 0.02);
    r.missing = 0.01;
    r.go(2s, steady(1e4, 5e4));
    r.go(2s, steady(1e4, 5e4));
    EXPECT_GT(r.share(2s), 0.95);
    r.missing = 1;
    r.go(1s, steady(2e4, 1e4));
    EXPECT_LT(r.share(1s), 0.02);
}

TEST(tuner, only_trials_tell_where_nobody_tries) {
    run r;
    r.tried = false;
    rate_at cold = [&](auto, bool itself) {
        r.missing = itself ? 1 : 0;
        return 2e4;
    };
    r.go(5s, cold);
    EXPECT_GT(r.tuned.costs().trials, 2u);
    EXPECT_LT(r.share(5s), 0.01);
    r.go(1s, steady(1e4, 5e4)); // warm by now, but for the last `missing`
    r.missing = 0;
    r.go(2s, steady(1e4, 5e4));
    EXPECT_GT(r.share(2s), 0.9);
}

TEST(tuner, tells_what_finding_out_has_cost) {
    run r;
    r.go(5s, steady(5e4, 2.5e4));
    EXPECT_GT(r.tuned.costs().trials, 4u);
    EXPECT_GT(r.tuned.costs().lost, 1ms);
    EXPECT_LT(r.tuned.costs().lost, 100ms);
}

// Two threads do half as much again, as long as the quota lasts, and use it up in half of the time.
TEST(tuner, under_a_quota_it_is_the_cpu_time_that_counts) {
    struct {
        std::optional<double> quota;
        bool better_itself;
    } rows[] = {{{}, false}, {2.0, false}, {1.0, true}, {0.5, true}};
    for (auto &row : rows) {
        SCOPED_TRACE(row.quota.value_or(0));
        run r(row.quota);
        r.both_run = 2;
        r.go(2s, steady(6e4, 4e4));
        r.go(2s, steady(6e4, 4e4));
        EXPECT_GT(row.better_itself ? r.share(2s) : 1 - r.share(2s), 0.9);
    }
}

TEST(tuner, goes_by_a_quota_that_comes_and_goes) {
    run r;
    r.both_run = 2;
    for (auto [quota, itself] : std::initializer_list<std::pair<std::optional<double>, bool>>{
             {{}, false}, {0.5, true}, {{}, false}, {0.5, true}, {4.0, false}}) {
        SCOPED_TRACE(quota.value_or(0));
        r.tuned.quota_is(quota);
        r.go(2s, steady(6e4, 4e4));
        r.go(2s, steady(6e4, 4e4));
        EXPECT_GT(itself ? r.share(2s) : 1 - r.share(2s), 0.9);
    }
}

TEST(tuner, off_it_always_hands_over) {
    tuner off{false};
    for (int i = 0; i < 100000; i++) {
        off.submitted();
        off.waits();
        off.completed(tuner::attempt::hit);
    }
    EXPECT_FALSE(off.itself());
    EXPECT_EQ(off.costs().trials, 0u);
}

TEST(tuner, noise_seldom_changes_its_mind) {
    // Windows vary by a fifth, as on a shared machine; the better way is better by a half.
    for (uint32_t seed = 1; seed <= 20; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937 source(seed);
        std::lognormal_distribution<> noise(0, 0.2);
        int64_t window = -1;
        double now = 1;
        run r;
        rate_at noisy = [&](std::chrono::nanoseconds t, bool itself) {
            if (t / 5ms != window) {
                window = t / 5ms;
                now = noise(source);
            }
            return now * (itself ? 3e4 : 4.5e4);
        };
        r.go(4s, noisy);
        EXPECT_LT(r.share(4s), 0.2);
    }
}
