// SPDX-License-Identifier: MIT
// Syncs of one file: how many calls they come to, and that none is lost.
#include "iowq/ring/ring.h"

#include "iowq/test/child.h"
#include "iowq/test/item.h"
#include "iowq/test/ring/requests.h"

#include <cerrno>

using namespace iowq;

namespace {

// Counts calls from its construction on, and lets none wait or fail afterwards.
struct sync_calls {
    unsigned fsyncs_before = fsyncs, fdatasyncs_before = fdatasyncs;
    ~sync_calls() {
        holding_syncs = false;
        failing_syncs = 0;
    }
    [[nodiscard]] unsigned of_fsync() const { return fsyncs - fsyncs_before; }
    [[nodiscard]] unsigned of_fdatasync() const { return fdatasyncs - fdatasyncs_before; }
    [[nodiscard]] unsigned all() const { return of_fsync() + of_fdatasync(); }
    // Until a call waits.
    static void wait() {
        while (held_syncs == 0)
            std::this_thread::yield();
    }
};

class merged_syncs_of : public testing::TestWithParam<offload> {
  protected:
    sync_calls calls;
    std::unique_ptr<wq> pool = make(limited(1));
    std::unique_ptr<ring> io = ring_on(*pool);
    scratch s;
    file again; // the same open file description, in another object
    silence quiet;
    file pipe; // cannot be synced; its syncs are unbound
    std::deque<prepared> all;
    holder busy;

    void SetUp() override {
        ASSERT_EQ(again.examine(s.f.fd), 0);
        ASSERT_EQ(pipe.examine(quiet.fd[0]), 0);
    }
    static std::unique_ptr<ring> ring_on(wq &pool, bool merges = true) {
        ring_config config;
        config.mode = GetParam();
        config.depth = 16;
        config.merge_syncs = merges;
        std::unique_ptr<ring> made;
        EXPECT_EQ(ring::create(config, &pool, made), 0);
        return made;
    }
    // Nothing that is submitted is come to until `busy` ends.
    void keep_busy(uint32_t flags = 0) {
        busy.flags = flags;
        busy.start_on(*pool);
    }
    request &submit(file &f, opcode op, ring &to) {
        request &r = all.emplace_back(f, op);
        EXPECT_EQ(to.submit(r), ring::submitted::queued);
        return r;
    }
    request &submit(file &f, opcode op) { return submit(f, op, *io); }
    static void reap(ring &from, unsigned n) {
        std::vector<request *> got(n);
        for (unsigned done = 0; done < n;)
            done += from.reap(std::span(got).subspan(done), n - done, {});
        EXPECT_EQ(from.in_flight(), 0u);
    }
    void reap(unsigned n) { reap(*io, n); }
    [[nodiscard]] uint64_t merged() const { return io->counts(ring::others).merged; }
};
INSTANTIATE_TEST_SUITE_P(ring, merged_syncs_of,
                         testing::Values(offload::sqwq, offload::hashed, offload::punt),
                         [](const auto &mode) {
                             return mode.param == offload::sqwq     ? "sqwq"
                                    : mode.param == offload::hashed ? "hashed"
                                                                    : "punt";
                         });

} // namespace

TEST_P(merged_syncs_of, one_file_object_are_done_by_one_call) {
    constexpr auto full = opcode::fsync, data = opcode::fdatasync, range = opcode::sync_file_range;
    const struct {
        opcode first, second;
        bool one_object, merges;
        unsigned fsyncs, fdatasyncs, merged;
    } table[] = {
        {full, full, true, true, 1, 0, 1},   {full, data, true, true, 1, 0, 1},
        {data, full, true, true, 1, 0, 1},   {data, data, true, true, 0, 1, 1},
        {full, full, false, true, 2, 0, 0},  {full, data, false, true, 1, 1, 0},
        {data, full, false, true, 1, 1, 0},  {data, data, false, true, 0, 2, 0},
        {full, full, true, false, 2, 0, 0},  {full, data, true, false, 1, 1, 0},
        {data, full, true, false, 1, 1, 0},  {data, data, true, false, 0, 2, 0},
        {range, full, true, true, 1, 0, 0},  {data, range, true, true, 0, 1, 0},
        {range, range, true, true, 0, 0, 0},
    };
    for (auto &row : table) {
        SCOPED_TRACE(&row - table);
        sync_calls here;
        io = ring_on(*pool, row.merges);
        holder runs;
        runs.start_on(*pool);
        request &a = submit(s.f, row.first);
        request &b = submit(row.one_object ? s.f : again, row.second);
        runs.end();
        reap(2);
        EXPECT_EQ(here.of_fsync(), row.fsyncs);
        EXPECT_EQ(here.of_fdatasync(), row.fdatasyncs);
        EXPECT_EQ(merged(), row.merged);
        EXPECT_EQ(io->counts(ring::others).pooled, 2u);
        EXPECT_EQ(a.op, row.first);
        EXPECT_EQ(b.op, row.second);
        EXPECT_EQ(a.result, 0);
        EXPECT_EQ(b.result, 0);
    }
}

TEST_P(merged_syncs_of, a_file_that_come_during_a_call_are_done_by_the_next) {
    holding_syncs = true;
    submit(s.f, opcode::fdatasync);
    sync_calls::wait();
    submit(s.f, opcode::fsync);
    submit(s.f, opcode::fdatasync);
    EXPECT_EQ(calls.all(), 1u);
    holding_syncs = false;
    reap(3);
    EXPECT_EQ(calls.of_fdatasync(), 1u);
    EXPECT_EQ(calls.of_fsync(), 1u);
    EXPECT_EQ(merged(), 1u);
}

TEST_P(merged_syncs_of, a_file_fail_together) {
    keep_busy();
    for (int i = 0; i < 3; i++)
        submit(s.f, opcode::fsync);
    failing_syncs = EIO;
    busy.end();
    reap(3);
    for (request &r : all)
        EXPECT_EQ(r.result, -EIO);
    EXPECT_EQ(calls.all(), 1u);
}

TEST_P(merged_syncs_of, a_file_that_cannot_be_synced_fail_together) {
    keep_busy(work_unbound);
    for (int i = 0; i < 3; i++)
        submit(pipe, opcode::fsync);
    busy.end();
    reap(3);
    for (request &r : all)
        EXPECT_EQ(r.result, -EINVAL);
    EXPECT_EQ(calls.all(), 1u);
}

TEST_P(merged_syncs_of, a_file_are_taken_back_one_by_one) {
    for (size_t gone = 0; gone < 3; gone++) {
        SCOPED_TRACE(gone);
        sync_calls here;
        all.clear();
        holder runs;
        runs.start_on(*pool);
        for (int i = 0; i < 3; i++)
            submit(s.f, i == 1 ? opcode::fsync : opcode::fdatasync);
        EXPECT_TRUE(io->cancel(all[gone]));
        EXPECT_FALSE(io->cancel(all[gone]));
        all[gone].target = nullptr; // it is the caller's again
        runs.end();
        reap(2);
        EXPECT_EQ(here.of_fsync(), gone == 1 ? 0u : 1u);
        EXPECT_EQ(here.all(), 1u);
    }
}

TEST_P(merged_syncs_of, a_file_leave_nothing_behind_when_all_are_taken_back) {
    keep_busy();
    for (int i = 0; i < 3; i++)
        submit(s.f, opcode::fsync);
    for (request &r : all)
        EXPECT_TRUE(io->cancel(r));
    EXPECT_EQ(io->in_flight(), 0u);
    busy.end();
    EXPECT_EQ(calls.all(), 0u);
    submit(s.f, opcode::fsync);
    reap(1);
    EXPECT_EQ(calls.all(), 1u);
}

TEST_P(merged_syncs_of, a_file_share_a_call_that_is_not_cancelled_for_one) {
    keep_busy();
    request &first = submit(s.f, opcode::fsync), &second = submit(s.f, opcode::fsync);
    holding_syncs = true;
    busy.end();
    sync_calls::wait();
    EXPECT_FALSE(io->cancel(first));
    EXPECT_FALSE(io->cancel(second));
    request &later = submit(s.f, opcode::fsync), &last = submit(s.f, opcode::fsync);
    EXPECT_TRUE(io->cancel(later));
    holding_syncs = false;
    reap(3);
    EXPECT_EQ(first.result, 0);
    EXPECT_EQ(second.result, 0);
    EXPECT_EQ(last.result, 0);
    EXPECT_EQ(calls.all(), 2u);
}

TEST_P(merged_syncs_of, a_file_do_not_keep_one_alone_from_being_cancelled) {
    holding_syncs = true;
    request &only = submit(s.f, opcode::fsync);
    sync_calls::wait();
    request &next = submit(s.f, opcode::fsync);
    EXPECT_FALSE(io->cancel(only));
    while (calls.all() == 1) // until the interrupted call is over, and the next begins
        std::this_thread::yield();
    holding_syncs = false;
    reap(2);
    EXPECT_EQ(only.result, -EINTR);
    EXPECT_EQ(next.result, 0);
}

TEST_P(merged_syncs_of, a_file_are_done_though_the_pool_ends) {
    keep_busy();
    for (int i = 0; i < 3; i++)
        submit(s.f, opcode::fsync);
    std::thread ends([&] { EXPECT_EQ(pool->exit(), 0); });
    for (request late; late.result != -ESHUTDOWN;) // until it has begun
        if (io->submit(late) == ring::submitted::queued) {
            EXPECT_TRUE(io->cancel(late));
        }
    request refused;
    refused.prepare(opcode::fsync, again);
    EXPECT_EQ(io->submit(refused), ring::submitted::completed);
    EXPECT_EQ(refused.result, -ESHUTDOWN);
    busy.end();
    ends.join();
    reap(3);
    for (request &r : all)
        EXPECT_EQ(r.result, 0);
    EXPECT_EQ(calls.all(), 1u);
}

TEST_P(merged_syncs_of, what_may_never_end_are_cancelled_when_the_pool_ends) {
    keep_busy(work_unbound);
    for (int i = 0; i < 3; i++)
        submit(pipe, opcode::fsync);
    std::thread ends([&] { EXPECT_EQ(pool->exit(), 0); });
    reap(3);
    for (request &r : all)
        EXPECT_EQ(r.result, -ECANCELED);
    busy.end();
    ends.join();
    EXPECT_EQ(calls.all(), 0u);
}

TEST_P(merged_syncs_of, a_file_are_all_cancelled_where_no_thread_is_to_be_had) {
    failing_creations = 1 << 30;
    for (int i = 0; i < 3; i++)
        submit(s.f, opcode::fsync);
    reap(3);
    failing_creations = 0;
    for (request &r : all)
        EXPECT_EQ(r.result, -ECANCELED);
    EXPECT_EQ(calls.all(), 0u);
    submit(s.f, opcode::fsync);
    reap(1);
    EXPECT_EQ(all.back().result, 0);
}

TEST_P(merged_syncs_of, rings_on_one_pool_and_not_on_two) {
    auto other_pool = make(limited(1));
    for (bool same : {true, false}) {
        SCOPED_TRACE(same);
        sync_calls here;
        auto other = ring_on(same ? *pool : *other_pool);
        holder runs, runs_too;
        runs.start_on(*pool);
        runs_too.start_on(*other_pool);
        submit(s.f, opcode::fsync);
        submit(s.f, opcode::fsync, *other);
        runs.end();
        runs_too.end();
        reap(1);
        reap(*other, 1);
        EXPECT_EQ(here.all(), same ? 1u : 2u);
    }
}

TEST_P(merged_syncs_of, a_file_do_not_reach_the_child_of_a_fork) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    holding_syncs = true;
    submit(s.f, opcode::fsync);
    sync_calls::wait();
    EXPECT_EQ(in_child([&] {
                  holding_syncs = false;
                  auto own = make();
                  auto anew = ring_on(*own);
                  request r, *got;
                  r.prepare(opcode::fsync, s.f);
                  return anew->submit(r) == ring::submitted::queued &&
                                 anew->reap({&got, 1}, 1, {}) == 1 && r.result == 0
                             ? 0
                             : 1;
              }),
              0);
    holding_syncs = false;
    reap(1);
}

// Several rings, some on one pool, on two files. Each sync that is not cancelled either makes a
// call or is merged. A call that does a sync begins after the sync was submitted.
TEST_P(merged_syncs_of, files_that_rings_share_lose_none_at_random) {
    constexpr unsigned rings = 3, depth = 4;
    auto other_pool = make(limited(2));
    scratch second;
    std::atomic<uint64_t> done{0}, merged{0};
    auto use = [&](unsigned number) {
        jitter random(500 + number);
        wq &its = number == 2 ? *other_pool : *pool;
        auto own = ring_on(its);
        prepared requests[depth];
        unsigned begun[depth];
        std::vector<size_t> free{0, 1, 2, 3};
        auto reap_some = [&](unsigned min) {
            request *got[depth];
            for (request *r : std::span(got).first(own->reap(got, min, {}))) {
                auto i = static_cast<size_t>(static_cast<prepared *>(r) - requests);
                EXPECT_EQ(r->result == 0 || r->result == -EINTR, true) << r->result;
                EXPECT_GT(calls.all(), begun[i]);
                done++;
                free.push_back(i);
            }
        };
        for (unsigned i = 0; i < stress_items(300); i++) {
            switch (random.random()() % 4) {
            case 0:
            case 1:
                if (!free.empty()) {
                    size_t at = free.back();
                    free.pop_back();
                    begun[at] = calls.all();
                    uint64_t bits = random.random()();
                    requests[at].set(bits & 1 ? s.f : second.f,
                                     bits & 2 ? opcode::fsync : opcode::fdatasync, nullptr, 0, 0);
                    EXPECT_EQ(own->submit(requests[at]), ring::submitted::queued);
                }
                break;
            case 2:
                if (size_t at = random.random()() % depth; own->cancel(requests[at]))
                    free.push_back(at);
                break;
            case 3:
                reap_some(random.random()() % 2);
            }
            random.maybe();
        }
        while (free.size() < depth)
            reap_some(1);
        merged += own->counts(ring::others).merged;
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < rings; i++)
        threads.emplace_back(use, i);
    for (auto &t : threads)
        t.join();
    EXPECT_EQ(calls.all() + merged, done);
}
