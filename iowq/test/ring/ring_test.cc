// SPDX-License-Identifier: MIT
#include "iowq/ring/ring.h"
#include "iowq/ring/syscalls.h"

#include "iowq/test/item.h"
#include "iowq/test/ring/requests.h"

#include <deque>
#include <sys/mman.h>

using namespace iowq;

namespace {

struct in_mode : testing::TestWithParam<offload> {
    void SetUp() override {
        ASSERT_EQ(wq::create({}, pool), 0);
        ring_config config;
        config.mode = GetParam();
        config.depth = 64;
        ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    }

    int64_t run(request &r) { return run_on(*io, r); }

    std::unique_ptr<wq> pool;
    std::unique_ptr<ring> io;
};

} // namespace

TEST_P(in_mode, what_was_written_is_read_back) {
    scratch s;
    constexpr unsigned blocks = 200;
    std::vector<char> out(blocks * block), in(blocks * block);
    jitter random(1);
    for (char &c : out)
        c = static_cast<char>(random.random()());
    for (opcode op : {opcode::write, opcode::read}) {
        std::deque<prepared> requests(64);
        std::vector<prepared *> free;
        for (prepared &r : requests)
            free.push_back(&r);
        unsigned next = 0, done = 0;
        while (done < blocks) {
            while (next < blocks && !free.empty()) {
                prepared &r = *free.back();
                free.pop_back();
                auto &memory = op == opcode::write ? out : in;
                r.set(s.f, op, memory.data() + next * block, next * block, block);
                next++;
                if (io->submit(r) == ring::submitted::completed) {
                    ASSERT_EQ(r.result, static_cast<int64_t>(block));
                    free.push_back(&r);
                    done++;
                }
            }
            io->commit();
            request *got[64];
            unsigned under_way = next - done;
            unsigned n =
                io->reap(got, std::min(under_way, 1 + unsigned(random.random()() % 8)), {});
            for (unsigned i = 0; i < n; i++) {
                ASSERT_EQ(got[i]->result, static_cast<int64_t>(block));
                free.push_back(static_cast<prepared *>(got[i]));
                done++;
            }
        }
    }
    EXPECT_EQ(in, out);
    EXPECT_EQ(io->counts(ring::reads).issued, blocks);
    EXPECT_EQ(io->counts(ring::writes).issued, blocks);
}

TEST_P(in_mode, each_request_takes_the_modes_own_path) {
    scratch s;
    std::vector<char> memory(block);
    prepared w(s.f, opcode::write, memory.data(), 0, block);
    prepared r(s.f, opcode::read, memory.data(), 0, block);
    prepared f(s.f, opcode::fsync);
    EXPECT_EQ(run(w), static_cast<int64_t>(block));
    EXPECT_EQ(run(r), static_cast<int64_t>(block));
    EXPECT_EQ(run(f), 0);
    path_counts reads = io->counts(ring::reads);
    path_counts syncs = io->counts(ring::others);
    switch (GetParam()) {
    case offload::inline_:
        EXPECT_EQ(reads.inlined, 1u);
        EXPECT_EQ(syncs.inlined, 1u);
        break;
    case offload::sqthread:
    case offload::handoff:
        EXPECT_EQ(reads.sqthread, 1u);
        EXPECT_EQ(syncs.sqthread, 1u);
        break;
    case offload::punt:
        EXPECT_EQ(reads.inlined, 1u) << "it is in the page cache";
        EXPECT_EQ(syncs.pooled, 1u);
        break;
    case offload::sqwq:
    case offload::hashed:
        EXPECT_EQ(reads.pooled, 1u);
        EXPECT_EQ(syncs.pooled, 1u);
    }
    EXPECT_EQ(reads.issued, 1u);
    EXPECT_EQ(syncs.issued, 1u);
}

TEST_P(in_mode, a_read_across_the_end_of_the_file_is_short) {
    scratch s;
    std::vector<char> memory(2 * block, 'x');
    prepared w(s.f, opcode::write, memory.data(), 0, block + 100);
    ASSERT_EQ(run(w), static_cast<int64_t>(block) + 100);
    prepared r(s.f, opcode::read, memory.data(), block, block);
    EXPECT_EQ(run(r), 100);
    prepared beyond(s.f, opcode::read, memory.data(), 4 * block, block);
    EXPECT_EQ(run(beyond), 0);
}

// RWF_NOWAIT returns what is cached: the rest must still come.
TEST_P(in_mode, a_read_across_the_edge_of_the_cache_is_whole) {
    scratch s;
    std::vector<char> out(64 * block), in(64 * block);
    jitter random(2);
    for (char &c : out)
        c = static_cast<char>(random.random()());
    prepared w(s.f, opcode::write, out.data(), 0, out.size());
    ASSERT_EQ(run(w), static_cast<int64_t>(out.size()));
    ASSERT_EQ(fsync(s.f.fd), 0);
    ASSERT_EQ(posix_fadvise(s.f.fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    ASSERT_EQ(posix_fadvise(s.f.fd, 0, 0, POSIX_FADV_RANDOM), 0); // no readahead
    ASSERT_EQ(pread(s.f.fd, in.data(), block, 0), static_cast<ssize_t>(block));
    prepared r(s.f, opcode::read, in.data(), 0, in.size());
    EXPECT_EQ(run(r), static_cast<int64_t>(in.size()));
    EXPECT_EQ(in, out);
}

TEST_P(in_mode, errors_come_back_as_errno) {
    scratch s(O_RDONLY);
    std::vector<char> memory(block);
    prepared w(s.f, opcode::write, memory.data(), 0, block);
    EXPECT_EQ(run(w), -EBADF);
    prepared bad(s.f, opcode::read, reinterpret_cast<void *>(8), 0, block);
    scratch full;
    ASSERT_EQ(ftruncate(full.f.fd, block), 0);
    bad.target = &full.f;
    EXPECT_EQ(run(bad), -EFAULT);
}

TEST_P(in_mode, syncs_and_trims) {
    scratch s;
    std::vector<char> memory(4 * block, 'x');
    prepared w(s.f, opcode::write, memory.data(), 0, memory.size());
    ASSERT_EQ(run(w), static_cast<int64_t>(memory.size()));
    prepared data(s.f, opcode::fdatasync);
    EXPECT_EQ(run(data), 0);
    prepared range(s.f, opcode::sync_file_range, nullptr, 0, memory.size());
    range.range_flags = SYNC_FILE_RANGE_WRITE;
    EXPECT_EQ(run(range), 0);
    prepared hole(s.f, opcode::trim, nullptr, block, block);
    ASSERT_EQ(run(hole), 0);
    ASSERT_EQ(pread(s.f.fd, memory.data(), memory.size(), 0), static_cast<ssize_t>(memory.size()));
    EXPECT_EQ(memory[block - 1], 'x');
    EXPECT_EQ(memory[block], 0);
    EXPECT_EQ(memory[2 * block], 'x');
    prepared nothing(s.f, opcode::nop);
    EXPECT_EQ(run(nothing), 0);
}

TEST_P(in_mode, reap_returns_at_its_deadline) {
    request *got;
    EXPECT_EQ(io->reap({&got, 1}, 1, clock::now()), 0u);
    EXPECT_EQ(io->reap({&got, 1}, 0, {}), 0u);
}

INSTANTIATE_TEST_SUITE_P(ring, in_mode, testing::ValuesIn(all_modes), name_of_mode);

TEST(ring, hashes_buffered_changes_of_a_file_and_nothing_else) {
    std::unique_ptr<wq> pool;
    ASSERT_EQ(wq::create({}, pool), 0);
    std::unique_ptr<ring> io;
    ring_config config;
    config.mode = offload::hashed;
    ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    scratch s;
    std::vector<char> memory(block);
    auto flags_of = [&](opcode op) {
        prepared r(s.f, op, memory.data(), 0, block);
        request *got = nullptr;
        EXPECT_EQ(io->submit(r), ring::submitted::queued);
        EXPECT_EQ(io->reap({&got, 1}, 1, {}), 1u);
        EXPECT_TRUE(!(r.item.flags & work_hashed) || r.item.key == s.f.key);
        return r.item.flags & ~static_cast<uint32_t>(work_helpable);
    };
    EXPECT_EQ(flags_of(opcode::write), work_hashed);
    EXPECT_EQ(flags_of(opcode::trim), work_hashed);
    EXPECT_EQ(flags_of(opcode::read), 0u);
    EXPECT_EQ(flags_of(opcode::fsync), 0u);
    s.f.direct = true;
    EXPECT_EQ(flags_of(opcode::write), 0u);
}

namespace {

// A ring on a pool whose only worker is busy, so that what happens is the reaper's doing.
struct alone {
    std::unique_ptr<wq> pool;
    std::unique_ptr<ring> io;
    holder worker;
    std::vector<char> memory = std::vector<char>(3 * block, '?');
    scratch s;
    std::deque<prepared> reads;

    explicit alone(wq_config config = limited(1)) : pool(make(config)) {
        worker.start_on(*pool);
        ring_config ring_settings;
        ring_settings.mode = offload::sqwq;
        EXPECT_EQ(ring::create(ring_settings, pool.get(), io), 0);
        std::vector<char> data(3 * block, 'x');
        EXPECT_EQ(pwrite(s.f.fd, data.data(), data.size(), 0), static_cast<ssize_t>(data.size()));
    }
    void submit_reads(size_t n) {
        for (size_t i = 0; i < n; i++) {
            prepared &r =
                reads.emplace_back(s.f, opcode::read, &memory[i * block], i * block, block);
            EXPECT_EQ(io->submit(r), ring::submitted::queued);
        }
    }
    void reap_rest(unsigned n) {
        worker.go.release();
        request *done[3];
        EXPECT_EQ(io->reap(done, n, {}), n);
        for (request &r : reads)
            EXPECT_EQ(r.result, static_cast<int64_t>(block));
        EXPECT_EQ(memory, std::vector<char>(3 * block, 'x'));
    }
};

} // namespace

TEST(ring, whoever_waits_helps_with_cached_reads_but_for_the_last) {
    alone a;
    a.submit_reads(3);
    request *done[3];
    EXPECT_EQ(a.io->reap(done, 2, {}), 2u);
    EXPECT_EQ(done[0], &a.reads[0]);
    EXPECT_EQ(done[1], &a.reads[1]);
    a.reap_rest(1);
    EXPECT_EQ(a.io->counts(ring::reads).helped, 2u);
    EXPECT_EQ(a.io->counts(ring::reads).pooled, 1u);
}

TEST(ring, workers_with_cpus_of_their_own_get_no_help) {
    wq_config config = limited(1);
    config.cpus = cpu_mask::of_this_thread();
    alone a(config);
    a.submit_reads(3);
    request *done[3];
    EXPECT_EQ(a.io->reap(done, 3, clock::now() + std::chrono::milliseconds(1)), 0u);
    a.reap_rest(3);
    EXPECT_EQ(a.io->counts(ring::reads).helped, 0u);
}

TEST(ring, what_may_never_end_goes_to_the_unbound_acct) {
    std::unique_ptr<wq> pool;
    ASSERT_EQ(wq::create({}, pool), 0);
    std::unique_ptr<ring> io;
    ASSERT_EQ(ring::create({}, pool.get(), io), 0);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    file in;
    ASSERT_EQ(in.examine(ends[0]), 0);
    ASSERT_EQ(write(ends[1], "x", 1), 1);
    prepared r(in, opcode::fsync); // no pipe takes it, and no pipe waits for it
    request *got = nullptr;
    ASSERT_EQ(io->submit(r), ring::submitted::queued);
    ASSERT_EQ(io->reap({&got, 1}, 1, {}), 1u);
    EXPECT_EQ(r.item.flags, work_unbound);
    EXPECT_EQ(r.result, -EINVAL);
    close(ends[0]);
    close(ends[1]);
}

TEST(ring, a_request_taken_back_before_it_started_is_never_reaped) {
    wq_config one;
    one.max_unbound = 1;
    std::unique_ptr<wq> pool;
    ASSERT_EQ(wq::create(one, pool), 0);
    std::unique_ptr<ring> io;
    ring_config config;
    config.mode = offload::sqwq;
    ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    file in;
    ASSERT_EQ(in.examine(ends[0]), 0);
    char got[2];
    prepared runs(in, opcode::read, &got[0], 0, 1), waits(in, opcode::read, &got[1], 0, 1);
    ASSERT_EQ(io->submit(runs), ring::submitted::queued);
    ASSERT_EQ(pool->flush(), 0); // it has started, and nothing comes
    ASSERT_EQ(io->submit(waits), ring::submitted::queued);
    EXPECT_TRUE(io->cancel(waits));
    EXPECT_FALSE(io->cancel(waits));
    EXPECT_FALSE(io->cancel(runs));
    request *done[2] = {};
    EXPECT_EQ(io->reap(done, 2, clock::now() + std::chrono::milliseconds(50)), 1u);
    EXPECT_EQ(done[0], &runs);
    EXPECT_EQ(runs.result, -EINTR);
    // The memory may be used again at once.
    ASSERT_EQ(write(ends[1], "x", 1), 1);
    ASSERT_EQ(io->submit(waits), ring::submitted::queued);
    EXPECT_EQ(io->reap(done, 1, {}), 1u);
    EXPECT_EQ(waits.result, 1);
    close(ends[0]);
    close(ends[1]);
}

TEST(issue, tries_nowait_only_where_it_can_say_something) {
    scratch s;
    char byte;
    prepared read(s.f, opcode::read, &byte, 0, 1), write(s.f, opcode::write, &byte, 0, 1);
    prepared sync(s.f, opcode::fsync);
    EXPECT_TRUE(nowait_worthwhile(read));
    EXPECT_TRUE(nowait_worthwhile(write));
    EXPECT_FALSE(nowait_worthwhile(sync));
    s.f.direct = true;
    EXPECT_FALSE(nowait_worthwhile(read));
    s.f.direct = false;
    s.f.in_memory = true;
    EXPECT_FALSE(nowait_worthwhile(read));
}

TEST(issue, remembers_a_refusal_for_that_direction) {
    file f;
    ASSERT_EQ(f.examine(memfd_create("iowq_test", 0)), 0);
    f.in_memory = false; // a file system that refuses RWF_NOWAIT and that nobody knows for it
    char byte = 0;
    prepared write(f, opcode::write, &byte, 0, 1), read(f, opcode::read, &byte, 0, 1);
    ASSERT_TRUE(nowait_worthwhile(write));
    if (try_nowait(write) == tried::done)
        GTEST_SKIP() << "this kernel's tmpfs takes RWF_NOWAIT";
    EXPECT_TRUE(write.path & path_nowait_refused);
    EXPECT_FALSE(nowait_worthwhile(write));
    EXPECT_TRUE(nowait_worthwhile(read));
    close(f.fd);
}

TEST(ring, refuses_impossible_configurations) {
    std::unique_ptr<ring> io;
    std::unique_ptr<wq> pool;
    ASSERT_EQ(wq::create({}, pool), 0);
    ring_config config;
    config.depth = 0;
    EXPECT_EQ(ring::create(config, pool.get(), io), -EINVAL);
    config.depth = 65537;
    EXPECT_EQ(ring::create(config, pool.get(), io), -EINVAL);
    config = {};
    EXPECT_EQ(ring::create(config, nullptr, io), -EINVAL) << "punt needs a pool";
    config.mode = offload::sqthread;
    config.sqthread_cpus.emplace().add(CPU_SETSIZE - 1);
    EXPECT_EQ(ring::create(config, nullptr, io), -EINVAL);
}

TEST(ring, a_pool_without_threads_fails_requests_and_loses_none) {
    std::unique_ptr<wq> pool;
    ASSERT_EQ(wq::create({}, pool), 0);
    std::unique_ptr<ring> io;
    ring_config config;
    config.mode = offload::sqwq;
    ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    failing_creations = 1 << 30;
    request r[4];
    for (request &each : r)
        ASSERT_EQ(io->submit(each), ring::submitted::queued);
    request *got[4];
    EXPECT_EQ(io->reap(got, 4, {}), 4u);
    failing_creations = 0;
    for (request &each : r)
        EXPECT_EQ(each.result, -ECANCELED);
}

// The submission thread is held up, so the rest is there to be taken; one is left for it.
TEST(sqthread, is_helped_with_cached_reads_by_a_submitter_that_waits) {
    constexpr unsigned reads = 8;
    silence quiet;
    file in;
    ASSERT_EQ(in.examine(quiet.fd[0]), 0);
    scratch s;
    std::vector<char> out(reads * block, 'x'), back(reads * block);
    ASSERT_EQ(pwrite(s.f.fd, out.data(), out.size(), 0), static_cast<ssize_t>(out.size()));
    ring_config config;
    config.mode = offload::sqthread;
    std::unique_ptr<ring> io;
    ASSERT_EQ(ring::create(config, nullptr, io), 0);
    char byte;
    std::deque<prepared> all;
    ASSERT_EQ(io->submit(all.emplace_back(in, opcode::read, &byte, 0, 1)), ring::submitted::queued);
    for (unsigned i = 0; i < reads; i++)
        ASSERT_EQ(
            io->submit(all.emplace_back(s.f, opcode::read, &back[i * block], i * block, block)),
            ring::submitted::queued);
    io->commit();
    bool cached = !s.f.in_memory; // where nothing is tried, as nothing blocks
    request *got[reads + 1];
    unsigned early = cached ? io->reap(got, reads - 1, {}) : 0;
    if (cached) {
        EXPECT_EQ(early, reads - 1);
        EXPECT_EQ(got[0], &all.back()) << "the newest first";
    }
    quiet.end();
    EXPECT_EQ(io->reap(got, reads + 1 - early, {}), reads + 1 - early);
    EXPECT_EQ(back, out);
    EXPECT_GE(io->counts(ring::reads).helped, early);
    EXPECT_EQ(io->counts(ring::reads).helped + io->counts(ring::reads).sqthread, reads + 1);
}

TEST(sqthread, gets_no_help_on_a_cpu_of_its_own) {
    ring_config config;
    config.mode = offload::sqthread;
    cpu_mask mine = cpu_mask::of_this_thread();
    if (mine.count() == 1)
        GTEST_SKIP() << "there is one CPU, the submitter's";
    config.sqthread_cpus = cpu_mask::only(mine.numbers().front());
    std::unique_ptr<ring> io;
    ASSERT_EQ(ring::create(config, nullptr, io), 0);
    scratch s;
    char byte[64];
    ASSERT_EQ(pwrite(s.f.fd, byte, sizeof byte, 0), static_cast<ssize_t>(sizeof byte));
    std::deque<prepared> reads;
    for (char &b : byte)
        ASSERT_EQ(io->submit(reads.emplace_back(s.f, opcode::read, &b, 0, 1)),
                  ring::submitted::queued);
    io->commit();
    request *got[sizeof byte];
    EXPECT_EQ(io->reap(got, sizeof byte, {}), sizeof byte);
    EXPECT_EQ(io->counts(ring::reads).helped, 0u);
}

// The submitter takes from the end at which it adds, while the thread takes from the other.
TEST(sqthread, a_random_mix_with_help_loses_nothing) {
    constexpr unsigned depth = 16;
    jitter random(14);
    ring_config config;
    config.mode = offload::sqthread;
    config.depth = depth;
    config.sqthread_idle = std::chrono::milliseconds(0);
    std::unique_ptr<ring> io;
    ASSERT_EQ(ring::create(config, nullptr, io), 0);
    scratch s;
    std::vector<char> data(block, 'x'), back(depth);
    ASSERT_EQ(pwrite(s.f.fd, data.data(), data.size(), 0), static_cast<ssize_t>(data.size()));
    std::vector<prepared> slots(depth);
    std::vector<prepared *> free;
    for (prepared &r : slots)
        free.push_back(&r);
    unsigned total = stress_items(20000);
    for (unsigned begun = 0, done = 0; done < total;) {
        while (begun < total && !free.empty() && (begun == done || random.random()() % 4)) {
            prepared &r = *free.back();
            free.pop_back();
            char *own = &back[static_cast<size_t>(&r - slots.data())];
            *own = '\0';
            r.set(s.f, opcode::read, own, random.random()() % block, 1);
            begun++;
            if (io->submit(r) == ring::submitted::queued)
                continue;
            ASSERT_EQ(r.result, 1);
            free.push_back(&r);
            done++;
        }
        io->commit();
        if (begun == done)
            continue;
        request *got[depth];
        unsigned n =
            io->reap(got, 1 + static_cast<unsigned>(random.random()() % (begun - done)), {});
        ASSERT_GT(n, 0u);
        for (unsigned i = 0; i < n; i++) {
            ASSERT_EQ(got[i]->result, 1);
            ASSERT_EQ(*static_cast<char *>(got[i]->buffer), 'x');
            free.push_back(static_cast<prepared *>(got[i]));
        }
        done += n;
    }
    path_counts reads = io->counts(ring::reads);
    EXPECT_EQ(reads.issued, total);
    EXPECT_EQ(reads.helped + reads.sqthread, total);
}

TEST(sqthread, sleeps_when_idle_and_is_woken_by_the_next_submission) {
    ring_config config;
    config.mode = offload::sqthread;
    config.sqthread_idle = std::chrono::milliseconds(0);
    std::unique_ptr<ring> io;
    ASSERT_EQ(ring::create(config, nullptr, io), 0);
    jitter delay(3);
    for (unsigned i = 0; i < stress_items(2000); i++) {
        request r;
        ASSERT_EQ(io->submit(r), ring::submitted::queued);
        io->commit();
        delay.maybe();
        request *got = nullptr;
        ASSERT_EQ(io->reap({&got, 1}, 1, {}), 1u);
        ASSERT_EQ(got, &r);
    }
}

// Submitted just when its thread goes to sleep, again and again.
TEST(sqthread, loses_no_submission_when_it_goes_to_sleep) {
    ring_config config;
    config.mode = offload::sqthread;
    config.sqthread_idle = std::chrono::milliseconds(0);
    std::unique_ptr<ring> io;
    ASSERT_EQ(ring::create(config, nullptr, io), 0);
    jitter delay(9);
    request nop;
    nop.op = opcode::nop;
    for (unsigned i = 0; i < stress_items(2000); i++) {
        ASSERT_EQ(io->submit(nop), ring::submitted::queued);
        for (unsigned spins = delay.random()() % 8000; spins > 0; spins--)
            asm volatile("");
        io->commit();
        request *got = nullptr;
        ASSERT_EQ(io->reap({&got, 1}, 1, clock::now() + std::chrono::seconds(20)), 1u);
    }
}

TEST(file, is_known_by_device_and_inode) {
    scratch one, other;
    file again, in_memory;
    ASSERT_EQ(again.examine(one.f.fd), 0);
    EXPECT_EQ(again.key, one.f.key);
    EXPECT_NE(other.f.key, one.f.key);
    int fd = memfd_create("iowq_test", 0);
    ASSERT_EQ(in_memory.examine(fd), 0);
    EXPECT_NE(in_memory.key.hi, one.f.key.hi);
    close(fd);
}

// What is in memory has to be fetched back from there.
TEST(file, in_memory_may_wait_for_a_device_where_there_is_swap) {
    file f;
    int fd = memfd_create("iowq_test", 0);
    swap = 1 << 20;
    ASSERT_EQ(f.examine(fd), 0);
    swap = 0;
    EXPECT_FALSE(f.in_memory);
    ASSERT_EQ(f.examine(fd), 0);
    EXPECT_TRUE(f.in_memory);
    close(fd);
}

TEST(file, knows_its_file_system) {
    file f;
    int fd = memfd_create("iowq_test", 0);
    ASSERT_EQ(f.examine(fd), 0);
    EXPECT_TRUE(f.in_memory);
    EXPECT_TRUE(f.regular);
    EXPECT_FALSE(f.direct);
    close(fd);
    EXPECT_EQ(f.examine(fd), -EBADF);
}
