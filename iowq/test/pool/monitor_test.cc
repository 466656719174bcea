// SPDX-License-Identifier: MIT
// The monitor: what it takes for a sleep, and when it sleeps itself.
#include "iowq/test/item.h"

#include <filesystem>
#include <fstream>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

using namespace iowq;

namespace {

// The folder of a monitor's thread in /proc. It is there a moment after the pool.
std::filesystem::path monitor_thread() {
    for (;;) {
        for (auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
            std::string name;
            std::ifstream(task.path() / "comm") >> name;
            if (name == "iowq-monitor")
                return task.path();
        }
    }
}

} // namespace

TEST(monitor, takes_an_uninterruptible_sleep_for_one) {
    if (!thread_sleeps(gettid()))
        GTEST_SKIP() << "/proc does not tell whether a thread sleeps";
    silence held;
    std::atomic<pid_t> tid{0};
    std::thread parent([&] {
        tid = gettid();
        // CLONE_VFORK without shared memory: this thread sleeps until the child has gone.
        long child = syscall(SYS_clone, CLONE_VFORK | SIGCHLD, nullptr, nullptr, nullptr, 0);
        if (child == 0) {
            (void)held.listen();
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
    held.end();
    parent.join();
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

// More workers than one look takes are in calls that may block, and run. The one that sleeps comes
// before them, or behind.
TEST(monitor, finds_a_sleeper_among_many_that_run) {
    constexpr unsigned running = 20;
    for (unsigned sleeper : {0u, running}) {
        wq_config config = limited(running + 2);
        config.max_running = running + 1;
        auto pool = make(config);
        std::binary_semaphore in(0), last_ran(0);
        std::atomic<bool> all_in{false}, over{false};
        std::deque<item> items;
        auto start = [&](std::function<void(item &)> does) {
            item &it = items.emplace_back(std::move(does));
            it.flags = work_concurrent;
            ASSERT_EQ(pool->enqueue(&it), 0);
        };
        for (unsigned i = 0; i <= running; i++) {
            start([&, i](item &) {
                blocking section(blocking::may);
                in.release();
                while (!all_in) // or the calls of the others would count as asleep from the start
                    sched_yield();
                if (i == sleeper)
                    last_ran.acquire();
                while (!over)
                    sched_yield();
            });
            in.acquire();
        }
        start([&](item &) {
            over = true;
            last_ran.release();
        });
        all_in = true;
        for (item &it : items)
            it.done.acquire();
    }
}

// The monitor read the call before it ended.
TEST(monitor, does_not_count_a_call_that_has_ended) {
    by_hand hands;
    iowq::acct a(true, 0, 2, 2);
    worker &w = hands.add(a);
    std::array<worker_set::suspect, 4> out;
    auto suspects = [&] {
        return a.with_workers([&](worker_set &s) { return s.suspects(out, 0); });
    };
    w.call = 1 << 2 | worker::in_call;
    ASSERT_EQ(suspects(), 1u);
    EXPECT_FALSE(out[0].again);
    ASSERT_EQ(suspects(), 1u);
    EXPECT_TRUE(out[0].again);
    for (uint32_t now : {0u, 2u << 2 | worker::in_call}) {
        w.call = now;
        EXPECT_EQ(a.found_asleep(out[0]).what, iowq::acct::action::nothing);
        EXPECT_EQ(a.counters().nr_blocked, 0u);
        EXPECT_EQ(w.call, now);
        EXPECT_FALSE(a.sleepers().expects_sleep());
    }
}

// It looks for sleepers only while a worker is in a call that may block; then it sleeps for good.
TEST(monitor, sleeps_without_a_time_limit_while_the_pool_is_idle) {
    wq_config config;
    config.idle = std::chrono::milliseconds(1);
    auto pool = make(config);
    item it([](item &) { blocking section(blocking::may); });
    it.run_on(*pool);
    std::ifstream call;
    std::string number, address, op, value, timeout;
    auto patience = clock::now() + std::chrono::seconds(20);
    do {
        call = std::ifstream(monitor_thread() / "syscall");
        if (!call)
            GTEST_SKIP() << "/proc shows no system calls here";
        call >> number >> address >> op >> value >> timeout;
    } while (clock::now() < patience && !(number == std::to_string(SYS_futex) && timeout == "0x0"));
    EXPECT_EQ(timeout, "0x0");
}

TEST(monitor, runs_where_the_affinity_says) {
    const cpu_mask one = cpu_mask::only(cpu_mask::of_this_thread().numbers().front());
    auto pool = make();
    item first;
    first.run_on(*pool);
    ASSERT_EQ(pool->set_affinity(one), 0);
    EXPECT_EQ(cpu_mask::of_task(std::stoi(monitor_thread().filename())), one);
}

TEST(monitor, comes_with_the_first_worker) {
    auto threads = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
    };
    auto before = threads();
    std::vector<std::unique_ptr<wq>> many(200);
    for (auto &pool : many)
        pool = make();
    auto &pool = many[0];
    EXPECT_EQ(pool->set_affinity({}), 0);
    EXPECT_EQ(threads(), before);
    item it;
    it.run_on(*pool);
    EXPECT_FALSE(monitor_thread().empty());
}
