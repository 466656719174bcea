// SPDX-License-Identifier: MIT
// What acall keeps: a record for each call (its id names the record), the rings that calls are
// outstanding for, and the threads that wait. There is one state for the process; any thread may
// call all of this.
//
// Invariants:
//  1. A record is spare, or else its call is live or somebody is cancelling it.
//  2. A ring is in `rings` while calls for it are live. After its head as many entries are free.
//  3. A waiter is on the list only while the calls or completions that it waits for have not come.
//
// Lock: `lock` guards all of it, and orders all completions. It is never held while an item is
// enqueued or cancelled, as that may run it. No lock but those of wq::create is taken under it.
#pragma once

#include "iowq/acall/acall.h"
#include "iowq/pool/wq.h"

#include <deque>
#include <unordered_map>

namespace iowq::acalls {

extern mutex lock;

// A call's record. It is used again, never freed: `generation` tells its calls apart.
struct call : work {
    explicit call(uint64_t slot) : slot(slot) {}

    const uint64_t slot;
    acall_submission what{}; // not changed while `live`

    // Of the live call, or else of the last one.
    uint64_t generation IOWQ_GUARDED_BY(lock) = 0;
    bool live IOWQ_GUARDED_BY(lock) = false;
    bool cancelled IOWQ_GUARDED_BY(lock) = false;
    unsigned cancellers IOWQ_GUARDED_BY(lock) = 0; // while above 0, the record is not used again
    call *next_spare IOWQ_GUARDED_BY(lock) = nullptr;

    enum { coming, calling, over } phase IOWQ_GUARDED_BY(lock) = coming; // of the system call
    pid_t tid IOWQ_GUARDED_BY(lock) = 0;                                 // while calling
    // The timer that signals a call's own thread, while the call is calling and cancelled.
    std::optional<timer_t> signals IOWQ_GUARDED_BY(lock);
};

// A ring for which calls are outstanding.
struct ring_in_use {
    uint32_t nr = 0;
    uint32_t outstanding = 0;
};

// One thread in acall_comp_pwait or acall_ring_pwait.
struct waiter {
    acall_id *const *ids = nullptr; // these,
    unsigned long nr = 0;
    acall_completion_ring *ring = nullptr; // or this
    uint32_t tail = 0, min = 0;

    int event = -1;
    long result IOWQ_GUARDED_BY(lock) = 0;
    bool there IOWQ_GUARDED_BY(lock) = false; // it need not wait any more; `result` is set
    waiter *next IOWQ_GUARDED_BY(lock) = nullptr;
};

struct state {
    state();

    std::deque<call> calls IOWQ_GUARDED_BY(lock);
    call *spare IOWQ_GUARDED_BY(lock) = nullptr;
    // Records that are not spare, and users of the pool besides.
    unsigned busy IOWQ_GUARDED_BY(lock) = 0;
    std::unordered_map<acall_completion_ring *, ring_in_use> rings IOWQ_GUARDED_BY(lock);
    waiter *waiting IOWQ_GUARDED_BY(lock) = nullptr;
    std::optional<interrupt_signal> signal IOWQ_GUARDED_BY(lock);
    std::unique_ptr<wq> pool IOWQ_GUARDED_BY(lock);
};

// Never destroyed: at the process's end threads may still be calling.
[[nodiscard]] state &all() IOWQ_REQUIRES(lock);

[[nodiscard]] inline acall_completion_ring *ring_of(const acall_submission &s) {
    return reinterpret_cast<acall_completion_ring *>(s.completion_ring_pointer);
}

// How many entries a ring may have.
[[nodiscard]] inline bool in_range(uint32_t nr) { return nr > 0 && nr <= INT32_MAX; }

// Makes a record live for a submission, with a place in its ring, and writes its id. -EBUSY: no
// place.
[[nodiscard]] int take(const acall_submission &s, call *&out) IOWQ_REQUIRES(lock);
// It could not be started after all.
void put_back(call &c) IOWQ_EXCLUDES(lock);
// Writes the completion and the ring's entry, and wakes those who wait for it.
void complete(call &c, long result) IOWQ_EXCLUDES(lock);
// Makes the record spare, unless its call is live or being cancelled.
void spare_if_unused(call &c) IOWQ_REQUIRES(lock);

// Finds the id's call; nullptr if it is done. -EFAULT, -EINVAL: there is no such id.
[[nodiscard]] int look_up(const acall_id *id, call *&found) IOWQ_REQUIRES(lock);
// acall_comp_pwait and acall_ring_pwait, which have filled `w`.
[[nodiscard]] long wait_for(waiter &w, const timespec *utime, const sigset_t *sigmask,
                            size_t sigsetsize) IOWQ_EXCLUDES(lock);

} // namespace iowq::acalls
