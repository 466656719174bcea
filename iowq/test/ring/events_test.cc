// SPDX-License-Identifier: MIT
// A ring in somebody else's event loop: its descriptor, requests that always come back by reap,
// requests from other threads, callbacks.
#include "iowq/ring/prepare.h"
#include "iowq/ring/ring.h"
#include "iowq/test/ring/requests.h"

#include <fcntl.h>
#include <poll.h>

using namespace iowq;
using submitted = ring::submitted;

namespace {

void prepare_read(request &r, int fd, char &byte) {
    r.prepare_call(SYS_read, {static_cast<uint64_t>(fd), reinterpret_cast<uintptr_t>(&byte), 1});
}
void prepare_write(request &r, int fd, const char *bytes) {
    r.prepare_call(SYS_write,
                   {static_cast<uint64_t>(fd), reinterpret_cast<uintptr_t>(bytes), strlen(bytes)});
}

bool is_readable(int fd, int milliseconds = 0) {
    pollfd watched = {fd, POLLIN, 0};
    return poll(&watched, 1, milliseconds) == 1;
}

struct events : testing::TestWithParam<offload> {
    std::unique_ptr<wq> pool = make();
    std::unique_ptr<ring> io;
    scratch on_disk;
    char bytes[64][32] = {};
    request r[64];

    events() {
        make_ring(64);
        EXPECT_EQ(pwrite(on_disk.f.fd, "0123456789abcdef", 16, 0), 16);
    }
    ~events() override { EXPECT_EQ(io->in_flight(), 0u); }
    void make_ring(unsigned depth) {
        ring_config config{.mode = GetParam(), .depth = depth, .event_fd = true};
        EXPECT_EQ(ring::create(config, pool.get(), io), 0);
    }

    void read(unsigned i) { r[i].prepare(opcode::read, on_disk.f, bytes[i], 16); }
    // Waits for the event, and reaps as its loop would. Returns those that have come.
    std::vector<request *> turn() {
        EXPECT_TRUE(is_readable(io->event_fd(), -1));
        std::vector<request *> came(64);
        came.resize(io->reap(came, 0, {}));
        return came;
    }
    std::vector<request *> turns(size_t n) {
        std::vector<request *> all;
        while (all.size() < n)
            for (request *each : turn())
                all.push_back(each);
        return all;
    }
    // The event may be told of what has been reaped already, but not for ever.
    void expect_quiet() {
        request *got;
        while (is_readable(io->event_fd()))
            ASSERT_EQ(io->reap({&got, 1}, 0, {}), 0u);
    }
    bool blocks_the_submitter() {
        return GetParam() == offload::inline_ || GetParam() == offload::sqthread;
    }
};

INSTANTIATE_TEST_SUITE_P(ring, events, testing::ValuesIn(all_modes), name_of_mode);

} // namespace

TEST_P(events, nothing_is_told_while_there_is_nothing) {
    expect_quiet();
    read(0);
    if (io->submit(r[0]) == submitted::queued) {
        io->commit();
        EXPECT_EQ(turns(1), (std::vector<request *>{&r[0]}));
    }
    EXPECT_EQ(r[0].result, 16);
    expect_quiet();
}

TEST_P(events, what_has_not_been_reaped_is_told_again) {
    for (unsigned i = 0; i < 20; i++) {
        read(i);
        io->start(r[i]);
    }
    io->commit();
    for (unsigned n = 0; n < 20;) {
        ASSERT_TRUE(is_readable(io->event_fd(), -1));
        request *got;
        n += io->reap({&got, 1}, 0, {});
    }
    expect_quiet();
}

// A read that misses the page cache, a write that bypasses it, streams, and what has no file.
TEST_P(events, every_kind_comes_back) {
    cold missed;
    scratch direct(O_RDWR | O_DIRECT);
    void *memory = aligned_alloc(block, block);
    ASSERT_EQ(ftruncate(direct.f.fd, block), 0);
    for (int round = 0; round < 3; round++) {
        missed.drop();
        r[0].prepare(opcode::read, missed.f, missed.in.data(), block, 8 * block);
        r[1].prepare(opcode::write, direct.f, memory, block);
        r[2].prepare(opcode::fsync, on_disk.f);
        r[3].prepare(opcode::nop, on_disk.f);
        r[4].prepare_call(SYS_getpid, {});
        silence pipe, socket(true);
        file pipes_end, sockets_end;
        ASSERT_EQ(pipes_end.examine(pipe.fd[0]), 0);
        ASSERT_EQ(sockets_end.examine(socket.fd[0]), 0);
        pipe.end(), socket.end();
        r[5].prepare(opcode::read, pipes_end, bytes[5], 1);
        r[6].prepare(opcode::read, sockets_end, bytes[6], 1);
        for (unsigned i = 0; i < 7; i++)
            io->start(r[i]);
        io->commit();
        EXPECT_EQ(turns(7).size(), 7u);
        EXPECT_EQ(r[5].result, 1);
        EXPECT_EQ(r[6].result, 1);
        EXPECT_EQ(r[0].result, static_cast<int64_t>(block));
        EXPECT_EQ(r[1].result, static_cast<int64_t>(block));
        EXPECT_EQ(r[2].result, 0);
        EXPECT_EQ(r[4].result, getpid());
    }
    expect_quiet();
    free(memory);
}

TEST_P(events, a_link_goes_on_and_a_refusal_is_told) {
    read(0);
    r[0].link = linked::soft;
    read(1);
    r[2].prepare_call(SYS_exit, {});
    for (unsigned i = 0; i < 3; i++)
        io->start(r[i]);
    io->commit();
    turns(3);
    EXPECT_EQ(r[0].result, 16);
    EXPECT_EQ(r[1].result, 16);
    EXPECT_EQ(r[2].result, -EINVAL);
    expect_quiet();
}

TEST_P(events, what_there_is_no_room_for_waits) {
    for (unsigned depth : {1u, 2u, 3u}) {
        make_ring(depth);
        for (unsigned i = 0; i < 20; i++) {
            read(i);
            r[i].link = i % 3 == 0 ? linked::soft : linked::none;
            io->start(r[i]);
        }
        io->commit();
        turns(20);
        for (unsigned i = 0; i < 20; i++)
            EXPECT_EQ(r[i].result, 16) << i << " at depth " << depth;
        EXPECT_EQ(io->in_flight(), 0u);
    }
}

TEST_P(events, a_time_limit_waits_for_room_with_its_request) {
    if (blocks_the_submitter())
        GTEST_SKIP() << "nothing could end it there";
    make_ring(2);
    silence quiet;
    timespec at_once = {};
    char byte;
    for (unsigned i = 0; i < 12; i += 3) {
        prepare_read(r[i], quiet.fd[0], byte);
        r[i].link = linked::soft;
        prepare_link_timeout(r[i + 1], at_once);
        read(i + 2);
        for (unsigned j = i; j < i + 3; j++)
            io->start(r[j]);
    }
    io->commit();
    turns(12);
    for (unsigned i = 0; i < 12; i += 3) {
        EXPECT_TRUE(r[i].result == -ECANCELED || r[i].result == -EINTR) << r[i].result;
        EXPECT_EQ(r[i + 1].result, -ETIME);
        EXPECT_EQ(r[i + 2].result, 16);
    }
}

// Nobody looks whether the leader is caught in a call.
TEST_P(events, a_call_that_waits_for_another_one_holds_up_nothing) {
    if (blocks_the_submitter())
        GTEST_SKIP() << "the first would wait for the second";
    silence quiet;
    char byte;
    prepare_read(r[0], quiet.fd[0], byte);
    prepare_write(r[1], quiet.fd[1], "x");
    io->start(r[0]);
    io->start(r[1]);
    io->commit();
    turns(2);
    EXPECT_EQ(r[0].result, 1);
    EXPECT_EQ(r[1].result, 1);
}

TEST_P(events, a_cancelled_call_is_told) {
    if (GetParam() == offload::inline_)
        GTEST_SKIP() << "the submitter would wait";
    silence quiet;
    char byte;
    for (int round = 0; round < 20; round++) {
        prepare_read(r[0], quiet.fd[0], byte);
        io->start(r[0]);
        io->commit();
        if (round % 2)
            std::this_thread::yield();
        if (!io->cancel(r[0])) {
            EXPECT_EQ(turns(1)[0], &r[0]);
            EXPECT_TRUE(r[0].result == -EINTR || r[0].result == -ECANCELED) << r[0].result;
        }
    }
    expect_quiet();
}

TEST_P(events, callbacks_may_start_more) {
    struct chain_of {
        ring &io;
        int left;
    } rest = {*io, 100};
    for (unsigned i = 0; i < 3; i++) {
        read(i);
        r[i].user_data = &rest;
        r[i].then = [](request &done) {
            auto &rest = *static_cast<chain_of *>(done.user_data);
            EXPECT_EQ(done.result, 16);
            if (rest.left-- > 0)
                rest.io.start(done);
        };
        io->start(r[i]);
    }
    io->commit();
    unsigned n = 0;
    while (n < 103) {
        ASSERT_TRUE(is_readable(io->event_fd(), -1));
        n += io->dispatch(0, {});
    }
    EXPECT_EQ(n, 103u);
    expect_quiet();
    for (unsigned i = 0; i < 3; i++)
        io->start(r[i]);
    EXPECT_EQ(io->dispatch(3, {}), 3u) << "it may also be waited for";
}

TEST_P(events, those_of_other_threads_come_to_the_submitter) {
    constexpr unsigned threads = 3, each = 200;
    make_ring(4);
    std::vector<request> posted(threads * each);
    std::deque<std::thread> posters;
    for (unsigned t = 0; t < threads; t++)
        posters.emplace_back([&, t] {
            jitter random(t);
            for (unsigned i = 0; i < each; i++) {
                request &p = posted[t * each + i];
                p.prepare(i % 2 ? opcode::read : opcode::nop, on_disk.f, bytes[t], 16);
                random.maybe();
                EXPECT_EQ(io->post(p), 0);
            }
        });
    EXPECT_EQ(turns(posted.size()).size(), posted.size());
    for (std::thread &t : posters)
        t.join();
    for (size_t i = 0; i < posted.size(); i++)
        EXPECT_EQ(posted[i].result, i % 2 ? 16 : 0);
    expect_quiet();
}

TEST_P(events, a_posted_request_is_issued_while_the_submitter_waits) {
    if (blocks_the_submitter())
        GTEST_SKIP() << "the submitter would wait in the call";
    for (bool event_fd : {true, false}) {
        ring_config config{.mode = GetParam(), .depth = 8, .event_fd = event_fd};
        ASSERT_EQ(ring::create(config, pool.get(), io), 0);
        silence quiet;
        char byte;
        for (unsigned i : {0u, 1u}) {
            prepare_read(r[i], quiet.fd[0], byte);
            io->start(r[i]);
        }
        std::thread other([&, tid = gettid()] {
            until_asleep(tid);
            prepare_write(r[2], quiet.fd[1], "xy");
            EXPECT_EQ(io->post(r[2]), 0);
        });
        request *got[3];
        EXPECT_EQ(io->reap(got, 3, {}), 3u) << "the third counts, too";
        other.join();
    }
}

TEST_P(events, one_that_is_posted_can_be_taken_back) {
    make_ring(1);
    silence quiet;
    char byte;
    if (!blocks_the_submitter()) { // there is no room for it
        prepare_read(r[0], quiet.fd[0], byte);
        io->start(r[0]);
    }
    read(1), read(2);
    EXPECT_EQ(io->post(r[1]), 0);
    EXPECT_EQ(io->post(r[2]), 0);
    EXPECT_TRUE(io->cancel(r[1]));
    EXPECT_FALSE(io->cancel(r[1]));
    quiet.end();
    turns(blocks_the_submitter() ? 1 : 2);
    EXPECT_EQ(r[2].result, 16);
    expect_quiet();
}

TEST_P(events, what_cannot_be_posted_is_refused) {
    read(0);
    r[0].link = linked::soft;
    EXPECT_EQ(io->post(r[0]), -EINVAL) << "nobody knows what would come behind it";
}

TEST_P(events, the_descriptor_goes_with_the_ring) {
    int fd = io->event_fd();
    EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    io.reset();
    EXPECT_EQ(fcntl(fd, F_GETFD), -1);
    EXPECT_EQ(ring::create({.mode = GetParam()}, pool.get(), io), 0);
    EXPECT_EQ(io->event_fd(), -1);
}

// While it has an event as well, the submitter may wait in reap.
TEST_P(events, reap_waits_as_ever) {
    for (int round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 8; i++) {
            read(i);
            io->start(r[i]);
        }
        request *got[8];
        unsigned n = 0;
        while (n < 8)
            n += io->reap(std::span(got).subspan(n), 1, {});
    }
    expect_quiet();
}

TEST(event_loop, several_wake_nobody_while_a_worker_comes_to_them) {
    std::unique_ptr<wq> pool = make(limited(4));
    std::unique_ptr<ring> io;
    ring_config config{.mode = offload::sqwq, .depth = 32, .help = false, .event_fd = true};
    ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    file none;
    std::vector<request> all(32);
    std::vector<request *> each;
    for (request &r : all) {
        r.prepare(opcode::nop, none);
        each.push_back(&r);
    }
    std::atomic<bool> started{false};
    item runs([&](item &) {
        while (!started)
            std::this_thread::yield();
    });
    runs.flags = work_unbound; // as what is on no storage
    ASSERT_EQ(pool->enqueue(&runs), 0);
    io->start(each);
    EXPECT_EQ(pool->counters().wakes, 0u);
    EXPECT_EQ(pool->counters().workers_created, 1u);
    started = true;
    runs.done.acquire();
    for (unsigned n = 0; n < 32;) {
        ASSERT_TRUE(is_readable(io->event_fd(), -1));
        request *got[32];
        n += io->reap(got, 0, {});
    }
}
