// SPDX-License-Identifier: MIT
// The worker thread (take, run, idle out), and what an item may ask and tell its pool. Each
// function acts on the calling thread.
#pragma once

#include "iowq/pool/chain.h"

namespace iowq {

// The life of a worker thread; returns when it is to leave. `chains` is its wq's table.
void run_worker(worker &self, chain_table &chains);

// Calls func with work_cancel set, then likewise for every item linked behind it.
void run_cancelled(work *w);
void run_markers(work_list passed);

// Runs one item of `home`, or a turn of a chain's, in the calling thread, which is not one of its
// workers: see wq::help.
[[nodiscard]] bool help(acct &home, chain_table &chains, wq &pool, bool may_sleep);
// Does the calling thread run its item as a helper? Then the item must not block. No, if the item
// is cancelled.
[[nodiscard]] IOWQ_API bool helping();
// From inside an item that a helper runs, and that is not cancelled: it would block. So it goes
// back to where it was, before all others, and a worker calls its func again. This call of func
// must not touch the item afterwards.
IOWQ_API void leave_to_worker();

// For a thread of the library's that is in no pool: what it runs is published in `current`, and may
// be interrupted.
void issue_on_own_thread(current_work &current);
// The item in `current` is over. Sees to it that no signal meant for it reaches the next item:
// `sent` returns when nobody is about to send one any more, and a pending one is taken.
template <class Sent>
void end_interruptible(current_work &current, Sent sent) {
    if (!current.finish())
        return;
    sent();
    take_pending_signals();
}

// Is the calling thread a worker of this pool, its monitor, helping it, or ending it?
[[nodiscard]] bool inside(const wq &pool);
// By the thread that ends the pool, and so runs the items that it cancels, as long as this lives.
class ending {
  public:
    explicit ending(wq &pool);
    ~ending();
    ending(const ending &) = delete;
    ending &operator=(const ending &) = delete;

  private:
    wq *const before_; // the pool in whose item it does so
};
void become_monitor_of(wq &pool);

// From inside an item: has it been cancelled since it started? A cancelled item's worker is sent a
// signal again and again until this has said yes, or the item is over, so that a system call that
// waits returns EINTR. False outside items. Source: IO_WQ_WORK_CANCEL on a running item; here the
// mark is in the worker's record, as the item may be freed at any time.
[[nodiscard]] IOWQ_API bool cancel_requested();

// Did a call fail with EINTR (`error`) in a thread of the library's whose item nobody has
// cancelled? Then it is to be made again. In the program's threads the answer is no: there signals
// are the program's, which decides what an EINTR means.
[[nodiscard]] IOWQ_API bool interrupted_in_vain(int error);

// The same as a `blocking` of kind will, for C: the item is about to sleep; it runs again. If the
// item returns between the two, its worker counts as running from then on. A second call in a row
// has no effect, nor has a call outside a worker.
void says_sleeping();
void says_running();

// Put around a call that blocks, inside an item: by this annotation the pool knows that the worker
// sleeps, and compensates for it (another worker takes its place). It does nothing outside a
// worker, or where the pool does not go by annotations (wq_config::sleep_hook). Not to be nested.
// Source: io_wq_worker_sleeping and io_wq_worker_running, which the kernel's scheduler calls.
class IOWQ_API blocking {
  public:
    // How sure it is that the call sleeps.
    enum kind {
        // Counts as asleep at once: O_DIRECT, fsync, a read that missed the page cache.
        will,
        // Counts as running until the monitor finds the worker asleep in the call, unless such
        // calls have lately been found to sleep.
        may
    };
    explicit blocking(kind k);
    ~blocking();
    blocking(const blocking &) = delete;
    blocking &operator=(const blocking &) = delete;

  private:
    worker *const self_;
    const kind kind_;
    bool expected_ = false; // kind may, and the worker counts as asleep from the start
    long switches_ = 0;     // with expected_: how often the thread had gone to sleep before
};

} // namespace iowq
