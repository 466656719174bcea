// SPDX-License-Identifier: MIT
// Cancel: queued items, running ones and the system calls that they wait in.
#include "iowq/ring/ring.h"
#include "iowq/test/item.h"
#include "iowq/test/signals.h"

using namespace iowq;

namespace {

bool is_hashed(work *w, void *) { return w->flags & work_hashed; }

} // namespace

class cancel_of : public testing::TestWithParam<uint32_t> {}; // flags
INSTANTIATE_TEST_SUITE_P(cancel, cancel_of, testing::Values(0u, work_hashed, work_unbound));

TEST_P(cancel_of, an_item_completes_it_before_it_starts_and_finds_it_running) {
    auto pool = make(limited(1));
    holder runs(GetParam());
    item first, middle, last;
    runs.start_on(*pool);
    for (item *it : {&first, &middle, &last}) {
        it->flags = GetParam();
        ASSERT_EQ(pool->enqueue(it), 0);
    }

    EXPECT_EQ(pool->cancel(&middle), cancel_result::ok);
    EXPECT_EQ(middle.calls, 1);
    EXPECT_TRUE(middle.cancelled);
    EXPECT_EQ(pool->cancel(&middle), cancel_result::notfound);
    EXPECT_EQ(pool->cancel(&last), cancel_result::ok);
    EXPECT_EQ(pool->cancel(&runs), cancel_result::running);
    runs.go.release();
    first.done.acquire();
    EXPECT_FALSE(first.cancelled);
    item never;
    EXPECT_EQ(pool->cancel(&never), cancel_result::notfound);

    // It can be used again.
    last.done.acquire();
    last.flags = GetParam();
    last.run_on(*pool);
    EXPECT_FALSE(last.cancelled);
    EXPECT_EQ(last.calls, 2);
}

// Called by an item that the pool is just cancelling: the other one is on no queue any more.
TEST_P(cancel_of, an_item_that_the_pool_is_cancelling_leaves_it_to_the_pool) {
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

TEST_P(cancel_of, an_item_by_two_completes_it_once) {
    auto pool = make(limited(1));
    for (unsigned round = 0; round < stress_items(200); round++) {
        holder blocker(GetParam());
        item it;
        it.flags = GetParam();
        blocker.start_on(*pool);
        ASSERT_EQ(pool->enqueue(&it), 0);
        std::thread other([&] { (void)pool->cancel(&it); });
        (void)pool->cancel(&it);
        other.join();
        EXPECT_EQ(it.calls, 1);
        blocker.end();
    }
}

class waits_in_a_read : public testing::TestWithParam<std::tuple<bool, uint32_t>> {};

TEST_P(waits_in_a_read, cancel_makes_it_return) {
    auto [socket, flags] = GetParam();
    auto pool = make(limited(1));
    silence quiet(socket);
    listener it(quiet, flags);
    it.start_on(*pool);
    EXPECT_EQ(pool->cancel(&it), cancel_result::running);
    it.expect_interrupted();
    EXPECT_FALSE(it.cancelled) << "its func had been called before";
}

INSTANTIATE_TEST_SUITE_P(cancel, waits_in_a_read,
                         testing::Combine(testing::Bool(),
                                          testing::Values(0u, work_hashed, work_unbound)));

// The first signal finds no call to interrupt.
TEST(cancel, is_signalled_again_when_the_signal_came_before_the_call) {
    auto pool = make(limited(1));
    silence quiet;
    std::atomic<bool> listen{false};
    listener it(quiet, 0);
    it.body = [&](item &) {
        it.in.release();
        while (!listen) // no system call, so nothing can be interrupted here
            ;
        it.error = quiet.listen();
    };
    it.start_on(*pool);
    EXPECT_EQ(pool->cancel(&it), cancel_result::running);
    for (int i = 0; i < 200; i++)
        std::this_thread::yield();
    listen = true;
    it.done.acquire();
    EXPECT_EQ(it.error, EINTR);
}

// No signal is left over for the item after the one that was cancelled.
TEST(cancel, never_interrupts_the_next_item) {
    auto pool = make(limited(1));
    jitter delay(7);
    unsigned found_running = 0, interrupted = 0;
    for (unsigned round = 0; round < stress_items(500); round++) {
        auto spin = [](uint64_t turns) {
            for (uint64_t i = 0; i < turns % 4000; i++)
                asm volatile("");
        };
        uint64_t spins = delay.random()();
        std::atomic<bool> started{false}, cancelling{false};
        item first([&](item &) {
            started = true;
            while (!cancelling)
                cpu_relax();
            spin(spins);
        });
        item next([&](item &) {
            timespec moment{0, 1000};
            interrupted += nanosleep(&moment, nullptr) != 0;
        });
        ASSERT_EQ(pool->enqueue(&first), 0);
        ASSERT_EQ(pool->enqueue(&next), 0);
        while (!started)
            cpu_relax();
        cancelling = true;
        spin(delay.random()());
        found_running += pool->cancel(&first) == cancel_result::running;
        first.done.acquire();
        next.done.acquire();
    }
    EXPECT_GT(found_running, 0u);
    EXPECT_EQ(interrupted, 0u);
}

// The marks and signals of many cancellers, each for an item of its own.
TEST(cancel, interrupts_exactly_those_that_were_cancelled) {
    auto pool = make(limited(8));
    jitter delay(8);
    for (unsigned round = 0; round < stress_items(20); round++) {
        silence quiet;
        std::deque<listener> items;
        for (int i = 0; i < 8; i++) {
            listener &it = items.emplace_back(quiet, i % 2 ? work_unbound : 0u);
            it.body = [&it, &quiet](item &) {
                it.in.release();
                blocking section(blocking::will);
                it.error = quiet.listen();
                it.told = cancel_requested();
            };
            ASSERT_EQ(pool->enqueue(&it), 0);
        }
        for (listener &it : items)
            it.in.acquire();
        std::array<bool, 8> chosen;
        size_t written = 0;
        for (size_t i = 0; i < items.size(); i++) {
            chosen[i] = delay.random()() % 2;
            written += !chosen[i];
        }
        auto cancel_from = [&](size_t i) {
            for (; i < items.size(); i += 2) {
                if (chosen[i]) {
                    EXPECT_EQ(pool->cancel(&items[i]), cancel_result::running);
                }
            }
        };
        std::thread other(cancel_from, 0);
        cancel_from(1);
        other.join();
        for (size_t i = 0; i < items.size(); i++)
            if (chosen[i])
                items[i].expect_interrupted();
        quiet.end(written);
        for (size_t i = 0; i < items.size(); i++) {
            if (chosen[i])
                continue;
            items[i].done.acquire();
            EXPECT_EQ(items[i].error, 0);
            EXPECT_FALSE(items[i].told);
        }
    }
}

TEST(cancel, of_an_item_by_itself_is_refused) {
    auto pool = make();
    cancel_result got = cancel_result::ok, got_all = cancel_result::ok;
    bool told = true;
    item it([&](item &self) {
        got = pool->cancel(&self);
        got_all = pool->cancel_all();
        told = cancel_requested();
    });
    it.run_on(*pool);
    EXPECT_EQ(got, cancel_result::itself);
    EXPECT_EQ(got_all, cancel_result::notfound);
    EXPECT_FALSE(told);
    EXPECT_FALSE(cancel_requested()) << "outside a worker";
}

TEST(cancel, all_takes_what_is_queued_and_interrupts_what_runs) {
    auto pool = make(limited(1));
    silence quiet;
    listener bound(quiet, work_hashed), unbound(quiet, work_unbound);
    ASSERT_EQ(pool->enqueue(&bound), 0);
    ASSERT_EQ(pool->enqueue(&unbound), 0);
    bound.in.acquire();
    unbound.in.acquire();
    std::deque<item> queued(12);
    for (size_t i = 0; i < queued.size(); i++) {
        queued[i].flags = (i % 2 ? work_hashed : 0u) | (i % 3 ? 0u : work_unbound);
        queued[i].key = {0, i % 4};
        ASSERT_EQ(pool->enqueue(&queued[i]), 0);
    }
    EXPECT_EQ(pool->cancel_all(), cancel_result::running);
    for (item &it : queued) {
        EXPECT_EQ(it.calls, 1); // here, before it returned
        EXPECT_TRUE(it.cancelled);
    }
    bound.expect_interrupted();
    unbound.expect_interrupted();
    while (pool->cancel_all() == cancel_result::running) // until both are over
        std::this_thread::yield();
    EXPECT_EQ(pool->cancel_all(), cancel_result::notfound);
}

TEST(cancel, by_match_takes_only_what_matches) {
    auto pool = make(limited(1));
    holder first;
    first.start_on(*pool);
    std::deque<item> items(16);
    for (size_t i = 0; i < items.size(); i++) {
        items[i].flags = i % 2 ? work_hashed : 0u;
        items[i].key = {1, i % 3};
        ASSERT_EQ(pool->enqueue(&items[i]), 0);
    }
    EXPECT_EQ(pool->cancel_matching(is_hashed, nullptr, false), cancel_result::ok);
    int cancelled = 0;
    for (item &it : items)
        cancelled += it.cancelled;
    EXPECT_EQ(cancelled, 1);
    EXPECT_EQ(pool->cancel_matching(is_hashed, nullptr), cancel_result::ok);
    EXPECT_EQ(pool->cancel_matching(is_hashed, nullptr), cancel_result::notfound);
    first.go.release();
    for (size_t i = 0; i < items.size(); i++) {
        items[i].done.acquire();
        EXPECT_EQ(items[i].cancelled, i % 2 == 1);
        EXPECT_EQ(items[i].calls, 1);
    }
}

TEST(cancel, of_the_first_match_leaves_a_running_one_alone_if_one_is_queued) {
    auto pool = make(limited(1));
    silence quiet;
    listener runs(quiet, work_hashed);
    item queued;
    queued.flags = work_hashed;
    runs.start_on(*pool);
    ASSERT_EQ(pool->enqueue(&queued), 0);
    EXPECT_EQ(pool->cancel_matching(is_hashed, nullptr, false), cancel_result::ok);
    EXPECT_TRUE(queued.cancelled);
    EXPECT_FALSE(runs.done.try_acquire());
    EXPECT_EQ(pool->cancel_matching(is_hashed, nullptr, false), cancel_result::running);
    runs.expect_interrupted();
}

class first_of : public testing::TestWithParam<std::pair<uint32_t, uint32_t>> {};
INSTANTIATE_TEST_SUITE_P(cancel, first_of,
                         testing::Values(std::pair{0u, 0u}, std::pair{0u, work_unbound + 0u},
                                         std::pair{0u, work_hashed + 0u},
                                         std::pair{work_hashed + 0u, work_hashed + 0u}));

TEST_P(first_of, two_that_are_queued_is_one) {
    auto [one, other] = GetParam();
    auto pool = make(limited(1));
    holder bound, unbound(work_unbound);
    item a, b;
    a.flags = one;
    b.flags = other;
    b.key = {1, 1};
    bound.start_on(*pool);
    unbound.start_on(*pool);
    ASSERT_EQ(pool->enqueue(&a), 0);
    ASSERT_EQ(pool->enqueue(&b), 0);
    EXPECT_EQ(pool->cancel_matching(nullptr, nullptr, false), cancel_result::ok);
    EXPECT_EQ(a.calls + b.calls, 1);
    bound.go.release();
    unbound.go.release();
    a.done.acquire();
    b.done.acquire();
    EXPECT_NE(a.cancelled, b.cancelled);
}

// On workers of both accts, and on a thread that helps.
TEST(cancel, of_the_first_of_those_that_run_is_of_one) {
    for (bool with_helper : {false, true}) {
        auto pool = make(limited(2));
        std::deque<sleeper> all;
        for (uint32_t flags : {0u, 0u, work_unbound + 0u, work_unbound + 0u}) {
            sleeper &s = all.emplace_back(flags);
            s.start_on(*pool);
        }
        item last;
        std::thread helper;
        if (with_helper) {
            sleeper &s = all.emplace_back(work_helpable);
            ASSERT_EQ(pool->enqueue(&s), 0);
            ASSERT_EQ(pool->enqueue(&last), 0);
            helper = std::thread([&] { EXPECT_TRUE(pool->help()); });
            s.in.acquire();
        }
        match_fn runs = [](work *w, void *but) { return w != static_cast<work *>(but); };
        EXPECT_EQ(pool->cancel_matching(runs, &last, false), cancel_result::running);
        int told = 0;
        for (sleeper &s : all) {
            s.end();
            told += s.told;
        }
        EXPECT_EQ(told, 1);
        if (with_helper) {
            helper.join();
            last.done.acquire();
        }
    }
}

// One that knows is left alone, however often it is cancelled.
TEST(cancel, does_not_signal_an_item_that_knows) {
    if (!thread_sleeps(gettid()))
        GTEST_SKIP() << "/proc does not tell whether a thread sleeps";
    auto pool = make(limited(1));
    silence quiet;
    std::atomic<pid_t> tid{0};
    std::atomic<bool> signalled{false};
    listener it(quiet);
    it.body = [&](item &) {
        it.in.release();
        while (!cancel_requested() || !signalled)
            ;
        (void)syscall(SYS_getppid); // takes the first signal
        tid = gettid();
        it.error = quiet.listen();
    };
    it.start_on(*pool);
    EXPECT_EQ(pool->cancel(&it), cancel_result::running);
    signalled = true;
    while (tid == 0)
        std::this_thread::yield();
    until_asleep(tid);
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(pool->cancel(&it), cancel_result::running);
    }
    until_asleep(tid); // a signal would have woken it
    quiet.end();
    it.done.acquire();
    EXPECT_EQ(it.error, 0);
}

// The next item of a chain is taken without the lock under which workers are signalled.
TEST(cancel, never_interrupts_the_next_item_of_the_chain) {
    auto pool = make(limited(1));
    unsigned interrupted = 0, found = 0;
    for (unsigned round = 0; round < stress_items(400); round++) {
        std::atomic<bool> started{false};
        item first([&](item &) {
            started = true;
            while (!cancel_requested())
                ;
        });
        item next([&](item &) {
            timespec moment{0, 1000};
            interrupted += nanosleep(&moment, nullptr) != 0;
        });
        for (item *it : {&first, &next}) {
            it->flags = work_hashed;
            ASSERT_EQ(pool->enqueue(it), 0);
        }
        while (!started)
            std::this_thread::yield();
        found += pool->cancel(&first) == cancel_result::running;
        first.done.acquire();
        next.done.acquire();
    }
    EXPECT_EQ(found, stress_items(400));
    EXPECT_EQ(interrupted, 0u);
}

TEST(cancel, finds_a_linked_item_running) {
    for (uint32_t flags : {0u, work_unbound + 0u, work_hashed + 0u}) {
        auto pool = make(limited(1));
        linking first;
        holder linked;
        first.after = &linked;
        first.flags = linked.flags = flags;
        ASSERT_EQ(pool->enqueue(&first), 0);
        linked.in.acquire();
        EXPECT_EQ(pool->cancel(&linked), cancel_result::running);
        linked.end();
    }
}

// A read through a ring, waiting on a worker.
struct waiting_request {
    std::unique_ptr<wq> pool = make();
    std::unique_ptr<ring> io;
    silence quiet;
    file in;
    char byte = 0;
    request r;
    pid_t worker = 0;

    waiting_request() {
        ring_config config;
        config.mode = offload::sqwq;
        EXPECT_EQ(ring::create(config, pool.get(), io), 0);
        // The worker's thread tells its number, then takes the read: there is only one.
        pool->max_workers({1, 1});
        item it([this](item &) { worker = gettid(); });
        it.flags = work_unbound;
        it.run_on(*pool);
        EXPECT_EQ(in.examine(quiet.fd[0]), 0);
        r.target = &in;
        r.op = opcode::read;
        r.buffer = &byte;
        r.length = 1;
        EXPECT_EQ(io->submit(r), ring::submitted::queued);
        while (pool->counters().nr_blocked ==
               0) // it waits in the read, as RWF_NOWAIT found nothing
            std::this_thread::yield();
    }
    int64_t result() {
        request *done = nullptr;
        EXPECT_EQ(io->reap({&done, 1}, 1, {}), 1u);
        return r.result;
    }
};

TEST(ring_cancel, a_read_that_waits_ends_with_eintr) {
    waiting_request w;
    EXPECT_EQ(w.pool->cancel(&w.r.item), cancel_result::running);
    EXPECT_EQ(w.result(), -EINTR);
}

TEST(ring_cancel, a_signal_that_nobody_sent_for_it_does_not_end_a_read) {
    waiting_request w;
    int signal = signal_of(*w.pool); // from the bound acct's worker: the same for all
    for (int i = 0; i < 50; i++) {
        ASSERT_EQ(tgkill(getpid(), w.worker, signal), 0);
        std::this_thread::yield();
    }
    w.quiet.end();
    EXPECT_EQ(w.result(), 1);
    EXPECT_EQ(w.byte, '1');
}
