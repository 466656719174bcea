// SPDX-License-Identifier: MIT
// A ring whose threads have to share their CPUs: with a loop on one of them, and with a submitter
// that moves. Whatever the submitter then does itself, gives back or takes back, nothing is lost.
#include "iowq/ring/ring.h"

#include "iowq/test/hog.h"
#include "iowq/test/item.h"
#include "iowq/test/ring/requests.h"

#include <deque>

using namespace iowq;

namespace {

constexpr unsigned depth = 16;

// A request and the part of the file that is its own.
struct slot : request {
    char wanted = 0; // what lies there
    bool known = true;
    char bytes[64];
    bool waits = false;
};

class mixture {
  public:
    mixture(ring &io, file &f, jitter &random) : io_(io), file_(f), random_(random) {
        for (slot &each : slots_)
            free_.push_back(&each);
    }

    void run(unsigned total, const std::vector<unsigned> &cpus) {
        while (done_ < total) {
            while (begun_ < total && !free_.empty() && (begun_ == done_ || random() % 4))
                submit();
            if (random() % 8)
                io_.commit();
            if (random() % 16 == 0)
                take_back();
            if (random() % 64 == 0)
                for (unsigned n = random() % 20000; n > 0; n--) // the caller computes
                    asm volatile("");
            if (random() % 256 == 0) {
                cpu_mask one = cpu_mask::only(cpus[random() % cpus.size()]);
                ASSERT_EQ(move_task(0, random() % 2 ? one : all_), 0);
            }
            if (begun_ > done_)
                reap();
        }
    }

  private:
    unsigned random() { return static_cast<unsigned>(random_.random()()); }
    uint64_t place(const slot &s) const {
        return static_cast<uint64_t>(&s - slots_.data()) * sizeof s.bytes;
    }

    void submit() {
        slot &s = *free_.back();
        free_.pop_back();
        begun_++;
        opcode op = !s.known || random() % 4 == 0 ? opcode::write
                    : random() % 64 == 0          ? opcode::fdatasync
                                                  : opcode::read;
        if (op == opcode::write)
            memset(s.bytes, s.wanted = static_cast<char>(random()), sizeof s.bytes);
        s.prepare(op, file_, s.bytes, sizeof s.bytes, place(s));
        s.known = op != opcode::write;
        s.waits = io_.submit(s) == ring::submitted::queued;
        if (!s.waits)
            ended(s);
    }

    void take_back() {
        slot &s = slots_[random() % depth];
        if (!s.waits)
            return;
        if (io_.cancel(s)) { // nobody had begun it, unless it was a read
            s.waits = false;
            s.known = s.op != opcode::write;
            free_.push_back(&s);
            done_++;
        }
    }

    void reap() {
        request *got[depth];
        unsigned n = io_.reap(got, 1 + random() % (begun_ - done_), {});
        ASSERT_GT(n, 0u);
        for (unsigned i = 0; i < n; i++) {
            slot &s = *static_cast<slot *>(got[i]);
            ASSERT_TRUE(s.waits) << "reaped twice";
            s.waits = false;
            ended(s);
        }
    }

    void ended(slot &s) {
        free_.push_back(&s);
        done_++;
        if (s.result == -ECANCELED || s.result == -EINTR)
            return;
        ASSERT_EQ(s.result, s.is_rw() ? static_cast<int64_t>(sizeof s.bytes) : 0);
        if (s.op == opcode::write)
            s.known = true;
        if (s.op == opcode::read) {
            ASSERT_EQ(std::string(s.bytes, sizeof s.bytes), std::string(sizeof s.bytes, s.wanted));
        }
    }

    const cpu_mask all_ = cpu_mask::of_this_thread();
    ring &io_;
    file &file_;
    jitter &random_;
    std::vector<slot> slots_{depth};
    std::vector<slot *> free_;
    unsigned begun_ = 0, done_ = 0;
};

struct beside_a_hog : testing::TestWithParam<offload> {};

} // namespace

TEST_P(beside_a_hog, a_mixture_loses_nothing) {
    const std::vector<unsigned> cpus = cpu_mask::of_this_thread().numbers();
    hog busy(cpus.back());
    jitter random(15);
    scratch s;
    std::vector<char> zeros(depth * sizeof(slot::bytes));
    ASSERT_EQ(pwrite(s.f.fd, zeros.data(), zeros.size(), 0), static_cast<ssize_t>(zeros.size()));
    std::unique_ptr<wq> pool;
    ASSERT_EQ(wq::create({}, pool), 0);
    ring_config config;
    config.mode = GetParam();
    config.depth = depth;
    std::unique_ptr<ring> io;
    ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    std::thread submitter([&] { mixture(*io, s.f, random).run(stress_items(10000), cpus); });
    submitter.join();
    EXPECT_EQ(io->in_flight(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    ring, beside_a_hog,
    testing::Values(offload::inline_, offload::sqthread, offload::handoff, offload::sqwq,
                    offload::punt, offload::hashed),
    [](const auto &info) {
        return std::string(std::array{"inline", "sqthread", "handoff", "sqwq", "punt", "hashed"}.at(
            static_cast<size_t>(info.param)));
    });
