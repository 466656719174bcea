/* SPDX-License-Identifier: GPL-2.0-only */
// fsync_order=drain for a backend that does not keep this order itself: a sync waits for all
// requests before it, and all requests after it wait for the sync. Requests that wait are held
// here, and are sent as completions are reaped. Each job has one, used by the job's thread only,
// except threads().
#pragma once

#include "backend.h"
#include "fifo.h"

namespace engine {

class drain final : public backend {
  public:
    // Puts itself before `io`, for at most `depth` requests in flight. 0 or -ENOMEM.
    [[nodiscard]] static int create(unsigned depth, std::unique_ptr<backend> &io);

    int use_buffers(std::span<const iovec> buffers) override { return io_->use_buffers(buffers); }
    int opened(job_file &f) override { return io_->opened(f); }
    void closing(job_file &f) override { io_->closing(f); }
    iowq::ring::submitted submit(iowq::request &r) override;
    bool cancel(iowq::request &r) override;
    int commit() override { return io_->commit(); }
    int reap(std::span<iowq::request *> out, unsigned min, iowq::deadline until) override;
    iowq::path_counts counts(iowq::ring::direction d) const override { return io_->counts(d); }
    std::span<const uint64_t> ran_on() const override { return io_->ran_on(); }
    unsigned threads() const override { return io_->threads(); }
    void print_stats(FILE *to) const override { io_->print_stats(to); }

  private:
    [[nodiscard]] bool may_go(const iowq::request &r) const;
    iowq::ring::submitted send(iowq::request &r);
    [[nodiscard]] bool release();

    std::unique_ptr<backend> io_;
    fifo held_;              // in the order of their submission
    fifo done_;              // completed in io_->submit() when released; not yet handed out
    unsigned in_flight_ = 0; // in io_
    bool sync_sent_ = false; // one sync is in flight, and nothing else
};

} // namespace engine
