// SPDX-License-Identifier: MIT
// Exit: what is bound still runs, what is unbound is cancelled, and nothing is taken any more.
#include "iowq/test/item.h"
#include "iowq/test/signals.h"

using namespace iowq;

namespace {

// Returns once the exit has begun. What the pool has accepted until then will be called.
void until_refused(wq &pool, std::deque<item> &accepted) {
    do
        accepted.emplace_back();
    while (pool.enqueue(&accepted.back()) == 0);
}

} // namespace

TEST(exit, runs_what_is_bound_and_cancels_what_is_unbound) {
    auto pool = make(limited(1));
    holder first;
    first.start_on(*pool);
    item bound, bound_hashed, unbound, unbound_hashed;
    bound_hashed.flags = work_hashed;
    unbound.flags = work_unbound;
    unbound_hashed.flags = work_unbound | work_hashed;
    unbound_hashed.key = {1, 1};
    holder unbound_runs(work_unbound);
    unbound_runs.start_on(*pool);
    for (item *it : {&bound, &bound_hashed, &unbound, &unbound_hashed})
        ASSERT_EQ(pool->enqueue(it), 0);
    std::thread exits([&] { EXPECT_EQ(pool->exit(), 0); });
    unbound.done.acquire(); // cancelled while others still run
    unbound_hashed.done.acquire();
    first.end();
    unbound_runs.end();
    exits.join();
    EXPECT_TRUE(unbound.cancelled);
    EXPECT_TRUE(unbound_hashed.cancelled);
    EXPECT_FALSE(bound.cancelled);
    EXPECT_FALSE(bound_hashed.cancelled);
    for (item *it : {&bound, &bound_hashed, &unbound, &unbound_hashed})
        EXPECT_EQ(it->calls, 1);
}

TEST(exit, cancels_unbound_items_behind_one_of_their_chain_that_runs) {
    auto pool = make(limited(2));
    holder runs;
    item unbound, bound;
    runs.flags = unbound.flags = work_unbound | work_hashed;
    bound.flags = work_hashed;
    runs.start_on(*pool);
    for (item *it : {&unbound, &bound})
        ASSERT_EQ(pool->enqueue(it), 0);
    std::thread destroyer([&] { pool.reset(); });
    unbound.done.acquire(); // cancelled while the one before it still runs
    runs.go.release();
    destroyer.join();
    EXPECT_TRUE(unbound.cancelled);
    EXPECT_FALSE(bound.cancelled);
    EXPECT_EQ(bound.calls, 1);
}

TEST(exit, runs_bound_items_whose_token_waits_on_the_unbound_acct) {
    auto pool = make(limited(1));
    holder blocker;
    blocker.flags = work_unbound;
    blocker.start_on(*pool);
    item unbound, bound;
    unbound.flags = work_unbound | work_hashed;
    bound.flags = work_hashed;
    ASSERT_EQ(pool->enqueue(&unbound), 0);
    ASSERT_EQ(pool->enqueue(&bound), 0);
    std::thread destroyer([&] { pool.reset(); });
    unbound.done.acquire();
    blocker.go.release();
    destroyer.join();
    EXPECT_TRUE(unbound.cancelled);
    EXPECT_FALSE(bound.cancelled);
    EXPECT_EQ(bound.calls, 1);
}

TEST(exit, refuses_what_is_enqueued_once_it_has_begun) {
    auto pool = make(limited(1));
    item late;
    holder enqueues;
    int error = 0;
    enqueues.body = [&](item &) {
        enqueues.in.release();
        enqueues.go.acquire();
        error = pool->enqueue(&late);
    };
    enqueues.start_on(*pool);
    {
        begun_exit exits(*pool);
        enqueues.go.release();
    }
    EXPECT_EQ(error, -ESHUTDOWN);
    EXPECT_EQ(late.calls, 0);
}

TEST(exit, leaves_nothing_to_enqueue_on) {
    auto pool = make();
    EXPECT_EQ(pool->exit(), 0);
    item plain, hashed;
    hashed.flags = work_hashed;
    EXPECT_EQ(pool->enqueue(&plain), -ESHUTDOWN);
    EXPECT_EQ(pool->enqueue(&hashed), -ESHUTDOWN);
    EXPECT_EQ(pool->exit(), 0);
    EXPECT_EQ(pool->counters().enqueued, 0u);
    EXPECT_EQ(plain.calls + hashed.calls, 0);
}

// Whoever came second used to return while the workers ran on.
TEST(exit, is_over_for_each_of_those_who_call_it) {
    auto pool = make(limited(1));
    holder runs;
    runs.start_on(*pool);
    auto ends = [&](std::atomic<pid_t> &tid) {
        tid = gettid();
        EXPECT_EQ(pool->exit(), 0);
        EXPECT_EQ(pool->counters().nr_workers, 0u);
    };
    std::deque<item> accepted;
    std::atomic<pid_t> tids[2]{};
    std::thread one(ends, std::ref(tids[0]));
    until_refused(*pool, accepted);
    std::thread another(ends, std::ref(tids[1]));
    while (!tids[1])
        std::this_thread::yield();
    until_asleep(tids[1]);
    runs.go.release();
    one.join();
    another.join();
}

TEST(exit, leaves_no_thread_to_move) {
    auto pool = make();
    ASSERT_EQ(pool->exit(), 0);
    EXPECT_EQ(pool->set_affinity({}), -ESHUTDOWN);
}

TEST(exit, from_a_worker_is_refused) {
    auto pool = make();
    int error = 0;
    item it([&](item &) { error = pool->exit(); });
    it.run_on(*pool);
    EXPECT_EQ(error, -EDEADLK);
    item still;
    still.run_on(*pool);
}

TEST(exit, from_an_item_that_it_cancels_is_refused) {
    auto pool = make(limited(1));
    holder runs(work_unbound);
    runs.start_on(*pool);
    int error = 0;
    item queued([&](item &) { error = pool->exit(); });
    queued.flags = work_unbound;
    queued.body_on_cancel = true;
    ASSERT_EQ(pool->enqueue(&queued), 0);
    std::thread releases([&] {
        queued.done.acquire();
        runs.go.release();
    });
    EXPECT_EQ(pool->exit(), 0);
    releases.join();
    EXPECT_TRUE(queued.cancelled);
    EXPECT_EQ(error, -EDEADLK);
}

TEST(exit, by_destruction_from_a_worker_says_so) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto pool = make();
            item it([&](item &) { pool.reset(); });
            (void)pool->enqueue(&it);
            it.done.acquire();
        },
        "destroyed from inside one of its own items");
}

// The monitor joined itself.
TEST(exit, and_flush_are_refused_from_an_item_that_the_monitor_cancels) {
    auto pool = make(limited(1));
    failing_creations = 4;
    int error_of_exit = 1, error_of_flush = 1;
    item it;
    it.body_on_cancel = true;
    it.body = [&](item &) {
        error_of_exit = pool->exit();
        error_of_flush = pool->flush();
    };
    it.run_on(*pool);
    failing_creations = 0;
    EXPECT_TRUE(it.cancelled);
    EXPECT_EQ(error_of_exit, -EDEADLK);
    EXPECT_EQ(error_of_flush, -EDEADLK);
}

// A chain mixes both kinds, so an unbound item may run on the bound acct.
TEST(exit, interrupts_what_is_unbound_wherever_it_runs) {
    auto pool = make(limited(2));
    silence quiet;
    holder bound;
    bound.flags = work_hashed;
    listener plain(quiet, work_unbound), hashed(quiet, work_unbound | work_hashed);
    bound.start_on(*pool);
    ASSERT_EQ(pool->enqueue(&hashed), 0); // its token is on the bound acct
    plain.start_on(*pool);
    bound.go.release();
    hashed.in.acquire();
    EXPECT_EQ(pool->exit(), 0);
    plain.expect_interrupted();
    hashed.expect_interrupted();
}

TEST(exit, leaves_what_is_bound_and_runs_alone) {
    auto pool = make();
    holder bound;
    bound.start_on(*pool);
    {
        begun_exit exits(*pool);
        bound.go.release();
    }
    EXPECT_FALSE(bound.told);
    EXPECT_FALSE(bound.cancelled);
}

// What an unbound item leaves to be run next, once exit has begun, is cancelled too.
TEST(exit, cancels_unbound_links) {
    auto pool = make();
    struct first : holder {
        work *after = nullptr;
    } it;
    item link;
    link.flags = it.flags = work_unbound;
    it.after = &link;
    it.func = [](work **w) {
        auto &self = *static_cast<first *>(*w);
        self.in.release();
        while (!cancel_requested())
            std::this_thread::yield();
        *w = self.after;
    };
    it.start_on(*pool);
    EXPECT_EQ(pool->exit(), 0);
    EXPECT_EQ(link.calls, 1);
    EXPECT_TRUE(link.cancelled);
}

TEST(exit, signals_again_and_again_what_missed_the_first_signals) {
    auto pool = make(limited(1));
    silence quiet;
    std::binary_semaphore in(0);
    int error = 0;
    item it([&](item &) {
        sigset_t ours;
        sigemptyset(&ours);
        sigaddset(&ours, unblocked_signal());
        pthread_sigmask(SIG_BLOCK, &ours, nullptr);
        in.release();
        for (int i = 0; i < 3; i++) // the first signals find no call to interrupt
            EXPECT_GT(sigwaitinfo(&ours, nullptr), 0);
        pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
        error = quiet.listen();
    });
    it.flags = work_unbound;
    ASSERT_EQ(pool->enqueue(&it), 0);
    in.acquire();
    EXPECT_EQ(pool->exit(), 0);
    EXPECT_EQ(error, EINTR);
    EXPECT_EQ(it.calls, 1);
}

// A worker's own enqueue passed the look at whether the exit had begun, and listed the item on a
// chain that the exit had been to.
TEST(exit, reaches_unbound_items_that_are_enqueued_meanwhile) {
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
                if ((*p)->flags & work_cancel)
                    return;
                auto patience = clock::now() + std::chrono::seconds(5);
                while (exiting && !cancel_requested()) {
                    if (clock::now() > patience) {
                        never_told++;
                        return;
                    }
                    std::this_thread::yield();
                }
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

TEST(exit, makes_up_for_those_that_sleep_meanwhile) {
    auto pool = make(limited(2));
    std::binary_semaphore second_ran(0);
    holder first;
    first.body = [&](item &) {
        first.in.release();
        first.go.acquire();
        blocking section(blocking::may);
        second_ran.acquire();
    };
    item second([&](item &) { second_ran.release(); });
    first.start_on(*pool);
    ASSERT_EQ(pool->enqueue(&second), 0);
    {
        begun_exit exits(*pool);
        until_asleep(exits.tid); // it waits for the workers
        first.go.release();
    }
    EXPECT_FALSE(second.cancelled);
}

// Exit wakes more workers than may run.
TEST(exit, is_not_held_up_by_max_running) {
    wq_config config = limited(3);
    config.max_running = 1;
    auto pool = make(config);
    grow(*pool, 3);
    until_all_park(*pool);
    holder first;
    std::deque<item> rest(4);
    first.start_on(*pool);
    for (item &it : rest)
        ASSERT_EQ(pool->enqueue(&it), 0);
    {
        begun_exit exits(*pool);
        first.go.release();
    }
    for (item &it : rest)
        EXPECT_TRUE(it.calls == 1 && !it.cancelled);
}

// A chain that is alive takes no more either, although its token needs no place any more.
TEST(exit, refuses_what_would_join_a_chain_that_runs) {
    auto pool = make(limited(1));
    item late;
    late.flags = work_hashed;
    int error = 0;
    holder chained(work_hashed);
    chained.body = [&](item &) {
        chained.in.release();
        chained.go.acquire();
        error = pool->enqueue(&late);
    };
    chained.start_on(*pool);
    {
        begun_exit exits(*pool);
        chained.go.release();
    }
    EXPECT_EQ(error, -ESHUTDOWN);
    EXPECT_EQ(late.calls, 0);
    EXPECT_EQ(pool->counters().workers_reaped, 0u) << "those that leave at the exit are not";
}

TEST(exit, does_not_lose_what_waits_for_a_thread) {
    auto pool = make();
    failing_creations = 1 << 30;
    item it;
    ASSERT_EQ(pool->enqueue(&it), 0);
    pool.reset();
    failing_creations = 0;
    EXPECT_EQ(it.calls, 1);
    EXPECT_TRUE(it.cancelled);
}

TEST(exit, waits_for_a_worker_that_the_monitor_creates_meanwhile) {
    auto pool = make(limited(1));
    std::atomic<bool> finished{false};
    item it([&](item &) {
        for (int i = 0; i < 1000; i++)
            std::this_thread::yield();
        finished = true;
    });
    creations held;
    failing_creations = 1 << 30;
    std::thread other([&] { EXPECT_EQ(pool->enqueue(&it), 0); });
    creations::wait();
    bool in_step = creations::fail_one(); // now the monitor tries
    other.join();
    failing_creations = 0;
    std::thread exits([&] { EXPECT_EQ(pool->exit(), 0); });
    std::deque<item> accepted;
    until_refused(*pool, accepted);
    creations::go();
    exits.join();
    EXPECT_EQ(it.calls, 1);
    EXPECT_EQ(pool->counters().nr_workers, 0u);
    EXPECT_EQ(finished, !it.cancelled);
    EXPECT_TRUE(finished || !in_step);
}

// The monitor was stopped while it created a worker, which then had nobody to make up for it.
TEST(exit, makes_up_for_a_worker_that_the_monitor_creates_last) {
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
    creations held; // the monitor's try, 5 ms later
    ASSERT_EQ(pool->enqueue(&second), 0);
    creations::wait();
    std::thread exits([&] { EXPECT_EQ(pool->exit(), 0); });
    std::deque<item> accepted;
    until_refused(*pool, accepted);
    creations::go();
    exits.join();
    EXPECT_TRUE(made_up_for);
    EXPECT_EQ(second.calls, 1);
}
