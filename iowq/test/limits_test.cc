// SPDX-License-Identifier: MIT
// Limits and CPUs that change while the pool works, and what happens when threads cannot be had.
#include "item.h"

#include <deque>
#include <grp.h>
#include <latch>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

using namespace iowq;

namespace {

// Items that sleep until they are let go, as many at a time as the limit allows.
struct sleepers {
    std::deque<item> items;
    std::counting_semaphore<64> go{0};
    std::atomic<int> inside{0};

    sleepers(wq &pool, int n, uint32_t flags = 0) {
        for (int i = 0; i < n; i++) {
            item &it = items.emplace_back([this](item &) {
                blocking section(blocking::will);
                inside++;
                go.acquire();
                inside--;
            });
            it.flags = flags;
            EXPECT_EQ(pool.enqueue(&it), 0);
        }
    }
    void wait_inside(int n) {
        while (inside != n)
            std::this_thread::yield();
    }
    void end() {
        go.release(static_cast<ptrdiff_t>(items.size()));
        for (item &it : items)
            it.done.acquire();
    }
};

cpu_mask one_cpu(bool last) {
    cpu_mask mine = cpu_mask::of_this_thread(), one;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!mine.has(cpu))
            continue;
        one = {};
        one.add(cpu);
        if (!last)
            break;
    }
    return one;
}

constexpr int cannot_tell = 99;

// Runs `test` in a child that is not root and may have `threads` threads. Returns its exit status.
template <class Test>
int with_threads(unsigned threads, Test test) {
#if defined(__SANITIZE_THREAD__)
    return cannot_tell; // it has threads of its own
#endif
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
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST(max_workers, are_asked_for_set_and_clamped) {
    auto pool = make(limited(3));
    worker_limits old = pool->max_workers();
    EXPECT_EQ(old.bound, 3u);
    EXPECT_EQ(old.unbound, 3u);
    old = pool->max_workers({5, 0});
    EXPECT_EQ(old.bound, 3u);
    old = pool->max_workers({~0u, 7});
    EXPECT_EQ(old.bound, 5u);
    EXPECT_EQ(old.unbound, 3u);
    rlimit nproc{};
    getrlimit(RLIMIT_NPROC, &nproc);
    old = pool->max_workers();
    EXPECT_LE(old.bound, nproc.rlim_cur);
    EXPECT_LT(old.bound, ~0u);
    EXPECT_EQ(old.unbound, 7u);
}

class max_workers_of : public testing::TestWithParam<uint32_t> {}; // flags

TEST_P(max_workers_of, raised_let_those_run_that_wait) {
    auto pool = make(limited(2));
    sleepers all(*pool, 6, GetParam());
    all.wait_inside(2);
    pool->max_workers({5, 5});
    all.wait_inside(5);
    EXPECT_EQ(pool->counters().workers_created, 5u);
    all.end();
}

TEST_P(max_workers_of, lowered_kill_nobody_and_hold_from_then_on) {
    auto pool = make(limited(6));
    sleepers all(*pool, 6, GetParam());
    all.wait_inside(6);
    pool->max_workers({2, 2});
    EXPECT_EQ(pool->counters().nr_workers, 6u);
    all.end();
    while (pool->counters().nr_workers > 2) // at once, not after idling for 5 s
        std::this_thread::yield();
    sleepers more(*pool, 4, GetParam());
    more.wait_inside(2);
    more.end();
    EXPECT_EQ(pool->counters().workers_created, 6u);
}

INSTANTIATE_TEST_SUITE_P(limits, max_workers_of, testing::Values(0u, work_unbound));

TEST(affinity, moves_workers_that_are_there_and_those_to_come) {
    auto pool = make(limited(4));
    for (bool last : {false, true}) {
        cpu_mask wanted = one_cpu(last), there, to_come;
        std::binary_semaphore in(0), go(0);
        item first([&](item &) {
            blocking section(blocking::will);
            in.release();
            go.acquire();
            there = cpu_mask::of_this_thread();
        });
        ASSERT_EQ(pool->enqueue(&first), 0);
        in.acquire();
        ASSERT_EQ(pool->set_affinity(wanted), 0);
        item second([&](item &) { to_come = cpu_mask::of_this_thread(); });
        ASSERT_EQ(pool->enqueue(&second), 0);
        second.done.acquire();
        go.release();
        first.done.acquire();
        EXPECT_EQ(there, wanted);
        EXPECT_EQ(to_come, wanted);
    }
    // None resets it.
    ASSERT_EQ(pool->set_affinity({}), 0);
    cpu_mask after;
    item it([&](item &) { after = cpu_mask::of_this_thread(); });
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    EXPECT_EQ(after, cpu_mask::of_this_thread());
}

// The mask changes between the thread's creation and its first step.
TEST(affinity, reaches_a_worker_that_is_just_being_created) {
    auto pool = make();
    holding_creations = true;
    cpu_mask seen;
    item it([&](item &) { seen = cpu_mask::of_this_thread(); });
    std::thread other([&] { EXPECT_EQ(pool->enqueue(&it), 0); });
    while (held_creations == 0)
        std::this_thread::yield();
    ASSERT_EQ(pool->set_affinity(one_cpu(true)), 0);
    holding_creations = false;
    holding_creations.notify_all();
    other.join();
    it.done.acquire();
    EXPECT_EQ(seen, one_cpu(true));
}

TEST(affinity, outside_the_creators_cpus_is_refused) {
    auto pool = make();
    EXPECT_EQ(pool->set_affinity(cpu_mask{}), -EINVAL);
    cpu_mask absent;
    absent.add(CPU_SETSIZE - 1);
    EXPECT_EQ(pool->set_affinity(absent), -EINVAL);
    cpu_mask seen;
    item it([&](item &) { seen = cpu_mask::of_this_thread(); });
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    EXPECT_EQ(seen, cpu_mask::of_this_thread());
}

// Main thread, monitor, and so two workers.
TEST(nproc, fewer_threads_than_the_limit_run_everything_all_the_same) {
    int status = with_threads(4, [] {
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
    if (status == cannot_tell)
        GTEST_SKIP() << "no process of another user with a limit of its own here";
    EXPECT_EQ(status, 0);
}

TEST(nproc, without_any_worker_every_item_is_cancelled) {
    int status = with_threads(2, [] {
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
    if (status == cannot_tell)
        GTEST_SKIP() << "no process of another user with a limit of its own here";
    EXPECT_EQ(status, 0);
}

TEST(nproc, without_a_monitor_there_is_no_pool) {
    int status = with_threads(1, [] {
        std::unique_ptr<wq> pool;
        return wq::create(limited(1), pool) == -EAGAIN && !pool;
    });
    if (status == cannot_tell)
        GTEST_SKIP() << "no process of another user with a limit of its own here";
    EXPECT_EQ(status, 0);
}
