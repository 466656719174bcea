// SPDX-License-Identifier: MIT
// The work item: what a caller embeds in its own structure and enqueues on a wq. README.md says who
// may touch which field in which state.
#pragma once

#include "iowq/os/api.h"
#include "iowq/os/atomic.h"

#include <cstdint>

namespace iowq {

struct work;

// Runs one item. On entry `*w` is the item. On return it is the next, linked item; or nullptr, or
// the same item, where there is no link. A linked item must be made before its predecessor is
// freed: otherwise it might get the predecessor's address, and be taken for it.
//
// Called exactly once for each accepted enqueue, and again if it has left itself to a worker
// (worker.h, leave_to_worker). Without `work_cancel` that is in a worker or a
// helper. With it, in the thread that cancels the item: the caller of cancel or exit, a thread that
// could not create a worker, the monitor, or a worker whose linked item exit no longer lets run.
using work_fn = void (*)(work **w);

// The flags of Linux 5.5's io-wq keep their values; those of later kernels follow.
enum work_flags : uint32_t {
    work_cancel = 1,      // set by the pool: do not do it, only complete it
    work_has_mm = 2,      // no effect: every thread of a process shares its memory
    work_hashed = 4,      // serialised by `key`
    work_needs_user = 8,  // no effect, for the same reason
    work_unbound = 16,    // may take for ever: served by the unbound acct
    work_concurrent = 32, // wants a worker of its own even while others run
    work_helpable = 64,   // its func does not block where helping() (worker.h): see wq::help
    work_may_sleep = 128, // with work_helpable: now and then it does
    work_marker = 1 << 16 // flush's own: to be called once all that was queued before has started
};

// Exact: two different keys never share a chain. The engine packs (device, range) and inode.
struct chain_key {
    uint64_t hi = 0;
    uint64_t lo = 0;
    bool operator==(const chain_key &) const = default;
};

// A work item. In a program's own structure, as a base or a member; see work_fn.
struct alignas(8) work {
    work *next = nullptr;
    work *prev = nullptr;
    work_fn func = nullptr;
    uint32_t flags = 0;
    // For placement::device: the OS number of the node that the item's device is at; below 0: it
    // has none.
    int32_t node = -1;
    // Where cancel finds the item: nowhere; on_its_way, once enqueue has taken it; or the fifo that
    // it is on (work_queue.h), written under the lock of that fifo's owner.
    atomic<const void *> where{nowhere};
    chain_key key;

    static constexpr const void *nowhere = nullptr;
    static inline const char on_its_way[1] = {};
};

} // namespace iowq
