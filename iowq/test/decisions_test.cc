// SPDX-License-Identifier: MIT
// Decisions of the pool that nothing else shows: who is counted, who is tried again, who is left alone.
#include "item.h"
#include "ring.h"

#include <deque>
#include <filesystem>
#include <fstream>
#include <sys/mount.h>
#include <sys/wait.h>
#include <thread>

using namespace iowq;

namespace {

// Waits until a thread sleeps. Nothing is known where /proc does not tell.
void until_asleep(pid_t tid) {
    while (!thread_sleeps(tid).value_or(true))
        std::this_thread::yield();
}

// Flushes in a thread of its own, and returns once the flush waits.
struct flusher {
    wq &pool;
    std::atomic<pid_t> tid{0};
    std::atomic<bool> returned{false};
    std::thread thread;
    explicit flusher(wq &p)
        : pool(p), thread([this] {
              tid = gettid();
              EXPECT_EQ(pool.flush(), 0);
              returned = true;
          }) {
        while (tid == 0)
            std::this_thread::yield();
        until_asleep(tid);
    }
    ~flusher() { thread.join(); }
};

// Sleeps until told to go on, and then says whether it has been cancelled.
struct sleeper : item {
    std::binary_semaphore in{0}, go{0};
    bool told = false;
    explicit sleeper(uint32_t f = 0) {
        flags = f;
        body = [this](item &) {
            in.release();
            blocking section(blocking::will);
            go.acquire();
            told = cancel_requested();
        };
    }
    void end() {
        go.release();
        done.acquire();
    }
};

// Stops creations, and lets the one that waits fail.
struct creations {
    creations() { holding_creations = true; }
    ~creations() {
        failing_creations = 0;
        go();
    }
    // Until a creation waits.
    static void wait() {
        while (held_creations == 0)
            std::this_thread::yield();
    }
    static void go() {
        holding_creations = false;
        holding_creations.notify_all();
    }
    // Lets it go on, and holds the next, which is milliseconds away. False: that has got past.
    static bool fail_one() {
        int before = failing_creations;
        go();
        while (failing_creations == before || held_creations > 0)
            std::this_thread::yield();
        holding_creations = true;
        while (held_creations == 0 && failing_creations == before - 1)
            std::this_thread::yield();
        return failing_creations == before - 1;
    }
};

// Workers without threads: the test does what they would do.
struct by_hand {
    std::unique_ptr<wq> pool = make();
    std::deque<worker> workers;
    worker &add(iowq::acct &home) {
        worker &w = workers.emplace_back(*pool, home, std::chrono::nanoseconds(0));
        home.started(w);
        return w;
    }
};

} // namespace

// What was queued while a chain had its turn is older than what is left of the chain.
TEST(chain, a_turn_ends_behind_what_was_queued_meanwhile) {
    auto pool = make(limited(1));
    holder first;
    first.flags = work_hashed;
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    int ran = 1, ran_before = 0;
    std::deque<item> rest;
    for (int i = 0; i < 40; i++) {
        item &it = rest.emplace_back([&](item &) { ran++; });
        it.flags = work_hashed;
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    item other([&](item &) { ran_before = ran; });
    ASSERT_EQ(pool->enqueue(&other), 0);
    first.go.release();
    for (item &it : rest)
        it.done.acquire();
    other.done.acquire();
    EXPECT_EQ(ran_before, 16);
}

// The chain of an item that was refused is not there for the next one of its key to wait on.
TEST(chain, a_refused_item_leaves_nothing_behind) {
    iowq::acct closed(true, 0, 1, 1), open(true, 0, 1, 1);
    chain_table chains;
    work_list none, passed;
    iowq::acct::action nothing;
    EXPECT_EQ(closed.close(none, nothing), nullptr);
    iowq::acct::action todo;
    item refused, taken;
    for (item *it : {&refused, &taken}) {
        it->flags = work_hashed;
        it->where = work::on_its_way;
    }
    EXPECT_EQ(chains.enqueue(&refused, closed, todo), -ESHUTDOWN);
    EXPECT_TRUE(chains.cancel_matching(nullptr, nullptr, true, passed).empty());
    EXPECT_EQ(chains.enqueue(&taken, open, todo), 0);
    EXPECT_EQ(todo.what, iowq::acct::action::create);
    EXPECT_EQ(chains.cancel_matching(nullptr, nullptr, true, passed).front(), &taken);
    EXPECT_EQ(open.counters().chain_waits, 0u);
}

// The one that is created at last can have another created for it.
TEST(creation, is_everybodys_again_once_it_has_succeeded) {
    auto pool = make(limited(2));
    failing_creations = 1;
    sleeper first;
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    item second;
    ASSERT_EQ(pool->enqueue(&second), 0);
    second.done.acquire();
    first.end();
    EXPECT_EQ(pool->counters().workers_created, 2u);
}

TEST(creation, is_given_up_after_four_tries_while_there_is_a_worker) {
    auto pool = make(limited(2));
    sleeper first;
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    while (pool->counters().nr_running > 0)
        std::this_thread::yield();
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

// What was queued while the last try was under way relied on it.
TEST(creation, that_fails_for_good_wakes_who_has_parked_meanwhile) {
    auto pool = make(limited(2));
    sleeper first;
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    while (pool->counters().nr_running > 0)
        std::this_thread::yield();
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

// Of two that fail at once one counts. They may fail milliseconds apart on a busy machine, hence the
// rounds.
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
        while (held_creations < 2)
            std::this_thread::yield();
        creations::go();
        first.join();
        second.join();
        a.done.acquire();
        b.done.acquire();
        ran = !a.cancelled && !b.cancelled;
    }
    EXPECT_TRUE(ran);
}

TEST(monitor, takes_an_uninterruptible_sleep_for_one) {
    if (!thread_sleeps(gettid()))
        GTEST_SKIP() << "/proc does not tell whether a thread sleeps";
    int held[2];
    ASSERT_EQ(pipe(held), 0);
    std::atomic<pid_t> tid{0};
    std::thread parent([&] {
        tid = gettid();
        // CLONE_VFORK without shared memory: this thread sleeps until the child has gone.
        long child = syscall(SYS_clone, CLONE_VFORK | SIGCHLD, nullptr, nullptr, nullptr, 0);
        if (child == 0) {
            char byte;
            syscall(SYS_read, held[0], &byte, 1);
            syscall(SYS_exit_group, 0);
        }
        waitpid(static_cast<pid_t>(child), nullptr, 0);
    });
    while (tid == 0)
        std::this_thread::yield();
    bool asleep = false;
    for (auto end = clock::now() + std::chrono::seconds(5); !asleep && clock::now() < end;)
        asleep = thread_sleeps(tid).value_or(false);
    EXPECT_TRUE(asleep);
    EXPECT_EQ(write(held[1], "x", 1), 1);
    parent.join();
    close(held[0]);
    close(held[1]);
}

// Then a call that lasts from one look to the next has to do.
TEST(monitor, makes_up_for_sleepers_without_proc) {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "it has threads of its own, and so no fork";
#endif
    constexpr int cannot_tell = 99;
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) ||
            mount("none", "/proc", "tmpfs", 0, nullptr))
            _exit(cannot_tell);
        alarm(30);
        auto pool = make(limited(2));
        std::binary_semaphore second_ran(0);
        item first([&](item &) {
            blocking section(blocking::may);
            second_ran.acquire();
        });
        item second([&](item &) { second_ran.release(); });
        bool accepted = pool->enqueue(&first) == 0 && pool->enqueue(&second) == 0;
        if (accepted)
            first.done.acquire();
        _exit(accepted && !thread_sleeps(gettid()) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == cannot_tell)
        GTEST_SKIP() << "/proc cannot be hidden here";
    EXPECT_EQ(status, 0);
}

// The monitor read the call before it ended.
TEST(monitor, does_not_count_a_call_that_has_ended) {
    by_hand hands;
    iowq::acct a(true, 0, 2, 2);
    worker &w = hands.add(a);
    std::array<iowq::acct::suspect, 4> out;
    w.call = 1 << 2 | worker::in_call;
    ASSERT_EQ(a.suspects(out), 1u);
    EXPECT_FALSE(out[0].again);
    ASSERT_EQ(a.suspects(out), 1u);
    EXPECT_TRUE(out[0].again);
    for (uint32_t now : {0u, 2u << 2 | worker::in_call}) {
        w.call = now;
        EXPECT_EQ(a.found_asleep(out[0]).what, iowq::acct::action::nothing);
        EXPECT_EQ(a.counters().nr_blocked, 0u);
        EXPECT_EQ(w.call, now);
        EXPECT_FALSE(a.expects_sleep());
    }
}

TEST(reaping, lets_a_worker_be_that_has_been_used_since_the_last_round) {
    by_hand hands;
    iowq::acct a(true, 0, 2, 2);
    item items[4];
    auto push = [&](item &it) {
        EXPECT_EQ(a.push(&it), 0);
        return a.pushed(true);
    };
    for (item *it : {&items[0], &items[1]})
        ASSERT_EQ(push(*it).what, iowq::acct::action::create);
    worker &first = hands.add(a), &last = hands.add(a);
    auto take_all = [&] {
        work_list passed;
        for (worker *w : {&first, &last}) {
            EXPECT_NE(a.take(*w, passed), nullptr);
            EXPECT_FALSE(w->current.finish());
        }
        EXPECT_EQ(a.go_idle(first), iowq::acct::idle::parked);
        EXPECT_EQ(a.go_idle(last), iowq::acct::idle::parked);
    };
    take_all();
    bool due = false;
    EXPECT_EQ(a.reap(due), nullptr);
    EXPECT_TRUE(due);
    for (item *it : {&items[2], &items[3]})
        EXPECT_EQ(push(*it).what, iowq::acct::action::wake);
    take_all();
    due = false;
    EXPECT_EQ(a.reap(due), nullptr) << "it has just been used";
    EXPECT_TRUE(due);
    EXPECT_EQ(a.reap(due), &first);
    EXPECT_EQ(a.counters().nr_workers, 1u);
}

// One that knows is left alone, however often it is cancelled.
TEST(cancel, does_not_signal_an_item_that_knows) {
    if (!thread_sleeps(gettid()))
        GTEST_SKIP() << "/proc does not tell whether a thread sleeps";
    auto pool = make(limited(1));
    int quiet[2];
    ASSERT_EQ(pipe(quiet), 0);
    std::atomic<pid_t> tid{0};
    std::atomic<bool> signalled{false};
    std::binary_semaphore in(0);
    ssize_t got = 0;
    item it([&](item &) {
        in.release();
        while (!cancel_requested() || !signalled)
            ;
        (void)syscall(SYS_getppid); // takes the first signal
        tid = gettid();
        char byte;
        got = read(quiet[0], &byte, 1);
    });
    it.flags = work_unbound;
    ASSERT_EQ(pool->enqueue(&it), 0);
    in.acquire();
    EXPECT_EQ(pool->cancel(&it), cancel_result::running);
    signalled = true;
    while (tid == 0)
        std::this_thread::yield();
    until_asleep(tid);
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(pool->cancel(&it), cancel_result::running);
    }
    until_asleep(tid); // a signal would have woken it
    EXPECT_EQ(write(quiet[1], "x", 1), 1);
    it.done.acquire();
    EXPECT_EQ(got, 1);
    close(quiet[0]);
    close(quiet[1]);
}

class flush_with : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(cancel, flush_with, testing::Values(0u, work_hashed, work_unbound));

// A cancel that matches everything but what is queued finds nothing, not even the flush.
TEST_P(flush_with, is_not_what_a_match_cancels) {
    auto pool = make(limited(1));
    holder first;
    item queued;
    first.flags = queued.flags = GetParam();
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    ASSERT_EQ(pool->enqueue(&queued), 0);
    flusher waits(*pool);
    struct both {
        work *a, *b;
    } but{&first, &queued};
    EXPECT_EQ(pool->cancel_matching(
                  [](work *w, void *p) {
                      auto &b = *static_cast<both *>(p);
                      return w != b.a && w != b.b;
                  },
                  &but),
              cancel_result::notfound);
    EXPECT_FALSE(waits.returned);
    first.go.release();
    queued.done.acquire();
}

class first_of : public testing::TestWithParam<std::pair<uint32_t, uint32_t>> {};
INSTANTIATE_TEST_SUITE_P(cancel, first_of,
                         testing::Values(std::pair{0u, 0u}, std::pair{0u, work_unbound + 0u},
                                         std::pair{0u, work_hashed + 0u},
                                         std::pair{work_hashed + 0u, work_hashed + 0u}));

TEST_P(first_of, two_that_are_queued_is_one) {
    auto [one, other] = GetParam();
    auto pool = make(limited(1));
    holder bound, unbound;
    unbound.flags = work_unbound;
    item a, b;
    a.flags = one;
    b.flags = other;
    b.key = {1, 1};
    for (item *it : {static_cast<item *>(&bound), static_cast<item *>(&unbound)})
        ASSERT_EQ(pool->enqueue(it), 0);
    bound.in.acquire();
    unbound.in.acquire();
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
            ASSERT_EQ(pool->enqueue(&s), 0);
            s.in.acquire();
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

// The program's own handler, put in the place of the library's, tells when the signal has come.
class exit_signals : public testing::Test {
  protected:
    static inline std::atomic<int> received;
};

TEST_F(exit_signals, again_and_again_what_missed_the_first_signals) {
    auto pool = make(limited(1));
    int quiet[2];
    ASSERT_EQ(pipe(quiet), 0);
    int signal = 0;
    struct sigaction ours {
    }, before{};
    ours.sa_handler = [](int) { received++; };
    received = 0;
    std::binary_semaphore in(0);
    int error = 0;
    item it([&](item &) {
        sigset_t blocked;
        pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
        for (signal = SIGRTMIN; sigismember(&blocked, signal); signal++)
            ;
        sigaction(signal, &ours, &before);
        in.release();
        while (received < 3) { // the first signals find no call to interrupt
#if defined(__SANITIZE_THREAD__)
            (void)getppid(); // where the sanitizer runs the handler
            usleep(1);
#endif
        }
        char byte;
        error = read(quiet[0], &byte, 1) < 0 ? errno : 0;
    });
    it.flags = work_unbound;
    ASSERT_EQ(pool->enqueue(&it), 0);
    in.acquire();
    EXPECT_EQ(pool->exit(), 0);
    EXPECT_EQ(error, EINTR);
    EXPECT_EQ(it.calls, 1);
    sigaction(signal, &before, nullptr);
    close(quiet[0]);
    close(quiet[1]);
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
    std::this_thread::sleep_for(std::chrono::milliseconds(10)); // it may wait for the monitor
    creations::go();
    exits.join();
    EXPECT_EQ(it.calls, 1);
    EXPECT_EQ(pool->counters().nr_workers, 0u);
    EXPECT_EQ(finished, !it.cancelled);
    EXPECT_TRUE(finished || !in_step);
}

TEST(exit, makes_up_for_those_that_sleep_meanwhile) {
    auto pool = make(limited(2));
    holder unbound;
    unbound.flags = work_unbound;
    exit_probe probe;
    std::binary_semaphore in(0), go(0), second_ran(0);
    item first([&](item &) {
        in.release();
        go.acquire();
        blocking section(blocking::may);
        second_ran.acquire();
    });
    item second([&](item &) { second_ran.release(); });
    pool->max_workers({2, 1});
    for (item *it : {static_cast<item *>(&unbound), &first, &second, static_cast<item *>(&probe)})
        ASSERT_EQ(pool->enqueue(it), 0);
    unbound.in.acquire();
    in.acquire();
    std::thread exits([&] { EXPECT_EQ(pool->exit(), 0); });
    probe.done.acquire();
    unbound.go.release();
    std::this_thread::sleep_for(std::chrono::milliseconds(10)); // for it to wait for the workers
    go.release();
    exits.join();
    EXPECT_FALSE(second.cancelled);
}

TEST(affinity, moves_the_monitor_too) {
    cpu_mask mine = cpu_mask::of_this_thread(), one;
    unsigned cpu = 0;
    while (!mine.has(cpu))
        cpu++;
    one.add(cpu);
    auto pool = make();
    ASSERT_EQ(pool->set_affinity(one), 0);
    for (bool found = false; !found;) { // it gives itself its name
        for (auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
            std::string name;
            std::ifstream(task.path() / "comm") >> name;
            if (name != "iowq-monitor")
                continue;
            cpu_set_t set;
            ASSERT_EQ(sched_getaffinity(std::stoi(task.path().filename()), sizeof set, &set), 0);
            EXPECT_TRUE(CPU_EQUAL(&set, &one.native()));
            found = true;
        }
    }
}

// While another item runs that holds the only worker.
TEST_P(flush_with, returns_once_the_last_has_started) {
    auto pool = make(limited(1));
    holder first, last;
    first.flags = last.flags = GetParam();
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    ASSERT_EQ(pool->enqueue(&last), 0);
    {
        flusher waits(*pool);
        EXPECT_FALSE(waits.returned);
        first.go.release();
        last.in.acquire();
    } // while the last one runs
    last.go.release();
    last.done.acquire();
}

TEST_P(flush_with, returns_once_the_last_has_been_cancelled) {
    for (bool by_match : {false, true}) {
        auto pool = make(limited(1));
        holder first;
        item last;
        first.flags = last.flags = GetParam();
        ASSERT_EQ(pool->enqueue(&first), 0);
        first.in.acquire();
        ASSERT_EQ(pool->enqueue(&last), 0);
        {
            flusher waits(*pool);
            EXPECT_FALSE(waits.returned);
            match_fn is_it = [](work *w, void *it) { return w == static_cast<work *>(it); };
            EXPECT_EQ(by_match ? pool->cancel_matching(is_it, &last) : pool->cancel(&last),
                      cancel_result::ok);
        } // while the first one runs
        first.go.release();
        first.done.acquire();
    }
}

TEST(help, lets_a_flush_return_that_waited_for_what_it_takes) {
    auto pool = make(limited(1));
    holder first;
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    item helped, last;
    helped.flags = work_helpable;
    ASSERT_EQ(pool->enqueue(&helped), 0);
    {
        flusher waits(*pool);
        EXPECT_FALSE(waits.returned);
        ASSERT_EQ(pool->enqueue(&last), 0);
        EXPECT_TRUE(pool->help());
        EXPECT_EQ(helped.calls, 1);
    } // while the worker is held
    first.go.release();
    last.done.acquire();
}

TEST(help, is_for_one_thread_at_a_time) {
    auto pool = make(limited(1));
    holder first, helped;
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    std::deque<item> more(2);
    helped.flags = more[0].flags = work_helpable;
    for (item *it : {static_cast<item *>(&helped), &more[0], &more[1]})
        ASSERT_EQ(pool->enqueue(it), 0);
    std::thread helper([&] { EXPECT_TRUE(pool->help()); });
    helped.in.acquire();
    EXPECT_FALSE(pool->help());
    helped.go.release();
    helper.join();
    EXPECT_TRUE(pool->help());
    first.go.release();
    more[1].done.acquire();
}

TEST(chain, a_token_is_never_what_a_worker_runs) {
    by_hand hands;
    iowq::acct a(true, 0, 1, 1);
    chain_table chains;
    work_list passed;
    iowq::acct::action todo;
    item it;
    it.flags = work_hashed;
    it.where = work::on_its_way;
    ASSERT_EQ(chains.enqueue(&it, a, todo), 0);
    worker &w = hands.add(a);
    chain *c = chain_table::of(a.take(w, passed));
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(w.current.get(), nullptr);
    EXPECT_EQ(chains.next(*c, w, passed), &it);
    EXPECT_EQ(w.current.get(), &it);
    EXPECT_FALSE(w.current.finish());
    EXPECT_EQ(chains.next(*c, w, passed), nullptr);
}

TEST(counters, count_what_nobody_has_looked_at_yet) {
    auto pool = make(limited(1));
    holder first;
    std::deque<item> rest(3);
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    for (item &it : rest)
        ASSERT_EQ(pool->enqueue(&it), 0);
    EXPECT_EQ(pool->counters().enqueued, 4u);
    first.go.release();
    for (item &it : rest)
        it.done.acquire();
}

// Exit wakes more workers than may run.
TEST(exit, is_not_held_up_by_max_running) {
    wq_config config = limited(3);
    config.max_running = 1;
    auto pool = make(config);
    std::deque<sleeper> sleepers(3);
    for (sleeper &s : sleepers) {
        ASSERT_EQ(pool->enqueue(&s), 0);
        s.in.acquire();
    }
    for (sleeper &s : sleepers)
        s.end();
    while (pool->counters().nr_running > 0)
        std::this_thread::yield();
    holder first, unbound;
    unbound.flags = work_unbound;
    exit_probe probe;
    std::deque<item> rest(4);
    for (item *it : {static_cast<item *>(&first), static_cast<item *>(&unbound)})
        ASSERT_EQ(pool->enqueue(it), 0);
    first.in.acquire();
    unbound.in.acquire();
    ASSERT_EQ(pool->enqueue(&probe), 0);
    for (item &it : rest)
        ASSERT_EQ(pool->enqueue(&it), 0);
    std::thread exits([&] { EXPECT_EQ(pool->exit(), 0); });
    probe.done.acquire();
    unbound.go.release();
    first.go.release();
    exits.join();
    for (item &it : rest)
        EXPECT_TRUE(it.calls == 1 && !it.cancelled);
}

// A chain that is alive takes no more either, although its token needs no place any more.
TEST(exit, refuses_what_would_join_a_chain_that_runs) {
    auto pool = make(limited(1));
    std::binary_semaphore in(0), go(0);
    item late;
    late.flags = work_hashed;
    int error = 0;
    item chained([&](item &) {
        in.release();
        go.acquire();
        error = pool->enqueue(&late);
    });
    chained.flags = work_hashed;
    holder unbound;
    unbound.flags = work_unbound;
    exit_probe probe;
    for (item *it : {&chained, static_cast<item *>(&unbound), static_cast<item *>(&probe)})
        ASSERT_EQ(pool->enqueue(it), 0);
    in.acquire();
    unbound.in.acquire();
    std::thread exits([&] { EXPECT_EQ(pool->exit(), 0); });
    probe.done.acquire();
    unbound.go.release();
    go.release();
    exits.join();
    EXPECT_EQ(error, -ESHUTDOWN);
    EXPECT_EQ(late.calls, 0);
    EXPECT_EQ(pool->counters().workers_reaped, 0u) << "those that leave at the exit are not";
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

// The next item of a chain is taken without the lock under which workers are signalled.
TEST(cancel, never_interrupts_the_next_item_of_the_chain) {
    auto pool = make(limited(1));
    struct hashed : work {
        std::atomic<int> state{0};
        int interrupted = 0;
    };
    unsigned interrupted = 0, found = 0;
    for (unsigned round = 0; round < stress_items(400); round++) {
        hashed first, next;
        first.flags = next.flags = work_hashed;
        first.func = [](work **w) {
            auto &self = *static_cast<hashed *>(*w);
            self.state = 1;
            while (!cancel_requested())
                ;
            self.state = 2;
        };
        next.func = [](work **w) {
            auto &self = *static_cast<hashed *>(*w);
            timespec moment{0, 1000};
            self.interrupted = nanosleep(&moment, nullptr) != 0;
            self.state = 1;
        };
        ASSERT_EQ(pool->enqueue(&first), 0);
        ASSERT_EQ(pool->enqueue(&next), 0);
        while (first.state == 0)
            std::this_thread::yield();
        found += pool->cancel(&first) == cancel_result::running;
        while (next.state == 0)
            std::this_thread::yield();
        interrupted += static_cast<unsigned>(next.interrupted);
    }
    EXPECT_EQ(found, stress_items(400));
    EXPECT_EQ(interrupted, 0u);
}

// Submitted just when its thread goes to sleep, again and again.
TEST(sqthread, loses_no_submission_when_it_goes_to_sleep) {
    ring_config config;
    config.mode = offload::sqthread;
    config.sqthread_idle = std::chrono::milliseconds(0);
    std::unique_ptr<ring> io;
    ASSERT_EQ(ring::create(config, nullptr, io), 0);
    jitter delay(9);
    request nop;
    nop.op = opcode::nop;
    for (unsigned i = 0; i < stress_items(2000); i++) {
        ASSERT_EQ(io->submit(nop), ring::submitted::queued);
        for (unsigned spins = delay.random()() % 8000; spins > 0; spins--)
            asm volatile("");
        io->commit();
        request *got = nullptr;
        ASSERT_EQ(io->reap({&got, 1}, 1, clock::now() + std::chrono::seconds(20)), 1u);
    }
}

// Leaves another item to be run next.
struct linking : item {
    work *after = nullptr;
    linking() {
        func = [](work **w) {
            auto &self = *static_cast<linking *>(*w);
            *w = self.after;
            self.calls++;
            self.done.release();
        };
    }
};

TEST(help, hands_what_is_linked_to_the_pool) {
    auto pool = make(limited(1));
    holder first;
    ASSERT_EQ(pool->enqueue(&first), 0);
    first.in.acquire();
    linking helped;
    item last, linked;
    helped.after = &linked;
    helped.flags = work_helpable;
    ASSERT_EQ(pool->enqueue(&helped), 0);
    ASSERT_EQ(pool->enqueue(&last), 0);
    EXPECT_TRUE(pool->help());
    EXPECT_EQ(helped.calls, 1);
    EXPECT_EQ(linked.calls, 0);
    first.go.release();
    linked.done.acquire();
    last.done.acquire();
    EXPECT_FALSE(linked.cancelled);
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
        linked.go.release();
        linked.done.acquire();
    }
}

TEST(creation, is_tried_again_after_5_10_and_15_ms) {
    auto pool = make();
    failing_creations = 4;
    item it;
    auto begin = clock::now();
    ASSERT_EQ(pool->enqueue(&it), 0);
    it.done.acquire();
    EXPECT_TRUE(it.cancelled);
    EXPECT_GE(clock::now() - begin, std::chrono::milliseconds(30));
}
