// SPDX-License-Identifier: MIT
#include "iowq/os/crowding.h"

#include "iowq/test/hog.h"
#include "iowq/test/item.h"

using namespace iowq;
using namespace std::chrono_literals;

namespace {

// How often a thread that shares its CPU with a loop notices that, while it is taken off it ten
// times. `sleeps`: each time the other one goes to sleep.
int noticed_beside_a_loop(bool sleeps) {
    const unsigned cpu = this_cpu();
    hog loop(cpu);
    int noticed = 0;
    std::thread([&] {
        EXPECT_EQ(move_task(0, cpu_mask::only(cpu)), 0);
        crowding c(0ns);
        const long first = involuntary_switches();
        for (unsigned lost = 0; lost < 10;) {
            lost = static_cast<unsigned>(involuntary_switches() - first);
            noticed += c.noticed(sleeps ? lost : 0);
        }
    }).join();
    return noticed;
}

} // namespace

TEST(crowding, is_noticed_where_the_other_one_sleeps) { EXPECT_GT(noticed_beside_a_loop(true), 0); }

TEST(crowding, is_nothing_to_one_that_is_awake) { EXPECT_EQ(noticed_beside_a_loop(false), 0); }

TEST(crowding, is_looked_for_seldom) {
    crowding c(24h);
    for (unsigned asked = 0; asked < 100000; asked++)
        ASSERT_FALSE(c.noticed(asked)) << "the first look only counts";
}

// At first the submitter is awake, so the worker leaves its CPU. Then there is always something to
// do, so that the worker does not come to spin, and back in that way.
TEST(crowding, brings_a_worker_to_a_submitter_that_sleeps) {
    const cpu_mask own = cpu_mask::of_this_thread();
    if (own.count() < 2)
        GTEST_SKIP() << "there is one CPU";
    const auto here = static_cast<uint16_t>(own.numbers()[0]);
    wq_config config = limited(1);
    config.spin = 1s;
    auto pool = make(config);

    pool->submitter_is_on(here, false);
    for (cpu_mask its; its != own.without(here);) {
        item looks([&](item &) {
            its = cpu_mask::of_this_thread();
            if (its == own) { // to `here`, whose spinning worker is to leave
                EXPECT_EQ(move_task(0, cpu_mask::only(here)), 0);
                EXPECT_EQ(move_task(0, own), 0);
            }
        });
        looks.run_on(*pool);
    }

    struct : work {
        wq *pool = nullptr;
        std::atomic<uint16_t> cpu{no_cpu};
        std::atomic<bool> stop{false};
        std::binary_semaphore done{0};
    } runs_on;
    runs_on.pool = pool.get();
    runs_on.func = [](work **w) {
        auto &self = *static_cast<decltype(runs_on) *>(*w);
        self.cpu = this_cpu();
        if (self.stop)
            self.done.release();
        else
            EXPECT_EQ(self.pool->enqueue(&self), 0);
    };
    std::deque<hog> loops;
    for (unsigned cpu : own.without(here).numbers())
        loops.emplace_back(cpu);
    ASSERT_EQ(pool->enqueue(&runs_on), 0);
    while (runs_on.cpu != here) {
        pool->submitter_is_on(here, true);
        std::this_thread::sleep_for(100us);
    }
    runs_on.stop = true;
    runs_on.done.acquire();
}
