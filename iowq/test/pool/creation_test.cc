// SPDX-License-Identifier: MIT
// Threads that cannot be had: the next try, and what becomes of the items meanwhile and in the end.
#include "iowq/test/item.h"

#include <filesystem>
#include <fstream>
#include <grp.h>
#include <sys/resource.h>
#include <sys/wait.h>

using namespace iowq;

TEST(creation, is_tried_again) {
    auto pool = make();
    failing_creations = 3;
    item it;
    it.run_on(*pool);
    EXPECT_FALSE(it.cancelled);
    EXPECT_EQ(failing_creations, 0);
    EXPECT_EQ(pool->counters().workers_created, 1u);
}

TEST(creation, is_tried_again_after_5_10_and_15_ms) {
    auto pool = make();
    failing_creations = 4;
    item it;
    auto begin = clock::now();
    it.run_on(*pool);
    EXPECT_TRUE(it.cancelled);
    EXPECT_GE(clock::now() - begin, std::chrono::milliseconds(30));
}

// The one that is created at last can have another created for it.
TEST(creation, is_everybodys_again_once_it_has_succeeded) {
    auto pool = make(limited(2));
    failing_creations = 1;
    sleeper first;
    first.start_on(*pool);
    item second;
    second.run_on(*pool);
    first.end();
    EXPECT_EQ(pool->counters().workers_created, 2u);
}

TEST(creation, is_the_monitors_while_it_is_to_be_tried_again) {
    bool in_time = false;
    for (int round = 0; round < 100 && !in_time; round++) {
        auto pool = make();
        item a, b;
        failing_creations = 1 << 30;
        auto begin = clock::now();
        ASSERT_EQ(pool->enqueue(&a), 0);
        ASSERT_EQ(pool->enqueue(&b), 0);
        int tries = (1 << 30) - failing_creations;
        in_time = clock::now() - begin < std::chrono::milliseconds(5);
        if (in_time) {
            EXPECT_EQ(tries, 1);
        }
        failing_creations = 0;
        a.done.acquire();
        b.done.acquire();
    }
}

TEST(creation, is_given_up_after_four_tries_while_there_is_a_worker) {
    auto pool = make(limited(2));
    sleeper first;
    first.start_on(*pool);
    until_all_park(*pool);
    failing_creations = 4;
    item second;
    ASSERT_EQ(pool->enqueue(&second), 0);
    while (failing_creations > 0)
        std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20)); // a fifth would succeed
    EXPECT_EQ(pool->counters().workers_created, 1u);
    EXPECT_EQ(second.calls, 0);
    first.end();
    second.done.acquire();
    EXPECT_FALSE(second.cancelled);
}

TEST(creation, that_fails_for_good_cancels_what_is_queued) {
    auto pool = make();
    failing_creations = 1 << 30;
    std::deque<item> items;
    for (uint64_t i = 0; i < 10; i++) {
        item &it = items.emplace_back();
        if (i % 2) {
            it.flags = work_hashed;
            it.key = {0, i % 4};
        }
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : items)
        it.done.acquire();
    failing_creations = 0;
    for (item &it : items) {
        EXPECT_EQ(it.calls, 1);
        EXPECT_TRUE(it.cancelled);
    }
    // The pool recovers.
    item again;
    again.run_on(*pool);
    EXPECT_FALSE(again.cancelled);
}

TEST(creation, that_fails_leaves_the_work_to_who_is_left) {
    auto pool = make();
    sleeper first;
    first.start_on(*pool);
    failing_creations = 1 << 30;
    item waits;
    ASSERT_EQ(pool->enqueue(&waits), 0);
    first.go.release();
    waits.done.acquire();
    EXPECT_FALSE(waits.cancelled);
    pool.reset();
    failing_creations = 0;
}

TEST(creation, under_way_keeps_the_last_worker_here) {
    wq_config config = limited(4);
    config.idle = std::chrono::milliseconds(1);
    auto pool = make(config);
    holder first;
    first.start_on(*pool);
    // It idles for many times its idle time while another is just being created.
    creations held;
    failing_creations = 1 << 30;
    item second;
    second.flags = work_concurrent;
    std::thread other([&] { EXPECT_EQ(pool->enqueue(&second), 0); });
    creations::wait();
    first.go.release();
    second.done.acquire();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    creations::go();
    other.join();
    item late;
    late.run_on(*pool);
    EXPECT_FALSE(late.cancelled);
}

// What was queued while the last try was under way relied on it.
TEST(creation, that_fails_for_good_wakes_who_has_parked_meanwhile) {
    auto pool = make(limited(2));
    sleeper first;
    first.start_on(*pool);
    until_all_park(*pool);
    creations held;
    failing_creations = 1 << 30;
    item second, third;
    std::thread other([&] { EXPECT_EQ(pool->enqueue(&second), 0); });
    creations::wait();
    bool in_step = creations::fail_one() && creations::fail_one() && creations::fail_one();
    other.join();
    if (in_step) {
        first.end();
        second.done.acquire();
        while (pool->counters().nr_running > 1) // one is being created, the other has parked
            std::this_thread::yield();
        ASSERT_EQ(pool->enqueue(&third), 0);
        creations::go();
        third.done.acquire();
        EXPECT_FALSE(third.cancelled);
    } else {
        creations::go();
        first.end();
        second.done.acquire();
    }
}

// Of two that fail at once one counts. They may fail milliseconds apart on a busy machine, hence
// the rounds.
TEST(creation, two_that_fail_at_once_have_as_many_tries_as_one) {
    bool ran = false;
    for (int round = 0; round < 20 && !ran; round++) {
        auto pool = make();
        creations held;
        failing_creations = 4; // two at once, and two more
        item a, b;
        a.flags = b.flags = work_concurrent;
        std::thread first([&] { EXPECT_EQ(pool->enqueue(&a), 0); });
        std::thread second([&] { EXPECT_EQ(pool->enqueue(&b), 0); });
        creations::wait(2);
        creations::go();
        first.join();
        second.join();
        a.done.acquire();
        b.done.acquire();
        ran = !a.cancelled && !b.cancelled;
    }
    EXPECT_TRUE(ran);
}

// It was tried again as one that others that run are enough for.
TEST(creation, for_a_concurrent_item_is_tried_again_as_such) {
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

// Without the monitor nobody tries again later, so whoever enqueues waits for the tries.
TEST(creation, of_the_monitor_is_tried_again) {
    auto pool = make();
    failing_monitors = 3;
    item it;
    it.run_on(*pool);
    EXPECT_FALSE(it.cancelled);
    EXPECT_EQ(failing_monitors, 0);
}

// While one tries again, others must not start another.
TEST(creation, of_the_monitor_by_many_makes_one) {
    auto pool = make();
    failing_monitors = 3;
    std::deque<item> items;
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < 8; i++) {
        item &it = items.emplace_back();
        it.flags = work_concurrent | (i % 2 ? work_unbound : 0u);
        threads.emplace_back([&] {
            EXPECT_EQ(pool->enqueue(&it), 0);
            it.done.acquire();
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(1)); // among the tries
    }
    for (auto &t : threads)
        t.join();
    int monitors = 0;
    auto limit = iowq::clock::now() + std::chrono::seconds(30);
    while (monitors == 0 && iowq::clock::now() < limit) { // a thread gives itself its name
        for (auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
            std::string name;
            std::getline(std::ifstream(task.path() / "comm"), name);
            monitors += name == "iowq-monitor";
        }
    }
    EXPECT_EQ(monitors, 1);
    EXPECT_EQ(failing_monitors, 0);
}

TEST(creation, of_the_monitor_that_fails_for_good_loses_nothing_on_any_acct) {
    auto pool = make();
    failing_monitors = 1 << 30;
    std::deque<item> items;
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < 8; i++) {
        item &it = items.emplace_back();
        it.flags = i % 2 ? work_unbound : work_concurrent;
        threads.emplace_back([&] { EXPECT_EQ(pool->enqueue(&it), 0); });
    }
    for (auto &t : threads)
        t.join();
    for (item &it : items) {
        it.done.acquire();
        EXPECT_EQ(it.calls, 1);
    }
    failing_monitors = 0;
    until_all_park(*pool);
    item again;
    again.run_on(*pool);
    EXPECT_FALSE(again.cancelled);
}

namespace {

// Runs `test` in a child that is not root and may have `threads` threads.
template <class Test>
void expect_with_threads([[maybe_unused]] unsigned threads, [[maybe_unused]] Test test) {
    constexpr int cannot_tell = 99;
    int status = cannot_tell;
#if !defined(__SANITIZE_THREAD__) // which has threads of its own
    pid_t child = fork();
    if (child == 0) {
        rlimit limit{threads, threads};
        auto nobody_else =
            static_cast<uid_t>(100000 + getpid()); // the limit counts all of a user's
        if (setgroups(0, nullptr) || setrlimit(RLIMIT_NPROC, &limit) ||
            setresuid(nobody_else, nobody_else, nobody_else))
            _exit(cannot_tell);
        _exit(test() ? 0 : 1);
    }
    waitpid(child, &status, 0);
    if (WIFEXITED(status))
        status = WEXITSTATUS(status);
#endif
    if (status == cannot_tell)
        GTEST_SKIP() << "no process of another user with a limit of its own here";
    EXPECT_EQ(status, 0);
}

} // namespace

// Main thread, monitor, and so two workers.
TEST(nproc, fewer_threads_than_the_limit_run_everything_all_the_same) {
    expect_with_threads(4, [] {
        wq_config config = limited(4);
        config.max_unbound = 4;
        std::unique_ptr<wq> pool;
        if (wq::create(config, pool))
            return false;
        std::latch two(2);
        std::deque<item> items;
        for (int i = 0; i < 6; i++) {
            item &it = items.emplace_back([&, i](item &) {
                blocking section(blocking::will);
                if (i < 2)
                    two.arrive_and_wait();
            });
            if (pool->enqueue(&it))
                return false;
        }
        bool all = true;
        for (item &it : items) {
            it.done.acquire();
            all &= it.calls == 1 && !it.cancelled;
        }
        return all && pool->counters().workers_created == 2;
    });
}

TEST(nproc, without_any_worker_every_item_is_cancelled) {
    expect_with_threads(2, [] {
        std::unique_ptr<wq> pool;
        if (wq::create(limited(2), pool))
            return false;
        std::deque<item> items(5);
        bool all = true;
        for (item &it : items)
            all &= pool->enqueue(&it) == 0;
        for (item &it : items) {
            it.done.acquire();
            all &= it.calls == 1 && it.cancelled;
        }
        return all && pool->counters().nr_workers == 0;
    });
}

TEST(nproc, a_monitor_is_missed_only_by_the_first_worker) {
    expect_with_threads(1, [] {
        std::unique_ptr<wq> pool;
        item it;
        if (wq::create(limited(1), pool) || pool->enqueue(&it))
            return false;
        it.done.acquire();
        return it.calls == 1 && it.cancelled && pool->counters().nr_workers == 0;
    });
}
