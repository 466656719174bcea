// SPDX-License-Identifier: MIT
// A side of the comparison: one pool behind one small interface, and the items that go through it.
// Made and used by the main thread of a measurement's process; only perform and finish run in the
// pool's threads. Whatever fails throws std::system_error, which ends that process's measurement.
#pragma once

#include "cases.h"
#include "iowq/ring/cq.h"

#include <latch>
#include <memory>
#include <span>
#include <utility>

namespace iowq::bench {

// Where the items of a growth case meet: `inside` counts them in, and all wait for `leave`.
struct gathering {
    explicit gathering(unsigned count) : inside(count), leave(1) {}
    std::latch inside;
    std::latch leave;
};

struct item {
    request req; // must stay first; its user_data is the completing side's
    deed what = deed::nop;
    blocking::kind kind = blocking::will;
    unsigned slot = 0; // its index in the window
    unsigned key = 0;  // below bench_case::keys
    gathering *place = nullptr;
    // the measuring loop's
    bool timed = false;
    clock::time_point submitted;
};

inline item &item_of(request *r) { return *reinterpret_cast<item *>(r); }

// Does the item's deed. In a worker of iowq a deed that blocks is annotated (worker.h, blocking).
void perform(item &i);

class side {
  public:
    virtual ~side() = default;
    virtual void submit(item &i) = 0;
    // One by one, where the pool has no way to submit several at once.
    virtual void submit(std::span<item *const> batch) {
        for (item *i : batch)
            submit(*i);
    }
    // Waits for at least one completion. Returns all there are, linked by `next`.
    [[nodiscard]] virtual request *reap() = 0;
};

// The side of a pool without completions of its own. All such pools get the library's cq, so that
// only the pools differ.
class cq_side : public side {
  public:
    [[nodiscard]] request *reap() override;

    explicit cq_side(const point &p);

  protected:
    // Called by the worker.
    static void finish(item &i) {
        perform(i);
        static_cast<cq *>(i.req.user_data)->push(i.req);
    }
    void expect(item &i) { i.req.user_data = &cq_; }
    // By the reaper, which would only wait: runs an item itself, where the pool has a way to.
    // False: it has not run one.
    [[nodiscard]] virtual bool help() { return false; }

    bool worker_starts_ = false; // a worker has been woken since the last wait

  private:
    cq cq_;
};

[[nodiscard]] std::unique_ptr<side> make_iowq_side(const point &p);
[[nodiscard]] std::unique_ptr<side> make_kernel_side(const point &p);
[[nodiscard]] std::unique_ptr<side> make_tbb_side(const point &p);
[[nodiscard]] std::unique_ptr<side> make_asio_side(const point &p);
[[nodiscard]] std::unique_ptr<side> make_uv_side(const point &p);
[[nodiscard]] std::unique_ptr<side> make_moodycamel_side(const point &p);
[[nodiscard]] std::unique_ptr<side> make_glib_side(const point &p);
[[nodiscard]] std::unique_ptr<side> make_mutex_side(const point &p);
[[nodiscard]] std::unique_ptr<side> make_side(const point &p);

// How long the reaper spins: the library's default, or not at all on a single CPU or where the case
// does not spin.
[[nodiscard]] std::chrono::microseconds reaper_spin(const point &p);

// The ways of using io_uring that the kernel's side is to be tried with.
[[nodiscard]] std::vector<ring_way> ring_ways(const bench_case &of);
[[nodiscard]] std::string describe(ring_way way);
// 0, or -errno if there is no io_uring for this process.
[[nodiscard]] int probe_kernel();

// Throws when `error` is -errno.
void require(int error, const char *what);

} // namespace iowq::bench
