// SPDX-License-Identifier: MIT
// The worker thread (take, run, idle out), and how an item tells the pool that it sleeps.
#pragma once

#include "chain.h"

namespace iowq {

// The life of a worker thread; returns when it is to leave. `chains` is its wq's table.
void run_worker(worker &self, chain_table &chains, std::chrono::milliseconds idle);

// Calls func with work_cancel set, and so for every item linked behind it.
void run_cancelled(work *w);
// Calls markers.
void run_markers(work_list passed);

// Is the calling thread a worker of `pool`?
[[nodiscard]] bool on_worker_of(const wq &pool);

// Put round a call that blocks, inside an item: the annotation by which the pool makes up for a
// worker that sleeps. Outside a worker it does nothing. Not to be nested.
// Source: io_wq_worker_sleeping and io_wq_worker_running, which the kernel's scheduler calls.
class blocking {
  public:
    enum kind {
        will, // counts as asleep at once: O_DIRECT, fsync, a read that missed the page cache
        may   // counts as running until the monitor finds the worker still in the call
    };
    explicit blocking(kind k);
    ~blocking();
    blocking(const blocking &) = delete;
    blocking &operator=(const blocking &) = delete;

  private:
    worker *const self_;
    const kind kind_;
};

} // namespace iowq
