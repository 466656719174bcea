// SPDX-License-Identifier: MIT
// An acct is a queue, the workers that serve it, and the count of those that sleep: bound or
// unbound, on one node. It decides what io-wq's rules ask for and *returns* that (wake this worker,
// create one, look elsewhere, nothing); it never wakes or creates anything itself. Owned by its wq;
// any thread may call it.
//
// Invariants:
//  1. While there is work (queued here, or a call from another node) one of these holds: a worker
//     runs; a thread is about to call `settle`; a worker is to be created again in a moment; the
//     acct is at its limit with every worker asleep. In the last case `settle` says `elsewhere`,
//     and other nodes are called.
//  2. An item that is taken is published as running before it stops being queued.
//
// Lock: the queue's guards the queue and the set of workers, publishing `current`, and sending the
// signals that interrupt a worker.
#pragma once

#include "iowq/os/topology.h"
#include "iowq/pool/sleep_accounting.h"
#include "iowq/pool/work_queue.h"
#include "iowq/pool/worker_set.h"

namespace iowq {

// Counted since the pool's creation. Each figure is right by itself, not all at one moment.
struct IOWQ_API wq_counters {
    uint64_t enqueued = 0;
    uint64_t chain_waits = 0; // items that queued behind others of their key
    uint64_t wakes = 0;
    uint64_t workers_created = 0;
    uint64_t workers_reaped = 0; // left after idling, or above a lowered limit
    unsigned nr_workers = 0;     // at this moment, as the next two
    unsigned nr_running = 0;
    unsigned nr_blocked = 0;
    unsigned peak_running = 0;
    unsigned peak_blocked = 0;

    wq_counters &operator+=(const wq_counters &other); // a sum of peaks is only an upper bound
};

class acct {
  public:
    using action = worker_set::action;
    enum class idle { retry, parked, leave };

    acct(bool bound, unsigned node, unsigned max_workers, unsigned max_running,
         bool last_stays = true, bool spins = true)
        : bound(bound), node(node), max_running_(static_cast<int>(max_running)), spins_(spins),
          workers_(max_workers, last_stays) {}

    const bool bound;
    const unsigned node;

    // ---- its parts ----

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
    // The CPU of a submitter that has waited, and whether it has slept.
    void submitter_is_on(uint16_t cpu, bool slept) {
        if (submitter_on_.load(relaxed) != cpu)
            submitter_on_.store(cpu, relaxed);
        if (slept)
            submitter_sleeps_.store(submitter_sleeps() + 1, relaxed);
    }
    // Where a submitter was last, or no_cpu; and about how often submitters have slept.
    [[nodiscard]] uint16_t submitter_on() const { return submitter_on_.load(relaxed); }
    [[nodiscard]] unsigned submitter_sleeps() const { return submitter_sleeps_.load(relaxed); }
    // What to do now that an item was pushed. `concurrent`: it wants a worker even if others run.
    [[nodiscard]] action pushed(bool concurrent) IOWQ_EXCLUDES(queue_.lock);
    // A hashed item that was enqueued here has gone to its chain. `waits`: behind others.
    void count_hashed(bool waits);
    // Another node's acct has no worker left: one of this acct's is to steal from it. A worker that
    // runs here looks there before it parks; if it sleeps first, another is asked for then.
    [[nodiscard]] action called() IOWQ_EXCLUDES(queue_.lock);
    // Cancels the items that are `meant` and run on workers here or in a helper; or only the first
    // one. Never the caller's own. False: there is none.
    template <class Meant>
    [[nodiscard]] bool cancel_running(Meant meant, bool all, const interrupt_signal &signal)
        IOWQ_EXCLUDES(queue_.lock) {
        locked guard(queue_.lock);
        bool any = workers_.interrupt(meant, all, signal);
        work *w = helped_.get();
        bool first;
        if (w && &helped_ != current_item() && (all || !any) && meant(helped_, w))
            any |= helped_.cancel(w, first); // not signalled: a helper is the program's own thread
        return any;
    }
    // By a worker whose item is over: returns when no canceller is about to signal it any more.
    void wait_for_cancellers() IOWQ_EXCLUDES(queue_.lock) { locked guard(queue_.lock); }
    // Sets the limit, unless `most` is 0, and returns the old one. `to_leave`: as worker_set::reap.
    [[nodiscard]] unsigned set_max_workers(unsigned most, action &todo, worker *&to_leave)
        IOWQ_EXCLUDES(queue_.lock);
    // How many workers may run, and whether they spin before they park, from now on.
    void set_pace(unsigned max_running, bool spins);
    // What to do for an item that waited because so many ran, now that more may. nothing: that is
    // all.
    [[nodiscard]] action more_may_run() IOWQ_EXCLUDES(queue_.lock);
    // No more pushes. Returns the workers to wake (linked by next_free). `cancelled`: the items of
    // an unbound acct; tokens stay, as their chains may hold bound items too. `todo`: the creation
    // that waited for a retry, to be tried at once.
    [[nodiscard]] worker *close(work_list &cancelled, action &todo) IOWQ_EXCLUDES(queue_.lock);
    // The worker whose creation was `asked` cannot be had. `again`: another try, in a moment, may
    // succeed. `cancelled`: the items that no worker is left to run. Returns what else to do.
    [[nodiscard]] action create_failed(action asked, bool again, work_list &cancelled)
        IOWQ_EXCLUDES(queue_.lock);
    // Asked by the monitor: what to do about a worker that could not be created. `due` is lowered
    // to the time of its next try, if that is still to come.
    [[nodiscard]] action retry_creation(clock::time_point now, deadline &due)
        IOWQ_EXCLUDES(queue_.lock);
    [[nodiscard]] wq_counters counters() IOWQ_EXCLUDES(queue_.lock);
    // Shows what it counts, on the node with that OS number.
    void show(shown_figures &to, int os_node) IOWQ_EXCLUDES(queue_.lock);

    // ---- its workers ----

    // The next item, published as self.current, or a chain's token; nullptr when there is none, or
    // too many workers run. `passed`: as in fifo.
    [[nodiscard]] work *take(worker &self, work_list &passed) IOWQ_EXCLUDES(queue_.lock);
    // The same for `other`, a worker of another node's acct, which has nothing left to take.
    [[nodiscard]] work *take_away(worker &other, work_list &passed) IOWQ_EXCLUDES(queue_.lock);
    // Do more workers run than may? Then the worker that asks parks after its item.
    [[nodiscard]] bool crowded() const { return sleepers_.running(relaxed) > max_running(); }
    // Publishes an item that did not come from the queue (a linked one). False: it is unbound and
    // exit has begun, so it is to be cancelled.
    [[nodiscard]] bool publish(worker &self, work *w) IOWQ_EXCLUDES(queue_.lock);
    [[nodiscard]] bool may_spin() const { return spins_.load(relaxed); }
    // Spins a little for work, if no other worker here does. True: there may be some.
    [[nodiscard]] bool spin_for_work(worker &self);
    // The worker stops running. retry: there is work, so it runs on. parked: it is on the free
    // list, and parks until woken. leave: its thread is to end.
    [[nodiscard]] idle go_idle(worker &self) IOWQ_EXCLUDES(queue_.lock);
    // A worker, the caller or one that the monitor found, goes to sleep inside its item.
    [[nodiscard]] action sleeping() IOWQ_EXCLUDES(queue_.lock);
    void running_again() { sleepers_.wakes_up(); }
    // The monitor counts a suspect as asleep, or a worker that it found asleep as running again:
    // neither, if the call has ended.
    [[nodiscard]] action found_asleep(const worker_set::suspect &s) IOWQ_EXCLUDES(queue_.lock);
    void found_running(const worker_set::suspect &s);

    // ---- a thread that waits for items to be done, and helps meanwhile ----

    // The oldest item that is work_helpable, published in helped(), or such a chain's token: if it
    // is one of the first (work_queue::helper_looks), and not the only one. nullptr otherwise,
    // while another thread helps, and once closed. `may_sleep`: also what is work_may_sleep, unless
    // such items have lately slept. Until helper_leaves() nobody else helps.
    [[nodiscard]] work *take_to_help(bool may_sleep, work_list &passed) IOWQ_EXCLUDES(queue_.lock);
    // What the helper runs.
    [[nodiscard]] current_work &helped() { return helped_; }
    // The item in helped() goes back to where it was, for a worker. False: it has been cancelled
    // meanwhile, and is the helper's to complete.
    [[nodiscard]] bool give_back(work *w) IOWQ_EXCLUDES(queue_.lock);
    void helper_leaves() { has_helper_.store(false, release); } // pairs with has_helper
    [[nodiscard]] bool has_helper() const { return has_helper_.load(acquire); }

  private:
    [[nodiscard]] work *take_locked(worker &by, work_list &passed) IOWQ_REQUIRES(queue_.lock);
    [[nodiscard]] action settle(bool concurrent) IOWQ_REQUIRES(queue_.lock);
    [[nodiscard]] action employ(bool concurrent) IOWQ_REQUIRES(queue_.lock);
    [[nodiscard]] bool has_work() const { return queue_.has_work() || called_.load(seq_cst); }

    [[nodiscard]] int max_running() const { return max_running_.load(relaxed); }

    // Relaxed: a worker that still sees what was before is corrected when it next looks.
    atomic<int> max_running_;
    atomic<bool> spins_;

    work_queue queue_; // pushing and has_work need no lock
    worker_set workers_ IOWQ_GUARDED_BY(queue_.lock);

    alignas(64) sleep_accounting sleepers_;
    // Beside sleepers_, as they are written as seldom.
    atomic<uint64_t> hashed_{0};
    atomic<uint64_t> chain_waits_{0};
    atomic<bool> spinning_{false};
    atomic<uint16_t> submitter_on_{no_cpu}; // relaxed: hints, as is
    atomic<unsigned> submitter_sleeps_{0};
    // Another node has work for this acct's workers. Counts as work until a worker that stops
    // running has seen it and looked there once more.
    atomic<bool> called_{false};
    atomic<bool> has_helper_{false}; // set under queue_.lock
    current_work helped_;            // published under queue_.lock, or that of a chain's shard
};

} // namespace iowq
