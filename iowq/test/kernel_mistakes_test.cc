// SPDX-License-Identifier: MIT
// Mistakes that io-wq and other pools once made, each as a test that fails on the mistaken version.
#include "item.h"

#include <algorithm>
#include <deque>
#include <latch>
#include <set>
#include <thread>

using namespace iowq;

// io-wq once took work without a hash for work with key 0, and let go of a key that it had never taken.
TEST(kernel_mistakes, unhashed_work_does_not_hold_or_release_key_0) {
    auto pool = make(limited(3));
    std::binary_semaphore in(0), go(0);
    std::atomic<bool> overlap{false}, inside{false};
    item first([&](item &) {
        inside = true;
        in.release();
        blocking section(blocking::will);
        go.acquire();
        inside = false;
    });
    item second([&](item &) { overlap = overlap || inside; });
    first.flags = second.flags = work_hashed; // both of key 0
    ASSERT_EQ(pool->enqueue(&first), 0);
    in.acquire();
    std::deque<item> unhashed(8);
    for (item &it : unhashed) { // while key 0 is held
        ASSERT_EQ(pool->enqueue(&it), 0);
        it.done.acquire();
    }
    ASSERT_EQ(pool->enqueue(&second), 0);
    for (item &it : unhashed) {
        ASSERT_EQ(pool->enqueue(&it), 0);
        it.done.acquire();
    }
    EXPECT_EQ(second.calls, 0) << "the key was let go of by one that never held it";
    go.release();
    second.done.acquire();
    EXPECT_FALSE(overlap);
}

// io-wq once set the wrong tail when it removed a pending item behind an unhashed one. Every mix of four
// queued items, each of them cancelled, and one more queued behind.
TEST(kernel_mistakes, removing_a_pending_item_leaves_the_queue_whole) {
    constexpr unsigned n = 4, kinds = 3; // unhashed, key 1, key 2
    for (unsigned mix = 0; mix < kinds * kinds * kinds * kinds; mix++) {
        for (unsigned removed = 0; removed < n; removed++) {
            auto pool = make(limited(1));
            holder first;
            ASSERT_EQ(pool->enqueue(&first), 0);
            first.in.acquire();
            std::vector<unsigned> order;
            std::deque<item> items;
            unsigned kind_of[n + 1], m = mix;
            for (unsigned i = 0; i <= n; i++, m /= kinds) {
                item &it = items.emplace_back([&order, i](item &) { order.push_back(i); });
                kind_of[i] = i < n ? m % kinds : kind_of[n - 1];
                it.flags = kind_of[i] ? work_hashed : 0u;
                it.key = {0, kind_of[i]};
                if (i == n) {
                    ASSERT_EQ(pool->cancel(&items[removed]), cancel_result::ok);
                }
                ASSERT_EQ(pool->enqueue(&it), 0);
            }
            first.go.release();
            for (item &it : items)
                it.done.acquire();
            EXPECT_EQ(order.size(), n);
            for (unsigned kind = 0; kind < kinds; kind++) {
                auto of_kind = order;
                std::erase_if(of_kind, [&](unsigned i) { return kind_of[i] != kind; });
                EXPECT_TRUE(std::is_sorted(of_kind.begin(), of_kind.end()));
            }
            pool.reset();
        }
    }
}

// Exit once walked the workers the wrong way round, woke none, and waited for them to idle out. Here
// they never would.
TEST(kernel_mistakes, exit_wakes_every_idle_worker) {
    wq_config config = limited(5);
    config.idle = std::chrono::hours(24);
    auto pool = make(config);
    for (uint32_t flags : {0u, static_cast<uint32_t>(work_unbound)}) {
        std::latch all(5);
        std::deque<item> items;
        for (int i = 0; i < 5; i++) {
            item &it = items.emplace_back([&](item &) {
                blocking section(blocking::will);
                all.arrive_and_wait();
            });
            it.flags = flags;
            ASSERT_EQ(pool->enqueue(&it), 0);
        }
        for (item &it : items)
            it.done.acquire();
    }
    EXPECT_EQ(pool->counters().nr_workers, 10u);
    EXPECT_EQ(pool->exit(), 0);
    EXPECT_EQ(pool->counters().nr_workers, 0u);
}

// A creation that was called off was once taken off the number of workers twice, which then ran past
// the limit.
TEST(kernel_mistakes, a_creation_that_fails_is_counted_once) {
    auto pool = make(limited(2));
    for (int round = 0; round < 3; round++) {
        failing_creations = 4; // the first try and its repeats
        item it;
        ASSERT_EQ(pool->enqueue(&it), 0);
        it.done.acquire();
        EXPECT_TRUE(it.cancelled);
        EXPECT_EQ(pool->counters().nr_workers, 0u);
    }
    failing_creations = 0;
    std::atomic<int> inside{0}, most{0};
    std::deque<item> items;
    for (int i = 0; i < 40; i++) {
        item &it = items.emplace_back([&](item &) {
            blocking section(blocking::will);
            int now = ++inside;
            for (int m = most; m < now && !most.compare_exchange_weak(m, now);) {
            }
            std::this_thread::yield();
            inside--;
        });
        it.flags = work_concurrent;
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : items)
        it.done.acquire();
    EXPECT_LE(most, 2);
    EXPECT_LE(pool->counters().workers_created, 2u);
}

// Eight asynchronous writes at a time once made for over 300 workers, and three of them for over 400
// after the affinity had been set.
TEST(kernel_mistakes, workers_do_not_pile_up) {
    auto pool = make(limited(8));
    cpu_mask all = cpu_mask::of_this_thread();
    std::counting_semaphore<8> slots(8);
    std::deque<item> items;
    for (unsigned i = 0; i < stress_items(4000); i++) {
        slots.acquire();
        item &it = items.emplace_back([&](item &) {
            {
                blocking section(blocking::will);
                std::this_thread::yield();
            }
            slots.release();
        });
        it.flags = work_concurrent | (i % 2 ? work_unbound : 0u);
        ASSERT_EQ(pool->enqueue(&it), 0);
        if (i % 64 == 0) {
            ASSERT_EQ(pool->set_affinity(i % 128 ? std::optional(all) : std::nullopt), 0);
            wq_counters now = pool->counters();
            ASSERT_LE(now.nr_workers, 16u); // of both kinds
        }
    }
    for (item &it : items)
        it.done.acquire();
    wq_counters now = pool->counters();
    EXPECT_LE(now.workers_created, 16u);
    EXPECT_EQ(now.enqueued, stress_items(4000));
}

// libuv once woke a thread only when the queue had been empty: three items that wait for each other, the
// later ones queued while the queue is not empty, then starve.
TEST(kernel_mistakes, a_queue_that_was_not_empty_still_gets_its_workers) {
    auto pool = make(limited(3));
    std::latch all(3), parked(3);
    std::deque<item> first;
    for (int i = 0; i < 3; i++) { // so that there are three workers, parked
        item &it = first.emplace_back([&](item &) {
            blocking section(blocking::will);
            parked.arrive_and_wait();
        });
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : first)
        it.done.acquire();
    std::deque<item> items;
    for (int i = 0; i < 3; i++) {
        item &it = items.emplace_back([&](item &) {
            blocking section(blocking::will);
            all.arrive_and_wait();
        });
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : items)
        it.done.acquire();
    EXPECT_EQ(pool->counters().workers_created, 3u);
}

// Waking a thread for each item makes 16 of them slower than four: a worker that runs is enough for
// items that compute.
TEST(kernel_mistakes, many_parked_workers_are_no_herd) {
    auto pool = make(limited(16));
    std::latch all(16);
    std::deque<item> sleepers, items;
    for (int i = 0; i < 16; i++) {
        item &it = sleepers.emplace_back([&](item &) {
            blocking section(blocking::will);
            all.arrive_and_wait();
        });
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : sleepers)
        it.done.acquire();
    EXPECT_EQ(pool->counters().workers_created, 16u);
    // All have parked once as many wakes as workers would be needed: the last to park runs this one.
    holder first;
    while (pool->counters().nr_running > 0)
        std::this_thread::yield();
    uint64_t before = pool->counters().wakes;
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    std::set<std::thread::id> ran_on;
    for (int i = 0; i < 64; i++) {
        item &it = items.emplace_back([&](item &) { ran_on.insert(std::this_thread::get_id()); });
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    first.go.release();
    for (item &it : items)
        it.done.acquire();
    EXPECT_EQ(pool->counters().wakes - before, 1u);
    EXPECT_EQ(ran_on.size(), 1u);
}
