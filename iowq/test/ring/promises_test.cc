// SPDX-License-Identifier: MIT
// What a ring promises in every mode: reap sends, and ends; no more than `depth` are in flight; a
// request can be cancelled wherever it is; a held file outlives its descriptor.
#include "iowq/ring/ring.h"

#include "iowq/test/item.h"
#include "iowq/test/ring/requests.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>

using namespace iowq;

namespace {

struct named_mode {
    offload mode;
    const char *name;
    bool operator==(offload m) const { return mode == m; }
};
const named_mode modes[] = {{offload::inline_, "inline"},  {offload::sqthread, "sqthread"},
                            {offload::handoff, "handoff"}, {offload::sqwq, "sqwq"},
                            {offload::punt, "punt"},       {offload::hashed, "hashed"}};
void PrintTo(const named_mode &m, std::ostream *to) { *to << m.name; }

constexpr unsigned depth = 4;

class promises : public testing::TestWithParam<named_mode> {
  protected:
    std::unique_ptr<wq> pool = make();
    std::unique_ptr<ring> io;
    silence quiet;
    file waits; // a read of it waits
    char bytes[4 * depth] = {};
    std::deque<prepared> all;

    void SetUp() override {
        ring_config config;
        config.mode = GetParam().mode;
        config.depth = depth;
        ASSERT_EQ(ring::create(config, pool.get(), io), 0);
        ASSERT_EQ(waits.examine(quiet.fd[0]), 0);
    }
    ring::submitted submit_read() {
        char *byte = &bytes[all.size()];
        return io->submit(all.emplace_back(waits, opcode::read, byte, 0, 1));
    }
    // The request, or nullptr when none came in a long time.
    request *reap_one() {
        request *got = nullptr;
        (void)io->reap({&got, 1}, 1, clock::now() + std::chrono::seconds(20));
        return got;
    }
};

class queueing : public promises {};

// An item that can be helped with, and comes back for ever: as those of another ring that shares
// the pool.
struct endless : work {
    wq &pool;
    std::atomic<bool> over{false};
    std::binary_semaphore done{0};

    explicit endless(wq &pool) : pool(pool) {
        flags = work_helpable;
        func = [](work **w) {
            auto &self = *static_cast<endless *>(*w);
            if (self.over || self.pool.enqueue(&self) != 0)
                self.done.release();
        };
        EXPECT_EQ(pool.enqueue(this), 0);
    }
    ~endless() {
        over = true;
        done.acquire();
    }
};

std::string name_of(const testing::TestParamInfo<named_mode> &p) { return p.param.name; }
INSTANTIATE_TEST_SUITE_P(ring, promises, testing::ValuesIn(modes), name_of);
INSTANTIATE_TEST_SUITE_P(ring, queueing, testing::ValuesIn(modes + 1, std::end(modes)), name_of);

} // namespace

// ---- reap

TEST_P(promises, reap_sends_what_was_submitted) {
    scratch s(O_RDWR | O_DIRECT);
    alignas(block) static char memory[block] = "written";
    for (opcode op : {opcode::write, opcode::fsync, opcode::read}) {
        prepared r(s.f, op, memory, 0, op == opcode::fsync ? 0 : block);
        if (io->submit(r) == ring::submitted::queued) {
            ASSERT_EQ(reap_one(), &r);
        }
        EXPECT_EQ(r.result, op == opcode::fsync ? 0 : int64_t{block});
    }
}

TEST_P(promises, a_request_without_a_file_is_refused) {
    for (opcode op : {opcode::read, opcode::write, opcode::fsync, opcode::fdatasync,
                      opcode::sync_file_range, opcode::trim}) {
        request r;
        r.op = op;
        EXPECT_EQ(io->submit(r), ring::submitted::completed);
        EXPECT_EQ(r.result, -EINVAL);
    }
    EXPECT_EQ(io->in_flight(), 0u);
}

TEST_P(promises, reap_waits_for_no_more_than_is_in_flight) {
    request *got[2 * depth];
    EXPECT_EQ(io->reap(got, 1, {}), 0u);
    scratch s;
    std::vector<char> memory(block);
    std::deque<prepared> some;
    unsigned queued = 0;
    for (unsigned i = 0; i < depth; i++)
        queued += io->submit(some.emplace_back(s.f, opcode::write, memory.data(), 0, block)) ==
                  ring::submitted::queued;
    EXPECT_EQ(io->in_flight(), queued);
    EXPECT_EQ(io->reap(got, 2 * depth, {}), queued);
    EXPECT_EQ(io->in_flight(), 0u);
}

TEST_P(queueing, more_than_depth_in_flight_are_refused_and_harm_nobody) {
    for (unsigned i = 0; i < depth; i++)
        ASSERT_EQ(submit_read(), ring::submitted::queued);
    for (unsigned i = 0; i < depth; i++) {
        ASSERT_EQ(submit_read(), ring::submitted::completed);
        EXPECT_EQ(all.back().result, -EBUSY);
    }
    quiet.end(depth);
    for (unsigned i = 0; i < depth; i++) {
        request *r = reap_one();
        ASSERT_NE(r, nullptr);
        EXPECT_EQ(r->result, 1);
        EXPECT_LT(std::find_if(all.begin(), all.end(), [r](auto &a) { return &a == r; }) -
                      all.begin(),
                  depth);
    }
    ASSERT_EQ(submit_read(), ring::submitted::queued);
    quiet.end();
    EXPECT_EQ(reap_one(), &all.back());
}

TEST_P(queueing, more_than_depth_past_the_cache_are_refused) {
    scratch s(O_RDWR | O_DIRECT);
    alignas(block) static char memory[2 * depth][block];
    ASSERT_EQ(ftruncate(s.f.fd, sizeof memory), 0);
    std::deque<prepared> some;
    unsigned queued = 0;
    for (unsigned i = 0; i < 2 * depth; i++)
        queued += io->submit(some.emplace_back(s.f, opcode::read, memory[i], i * block, block)) ==
                  ring::submitted::queued;
    EXPECT_EQ(queued, depth);
    request *got[depth];
    EXPECT_EQ(io->reap(got, depth, {}), depth);
}

TEST_P(queueing, reap_ends_at_its_deadline_also_while_it_helps) {
    ASSERT_EQ(submit_read(), ring::submitted::queued);
    {
        endless a(*pool), b(*pool), c(*pool);
        request *got = nullptr;
        EXPECT_EQ(io->reap({&got, 1}, 1, clock::now() + std::chrono::milliseconds(20)), 0u);
    }
    quiet.end();
    EXPECT_EQ(reap_one(), &all[0]);
}

// A handler may have something to say to whoever reaps.
TEST_P(queueing, reap_ends_when_a_signals_handler_has_run) {
    static std::atomic<int> received;
    received = 0;
    struct sigaction ours {
    }, before{};
    ours.sa_handler = [](int) { received++; };
    ASSERT_EQ(sigaction(SIGUSR1, &ours, &before), 0);
    ASSERT_EQ(submit_read(), ring::submitted::queued);
    std::atomic<bool> returned{false};
    std::thread sender([&, reaper = pthread_self()] {
        while (!returned) { // those that come before it sleeps find nothing to end
            pthread_kill(reaper, SIGUSR1);
            std::this_thread::yield();
        }
    });
    request *got;
    EXPECT_EQ(io->reap({&got, 1}, 1, {}), 0u);
    returned = true;
    sender.join();
    EXPECT_GT(received, 0);
    sigaction(SIGUSR1, &before, nullptr);
    quiet.end();
    EXPECT_EQ(reap_one(), &all.back());
}

TEST(cq, holds_addresses_of_five_levels_of_page_tables_and_none_that_are_tagged) {
    auto at = [](uint64_t address) -> request & { return *reinterpret_cast<request *>(address); };
    EXPECT_TRUE(cq::can_hold(at((1ull << 47) - 4096)));
    EXPECT_TRUE(cq::can_hold(at((1ull << 56) - 4096)));
    EXPECT_FALSE(cq::can_hold(at(1ull << 56)));
    EXPECT_FALSE(cq::can_hold(at(0x2a00000000001000)));
}

// ---- cancel: where the request is, in every mode

TEST_P(queueing, cancel_takes_back_what_has_not_been_sent) {
    scratch s(O_RDWR | O_DIRECT);
    alignas(block) static char memory[depth][block];
    ASSERT_EQ(ftruncate(s.f.fd, block), 0);
    bool with_own_queue = GetParam() == offload::sqthread || GetParam() == offload::handoff;
    bool batched = with_own_queue || GetParam() == offload::punt;
    for (unsigned i = 0; i < depth; i++)
        ASSERT_EQ(io->submit(all.emplace_back(s.f, opcode::read, memory[i], 0, block)),
                  ring::submitted::queued);
    unsigned left = depth;
    for (unsigned i : {1u, 0u, 3u}) { // in the middle, the first, the last
        bool taken = io->cancel(all[i]);
        left -= taken;
        if (batched) {
            EXPECT_TRUE(taken);
            EXPECT_FALSE(io->cancel(all[i])) << "it is not in flight any more";
        }
        if (with_own_queue)
            break; // it has sent the others
    }
    request *got[depth];
    EXPECT_EQ(io->reap(got, depth, {}), left);
}

TEST_P(queueing, cancel_takes_back_what_no_thread_has_come_to) {
    if (GetParam() == offload::handoff)
        GTEST_SKIP() << "its leader comes to everything at once";
    pool->max_workers({1, 1});
    for (unsigned i = 0; i < depth; i++)
        ASSERT_EQ(submit_read(), ring::submitted::queued);
    io->commit();
    EXPECT_TRUE(io->cancel(all[2]));
    EXPECT_TRUE(io->cancel(all[3]));
    EXPECT_EQ(io->in_flight(), 2u);
    // They may be used again at once.
    ASSERT_EQ(io->submit(all[3]), ring::submitted::queued);
    ASSERT_EQ(io->submit(all[2]), ring::submitted::queued);
    quiet.end(depth);
    for (unsigned i : {0u, 1u, 3u, 2u})
        EXPECT_EQ(reap_one(), &all[i]);
}

// Wherever it is by then: in the call, just before it, or not yet taken.
TEST_P(queueing, cancel_ends_a_call_that_would_wait_for_ever) {
    jitter delay(21);
    for (unsigned i = 0; i < stress_items(100); i++) {
        char byte;
        prepared r(waits, opcode::read, &byte, 0, 1);
        ASSERT_EQ(io->submit(r), ring::submitted::queued);
        io->commit();
        delay.maybe();
        if (i % 8 == 0) { // in the call for certain
            while (delay.random()() % 1024)
                std::this_thread::yield();
        }
        if (io->cancel(r)) {
            EXPECT_EQ(io->in_flight(), 0u);
            continue;
        }
        EXPECT_FALSE(io->cancel(r)) << "twice";
        ASSERT_EQ(reap_one(), &r);
        EXPECT_EQ(r.result, -EINTR);
        EXPECT_FALSE(io->cancel(r)) << "it has been reaped";
    }
}

// Polling reaps see to it as well.
TEST_P(queueing, a_cancelled_call_ends_for_a_reaper_that_never_waits) {
    for (int i = 0; i < 20; i++) {
        char byte;
        prepared r(waits, opcode::read, &byte, 0, 1);
        ASSERT_EQ(io->submit(r), ring::submitted::queued);
        io->commit();
        if (io->cancel(r))
            continue;
        request *got = nullptr;
        auto patience = clock::now() + std::chrono::seconds(20);
        while (io->reap({&got, 1}, 0, {}) == 0 && clock::now() < patience)
            std::this_thread::yield();
        ASSERT_EQ(got, &r);
    }
}

TEST_P(promises, cancel_leaves_what_is_done) {
    scratch s;
    char byte = 'x';
    prepared r(s.f, opcode::write, &byte, 0, 1);
    EXPECT_FALSE(io->cancel(r)) << "it was never submitted";
    if (io->submit(r) == ring::submitted::completed) {
        EXPECT_FALSE(io->cancel(r));
        return;
    }
    io->commit();
    struct stat st {};
    while (fstat(s.f.fd, &st) == 0 && st.st_size == 0)
        std::this_thread::yield();
    EXPECT_FALSE(io->cancel(r));
    EXPECT_EQ(reap_one(), &r);
    EXPECT_TRUE(r.result == 1 || r.result == -EINTR);
}

// O_DIRECT that a device has been given comes when it is done.
TEST_P(queueing, cancel_of_what_has_been_sent_to_a_device_loses_nothing) {
    scratch s(O_RDWR | O_DIRECT);
    alignas(block) static char memory[depth][block];
    ASSERT_EQ(ftruncate(s.f.fd, sizeof memory), 0);
    for (unsigned i = 0; i < stress_items(50); i++) {
        std::deque<prepared> some;
        for (unsigned k = 0; k < depth; k++)
            ASSERT_EQ(io->submit(some.emplace_back(s.f, opcode::read, memory[k], k * block, block)),
                      ring::submitted::queued);
        io->commit();
        unsigned left = depth;
        for (prepared &r : some)
            left -= io->cancel(r);
        request *got[depth];
        ASSERT_EQ(io->reap(got, depth, {}), left);
        for (request *r : std::span(got).first(left))
            EXPECT_TRUE(r->result == int64_t{block} || r->result == -EINTR) << r->result;
    }
}

// Each request that was submitted is reaped once, or was taken back; no byte is lost.
TEST_P(queueing, cancels_at_random_lose_nothing) {
    jitter random(22);
    std::map<request *, prepared *> in_flight;
    std::vector<prepared> requests(depth);
    std::vector<prepared *> free;
    for (prepared &r : requests)
        free.push_back(&r);
    unsigned given = 0, read_bytes = 0;
    for (unsigned i = 0; i < stress_items(2000); i++) {
        switch (random.random()() % 4) {
        case 0:
            if (!free.empty()) {
                prepared &r = *free.back();
                r.set(waits, opcode::read, &bytes[&r - &requests[0]], 0, 1);
                if (io->submit(r) ==
                    ring::submitted::completed) { // there was a byte to be tried for
                    ASSERT_EQ(r.result, 1);
                    read_bytes++;
                    break;
                }
                free.pop_back();
                in_flight[&r] = &r;
                if (random.random()() % 4)
                    io->commit();
            }
            break;
        case 1:
            if (given - read_bytes < depth) {
                quiet.end();
                given++;
            }
            break;
        case 2:
            if (!in_flight.empty()) {
                prepared *r = in_flight.begin()->second;
                if (io->cancel(*r)) {
                    in_flight.erase(r);
                    free.push_back(r);
                }
            }
            break;
        case 3:
            request *got[depth];
            for (request *r : std::span(got).first(io->reap(got, 0, {}))) {
                ASSERT_EQ(in_flight.erase(r), 1u);
                free.push_back(static_cast<prepared *>(r));
                ASSERT_TRUE(r->result == 1 || r->result == -EINTR || r->result == -ECANCELED)
                    << r->result;
                read_bytes += r->result == 1;
            }
        }
        ASSERT_EQ(io->in_flight(), in_flight.size());
        random.maybe();
    }
    for (auto [r, it] : std::map(in_flight))
        if (io->cancel(*r))
            in_flight.erase(r);
    while (!in_flight.empty()) {
        request *r = reap_one();
        ASSERT_NE(r, nullptr);
        in_flight.erase(r);
        read_bytes += r->result == 1;
    }
    char left[2 * depth];
    unsigned still = 0;
    if (given > read_bytes)
        still = static_cast<unsigned>(read(quiet.fd[0], left, sizeof left));
    EXPECT_EQ(read_bytes + still, given);
}

// ---- files

TEST_P(promises, a_held_file_is_the_one_meant_though_its_number_is_given_away) {
    pool->max_workers({1, 1});
    holder busy, busy_unbound(work_unbound);
    busy.start_on(*pool);
    busy_unbound.start_on(*pool);
    char name[] = "build/iowq_test.XXXXXX", other_name[] = "build/iowq_test.XXXXXX";
    int fd = mkstemp(name), other = mkstemp(other_name);
    file meant;
    ASSERT_EQ(meant.examine(fd), 0);
    ASSERT_EQ(meant.hold(), 0);
    char byte = 'x';
    prepared w(meant, opcode::write, &byte, 0, 1);
    bool queued = io->submit(w) == ring::submitted::queued;
    ASSERT_EQ(dup2(other, fd), fd); // closed, and the number taken at once
    busy.end();
    busy_unbound.end();
    if (queued) {
        EXPECT_EQ(reap_one(), &w);
    }
    EXPECT_EQ(w.result, 1);
    struct stat st {};
    EXPECT_EQ(stat(name, &st), 0);
    EXPECT_EQ(st.st_size, 1);
    EXPECT_EQ(stat(other_name, &st), 0);
    EXPECT_EQ(st.st_size, 0);
    int own = meant.fd;
    meant.let_go();
    EXPECT_EQ(fcntl(own, F_GETFD), -1);
    for (const char *each : {name, other_name})
        unlink(each);
    close(fd);
    close(other);
}
