// SPDX-License-Identifier: MIT
#include "side.h"

#include <bit>
#include <cerrno>
#include <liburing.h>

namespace iowq::bench {

namespace {

// io_uring with IOSQE_ASYNC, so that every entry goes to io-wq. The last entry of a refill is
// submitted by the call that waits for the next completion, unless it must go before: one system
// call less.
class kernel_side final : public side {
  public:
    explicit kernel_side(const point &p)
        : read_(p.of->what == deed::read), spins_(p.way.spins),
          spin_(spins_ ? reaper_spin(p) : std::chrono::microseconds{}) {
        require(io_uring_queue_init(std::bit_ceil(p.window), &ring_, p.way.setup),
                "io_uring_queue_init");
        unsigned limits[] = {p.workers, p.workers};
        require(io_uring_register_iowq_max_workers(&ring_, limits),
                "io_uring_register_iowq_max_workers");
    }
    ~kernel_side() override { io_uring_queue_exit(&ring_); }

    void submit(item &i) override {
        flush();
        prepare(i);
    }

    void submit(std::span<item *const> batch) override {
        flush();
        for (item *i : batch)
            prepare(*i);
    }

    [[nodiscard]] request *reap() override {
        if (spins_ || ready())
            flush();
        io_uring_cqe *cqes[64];
        unsigned n;
        while (!(n = io_uring_peek_batch_cqe(&ring_, cqes, std::size(cqes)))) {
            if (spins_ && spin_.until([this] { return ready(); }))
                continue;
            int error = io_uring_submit_and_wait(&ring_, 1);
            require(error == -EINTR ? 0 : error, "io_uring_submit_and_wait");
            prepared_ = 0;
        }
        flush(); // the completion came just after ready() said no
        request *newest = nullptr;
        for (unsigned k = n; k-- > 0;) { // from the last, so that the oldest comes first
            auto *r = static_cast<request *>(io_uring_cqe_get_data(cqes[k]));
            r->result = cqes[k]->res;
            r->next = newest;
            newest = r;
        }
        io_uring_cq_advance(&ring_, n);
        return newest;
    }

  private:
    // Are there completions, or must the kernel be entered to post some
    // (IORING_SETUP_TASKRUN_FLAG)?
    [[nodiscard]] bool ready() const {
        return io_uring_cq_ready(&ring_) ||
               __atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) & IORING_SQ_TASKRUN;
    }

    void prepare(item &i) {
        io_uring_sqe *sqe = io_uring_get_sqe(&ring_); // there is one: the ring holds the window
        if (read_)
            io_uring_prep_read(sqe, i.req.target->fd, i.req.buffer,
                               static_cast<unsigned>(i.req.length), i.req.offset);
        else
            io_uring_prep_nop(sqe);
        sqe->flags |= IOSQE_ASYNC;
        io_uring_sqe_set_data(sqe, &i.req);
        prepared_++;
    }

    void flush() {
        if (!prepared_)
            return;
        require(io_uring_submit(&ring_), "io_uring_submit");
        prepared_ = 0;
    }

    const bool read_;
    const bool spins_;
    adaptive_spin spin_;
    io_uring ring_{};
    unsigned prepared_ = 0;
};

constexpr unsigned coop =
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
constexpr unsigned deferred =
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;

} // namespace

std::vector<ring_way> ring_ways(const bench_case &of) {
    std::vector<ring_way> ways;
    for (unsigned setup : {0u, coop, deferred}) {
        ways.push_back({setup, false});
        if (of.spins)
            ways.push_back({setup, true});
    }
    return ways;
}

std::string describe(ring_way way) {
    std::string flags = way.setup == coop       ? "SINGLE_ISSUER|COOP_TASKRUN"
                        : way.setup == deferred ? "SINGLE_ISSUER|DEFER_TASKRUN"
                                                : "no flags";
    return flags + (way.spins ? ", spinning" : ", not spinning");
}

int probe_kernel() {
    io_uring ring;
    int error = io_uring_queue_init(8, &ring, 0);
    if (!error)
        io_uring_queue_exit(&ring);
    return error;
}

std::unique_ptr<side> make_kernel_side(const point &p) { return std::make_unique<kernel_side>(p); }

} // namespace iowq::bench
