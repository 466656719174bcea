// SPDX-License-Identifier: MIT
#include "iowq/os/dodge.h"

#include "iowq/os/thread.h"
#include "iowq/test/item.h"

#include <gtest/gtest.h>
#include <thread>

using namespace iowq;
using namespace std::chrono_literals;

namespace {

// Runs `test` in a thread that may use these CPUs, and leaves the caller's own as they are.
template <class Test>
void on(const cpu_mask &cpus, Test test) {
    std::thread([&] {
        ASSERT_EQ(move_task(0, cpus), 0);
        test();
    }).join();
}

// Until the thread has really been on the CPU that it was to leave. Returns that CPU.
uint16_t collide(dodge &d, const cpu_mask &own) {
    for (;;) {
        uint16_t cpu = this_cpu();
        if (!d.is_due(cpu))
            continue;
        d.move(cpu, own);
        if (!(cpu_mask::of_this_thread() == own))
            return cpu;
    }
}

constexpr uint16_t nowhere = CPU_SETSIZE - 1; // a CPU that this machine does not have

} // namespace

TEST(dodge, leaves_the_cpu_of_the_other_and_comes_back_once_that_has_moved) {
    cpu_mask own = cpu_mask::of_this_thread();
    if (own.count() < 2)
        GTEST_SKIP() << "there is one CPU";
    on(own, [&] {
        dodge d(0ns);
        EXPECT_FALSE(d.is_due(nowhere));
        uint16_t cpu = collide(d, own);
        EXPECT_EQ(cpu_mask::of_this_thread(), own.without(cpu));
        EXPECT_NE(this_cpu(), cpu);
        EXPECT_FALSE(d.is_due(cpu));
        ASSERT_TRUE(d.is_due(nowhere));
        d.move(nowhere, own);
        EXPECT_EQ(cpu_mask::of_this_thread(), own);
        EXPECT_FALSE(d.is_due(nowhere));
        EXPECT_FALSE(d.is_due(no_cpu));
        collide(d, own);
        ASSERT_TRUE(d.is_due(no_cpu));
        d.move(no_cpu, own);
        EXPECT_EQ(cpu_mask::of_this_thread(), own);
    });
}

TEST(dodge, follows_the_other_from_cpu_to_cpu) {
    cpu_mask own = cpu_mask::of_this_thread();
    if (own.count() < 2)
        GTEST_SKIP() << "there is one CPU";
    on(own, [&] {
        dodge d(0ns);
        for (int i = 0; i < 20; i++) {
            uint16_t cpu = collide(d, own);
            EXPECT_EQ(cpu_mask::of_this_thread(), own.without(cpu));
        }
    });
}

// It spins for several, one on each CPU.
TEST(dodge, rests_after_a_move) {
    cpu_mask own = cpu_mask::of_this_thread();
    on(own, [&] {
        dodge d(24h);
        while (!d.is_due(this_cpu())) {
        }
        d.move(this_cpu(), own);
        for (uint16_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
            EXPECT_FALSE(d.is_due(cpu));
    });
}

TEST(dodge, keeps_the_only_cpu) {
    const cpu_mask one = cpu_mask::only(this_cpu());
    on(one, [&] {
        dodge d(0ns);
        d.move(this_cpu(), one);
        EXPECT_EQ(cpu_mask::of_this_thread(), one);
    });
}

TEST(dodge, leaves_alone_a_thread_that_somebody_else_has_placed) {
    cpu_mask own = cpu_mask::of_this_thread();
    if (own.count() < 2)
        GTEST_SKIP() << "there is one CPU";
    on(own, [&] {
        dodge d(0ns);
        uint16_t cpu = collide(d, own);
        const cpu_mask there = cpu_mask::only(cpu);
        ASSERT_EQ(move_task(0, there), 0);
        d.move(cpu, own);
        EXPECT_EQ(cpu_mask::of_this_thread(), there) << "placed after it had moved";
        d.move(nowhere, own);
        EXPECT_EQ(cpu_mask::of_this_thread(), there);
    });
}

TEST(dodge, comes_to_the_cpu_of_one_that_sleeps_and_may_leave_it) {
    cpu_mask own = cpu_mask::of_this_thread();
    on(own, [&] {
        dodge d(0ns);
        for (unsigned cpu : own.numbers()) {
            d.come(static_cast<uint16_t>(cpu), own);
            EXPECT_EQ(cpu_mask::of_this_thread(), own);
        }
        d.come(nowhere, own);
        EXPECT_EQ(cpu_mask::of_this_thread(), own);
    });
}

TEST(dodge, comes_to_the_cpu_that_it_had_left) {
    cpu_mask own = cpu_mask::of_this_thread();
    if (own.count() < 2)
        GTEST_SKIP() << "there is one CPU";
    on(own, [&] {
        dodge d(0ns);
        d.come(collide(d, own), own);
        EXPECT_EQ(cpu_mask::of_this_thread(), own);
        EXPECT_FALSE(d.is_due(no_cpu));
    });
}

TEST(dodge, does_not_come_where_somebody_else_has_placed_it) {
    cpu_mask own = cpu_mask::of_this_thread();
    if (own.count() < 2)
        GTEST_SKIP() << "there is one CPU";
    on(own, [&] {
        const std::vector<unsigned> cpus = own.numbers();
        const cpu_mask there = cpu_mask::only(cpus[0]);
        ASSERT_EQ(move_task(0, there), 0);
        dodge(0ns).come(static_cast<uint16_t>(cpus[1]), own);
        EXPECT_EQ(cpu_mask::of_this_thread(), there);
    });
}

// Workers that dodge undo no set_affinity, whenever it comes.
TEST(dodge, undoes_no_affinity) {
    cpu_mask own = cpu_mask::of_this_thread();
    if (own.count() < 2)
        GTEST_SKIP() << "there is one CPU";
    auto pool = make();
    const std::vector<unsigned> cpus = own.numbers();
    for (size_t i = 0; i < 300; i++) {
        const cpu_mask one = cpu_mask::only(cpus[i % cpus.size()]);
        cpu_mask there;
        for (int k = 0; k < 5; k++)
            item([](item &) {}).run_on(*pool);
        ASSERT_EQ(pool->set_affinity(one), 0);
        item([&](item &) { there = cpu_mask::of_this_thread(); }).run_on(*pool);
        EXPECT_EQ(there, one) << i;
        ASSERT_EQ(pool->set_affinity({}), 0);
    }
}
