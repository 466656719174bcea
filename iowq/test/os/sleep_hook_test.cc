// SPDX-License-Identifier: MIT
// The ways to know that a worker sleeps: each keeps the same promises, and says so where it cannot
// be had.
#include "iowq/test/item.h"
#include "iowq/test/schedule.h"

#include <filesystem>
#include <fstream>
#include <linux/bpf.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

using namespace iowq;

namespace {

using enum sleep_hook_kind;

const char *name_of(sleep_hook_kind kind) {
    constexpr const char *names[] = {"annotate", "perf", "bpf", "none"};
    return names[static_cast<int>(kind)];
}

// Without the hook there is nothing to test, and why_not says why.
class sleep_hooks : public testing::TestWithParam<sleep_hook_kind> {
  public:
    void SetUp() override {
        std::unique_ptr<sleep_hook> hook;
        std::string why_not;
        if (open_sleep_hook(GetParam(), hook, why_not))
            GTEST_SKIP() << why_not;
    }
    static std::unique_ptr<wq> make_hooked(wq_config config = {}) {
        config.sleep_hook = GetParam();
        return make(config);
    }
    // In an item, round what sleeps: nothing, where there is a hook.
    struct section {
        std::optional<blocking> annotation;
        explicit section(sleep_hook_kind kind) {
            if (kind == annotate)
                annotation.emplace(blocking::may);
        }
    };
};

// Those that know.
class knowing_hooks : public sleep_hooks {};
// Those that need no annotations.
class real_hooks : public sleep_hooks {};

// Items that sleep until all of them do.
void meet(wq &pool, int n, sleep_hook_kind kind) {
    std::latch all(n);
    std::deque<item> items;
    for (int i = 0; i < n; i++) {
        item &it = items.emplace_back([&](item &) {
            sleep_hooks::section section(kind);
            all.arrive_and_wait();
        });
        ASSERT_EQ(pool.enqueue(&it), 0);
    }
    for (item &it : items)
        it.done.acquire();
}

void compute(std::chrono::milliseconds how_long) {
    for (auto end = clock::now() + how_long; clock::now() < end;)
        ;
}

} // namespace

INSTANTIATE_TEST_SUITE_P(all, sleep_hooks, testing::Values(annotate, perf, bpf, none),
                         [](auto &p) { return name_of(p.param); });
INSTANTIATE_TEST_SUITE_P(all, knowing_hooks, testing::Values(annotate, perf, bpf),
                         [](auto &p) { return name_of(p.param); });
INSTANTIATE_TEST_SUITE_P(all, real_hooks, testing::Values(perf, bpf),
                         [](auto &p) { return name_of(p.param); });

// Eight sleepers that only the ninth item can wake.
TEST_P(knowing_hooks, make_up_for_workers_that_sleep) {
    auto pool = make_hooked(limited(9));
    meet(*pool, 9, GetParam());
    EXPECT_GE(pool->counters().peak_blocked, 8u);
}

TEST(sleep_hooks_none, makes_up_for_nobody) {
    wq_config config = limited(9);
    config.sleep_hook = none;
    auto pool = make(config);
    holder first;
    bool over = false;
    std::atomic<pid_t> tid{0};
    first.body = [&](item &) {
        tid = gettid();
        first.in.release();
        blocking section(blocking::will);
        first.wait();
        over = true;
    };
    std::deque<item> others;
    first.start_on(*pool);
    for (int i = 0; i < 100; i++) {
        item &it = others.emplace_back([&](item &) { EXPECT_TRUE(over); });
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    until_asleep(tid);
    first.end();
    for (item &it : others)
        it.done.acquire();
    EXPECT_EQ(pool->counters().workers_created, 1u);
    EXPECT_EQ(pool->counters().peak_blocked, 0u);
}

TEST_P(sleep_hooks, do_not_grow_the_pool_for_items_that_compute) {
    if (!thread_sleeps(gettid()))
        GTEST_SKIP() << "/proc does not tell whether a thread sleeps";
    auto pool = make_hooked(limited(16));
    std::deque<item> items;
    for (int i = 0; i < 8; i++) {
        item &it = items.emplace_back([](item &) {
            section section(GetParam());
            compute(std::chrono::milliseconds(5));
        });
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : items)
        it.done.acquire();
    EXPECT_EQ(pool->counters().workers_created, 1u);
    EXPECT_EQ(pool->counters().peak_blocked, 0u);
}

TEST_P(real_hooks, take_no_notice_of_annotations) {
    auto pool = make_hooked(limited(2));
    item it([&](item &) {
        blocking section(blocking::will);
        // It may have slept in a lock, and then counts as blocked for a moment.
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (pool->counters().nr_blocked > 0 && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
        EXPECT_EQ(pool->counters().nr_blocked, 0u);
    });
    it.run_on(*pool);
}

TEST_P(real_hooks, count_a_worker_as_running_once_it_is_awake) {
    auto pool = make_hooked(limited(4));
    std::latch second_ran(1);
    std::atomic<bool> slept{false}, counts{false};
    item first([&](item &) {
        second_ran.wait();
        slept = true;
        while (!counts)
            ;
    });
    item second([&](item &) { second_ran.count_down(); });
    ASSERT_EQ(pool->enqueue(&first), 0);
    ASSERT_EQ(pool->enqueue(&second), 0);
    while (!slept)
        std::this_thread::yield();
    while (pool->counters().nr_blocked > 0)
        std::this_thread::yield();
    counts = true;
    first.done.acquire();
    until_all_park(*pool);
    EXPECT_EQ(pool->counters().nr_blocked, 0u);
}

// Also when it wakes long after the monitor has seen it fall asleep, and nothing else runs.
TEST_P(real_hooks, count_a_worker_as_running_that_has_slept_for_long) {
    auto pool = make_hooked(limited(2));
    std::binary_semaphore go(0);
    std::atomic<bool> counts{false};
    item it([&](item &) {
        go.acquire();
        while (!counts)
            ;
    });
    ASSERT_EQ(pool->enqueue(&it), 0);
    while (pool->counters().nr_blocked == 0)
        std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50)); // many looks
    go.release();
    while (pool->counters().nr_blocked > 0)
        std::this_thread::yield();
    counts = true;
    it.done.acquire();
}

TEST_P(knowing_hooks, make_up_for_those_that_sleep_in_chains) {
    auto pool = make_hooked(limited(8));
    std::latch released(1);
    std::deque<item> items;
    std::array<int, 6> ran{};
    for (unsigned i = 0; i < 3 * ran.size(); i++) {
        unsigned key = i % ran.size();
        item &it = items.emplace_back([&, key, round = static_cast<int>(i / ran.size())](item &) {
            section section(GetParam());
            released.wait();
            EXPECT_EQ(ran[key]++, round);
        });
        it.flags = work_hashed;
        it.key = {0, key};
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    item last([&](item &) { released.count_down(); });
    ASSERT_EQ(pool->enqueue(&last), 0);
    for (item &it : items)
        it.done.acquire();
    EXPECT_GE(pool->counters().peak_blocked, ran.size());
}

TEST_P(sleep_hooks, let_cancelling_interrupt) {
    auto pool = make_hooked();
    silence quiet;
    listener it(quiet);
    it.start_on(*pool);
    EXPECT_EQ(pool->cancel(&it), cancel_result::running);
    it.expect_interrupted();
}

TEST_P(knowing_hooks, watch_workers_that_come_and_go) {
    wq_config config = limited(4);
    config.idle = std::chrono::milliseconds(1);
    auto pool = make_hooked(config);
    for (int round = 0; round < 30; round++) {
        meet(*pool, 4, GetParam());
        while (pool->counters().nr_workers > 1)
            std::this_thread::yield();
    }
    EXPECT_GE(pool->counters().workers_reaped, 90u);
    until_all_park(*pool);
    EXPECT_EQ(pool->counters().nr_blocked, 0u);
}

TEST_P(knowing_hooks, serve_several_pools) {
    std::vector<std::unique_ptr<wq>> pools;
    for (int i = 0; i < 3; i++)
        pools.push_back(make_hooked(limited(3)));
    for (int round = 0; round < 3; round++)
        for (auto &pool : pools)
            meet(*pool, 3, GetParam());
    pools.pop_back();
    for (auto &pool : pools)
        meet(*pool, 3, GetParam());
}

TEST_P(knowing_hooks, leave_nothing_behind) {
    auto open_files = [] {
        std::filesystem::directory_iterator files("/proc/self/fd");
        return std::distance(begin(files), end(files));
    };
    { (void)make(); } // whatever is opened once
    auto before = open_files();
    {
        auto pool = make_hooked(limited(4));
        meet(*pool, 4, GetParam());
    }
    EXPECT_EQ(open_files(), before);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        EXPECT_TRUE(line.find("perf_event") == line.npos && line.find("bpf-map") == line.npos)
            << line;
}

// ---- what cannot be had

TEST(sleep_hook_perf, leaves_a_worker_that_it_cannot_watch_to_proc) {
    wq_config config = limited(2);
    config.sleep_hook = perf;
    std::unique_ptr<wq> pool;
    std::string why;
    if (wq::create(config, pool, &why))
        GTEST_SKIP() << why;
    std::thread([&] {
        let_fail(SYS_perf_event_open, EMFILE);
        std::unique_ptr<sleep_hook> another;
        EXPECT_EQ(open_sleep_hook(perf, another, why), -EMFILE);
        meet(*pool, 2, perf); // the workers are created from here
    }).join();
    EXPECT_GE(pool->counters().peak_blocked, 1u);
}

TEST(sleep_hook_bpf, refuses_more_threads_than_it_has_places_for) {
    std::unique_ptr<sleep_hook> hook;
    std::string why;
    if (open_sleep_hook(bpf, hook, why))
        GTEST_SKIP() << why;
    int place = -1, attached = 0;
    for (int now; attached < 5000 && (now = hook->attach()) >= 0; attached++)
        place = now;
    EXPECT_EQ(hook->attach(), -ENOSPC);
    EXPECT_EQ(attached, 1024);
    EXPECT_FALSE(hook->sleeps(place));
    hook->detach(place);
    EXPECT_EQ(hook->attach(), place);
}

TEST(sleep_hook_bpf, makes_up_for_workers_beyond_its_places) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "a thousand threads take too long with a sanitizer";
#endif
    constexpr int workers = 1030;
    rlimit nproc{};
    getrlimit(RLIMIT_NPROC, &nproc);
    if (nproc.rlim_cur < workers)
        GTEST_SKIP() << "RLIMIT_NPROC allows too few threads";
    wq_config config = limited(workers);
    config.sleep_hook = bpf;
    std::unique_ptr<wq> pool;
    std::string why;
    if (wq::create(config, pool, &why))
        GTEST_SKIP() << why;
    std::latch all(workers);
    std::deque<item> items;
    for (int i = 0; i < workers; i++) {
        item &it = items.emplace_back([&](item &) { all.arrive_and_wait(); });
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : items)
        it.done.acquire();
}

namespace {

// What a child that `prepare` has made into somebody else gets for asking for a hook: 0, or the
// error and why.
struct answer {
    int error = 1;
    char why[512] = "";
    bool pool = false;
};

template <class Prepare>
answer ask_elsewhere(sleep_hook_kind kind, Prepare prepare) {
    int ends[2];
    answer got;
    EXPECT_EQ(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        prepare();
        wq_config config = limited(3);
        config.sleep_hook = kind;
        std::unique_ptr<wq> pool;
        std::string why;
        answer mine;
        mine.error = wq::create(config, pool, &why);
        mine.pool = pool != nullptr;
        why.copy(mine.why, sizeof mine.why - 1);
        if (pool) {
            std::latch all(3);
            item items[3];
            for (item &it : items) {
                it.body = [&](item &) { all.arrive_and_wait(); };
                if (pool->enqueue(&it))
                    _exit(1);
            }
            for (item &it : items)
                it.done.acquire();
        }
        _exit(write(ends[1], &mine, sizeof mine) == sizeof mine ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    close(ends[1]);
    EXPECT_EQ(read(ends[0], &got, sizeof got), static_cast<ssize_t>(sizeof got));
    close(ends[0]);
    return got;
}

// Drops every capability, if there are any.
void become_nobody() {
    if (geteuid() == 0 && (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
        _exit(1);
}

void expect_one_line(const answer &got, const std::string &says) {
    std::string why = got.why;
    EXPECT_FALSE(got.pool);
    EXPECT_NE(why.find(says), why.npos) << why;
    EXPECT_EQ(why.find('\n'), why.npos) << why;
}

} // namespace

#if defined(__SANITIZE_THREAD__)
#define SKIP_WITHOUT_FORK() GTEST_SKIP() << "ThreadSanitizer has threads of its own, and so no fork"
#else
#define SKIP_WITHOUT_FORK() (void)0
#endif

TEST(sleep_hook_bpf, is_refused_without_the_right) {
    SKIP_WITHOUT_FORK();
    answer got = ask_elsewhere(bpf, become_nobody);
    EXPECT_EQ(got.error, -EPERM);
    expect_one_line(got, "CAP_BPF");
}

TEST(sleep_hook_perf, works_without_rights_or_is_refused) {
    SKIP_WITHOUT_FORK();
    answer got = ask_elsewhere(perf, become_nobody);
    if (got.error == 0)
        return;
    EXPECT_TRUE(got.error == -EACCES || got.error == -EPERM) << got.error;
    expect_one_line(got, "perf_event_paranoid");
}

TEST(sleep_hook_perf, is_refused_where_the_kernel_lacks_it) {
    SKIP_WITHOUT_FORK();
    for (auto [gives, expected] :
         {std::pair(ENOSYS, -ENOSYS), {EPERM, -EPERM}, {EINVAL, -EOPNOTSUPP}}) {
        answer got = ask_elsewhere(perf, [gives] { let_fail(SYS_perf_event_open, gives); });
        EXPECT_EQ(got.error, expected);
        expect_one_line(got, "perf_event_open");
    }
}

TEST(sleep_hook_bpf, is_refused_where_the_kernel_lacks_it) {
    SKIP_WITHOUT_FORK();
    answer got = ask_elsewhere(bpf, [] { let_fail(SYS_bpf, ENOSYS); });
    EXPECT_EQ(got.error, -ENOSYS);
    expect_one_line(got, "BPF_MAP_CREATE");
    std::unique_ptr<sleep_hook> hook;
    std::string why;
    if (open_sleep_hook(bpf, hook, why))
        GTEST_SKIP() << why;
    // As before Linux 5.18, where the tracepoint has three arguments.
    got = ask_elsewhere(bpf, [] { let_fail(SYS_bpf, EINVAL, BPF_RAW_TRACEPOINT_OPEN); });
    EXPECT_EQ(got.error, -EOPNOTSUPP);
    expect_one_line(got, "5.18");
}
