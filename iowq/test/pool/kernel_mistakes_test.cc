// SPDX-License-Identifier: MIT
// Mistakes that io-wq and other pools once made, each as a test that fails on the mistaken version.
#include "iowq/test/item.h"

#include <algorithm>
#include <set>

using namespace iowq;

// io-wq once took work without a hash for work with key 0, and let go of a key that it had never
// taken.
TEST(kernel_mistakes, unhashed_work_does_not_hold_or_release_key_0) {
    auto pool = make(limited(3));
    sleeper first(work_hashed);
    bool overlap = true;
    item second([&](item &) { overlap = first.calls == 0 || !first.done.try_acquire(); });
    second.flags = work_hashed; // both of key 0
    first.start_on(*pool);
    std::deque<item> unhashed(8);
    for (item &it : unhashed) { // while key 0 is held
        it.run_on(*pool);
    }
    ASSERT_EQ(pool->enqueue(&second), 0);
    for (item &it : unhashed) {
        it.run_on(*pool);
    }
    EXPECT_EQ(second.calls, 0) << "the key was let go of by one that never held it";
    first.go.release();
    second.done.acquire();
    EXPECT_FALSE(overlap);
}

// io-wq once set the wrong tail when it removed a pending item behind an unhashed one. Every mix of
// four queued items, each of them cancelled, and one more queued behind.
TEST(kernel_mistakes, removing_a_pending_item_leaves_the_queue_whole) {
    constexpr unsigned n = 4, kinds = 3; // unhashed, key 1, key 2
    for (unsigned mix = 0; mix < kinds * kinds * kinds * kinds; mix++) {
        for (unsigned removed = 0; removed < n; removed++) {
            auto pool = make(limited(1));
            holder first;
            first.start_on(*pool);
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

// Exit once walked the workers the wrong way round, woke none, and waited for them to idle out.
// Here they never would.
TEST(kernel_mistakes, exit_wakes_every_idle_worker) {
    wq_config config = limited(5);
    config.idle = std::chrono::hours(24);
    auto pool = make(config);
    grow(*pool, 5);
    grow(*pool, 5, work_unbound);
    EXPECT_EQ(pool->counters().nr_workers, 10u);
    EXPECT_EQ(pool->exit(), 0);
    EXPECT_EQ(pool->counters().nr_workers, 0u);
}

// A creation that was called off was once taken off the number of workers twice, which then ran
// past the limit.
TEST(kernel_mistakes, a_creation_that_fails_is_counted_once) {
    auto pool = make(limited(2));
    for (int round = 0; round < 3; round++) {
        failing_creations = 4; // the first try and its repeats
        item it;
        it.run_on(*pool);
        EXPECT_TRUE(it.cancelled);
        EXPECT_EQ(pool->counters().nr_workers, 0u);
    }
    failing_creations = 0;
    sleepers all(*pool, 40, work_concurrent);
    all.wait_inside(2);
    all.end();
    EXPECT_EQ(all.most, 2);
    EXPECT_EQ(pool->counters().workers_created, 2u);
}

// Eight asynchronous writes at a time once made for over 300 workers, and three of them for over
// 400 after the affinity had been set.
TEST(kernel_mistakes, workers_do_not_pile_up) {
    auto pool = make(limited(3));
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
            ASSERT_LE(now.nr_workers, 6u); // of both kinds
        }
    }
    for (item &it : items)
        it.done.acquire();
    wq_counters now = pool->counters();
    EXPECT_LE(now.workers_created, 6u);
    EXPECT_EQ(now.enqueued, stress_items(4000));
}

// libuv once woke a thread only when the queue had been empty: three items that wait for each
// other, the later ones queued while the queue is not empty, then starve.
TEST(kernel_mistakes, a_queue_that_was_not_empty_still_gets_its_workers) {
    auto pool = make(limited(3));
    grow(*pool, 3);
    until_all_park(*pool);
    grow(*pool, 3);
    EXPECT_EQ(pool->counters().workers_created, 3u);
}

// Waking a thread for each item makes 16 of them slower than four: a worker that runs is enough for
// items that compute.
TEST(kernel_mistakes, many_parked_workers_are_no_herd) {
    auto pool = make(limited(16));
    grow(*pool, 16);
    EXPECT_EQ(pool->counters().workers_created, 16u);
    // All have parked once as many wakes as workers would be needed: the last to park runs this
    // one.
    holder first;
    until_all_park(*pool);
    uint64_t before = pool->counters().wakes;
    first.start_on(*pool);
    std::set<std::thread::id> ran_on;
    std::deque<item> items;
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
