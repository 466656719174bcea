/* SPDX-License-Identifier: GPL-2.0-only */
// arrival_rate=: an open loop. Each I/O of the load has an intended arrival, from a schedule that
// does not know how the I/Os go. An I/O that is queued before its arrival is held here until then.
// An I/O that is queued after its arrival, as the depth was used up or the submitter was held up,
// goes at once. Latency counts from the arrival in both cases, so that a stall counts for every I/O
// that should have come meanwhile.
//
// In this way fio's queue is always full, of I/Os that are held here and I/Os that are in flight,
// and fio stays in reap(), which returns when an I/O completes, not when one arrives. The other way
// to make fio wait is FIO_Q_BUSY. After that, fio 3.33 stamps the I/O again, fills its buffer again
// (and then verifies what it did not write) and logs it twice.
//
// fio's side of the open loop is in loop.h. Used by the job's thread only, except threads().
#pragma once

#include "backend.h"
#include "fifo.h"

#include <random>

namespace engine {

// The arrivals of a Poisson process: gaps with an exponential distribution.
class schedule {
  public:
    using nanoseconds = std::chrono::duration<double, std::nano>;

    // A seed and a job have the same schedule each time; another seed or another job has another.
    schedule(double per_second, uint64_t seed, unsigned job);
    // When the next arrival is, and when the last one was, since the start of the schedule. next()
    // moves on.
    [[nodiscard]] nanoseconds next();
    [[nodiscard]] nanoseconds last() const { return at_; }

  private:
    const nanoseconds mean_gap_;
    std::mt19937_64 random_;
    nanoseconds at_{0};
};

struct arrivals_config {
    unsigned per_second = 1;
    uint64_t seed = 0;
    unsigned job = 0;
    unsigned depth = 1;
};

// Invariants:
//  1. A request is in held_, in flight in io_, or in done_.
//  2. held_ is in the order of submission, and no `due` in it is before that of its predecessor.
class arrivals final : public backend {
  public:
    // Puts itself before `io`, by the job's own thread. 0 or -ENOMEM; may throw std::bad_alloc.
    [[nodiscard]] static int create(const arrivals_config &config, std::unique_ptr<backend> &io,
                                    arrivals *&out);

    // Takes back a request that has not arrived, as if it had never been submitted. nullptr: there
    // is none.
    [[nodiscard]] iowq::request *take_back() { return held_.empty() ? nullptr : &held_.pop(); }
    [[nodiscard]] bool all_have_come() const { return held_.empty(); }

    int use_buffers(std::span<const iovec> buffers) override { return io_->use_buffers(buffers); }
    int opened(job_file &f) override { return io_->opened(f); }
    void closing(job_file &f) override { io_->closing(f); }
    // Never `completed`: reap() returns every request, with the time at which it was done.
    iowq::ring::submitted submit(iowq::request &r) override;
    bool cancel(iowq::request &r) override;
    int commit() override { return io_->commit(); }
    int reap(std::span<iowq::request *> out, unsigned min, iowq::deadline until) override;
    iowq::path_counts counts(iowq::ring::direction d) const override { return io_->counts(d); }
    std::span<const uint64_t> ran_on() const override { return io_->ran_on(); }
    unsigned threads() const override { return io_->threads(); }
    void print_stats(FILE *to) const override;

  private:
    using time_point = iowq::clock::time_point;

    explicit arrivals(const arrivals_config &config);
    void give_time(job_request &r, time_point now);
    void send(job_request &r, time_point now);
    [[nodiscard]] bool send_due(time_point now);
    [[nodiscard]] int take(std::span<iowq::request *> out, unsigned min, iowq::deadline until);
    [[nodiscard]] int wait(std::span<iowq::request *> out, iowq::deadline until);

    const unsigned per_second_;
    schedule schedule_;
    time_point start_{};    // of the schedule
    time_point last_due_{}; // the latest arrival of all requests that were submitted
    bool stands_still_ = true;

    std::unique_ptr<backend> io_;
    fifo held_;
    fifo done_;              // completed in io_->submit()
    unsigned in_flight_ = 0; // in io_

    uint64_t nr_ = 0; // arrived and sent
    std::chrono::nanoseconds last_at_{0}, behind_{0}, most_behind_{0};
};

} // namespace engine
