// SPDX-License-Identifier: MIT
// Cancel: queued items, running ones and the system calls that they wait in, and exit.
#include "item.h"
#include "ring.h"

#include <deque>
#include <sys/socket.h>
#include <thread>

using namespace iowq;

namespace {

// An end to read from at which nothing arrives, unless something is written to the other.
struct silence {
    int fd[2] = {-1, -1};
    explicit silence(bool socket = false) {
        EXPECT_EQ(socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, fd) : pipe(fd), 0);
    }
    ~silence() {
        close(fd[0]);
        close(fd[1]);
    }
    // Reads for as long as it takes. Returns 0 or the error.
    int listen() const {
        char byte;
        return read(fd[0], &byte, 1) < 0 ? errno : 0;
    }
};

// Waits in a read until it is cancelled.
struct listener : item {
    std::binary_semaphore in{0};
    int error = -1;
    bool told = false;
    explicit listener(const silence &quiet, uint32_t f = work_unbound) {
        flags = f;
        body = [this, &quiet](item &) {
            in.release();
            error = quiet.listen();
            told = cancel_requested();
        };
    }
    void expect_interrupted() {
        done.acquire();
        EXPECT_EQ(error, EINTR);
        EXPECT_TRUE(told);
        EXPECT_EQ(calls, 1);
    }
};

bool is_hashed(work *w, void *) { return w->flags & work_hashed; }

// The signal that workers do not block.
int unblocked_signal() {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
        if (!sigismember(&blocked, s))
            return s;
    return 0;
}

int signal_of(wq &pool) {
    int signal = 0;
    item it([&](item &) { signal = unblocked_signal(); });
    EXPECT_EQ(pool.enqueue(&it), 0);
    it.done.acquire();
    return signal;
}

bool handled_by_default(int signal) {
    struct sigaction now {};
    sigaction(signal, nullptr, &now);
    return now.sa_handler == SIG_DFL;
}

} // namespace

class waits_in_a_read : public testing::TestWithParam<std::tuple<bool, uint32_t>> {};

TEST_P(waits_in_a_read, cancel_makes_it_return) {
    auto [socket, flags] = GetParam();
    auto pool = make(limited(1));
    silence quiet(socket);
    listener it(quiet, flags);
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.in.acquire();
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
    std::binary_semaphore in(0);
    item it;
    int error = 0;
    it.body = [&](item &) {
        in.release();
        while (!listen) // no system call, so nothing can be interrupted here
            ;
        error = quiet.listen();
    };
    ASSERT_EQ(pool->enqueue(&it), 0);
    in.acquire();
    EXPECT_EQ(pool->cancel(&it), cancel_result::running);
    for (int i = 0; i < 200; i++)
        std::this_thread::yield();
    listen = true;
    it.done.acquire();
    EXPECT_EQ(error, EINTR);
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
        ASSERT_EQ(write(quiet.fd[1], "12345678", written), static_cast<ssize_t>(written));
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
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
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
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
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
    ASSERT_EQ(pool->enqueue(&runs), 0);
    runs.in.acquire();
    ASSERT_EQ(pool->enqueue(&queued), 0);
    EXPECT_EQ(pool->cancel_matching(is_hashed, nullptr, false), cancel_result::ok);
    EXPECT_TRUE(queued.cancelled);
    EXPECT_FALSE(runs.done.try_acquire());
    EXPECT_EQ(pool->cancel_matching(is_hashed, nullptr, false), cancel_result::running);
    runs.expect_interrupted();
}

// A flush waits for an item to start that is cancelled by match, in the middle and at the end.
TEST(cancel, by_match_lets_a_flush_return) {
    auto pool = make(limited(1));
    holder first;
    item plain, hashed;
    hashed.flags = work_hashed;
    for (item *it : {static_cast<item *>(&first), &plain, &hashed})
        ASSERT_EQ(pool->enqueue(it), 0);
    first.in.acquire();
    std::thread flusher([&] { EXPECT_EQ(pool->flush(), 0); });
    for (int i = 0; i < 100; i++)
        std::this_thread::yield();
    EXPECT_EQ(pool->cancel_matching(
                  [](work *w, void *but) { return w != static_cast<work *>(but); }, &first),
              cancel_result::ok);
    flusher.join();
    first.go.release();
    first.done.acquire();
}

// A chain mixes both kinds, so an unbound item may run on the bound acct.
TEST(cancel, exit_interrupts_what_is_unbound_wherever_it_runs) {
    auto pool = make(limited(2));
    silence quiet;
    holder bound;
    bound.flags = work_hashed;
    listener plain(quiet, work_unbound), hashed(quiet, work_unbound | work_hashed);
    ASSERT_EQ(pool->enqueue(&bound), 0);
    bound.in.acquire();
    ASSERT_EQ(pool->enqueue(&hashed), 0); // its token is on the bound acct
    ASSERT_EQ(pool->enqueue(&plain), 0);
    plain.in.acquire();
    bound.go.release();
    hashed.in.acquire();
    EXPECT_EQ(pool->exit(), 0);
    plain.expect_interrupted();
    hashed.expect_interrupted();
}

TEST(cancel, exit_leaves_what_is_bound_and_runs_alone) {
    auto pool = make();
    std::binary_semaphore in(0), go(0);
    bool told = true;
    item bound([&](item &) {
        in.release();
        go.acquire();
        told = cancel_requested();
    });
    holder unbound;
    unbound.flags = work_unbound;
    exit_probe queued;
    pool->max_workers({1, 1});
    for (item *it : {&bound, static_cast<item *>(&unbound), static_cast<item *>(&queued)})
        ASSERT_EQ(pool->enqueue(it), 0);
    in.acquire();
    unbound.in.acquire();
    std::thread exits([&] { EXPECT_EQ(pool->exit(), 0); });
    queued.done.acquire(); // the exit has begun
    unbound.go.release();
    unbound.done.acquire();
    go.release();
    exits.join();
    EXPECT_FALSE(told);
    EXPECT_FALSE(bound.cancelled);
}

// What an unbound item leaves to be run next, once exit has begun, is cancelled too.
TEST(cancel, exit_cancels_unbound_links) {
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
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.in.acquire();
    EXPECT_EQ(pool->exit(), 0);
    EXPECT_EQ(link.calls, 1);
    EXPECT_TRUE(link.cancelled);
}

TEST(cancel, nothing_is_taken_after_exit) {
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

TEST(cancel, exit_from_a_worker_is_refused) {
    auto pool = make();
    int error = 0;
    item it([&](item &) { error = pool->exit(); });
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    EXPECT_EQ(error, -EDEADLK);
    item still;
    EXPECT_EQ(pool->enqueue(&still), 0);
    still.done.acquire();
}

TEST(cancel, a_worker_that_destroys_its_pool_is_told) {
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
        EXPECT_EQ(pool->enqueue(&it), 0);
        it.done.acquire();
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
    ASSERT_EQ(write(w.quiet.fd[1], "x", 1), 1);
    EXPECT_EQ(w.result(), 1);
    EXPECT_EQ(w.byte, 'x');
}

TEST(signal, is_a_real_time_one_shared_by_all_pools_and_given_back) {
    auto pool = make(), other = make();
    int signal = signal_of(*pool);
    ASSERT_GE(signal, SIGRTMIN);
    EXPECT_EQ(signal_of(*other), signal);
    EXPECT_FALSE(handled_by_default(signal));
    pool.reset();
    EXPECT_FALSE(handled_by_default(signal));
    other.reset();
    EXPECT_TRUE(handled_by_default(signal));
}

TEST(signal, leaves_the_programs_handlers_alone) {
    struct sigaction theirs {
    }, now{};
    theirs.sa_handler = [](int) {};
    int taken = SIGRTMIN;
    while (!handled_by_default(taken)) // a sanitizer may have its own
        taken++;
    ASSERT_EQ(sigaction(taken, &theirs, nullptr), 0);
    auto pool = make();
    int signal = signal_of(*pool);
    EXPECT_NE(signal, taken);
    // The program takes it over later: then it is the program's.
    struct sigaction before {};
    ASSERT_EQ(sigaction(signal, &theirs, &before), 0);
    pool.reset();
    sigaction(signal, nullptr, &now);
    EXPECT_EQ(now.sa_handler, theirs.sa_handler);
    theirs.sa_handler = SIG_DFL;
    sigaction(signal, &theirs, nullptr);
    sigaction(taken, &theirs, nullptr);
}

TEST(signal, without_one_that_is_free_there_is_no_pool) {
    std::deque<std::pair<int, struct sigaction>> before;
    struct sigaction theirs {};
    theirs.sa_handler = [](int) {};
    for (int s = SIGRTMIN; s <= SIGRTMAX; s++) {
        before.emplace_back(s, (struct sigaction){});
        ASSERT_EQ(sigaction(s, &theirs, &before.back().second), 0);
    }
    std::unique_ptr<wq> pool;
    EXPECT_EQ(wq::create({}, pool), -EBUSY);
    for (auto &[s, old] : before)
        sigaction(s, &old, nullptr);
    EXPECT_EQ(wq::create({}, pool), 0);
}
