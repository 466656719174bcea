// SPDX-License-Identifier: MIT
// Workers as the program wants them: priorities, names, stacks, hooks, and threads of its own.
#include "iowq/os/thread.h"
#include "iowq/test/item.h"

#include <pthread.h>
#include <sys/syscall.h>

using namespace iowq;

namespace {

// What an item sees of its thread.
struct seen {
    std::string name;
    int nice = 0;
    long ioprio = 0;
    size_t stack = 0;
    cpu_mask cpus;

    explicit seen(const wq_config &config) {
        auto pool = make(config);
        item looks([this](item &) { look(); });
        looks.run_on(*pool);
    }
    seen() { look(); }
    void look() {
        char text[16];
        EXPECT_EQ(pthread_getname_np(pthread_self(), text, sizeof text), 0);
        name = text;
        nice = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
        ioprio = syscall(SYS_ioprio_get, 1, 0);
        pthread_attr_t attr;
        EXPECT_EQ(pthread_getattr_np(pthread_self(), &attr), 0);
        EXPECT_EQ(pthread_attr_getstacksize(&attr, &stack), 0);
        pthread_attr_destroy(&attr);
        cpus = cpu_mask::of_this_thread();
    }
};

// Threads of the program's, each of which is lent to a pool once.
struct lender {
    std::mutex lock;
    std::deque<std::thread> threads;
    int refusals = 0;
    std::atomic<int> lent{0}, back{0}, blocked_again{0};

    [[nodiscard]] thread_config config() {
        return {.lend = [this](void (*main)(void *), void *arg) {
            std::lock_guard hold(lock);
            if (refusals > 0) {
                refusals--;
                return -EAGAIN;
            }
            lent++;
            threads.emplace_back([this, main, arg] {
                sigset_t all, now;
                sigfillset(&all);
                pthread_sigmask(SIG_SETMASK, &all, nullptr);
                main(arg);
                pthread_sigmask(SIG_SETMASK, nullptr, &now);
                blocked_again += sigismember(&now, SIGRTMAX) && sigismember(&now, SIGRTMAX - 1);
                back++;
            });
            return 0;
        }};
    }
    ~lender() {
        for (std::thread &t : threads)
            t.join();
        EXPECT_EQ(back, lent);
        EXPECT_EQ(blocked_again, lent);
    }
};

} // namespace

TEST(thread_config, is_as_ever_without_wishes) {
    seen usual{wq_config{}}, here;
    EXPECT_EQ(usual.name, "iowq-wrk-0b");
    EXPECT_EQ(usual.nice, here.nice);
    EXPECT_EQ(usual.ioprio, here.ioprio);
}

TEST(thread_config, gives_workers_names_priorities_and_stacks) {
    constexpr int idle_class = 3 << 13;
    wq_config config;
    config.threads = {
        .name = "log", .stack = size_t{64} << 20, .priorities = {.nice = 7, .ioprio = idle_class}};
    seen wanted(config);
    EXPECT_EQ(wanted.name, "log-0b");
    EXPECT_EQ(wanted.nice, 7);
    EXPECT_EQ(wanted.ioprio, idle_class);
    EXPECT_GE(wanted.stack, size_t{63} << 20);
    EXPECT_NE(seen().nice, 7) << "of the creator nothing changes";
}

TEST(thread_config, calls_the_hooks_of_each_worker_once) {
    std::atomic<int> starts{0}, ends{0};
    thread_local bool has_started = false;
    wq_config config = limited(4);
    config.threads.starts = [&] {
        EXPECT_FALSE(std::exchange(has_started, true));
        starts++;
    };
    config.threads.ends = [&] {
        EXPECT_TRUE(has_started);
        ends++;
    };
    auto pool = make(config);
    EXPECT_EQ(starts, 0) << "no worker is needed yet";
    grow(*pool, 4);
    EXPECT_EQ(starts, 4);
    pool.reset();
    EXPECT_EQ(ends, 4);
}

TEST(thread_config, runs_items_in_threads_that_are_lent) {
    lender own;
    wq_config config = limited(4);
    config.threads = own.config();
    config.idle = std::chrono::milliseconds(1);
    for (int round = 0; round < 5; round++) {
        auto pool = make(config);
        grow(*pool, 4);
        std::deque<item> many(200);
        for (item &it : many)
            ASSERT_EQ(pool->enqueue(&it), 0);
        for (item &it : many)
            it.done.acquire();
        if (round % 2)
            until_all_park(*pool); // some of them leave
        grow(*pool, 2);
        EXPECT_GE(own.lent, 4 * (round + 1));
    }
}

TEST(thread_config, asks_again_for_a_thread_that_was_not_to_be_had) {
    lender own;
    own.refusals = 3;
    wq_config config = limited(2);
    config.threads = own.config();
    auto pool = make(config);
    for (int i = 0; i < 4; i++) {
        item one;
        ASSERT_EQ(pool->enqueue(&one), 0);
        one.done.acquire(); // it ran, or was cancelled as nobody was to be had
    }
    item last;
    last.run_on(*pool);
    EXPECT_FALSE(last.cancelled);
    EXPECT_EQ(own.refusals, 0);
}

TEST(thread_config, leaves_a_lent_thread_on_its_cpus_and_interrupts_it) {
    const cpu_mask mine = cpu_mask::of_this_thread();
    lender own;
    wq_config config = limited(2);
    config.threads = own.config();
    auto pool = make(config);
    cpu_mask before, after;
    item{[&](item &) { before = cpu_mask::of_this_thread(); }}.run_on(*pool);
    EXPECT_EQ(pool->set_affinity(cpu_mask::only(mine.numbers()[0])), 0);
    item{[&](item &) { after = cpu_mask::of_this_thread(); }}.run_on(*pool);
    EXPECT_EQ(before, mine);
    EXPECT_EQ(after, mine);
    silence quiet;
    listener waits(quiet);
    waits.start_on(*pool);
    EXPECT_EQ(pool->cancel(&waits), cancel_result::running);
    waits.expect_interrupted();
}

// The one that creates threads has the nice value that they get.
TEST(thread_config, threads_are_created_by_the_one_that_is_to) {
    std::atomic<int> created{0}, refusals{2}; // asked again
    wq_config config;
    config.threads.create = [&](int (*its_make)(void *), void *arg) {
        if (refusals > 0) {
            refusals--;
            return -EAGAIN;
        }
        int error = 1;
        std::thread([&] {
            EXPECT_EQ(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 7), 0);
            error = its_make(arg);
        }).join();
        created++;
        return error;
    };
    {
        auto pool = make(config);
        EXPECT_EQ(created, 0) << "there is no thread yet";
        int nice = 0;
        item looks([&](item &) { nice = seen().nice; });
        looks.run_on(*pool);
        EXPECT_EQ(nice, 7);
        EXPECT_EQ(refusals, 0);
        EXPECT_EQ(created, 2) << "the monitor's, and a worker's";
    }
    created = 0;
    config.threads.stack = 1 << 20;
    auto pool = make(config);
    EXPECT_EQ(created, 1) << "one tries what is wished for";
}

TEST(thread_config, that_cannot_be_had_is_told) {
    struct {
        thread_config wanted;
        const char *why;
    } rows[] = {
        {{.name = ""}, "a name of threads has 1 to 10 bytes, not 0"},
        {{.name = "longer-than"}, "a name of threads has 1 to 10 bytes, not 11"},
        {{.priorities = {.nice = 20}}, "a thread's nice value is -20 to 19, not 20"},
        {{.priorities = {.nice = -21}}, "a thread's nice value is -20 to 19, not -21"},
        {{.stack = 1}, "a thread with a stack of 1 bytes is not to be had: Invalid argument"},
        {{.priorities = {.ioprio = 7 << 13}},
         "a thread with ioprio 57344 is not to be had: Invalid argument"},
    };
    for (const auto &row : rows) {
        wq_config config;
        config.threads = row.wanted;
        std::unique_ptr<wq> pool;
        std::string why;
        EXPECT_EQ(wq::create(config, pool, &why), -EINVAL) << row.why;
        EXPECT_EQ(why, row.why);
        EXPECT_EQ(wq::create(config, pool), -EINVAL) << "and without a place for the reason";
    }
}
