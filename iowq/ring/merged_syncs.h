// SPDX-License-Identifier: MIT
// Syncs through one open file description, merged: those that are queued when a worker comes to
// them are done by one call. Part of a `file`, and so shared by all rings that use it. Any thread.
//
// One of the syncs is the *carrier*: its item stands for all of them on the pool. The others wait
// here. When the carrier's call begins, it is for all that are here; those that come later wait for
// the next call, whose carrier the same worker runs next. A second call at the same time would only
// wait for the first (a journal commits one transaction after another), and fewer would share it.
//
// Invariants:
//  1. While syncs wait there is a carrier: it is queued, or its call runs, or whoever made it the
//     carrier is about to see to that.
//  2. A call is for those syncs alone that were here when it began. It is an fsync if one of them
//     is, and all get its result.
//  3. All syncs here are of rings on one pool.
//
// Lock: lock_ guards all of it. Under it nothing is queued, called or completed.
#pragma once

#include "iowq/os/fork.h"
#include "iowq/os/lock.h"
#include "iowq/ring/linked_list.h"

namespace iowq {

class wq;
struct request;

// In the child of a fork the syncs that the file had are the parent's, so nothing is merged.
class IOWQ_API merged_syncs : public across_forks {
  public:
    enum class added {
        carries, // it is the carrier, for the caller to enqueue
        waits,   // it comes back with the carrier, or after it
        apart    // it cannot be merged
    };
    [[nodiscard]] added add(request &r, const wq *pool) IOWQ_EXCLUDES(lock_);

    // The carrier's call begins: returns the others that it is for, linked by `next`.
    [[nodiscard]] request *begin() IOWQ_EXCLUDES(lock_);
    // The carrier is done, or gone. Returns the next one, for the caller to have run; nullptr: none
    // waits.
    [[nodiscard]] request *pass_on() IOWQ_EXCLUDES(lock_);
    // The carrier will not be run. Returns those that wait, which will not be either.
    [[nodiscard]] request *dissolve() IOWQ_EXCLUDES(lock_);

    enum class found {
        waited, // it does not any more
        queued, // it is the carrier, and its call has not begun
        called, // its call runs, for it alone
        shared  // its call runs, for others too; or it is over
    };
    // For who cancels a sync: takes it out, if it waits, or says where it is.
    [[nodiscard]] found take_out(const request &r) IOWQ_EXCLUDES(lock_);

  private:
    mutex lock_;
    const wq *pool_ IOWQ_GUARDED_BY(lock_) = nullptr; // while there is a carrier
    request *carrier_ IOWQ_GUARDED_BY(lock_) = nullptr;
    enum { not_called, alone, with_others } call_ IOWQ_GUARDED_BY(lock_) = not_called;
    linked_list<request> waiting_ IOWQ_GUARDED_BY(lock_);
};

} // namespace iowq
