// SPDX-License-Identifier: MIT
// Requests (the kernel's io_kiocb) and the files that they are on. Both belong to the caller. From
// submit until a request is reaped only the ring, its threads and its pool may touch it.
#pragma once

#include "iowq/os/clock.h"
#include "iowq/os/file_io.h"
#include "iowq/os/learner.h"
#include "iowq/os/topology.h"
#include "iowq/pool/work.h"
#include "iowq/ring/merged_syncs.h"
#include "iowq/ring/route.h"

#include <algorithm>
#include <climits>
#include <cstdint>
#include <initializer_list>

namespace iowq {

class reaper;

// What a request asks for. A nop is completed without any system call. call: any other system call,
// by its number (prepare.h).
enum class opcode : uint8_t { nop, read, write, fsync, fdatasync, sync_file_range, trim, call };

// What is known of an open file. Filled in once by examine(); the refusals are learnt.
struct IOWQ_API file {
    file() = default;
    ~file() { let_go(); }
    file(const file &) = delete;
    file &operator=(const file &) = delete;

    // Returns 0 or -errno of fstat.
    [[nodiscard]] int examine(int open_fd);

    // Gives the file a descriptor of its own, which requests use until let_go(). Without it they
    // use the number that was examined: if that is closed while they are in flight, they are done
    // on whatever file gets the number next. It costs one more descriptor a file. A peer hears of
    // the end only at let_go(). As any close, let_go() drops the process's fcntl locks on the file.
    // To be called once, after examine; 0 or -errno of fcntl(2).
    [[nodiscard]] int hold();
    // No request may be in flight.
    void let_go();

    int fd = -1;
    chain_key key;          // device and inode
    bool regular = false;   // writes may have to be serialised
    bool block = false;     // a block device
    bool seekable = false;  // pread works; pipes, sockets and eventfds ignore offsets
    bool direct = false;    // O_DIRECT: RWF_NOWAIT would wait for the device all the same
    bool appends = false;   // O_APPEND: writes go to the end, each in one piece
    bool flushes = false;   // O_DSYNC, O_SYNC: a write waits until the device has it
    bool in_memory = false; // tmpfs, and no swap: never waits for a device
    // Set by the caller, for placement::device: the OS number of the node that the device is at
    // (topology.h, device_node).
    int node = -1;
    // Set by the caller, to measure what the mode itself costs: requests go their way without the
    // system call, and all that they ask for counts as done.
    bool null = false;
    // Does RWF_NOWAIT work on this file (with O_DIRECT: in AIO), for reads and for writes? No, once
    // it has said EOPNOTSUPP.
    learner nowait[2]{learner{learner::until_one_fails}, learner{learner::until_one_fails}};
    // Those on the pool that may be merged. Requests on another `file` object are never merged with
    // them, not even of the same open file description.
    merged_syncs syncs;

  private:
    bool held_ = false; // fd is the file's own descriptor
};

// How the request that is submitted next depends on this one. Source: IOSQE_IO_LINK and _HARDLINK.
enum class linked : uint8_t {
    none, // not at all
    soft, // starts when this is done; is cancelled if this has failed, or moved less than all
    hard  // starts when this is over
};

// The way that a request has taken, for evidence.h. Nothing is decided by it.
enum path : uint16_t {
    path_inline = 1,         // completed by the submitter
    path_nowait_miss = 2,    // RWF_NOWAIT: EAGAIN, or not all of it
    path_nowait_refused = 4, // RWF_NOWAIT: EOPNOTSUPP
    path_pooled = 8,         // ran on a worker
    path_sqthread = 16,      // issued by the submission thread
    path_helped = 32,        // ran in the submitter while that waited for others
    path_handed_over = 64,   // another thread led by the time its call had returned
    path_aio = 128,          // done by Linux AIO
    path_waited = 256,       // a read for which the submitter has waited in the plain call, or that
                             // had been begun, and was had by trying again
    path_merged = 512        // a sync that was done by the call for another one
};
inline constexpr unsigned all_paths = 1024; // sets of them

// Where a request is, as its submitter knows it; README.md ("Where it comes back") explains each.
enum class place : uint8_t { nowhere, ready, begun, aio, to_aio, copied, tried, away };

// One I/O: what to do, and what came of it.
struct request {
    static constexpr uint64_t at_position = UINT64_MAX;

    work item; // the pool's; must stay first

    // what to do: the caller's
    file *target = nullptr; // a nop needs none; of a call: its file, or the folder of its path, if
                            // the ring is to know more of it
    void *buffer = nullptr;
    uint64_t offset = 0; // bytes, or at_position: at the file's position, which moves on
    uint64_t length = 0; // bytes
    opcode op = opcode::nop;
    int rw_flags = 0;    // RWF_*, for reads and writes
    int range_flags = 0; // SYNC_FILE_RANGE_*
    void *user_data = nullptr;
    void (*then)(request &) = nullptr; // called by ring::dispatch, which is done with it by then
    linked link = linked::none;
    bool drains = false;   // a barrier: starts when all before it are over, and all after it wait.
                           // Not behind a link
    bool limits = false;   // the time of the request before it (prepare_link_timeout)
    uint32_t number = 0;   // of the system call
    uint64_t args[6] = {}; // what they point to must stay until the request is over

    // what came of it
    int64_t result = 0; // bytes, or what the call returns, or -errno
    uint16_t path = 0;
    uint16_t cpu = no_cpu; // the one that it was issued on

    // the ring's
    uint64_t done = 0; // bytes that attempts have moved already
    request *next = nullptr;
    reaper *owner = nullptr;             // to which it comes back
    route way;                           // written by the thread that has the request
    std::chrono::nanoseconds waited{-1}; // in a call, where that is measured; else below 0
    bool begun = false; // it comes back begun, not done; set by the thread that tried it
    place where = place::nowhere;
    request *behind = nullptr, *before = nullptr; // by links (ordering.h)
    request *limit = nullptr;                     // its time limit; or of a limit, what it limits

    // Says what to do: read into or write from `data`, at an offset in the file; or sync, or trim.
    void prepare(opcode what, file &on, void *data = nullptr, uint64_t bytes = 0, uint64_t at = 0) {
        stands_alone();
        op = what;
        target = &on;
        buffer = data;
        length = bytes;
        offset = at;
    }

    // Undoes link, drains and limits.
    void stands_alone() {
        link = linked::none;
        drains = limits = false;
    }
    // Any system call. `about`: see target.
    void prepare_call(long nr, std::initializer_list<uint64_t> arguments, file *about = nullptr) {
        stands_alone();
        op = opcode::call;
        target = about;
        number = static_cast<uint32_t>(nr);
        std::fill(std::copy(arguments.begin(), arguments.end(), args), std::end(args), 0);
    }

    [[nodiscard]] bool is_rw() const { return op == opcode::read || op == opcode::write; }
};

// May it be done in more than one call, so that others see a part of it, or put something between?
// Not at the file's position, nor at the end of an O_APPEND file.
[[nodiscard]] inline bool divisible(const request &r) {
    return (r.offset != request::at_position || !r.target->seekable) &&
           !(r.op == opcode::write && r.target->appends);
}

// Is it a write that ends only when the device has it? RWF_NOWAIT does not keep it from waiting.
[[nodiscard]] inline bool flushed(const request &r) {
    return r.op == opcode::write && !r.target->in_memory &&
           (r.target->flushes || r.rw_flags & (RWF_DSYNC | RWF_SYNC));
}

// Is it worth trying with RWF_NOWAIT? Only for buffered I/O that may wait for a device, on a file
// that has not refused the flag, and where the caller has not set it.
[[nodiscard]] inline bool nowait_worthwhile(const request &r) {
    return r.is_rw() && r.length > 0 && r.length <= SSIZE_MAX && !(r.rw_flags & RWF_NOWAIT) &&
           !r.target->direct && !r.target->in_memory && divisible(r) && !flushed(r) &&
           r.target->nowait[r.op == opcode::write].worth_it();
}

} // namespace iowq
