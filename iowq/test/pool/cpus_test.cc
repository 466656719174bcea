// SPDX-License-Identifier: MIT
// CPUs and quotas that change under a pool: its workers and its limits follow, while it works. What
// concerns the whole process is changed in a child.
#include "iowq/ring/ring.h"
#include "iowq/test/child.h"
#include "iowq/test/item.h"
#include "iowq/test/nodes.h"
#include "iowq/test/own_cgroup.h"

#include <filesystem>
#include <fstream>

using namespace iowq;

namespace {

constexpr int cannot_tell = 99;

cpu_mask nth_cpu(unsigned n) { return cpu_mask::only(cpu_mask::of_this_thread().numbers().at(n)); }

// What `taskset -ap` does.
void set_all_threads(const cpu_mask &cpus) {
    for (auto &task : std::filesystem::directory_iterator("/proc/self/task"))
        (void)move_task(std::stoi(task.path().filename()), cpus);
}

std::vector<pid_t> threads_named(const std::string &begin) {
    std::vector<pid_t> found;
    for (auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::ifstream(task.path() / "comm") >> name;
        if (name.starts_with(begin))
            found.push_back(std::stoi(task.path().filename()));
    }
    return found;
}

// It is there a moment after who has created it goes on.
pid_t thread_named(const std::string &begin) {
    for (;;)
        if (std::vector<pid_t> all = threads_named(begin); !all.empty())
            return all[0];
}

// Who spins may leave a CPU (dodge.h).
wq_config without_spinning() {
    wq_config config;
    config.spin = {};
    return config;
}

// Has the pool work until `so`. A child that waits for ever is ended.
template <class So>
void work_until(wq &pool, So so) {
    while (!so()) {
        item it;
        it.run_on(pool);
    }
}

bool found(wq &pool, const cpu_mask &cpus, unsigned running) {
    wq::pace now = pool.paced();
    return now.now.cpus == cpus && now.max_running == running;
}

#define SKIP_WITH_ONE_CPU()                                                                        \
    if (cpu_mask::of_this_thread().count() < 2)                                                    \
    GTEST_SKIP() << "there is one CPU"

} // namespace

TEST(cpus, that_taskset_takes_and_gives_back_are_followed) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    SKIP_WITH_ONE_CPU();
    EXPECT_EQ(in_child([] {
                  const cpu_mask all = cpu_mask::of_this_thread(), one = nth_cpu(1);
                  auto pool = make(without_spinning());
                  sleeper early;
                  early.start_on(*pool);
                  if (!found(*pool, all, 2 * all.count()))
                      return 1;
                  set_all_threads(one);
                  work_until(*pool, [&] { return found(*pool, one, 2); });
                  grow(*pool, 4); // some are new
                  for (pid_t worker : threads_named("iowq-wrk"))
                      if (cpu_mask::of_task(worker) != one)
                          return 2;
                  set_all_threads(all);
                  work_until(*pool, [&] { return found(*pool, all, 2 * all.count()); });
                  for (pid_t worker : threads_named("iowq-wrk"))
                      if (cpu_mask::of_task(worker) != all)
                          return 3;
                  early.end();
                  return 0;
              }),
              0);
}

// One item may run for long: nobody begins another.
TEST(cpus, are_followed_while_one_item_runs) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    SKIP_WITH_ONE_CPU();
    EXPECT_EQ(in_child([] {
                  const cpu_mask all = cpu_mask::of_this_thread(), one = nth_cpu(0);
                  auto pool = make();
                  holder runs;
                  runs.start_on(*pool);
                  for (int i = 0; i < 3; i++) {
                      set_all_threads(i % 2 ? all : one);
                      while (pool->paced().now.cpus != (i % 2 ? all : one))
                          std::this_thread::yield();
                  }
                  runs.end();
                  return 0;
              }),
              0);
}

TEST(cpus, a_worker_that_somebody_has_pinned_stays) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    SKIP_WITH_ONE_CPU();
    own_cgroup own("cpu");
    int status = in_child([&] {
        const cpu_mask one = nth_cpu(0), other = nth_cpu(1);
        if (!own.set_quota(1) || !own.leave())
            return cannot_tell;
        auto pool = make(without_spinning());
        sleeper sleeps;
        sleeps.start_on(*pool);
        const pid_t worker = thread_named("iowq-wrk");
        if (move_task(worker, one) || !own.enter())
            return 1;
        work_until(*pool, [&] { return pool->paced().max_running == 2; });
        if (cpu_mask::of_task(worker) != one || !own.leave())
            return 2;
        // It is moved when the pool may not be there any more.
        set_all_threads(other);
        (void)move_task(worker, one);
        work_until(*pool, [&] { return pool->paced().now.cpus == other; });
        sleeps.end();
        return cpu_mask::of_task(worker) == other ? 0 : 3;
    });
    if (status == cannot_tell)
        GTEST_SKIP() << "no cgroup with a quota can be made here";
    EXPECT_EQ(status, 0);
}

TEST(cpus, of_a_node_that_has_none_left_are_the_others) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    EXPECT_EQ(in_child([&] {
                  const cpu_mask all = cpu_mask::of_this_thread();
                  wq_config config = without_spinning();
                  config.place = placement::interleave;
                  auto pool = make(config);
                  grow(*pool, 4);
                  auto on = [](unsigned node) {
                      return cpu_mask::of_task(thread_named("iowq-wrk-" + std::to_string(node)));
                  };
                  if (on(0) != nodes.cpus(0) || on(1) != nodes.cpus(1))
                      return 1;
                  set_all_threads(nodes.cpus(1));
                  work_until(*pool, [&] { return pool->paced().now.cpus == nodes.cpus(1); });
                  if (on(0) != nodes.cpus(1) || on(1) != nodes.cpus(1))
                      return 2;
                  set_all_threads(all);
                  work_until(*pool, [&] { return pool->paced().now.cpus == all; });
                  return on(0) == nodes.cpus(0) && on(1) == nodes.cpus(1) ? 0 : 3;
              }),
              0);
}

// Also those that were not in it when the pool was made; unless the caller has named some.
TEST(cpus, that_the_cpuset_gives_are_used) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    SKIP_WITH_ONE_CPU();
    for (bool named : {false, true}) {
        own_cgroup own("cpuset");
        int status = in_child([&] {
            const cpu_mask first = nth_cpu(0), second = nth_cpu(1), both = first | second;
            if (!own.set_cpus(first.list()) || !own.enter())
                return cannot_tell;
            wq_config config = without_spinning();
            if (named)
                config.reach = first;
            auto pool = make(config);
            grow(*pool, 2);
            if (!found(*pool, first, 2))
                return 1;
            if (!own.set_cpus(both.list()))
                return 2;
            if (named) // what its monitor may use is what the pool may
                return cpu_mask::of_task(thread_named("iowq-mon")) == first ? 0 : 3;
            work_until(*pool, [&] { return found(*pool, both, 4); });
            for (pid_t worker : threads_named("iowq-wrk"))
                if (cpu_mask::of_task(worker) != both)
                    return 4;
            if (!own.set_cpus(second.list()))
                return 5;
            work_until(*pool, [&] { return found(*pool, second, 2); });
            grow(*pool, 4);
            if (!own.set_cpus(both.list()))
                return 6;
            work_until(*pool, [&] { return found(*pool, both, 4); });
            for (pid_t worker : threads_named("iowq-wrk"))
                if (cpu_mask::of_task(worker) != both)
                    return 7;
            return 0;
        });
        if (status == cannot_tell)
            GTEST_SKIP() << "no cpuset can be made here";
        EXPECT_EQ(status, 0) << (named ? "named" : "not named");
    }
}

// Where its creator's affinity leaves CPUs out, the pool does.
TEST(cpus, that_its_creator_may_not_use_are_not_the_pools) {
    SKIP_WITH_ONE_CPU();
    const cpu_mask all = cpu_mask::of_this_thread(), one = nth_cpu(1);
    ASSERT_EQ(move_task(0, one), 0);
    auto pool = make(without_spinning());
    ASSERT_EQ(move_task(0, all), 0);
    grow(*pool, 4);
    for (pid_t worker : threads_named("iowq-wrk"))
        EXPECT_EQ(cpu_mask::of_task(worker), one);
    while (cpu_mask::of_task(thread_named("iowq-mon")) != one)
        std::this_thread::yield();
    EXPECT_TRUE(found(*pool, one, 2));
}

// The quota of a cgroup that the process is moved to, one that changes, and none.
TEST(cpus, a_quota_is_followed) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    own_cgroup own("cpu");
    int status = in_child([&] {
        auto pool = make();
        const wq::pace before = pool->paced();
        if (before.now.quota || !own.set_quota(0.5) || !own.enter())
            return cannot_tell;
        work_until(*pool, [&] { return pool->paced().max_running == 2; });
        if (pool->paced().now.spinning_pays() || pool->paced().now.quota != 0.5)
            return 1;
        if (!own.set_quota(1.5))
            return 2;
        work_until(*pool, [&] { return pool->paced().now.quota == 1.5; });
        if (!own.leave())
            return 3;
        work_until(*pool, [&] { return !pool->paced().now.quota; });
        return pool->paced().max_running == before.max_running ? 0 : 4;
    });
    if (status == cannot_tell)
        GTEST_SKIP() << "no cgroup with a quota can be made here";
    EXPECT_EQ(status, 0);
}

// On a machine of the test's own: in a guest of `make numa`.
TEST(cpus, that_go_offline_and_come_back_are_followed) {
    if (!getenv("IOWQ_NODES_ARE_REAL"))
        GTEST_SKIP() << "the machine is not the test's own: see make numa";
    SKIP_WITH_ONE_CPU();
    const cpu_mask all = cpu_mask::of_this_thread();
    const unsigned last = all.numbers().back();
    auto set_online = [last](bool online) {
        std::ofstream to("/sys/devices/system/cpu/cpu" + std::to_string(last) + "/online");
        return static_cast<bool>(to << online << std::flush);
    };
    auto pool = make(without_spinning());
    sleeper early;
    early.start_on(*pool);
    ASSERT_TRUE(set_online(false));
    const cpu_mask rest = all.without(last);
    work_until(*pool, [&] { return found(*pool, rest, 2 * rest.count()); });
    ASSERT_TRUE(set_online(true));
    work_until(*pool, [&] { return found(*pool, all, 2 * all.count()); });
    early.end();
}

TEST(cpus, leave_a_limit_that_was_given_as_it_is) {
    wq_config config;
    config.max_running = 7;
    auto pool = make(config);
    ASSERT_EQ(pool->set_affinity(nth_cpu(0)), 0);
    EXPECT_EQ(pool->paced().max_running, 7u);
}

// Items that want workers of their own, and wait as two may run, on one CPU.
TEST(cpus, that_come_start_what_waited_because_so_many_ran) {
    SKIP_WITH_ONE_CPU();
    auto pool = make();
    ASSERT_EQ(pool->set_affinity(nth_cpu(0)), 0);
    ASSERT_EQ(pool->paced().max_running, 2u);
    std::deque<holder> run(4);
    for (holder &it : run)
        it.flags = work_concurrent;
    run[0].start_on(*pool);
    run[1].start_on(*pool);
    for (int i : {2, 3})
        ASSERT_EQ(pool->enqueue(&run[i]), 0);
    EXPECT_EQ(pool->counters().workers_created, 2u);
    ASSERT_EQ(pool->set_affinity({}), 0);
    for (int i : {2, 3})
        run[i].in.acquire();
    for (holder &it : run)
        it.end();
}

TEST(cpus, that_are_one_end_the_spinning) {
    wq_config config;
    config.spin = std::chrono::hours(1);
    auto pool = make(config);
    ASSERT_EQ(pool->set_affinity(nth_cpu(0)), 0);
    item it;
    it.run_on(*pool);
    until_all_park(*pool);
}

// The submitter and the submission thread would spin for an hour.
TEST(cpus, that_are_one_end_a_rings_spinning) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    SKIP_WITH_ONE_CPU();
    EXPECT_EQ(in_child([] {
                  std::unique_ptr<ring> io;
                  ring_config config;
                  config.mode = offload::sqthread;
                  config.spin = std::chrono::hours(1);
                  config.sqthread_idle = std::chrono::hours(1);
                  config.help = false;
                  if (ring::create(config, nullptr, io))
                      return 1;
                  const cpu_mask all = cpu_mask::of_this_thread();
                  const pid_t leader = thread_named("iowq-sq");
                  auto work = [&] {
                      file none;
                      request nop, *got;
                      nop.prepare(opcode::nop, none, nullptr, 0);
                      if (io->submit(nop) == ring::submitted::queued)
                          (void)io->reap({&got, 1}, 1, {});
                  };
                  work();
                  if (thread_sleeps(leader).value_or(false))
                      return 2;
                  set_all_threads(nth_cpu(0));
                  do {
                      work();
                      std::this_thread::yield();
                  } while (!thread_sleeps(leader).value_or(true));
                  set_all_threads(all);
                  for (int awake = 0; awake < 1000;) { // in a row
                      work();
                      sched_yield();
                      awake = thread_sleeps(leader).value_or(false) ? 0 : awake + 1;
                  }
                  return 0;
              }),
              0);
}

// CPUs of the whole process, and of the pool, change at random moments while items run, sleep and
// are cancelled.
TEST(cpus, that_change_at_random_lose_nothing) {
    SKIP_WITH_ONE_CPU();
    const cpu_mask all = cpu_mask::of_this_thread(), first = nth_cpu(0), second = nth_cpu(1);
    wq_config config;
    config.idle = std::chrono::milliseconds(1);
    auto pool = make(config);
    std::atomic<bool> over{false};
    std::thread changes([&] {
        jitter delay(1);
        while (!over) {
            const cpu_mask some = std::array{all, first, second}[delay.random()() % 3];
            switch (delay.random()() % 3) {
            case 0:
                set_all_threads(some);
                break;
            case 1:
                ASSERT_EQ(pool->set_affinity(some), 0);
                break;
            default:
                ASSERT_EQ(pool->set_affinity({}), 0);
            }
            pool->follow_cpus();
            delay.maybe();
        }
    });
    jitter delay(2);
    std::deque<item> items(64);
    for (item &it : items)
        it.body = [](item &self) {
            if (self.calls % 3 == 0) {
                blocking section(blocking::will);
                sched_yield();
            }
        };
    for (unsigned i = 0; i < stress_items(3000); i++) {
        item &it = items[i % items.size()];
        if (i >= items.size())
            it.done.acquire();
        it.flags = delay.random()() % 4 ? 0u : work_concurrent;
        it.cancelled = false;
        ASSERT_EQ(pool->enqueue(&it), 0);
        if (delay.random()() % 16 == 0)
            (void)pool->cancel(&items[delay.random()() % items.size()]);
        delay.maybe();
    }
    over = true;
    changes.join();
    pool.reset();
    set_all_threads(all);
    unsigned calls = 0;
    for (item &it : items)
        calls += static_cast<unsigned>(it.calls);
    EXPECT_EQ(calls, stress_items(3000));
}
