/* SPDX-License-Identifier: GPL-2.0-only */
// A pool and a job's ring, as a backend. The pool is the job's own, or shared by the jobs of the
// process. Used by the job's thread only, except threads().
#pragma once

#include "backend.h"

namespace engine {

class pool final : public backend {
  public:
    // Errors of iowq::wq::create, with its `why`, and of iowq::ring::create. -EINVAL: shared with
    // jobs that were given other limits, as `why` says. A mode that needs no pool gets none.
    [[nodiscard]] static int create(const iowq::ring_config &ring, const iowq::wq_config &wq,
                                    bool shared, std::unique_ptr<backend> &out, std::string &why);

    iowq::ring::submitted submit(iowq::request &r) override { return ring_->submit(r); }
    bool cancel(iowq::request &r) override { return ring_->cancel(r); }
    int commit() override {
        ring_->commit();
        return 0;
    }
    int reap(std::span<iowq::request *> out, unsigned min, iowq::deadline until) override {
        return static_cast<int>(ring_->reap(out, min, until));
    }
    iowq::path_counts counts(iowq::ring::direction d) const override { return ring_->counts(d); }
    std::span<const uint64_t> ran_on() const override { return ring_->ran_on(); }
    unsigned threads() const override;
    void print_stats(FILE *to) const override;

  private:
    [[nodiscard]] int make_wq(const iowq::wq_config &wq, bool shared, std::string &why);

    std::shared_ptr<iowq::wq> wq_; // outlives the ring
    std::unique_ptr<iowq::ring> ring_;
};

} // namespace engine
