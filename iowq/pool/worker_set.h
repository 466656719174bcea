// SPDX-License-Identifier: MIT
// The workers of an acct: their records, which are free, how many there may be, and what becomes of
// one that cannot be created. It chooses whom to wake and says so; it wakes and creates nobody. Not
// thread-safe: the acct's lock guards it.
//
// Invariants:
//  1. There are never more workers than max_workers, but for those that a lowered limit has left.
//  2. The free ones are those that park, or are about to. The last to have parked is the first to
//     be woken.
//  3. While creating a worker has failed, none is created but by the monitor, at retry_at.
#pragma once

#include "iowq/os/interrupt.h"
#include "iowq/os/park.h"
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
    const bool watched;   // each of its items is a call that may block, as a whole

    // guarded by records_lock_ of threads
    enum { spare, starting, live } phase = starting;
    thread_handle thread{}; // to be joined while live

    // guarded by home's lock
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
    // The call that may block: 0 outside, else epoch << 2 | in_call (| asleep, when the worker
    // counts as asleep). The worker sets it, the monitor adds `asleep` by CAS, or takes it away
    // again, and the worker's exchange at the end of the call learns of it.
    atomic<uint32_t> call{0};
    // The thread has left its loop. Release; pairs with the acquire of whoever joins it to use the
    // record again.
    atomic<bool> gone{false};

    static constexpr uint32_t in_call = 1;
    static constexpr uint32_t asleep = 2;
};

// What the caller runs, be it a worker or helping; nullptr outside items.
[[nodiscard]] current_work *current_item();

// A worker that cannot be created is tried again so often, and each time after so long, times the
// number of the try.
inline constexpr int creation_retries = 3;
inline constexpr auto creation_pause = std::chrono::milliseconds(5);

class worker_set {
  public:
    worker_set(unsigned max_workers, bool last_stays)
        : last_stays_(last_stays), max_workers_(max_workers) {}

    // What is to be done about a worker that is wanted.
    struct action {
        // elsewhere: it is at its limit and has no free worker, so another node's may help.
        enum { nothing, wake, create, elsewhere } what = nothing;
        worker *who = nullptr;   // to wake
        bool concurrent = false; // even if others run
    };
    // A free worker is to be woken, or one to be created, which counts as there; or neither.
    [[nodiscard]] action employ(bool concurrent);

    // ---- their lives ----

    // A worker's thread has started; `place`: with the sleep hook.
    void started(worker &w, int place);
    // It parks.
    void park(worker &w);
    // It leaves.
    void forget(worker &w);
    [[nodiscard]] bool above_limit() const { return nr_workers_ > max_workers_; }
    [[nodiscard]] unsigned count() const { return nr_workers_; }
    [[nodiscard]] bool any_free() const { return free_; }
    // Gives back those that are free (linked by next_free).
    [[nodiscard]] worker *take_free();
    // Gives back (linked by next_free) those to be woken so that they leave: who was free at the
    // last call too, but for the last to have parked where that stays. `due`: others may have to
    // leave at the next round.
    [[nodiscard]] worker *reap(bool &due);
    // Sets the limit, unless `most` is 0, and returns the old one. `to_leave`: as reap.
    [[nodiscard]] unsigned set_max(unsigned most, worker *&to_leave);
    // Moves them to these CPUs. 0 or the first -errno.
    [[nodiscard]] int move_to(const cpu_mask &cpus);
    // No worker leaves by itself any more, or is tried to be created again.
    void start_exit() { exiting_ = true; }
    [[nodiscard]] bool exiting() const { return exiting_; }

    // ---- creation that fails ----

    // One that was `asked` for cannot be had. `again`: it is worth another try, in a moment. True:
    // there will be one, or it will be tried; false: whoever waits for it waits in vain.
    [[nodiscard]] bool creation_failed(const action &asked, bool again);
    // Something waits for a worker that could not be created.
    [[nodiscard]] bool waits_for_retry() const { return failed_creations_ > 0; }
    void retry_wants_concurrent() { retry_concurrent_ = true; }
    // A creation that is to be tried again now.
    struct retry {
        int failed;      // how often in a row
        bool concurrent; // even if others run
    };
    // None: nothing waits for that, or not yet; then `due` is lowered to when it will.
    [[nodiscard]] std::optional<retry> take_retry(clock::time_point now, deadline &due);
    // A worker is being created again; until it has started it counts as one that has failed.
    void retries(const retry &again) { failed_creations_ = again.failed; }
    // No more waiting for a retry. True: something waited, and is to be tried now.
    [[nodiscard]] bool stop_waiting_for_retry() { return std::exchange(failed_creations_, 0) > 0; }

    // ---- those that run an item ----

    // Marks the items that are `meant` and interrupts their system calls; or only the first one.
    // Not the caller's own. False: there is none.
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
            if (first) // else the monitor repeats it, so many cancellers are not as many signals
                signal.send(k->tid);
        }
        return any;
    }
    // Signals once more those whose items have been cancelled and do not know yet. False: none.
    [[nodiscard]] bool interrupt_again(const interrupt_signal &signal);

    // A worker that is in a call that may block and does not count as asleep.
    struct suspect {
        worker *who;
        uint32_t call;
        pid_t tid;
        int place;
        bool again; // the call that it was in at the last look
    };
    // Fills `out` and returns how many.
    [[nodiscard]] size_t suspects(std::span<suspect> out);
    // Those that the monitor has counted as asleep, but for the first `skip` of them.
    [[nodiscard]] size_t found(std::span<suspect> out, size_t skip);

    struct figures {
        uint64_t wakes = 0, created = 0, reaped = 0;
    };
    [[nodiscard]] const figures &counted() const { return counted_; }

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
    bool retry_concurrent_ = false; // somebody wants it even if others run
    figures counted_;
};

} // namespace iowq
