// SPDX-License-Identifier: MIT
// Links, barriers and time limits, in every mode.
#include "iowq/ring/prepare.h"
#include "iowq/ring/ring.h"
#include "iowq/test/ring/requests.h"

#include <map>

using namespace iowq;
using submitted = ring::submitted;

namespace {

constexpr unsigned depth = 64;

struct ordered : ::testing::TestWithParam<offload> {
    std::unique_ptr<wq> pool = make();
    std::unique_ptr<ring> io;
    scratch file;
    char bytes[depth][32] = {};
    request r[depth];
    std::vector<const request *> came;

    ordered() {
        EXPECT_EQ(ring::create({.mode = GetParam(), .depth = depth}, pool.get(), io), 0);
        EXPECT_EQ(pwrite(file.f.fd, "0123456789abcdef", 16, 0), 16);
    }
    ~ordered() override { EXPECT_EQ(io->in_flight(), 0u); }

    // Requests by their numbers: what they do, and what the next one is to them.
    void nop(unsigned i, linked link = linked::none) {
        r[i].prepare(opcode::nop, file.f);
        r[i].link = link;
    }
    void read(unsigned i, uint64_t bytes_wanted, linked link = linked::none) {
        r[i].prepare(opcode::read, file.f, bytes[i], bytes_wanted);
        r[i].link = link;
    }
    void fails(unsigned i, linked link = linked::none) {
        r[i].prepare_call(SYS_lseek, {static_cast<uint64_t>(-1)});
        r[i].link = link;
    }
    void queue(unsigned i) { ASSERT_EQ(io->submit(r[i]), submitted::queued) << i; }
    void reap(unsigned n) {
        for (unsigned left = n; left > 0;) {
            request *got[depth];
            unsigned some = io->reap(std::span(got).first(left), 1, {});
            ASSERT_GT(some, 0u);
            ASSERT_LE(some, left);
            came.insert(came.end(), got, got + some);
            left -= some;
        }
    }
    [[nodiscard]] std::vector<int64_t> results(unsigned n) const {
        std::vector<int64_t> all;
        for (unsigned i = 0; i < n; i++)
            all.push_back(r[i].result);
        return all;
    }
    [[nodiscard]] std::vector<size_t> order() const {
        std::vector<size_t> all;
        for (const request *each : came)
            all.push_back(static_cast<size_t>(each - r));
        return all;
    }
};

INSTANTIATE_TEST_SUITE_P(ring, ordered, testing::ValuesIn(all_modes), name_of_mode);

using list = std::vector<size_t>;
using values = std::vector<int64_t>;

} // namespace

// What a write-ahead log wants: write, then sync, then tell me.
TEST_P(ordered, a_write_a_sync_and_a_nop_come_one_after_another) {
    r[0].prepare(opcode::write, file.f, bytes[0], 8, 100);
    r[1].prepare(opcode::fdatasync, file.f);
    nop(2);
    r[0].link = r[1].link = linked::soft;
    for (unsigned i : {0u, 1u, 2u})
        queue(i);
    EXPECT_EQ(io->in_flight(), 3u);
    reap(3);
    EXPECT_EQ(order(), (list{0, 1, 2}));
    EXPECT_EQ(results(3), (values{8, 0, 0}));
}

TEST_P(ordered, what_is_linked_to_a_failure_is_cancelled) {
    fails(0, linked::soft), nop(1, linked::soft), nop(2, linked::hard), nop(3);
    for (unsigned i : {0u, 1u, 2u, 3u})
        queue(i);
    reap(4);
    EXPECT_EQ(order(), (list{0, 1, 2, 3}));
    EXPECT_EQ(results(4), (values{-EBADF, -ECANCELED, -ECANCELED, -ECANCELED}));
}

TEST_P(ordered, a_hard_link_goes_on_after_a_failure) {
    fails(0, linked::hard), nop(1, linked::hard), read(2, 64, linked::hard), nop(3);
    for (unsigned i : {0u, 1u, 2u, 3u})
        queue(i);
    reap(4);
    EXPECT_EQ(order(), (list{0, 1, 2, 3}));
    EXPECT_EQ(results(4), (values{-EBADF, 0, 16, 0}));
}

TEST_P(ordered, less_than_all_breaks_a_link) {
    for (bool vectored : {false, true}) {
        for (uint64_t wanted : {17, 16}) { // of 16 that there are
            iovec parts[2] = {{bytes[0], 8}, {bytes[1], wanted - 8}};
            if (vectored)
                prepare_readv(r[0], file.f, parts, 2, 0);
            else
                read(0, wanted);
            r[0].link = linked::soft;
            nop(1);
            queue(0), queue(1);
            reap(2);
            EXPECT_EQ(results(2), (values{16, wanted == 16 ? 0 : -ECANCELED}));
        }
    }
}

TEST_P(ordered, a_commit_or_a_reap_ends_what_is_being_linked) {
    nop(0, linked::soft);
    queue(0);
    io->commit();
    nop(1, linked::soft);
    queue(1);
    reap(2);
    EXPECT_EQ(results(2), (values{0, 0}));
}

TEST_P(ordered, a_barrier_waits_and_is_waited_for) {
    for (unsigned i = 0; i < 30; i++) {
        if (i % 3)
            nop(i);
        else
            read(i, 16);
        r[i].drains = i == 10 || i == 11 || i == 20;
    }
    std::vector<const request *> all;
    for (unsigned i = 0; i < 30; i++)
        if (io->submit(r[i]) == submitted::completed)
            came.push_back(&r[i]);
    reap(30 - static_cast<unsigned>(came.size()));
    std::map<size_t, size_t> at;
    for (size_t i = 0; i < came.size(); i++)
        at[order()[i]] = i;
    for (size_t barrier : {10u, 11u, 20u})
        for (size_t i = 0; i < 30; i++)
            EXPECT_TRUE(i == barrier || (i < barrier) == (at[i] < at[barrier]))
                << i << " and the barrier " << barrier;
}

TEST_P(ordered, what_is_not_asked_for_rightly_is_refused) {
    timespec time = {1, 0};
    prepare_link_timeout(r[0], time);
    EXPECT_EQ(io->submit(r[0]), submitted::completed);
    EXPECT_EQ(r[0].result, -EINVAL) << "there is nothing that it limits";
    nop(1, linked::soft);
    queue(1);
    nop(2);
    r[2].drains = true;
    EXPECT_EQ(io->submit(r[2]), submitted::completed);
    EXPECT_EQ(r[2].result, -EINVAL) << "a barrier behind a link";
    reap(1);
    for (unsigned i = 0; i < depth; i++)
        nop(i, linked::soft), queue(i);
    request more;
    more.prepare(opcode::nop, file.f);
    EXPECT_EQ(io->submit(more), submitted::completed);
    EXPECT_EQ(more.result, -EBUSY);
    reap(depth);
}

TEST_P(ordered, a_limit_ends_what_takes_longer) {
    if (GetParam() == offload::inline_ || GetParam() == offload::sqthread)
        GTEST_SKIP() << "nothing could end it there";
    silence quiet(true);
    timespec soon = {0, 1000000};
    prepare_recv(r[0], quiet.fd[0], bytes[0], 16);
    prepare_link_timeout(r[1], soon);
    nop(2);
    r[0].link = r[1].link = linked::soft;
    for (unsigned i : {0u, 1u, 2u})
        queue(i);
    reap(3);
    EXPECT_TRUE(r[0].result == -ECANCELED || r[0].result == -EINTR) << r[0].result;
    EXPECT_EQ(r[1].result, -ETIME);
    EXPECT_EQ(r[2].result, -ECANCELED);
}

TEST_P(ordered, a_limit_that_is_not_reached_is_cancelled) {
    timespec late = {86400, 0};
    read(0, 16, linked::soft);
    prepare_link_timeout(r[1], late);
    r[1].link = linked::soft;
    nop(2);
    queue(0);
    if (GetParam() == offload::sqthread) {
        EXPECT_EQ(io->submit(r[1]), submitted::completed);
        EXPECT_EQ(r[1].result, -EINVAL);
        reap(1);
        return;
    }
    queue(1), queue(2);
    reap(3);
    EXPECT_EQ(results(3), (values{16, -ECANCELED, 0}));
}

// Each of three that are linked, cancelled before it has begun.
TEST_P(ordered, cancelling_takes_those_behind_with_it) {
    silence quiet(true);
    for (unsigned taken = 0; taken < 3; taken++) {
        for (unsigned i = 0; i < 3; i++)
            nop(i, i < 2 ? linked::soft : linked::none);
        queue(0), queue(1);
        if (taken == 2)
            queue(2); // issued; which of them has begun, nobody knows
        if (taken < 2) {
            EXPECT_TRUE(io->cancel(r[taken]));
            reap(1);
            EXPECT_EQ(r[1 - taken].result, taken == 0 ? -ECANCELED : 0);
            came.clear();
        } else {
            bool took = io->cancel(r[2]);
            reap(took ? 2 : 3);
        }
        EXPECT_EQ(io->in_flight(), 0u);
    }
}

// What is cancelled may be the last so far of what is being linked.
TEST_P(ordered, cancelling_ends_what_is_being_linked) {
    for (unsigned taken = 0; taken < 3; taken++) {
        for (unsigned i = 0; i < 3; i++)
            nop(i, linked::soft), queue(i);
        EXPECT_TRUE(io->cancel(r[taken]));
        nop(3);
        (void)io->submit(r[3]);
        reap(io->in_flight());
        for (unsigned i = 0; i < 3; i++)
            EXPECT_TRUE(i == taken || r[i].result == (i < taken ? 0 : -ECANCELED)) << i;
        EXPECT_EQ(r[3].result, 0);
        EXPECT_EQ(io->in_flight(), 0u);
    }
}

// Chains of random requests against what is to come of them.
TEST_P(ordered, as_the_model_says_whatever_comes) {
    jitter random(3);
    auto next = [&](unsigned below) { return static_cast<unsigned>(random.random()() % below); };
    unsigned rounds = stress_items(200);
    for (unsigned round = 0; round < rounds; round++) {
        unsigned n = 1 + next(depth - 1);
        int64_t own[depth]; // what each comes to by itself
        bool breaks[depth];
        for (unsigned i = 0; i < n; i++) {
            auto link = static_cast<linked>(next(3));
            switch (next(4)) {
            case 0:
                nop(i, link), own[i] = 0, breaks[i] = false;
                break;
            case 1:
                read(i, 16, link), own[i] = 16, breaks[i] = false;
                break;
            case 2:
                r[i].prepare(opcode::read, file.f, bytes[i], 16, 8);
                r[i].link = link, own[i] = 8, breaks[i] = true;
                break;
            default:
                fails(i, link), own[i] = -EBADF, breaks[i] = true;
            }
            bool head = i == 0 || r[i - 1].link == linked::none;
            r[i].drains = head && next(8) == 0;
        }
        came.clear();
        for (unsigned i = 0; i < n; i++) {
            if (io->submit(r[i]) == submitted::completed)
                came.push_back(&r[i]);
            random.maybe();
            if (next(4) == 0 && r[i].link == linked::none && io->in_flight() > 0)
                reap(1 + next(io->in_flight()));
        }
        reap(io->in_flight());
        ASSERT_EQ(came.size(), n);
        std::map<size_t, size_t> at;
        for (size_t i = 0; i < n; i++)
            at[order()[i]] = i;
        ASSERT_EQ(at.size(), n);
        bool cancelled = false;
        for (unsigned i = 0; i < n; i++) {
            bool behind = i > 0 && r[i - 1].link != linked::none;
            cancelled = behind && (cancelled || (r[i - 1].link == linked::soft && breaks[i - 1]));
            EXPECT_EQ(r[i].result, cancelled ? -ECANCELED : own[i]) << i;
            EXPECT_TRUE(!behind || at[i - 1] < at[i]) << i;
            for (unsigned k = 0; r[i].drains && k < i; k++)
                EXPECT_LT(at[k], at[i]) << k << " and the barrier " << i;
        }
        if (HasFailure())
            FAIL() << "round " << round;
    }
}
