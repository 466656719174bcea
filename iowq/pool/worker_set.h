// SPDX-License-Identifier: MIT
// The workers of an acct: which of them are free, how many there may be, and what becomes of one
// that cannot be created. It chooses whom to wake and says so; it wakes and creates nobody. Owned
// by its acct, whose lock guards it.
//
// Invariants:
//  1. There are never more workers than max_workers_, except those that a lowered limit has left.
//  2. The free workers are those that park, or are about to. The last to have parked is the first
//     to be woken.
//  3. Once a creation has failed, only the monitor creates workers, at retry_at_, until one has
//     started or the tries are used up.
#pragma once

#include "iowq/os/crowding.h"
#include "iowq/os/dodge.h"
#include "iowq/os/interrupt.h"
#include "iowq/os/park.h"
#include "iowq/os/shown.h"
#include "iowq/os/sleep_hook.h"
#include "iowq/os/thread.h"
#include "iowq/pool/current_work.h"

#include <optional>
#include <span>
#include <utility>

namespace iowq {

class acct;
class wq;

// One worker's record. Its thread is created in threads.cc, and lives in worker.cc.
struct alignas(64) worker {
    worker(wq &pool, acct &home, std::chrono::nanoseconds spin,
           sleep_hook_kind hook = sleep_hook_kind::annotate)
        : pool(pool), home(home), annotated(hook == sleep_hook_kind::annotate),
          watched(is_hooked(hook)), spin(spin) {}

    // immutable after construction
    wq &pool;
    acct &home;
    const bool annotated; // its items say when they block
    const bool watched;   // by a sleep hook: each item as a whole is a call that may block

    // guarded by records_lock_ of threads
    enum { spare, starting, live } phase = starting;
    thread_handle thread{}; // to be joined while live, unless it is lent
    bool lent = false;      // the thread is the program's

    // guarded by home's lock
    worker *next_free = nullptr;
    worker *next_known = nullptr;
    bool rested = false;    // was free at the monitor's last round of reaping
    bool leaving = false;   // woken only to leave
    pid_t tid = 0;          // valid from started() to forget(), as `place`
    int place = -1;         // with the sleep hook; below 0: the hook does not watch it
    uint32_t seen_call = 0; // `call` at the monitor's last look

    // owner thread only
    bool says_asleep = false; // between says_sleeping() and says_running()
    adaptive_spin spin;
    dodge off_submitter;
    crowding others;
    unsigned submitter_sleeps = 0; // when it last was about to spin
    uint32_t epoch = 0;
    unsigned affinity_epoch = 0; // the epoch of the CPUs that the thread was created with

    // atomic
    parker park;
    current_work current;
    // The call that may block: 0 outside, else epoch << 2 | in_call (| asleep, when the worker
    // counts as asleep). The worker sets it; the monitor adds `asleep` by CAS, or takes it away
    // again; the worker's exchange at the end of the call finds it.
    atomic<uint32_t> call{0};
    // The thread has left its loop, and touches nothing of the pool's afterwards. Release: pairs
    // with the acquire of the thread that joins it to use the record again.
    atomic<bool> gone{false};

    static constexpr uint32_t in_call = 1;
    static constexpr uint32_t asleep = 2;
};

// What the calling thread, a worker or a helper, runs; nullptr outside items.
[[nodiscard]] current_work *current_item();

// A creation that has failed is tried again this often; the n-th retry comes n times creation_pause
// after the failure before it.
inline constexpr int creation_retries = 3;
inline constexpr auto creation_pause = std::chrono::milliseconds(5);

class worker_set {
  public:
    worker_set(unsigned max_workers, bool last_stays)
        : last_stays_(last_stays), max_workers_(max_workers) {}

    // What is to be done about a worker that is wanted.
    struct action {
        // elsewhere: no worker is free and none may be created now, so another node's may help.
        enum { nothing, wake, create, elsewhere } what = nothing;
        worker *who = nullptr;   // to wake
        bool concurrent = false; // wanted even if others run
    };
    // Chooses a free worker to wake, or has one created, which counts from now on; or neither.
    [[nodiscard]] action employ(bool concurrent);

    // ---- their lives ----

    // Called by a worker's thread that has started; `place`: with the sleep hook.
    void started(worker &w, int place);
    // A worker is about to park.
    void park(worker &w);
    // A worker leaves.
    void forget(worker &w);
    [[nodiscard]] bool above_limit() const { return nr_workers_ > max_workers_; }
    [[nodiscard]] unsigned count() const { return nr_workers_; }
    [[nodiscard]] bool any_free() const { return free_; }
    // Takes all free workers off the list (linked by next_free).
    [[nodiscard]] worker *take_free();
    // Returns (linked by next_free) the workers to be woken so that they leave: those that have
    // been free since the last call, except the last to have parked where that stays. `due`: others
    // may have to leave at the next call.
    [[nodiscard]] worker *reap(bool &due);
    // Sets the limit, unless `most` is 0, and returns the old one. `to_leave`: as reap.
    [[nodiscard]] unsigned set_max(unsigned most, worker *&to_leave);
    // Is there a worker that is not parked?
    [[nodiscard]] bool any_busy() const;
    // Moves all threads to these CPUs. 0 or the first -errno.
    [[nodiscard]] int move_to(const cpu_mask &cpus);
    // The same, as the pool's CPUs are `all` now. Leaves alone a thread that somebody else has put
    // on a part of those: one that is within `all`, and neither where it `was` put nor on all. By
    // whoever has the lock under which workers dodge.
    void follow(const cpu_mask &cpus, const cpu_mask &was, const cpu_mask &all);
    // From now on workers leave when the queue is empty, and failed creations are not retried.
    void start_exit() { exiting_ = true; }
    [[nodiscard]] bool exiting() const { return exiting_; }

    // ---- creation that fails ----

    // The worker that was `asked` for cannot be had. `again`: another try, in a moment, may
    // succeed. True: another worker is free by now, or a retry will come. False: neither.
    [[nodiscard]] bool creation_failed(const action &asked, bool again);
    // Does a creation that failed wait for its retry?
    [[nodiscard]] bool waits_for_retry() const { return failed_creations_ > 0; }
    void retry_wants_concurrent() { retry_concurrent_ = true; }
    // A creation that is to be tried again now.
    struct retry {
        int failed;      // how often in a row
        bool concurrent; // wanted even if others run
    };
    // nullopt: no retry waits, or its time has not come; then `due` is lowered to that time.
    [[nodiscard]] std::optional<retry> take_retry(clock::time_point now, deadline &due);
    // A creation is being tried again. Until that worker has started, it counts as failed.
    void retries(const retry &again) { failed_creations_ = again.failed; }
    // No more retries. True: one was waited for, and is to be made now.
    [[nodiscard]] bool stop_waiting_for_retry() { return std::exchange(failed_creations_, 0) > 0; }

    // ---- those that run an item ----

    // Marks the running items that are `meant`, or only the first one, and interrupts their system
    // calls. Never the caller's own. False: there is none.
    template <class Meant>
    [[nodiscard]] bool interrupt(Meant meant, bool all, const interrupt_signal &signal) {
        bool any = false;
        for (worker *k = known_; k && (all || !any); k = k->next_known) {
            work *w = k->current.get();
            bool first = false;
            if (!w || &k->current == current_item() || !meant(k->current, w) ||
                !k->current.cancel(w, first))
                continue;
            any = true;
            if (first) // one signal, however many cancellers: the monitor repeats it
                signal.send(k->tid);
        }
        return any;
    }
    // Signals again the workers whose cancelled items have not noticed it. False: there is none.
    [[nodiscard]] bool interrupt_again(const interrupt_signal &signal);

    // A worker that is in a call that may block and does not count as asleep.
    struct suspect {
        worker *who;
        uint32_t call;
        pid_t tid;
        int place;
        bool again; // the worker was in the same call at the last look
    };
    // Fills `out` with those behind the first `skip`, and returns how many.
    [[nodiscard]] size_t suspects(std::span<suspect> out, size_t skip);
    // The same for the workers that the monitor has counted as asleep.
    [[nodiscard]] size_t found(std::span<suspect> out, size_t skip);

    struct figures {
        uint64_t wakes = 0, created = 0, reaped = 0;
    };
    [[nodiscard]] const figures &counted() const { return counted_; }
    // Shows how many there are, come and go, on the node with that OS number.
    void show(shown_figures &to, int node) const {
        to.add("workers", shown_figure::level, nr_workers_, node);
        to.add("created", shown_figure::total, counted_.created, node);
        to.add("reaped", shown_figure::total, counted_.reaped, node);
        to.add("woken", shown_figure::total, counted_.wakes, node);
    }

  private:
    void dismiss(worker **free, worker *&to_leave);

    const bool last_stays_;
    worker *free_ = nullptr;  // last parked first
    worker *known_ = nullptr; // every worker whose thread has started
    unsigned max_workers_;
    unsigned nr_workers_ = 0;
    bool exiting_ = false;
    int failed_creations_ = 0; // in a row
    clock::time_point retry_at_;
    bool retry_concurrent_ = false; // the retry is wanted even if others run
    figures counted_;
};

} // namespace iowq
