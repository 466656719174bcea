// SPDX-License-Identifier: MIT
// What every item may count on: it runs once, on a worker that is there or made for it, and what
// sleeps is made up for.
#include "iowq/pool/io_wq.h"
#include "iowq/test/child.h"
#include "iowq/test/item.h"

#include <map>
#include <random>
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
    while (pool->counters().nr_blocked > 0) // it is over for its func before it is for its worker
        std::this_thread::yield();
    until_all_park(*pool);
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

// ---- what an observer sees (shown.h)

TEST(shown, is_what_the_counters_say) {
    wq_config config;
    config.max_running = 3;
    auto pool = make(config);
    auto expect_the_same = [&](int64_t queued) {
        auto seen = observer().look();
        ASSERT_EQ(seen.size(), 1u);
        EXPECT_EQ(seen[0].what, "pool");
        EXPECT_EQ(seen[0].pid, getpid());
        auto &figures = seen[0].figures;
        EXPECT_EQ(figures.at("queued"), queued);
        const wq_counters now = pool->counters(); // which takes items off the incoming stack
        const std::map<std::string, uint64_t> counted = {{"running", now.nr_running},
                                                         {"blocked", now.nr_blocked},
                                                         {"workers", now.nr_workers},
                                                         {"created", now.workers_created},
                                                         {"reaped", now.workers_reaped},
                                                         {"woken", now.wakes},
                                                         {"enqueued", now.enqueued},
                                                         {"chain waits", now.chain_waits},
                                                         {"max running", 3u}};
        for (auto &[name, value] : counted)
            EXPECT_EQ(static_cast<uint64_t>(figures.at(name)), value) << name;
    };
    expect_the_same(0);
    grow(*pool, 3);
    grow(*pool, 2, work_unbound);
    until_all_park(*pool);
    expect_the_same(0);

    sleeper asleep;
    holder busy;
    asleep.start_on(*pool);
    busy.start_on(*pool);
    std::deque<item> waiting(7);
    for (size_t i = 0; i < waiting.size(); i++) {
        if (i < 4) // one chain: three behind the first
            waiting[i].flags = work_hashed;
        ASSERT_EQ(pool->enqueue(&waiting[i]), 0);
    }
    expect_the_same(7); // on the incoming stack, and
    expect_the_same(7); // in the fifo
    busy.end();
    for (item &it : waiting)
        it.done.acquire();
    asleep.end();
    until_all_park(*pool);
    expect_the_same(0);
    pool.reset();
    EXPECT_TRUE(observer().look().empty());
}

TEST(shown, by_many_threads_whose_pools_come_and_go) {
    ASSERT_EQ(observer().left_out(), 0u); // else none of them would be seen
    std::atomic<int> at_it{4};
    std::atomic<size_t> seen{0};
    std::vector<std::thread> makers;
    for (unsigned own = 1; own <= 4; own++)
        makers.emplace_back([&, own] {
            std::minstd_rand random(own);
            for (int round = 0; round < 60 || seen == 0; round++) {
                wq_config config;
                config.max_running = own;
                auto pool = make(config);
                item it;
                for (size_t n = random() % 4; n > 0; n--)
                    it.run_on(*pool);
            }
            at_it--;
        });
    for (observer looks; at_it > 0 || !looks.look().empty();)
        for (const observer::object &o : looks.look()) {
            seen++;
            EXPECT_EQ(o.what, "pool");
            EXPECT_LE(o.figures.at("queued"), 2); // one may go, and another come meanwhile
            EXPECT_GE(o.figures.at("max running"), 1);
            EXPECT_LE(o.figures.at("max running"), 4);
            EXPECT_LE(o.figures.at("created"), 2);
            EXPECT_LE(o.figures.at("enqueued"), 3 + 1);
        }
    for (std::thread &maker : makers)
        maker.join();
}

TEST(shown, unless_there_are_too_many) {
    observer looks;
    const uint64_t before = looks.left_out();
    std::atomic<int> figure{5};
    {
        std::deque<shown> all(shown_board::nr_slots + 8);
        for (shown &one : all)
            one.begin("several", &one, nullptr, [&](shown_figures &to) {
                to.add("a name of more than 15", shown_figure::level, figure);
            });
        auto seen = looks.look();
        EXPECT_EQ(seen.size(), shown_board::nr_slots);
        EXPECT_EQ(looks.left_out(), before + 8);
        EXPECT_EQ(seen.back().figures.at("a name of more "), 5);
    }
    EXPECT_TRUE(looks.look().empty());
    EXPECT_EQ(looks.left_out(), before);
}

// A child has its parent's board, and tells by the process which pools are its own.
TEST(shown, in_the_child_of_a_fork) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    auto pool = make();
    item before;
    before.run_on(*pool);
    const pid_t parent = getpid();
    EXPECT_EQ(in_child([&] {
                  auto own = make();
                  item it;
                  it.run_on(*own);
                  auto seen = observer().look();
                  if (seen.size() != 2 || seen[0].pid != parent || seen[1].pid != getpid())
                      return 1;
                  pool.reset();
                  seen = observer().look();
                  return seen.size() == 1 && seen[0].figures.at("enqueued") == 1 ? 0 : 2;
              }),
              0);
    auto seen = observer().look();
    ASSERT_EQ(seen.size(), 1u) << "what a child does is its own";
    EXPECT_EQ(seen[0].pid, parent);
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
