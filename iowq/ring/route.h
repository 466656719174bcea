// SPDX-License-Identifier: MIT
// Which way a request goes. route_of() decides it once, when the request is submitted; rest_of()
// says how what an attempt has left undone goes on. Whoever comes to the request does what its
// route says. Nothing else in the library chooses a way: a new rule, or a new mode, is a line in
// route.cc, and a row or a column of README.md's table of ways.
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

// How the next who comes to a request is to issue it. One word.
struct alignas(8) route {
    enum who : uint8_t { submitter, worker, thread };
    enum how : uint8_t {
        not_at_all,
        calls, // makes the plain call, and waits in it if it has to
        tries, // with RWF_NOWAIT
        sends  // by Linux AIO: the device gets it, and nobody waits
    };
    // Does the plain call sleep? A worker that may is looked at by the monitor, one that will
    // counts as asleep at once. A leader that may can be relieved meanwhile, one that will passes
    // its leadership on before.
    enum sleep : uint8_t { never, may, will };

    who by = submitter; // comes to it,
    how first = calls;  // and does this
    // What the submitter may do instead, while it would only wait.
    how help = not_at_all;
    // Trying a read that misses starts its readahead. Then the read has been begun: it comes back
    // to the ring, which waits for it.
    bool begins = false;
    bool unbound = false; // on the pool: for the unbound acct
    bool hashed = false;  // on the pool: one after another with others of its file
    sleep call = never;   // the plain call
};

// What a ring has learnt, besides what is known of the file.
struct ring_facts {
    bool trying_begins = true; // begun_reads::trying_begins
    bool aio = false;          // Linux AIO is wanted, and to be had as far as is known
};

// They look at the request and its file, and change nothing but `way`, which may be the request's
// own: so that no route is put together elsewhere first and then copied, for each I/O.
void route_of(offload mode, const request &r, ring_facts known, route &way);
// What an attempt by the request's route has left undone: `next` makes the plain call. `missed`:
// the attempt would have waited; otherwise it was refused, and has said nothing.
[[nodiscard]] route rest_of(const request &r, route::who next, bool missed);

} // namespace iowq
