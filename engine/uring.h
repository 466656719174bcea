/* SPDX-License-Identifier: GPL-2.0-only */
// The modes' counterparts in the kernel, through liburing. They take the same requests as the
// library's ring, so that both carry the same overhead of fio's. Used by the job's thread only,
// except threads().
#pragma once

#include "backend.h"

#include <liburing.h>

namespace engine {

// What sets the kernel's modes apart.
struct uring_way {
    bool async = false;  // IOSQE_ASYNC on every request
    bool sqpoll = false; // IORING_SETUP_SQPOLL
    bool defer = false;  // IORING_SETUP_DEFER_TASKRUN
};

struct uring_config {
    unsigned depth = 1;
    uring_way way;
    std::optional<unsigned> sqpoll_cpu; // with way.sqpoll
    std::chrono::milliseconds sqpoll_idle{1000};
    bool hipri = false; // IORING_SETUP_IOPOLL
    bool vectored = false;
    bool drain = false;      // IOSQE_IO_DRAIN on every sync
    unsigned nr_files = 0;   // to be registered
    bool fixed_bufs = false; // the buffers are to be registered
    std::chrono::microseconds spin{10};
    unsigned max_workers[2] = {0, 0}; // bounded, unbounded; 0: the kernel's own limit
    std::optional<iowq::cpu_mask> worker_cpus;
};

class uring final : public backend {
  public:
    // -ENOSYS or -EPERM: io_uring may not be used. -EINVAL: the kernel is too old for what is
    // asked. Other errors are those of setting it up.
    [[nodiscard]] static int create(const uring_config &config, std::unique_ptr<backend> &out);
    ~uring() override;

    int use_buffers(std::span<const iovec> buffers) override;
    int opened(job_file &f) override;
    void closing(job_file &f) override;
    iowq::ring::submitted submit(iowq::request &r) override;
    int commit() override;
    int reap(std::span<iowq::request *> out, unsigned min, iowq::deadline until) override;
    iowq::path_counts counts(iowq::ring::direction d) const override {
        return {.issued = issued_[d]};
    }
    unsigned threads() const override;
    void print_stats(FILE *to) const override;

  private:
    explicit uring(const uring_config &config) : config_(config), spin_(config.spin) {}
    [[nodiscard]] int set_up();
    void prepare(io_uring_sqe *sqe, job_request &r) const;
    void prepare_rw(io_uring_sqe *sqe, int fd, job_request &r) const;
    [[nodiscard]] bool completes_when_asked() const;
    [[nodiscard]] unsigned take(std::span<iowq::request *> out);

    const uring_config config_;
    io_uring ring_{};
    bool ready_ = false;
    pid_t owner_ = 0; // the thread that the kernel names its workers after
    iowq::adaptive_spin spin_;
    uint64_t issued_[iowq::ring::nr_directions] = {};
};

} // namespace engine
