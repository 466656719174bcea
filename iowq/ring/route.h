// SPDX-License-Identifier: MIT
// Which way a request goes. route_of() decides it once, when the request is submitted; whoever comes
// to the request does what its route says. Nothing else in the library chooses a way: a new rule, or
// a new mode, is a line in route.cc, and a row or a column of README.md's table of ways.
//
// A route has a first attempt and, where that may leave something undone, a call that waits for the
// rest. Immutable but for onward(), by which the rest goes on.
#pragma once

#include <cstdint>

namespace iowq {

struct request;

// Where requests are issued. Source: io_ring_enter's three ways in the seed's patch, and
// io_wq_enqueue_hashed.
enum class offload : uint8_t {
    inline_,  // by the submitter
    sqthread, // by the submission thread; cached reads also by the submitter while it waits
    handoff,  // as sqthread, but the thread is replaced before it blocks
    sqwq,     // on the wq; cached reads also by the submitter while it waits (wq::help)
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

struct route {
    enum who : uint8_t { submitter, worker, thread };
    enum how : uint8_t {
        not_at_all,
        calls, // makes the plain call, and waits in it if it has to
        tries, // with RWF_NOWAIT
        sends  // by Linux AIO: the device gets it, and nobody waits
    };
    // Does the plain call sleep? A worker that may is looked at by the monitor, one that will counts
    // as asleep at once. A leader that may can be relieved meanwhile, one that will passes its
    // leadership on before.
    enum sleep : uint8_t { never, may, will };

    who by = submitter; // comes to it first,
    how first = calls;  // and does this
    // What the submitter may do instead, while it would only wait.
    how help = not_at_all;
    // Trying a read that misses starts its readahead. Then the read has been begun: it comes back to
    // the ring, which waits for it.
    bool begins = false;
    bool unbound = false; // on the pool: for the unbound acct
    bool hashed = false;  // on the pool: one after another with others of its file
    sleep call = never;   // of a plain call that nobody has tried
    sleep rest = never;   // of the plain call for what a try has missed

    // What an attempt has left undone: `to` makes the plain call. `missed`: it would have waited;
    // otherwise the attempt was refused, and has said nothing.
    [[nodiscard]] route onward(who to, bool missed) const {
        route way = *this;
        way.by = to;
        way.first = calls;
        way.help = not_at_all;
        way.begins = false;
        way.call = missed ? rest : call;
        return way;
    }
};

// What a ring has learnt, besides what is known of the file.
struct ring_facts {
    bool trying_begins = true; // begun_reads::trying_begins
    bool aio = false;          // Linux AIO is wanted, and to be had as far as is known
};

// Pure: it looks at the request and its file, and changes nothing.
[[nodiscard]] route route_of(offload mode, const request &r, ring_facts known);

} // namespace iowq
