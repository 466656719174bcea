// SPDX-License-Identifier: MIT
// Which way a request goes. route_of() decides it once, when the request is submitted; rest_of()
// decides how a request goes on that an attempt has left undone. The thread that comes to the
// request does what its route says. Nothing else in the library chooses a way: a new rule, or a new
// mode, is a line in route.cc, and a row or a column of README.md's table of ways.
#pragma once

#include <cstdint>

namespace iowq {

struct request;

// Where requests are issued. Source: the three ways of io_ring_enter, in the patches that became
// io_uring (inline, IOCTX_FLAG_SQTHREAD, IOCTX_FLAG_SQWQ); io_wq_enqueue_hashed.
enum class offload : uint8_t {
    inline_,  // by the submitter
    sqthread, // by the submission thread; the submitter may help (README, Help)
    handoff,  // as sqthread, but the thread is replaced before it blocks
    sqwq,     // on the wq; the submitter may help
    punt,     // by the submitter with RWF_NOWAIT; what would block goes to the wq
    hashed    // on the wq; buffered writes to one file one after another
};

// Does the mode need a wq?
[[nodiscard]] constexpr bool needs_pool(offload mode) {
    return mode == offload::sqwq || mode == offload::punt || mode == offload::hashed;
}
// Has a ring in this mode threads of its own?
[[nodiscard]] constexpr bool has_threads(offload mode) {
    return mode == offload::sqthread || mode == offload::handoff;
}

// How the next thread that comes to a request is to issue it. One word.
struct alignas(8) route {
    enum who : uint8_t { submitter, worker, thread };
    enum how : uint8_t {
        not_at_all,
        calls,          // makes the plain call, and waits in it if it has to
        tries,          // with RWF_NOWAIT
        sends,          // by Linux AIO, with RWF_NOWAIT: the device gets it, and nobody waits
        sends_blocking, // by Linux AIO: waits until the device can have it
        later,          // nothing yet: makes the plain call when it waits for this read alone
        copies,         // makes the plain call, which copies into the page cache and seldom waits
        at_once         // makes the plain call in submit; later it would be a helper, and that may
                        // be another submitter, to whom a path means something else
    };
    // Does the plain call sleep? may: the monitor looks at a worker in it, and a leader in it can
    // be relieved. will: a worker in it counts as asleep at once, and a leader passes its
    // leadership on before it.
    enum sleep : uint8_t { never, may, will };

    who by = submitter; // comes to the request,
    how first = calls;  // and does this
    // What the submitter may do instead, while it would only wait.
    how help = not_at_all;
    // An attempt that misses begins the read (begun_reads.h). The read comes back to the ring,
    // which waits for it.
    bool begins = false;
    bool unbound = false; // on the pool: for the unbound acct
    bool hashed = false;  // on the pool: one after another with others of its file
    bool merged = false;  // on the pool: with other syncs of its file (merged_syncs.h)
    sleep call = never;   // does the plain call sleep?

    [[nodiscard]] bool may_be_helped_with() const { return help != not_at_all && help != at_once; }
    [[nodiscard]] bool by_aio() const { return first == sends || first == sends_blocking; }
    // Might the submitter issue it in `submit`, in the place of a worker or a thread? Not a write
    // that has its place in a chain. Whether it sends by AIO is asked apart.
    [[nodiscard]] bool may_be_issued_at_once() const {
        return help == at_once || (help != not_at_all && help != sends && !hashed);
    }
};

// What a ring has learnt, besides what is known of the file.
struct ring_facts {
    bool trying_begins = true; // begun_reads::trying_begins
    bool aio = false;          // Linux AIO is wanted, and to be had as far as is known
    bool alone = false;        // the ring has room for one request
    bool itself = false;       // the submitter does what it might help with (tuner::itself)
    bool sends = false;        // it sends what it might (reaper::sends_itself)
    bool merges = true;        // syncs may be merged (ring_config::merge_syncs)
    bool quick = true;         // such a call does not wait (call_costs)
    bool as_others = true;     // a path means to other threads what it does to the submitter
};

// Looks at the request and its file, and writes only `way`. That may be the request's own, so that
// no I/O costs a copy.
void route_of(offload mode, const request &r, ring_facts known, route &way);
// The route of a request that an attempt has left undone: `next` makes the plain call. `missed`:
// the attempt would have waited; else it was refused, which says nothing about waiting.
[[nodiscard]] route rest_of(const request &r, route::who next, bool missed);

} // namespace iowq
