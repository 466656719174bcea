// SPDX-License-Identifier: MIT
// An operation from its SQE to its CQE.
#pragma once

#include "iowq/os/atomic.h"
#include "iowq/pool/work.h"
#include "iowq/uring/poller.h"

#include <array>
#include <cstdint>
#include <linux/io_uring.h>
#include <sys/uio.h>

namespace iowq::uring {

class instance;

// Who makes the call, and how it is tried first.
enum class way : uint8_t {
    at_once, // the submitter, as it does not wait, or seldom
    tried,   // the submitter, so that it does not wait; then it waits for events, or a worker does
    bound,   // a worker; it ends in bounded time
    unbound, // a worker; it waits for a peer
    timed    // nobody: it ends when its time comes (timeout.h)
};

struct op {
    work item; // first, as the pool knows an op by it
    instance *of = nullptr;
    op *next = nullptr, *prev = nullptr; // in one of the instance's lists
    op *linked = nullptr;                // begins once this is done
    op *limit = nullptr;                 // the link timeout that runs for it
    op *limited = nullptr;               // of such a timeout: what it would cancel
    const struct opcode_row *row = nullptr;
    uint64_t user_data = 0;
    int fd = -1;
    int registered_file = -1;  // its slot; -1: `fd` is the program's
    uint8_t flags = 0;         // IOSQE_*
    bool refused = false;      // its SQE makes no sense: it has no call, and `result` says so
    bool finds_file = false;   // its registered file is that of its slot when it begins
    bool was_tried = false;    // it would have waited,
    bool for_events = false;   // and the last try need not be made again before its file has some
    bool tried_enough = false; // -EAGAIN is its result
    bool connecting = false;   // its connection is in progress
    bool direct = false;       // the device may do it without a worker (direct.h),
    bool goes_on = false;      // and has not done it all
    bool on_pool = false;      // a worker has it, or will
    bool sleeps = true;        // the plain call will sleep; else it may
    bool for_others = false;   // on the pool: it waits for a peer
    atomic<bool> asked_to_end{false}; // somebody cancels it
    bool released = false;            // done; but for who holds it
    unsigned held = 0;                // by so many that are about to cancel it: its memory stays
    uint64_t looked = 0;              // the last cancel that has looked at it
    int32_t result = 0;

    // For events of its file, in place of a worker (waits.cc). Under the instance's lock.
    enum : uint8_t {
        nowhere,
        armed,
        tried,    // by a worker, or again by the timers' thread
        cancelled // though events have come: that thread ends it
    } waits = nowhere;
    uint8_t told_wrongly = 0; // so many times on end there were events, and it would have waited
    polled file;

    // The system call. Of reads and writes the first argument alone is kept here.
    uint32_t number = 0;
    uint64_t args[6]{};
    int files[2] = {-1, -1}; // descriptors among them that are closed once it is made
    // Of what opens a file, or closes one: a slot of the registered ones, counted from 1.
    uint32_t slot = 0;
    // Of reads and writes: what is still to be moved, and what has been.
    iovec *segments = nullptr;
    unsigned nr_segments = 0;
    uint64_t offset = 0, moved = 0;
    uint32_t rw_flags = 0;

    // What the SQE points at may go once it is submitted, so this is kept here, or in `kept`.
    std::array<iovec, 8> few_segments;
    alignas(16) std::array<char, 128> little;
    char *kept = nullptr;
    size_t kept_bytes = 0;
};

// A list of operations, each of which is on one list at most.
class op_list {
  public:
    [[nodiscard]] bool empty() const { return !first_; }
    [[nodiscard]] op *first() const { return first_; }
    [[nodiscard]] op *last() const { return last_; }
    void push_back(op &o) { insert_after(last_, o); }
    // nullptr: before all others.
    void insert_after(op *at, op &o) {
        o.prev = at;
        o.next = at ? at->next : first_;
        (at ? at->next : first_) = &o;
        (o.next ? o.next->prev : last_) = &o;
    }
    void remove(op &o) {
        (o.prev ? o.prev->next : first_) = o.next;
        (o.next ? o.next->prev : last_) = o.prev;
        o.next = o.prev = nullptr;
    }
    op *pop_front() {
        op *o = first_;
        if (o)
            remove(*o);
        return o;
    }

  private:
    op *first_ = nullptr, *last_ = nullptr;
};

} // namespace iowq::uring
