/* SPDX-License-Identifier: GPL-2.0-only */
// A job's own pool and its ring, as a backend.
#pragma once

#include "backend.h"

namespace engine {

class pool final : public backend {
  public:
    // The errors of iowq::wq::create, with its `why`, and iowq::ring::create. Modes that need no workers
    // get none.
    [[nodiscard]] static int create(const iowq::ring_config &ring, const iowq::wq_config &wq,
                                    std::unique_ptr<backend> &out, std::string &why);

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
    unsigned threads() const override;
    void print_stats(FILE *to) const override;

  private:
    std::unique_ptr<iowq::wq> wq_; // outlives the ring
    std::unique_ptr<iowq::ring> ring_;
};

} // namespace engine
