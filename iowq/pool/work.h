// SPDX-License-Identifier: MIT
// The work item: what a caller embeds in its own structure and enqueues on a wq. README.md says who
// may touch which field in which state.
#pragma once

#include "iowq/os/api.h"
#include "iowq/os/atomic.h"

#include <cstdint>

namespace iowq {

struct work;

// Runs one item. On entry `*w` is the item; on return it is the next, linked item, or anything that
// is not (the same item, nullptr); a link must exist before its predecessor is freed, or it might
// get the same address and be taken for it. Called exactly once for each accepted enqueue, in a
// worker or a helper, or where `work_cancel` is set in whoever cancels it: the caller of cancel or
// exit, a thread that could not create a worker, or the monitor.
using work_fn = void (*)(work **w);

// The seed's flags keep their values; those of later kernels follow.
enum work_flags : uint32_t {
    work_cancel = 1,      // set by the pool: do not do it, only complete it
    work_has_mm = 2,      // kept for the seed's interface; every thread here shares the memory
    work_hashed = 4,      // serialised by `key`
    work_needs_user = 8,  // kept for the seed's interface
    work_unbound = 16,    // may take forever: served by the unbound acct
    work_concurrent = 32, // wants a worker even while others run
    work_helpable = 64,   // its func does not block where helping() (worker.h): see wq::help
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
    // The OS number of the node that what it needs is at, for placement::device; below 0: none in
    // particular.
    int32_t node = -1;
    // Where cancel finds it: nowhere, on_its_way once enqueue has taken it, or else the fifo that
    // it is on (work_queue.h), written under that one's lock.
    atomic<const void *> where{nowhere};
    chain_key key;

    static constexpr const void *nowhere = nullptr;
    static inline const char on_its_way[1] = {};
};

} // namespace iowq
