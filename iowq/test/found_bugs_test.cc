// SPDX-License-Identifier: MIT
// Bugs that a review found, each as the test that failed.
#include "item.h"

#include <deque>
#include <thread>

using namespace iowq;

namespace {

// False: it has not come true for seconds, and never will.
bool comes_true(auto condition, std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    auto end = clock::now() + patience;
    while (!condition()) {
        if (clock::now() > end)
            return false;
        std::this_thread::yield();
    }
    return true;
}

} // namespace

// The helper took the marker behind the item too, and the acct kept saying that it held something.
TEST(found_bugs, a_flush_marker_is_not_another_item_to_leave_to_the_worker) {
    auto pool = make(limited(1));
    holder busy;
    ASSERT_EQ(pool->enqueue(&busy), 0);
    busy.in.acquire();
    item it, second;
    it.flags = second.flags = work_helpable;
    ASSERT_EQ(pool->enqueue(&it), 0);
    std::thread flusher([&] { EXPECT_EQ(pool->flush(), 0); });
    EXPECT_FALSE(comes_true([&] { return pool->help(); }, std::chrono::milliseconds(5)));
    ASSERT_EQ(pool->enqueue(&second), 0);
    EXPECT_TRUE(pool->help());
    flusher.join();
    busy.go.release();
    second.done.acquire();
    EXPECT_TRUE(comes_true([&] { return pool->counters().nr_running == 0; })) << "it never parks";
}

// The monitor was stopped while it created a worker, which then had nobody to make up for it.
TEST(found_bugs, exit_makes_up_for_a_worker_that_the_monitor_creates_last) {
    auto pool = make(limited(2));
    std::binary_semaphore second_ran(0);
    bool made_up_for = false;
    item first([&](item &) {
        blocking section(blocking::may);
        made_up_for = second_ran.try_acquire_for(std::chrono::seconds(5));
    });
    item second([&](item &) { second_ran.release(); });
    failing_creations = 1;
    ASSERT_EQ(pool->enqueue(&first), 0);
    holding_creations = true; // the monitor's try, 5 ms later
    ASSERT_EQ(pool->enqueue(&second), 0);
    while (held_creations == 0)
        std::this_thread::yield();
    std::thread exits([&] { EXPECT_EQ(pool->exit(), 0); });
    std::deque<item> late(1);
    while (pool->enqueue(&late.back()) == 0) // until the exit has begun
        late.emplace_back();
    holding_creations = false;
    holding_creations.notify_all();
    exits.join();
    EXPECT_TRUE(made_up_for);
    EXPECT_EQ(second.calls, 1);
}

TEST(found_bugs, an_item_that_helps_another_pool_is_still_its_workers) {
    auto pool = make(limited(1)), other = make(limited(1));
    holder busy;
    ASSERT_EQ(other->enqueue(&busy), 0);
    busy.in.acquire();
    bool was_helping = false;
    item helped([&](item &) { was_helping = helping(); }), rest;
    helped.flags = work_helpable;
    ASSERT_EQ(other->enqueue(&helped), 0);
    ASSERT_EQ(other->enqueue(&rest), 0);
    cancel_result of_itself = cancel_result::ok;
    item it([&](item &self) {
        EXPECT_TRUE(other->help());
        of_itself = pool->cancel(&self);
    });
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    EXPECT_TRUE(was_helping);
    EXPECT_EQ(of_itself, cancel_result::itself);
    bool told = false;
    holder next;
    next.body = [&](item &) {
        next.in.release();
        next.go.acquire();
        told = cancel_requested();
    };
    ASSERT_EQ(pool->enqueue(&next), 0);
    next.in.acquire();
    EXPECT_EQ(pool->cancel(&next), cancel_result::running);
    next.go.release();
    next.done.acquire();
    EXPECT_TRUE(told);
    busy.go.release();
    rest.done.acquire();
}

TEST(found_bugs, resetting_the_affinity_brings_no_help_to_workers_with_cpus_of_their_own) {
    wq_config config = limited(1);
    config.cpus = cpu_mask::of_this_thread();
    auto pool = make(config);
    holder busy;
    ASSERT_EQ(pool->enqueue(&busy), 0);
    busy.in.acquire();
    item first, second;
    first.flags = work_helpable;
    ASSERT_EQ(pool->enqueue(&first), 0);
    ASSERT_EQ(pool->enqueue(&second), 0);
    ASSERT_EQ(pool->set_affinity({}), 0);
    EXPECT_FALSE(pool->help());
    busy.go.release();
    second.done.acquire();
}

// It was tried again as one that others that run are enough for.
TEST(found_bugs, a_worker_for_a_concurrent_item_is_tried_again) {
    auto pool = make(limited(4));
    std::binary_semaphore second_ran(0), in(0);
    bool got_one = false;
    item first([&](item &) {
        in.release();
        got_one = second_ran.try_acquire_for(std::chrono::seconds(5));
    });
    ASSERT_EQ(pool->enqueue(&first), 0);
    in.acquire();
    item second([&](item &) { second_ran.release(); });
    second.flags = work_concurrent;
    failing_creations = 1;
    ASSERT_EQ(pool->enqueue(&second), 0);
    first.done.acquire();
    second.done.acquire();
    EXPECT_TRUE(got_one);
    EXPECT_EQ(failing_creations, 0);
}

TEST(found_bugs, a_refused_hashed_item_is_on_no_shard) {
    iowq::acct home(true, 0, 1, 1);
    chain_table chains;
    work_list none;
    iowq::acct::action todo;
    EXPECT_EQ(home.close(none, todo), nullptr);
    item it;
    it.flags = work_hashed;
    it.where = work::on_its_way;
    EXPECT_EQ(chains.enqueue(&it, home, todo), -ESHUTDOWN);
    EXPECT_EQ(it.where.load(), static_cast<const void *>(work::on_its_way));
}

TEST(found_bugs, a_lowered_limit_holds_for_workers_that_had_parked) {
    auto pool = make(limited(6));
    std::counting_semaphore<64> go(0);
    std::atomic<int> inside{0}, most{0};
    auto run_six = [&](int at_once) {
        most = 0;
        std::deque<item> items;
        for (int i = 0; i < 6; i++) {
            item &it = items.emplace_back([&](item &) {
                blocking section(blocking::will);
                int now = ++inside;
                for (int m = most; m < now && !most.compare_exchange_weak(m, now);) {
                }
                go.acquire();
                inside--;
            });
            EXPECT_EQ(pool->enqueue(&it), 0);
        }
        while (inside < at_once)
            std::this_thread::yield();
        go.release(6);
        for (item &it : items)
            it.done.acquire();
        return most.load();
    };
    EXPECT_EQ(run_six(6), 6);
    while (pool->counters().nr_running > 0)
        std::this_thread::yield();
    pool->max_workers({2, 2});
    EXPECT_EQ(pool->counters().nr_workers, 2u);
    EXPECT_EQ(run_six(2), 2);
}

// The monitor joined itself.
TEST(found_bugs, exit_and_flush_from_an_item_that_the_monitor_cancels_are_refused) {
    auto pool = make(limited(1));
    failing_creations = 4;
    int error_of_exit = 1, error_of_flush = 1;
    item it;
    it.body_on_cancel = true;
    it.body = [&](item &) {
        error_of_exit = pool->exit();
        error_of_flush = pool->flush();
    };
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    failing_creations = 0;
    EXPECT_TRUE(it.cancelled);
    EXPECT_EQ(error_of_exit, -EDEADLK);
    EXPECT_EQ(error_of_flush, -EDEADLK);
}

// A worker's own enqueue passed the look at whether the exit had begun, and listed the item on a chain
// that the exit had been to.
TEST(found_bugs, exit_reaches_unbound_items_that_are_enqueued_meanwhile) {
    static std::atomic<bool> exiting;
    static std::atomic<int> never_told;
    never_told = 0;
    for (unsigned round = 0; round < stress_items(5) && !never_told; round++) {
        exiting = false;
        auto pool = make(limited(4));
        std::deque<work> unbound(30000);
        std::atomic<size_t> next{0};
        for (work &w : unbound) {
            w.flags = work_unbound | work_hashed;
            w.func = [](work **p) {
                auto waits = [] { return !(exiting && !cancel_requested()); };
                if (!((*p)->flags & work_cancel))
                    never_told += !comes_true(waits);
            };
        }
        std::deque<item> feeders;
        std::atomic<int> in{0};
        for (int i = 0; i < 3; i++) {
            item &f = feeders.emplace_back([&](item &) {
                in++;
                for (size_t n; (n = next++) < unbound.size();)
                    if (pool->enqueue(&unbound[n]) != 0)
                        return;
            });
            f.flags = (i ? 0u : work_hashed) | work_concurrent;
            ASSERT_EQ(pool->enqueue(&f), 0);
        }
        while (in < 3)
            std::this_thread::yield();
        exiting = true;
        EXPECT_EQ(pool->exit(), 0);
    }
    EXPECT_EQ(never_told, 0);
}
