// SPDX-License-Identifier: MIT
#include "side.h"

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

namespace iowq::bench {

namespace {

// One slot of the arena is kept for the submitter, which never runs items.
class tbb_side final : public cq_side {
  public:
    explicit tbb_side(const point &p)
        : cq_side(p), limit_(tbb::global_control::max_allowed_parallelism, p.workers + 1),
          arena_(static_cast<int>(p.workers + 1), 1) {}

    using side::submit;
    void submit(item &i) override {
        expect(i);
        arena_.enqueue([&i] { finish(i); });
    }

  private:
    tbb::global_control limit_;
    tbb::task_arena arena_;
};

} // namespace

std::unique_ptr<side> make_tbb_side(const point &p) { return std::make_unique<tbb_side>(p); }

} // namespace iowq::bench
