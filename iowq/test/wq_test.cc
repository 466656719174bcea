// SPDX-License-Identifier: MIT
#include "item.h"

#include <deque>
#include <filesystem>
#include <fstream>
#include <latch>
#include <sys/resource.h>
#include <thread>

using namespace iowq;

TEST(wq, runs_an_item_once) {
    auto pool = make();
    item it;
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    pool.reset();
    EXPECT_EQ(it.calls, 1);
    EXPECT_FALSE(it.cancelled);
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
    std::binary_semaphore go(0);
    std::deque<item> items;
    items.emplace_back([&](item &) { go.acquire(); }); // busy, as far as the pool can know
    for (int i = 0; i < 100; i++)
        items.emplace_back();
    for (item &it : items)
        ASSERT_EQ(pool->enqueue(&it), 0);
    go.release();
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

// Long enough in the call for the monitor, but on the CPU: making up for it would make things worse.
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

// Once such calls are known to sleep they are made up for without the monitor; once they are known not
// to, no more.
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

TEST(wq, limits_are_hard) {
    auto pool = make(limited(3));
    std::atomic<int> inside{0}, most{0};
    std::counting_semaphore<100> go(0);
    std::deque<item> items;
    for (int i = 0; i < 30; i++) {
        item &it = items.emplace_back([&](item &) {
            int now = ++inside;
            for (int m = most; m < now && !most.compare_exchange_weak(m, now);) {
            }
            {
                blocking section(blocking::will);
                go.acquire();
            }
            inside--;
        });
        it.flags = work_concurrent;
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    while (inside < 3)
        std::this_thread::yield();
    go.release(30);
    for (item &it : items)
        it.done.acquire();
    EXPECT_EQ(most, 3);
    EXPECT_EQ(pool->counters().workers_created, 3u);
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

// It looks for sleepers only while a worker is in a call that may block; then it sleeps for good.
TEST(wq, an_idle_pools_monitor_sleeps_without_a_time_limit) {
    wq_config config;
    config.idle = std::chrono::milliseconds(1);
    auto pool = make(config);
    item it([](item &) { blocking section(blocking::may); });
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    auto limit = clock::now() + std::chrono::seconds(20);
    bool asleep = false;
    while (!asleep && clock::now() < limit) {
        for (auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
            std::string name, number, address, op, value, timeout;
            std::ifstream(task.path() / "comm") >> name;
            if (name != "iowq-monitor")
                continue;
            std::ifstream call(task.path() / "syscall");
            if (!call)
                GTEST_SKIP() << "/proc shows no system calls here";
            call >> number >> address >> op >> value >> timeout;
            asleep = number == std::to_string(SYS_futex) && timeout == "0x0";
        }
    }
    EXPECT_TRUE(asleep);
}

TEST(wq, hashed_work_with_different_keys_runs_at_once) {
    auto pool = make(limited(4));
    std::latch all(4);
    std::deque<item> items;
    for (uint64_t key = 0; key < 4; key++) {
        item &it = items.emplace_back([&](item &) {
            blocking section(blocking::will);
            all.arrive_and_wait();
        });
        it.flags = work_hashed;
        it.key = {0, key};
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : items)
        it.done.acquire();
}

// The worker that sleeps in a chain does not hold up what is queued beside the chain.
TEST(wq, a_blocked_chain_holds_up_only_its_own_key) {
    auto pool = make(limited(2));
    std::binary_semaphore go(0);
    item first([&](item &) {
        blocking section(blocking::will);
        go.acquire();
    });
    item second;
    for (item *it : {&first, &second}) {
        it->flags = work_hashed;
        ASSERT_EQ(pool->enqueue(it), 0);
    }
    item unhashed([&](item &) { go.release(); });
    ASSERT_EQ(pool->enqueue(&unhashed), 0);
    second.done.acquire();
    EXPECT_EQ(pool->counters().chain_waits, 1u);
}

class any_kind : public testing::TestWithParam<uint32_t> {}; // flags of the items

INSTANTIATE_TEST_SUITE_P(wq, any_kind, testing::Values(0, work_hashed, work_unbound), [](auto &p) {
    return p.param == 0 ? "plain" : p.param == work_hashed ? "hashed" : "unbound";
});

TEST(wq, flush_returns_when_all_that_was_queued_has_started) {
    auto pool = make(limited(1));
    std::binary_semaphore go(0), in(0);
    item blocker([&](item &) {
        in.release();
        go.acquire();
    });
    std::atomic<int> started{0};
    std::deque<item> items;
    for (uint64_t i = 0; i < 40; i++) {
        item &it = items.emplace_back([&](item &) { started++; });
        if (i % 2) {
            it.flags = work_hashed;
            it.key = {0, i % 3};
        }
    }
    ASSERT_EQ(pool->enqueue(&blocker), 0);
    in.acquire();
    for (item &it : items)
        ASSERT_EQ(pool->enqueue(&it), 0);
    int at_return = -1;
    std::thread flusher([&] {
        EXPECT_EQ(pool->flush(), 0);
        at_return = started;
    });
    go.release();
    flusher.join();
    EXPECT_GE(at_return, 39); // all have been taken; the last may not have come to count
    for (item &it : items)
        it.done.acquire();
}

// With one worker, so that nobody else could tell that the item has started.
TEST_P(any_kind, flush_does_not_wait_for_items_to_finish) {
    auto pool = make(limited(1));
    std::binary_semaphore go(0), in(0);
    item it([&](item &) {
        in.release();
        go.acquire();
    });
    it.flags = GetParam();
    ASSERT_EQ(pool->enqueue(&it), 0);
    in.acquire();
    EXPECT_EQ(pool->flush(), 0);
    go.release();
    it.done.acquire();
}

// Flush waits for the last item to start; a canceller takes that item away.
TEST_P(any_kind, flush_returns_when_what_it_waits_for_is_cancelled) {
    auto pool = make(limited(1));
    std::binary_semaphore go(0), in(0);
    item runs([&](item &) {
        in.release();
        go.acquire();
    });
    item last;
    runs.flags = last.flags = GetParam();
    ASSERT_EQ(pool->enqueue(&runs), 0);
    in.acquire();
    ASSERT_EQ(pool->enqueue(&last), 0);
    std::thread flusher([&] { EXPECT_EQ(pool->flush(), 0); });
    EXPECT_EQ(pool->cancel(&last), cancel_result::ok);
    flusher.join();
    go.release();
    runs.done.acquire();
}

TEST(wq, flush_from_a_worker_is_refused) {
    auto pool = make();
    int error = 0;
    item it([&](item &) { error = pool->flush(); });
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    EXPECT_EQ(error, -EDEADLK);
}

TEST_P(any_kind, cancel_completes_what_has_not_started_and_finds_what_runs) {
    auto pool = make(limited(1));
    std::binary_semaphore go(0), in(0);
    item runs([&](item &) {
        in.release();
        go.acquire();
    });
    item first, middle, last;
    for (item *it : {&runs, &first, &middle, &last})
        it->flags = GetParam();
    ASSERT_EQ(pool->enqueue(&runs), 0);
    in.acquire();
    for (item *it : {&first, &middle, &last})
        ASSERT_EQ(pool->enqueue(it), 0);

    EXPECT_EQ(pool->cancel(&middle), cancel_result::ok);
    EXPECT_EQ(middle.calls, 1);
    EXPECT_TRUE(middle.cancelled);
    EXPECT_EQ(pool->cancel(&middle), cancel_result::notfound);
    EXPECT_EQ(pool->cancel(&last), cancel_result::ok);
    EXPECT_EQ(pool->cancel(&runs), cancel_result::running);
    go.release();
    first.done.acquire();
    EXPECT_FALSE(first.cancelled);
    item never;
    EXPECT_EQ(pool->cancel(&never), cancel_result::notfound);

    // It can be used again.
    last.done.acquire();
    last.flags = GetParam();
    ASSERT_EQ(pool->enqueue(&last), 0);
    last.done.acquire();
    EXPECT_FALSE(last.cancelled);
    EXPECT_EQ(last.calls, 2);
}

// Called by an item that the pool is just cancelling: the other one is on no queue any more.
TEST_P(any_kind, cancel_of_an_item_that_the_pool_is_cancelling_leaves_it_to_the_pool) {
    auto pool = make(limited(1));
    failing_creations = 1 << 30;
    item a, b, c;
    cancel_result got = cancel_result::ok;
    a.body_on_cancel = true;
    a.body = [&](item &) { got = pool->cancel(&b); };
    for (item *it : {&a, &b, &c}) {
        it->flags = GetParam();
        ASSERT_EQ(pool->enqueue(it), 0);
    }
    for (item *it : {&a, &b, &c})
        it->done.acquire();
    pool.reset();
    failing_creations = 0;
    EXPECT_EQ(got, cancel_result::notfound);
    for (item *it : {&a, &b, &c})
        EXPECT_EQ(it->calls, 1);
}

TEST_P(any_kind, two_cancellers_complete_an_item_once) {
    auto pool = make(limited(1));
    for (unsigned round = 0; round < stress_items(200); round++) {
        std::binary_semaphore go(0), in(0);
        item blocker([&](item &) {
            in.release();
            go.acquire();
        });
        item it;
        blocker.flags = it.flags = GetParam();
        ASSERT_EQ(pool->enqueue(&blocker), 0);
        in.acquire();
        ASSERT_EQ(pool->enqueue(&it), 0);
        std::thread other([&] { (void)pool->cancel(&it); });
        (void)pool->cancel(&it);
        other.join();
        EXPECT_EQ(it.calls, 1);
        go.release();
        blocker.done.acquire();
    }
}

TEST_P(any_kind, an_item_may_be_freed_in_its_func) {
    auto pool = make();
    static std::atomic<unsigned> ran;
    ran = 0;
    for (uint64_t i = 0; i < 5000; i++) {
        auto *w = new work;
        w->flags = GetParam();
        w->key = {0, i};
        w->func = [](work **p) {
            delete *p;
            *p = nullptr;
            ran++;
        };
        ASSERT_EQ(pool->enqueue(w), 0);
    }
    pool.reset();
    EXPECT_EQ(ran, 5000u);
}

TEST(wq, exit_runs_what_is_bound_and_cancels_what_is_unbound) {
    auto pool = make(limited(1));
    std::latch in(2);
    std::binary_semaphore go_bound(0), go_unbound(0);
    item bound_blocker([&](item &) {
        in.count_down();
        go_bound.acquire();
    });
    item unbound_blocker([&](item &) {
        in.count_down();
        go_unbound.acquire();
    });
    unbound_blocker.flags = work_unbound;
    ASSERT_EQ(pool->enqueue(&bound_blocker), 0);
    ASSERT_EQ(pool->enqueue(&unbound_blocker), 0);
    in.wait();
    item bound, bound_hashed, unbound, unbound_hashed;
    bound_hashed.flags = work_hashed;
    unbound.flags = work_unbound;
    unbound_hashed.flags = work_unbound | work_hashed;
    unbound_hashed.key = {1, 1};
    // Cancelled while the blockers still run, so the exit is known to have begun.
    unbound.body = nullptr;
    for (item *it : {&bound, &bound_hashed, &unbound, &unbound_hashed})
        ASSERT_EQ(pool->enqueue(it), 0);
    std::thread destroyer([&] { pool.reset(); });
    unbound.done.acquire();
    unbound_hashed.done.acquire();
    go_bound.release();
    go_unbound.release();
    destroyer.join();
    EXPECT_TRUE(unbound.cancelled);
    EXPECT_TRUE(unbound_hashed.cancelled);
    EXPECT_FALSE(bound.cancelled);
    EXPECT_FALSE(bound_hashed.cancelled);
    for (item *it : {&bound, &bound_hashed, &unbound, &unbound_hashed})
        EXPECT_EQ(it->calls, 1);
}

TEST(wq, exit_cancels_unbound_items_behind_one_of_their_chain_that_runs) {
    auto pool = make(limited(2));
    std::binary_semaphore go(0), in(0);
    item runs([&](item &) {
        in.release();
        go.acquire();
    });
    item unbound, bound;
    runs.flags = unbound.flags = work_unbound | work_hashed;
    bound.flags = work_hashed;
    ASSERT_EQ(pool->enqueue(&runs), 0);
    in.acquire();
    for (item *it : {&unbound, &bound})
        ASSERT_EQ(pool->enqueue(it), 0);
    std::thread destroyer([&] { pool.reset(); });
    unbound.done.acquire(); // cancelled while the one before it still runs
    go.release();
    destroyer.join();
    EXPECT_TRUE(unbound.cancelled);
    EXPECT_FALSE(bound.cancelled);
    EXPECT_EQ(bound.calls, 1);
}

TEST(wq, exit_runs_bound_items_whose_token_waits_on_the_unbound_acct) {
    auto pool = make(limited(1));
    std::binary_semaphore go(0), in(0);
    item blocker([&](item &) {
        in.release();
        go.acquire();
    });
    blocker.flags = work_unbound;
    ASSERT_EQ(pool->enqueue(&blocker), 0);
    in.acquire();
    item unbound, bound;
    unbound.flags = work_unbound | work_hashed;
    bound.flags = work_hashed;
    ASSERT_EQ(pool->enqueue(&unbound), 0);
    ASSERT_EQ(pool->enqueue(&bound), 0);
    std::thread destroyer([&] { pool.reset(); });
    unbound.done.acquire();
    go.release();
    destroyer.join();
    EXPECT_TRUE(unbound.cancelled);
    EXPECT_FALSE(bound.cancelled);
    EXPECT_EQ(bound.calls, 1);
}

TEST(wq, enqueue_is_refused_once_exit_has_begun) {
    auto pool = make(limited(1));
    std::latch in(2);
    std::binary_semaphore go(0), go_unbound(0);
    item late;
    int error = 0;
    wq *raw = pool.get();
    item enqueues([&](item &) {
        in.count_down();
        go.acquire();
        error = raw->enqueue(&late);
    });
    item unbound_blocker([&](item &) {
        in.count_down();
        go_unbound.acquire();
    });
    exit_probe unbound;
    unbound_blocker.flags = work_unbound;
    for (item *it : {&enqueues, &unbound_blocker, static_cast<item *>(&unbound)})
        ASSERT_EQ(pool->enqueue(it), 0);
    in.wait();
    std::thread destroyer([&] { pool.reset(); });
    unbound.done.acquire();
    go.release();
    go_unbound.release();
    destroyer.join();
    EXPECT_EQ(error, -ESHUTDOWN);
    EXPECT_EQ(late.calls, 0);
}

TEST(wq, counts_by_node_and_in_sum) {
    auto pool = make(limited(1));
    holder busy;
    ASSERT_EQ(pool->enqueue(&busy), 0);
    busy.in.acquire();
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

TEST(wq, refuses_bad_items) {
    auto pool = make(limited(1));
    EXPECT_EQ(pool->enqueue(nullptr), -EINVAL);
    work empty;
    EXPECT_EQ(pool->enqueue(&empty), -EINVAL);

    std::binary_semaphore go(0), in(0);
    item blocker([&](item &) {
        in.release();
        go.acquire();
    });
    ASSERT_EQ(pool->enqueue(&blocker), 0);
    in.acquire();
    item it;
    ASSERT_EQ(pool->enqueue(&it), 0);
    EXPECT_EQ(pool->enqueue(&it), -EBUSY);
    go.release();
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
    cpu_mask mine = cpu_mask::of_this_thread(), last;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (mine.has(cpu)) {
            last = {};
            last.add(cpu);
        }
    }
    wq_config config;
    config.cpus = last;
    auto pool = make(config);
    cpu_mask seen;
    item it([&](item &) { seen = cpu_mask::of_this_thread(); });
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    EXPECT_EQ(seen, last);
}

TEST(wq, workers_block_every_signal_but_the_one_that_interrupts_them) {
    auto pool = make();
    sigset_t blocked;
    item it([&](item &) { pthread_sigmask(SIG_SETMASK, nullptr, &blocked); });
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    for (int signal : {SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGCHLD})
        EXPECT_TRUE(sigismember(&blocked, signal)) << signal;
    int unblocked = 0;
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
        unblocked += !sigismember(&blocked, signal);
    EXPECT_EQ(unblocked, 1);
}

TEST(wq, idle_workers_leave_but_for_one) {
    wq_config config = limited(8);
    config.idle = std::chrono::milliseconds(1);
    auto pool = make(config);
    std::latch all(8);
    std::deque<item> items;
    for (int i = 0; i < 8; i++) {
        item &it = items.emplace_back([&](item &) {
            blocking section(blocking::will);
            all.arrive_and_wait();
        });
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : items)
        it.done.acquire();
    while (pool->counters().nr_workers > 1)
        std::this_thread::yield();
    EXPECT_EQ(pool->counters().workers_reaped, 7u);
    // What they leave behind is used again.
    items.clear();
    item again;
    ASSERT_EQ(pool->enqueue(&again), 0);
    again.done.acquire();
    EXPECT_EQ(pool->counters().workers_created, 8u);
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
    item blocker;
    std::binary_semaphore go(0), in(0);
    pool = make(limited(1));
    blocker.body = [&](item &) {
        in.release();
        go.acquire();
    };
    ASSERT_EQ(pool->enqueue(&blocker), 0);
    in.acquire();
    ASSERT_EQ(pool->enqueue(&chain[0]), 0);
    EXPECT_EQ(pool->cancel(&chain[0]), cancel_result::ok);
    done.acquire();
    for (link &l : chain)
        EXPECT_TRUE(l.cancelled);
    go.release();
    blocker.done.acquire();
}

TEST(wq, a_linked_hashed_item_joins_its_chain) {
    auto pool = make(limited(2));
    std::binary_semaphore in(0), go(0);
    item holds_the_key([&](item &) {
        in.release();
        blocking section(blocking::will);
        go.acquire();
    });
    holds_the_key.flags = work_hashed;
    ASSERT_EQ(pool->enqueue(&holds_the_key), 0);
    in.acquire();
    item linked;
    linked.flags = work_hashed;
    struct first : work {
        work *after;
    } it;
    it.after = &linked;
    it.func = [](work **w) { *w = static_cast<first *>(*w)->after; };
    ASSERT_EQ(pool->enqueue(&it), 0);
    while (pool->counters().chain_waits == 0) // it has joined the queue behind the key's holder
        std::this_thread::yield();
    EXPECT_EQ(linked.calls, 0);
    go.release();
    linked.done.acquire();
    EXPECT_FALSE(linked.cancelled);
    holds_the_key.done.acquire();
}

TEST(wq, a_chain_that_returns_from_sleep_above_max_running_lets_others_run) {
    wq_config config = limited(4);
    config.max_running = 1;
    auto pool = make(config);
    std::binary_semaphore in(0), go(0), computing(0), stop(0);
    std::atomic<bool> busy{false};
    std::atomic<int> beside{0};
    std::deque<item> chain;
    chain.emplace_back([&](item &) {
        in.release();
        blocking section(blocking::will);
        go.acquire();
    });
    for (int i = 0; i < 10; i++)
        chain.emplace_back([&](item &) { beside += busy; });
    for (item &it : chain) {
        it.flags = work_hashed;
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    in.acquire();
    item compute([&](item &) {
        busy = true;
        computing.release();
        stop.acquire();
        busy = false;
    });
    ASSERT_EQ(pool->enqueue(&compute), 0);
    computing.acquire();
    go.release();
    chain[0].done.acquire();
    for (int i = 0; i < 2000; i++) // long enough for one that goes on to be seen
        std::this_thread::yield();
    stop.release();
    for (size_t i = 1; i < chain.size(); i++)
        chain[i].done.acquire();
    compute.done.acquire();
    EXPECT_EQ(beside, 0);
}

TEST(wq, help_runs_the_oldest_item_if_it_may_and_is_not_the_only_one) {
    auto pool = make(limited(1));
    holder busy;
    ASSERT_EQ(pool->enqueue(&busy), 0);
    busy.in.acquire();
    EXPECT_FALSE(pool->help());
    bool helped[3] = {};
    std::deque<item> items;
    for (bool &h : helped) {
        item &it = items.emplace_back([&h](item &) { h = helping(); });
        it.flags = work_helpable;
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    item other;
    ASSERT_EQ(pool->enqueue(&other), 0);
    EXPECT_FALSE(helping());
    EXPECT_TRUE(pool->help());
    EXPECT_EQ(items[0].calls, 1);
    EXPECT_EQ(items[1].calls, 0);
    EXPECT_TRUE(pool->help());
    ASSERT_EQ(pool->set_affinity(cpu_mask::of_this_thread()), 0);
    EXPECT_FALSE(pool->help()) << "the workers have CPUs of their own";
    ASSERT_EQ(pool->set_affinity({}), 0);
    EXPECT_TRUE(pool->help());
    EXPECT_TRUE(helped[0] && helped[1] && helped[2]);
    EXPECT_FALSE(pool->help()) << "this one does not allow it";
    busy.go.release();
    other.done.acquire();
    EXPECT_EQ(pool->flush(), 0);
}

TEST(wq, what_a_helper_runs_can_be_cancelled_and_is_not_signalled) {
    auto pool = make(limited(1));
    holder busy;
    ASSERT_EQ(pool->enqueue(&busy), 0);
    busy.in.acquire();
    item it, last;
    it.flags = work_helpable;
    cancel_result from_outside = cancel_result::ok, from_inside = cancel_result::ok;
    bool told_before = true, told_after = false;
    it.body = [&](item &self) {
        told_before = cancel_requested();
        from_inside = pool->cancel(&self);
        std::thread other([&] { from_outside = pool->cancel_all(); });
        other.join();
        told_after = cancel_requested();
    };
    ASSERT_EQ(pool->enqueue(&it), 0);
    ASSERT_EQ(pool->enqueue(&last), 0);
    EXPECT_TRUE(pool->help());
    EXPECT_FALSE(told_before);
    EXPECT_EQ(from_inside, cancel_result::itself);
    EXPECT_EQ(from_outside, cancel_result::running);
    EXPECT_TRUE(told_after);
    EXPECT_FALSE(cancel_requested());
    EXPECT_TRUE(last.cancelled);
    busy.go.release();
    busy.done.acquire();
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

TEST(wq, a_thread_that_cannot_be_created_is_tried_again) {
    auto pool = make();
    failing_creations = 3;
    item it;
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    EXPECT_FALSE(it.cancelled);
    EXPECT_EQ(failing_creations, 0);
    EXPECT_EQ(pool->counters().workers_created, 1u);
}

TEST(wq, without_any_thread_what_is_queued_is_cancelled) {
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
    ASSERT_EQ(pool->enqueue(&again), 0);
    again.done.acquire();
    EXPECT_FALSE(again.cancelled);
}

TEST(wq, a_worker_that_is_left_serves_what_another_cannot_be_created_for) {
    auto pool = make();
    std::binary_semaphore in(0), go(0);
    item sleeper([&](item &) {
        blocking section(blocking::will);
        in.release();
        go.acquire();
    });
    ASSERT_EQ(pool->enqueue(&sleeper), 0);
    in.acquire();
    failing_creations = 1 << 30;
    item waits;
    ASSERT_EQ(pool->enqueue(&waits), 0);
    go.release();
    waits.done.acquire();
    EXPECT_FALSE(waits.cancelled);
    pool.reset();
    failing_creations = 0;
}

TEST(wq, the_last_worker_stays_while_another_cannot_be_created) {
    wq_config config = limited(4);
    config.idle = std::chrono::milliseconds(1);
    auto pool = make(config);
    std::binary_semaphore go(0), in(0);
    item first([&](item &) {
        in.release();
        go.acquire();
    });
    ASSERT_EQ(pool->enqueue(&first), 0);
    in.acquire();
    // It idles for many times its idle time while another is just being created.
    holding_creations = true;
    failing_creations = 1 << 30;
    item second;
    second.flags = work_concurrent;
    std::thread other([&] { EXPECT_EQ(pool->enqueue(&second), 0); });
    while (held_creations == 0)
        std::this_thread::yield();
    go.release();
    second.done.acquire();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    holding_creations = false;
    holding_creations.notify_all();
    other.join();
    item late;
    ASSERT_EQ(pool->enqueue(&late), 0);
    late.done.acquire();
    failing_creations = 0;
    EXPECT_FALSE(late.cancelled);
}

TEST(wq, exit_does_not_lose_what_waits_for_a_thread) {
    auto pool = make();
    failing_creations = 1 << 30;
    item it;
    ASSERT_EQ(pool->enqueue(&it), 0);
    pool.reset();
    failing_creations = 0;
    EXPECT_EQ(it.calls, 1);
    EXPECT_TRUE(it.cancelled);
}
