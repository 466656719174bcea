// SPDX-License-Identifier: MIT
// What a worker runs, in one word: the item's address and, in the bits that its alignment leaves
// free, what cancelling needs to know. Part of a worker's record, an acct (for a helper) or a
// submission thread's record. Its thread publishes and finishes; any thread may look and cancel.
#pragma once

#include "iowq/os/assert.h"
#include "iowq/pool/work.h"

namespace iowq {

class current_work {
  public:
    // By the worker, under the lock of the queue that the item came from. Release: a canceller who
    // finds the item here may look at it.
    void publish(work *w) {
        iowq_assert_all(word_.load(relaxed) == 0);
        word_.store(reinterpret_cast<uintptr_t>(w) | (w->flags & work_unbound ? unbound : 0),
                    release);
    }
    // By the worker: the item is over. True: somebody has cancelled it.
    [[nodiscard]] bool finish() {
        // acq_rel: a canceller's mark comes before this or misses the item.
        return word_.exchange(0, acq_rel) & cancelled;
    }
    // By the worker, inside the item: has it been cancelled? A yes is remembered as acknowledged.
    [[nodiscard]] bool is_cancelled() {
        uintptr_t now = word_.load(acquire);
        if (now & cancelled && !(now & acknowledged))
            word_.fetch_or(acknowledged, relaxed);
        return now & cancelled;
    }

    [[nodiscard]] work *get() const { return item_in(word_.load(acquire)); }
    [[nodiscard]] bool is_unbound() const { return word_.load(relaxed) & unbound; }
    // Marks the item as cancelled. False: it is not here any more. `first`: it was not marked yet.
    [[nodiscard]] bool cancel(const work *w, bool &first) {
        uintptr_t now = word_.load(relaxed);
        do {
            if (item_in(now) != w)
                return false;
            first = !(now & cancelled);
        } while (!word_.compare_exchange_weak(now, now | cancelled, acq_rel, relaxed));
        return true;
    }
    // Is the item cancelled, and has not yet acknowledged it?
    [[nodiscard]] bool unacknowledged() const {
        return (word_.load(relaxed) & (cancelled | acknowledged)) == cancelled;
    }

  private:
    static constexpr uintptr_t unbound = 1, cancelled = 2, acknowledged = 4, bits = 7;
    static_assert(alignof(work) > bits);
    static work *item_in(uintptr_t word) { return reinterpret_cast<work *>(word & ~bits); }

    atomic<uintptr_t> word_{0};
};

} // namespace iowq
