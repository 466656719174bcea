// SPDX-License-Identifier: MIT
// What every item may count on: it runs once, on a worker that is there or made for it, and what
// sleeps is made up for.
#include "iowq/pool/io_wq.h"
#include "iowq/test/item.h"

#include <sys/resource.h>

using namespace iowq;

TEST(wq, runs_an_item_once) {
    auto pool = make();
    item it;
    it.run_on(*pool);
    pool.reset();
    EXPECT_EQ(it.calls, 1);
    EXPECT_FALSE(it.cancelled);
}

TEST(wq, an_item_may_be_freed_in_its_func) {
    auto pool = make();
    static std::atomic<unsigned> ran;
    ran = 0;
    constexpr uint32_t kinds[] = {0, work_hashed, work_unbound};
    for (uint64_t i = 0; i < 15000; i++) {
        auto *w = new work;
        w->flags = kinds[i % 3];
        w->key = {0, i};
        w->func = [](work **p) {
            delete *p;
            *p = nullptr;
            ran++;
        };
        ASSERT_EQ(pool->enqueue(w), 0);
    }
    pool.reset();
    EXPECT_EQ(ran, 15000u);
}

TEST(wq, an_item_may_enqueue_itself_again) {
    auto pool = make();
    int left = 1000;
    std::binary_semaphore end(0);
    item it;
    it.body = [&](item &self) {
        if (--left == 0) {
            end.release();
            return;
        }
        EXPECT_EQ(pool->enqueue(&self), 0);
    };
    ASSERT_EQ(pool->enqueue(&it), 0);
    end.acquire();
    pool.reset();
    EXPECT_EQ(it.calls, 1000);
}

TEST(wq, linked_items_run_one_after_another_on_the_same_worker) {
    auto pool = make();
    struct link : work {
        link *after = nullptr;
        std::thread::id on;
        bool cancelled = false;
        std::binary_semaphore *last = nullptr;
    };
    std::binary_semaphore done(0);
    link chain[3];
    for (int i = 0; i < 3; i++) {
        chain[i].after = i < 2 ? &chain[i + 1] : nullptr;
        chain[i].last = i < 2 ? nullptr : &done;
        chain[i].func = [](work **w) {
            auto &self = *static_cast<link *>(*w);
            self.on = std::this_thread::get_id();
            self.cancelled = self.flags & work_cancel;
            *w = self.after;
            if (self.last)
                self.last->release();
        };
    }
    ASSERT_EQ(pool->enqueue(&chain[0]), 0);
    done.acquire();
    EXPECT_EQ(chain[0].on, chain[1].on);
    EXPECT_EQ(chain[1].on, chain[2].on);

    // A cancelled item takes its links with it.
    pool = make(limited(1));
    holder blocker;
    blocker.start_on(*pool);
    ASSERT_EQ(pool->enqueue(&chain[0]), 0);
    EXPECT_EQ(pool->cancel(&chain[0]), cancel_result::ok);
    done.acquire();
    for (link &l : chain)
        EXPECT_TRUE(l.cancelled);
    blocker.end();
}

class makes_up_for : public testing::TestWithParam<blocking::kind> {};

// Eight sleepers that only the ninth item can wake.
TEST_P(makes_up_for, workers_that_sleep) {
    auto pool = make(limited(9));
    std::latch ninth_ran(1);
    std::deque<item> sleepers;
    for (int i = 0; i < 8; i++) {
        item &s = sleepers.emplace_back([&](item &) {
            blocking section(GetParam());
            ninth_ran.wait();
        });
        ASSERT_EQ(pool->enqueue(&s), 0);
    }
    item ninth([&](item &) { ninth_ran.count_down(); });
    ASSERT_EQ(pool->enqueue(&ninth), 0);
    for (item &s : sleepers)
        s.done.acquire();
    EXPECT_EQ(pool->counters().peak_blocked, 8u);
}

INSTANTIATE_TEST_SUITE_P(wq, makes_up_for, testing::Values(blocking::will, blocking::may),
                         [](auto &p) { return p.param == blocking::will ? "will" : "may"; });

TEST(wq, items_that_compute_do_not_grow_the_pool) {
    auto pool = make(limited(16));
    holder busy; // as far as the pool can know
    std::deque<item> items(100);
    busy.start_on(*pool);
    for (item &it : items)
        ASSERT_EQ(pool->enqueue(&it), 0);
    busy.go.release();
    for (item &it : items)
        it.done.acquire();
    EXPECT_EQ(pool->counters().workers_created, 1u);
}

TEST(wq, an_item_that_asks_for_concurrency_gets_a_worker_while_others_run) {
    auto pool = make();
    std::latch both(2);
    item a([&](item &) { both.arrive_and_wait(); });
    item b([&](item &) { both.arrive_and_wait(); });
    b.flags = work_concurrent;
    ASSERT_EQ(pool->enqueue(&a), 0);
    ASSERT_EQ(pool->enqueue(&b), 0);
    a.done.acquire();
    b.done.acquire();
}

// Long enough in the call for the monitor, but on the CPU: making up for it would make things
// worse.
TEST(wq, calls_that_may_block_but_compute_do_not_grow_the_pool) {
    if (!thread_sleeps(gettid()))
        GTEST_SKIP() << "/proc does not tell whether a thread sleeps";
    auto pool = make(limited(16));
    std::deque<item> items;
    for (int i = 0; i < 8; i++) {
        item &it = items.emplace_back([](item &) {
            blocking section(blocking::may);
            for (auto end = clock::now() + std::chrono::milliseconds(5); clock::now() < end;)
                ;
        });
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : items)
        it.done.acquire();
    EXPECT_EQ(pool->counters().workers_created, 1u);
    EXPECT_EQ(pool->counters().peak_blocked, 0u);
}

// Once such calls are known to sleep they are made up for without the monitor; once they are known
// not to, no more.
TEST(wq, whether_calls_that_may_block_sleep_is_learnt_and_forgotten) {
    if (!thread_sleeps(gettid()))
        GTEST_SKIP() << "/proc does not tell whether a thread sleeps";
    auto pool = make(limited(2));
    // Returns how many count as asleep while the item is in its call and computes, when the monitor
    // cannot have found it.
    auto asleep_in_call = [&](bool sleeps) {
        unsigned asleep = 0;
        std::binary_semaphore go(0);
        item it([&](item &) {
            blocking section(blocking::may);
            asleep = pool->counters().nr_blocked;
            if (sleeps)
                go.acquire();
        });
        EXPECT_EQ(pool->enqueue(&it), 0);
        while (sleeps && pool->counters().nr_blocked == 0)
            std::this_thread::yield();
        go.release();
        it.done.acquire();
        return asleep;
    };
    EXPECT_EQ(asleep_in_call(true), 0u);
    EXPECT_EQ(asleep_in_call(true), 1u);
    for (int i = 0; i < 20; i++)
        (void)asleep_in_call(false);
    EXPECT_EQ(asleep_in_call(false), 0u);
}

// Its worker counted as asleep for good.
TEST(wq, an_item_that_says_it_sleeps_and_returns_leaves_its_worker_running) {
    auto pool = make(limited(1));
    item it([](item &) { io_wq_worker_sleeping(nullptr); });
    it.run_on(*pool);
    until_all_park(*pool);
    EXPECT_EQ(pool->counters().nr_blocked, 0u);
    item next([&](item &) {
        EXPECT_EQ(pool->counters().nr_running, 1u);
        io_wq_worker_sleeping(nullptr);
        EXPECT_EQ(pool->counters().nr_running, 0u);
        io_wq_worker_running(nullptr);
        EXPECT_EQ(pool->counters().nr_running, 1u);
    });
    next.run_on(*pool);
}

// It wanted a worker though others run, and was forgotten as long as max_running did.
TEST(wq, a_concurrent_item_gets_its_worker_once_one_of_max_running_sleeps) {
    wq_config config = limited(4);
    config.max_running = 2;
    auto pool = make(config);
    holder runs, sleeps;
    std::binary_semaphore sleep(0);
    sleeps.body = [&](item &) {
        sleeps.in.release();
        sleep.acquire();
        blocking section(blocking::will);
        sleeps.wait();
    };
    runs.start_on(*pool);
    sleeps.flags = work_concurrent;
    sleeps.start_on(*pool);
    item first, second;
    first.flags = second.flags = work_concurrent;
    ASSERT_EQ(pool->enqueue(&first), 0);
    ASSERT_EQ(pool->enqueue(&second), 0);
    EXPECT_EQ(pool->counters().nr_workers, 2u);
    sleep.release();
    for (item *it : {&first, &second})
        EXPECT_TRUE(it->done.try_acquire_for(std::chrono::seconds(20)));
    sleeps.end();
    runs.end();
}

TEST(wq, no_more_than_max_running_run_at_a_time) {
    wq_config config = limited(16);
    config.max_running = 2;
    auto pool = make(config);
    std::atomic<int> inside{0}, most{0};
    std::deque<item> items;
    for (int i = 0; i < 40; i++) {
        item &it = items.emplace_back([&](item &) {
            int now = ++inside;
            for (int m = most; m < now && !most.compare_exchange_weak(m, now);) {
            }
            for (int j = 0; j < 100; j++)
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

TEST(wq, counts_by_node_and_in_sum) {
    auto pool = make(limited(1));
    holder busy;
    busy.start_on(*pool);
    std::deque<item> items(6);
    for (size_t i = 0; i < items.size(); i++) {
        items[i].flags = i < 4 ? work_hashed : work_unbound;
        ASSERT_EQ(pool->enqueue(&items[i]), 0);
    }
    wq_counters now = pool->counters();
    EXPECT_EQ(now.enqueued, 7u);
    EXPECT_EQ(now.chain_waits, 3u);
    EXPECT_EQ(now.workers_created, 2u);
    EXPECT_GE(now.peak_running, 1u);
    wq_counters sum;
    for (unsigned node = 0; node < pool->machine().nodes(); node++)
        sum += pool->counters(node);
    EXPECT_EQ(sum.enqueued, 7u);
    EXPECT_EQ(pool->counters(pool->machine().nodes()).enqueued, 0u);
    busy.go.release();
    for (item &it : items)
        it.done.acquire();
    EXPECT_EQ(pool->counters().enqueued, 7u) << "a chain's token is no item";
}

TEST(wq, counts_what_nobody_has_looked_at_yet) {
    auto pool = make(limited(1));
    holder first;
    std::deque<item> rest(3);
    first.start_on(*pool);
    for (item &it : rest)
        ASSERT_EQ(pool->enqueue(&it), 0);
    EXPECT_EQ(pool->counters().enqueued, 4u);
    first.go.release();
    for (item &it : rest)
        it.done.acquire();
}

TEST(wq, refuses_bad_items) {
    auto pool = make(limited(1));
    EXPECT_EQ(pool->enqueue(nullptr), -EINVAL);
    work empty;
    EXPECT_EQ(pool->enqueue(&empty), -EINVAL);
    holder blocker;
    blocker.start_on(*pool);
    item it;
    ASSERT_EQ(pool->enqueue(&it), 0);
    EXPECT_EQ(pool->enqueue(&it), -EBUSY);
    blocker.go.release();
    it.done.acquire();
    pool.reset();
    EXPECT_EQ(it.calls, 1);
}

TEST(wq, refuses_impossible_configurations) {
    std::unique_ptr<wq> pool;
    rlimit nproc{};
    getrlimit(RLIMIT_NPROC, &nproc);
    for (unsigned bad : {0u, 2u << 20}) {
        wq_config config;
        config.max_bound = bad;
        EXPECT_EQ(wq::create(config, pool), -EINVAL);
        config = {};
        config.max_unbound = bad;
        EXPECT_EQ(wq::create(config, pool), -EINVAL);
    }
    wq_config config;
    config.max_running = 0;
    EXPECT_EQ(wq::create(config, pool), -EINVAL);
    config = {};
    config.cpus.emplace();
    EXPECT_EQ(wq::create(config, pool), -EINVAL) << "no CPU at all";
    config.cpus->add(CPU_SETSIZE - 1);
    EXPECT_EQ(wq::create(config, pool), -EINVAL) << "a CPU that is not there";
    EXPECT_EQ(pool, nullptr);
}

TEST(wq, workers_run_on_the_cpus_they_were_given) {
    const cpu_mask last = cpu_mask::only(cpu_mask::of_this_thread().numbers().back());
    wq_config config;
    config.cpus = last;
    auto pool = make(config);
    cpu_mask seen;
    item it([&](item &) { seen = cpu_mask::of_this_thread(); });
    it.run_on(*pool);
    EXPECT_EQ(seen, last);
}

TEST(wq, workers_block_every_signal_but_the_one_that_interrupts_them) {
    auto pool = make();
    sigset_t blocked;
    item it([&](item &) { pthread_sigmask(SIG_SETMASK, nullptr, &blocked); });
    it.run_on(*pool);
    for (int signal : {SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGCHLD})
        EXPECT_TRUE(sigismember(&blocked, signal)) << signal;
    int unblocked = 0;
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
        unblocked += !sigismember(&blocked, signal);
    EXPECT_EQ(unblocked, 1);
}
