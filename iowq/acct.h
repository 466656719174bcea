// SPDX-License-Identifier: MIT
// An acct: one queue, bound or unbound, on one node, and the passive records of the workers that
// serve it. It decides what io-wq's rules ask for and *returns* it (wake this one, create one,
// nothing); it never wakes or creates anything itself. Owned by its wq; any thread may call it.
//
// Invariants:
//  1. nr_running_ counts the workers that run or are about to: a worker that is woken or created is
//     counted by whoever decides it, so one wake is in flight at a time.
//  2. While the queue is not empty, nr_running_ > 0, or some thread is between making one of the two
//     untrue and asking `settle` what to do, or nr_workers_ is at its limit with every worker asleep.
//  3. nr_workers_ <= max_workers, always.
//  4. An item on the queue is `listed`; one on the incoming stack is `queued`.
//
// Lock: lock_ guards the queue, the free list, the list of workers, and publishing `current`.
#pragma once

#include "lock.h"
#include "park.h"
#include "work.h"

#include <pthread.h>

namespace iowq {

class acct;
class wq;

// One worker's record. The thread lives in worker.cc.
struct alignas(64) worker {
    worker(wq &pool, acct &home, std::chrono::nanoseconds spin)
        : pool(pool), home(home), spin(spin) {}

    // immutable after construction
    wq &pool;
    acct &home;

    // guarded by the wq's threads_lock_
    enum { spare, starting, live } phase = starting;
    pthread_t thread{}; // to be joined while live

    // guarded by home.lock_
    worker *next_free = nullptr;
    worker *next_known = nullptr;
    bool free = false;
    uint32_t seen_call = 0; // the monitor's last look at `call`

    // owner thread only
    adaptive_spin spin;
    uint32_t epoch = 0;

    // atomic
    parker park;
    std::atomic<work *> current{nullptr}; // set under the lock of the queue it came from
    // The call that may block: 0 outside, else epoch << 2 | in_call (| asleep, once the monitor has
    // counted the worker as asleep). The worker sets it, the monitor adds `asleep` by CAS, and the
    // worker's exchange at the end of the call learns of it.
    std::atomic<uint32_t> call{0};
    // The thread has left its loop. Release; pairs with the acquire of whoever joins it to use the
    // record again.
    std::atomic<bool> gone{false};

    static constexpr uint32_t in_call = 1;
    static constexpr uint32_t asleep = 2;
};

struct acct_counters {
    uint64_t wakes = 0;
    uint64_t workers_created = 0;
    uint64_t workers_reaped = 0; // left after idling
    unsigned nr_workers = 0;
    unsigned peak_running = 0;
    unsigned peak_blocked = 0;
};

class acct {
  public:
    struct action {
        enum { nothing, wake, create } what = nothing;
        worker *who = nullptr; // to wake
    };
    enum class idle { retry, parked, leave };

    acct(bool bound, unsigned node, unsigned max_workers, unsigned max_running)
        : bound(bound), node(node), max_workers_(max_workers),
          max_running_(static_cast<int>(max_running)) {}

    const bool bound;
    const unsigned node;

    // ---- any thread ----

    // Queues an item whose state is `queued`. Takes no lock. -ESHUTDOWN once closed.
    [[nodiscard]] int push(work *w);
    // What to do now that something was pushed. `concurrent`: a worker for it, even if others run.
    [[nodiscard]] action pushed(bool concurrent);
    // Unlinks an item that is queued here. False: it is not (or no more). `passed`: see take.
    [[nodiscard]] bool cancel(work *w, work_list &passed) EXCLUDES(lock_);
    // Puts a marker behind what is queued. False: nothing is, so it is not needed.
    [[nodiscard]] bool mark(work *marker) EXCLUDES(lock_);
    // Is `w` published as running by one of the workers here?
    [[nodiscard]] bool runs(const work *w) EXCLUDES(lock_);
    // No more pushes. Gives back the workers to wake (linked by next_free) and, of an unbound acct,
    // the items to cancel; tokens stay, as their chains may hold bound items too.
    [[nodiscard]] worker *close(work_list &cancelled) EXCLUDES(lock_);
    // A worker that `create` asked for cannot be had. Gives back what nobody is left to run, and
    // says what to do for the rest.
    [[nodiscard]] action create_failed(work_list &cancelled) EXCLUDES(lock_);
    [[nodiscard]] acct_counters counters() EXCLUDES(lock_);

    // ---- its workers ----

    void started(worker &self) EXCLUDES(lock_);
    // The next item, published as self.current; nullptr when there is none, or too many run.
    // `passed` gets the markers that have nothing left before them: the caller calls them.
    [[nodiscard]] work *take(worker &self, work_list &passed) EXCLUDES(lock_);
    // Do more workers run than may? Then this one is to stop at the next opportunity.
    [[nodiscard]] bool crowded() const {
        return nr_running_.load(std::memory_order_relaxed) > max_running_;
    }
    // Publishes an item that did not come from the queue (a linked one).
    void publish(worker &self, work *w) EXCLUDES(lock_);
    // Puts a chain's token back at the end, even after close.
    void requeue(work *token) EXCLUDES(lock_);
    // Waits a little for work, as the only worker here that does.
    [[nodiscard]] bool spin_for_work(worker &self);
    // Stops running: parked (on the free list: park now), leave, or retry as there is work.
    [[nodiscard]] idle go_idle(worker &self) EXCLUDES(lock_);
    // A parked worker's time is up: leave; parked, without a time limit (as the last one, or as
    // somebody has just picked it to wake); or retry after the same time again.
    [[nodiscard]] idle timed_out(worker &self) EXCLUDES(lock_);
    // The caller's worker, or one that the monitor found blocked, goes to sleep inside its item.
    [[nodiscard]] action sleeping();
    void running_again();

    // ---- the monitor ----

    // Counts as asleep one worker that is in the call it was in at the last look. `in_call` is set
    // when any worker is in a call that may block, `found` when one was counted asleep.
    [[nodiscard]] action look_for_sleepers(bool &in_call, bool &found) EXCLUDES(lock_);

  private:
    [[nodiscard]] bool has_incoming(std::memory_order order) const;
    [[nodiscard]] bool has_work() const;
    void drain() REQUIRES(lock_);
    void list(work *top) REQUIRES(lock_);
    void forget(worker &self) REQUIRES(lock_);
    [[nodiscard]] action settle(bool concurrent) EXCLUDES(lock_);
    [[nodiscard]] action settle_locked(bool concurrent) REQUIRES(lock_);

    // immutable after construction
    const unsigned max_workers_;
    const int max_running_;

    // atomic: written by producers
    // The newest pushed item, linked to the older ones; `closed_` after close.
    alignas(64) std::atomic<work *> incoming_{nullptr};

    // atomic: written when workers sleep, wake, park
    alignas(64) std::atomic<int> nr_running_{0};
    std::atomic<int> nr_blocked_{
        0}; // may dip below 0 while the monitor counts a call that just ends
    std::atomic<int> peak_running_{0};
    std::atomic<int> peak_blocked_{0};
    std::atomic<bool> spinning_{false};

    // guarded by lock_
    alignas(64) mutex lock_;
    work_list queue_ GUARDED_BY(lock_);
    worker *free_ GUARDED_BY(lock_) = nullptr;  // last parked first
    worker *known_ GUARDED_BY(lock_) = nullptr; // every worker whose thread has started
    unsigned nr_workers_ GUARDED_BY(lock_) = 0;
    bool exiting_ GUARDED_BY(lock_) = false;
    acct_counters counted_ GUARDED_BY(lock_);
    // Whether queue_ holds something, or is about to; written under lock_, read without it.
    std::atomic<bool> listed_{false};

    static inline work closed_;
};

} // namespace iowq
