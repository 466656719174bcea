// SPDX-License-Identifier: MIT
#include "iowq/ring/ring.h"

#include "iowq/test/item.h"
#include "iowq/test/ring/requests.h"
#include "iowq/test/schedule.h"

#include <cstdlib>
#include <deque>
#include <sys/syscall.h>
#include <thread>

using namespace iowq;

namespace {

// O_DIRECT through a ring in mode punt.
struct direct : testing::Test {
    static constexpr unsigned depth = 32;
    static constexpr unsigned blocks = 64;

    std::unique_ptr<wq> pool = make();
    std::unique_ptr<ring> io;
    scratch s{O_RDWR | O_DIRECT};
    // One more than the file has: a read across its end needs the room.
    char *memory = static_cast<char *>(aligned_alloc(block, size_t{blocks + 1} * block));
    std::deque<prepared> requests;

    void SetUp() override {
        if (s.f.fd < 0 || s.f.in_memory)
            GTEST_SKIP() << "the build's folder is on a file system without O_DIRECT on a device";
        ring_config config;
        config.direct = direct_by::aio;
        create(config);
        memset(memory, 'x', blocks * block);
        ASSERT_EQ(pwrite(s.f.fd, memory, blocks * block, 0), ssize_t{blocks} * block);
    }
    ~direct() override { free(memory); }

    void create(ring_config config) {
        config.depth = depth;
        ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    }
    prepared &submit(opcode what, unsigned at, uint64_t bytes = block, void *buffer = nullptr) {
        prepared &r =
            requests.emplace_back(s.f, what, buffer ? buffer : memory + (at % blocks) * block,
                                  uint64_t{at} * block, bytes);
        EXPECT_EQ(io->submit(r), ring::submitted::queued);
        return r;
    }
    void reap(unsigned n) {
        io->commit();
        std::vector<request *> got(n);
        EXPECT_EQ(io->reap(got, n, {}), n);
    }
};

} // namespace

TEST_F(direct, reads_and_writes_need_no_worker) {
    for (opcode what : {opcode::write, opcode::read}) {
        for (unsigned i = 0; i < depth; i++)
            submit(what, i);
        reap(depth);
    }
    for (request &r : requests)
        EXPECT_EQ(r.result, static_cast<int64_t>(block));
    EXPECT_EQ(io->counts(ring::reads).aio, depth);
    EXPECT_EQ(io->counts(ring::writes).aio + io->counts(ring::writes).pooled, depth);
    EXPECT_GT(io->counts(ring::writes).aio, 0u);
}

TEST_F(direct, what_would_block_before_it_is_sent_goes_to_the_pool) {
    unsigned end = blocks;
    for (unsigned i = 0; i < depth; i++)
        submit(opcode::write, end + i); // space has to be found first
    reap(depth);
    for (request &r : requests)
        EXPECT_EQ(r.result, static_cast<int64_t>(block));
    path_counts writes = io->counts(ring::writes);
    EXPECT_EQ(writes.issued, depth);
    EXPECT_EQ(writes.aio + writes.pooled, depth);
    EXPECT_EQ(writes.pooled, writes.nowait_miss + writes.nowait_refused);
    EXPECT_GT(writes.pooled, 0u);
}

TEST_F(direct, a_file_system_that_refuses_is_asked_once) {
    s.f.nowait[1].learn(false);
    submit(opcode::write, 0);
    submit(opcode::read, 1);
    reap(2);
    EXPECT_EQ(io->counts(ring::writes).pooled, 1u);
    EXPECT_EQ(io->counts(ring::reads).aio, 1u);
}

TEST_F(direct, errors_come_back_as_errno) {
    prepared &crooked = submit(opcode::read, 0, 100);
    prepared &good = submit(opcode::read, 0);
    reap(2);
    EXPECT_EQ(crooked.result, -EINVAL);
    EXPECT_EQ(good.result, static_cast<int64_t>(block));
}

TEST_F(direct, a_read_across_the_end_of_the_file_is_short) {
    prepared &r = submit(opcode::read, blocks - 1, 2 * block);
    reap(1);
    EXPECT_EQ(r.result, static_cast<int64_t>(block));
}

TEST_F(direct, what_the_pool_does_meanwhile_comes_out_too) {
    silence quiet;
    file in;
    ASSERT_EQ(in.examine(quiet.fd[0]), 0);
    char byte;
    prepared waits(in, opcode::read, &byte, 0, 1);
    ASSERT_EQ(io->submit(waits), ring::submitted::queued);
    for (unsigned i = 0; i < 8; i++) {
        submit(opcode::read, i);
        submit(opcode::fsync, i);
    }
    reap(16);
    request *got = nullptr;
    EXPECT_EQ(io->reap({&got, 1}, 1, clock::now() + std::chrono::milliseconds(1)), 0u);
    submit(opcode::read, 0);
    io->commit();
    quiet.end();
    reap(2);
    EXPECT_EQ(waits.result, 1);
}

TEST_F(direct, by_the_pool_if_the_caller_wants_it) {
    ring_config config;
    config.direct = direct_by::pool;
    create(config);
    submit(opcode::read, 0);
    reap(1);
    EXPECT_EQ(io->counts(ring::reads).pooled, 1u);
}

TEST_F(direct, by_the_pool_where_there_is_no_room_for_aio) {
    std::thread([this] {
        let_fail(SYS_io_setup, EAGAIN);
        ring_config config;
        create(config);
        config.direct = direct_by::aio;
        std::unique_ptr<ring> refused;
        EXPECT_EQ(ring::create(config, pool.get(), refused), -EAGAIN);
        submit(opcode::read, 0);
        submit(opcode::write, 1);
        reap(2);
    }).join();
    EXPECT_EQ(io->counts(ring::reads).pooled, 1u);
    EXPECT_EQ(io->counts(ring::writes).pooled, 1u);
    for (request &r : requests)
        EXPECT_EQ(r.result, static_cast<int64_t>(block));
}

// io_submit refuses the second of three at once, and takes the others.
TEST_F(direct, what_is_refused_among_others_comes_out_too) {
    file closed;
    ASSERT_EQ(closed.examine(s.f.fd), 0);
    closed.fd = -1;
    prepared bad(closed, opcode::read, memory, 0, block);
    submit(opcode::read, 0);
    ASSERT_EQ(io->submit(bad), ring::submitted::queued);
    submit(opcode::read, 1);
    reap(3);
    EXPECT_EQ(bad.result, -EBADF);
    EXPECT_EQ(io->counts(ring::reads).aio, 3u);
}

TEST_F(direct, by_workers_that_send_it) {
    ring_config config;
    config.mode = offload::sqwq;
    create(config);
    for (unsigned i = 0; i < depth; i++)
        submit(i % 2 ? opcode::read : opcode::write, i);
    reap(depth);
    for (auto d : {ring::reads, ring::writes}) {
        EXPECT_EQ(io->counts(d).pooled, depth / 2);
        EXPECT_EQ(io->counts(d).aio, depth / 2);
    }
}

// AIO has no room, no more does the context: the worker makes a plain call.
TEST_F(direct, by_workers_that_cannot_send_it) {
    std::thread([this] {
        let_fail(SYS_io_submit, EAGAIN);
        pool = make(); // its workers are made by this thread
        ring_config config;
        config.mode = offload::sqwq;
        create(config);
        prepared &sync = submit(opcode::fsync, 0);
        for (unsigned i = 1; i < depth; i++)
            submit(opcode::read, i);
        reap(depth);
        EXPECT_EQ(sync.result, 0);
        EXPECT_EQ(io->counts(ring::reads).aio, 0u);
        EXPECT_EQ(io->counts(ring::reads).pooled, depth - 1);
        io.reset();
        pool.reset();
    }).join();
}

TEST_F(direct, what_no_worker_has_come_to_can_be_taken_back) {
    pool = make(limited(1));
    holder worker;
    worker.start_on(*pool);
    ring_config config;
    config.mode = offload::sqwq;
    create(config);
    prepared &taken = submit(opcode::read, 0), &stays = submit(opcode::read, 1);
    EXPECT_TRUE(io->cancel(taken));
    worker.go.release();
    request *got[2] = {};
    EXPECT_EQ(io->reap(got, 1, {}), 1u);
    EXPECT_EQ(got[0], &stays);
}

struct direct_mix : direct, testing::WithParamInterface<offload> {};
INSTANTIATE_TEST_SUITE_P(by, direct_mix, testing::Values(offload::punt, offload::sqwq));

TEST_P(direct_mix, loses_nothing) {
    ring_config config;
    config.mode = GetParam();
    create(config);
    jitter random(13);
    std::vector<void *> free; // what is under way has a block of its own
    for (unsigned i = 0; i < depth; i++)
        free.push_back(memory + i * block);
    unsigned total = stress_items(2000);
    for (unsigned done = 0, begun = 0; done < total;) {
        while (begun < total && !free.empty()) {
            unsigned at = static_cast<unsigned>(random.random()() % (2 * blocks));
            unsigned kind = static_cast<unsigned>(random.random()() % 8);
            submit(kind == 0  ? opcode::fdatasync
                   : kind < 4 ? opcode::write
                              : opcode::read,
                   kind < 4 ? at : at % blocks, block, free.back());
            free.pop_back();
            begun++;
        }
        io->commit();
        std::vector<request *> got(depth);
        unsigned n =
            io->reap(got, 1 + static_cast<unsigned>(random.random()() % (begun - done)), {});
        ASSERT_GT(n, 0u);
        for (request *r : std::span(got).first(n)) {
            ASSERT_EQ(r->result, r->op == opcode::fdatasync ? 0 : static_cast<int64_t>(block));
            free.push_back(r->buffer);
        }
        done += n;
    }
    path_counts reads = io->counts(ring::reads);
    EXPECT_GT(reads.aio, 0u);
    EXPECT_EQ(reads.issued, reads.aio + (GetParam() == offload::punt ? reads.pooled : 0));
}
