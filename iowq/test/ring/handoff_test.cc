// SPDX-License-Identifier: MIT
#include "iowq/ring/ring.h"

#include "iowq/test/item.h"
#include "iowq/test/ring/requests.h"

#include <algorithm>
#include <deque>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

using namespace iowq;

namespace {

struct handoff : testing::Test {
    static constexpr unsigned depth = 32;

    void SetUp() override {
        ring_config config;
        config.mode = offload::handoff;
        config.depth = depth;
        config.sqthread_idle = std::chrono::milliseconds(0);
        ASSERT_EQ(ring::create(config, nullptr, io), 0);
    }

    void submit(request &r) {
        ASSERT_EQ(io->submit(r), ring::submitted::queued);
        io->commit();
    }
    void reap(std::initializer_list<const request *> expected) {
        std::vector<request *> got(expected.size());
        ASSERT_EQ(io->reap(got, static_cast<unsigned>(expected.size()), {}), expected.size());
        for (const request *r : expected)
            EXPECT_TRUE(std::count(got.begin(), got.end(), r));
    }

    std::unique_ptr<ring> io;
};

// One end of a pipe as a request's file.
struct end_of_pipe : file {
    explicit end_of_pipe(int fd) { EXPECT_EQ(examine(fd), 0); }
};

// Memory that whoever touches it first waits for.
class withheld_page {
  public:
    withheld_page() {
        fd_ = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC));
        uffdio_api api{};
        api.api = UFFD_API;
        if (fd_ < 0 || ioctl(fd_, UFFDIO_API, &api))
            return;
        memory_ = mmap(nullptr, block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        uffdio_register all{};
        all.range = {reinterpret_cast<uintptr_t>(memory_), block};
        all.mode = UFFDIO_REGISTER_MODE_MISSING;
        usable_ = ioctl(fd_, UFFDIO_REGISTER, &all) == 0;
    }
    ~withheld_page() {
        close(fd_);
        munmap(memory_, block);
    }
    bool usable() const { return usable_; }
    void *memory() { return memory_; }
    void until_touched() {
        uffd_msg message;
        ASSERT_EQ(read(fd_, &message, sizeof message), static_cast<ssize_t>(sizeof message));
    }
    void give() {
        uffdio_zeropage page{};
        page.range = {reinterpret_cast<uintptr_t>(memory_), block};
        EXPECT_EQ(ioctl(fd_, UFFDIO_ZEROPAGE, &page), 0);
    }

  private:
    int fd_;
    void *memory_ = nullptr;
    bool usable_ = false;
};

} // namespace

TEST_F(handoff, what_blocks_holds_up_nothing_that_follows) {
    silence quiet;
    end_of_pipe in(quiet.fd[0]);
    char byte[depth];
    std::deque<prepared> blocked;
    for (unsigned i = 0; i < depth - 1; i++)
        submit(blocked.emplace_back(in, opcode::read, &byte[i], 0, 1));
    scratch s;
    prepared sync(s.f, opcode::fsync), nop;
    submit(sync);
    reap({&sync});
    submit(nop);
    reap({&nop});
    EXPECT_EQ(io->threads(), depth + 1) << "one for each that blocked, and the leader";
    for (size_t i = 0; i < blocked.size(); i++) {
        quiet.end();
        request *got = nullptr;
        ASSERT_EQ(io->reap({&got, 1}, 1, {}), 1u);
        EXPECT_EQ(got->result, 1);
        EXPECT_TRUE(got->path & path_handed_over);
    }
    EXPECT_EQ(io->counts(ring::reads).handed_over, depth - 1);
}

TEST_F(handoff, requests_are_issued_in_order_of_submission) {
    silence quiet;
    end_of_pipe out(quiet.fd[1]);
    std::vector<unsigned char> sent(depth - 1), got(depth - 1);
    std::deque<prepared> writes;
    scratch s;
    prepared sync(s.f, opcode::fsync);
    for (unsigned i = 0; i < sent.size(); i++) {
        sent[i] = static_cast<unsigned char>(i);
        if (i == depth / 2)
            submit(sync); // another thread leads from here on
        submit(writes.emplace_back(out, opcode::write, &sent[i], 0, 1));
    }
    std::vector<request *> done(depth);
    ASSERT_EQ(io->reap(done, depth, {}), depth);
    EXPECT_EQ(io->counts(ring::others).handed_over, 1u);
    ASSERT_EQ(read(quiet.fd[0], got.data(), got.size()), static_cast<ssize_t>(got.size()));
    EXPECT_EQ(got, sent);
}

TEST_F(handoff, a_leader_in_a_write_that_should_not_block_is_relieved) {
    withheld_page page;
    if (!page.usable())
        GTEST_SKIP() << "no userfaultfd";
    scratch s;
    s.f.nowait[1].learn(false); // so it is not tried first
    s.f.in_memory = false;
    prepared write(s.f, opcode::write, page.memory(), 0, block), nop;
    submit(write);
    page.until_touched();
    submit(nop);
    reap({&nop});
    page.give();
    reap({&write});
    EXPECT_EQ(write.result, static_cast<int64_t>(block));
    EXPECT_EQ(io->counts(ring::writes).handed_over, 1u);
    submit(nop);
    reap({&nop});
}

TEST_F(handoff, a_leader_is_relieved_by_waits_that_are_all_shorter_than_its_patience) {
    withheld_page page;
    if (!page.usable())
        GTEST_SKIP() << "no userfaultfd";
    scratch s;
    s.f.nowait[1].learn(false);
    s.f.in_memory = false;
    prepared write(s.f, opcode::write, page.memory(), 0, block), nop;
    submit(write);
    page.until_touched();
    submit(nop);
    request *got = nullptr;
    auto limit = clock::now() + std::chrono::seconds(20);
    while (!io->reap({&got, 1}, 1, clock::now() + std::chrono::microseconds(100)))
        ASSERT_LT(clock::now(), limit);
    EXPECT_EQ(got, &nop);
    page.give();
    reap({&write});
}

TEST_F(handoff, a_leader_with_nobody_waiting_behind_it_is_left_alone) {
    withheld_page page;
    if (!page.usable())
        GTEST_SKIP() << "no userfaultfd";
    scratch s;
    s.f.nowait[1].learn(false);
    s.f.in_memory = false;
    prepared write(s.f, opcode::write, page.memory(), 0, block);
    submit(write);
    page.until_touched();
    request *got;
    EXPECT_EQ(io->reap({&got, 1}, 1, clock::now() + 5 * std::chrono::milliseconds(1)), 0u);
    page.give();
    reap({&write});
    EXPECT_EQ(io->counts(ring::writes).handed_over, 0u);
    EXPECT_EQ(io->threads(), 1u);
}

TEST_F(handoff, without_threads_to_be_had_the_leader_does_it_all) {
    failing_creations = 1 << 30;
    silence quiet;
    end_of_pipe in(quiet.fd[0]);
    char byte;
    prepared waits(in, opcode::read, &byte, 0, 1), nop;
    submit(waits);
    submit(nop);
    quiet.end();
    reap({&waits, &nop});
    EXPECT_EQ(waits.result, 1);

    cold c;
    std::deque<prepared> reads;
    c.read_all(*io, reads);
    std::vector<request *> got(c.blocks);
    EXPECT_EQ(io->reap(got, c.blocks, {}), c.blocks);
    EXPECT_EQ(c.in, c.out);
    failing_creations = 0;
    EXPECT_EQ(io->counts(ring::reads).handed_over, 0u);
    EXPECT_EQ(io->threads(), 1u);
}

TEST_F(handoff, a_random_mix_loses_nothing) {
    cold c;
    silence quiet;
    end_of_pipe in(quiet.fd[0]), out(quiet.fd[1]);
    jitter random(12);
    char bytes[2 * depth] = {};
    std::vector<prepared> slots(depth); // each reads into a block of its own
    std::vector<prepared *> free;
    for (prepared &r : slots)
        free.push_back(&r);
    unsigned listening = 0; // reads of the pipe without a write to it
    unsigned total = stress_items(3000), begun = 0, done = 0;
    auto next = [&](prepared &r) {
        unsigned i = static_cast<unsigned>(random.random()() % c.blocks);
        unsigned kind = static_cast<unsigned>(random.random()() % 8);
        auto own = static_cast<size_t>(&r - slots.data());
        if (listening && (total - begun <= listening || kind == 0)) {
            listening--;
            return r.set(out, opcode::write, &bytes[i], 0, 1);
        }
        if (kind == 1 && listening < depth / 4 && total - begun > listening + 1) {
            listening++;
            return r.set(in, opcode::read, &bytes[depth + own], 0, 1);
        }
        if (kind == 2)
            return r.set(c.f, opcode::fsync, nullptr, 0, 0);
        if (kind == 3)
            return r.set(c.f, opcode::write, &c.out[i * block], i * block, block);
        if (kind == 4)
            (void)posix_fadvise(c.f.fd, i * block, block, POSIX_FADV_DONTNEED);
        r.set(c.f, opcode::read, &c.in[own * block], i * block, block);
    };
    auto check = [&](const request &r) {
        ASSERT_EQ(r.result, static_cast<int64_t>(r.length));
        if (r.op == opcode::read && r.target == &c.f) {
            ASSERT_EQ(memcmp(r.buffer, &c.out[r.offset], block), 0);
        }
    };
    while (done < total) {
        while (begun < total && !free.empty()) {
            next(*free.back());
            begun++;
            random.maybe();
            if (io->submit(*free.back()) == ring::submitted::queued) {
                free.pop_back();
                continue;
            }
            ASSERT_NO_FATAL_FAILURE(check(*free.back())); // the submitter has a trial of reads
            done++;
        }
        io->commit();
        request *got[depth];
        // Reads of the pipe may wait for what is submitted later.
        unsigned n = io->reap(got, begun - done > listening ? 1 : 0, {});
        for (unsigned i = 0; i < n; i++) {
            ASSERT_NO_FATAL_FAILURE(check(*got[i]));
            free.push_back(static_cast<prepared *>(got[i]));
        }
        done += n;
    }
    EXPECT_LE(io->threads(), depth + 1);
}
