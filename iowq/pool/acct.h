// SPDX-License-Identifier: MIT
// An acct: one queue, bound or unbound, on one node, and the passive records of the workers that
// serve it. It decides what io-wq's rules ask for and *returns* it (wake this one, create one,
// look elsewhere, nothing); it never wakes or creates anything itself. Owned by its wq; any thread may call it.
//
// Invariants:
//  1. nr_running_ counts the workers that run or are about to: a worker that is woken or created is
//     counted by whoever decides it, so one wake is in flight at a time.
//  2. While the queue is not empty, or it is called to another's, nr_running_ > 0, or some thread is
//     between making one of the two untrue and asking `settle` what to do, or a worker is to be created
//     again in a moment, or nr_workers_ is at its limit with every worker asleep. Then `settle` says
//     so (elsewhere), for others to be called.
//  3. No worker is created where nr_workers_ is at max_workers_.
//  4. An item on the queue is `where` this acct; one on the incoming stack is `on_its_way`.
//
// Lock: lock_ guards the queue, the free list, the list of workers, publishing `current`, and sending
// the signals that interrupt a worker.
#pragma once

#include "iowq/os/interrupt.h"
#include "iowq/os/lock.h"
#include "iowq/os/park.h"
#include "iowq/os/sleep_hook.h"
#include "iowq/os/thread.h"
#include "iowq/os/topology.h"
#include "iowq/pool/current_work.h"

#include <span>

namespace iowq {

class acct;
class wq;

// Says whether an item is meant; `data` is the caller's. Called with the queue's lock held: it may only
// look. The item may be running: where its func may free it, match must not touch it.
using match_fn = bool (*)(work *w, void *data);

// One worker's record. The thread lives in worker.cc.
struct alignas(64) worker {
    worker(wq &pool, acct &home, std::chrono::nanoseconds spin,
           sleep_hook_kind hook = sleep_hook_kind::annotate)
        : pool(pool), home(home), annotated(hook == sleep_hook_kind::annotate),
          watched(is_hooked(hook)), spin(spin) {}

    // immutable after construction
    wq &pool;
    acct &home;
    const bool annotated; // its items say when they block
    const bool watched;   // each of its items is a call that may block, as a whole

    // guarded by the wq's threads_lock_
    enum { spare, starting, live } phase = starting;
    thread_handle thread{}; // to be joined while live

    // guarded by home.lock_
    worker *next_free = nullptr;
    worker *next_known = nullptr;
    bool rested = false;    // free at the monitor's last round of reaping too
    bool leaving = false;   // told to leave by being woken
    pid_t tid = 0;          // while it is known, as the next
    int place = -1;         // with the sleep hook; below 0: that does not watch it
    uint32_t seen_call = 0; // the monitor's last look at `call`

    // owner thread only
    bool says_asleep = false; // between says_sleeping() and says_running()
    adaptive_spin spin;
    uint32_t epoch = 0;
    unsigned affinity_epoch = 0; // which of the wq's masks it was started with

    // atomic
    parker park;
    current_work current;
    // The call that may block: 0 outside, else epoch << 2 | in_call (| asleep, when the worker counts
    // as asleep). The worker sets it, the monitor adds `asleep` by CAS, or takes it away again, and
    // the worker's exchange at the end of the call learns of it.
    atomic<uint32_t> call{0};
    // The thread has left its loop. Release; pairs with the acquire of whoever joins it to use the
    // record again.
    atomic<bool> gone{false};

    static constexpr uint32_t in_call = 1;
    static constexpr uint32_t asleep = 2;
};

// What the caller runs, be it a worker or helping; nullptr outside items.
[[nodiscard]] current_work *current_item();

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

// A worker that cannot be created is tried again so often, and each time after so long, times the
// number of the try.
inline constexpr int creation_retries = 3;
inline constexpr auto creation_pause = std::chrono::milliseconds(5);

class acct {
  public:
    struct action {
        // elsewhere: it is at its limit and has no free worker, so another node's may help.
        enum { nothing, wake, create, elsewhere } what = nothing;
        worker *who = nullptr;   // to wake
        bool concurrent = false; // even if others run
    };
    enum class idle { retry, parked, leave };

    acct(bool bound, unsigned node, unsigned max_workers, unsigned max_running,
         bool last_stays = true)
        : bound(bound), node(node), max_running_(static_cast<int>(max_running)),
          last_stays_(last_stays), max_workers_(max_workers) {}

    const bool bound;
    const unsigned node;

    // ---- any thread ----

    // Queues an item that is `on_its_way`. Takes no lock. -ESHUTDOWN once closed.
    [[nodiscard]] int push(work *w);
    // What to do now that something was pushed. `concurrent`: a worker for it, even if others run.
    [[nodiscard]] action pushed(bool concurrent);
    // A hashed item was queued on its chain, perhaps behind others; its token may be on this acct.
    void count_hashed(bool waits);
    // Another node's acct wants help: a worker of this one, to take what is queued there. If one runs,
    // it looks there before it parks, or another is asked for when it sleeps.
    [[nodiscard]] action called() IOWQ_EXCLUDES(lock_);
    // Unlinks an item that is queued here. False: it is not (or no more). `passed`: see take.
    [[nodiscard]] bool cancel(work *w, work_list &passed) IOWQ_EXCLUDES(lock_);
    // Unlinks those queued here that match, or only the first one. nullptr matches every item.
    [[nodiscard]] work_list cancel_matching(match_fn match, void *data, bool all, work_list &passed)
        IOWQ_EXCLUDES(lock_);
    // Cancels those that run on workers here, but not on the caller, and match, or only the first one:
    // marks them, and interrupts their system calls. False: there is none.
    [[nodiscard]] bool cancel_running(match_fn match, void *data, bool all,
                                      const interrupt_signal &signal) IOWQ_EXCLUDES(lock_);
    // The same for unbound items.
    [[nodiscard]] bool cancel_unbound(const interrupt_signal &signal) IOWQ_EXCLUDES(lock_);
    // Returns when no canceller is about to signal the caller's worker any more.
    void wait_for_cancellers() IOWQ_EXCLUDES(lock_) { locked guard(lock_); }
    // Puts a marker behind what is queued. False: nothing is, so it is not needed.
    [[nodiscard]] bool mark(work *marker) IOWQ_EXCLUDES(lock_);
    // Sets the limit, unless `most` is 0, and returns the old one. `to_leave`: as reap.
    [[nodiscard]] unsigned set_max_workers(unsigned most, action &todo, worker *&to_leave)
        IOWQ_EXCLUDES(lock_);
    // Moves the workers to these CPUs. 0 or the first -errno.
    [[nodiscard]] int set_affinity(const cpu_mask &cpus) IOWQ_EXCLUDES(lock_);
    // No more pushes. Gives back the workers to wake (linked by next_free) and, of an unbound acct,
    // the items to cancel; tokens stay, as their chains may hold bound items too. `todo`: what waited
    // for a worker to be created again is to be done at once.
    [[nodiscard]] worker *close(work_list &cancelled, action &todo) IOWQ_EXCLUDES(lock_);
    // A worker that `asked`, a create, asked for cannot be had. `again`: it is worth another try, in a
    // moment. Gives back what nobody is left to run, and says what to do for the rest.
    [[nodiscard]] action create_failed(action asked, bool again, work_list &cancelled)
        IOWQ_EXCLUDES(lock_);
    // Everything that is queued, once there are no workers any more and will be none.
    [[nodiscard]] work_list abandon() IOWQ_EXCLUDES(lock_);
    [[nodiscard]] wq_counters counters() IOWQ_EXCLUDES(lock_);

    // ---- its workers ----

    // `place`: with the sleep hook.
    void started(worker &self, int place = -1) IOWQ_EXCLUDES(lock_);
    // The next item, published as self.current; nullptr when there is none, or too many run.
    // `passed` gets the markers that have nothing left before them: the caller calls them.
    [[nodiscard]] work *take(worker &self, work_list &passed) IOWQ_EXCLUDES(lock_);
    // The same for a worker of another node's acct, which has nothing left to take.
    [[nodiscard]] work *take_away(worker &other, work_list &passed) IOWQ_EXCLUDES(lock_);
    // Do more workers run than may? Then this one is to stop at the next opportunity.
    [[nodiscard]] bool crowded() const { return nr_running_.load(relaxed) > max_running_; }
    // Publishes an item that did not come from the queue (a linked one). False: the exit has begun
    // and cancels it.
    [[nodiscard]] bool publish(worker &self, work *w) IOWQ_EXCLUDES(lock_);
    // Puts a chain's token back at the end, even after close.
    void requeue(work *token) IOWQ_EXCLUDES(lock_);
    // Waits a little for work, as the only worker here that does.
    [[nodiscard]] bool spin_for_work(worker &self);
    // Stops running: parked (on the free list: park until woken), leave, or retry as there is work.
    [[nodiscard]] idle go_idle(worker &self) IOWQ_EXCLUDES(lock_);
    // The caller's worker, or one that the monitor found blocked, goes to sleep inside its item.
    [[nodiscard]] action sleeping();
    void running_again();

    // ---- a thread that waits for items to be done, and helps meanwhile ----

    // The oldest item, if it may be helped with and is not the only one, published as run by the
    // helper; nullptr otherwise, or when somebody helps already. `passed`: see take.
    [[nodiscard]] work *take_to_help(work_list &passed) IOWQ_EXCLUDES(lock_);
    // What the helper runs. Its thread is the program's own and is never signalled.
    current_work &helped() { return helped_; }

    // ---- calls that may block: do they sleep? ----

    [[nodiscard]] bool expects_sleep() const { return sleeps_.worth_it(); }
    void learn(bool slept) { sleeps_.learn(slept); }

    // ---- the monitor ----

    // A worker that is in a call that may block and does not count as asleep.
    struct suspect {
        worker *who;
        uint32_t call;
        pid_t tid;
        int place;
        bool again; // the call that it was in at the last look
    };
    // Fills `out` and returns how many.
    [[nodiscard]] size_t suspects(std::span<suspect> out) IOWQ_EXCLUDES(lock_);
    // Those that the monitor has counted as asleep, but for the first `skip` of them.
    [[nodiscard]] size_t found(std::span<suspect> out, size_t skip) IOWQ_EXCLUDES(lock_);
    // Counts a suspect as asleep, unless its call has ended.
    [[nodiscard]] action found_asleep(const suspect &s) IOWQ_EXCLUDES(lock_);
    // Counts one of `found` as running again, unless its call has ended.
    void found_running(const suspect &s);
    // What to do about a worker that could not be created. `due` is lowered to the time of the next
    // try, if that is still to come.
    [[nodiscard]] action retry_creation(clock::time_point now, deadline &due) IOWQ_EXCLUDES(lock_);
    // Gives back (linked by next_free) the workers to be woken so that they leave: those that were free
    // at the last call too, but for the last parked one where that stays. `due` is set when others are to be come for.
    [[nodiscard]] worker *reap(bool &due) IOWQ_EXCLUDES(lock_);
    // Signals once more the workers whose items have been cancelled and do not know yet. False: none.
    [[nodiscard]] bool interrupt_again(const interrupt_signal &signal) IOWQ_EXCLUDES(lock_);

  private:
    [[nodiscard]] bool has_incoming(memory_order order) const;
    [[nodiscard]] bool has_work() const;
    [[nodiscard]] work *take_locked(worker &by, work_list &passed) IOWQ_REQUIRES(lock_);
    void drain() IOWQ_REQUIRES(lock_);
    void list(work *top) IOWQ_REQUIRES(lock_);
    void forget(worker &self) IOWQ_REQUIRES(lock_);
    void dismiss(worker **free, worker *&to_leave) IOWQ_REQUIRES(lock_);
    [[nodiscard]] work_list take_all() IOWQ_REQUIRES(lock_);
    template <class Meant>
    bool interrupt(Meant meant, bool all, const interrupt_signal &signal) IOWQ_REQUIRES(lock_);
    [[nodiscard]] action settle(bool concurrent) IOWQ_EXCLUDES(lock_);
    [[nodiscard]] action settle_locked(bool concurrent) IOWQ_REQUIRES(lock_);
    [[nodiscard]] action employ(bool concurrent) IOWQ_REQUIRES(lock_);

    static constexpr unsigned surest = 8;

    // immutable after construction
    const int max_running_;
    const bool last_stays_;

    // atomic: written by producers
    // The newest pushed item, linked to the older ones; `closed_` after close.
    alignas(64) atomic<work *> incoming_{nullptr};

    // atomic: written when workers sleep, wake, park
    // Both may dip below 0 while the monitor counts a call that just ends.
    alignas(64) atomic<int> nr_running_{0};
    atomic<int> nr_blocked_{0};
    atomic<int> peak_running_{0};
    atomic<int> peak_blocked_{0};
    learner sleeps_{learner::rule{surest, 0, 1, 0}}; // do calls that may block?
    atomic<uint64_t> hashed_{0};
    atomic<uint64_t> chain_waits_{0};
    atomic<bool> spinning_{false};
    // How many items want a worker although others run, and found max_running_ of them: for when
    // one sleeps. Written under lock_.
    atomic<int> concurrent_waits_{0};
    // Another node has work for this one's workers: counts as work until one of them finds nothing more there.
    atomic<bool> called_{false};
    current_work helped_; // published under lock_

    // guarded by lock_
    alignas(64) mutex lock_;
    work_list queue_ IOWQ_GUARDED_BY(lock_);
    worker *free_ IOWQ_GUARDED_BY(lock_) = nullptr;  // last parked first
    worker *known_ IOWQ_GUARDED_BY(lock_) = nullptr; // every worker whose thread has started
    unsigned max_workers_ IOWQ_GUARDED_BY(lock_);
    unsigned nr_workers_ IOWQ_GUARDED_BY(lock_) = 0;
    bool exiting_ IOWQ_GUARDED_BY(lock_) = false;
    // How often creating a worker has failed in a row; while it is not 0, the monitor creates the next.
    int failed_creations_ IOWQ_GUARDED_BY(lock_) = 0;
    clock::time_point retry_at_ IOWQ_GUARDED_BY(lock_);
    bool retry_concurrent_ IOWQ_GUARDED_BY(lock_) = false; // somebody wants it even if others run
    wq_counters counted_ IOWQ_GUARDED_BY(lock_);
    // Whether queue_ holds something, or is about to; written under lock_, read without it.
    atomic<bool> listed_{false};

    static inline work closed_;
};

} // namespace iowq
