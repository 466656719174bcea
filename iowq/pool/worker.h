// SPDX-License-Identifier: MIT
// The worker thread (take, run, idle out), and how an item tells the pool that it sleeps.
#pragma once

#include "iowq/pool/chain.h"

namespace iowq {

// The life of a worker thread; returns when it is to leave. `chains` is its wq's table.
void run_worker(worker &self, chain_table &chains);

// Calls func with work_cancel set, and so for every item linked behind it.
void run_cancelled(work *w);
// Calls markers.
void run_markers(work_list passed);

// Runs one item of `home` in the calling thread, which is none of its workers: see wq::help.
[[nodiscard]] bool help_with_one(acct &home, wq &pool);
// Does the calling thread run its item because it helps? Then the item must not block.
[[nodiscard]] IOWQ_API bool helping();

// The calling thread is the library's own and in no pool: it issues what it publishes as `current`,
// and may be interrupted for that.
void issue_on_own_thread(current_work &current);
// What `current` held is over: no signal that was meant for it reaches what is next. `sent` returns
// when nobody is about to send one any more.
template <class Sent>
void end_interruptible(current_work &current, Sent sent) {
    if (!current.finish())
        return;
    sent();
    take_pending_signals();
}

// Is the calling thread a worker of this pool, its monitor, or helping it?
[[nodiscard]] bool inside(const wq &pool);
void become_monitor_of(wq &pool);

// From inside an item: has it been cancelled meanwhile? A worker's thread is sent a signal again
// and again until this has said yes, or the item is over, so that a system call that waits returns
// EINTR. False outside items. Source: IO_WQ_WORK_CANCEL on a running item; here the mark is the
// worker's, as the item may be freed at any time.
[[nodiscard]] IOWQ_API bool cancel_requested();

// Did a call fail with EINTR (`error`) in a thread of the library's whose item nobody has
// cancelled? Then it is to be made again. Elsewhere signals are the program's own, and so is what
// to do about them.
[[nodiscard]] IOWQ_API bool interrupted_in_vain(int error);

// The same as a `blocking` of kind will, for C: the item is about to sleep, and runs again. An item
// that returns asleep runs again from then on. A second call in a row has no effect, nor has one
// outside a worker.
void says_sleeping();
void says_running();

// Put round a call that blocks, inside an item: the annotation by which the pool makes up for a
// worker that sleeps. Outside a worker it does nothing, nor where the pool has another way to know
// (wq_config::sleep_hook). Not to be nested.
// Source: io_wq_worker_sleeping and io_wq_worker_running, which the kernel's scheduler calls.
class IOWQ_API blocking {
  public:
    // How sure it is.
    enum kind {
        // Counts as asleep at once: O_DIRECT, fsync, a read that missed the page cache.
        will,
        // Counts as running until the monitor finds the worker asleep in the call, unless such
        // calls have lately been found to sleep.
        may
    };
    // The call begins; at the end of the scope it is over.
    explicit blocking(kind k);
    ~blocking();
    blocking(const blocking &) = delete;
    blocking &operator=(const blocking &) = delete;

  private:
    worker *const self_;
    const kind kind_;
    bool expected_ = false; // may, and it counts as asleep from the start
    long switches_ = 0;     // then: how often the thread had gone to sleep before
};

} // namespace iowq
