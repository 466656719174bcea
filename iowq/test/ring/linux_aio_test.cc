// SPDX-License-Identifier: MIT
#include "iowq/ring/linux_aio.h"
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
    config.help = false;
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
        // What could not be sent is another worker's as soon as it is queued: in many rounds, as
        // the other has to be quick to meet one that goes on with it.
        const auto rounds = static_cast<unsigned>(stress_items(40));
        for (unsigned round = 0; round < rounds; round++) {
            submit(opcode::fsync, 0);
            for (unsigned i = 1; i < depth; i++)
                submit(opcode::read, i);
            reap(depth);
        }
        for (request &r : requests)
            EXPECT_EQ(r.result, r.op == opcode::fsync ? 0 : static_cast<int64_t>(block));
        EXPECT_EQ(io->counts(ring::reads).aio, 0u);
        EXPECT_EQ(io->counts(ring::reads).pooled, rounds * (depth - 1));
        io.reset();
        pool.reset();
    }).join();
}

namespace {

// Those that are submitted while the only worker is held follow the first of them.
struct carried : direct {
    holder worker;
    void SetUp() override {
        direct::SetUp();
        if (IsSkipped())
            return;
        pool = make(limited(1));
        ring_config config;
        config.mode = offload::sqwq;
        config.help = false;
        create(config);
        for (unsigned i = 0; i < blocks; i++)
            memset(memory + i * block, static_cast<int>(i), block);
        ASSERT_EQ(pwrite(s.f.fd, memory, blocks * block, 0), ssize_t{blocks} * block);
        memset(memory, 'x', blocks * block);
        worker.start_on(*pool);
    }
    void TearDown() override {
        if (pool && !IsSkipped() && !let_go)
            worker.end();
    }
    bool let_go = false;
    void go() {
        let_go = true;
        worker.end();
    }
    void expect_read(const request &r) const {
        EXPECT_EQ(r.result, static_cast<int64_t>(block));
        EXPECT_EQ(*static_cast<char *>(r.buffer), static_cast<char>(r.offset / block));
    }
};

} // namespace

// At each place in the batch, one that io_submit refuses, in each of the ways in which it does.
TEST_F(carried, one_that_is_refused_fails_alone) {
    go();
    file closed, flags;
    ASSERT_EQ(closed.examine(s.f.fd), 0);
    ASSERT_EQ(flags.examine(s.f.fd), 0);
    closed.fd = -1;
    struct {
        file &on;
        uint64_t bytes;
        int rw_flags;
        int64_t result;
    } table[] = {{closed, block, 0, -EBADF},
                 {s.f, 100, 0, -EINVAL},
                 {s.f, uint64_t{1} << 63, 0, -EINVAL},
                 {flags, block, 1 << 30, -EOPNOTSUPP}}; // AIO says so too, for any flag
    constexpr unsigned n = 10;                          // more than one call takes
    for (auto &bad : table) {
        for (unsigned place = 0; place <= n; place++) { // in the last row all are refused
            SCOPED_TRACE(testing::Message() << bad.result << " at " << place);
            holder busy;
            busy.start_on(*pool);
            std::deque<prepared> batch;
            for (unsigned i = 0; i < n; i++) {
                bool is_bad = i == place || place == n;
                prepared &r =
                    batch.emplace_back(is_bad ? bad.on : s.f, opcode::read, memory + i * block,
                                       i * block, is_bad ? bad.bytes : block);
                r.rw_flags = is_bad ? bad.rw_flags : 0;
                flags.nowait[0].forget(); // so that it is asked again
                ASSERT_EQ(io->submit(r), ring::submitted::queued);
            }
            busy.end();
            reap(n);
            for (unsigned i = 0; i < n; i++) {
                if (i == place || place == n)
                    EXPECT_EQ(batch[i].result, bad.result);
                else
                    expect_read(batch[i]);
            }
        }
    }
}

// What would block is sent by a worker of its own, and does not hold up the others.
TEST_F(carried, what_would_block_comes_back_and_is_sent_alone) {
    for (unsigned i = 0; i < depth; i++)
        submit(i % 4 ? opcode::read : opcode::write, i % 4 ? i : blocks + i);
    go();
    reap(depth);
    for (request &r : requests)
        EXPECT_EQ(r.result, static_cast<int64_t>(block));
    for (auto d : {ring::reads, ring::writes}) {
        path_counts c = io->counts(d);
        EXPECT_EQ(c.aio, c.issued);
        EXPECT_EQ(c.pooled, c.issued);
    }
    EXPECT_GT(io->counts(ring::writes).nowait_miss + io->counts(ring::writes).nowait_refused, 0u);
}

// Each set of four, the carrier among them, in both orders.
TEST_F(carried, each_can_be_taken_back_for_itself) {
    go();
    constexpr unsigned n = 4;
    for (unsigned set = 0; set < 1u << n; set++) {
        for (bool backwards : {false, true}) {
            SCOPED_TRACE(testing::Message() << set << backwards);
            holder busy;
            busy.start_on(*pool);
            requests.clear();
            for (unsigned i = 0; i < n; i++)
                submit(opcode::read, i);
            unsigned stay = n;
            for (unsigned i = 0; i < n; i++) {
                unsigned one = backwards ? n - 1 - i : i;
                if (!(set & 1u << one))
                    continue;
                EXPECT_TRUE(io->cancel(requests[one]));
                EXPECT_FALSE(io->cancel(requests[one]));
                stay--;
            }
            EXPECT_EQ(io->in_flight(), stay);
            submit(opcode::read, n); // and the way is as ever
            busy.end();
            reap(stay + 1);
            EXPECT_EQ(io->in_flight(), 0u);
            for (unsigned i = 0; i <= n; i++)
                if (!(set & 1u << i))
                    expect_read(requests[i]);
        }
    }
}

TEST_F(carried, what_has_been_sent_is_not_taken_back) {
    prepared &first = submit(opcode::read, 0), &second = submit(opcode::read, 1);
    go();
    ASSERT_EQ(pool->flush(), 0);
    until_all_park(*pool);
    EXPECT_FALSE(io->cancel(first));
    EXPECT_FALSE(io->cancel(second));
    reap(2);
    expect_read(first);
    expect_read(second);
}

TEST_F(carried, the_pools_exit_sends_what_is_queued) {
    for (unsigned i = 0; i < depth; i++)
        submit(opcode::read, i);
    std::thread ends([this] { EXPECT_EQ(pool->exit(), 0); });
    go();
    reap(depth);
    for (request &r : requests)
        expect_read(r);
    ends.join();
    prepared late(s.f, opcode::read, memory, 0, block);
    for (int i = 0; i < 2; i++) {
        EXPECT_EQ(io->submit(late), ring::submitted::completed);
        EXPECT_EQ(late.result, -ESHUTDOWN);
    }
}

// One is taken back while the pool ends: another would have to carry those that followed it.
TEST_F(carried, what_can_be_queued_no_more_comes_back) {
    submit(opcode::read, 0);
    submit(opcode::read, 1);
    item says_so([](item &) {});
    says_so.flags = work_unbound;
    holder unbound(work_unbound);
    unbound.start_on(*pool);
    ASSERT_EQ(pool->enqueue(&says_so), 0);
    std::thread ends([this] { EXPECT_EQ(pool->exit(), 0); });
    says_so.done.acquire(); // cancelled, as the exit has begun
    EXPECT_TRUE(io->cancel(requests[0]));
    reap(1);
    EXPECT_EQ(requests[1].result, -ESHUTDOWN);
    unbound.end();
    go();
    ends.join();
}

TEST_F(carried, the_pools_cancel_completes_those_that_follow_too) {
    for (unsigned i = 0; i < 3; i++)
        submit(opcode::read, i);
    std::thread other([this] {
        request *carrier = &requests[0];
        EXPECT_EQ(pool->cancel(&carrier->item), cancel_result::ok);
    });
    reap(3);
    other.join();
    for (request &r : requests)
        EXPECT_EQ(r.result, -ECANCELED);
    go();
    requests.clear();
    submit(opcode::read, 1);
    reap(1);
    expect_read(requests[0]);
}

TEST_F(direct, without_a_thread_all_that_is_carried_is_cancelled) {
    pool = make();
    ring_config config;
    config.mode = offload::sqwq;
    create(config);
    failing_creations = 1000;
    for (unsigned i = 0; i < 8; i++)
        submit(opcode::read, i);
    reap(8);
    failing_creations = 0;
    for (request &r : requests)
        EXPECT_EQ(r.result, -ECANCELED);
    submit(opcode::read, 0);
    reap(1);
    EXPECT_EQ(requests.back().result, static_cast<int64_t>(block));
}

TEST_F(carried, none_follows_a_carrier_of_another_node) {
    file elsewhere;
    ASSERT_EQ(elsewhere.examine(s.f.fd), 0);
    elsewhere.node = s.f.node + 1;
    submit(opcode::read, 0);
    prepared apart(elsewhere, opcode::read, memory + block, block, block);
    ASSERT_EQ(io->submit(apart), ring::submitted::queued);
    EXPECT_EQ(apart.way.first, route::sends_blocking);
    submit(opcode::read, 2);
    EXPECT_EQ(requests.back().way.first, route::sends);
    go();
    reap(3);
    expect_read(apart);
    EXPECT_EQ(io->counts(ring::reads).aio, 3u);
}

// Whether a carrier saves enough calls is what the submitter goes by, unless it must not help.
TEST_F(carried, the_submitter_sends_itself_where_carriers_carry_little) {
    go();
    struct {
        unsigned commits, a_commit; // that a carrier carries; requests each
        bool help, itself;
    } table[] = {{1, 1, true, true},  {7, 1, true, true},   {1, 16, true, true},
                 {8, 1, true, false}, {16, 2, true, false}, {1, 1, false, false}};
    for (auto &each : table) {
        SCOPED_TRACE(testing::Message() << each.commits << " " << each.a_commit << each.help);
        ring_config config;
        config.mode = offload::sqwq;
        config.help = each.help;
        create(config);
        constexpr unsigned rounds = 20;
        unsigned n = each.commits * each.a_commit;
        for (unsigned round = 0; round < rounds; round++) {
            holder busy;
            busy.start_on(*pool);
            requests.clear();
            for (unsigned i = 0; i < n; i++) {
                submit(opcode::read, i);
                if ((i + 1) % each.a_commit == 0)
                    io->commit();
            }
            busy.end();
            reap(n);
            for (request &r : requests)
                expect_read(r);
        }
        path_counts c = io->counts(ring::reads);
        EXPECT_EQ(c.aio, rounds * n);
        EXPECT_EQ(c.helped + c.pooled, c.issued);
        if (each.itself)
            EXPECT_GE(c.helped, (rounds - 6) * n);
        else
            EXPECT_EQ(c.helped, 0u);
    }
}

// While it sends itself, handing over is tried again, and kept to where it pays then.
TEST_F(carried, handing_over_is_tried_again) {
    go();
    ring_config config;
    config.mode = offload::sqwq;
    create(config);
    auto round = [this](unsigned n) {
        holder busy;
        busy.start_on(*pool);
        requests.clear();
        for (unsigned i = 0; i < n; i++) {
            submit(opcode::read, i);
            io->commit();
        }
        busy.end();
        reap(n);
    };
    for (int i = 0; i < 20; i++)
        round(1);
    uint64_t helped = io->counts(ring::reads).helped;
    EXPECT_GE(helped, 14u);
    for (int i = 0; i < 100; i++)
        round(16);
    helped = io->counts(ring::reads).helped - helped;
    EXPECT_GE(helped, 900u);
    EXPECT_LE(helped, 1200u);
}

// By hand: nobody is waited for once all is sent, and until then somebody may yet push.
TEST_F(direct, what_workers_have_sent_is_expected_from_the_device_alone) {
    using part = linux_aio::part;
    std::unique_ptr<linux_aio> aio;
    ASSERT_EQ(linux_aio::create(4, -1, aio), 0);
    EXPECT_TRUE(aio->all_sent(0));
    prepared r[3];
    for (prepared &each : r)
        each.set(s.f, opcode::read, memory, 0, block);
    EXPECT_EQ(aio->join(r[0]), part::carries);
    EXPECT_EQ(aio->take_followers(), nullptr);
    EXPECT_EQ(aio->join(r[1]), part::follows);
    EXPECT_EQ(aio->join(r[2]), part::follows);
    request *both = aio->take_followers();
    ASSERT_EQ(both, &r[1]);
    EXPECT_EQ(both->next, &r[2]);
    EXPECT_EQ(r[2].next, nullptr);
    EXPECT_EQ(aio->join(r[2]), part::follows);
    EXPECT_FALSE(aio->all_sent(2));
    EXPECT_EQ(aio->send_carried(r[0], path_pooled), nullptr);
    EXPECT_TRUE(aio->all_sent(2));
    EXPECT_EQ(aio->join(r[1]), part::carries);
    EXPECT_FALSE(aio->all_sent(3));
    EXPECT_EQ(aio->send_by_worker(r[1]), 0);
    EXPECT_EQ(aio->end_carrying(), nullptr);
    EXPECT_TRUE(aio->all_sent(3));
    request *got[3];
    bool interrupted = false;
    unsigned n = 0;
    while (n < 3)
        n += aio->wait(std::span(got).subspan(n), 3 - n, {}, interrupted);
    for (unsigned left = 3; left-- > 0;) {
        aio->came_back();
        EXPECT_TRUE(aio->all_sent(left));
    }
}

// Several rings on one pool, whose requests are sent, refused and taken back at any time; a ring
// may end right after its last completion.
TEST_F(direct, several_rings_on_one_pool_lose_nothing) {
    file closed;
    ASSERT_EQ(closed.examine(s.f.fd), 0);
    closed.fd = -1;
    pool = make(limited(2));
    auto submitter = [&](unsigned number) {
        constexpr unsigned slots = 16;
        jitter random(100 + number);
        auto below = [&](unsigned n) { return static_cast<unsigned>(random.random()() % n); };
        char *mine = memory + number * slots * block;
        for (unsigned left = stress_items(600); left > 0;) {
            ring_config config;
            config.mode = below(2) ? offload::sqwq : offload::hashed;
            config.depth = slots;
            config.help = below(4) > 0;
            std::unique_ptr<ring> own;
            ASSERT_EQ(ring::create(config, pool.get(), own), 0);
            prepared all[slots];
            bool there[slots] = {}, asked[slots] = {};
            unsigned inside = 0;
            for (unsigned of_this = std::min(left, 200u); of_this > 0 || inside > 0;) {
                random.maybe();
                unsigned one = below(slots);
                if (there[one] && below(8) == 0) {
                    asked[one] = true;
                    if (own->cancel(all[one])) {
                        there[one] = false;
                        inside--;
                    }
                } else if (!there[one] && of_this > 0) {
                    of_this--;
                    left--;
                    all[one].set(below(8) ? s.f : closed, below(3) ? opcode::read : opcode::write,
                                 mine + one * block, (number * slots + one) * block, block);
                    asked[one] = false;
                    ASSERT_EQ(own->submit(all[one]), ring::submitted::queued);
                    there[one] = true;
                    inside++;
                }
                if (below(3) == 0)
                    own->commit();
                if (below(4) && inside < slots && of_this > 0)
                    continue;
                request *got[slots];
                deadline until;
                if (below(4) == 0)
                    until = clock::now() + std::chrono::microseconds(below(200));
                unsigned n = own->reap(got, below(inside + 1), until);
                for (request *r : std::span(got).first(n)) {
                    auto at = static_cast<size_t>(static_cast<prepared *>(r) - all);
                    ASSERT_TRUE(there[at]);
                    there[at] = false;
                    inside--;
                    bool cut = asked[at] && (r->result == -ECANCELED || r->result == -EINTR);
                    ASSERT_TRUE(cut ||
                                r->result ==
                                    (r->target == &closed ? -EBADF : static_cast<int64_t>(block)))
                        << r->result;
                }
            }
        }
    };
    std::thread second(submitter, 1), third(submitter, 2);
    submitter(0);
    second.join();
    third.join();
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
    EXPECT_EQ(reads.issued, GetParam() == offload::punt ? reads.aio + reads.pooled : reads.aio);
}
