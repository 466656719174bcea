// SPDX-License-Identifier: MIT
// A cpuset that moves under a program that runs, as Kubernetes' CPU manager moves it: threads that
// come later use the CPUs that are left, and nothing that is queued is lost. By a real cgroup, in a
// child.
#include "iowq/ring/ring.h"

#include "iowq/test/child.h"
#include "iowq/test/item.h"
#include "iowq/test/own_cgroup.h"

using namespace iowq;

namespace {

constexpr int cannot_tell = 99;

// Runs `test` in a child whose cpuset moves from one CPU to another once `test` asks for it.
template <class Test>
void expect_when_the_cpuset_moves(Test test) {
    if (cpu_mask::of_this_thread().count() < 2)
        GTEST_SKIP() << "there is one CPU";
    std::vector<unsigned> mine = cpu_mask::of_this_thread().numbers();
    unsigned before = mine[0], after = mine[1];
    own_cgroup own("cpuset");
    int status = in_child([&] {
        if (!own.set_cpus(std::to_string(before)) || !own.enter())
            return cannot_tell;
        bool good =
            test([&] { return own.set_cpus(std::to_string(after)); }, cpu_mask::only(after));
        return good ? 0 : 1;
    });
    if (status == cannot_tell)
        GTEST_SKIP() << "no cpuset can be made here";
    EXPECT_EQ(status, 0);
}

// Runs two items that need a worker each. Returns whether both ran, on what is left.
bool runs_two(wq &pool, const cpu_mask &left, uint32_t flags) {
    sleeper first(flags);
    cpu_mask seen;
    item second([&](item &) { seen = cpu_mask::of_this_thread(); });
    second.flags = flags;
    if (pool.enqueue(&first) || pool.enqueue(&second))
        return false;
    second.done.acquire();
    first.go.release();
    first.done.acquire();
    return !first.cancelled && !second.cancelled && seen == left;
}

} // namespace

TEST(cpuset, that_moves_before_the_first_worker_loses_nothing) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    expect_when_the_cpuset_moves([](auto move, const cpu_mask &left) {
        auto pool = make(limited(4));
        return move() && runs_two(*pool, left, 0) && runs_two(*pool, left, work_unbound);
    });
}

TEST(cpuset, that_moves_under_workers_loses_nothing) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    expect_when_the_cpuset_moves([](auto move, const cpu_mask &left) {
        wq_config config = limited(4);
        config.cpus = cpu_mask::of_this_thread();
        auto pool = make(config);
        item first;
        bool queued = pool->enqueue(&first) == 0;
        first.done.acquire();
        return queued && move() && runs_two(*pool, left, 0) && runs_two(*pool, left, work_unbound);
    });
}

TEST(cpuset, that_moves_leaves_handoff_its_standbys) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    expect_when_the_cpuset_moves([](auto move, const cpu_mask &) {
        std::unique_ptr<ring> io;
        ring_config config;
        config.mode = offload::handoff;
        silence quiet;
        file in;
        if (ring::create(config, nullptr, io) || in.examine(quiet.fd[0]) || !move())
            return false;
        char bytes[2];
        request reads[2];
        for (int i = 0; i < 2; i++) {
            reads[i].prepare(opcode::read, in, &bytes[i], 1);
            if (io->submit(reads[i]) != ring::submitted::queued)
                return false;
        }
        io->commit();
        while (io->threads() < 2) // each waits in a read, and another leads
            std::this_thread::yield();
        quiet.end(2);
        request *got[2];
        return io->reap(got, 2, {}) == 2 && reads[0].result == 1 && reads[1].result == 1;
    });
}
