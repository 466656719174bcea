// SPDX-License-Identifier: MIT
// An acct joins a queue, the workers that serve it, and the counting of who sleeps: bound or
// unbound, on one node. It decides what io-wq's rules ask for and *returns* it (wake this one,
// create one, look elsewhere, nothing); it never wakes or creates anything itself. Owned by its wq;
// any thread may call it.
//
// Invariants:
//  1. While there is work (queued here, or a call from another node) one of these holds: a worker
//     runs; a thread is about to ask `settle`; a worker is to be created again in a moment; the
//     acct is at its limit with every worker asleep. In the last case `settle` says `elsewhere`,
//     and other nodes are called.
//  2. An item that is taken is published as running before it is queued no more.
//
// Lock: the queue's guards the queue and the set of workers, publishing `current`, and sending the
// signals that interrupt a worker.
#pragma once

#include "iowq/pool/sleep_accounting.h"
#include "iowq/pool/work_queue.h"
#include "iowq/pool/worker_set.h"

namespace iowq {

// Since creation. Each figure is right by itself.
struct IOWQ_API wq_counters {
    uint64_t enqueued = 0;
    uint64_t chain_waits = 0; // items that queued behind others of their key
    uint64_t wakes = 0;
    uint64_t workers_created = 0;
    uint64_t workers_reaped = 0; // left after idling, or above a lowered limit
    unsigned nr_workers = 0;     // now, as the next two
    unsigned nr_running = 0;
    unsigned nr_blocked = 0;
    unsigned peak_running = 0;
    unsigned peak_blocked = 0;

    wq_counters &operator+=(const wq_counters &other); // peaks add up to a bound, no more
};

class acct {
  public:
    using action = worker_set::action;
    enum class idle { retry, parked, leave };

    acct(bool bound, unsigned node, unsigned max_workers, unsigned max_running,
         bool last_stays = true)
        : bound(bound), node(node), max_running_(static_cast<int>(max_running)),
          workers_(max_workers, last_stays) {}

    const bool bound;
    const unsigned node;

    // ---- the queue, or the workers, alone; and whoever sleeps ----

    template <class Use>
    auto with_queue(Use use) IOWQ_EXCLUDES(queue_.lock) {
        locked guard(queue_.lock);
        return use(queue_);
    }
    template <class Use>
    auto with_workers(Use use) IOWQ_EXCLUDES(queue_.lock) {
        locked guard(queue_.lock);
        return use(workers_);
    }
    [[nodiscard]] sleep_accounting &sleepers() { return sleepers_; }

    // ---- any thread ----

    // Queues an item that is `on_its_way`. Takes no lock. -ESHUTDOWN once closed.
    [[nodiscard]] int push(work *w) { return queue_.push(w); }
    // What to do now that something was pushed. `concurrent`: a worker for it, even if others run.
    [[nodiscard]] action pushed(bool concurrent) IOWQ_EXCLUDES(queue_.lock);
    // A hashed item was queued on its chain, perhaps behind others; its token may be on this acct.
    void count_hashed(bool waits);
    // Another node's acct wants help: a worker of this one, to take what is queued there. If one
    // runs, it looks there before it parks, or another is asked for when it sleeps.
    [[nodiscard]] action called() IOWQ_EXCLUDES(queue_.lock);
    // Cancels those that run on workers here, or with a helper, and are `meant`; or only the first
    // one. Not the caller's own. False: there is none.
    template <class Meant>
    [[nodiscard]] bool cancel_running(Meant meant, bool all, const interrupt_signal &signal)
        IOWQ_EXCLUDES(queue_.lock) {
        locked guard(queue_.lock);
        bool any = workers_.interrupt(meant, all, signal);
        work *w = helped_.get();
        bool first;
        if (w && &helped_ != current_item() && (all || !any) && meant(helped_, w))
            any |= helped_.cancel(w, first); // its thread is the program's own: not signalled
        return any;
    }
    // Returns when no canceller is about to signal the caller's worker any more.
    void wait_for_cancellers() IOWQ_EXCLUDES(queue_.lock) { locked guard(queue_.lock); }
    // Sets the limit, unless `most` is 0, and returns the old one. `to_leave`: as worker_set::reap.
    [[nodiscard]] unsigned set_max_workers(unsigned most, action &todo, worker *&to_leave)
        IOWQ_EXCLUDES(queue_.lock);
    // No more pushes. Gives back the workers to wake (linked by next_free) and, of an unbound acct,
    // the items to cancel; tokens stay, as their chains may hold bound items too. `todo`: what
    // waited for a worker to be created again is to be done at once.
    [[nodiscard]] worker *close(work_list &cancelled, action &todo) IOWQ_EXCLUDES(queue_.lock);
    // The worker that a create, `asked`, was for cannot be had. `again`: it is worth another try,
    // in a moment. Gives back what nobody is left to run, and says what to do for the rest.
    [[nodiscard]] action create_failed(action asked, bool again, work_list &cancelled)
        IOWQ_EXCLUDES(queue_.lock);
    // What to do about a worker that could not be created. `due` is lowered to the time of the next
    // try, if that is still to come.
    [[nodiscard]] action retry_creation(clock::time_point now, deadline &due)
        IOWQ_EXCLUDES(queue_.lock);
    [[nodiscard]] wq_counters counters() IOWQ_EXCLUDES(queue_.lock);

    // ---- its workers ----

    // The next item, published as self.current; nullptr when there is none, or too many run.
    // `passed`: as fifo.
    [[nodiscard]] work *take(worker &self, work_list &passed) IOWQ_EXCLUDES(queue_.lock);
    // The same for a worker of another node's acct, which has nothing left to take.
    [[nodiscard]] work *take_away(worker &other, work_list &passed) IOWQ_EXCLUDES(queue_.lock);
    // Do more workers run than may? Then this one is to stop at the next opportunity.
    [[nodiscard]] bool crowded() const { return sleepers_.running(relaxed) > max_running_; }
    // Publishes an item that did not come from the queue (a linked one). False: the exit has begun
    // and cancels it.
    [[nodiscard]] bool publish(worker &self, work *w) IOWQ_EXCLUDES(queue_.lock);
    // Waits a little for work, as the only worker here that does.
    [[nodiscard]] bool spin_for_work(worker &self);
    // Stops running: parked (on the free list: park until woken), leave, or retry as there is work.
    [[nodiscard]] idle go_idle(worker &self) IOWQ_EXCLUDES(queue_.lock);
    // The caller's worker, or one that the monitor found blocked, goes to sleep inside its item.
    [[nodiscard]] action sleeping() IOWQ_EXCLUDES(queue_.lock);
    void running_again() { sleepers_.wakes_up(); }
    // The monitor counts a suspect as asleep, and one of `found` as running again; unless its call
    // has ended.
    [[nodiscard]] action found_asleep(const worker_set::suspect &s) IOWQ_EXCLUDES(queue_.lock);
    void found_running(const worker_set::suspect &s);

    // ---- a thread that waits for items to be done, and helps meanwhile ----

    // The oldest item, if it may be helped with and is not the only one, published as run by the
    // helper; nullptr otherwise, or when somebody helps already.
    [[nodiscard]] work *take_to_help(work_list &passed) IOWQ_EXCLUDES(queue_.lock);
    // What the helper runs.
    [[nodiscard]] current_work &helped() { return helped_; }

  private:
    [[nodiscard]] work *take_locked(worker &by, work_list &passed) IOWQ_REQUIRES(queue_.lock);
    [[nodiscard]] action settle(bool concurrent) IOWQ_REQUIRES(queue_.lock);
    [[nodiscard]] action employ(bool concurrent) IOWQ_REQUIRES(queue_.lock);
    [[nodiscard]] bool has_work() const { return queue_.has_work() || called_.load(seq_cst); }

    const int max_running_;

    work_queue queue_; // pushing and has_work need no lock
    worker_set workers_ IOWQ_GUARDED_BY(queue_.lock);

    alignas(64) sleep_accounting sleepers_;
    // Written as seldom as these.
    atomic<uint64_t> hashed_{0};
    atomic<uint64_t> chain_waits_{0};
    atomic<bool> spinning_{false};
    // Another node has work for this one's workers: counts as work until one of them finds nothing
    // more there.
    atomic<bool> called_{false};
    current_work helped_; // published under queue_.lock
};

} // namespace iowq
