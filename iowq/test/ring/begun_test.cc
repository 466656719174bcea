// SPDX-License-Identifier: MIT
// Reads that missed the cache and were begun by trying (iowq/README.md, "Reads that are begun").
// Whether a read misses is the kernel's to say, which may leave pages in the cache: hence the
// rounds.
#include "iowq/ring/ring.h"

#include "iowq/test/item.h"
#include "iowq/test/nodes.h"
#include "iowq/test/ring/requests.h"

#include <algorithm>
#include <cerrno>
#include <sys/syscall.h>

using namespace iowq;

namespace {

struct begun : testing::TestWithParam<offload> {
    cold c;
    silence quiet;
    file in;
    std::unique_ptr<wq> pool;
    std::unique_ptr<ring> io;

    void SetUp() override {
        if (c.f.in_memory)
            GTEST_SKIP() << "the build's folder is in memory, where nothing misses";
        ASSERT_EQ(in.examine(quiet.fd[0]), 0);
        open_ring();
    }
    void open_ring(const wq_config &of_pool = {}, ring_config config = {}) {
        io.reset();
        pool = make(of_pool);
        config.mode = GetParam();
        config.depth = c.blocks + 1;
        config.sqthread_idle = std::chrono::milliseconds(0);
        ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    }
    path_counts reads() const { return io->counts(ring::reads); }

    // All blocks, again and again until some have missed.
    void read_cold(deadline until = {}) {
        for (int round = 0; round < 100 && reads().nowait_miss < 4; round++) {
            c.drop();
            std::deque<prepared> requests;
            unsigned queued = c.read_all(*io, requests);
            std::vector<request *> got(c.blocks);
            ASSERT_EQ(io->reap(got, queued, until), queued);
            ASSERT_EQ(c.in, c.out);
            std::fill(c.in.begin(), c.in.end(), '\0');
        }
        ASSERT_GE(reads().nowait_miss, 4u);
    }
};

std::string name(const testing::TestParamInfo<offload> &mode) {
    return mode.param == offload::punt ? "punt" : mode.param == offload::sqwq ? "sqwq" : "handoff";
}

INSTANTIATE_TEST_SUITE_P(reads, begun,
                         testing::Values(offload::punt, offload::sqwq, offload::handoff), name);

} // namespace

TEST_P(begun, are_waited_for_by_the_submitter) {
    ASSERT_NO_FATAL_FAILURE(read_cold());
    EXPECT_EQ(reads().waited, reads().nowait_miss);
    EXPECT_EQ(reads().handed_over, 0u);
    EXPECT_EQ(pool->counters().peak_blocked, 0u);
    if (GetParam() == offload::punt) {
        EXPECT_EQ(pool->counters().workers_created, 0u);
    }
    EXPECT_LE(io->threads(), 1u);
}

// Which CPUs a submission thread would have is nothing to modes without one.
TEST_P(begun, are_waited_for_where_the_submitter_is_where_the_work_is) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    ring_config config;
    config.sqthread_cpus = nodes.cpus(0);
    open_ring({}, config);
    read_cold();
    EXPECT_EQ(reads().waited > 0, GetParam() != offload::handoff);
    wq_config of_pool;
    of_pool.place = placement::interleave;
    open_ring(of_pool, config);
    read_cold();
    EXPECT_EQ(reads().waited, 0u);
}

TEST_P(begun, are_left_to_others_by_a_submitter_that_waits_for_a_time_only) {
    ASSERT_NO_FATAL_FAILURE(read_cold(clock::now() + std::chrono::hours(1)));
    if (GetParam() == offload::handoff)
        EXPECT_GT(reads().handed_over, 0u);
    else
        EXPECT_GT(reads().pooled, 0u);
}

// Were it the submitter that waited for a read, it could not take what else comes meanwhile.
TEST_P(begun, are_left_to_others_while_something_else_is_under_way) {
    char byte;
    prepared waits(in, opcode::read, &byte, 0, 1);
    ASSERT_EQ(io->submit(waits), ring::submitted::queued);
    io->commit();
    ASSERT_NO_FATAL_FAILURE(read_cold());
    if (GetParam() != offload::sqwq) { // where it may have come when it is looked for
        EXPECT_LT(reads().waited, reads().nowait_miss);
    }
    quiet.end();
    request *got;
    EXPECT_EQ(io->reap({&got, 1}, 1, {}), 1u);
    EXPECT_EQ(waits.result, 1);
}

// A slow one would hold up a fast one for as long as it takes.
TEST_P(begun, are_left_to_others_where_they_are_on_several_devices) {
    c.f.key.hi ^= 1; // as if it were on another device than `here`
    cold here;
    std::vector<request *> got(c.blocks);
    for (int round = 0; round < 100 && reads().nowait_miss < 4; round++) {
        c.drop();
        here.drop();
        std::deque<prepared> requests;
        unsigned queued = 0;
        for (unsigned i = 0; i < c.blocks; i++) {
            cold &from = i % 2 ? here : c;
            prepared &r =
                requests.emplace_back(from.f, opcode::read, &from.in[i * block], i * block, block);
            queued += io->submit(r) == ring::submitted::queued;
        }
        ASSERT_EQ(io->reap(got, queued, {}), queued);
    }
    ASSERT_GE(reads().nowait_miss, 4u);
    EXPECT_LT(reads().waited, reads().nowait_miss);
}

TEST_P(begun, come_out_of_a_reap_that_does_not_wait) {
    c.drop();
    std::deque<prepared> requests;
    unsigned queued = c.read_all(*io, requests);
    std::vector<request *> got(c.blocks);
    auto patience = clock::now() + std::chrono::seconds(20);
    while (queued && clock::now() < patience)
        queued -= io->reap(got, 0, {});
    EXPECT_EQ(queued, 0u);
    EXPECT_EQ(c.in, c.out);
}

TEST_P(begun, can_be_taken_back) {
    uint64_t taken = 0;
    for (int round = 0; round < 100 && taken == 0; round++) {
        c.drop();
        std::deque<prepared> requests;
        unsigned queued = c.read_all(*io, requests);
        request *first;
        unsigned got = queued ? io->reap({&first, 1}, 1, {}) : 0;
        for (prepared &r : requests)
            taken += io->cancel(r);
        std::vector<request *> rest(c.blocks);
        EXPECT_EQ(io->reap(rest, static_cast<unsigned>(queued - got - taken), {}),
                  queued - got - taken);
    }
    EXPECT_GT(taken, 0u);
}

// As on a kernel where trying begins nothing: in the end they go to those who may block, all at
// once.
TEST(begun_in_vain, are_left_to_others) {
    std::thread([] {
        cold c;
        auto pool = make();
        std::unique_ptr<ring> io;
        ASSERT_EQ(ring::create({}, pool.get(), io), 0);
        let_fail(SYS_preadv2, EAGAIN);
        for (int round = 0; round < 100 && io->counts(ring::reads).pooled == 0; round++) {
            std::deque<prepared> requests;
            ASSERT_EQ(c.read_all(*io, requests), c.blocks);
            std::vector<request *> got(c.blocks);
            ASSERT_EQ(io->reap(got, c.blocks, {}), c.blocks);
            ASSERT_EQ(c.in, c.out);
        }
        EXPECT_GT(io->counts(ring::reads).pooled, 0u);
        EXPECT_GT(io->counts(ring::reads).waited, 0u);
    }).join();
}

// With room for one request there is nothing to keep going meanwhile: the submitter makes the plain
// call, once it waits.
struct alone : testing::Test {
    cold c;
    std::unique_ptr<wq> pool = make({});
    std::unique_ptr<ring> io;
    prepared r;

    void SetUp() override {
        if (c.f.in_memory)
            GTEST_SKIP() << "the build's folder is in memory, where nothing misses";
        ring_config config;
        config.depth = 1;
        ASSERT_EQ(ring::create(config, pool.get(), io), 0);
        r.set(c.f, opcode::read, c.in.data(), 0, block);
        ASSERT_EQ(io->submit(r), ring::submitted::queued);
    }
    unsigned reap(deadline until) {
        request *got[1];
        return io->reap(got, 1, until);
    }
};

TEST_F(alone, a_read_is_made_in_reap) {
    EXPECT_EQ(reap({}), 1u);
    EXPECT_EQ(r.result, static_cast<int64_t>(block));
    path_counts reads = io->counts(ring::reads);
    EXPECT_EQ(reads.inlined, 1u);
    EXPECT_EQ(reads.waited, 1u);
    EXPECT_EQ(pool->counters().enqueued, 0u);
}

TEST_F(alone, or_in_submit_where_the_caller_waits_at_once) {
    EXPECT_TRUE(io->cancel(r));
    ring_config config;
    config.depth = 1;
    config.waits_at_once = true;
    ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    ASSERT_EQ(io->submit(r), ring::submitted::completed);
    EXPECT_EQ(r.result, static_cast<int64_t>(block));
    EXPECT_EQ(io->counts(ring::reads).waited, 1u);
    EXPECT_EQ(io->in_flight(), 0u);
}

TEST_F(alone, with_a_time_limit_a_read_is_tried_and_left_to_a_worker) {
    for (int round = 0; round < 100 && io->counts(ring::reads).pooled == 0; round++) {
        EXPECT_EQ(reap(clock::now() + std::chrono::hours(1)), 1u);
        EXPECT_EQ(r.result, static_cast<int64_t>(block));
        c.drop();
        ASSERT_EQ(io->submit(r), ring::submitted::queued);
    }
    path_counts reads = io->counts(ring::reads);
    EXPECT_GT(reads.pooled, 0u);
    EXPECT_EQ(reads.pooled + reads.inlined, reads.issued);
    EXPECT_TRUE(io->cancel(r));
}

TEST_F(alone, a_read_that_nobody_waits_for_can_be_had_and_taken_back) {
    request *got[1];
    unsigned n = 0;
    for (int i = 0; i < 1000 && n == 0; i++) // it is in the cache once it has been tried
        n = io->reap(got, 0, {});
    EXPECT_EQ(n, 1u);
    ASSERT_EQ(io->submit(r), ring::submitted::queued);
    EXPECT_TRUE(io->cancel(r));
    EXPECT_EQ(io->in_flight(), 0u);
}
