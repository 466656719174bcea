// SPDX-License-Identifier: MIT
// Requests (the kernel's io_kiocb) and issuing them by system calls: trying with RWF_NOWAIT, or
// blocking. A request and its file belong to the caller; from submit until it is reaped nobody but
// the ring and its threads may touch the request.
#pragma once

#include "iowq/pool/work.h"

#include <sys/types.h>

namespace iowq {

class ring;

// What a request asks for. A nop is completed without any system call.
enum class opcode : uint8_t { nop, read, write, fsync, fdatasync, sync_file_range, trim };

// What is known of an open file. Filled in once by examine(); the refusals are learnt.
struct IOWQ_API file {
    file() = default;
    ~file() { let_go(); }
    file(const file &) = delete;
    file &operator=(const file &) = delete;

    // Returns 0 or -errno of fstat.
    [[nodiscard]] int examine(int open_fd);

    // Until let_go() requests use a descriptor of their own. Without it they use the one that was
    // examined, by its number: whoever closes that while they are in flight has them done on
    // whatever file gets the number next. With it there is one descriptor more for each file, a
    // peer hears of the end only at let_go(), and that, as any close, drops the process's fcntl
    // locks on the file. Once, after examine; 0 or -errno of fcntl(2).
    [[nodiscard]] int hold();
    // No request may be in flight.
    void let_go();

    int fd = -1;
    chain_key key;          // device and inode
    bool regular = false;   // writes may have to be serialised
    bool block = false;     // a block device
    bool seekable = false;  // has places; what has none (pipes, sockets, eventfds) ignores offsets
    bool direct = false;    // O_DIRECT: RWF_NOWAIT would wait for the device all the same
    bool appends = false;   // O_APPEND: writes go to the end, each in one piece
    bool in_memory = false; // tmpfs, and no swap: never waits for a device
    // Set by the caller, for placement::device: the node that the device is at (topology.h, device_node).
    int node = -1;
    // Set by the caller, to measure what is left: requests go their way, but the system call is left out, and all
    // that was asked for counts as done.
    bool null = false;
    // RWF_NOWAIT got EOPNOTSUPP (with O_DIRECT: from AIO), for reads and for writes. Relaxed: worth a
    // wasted call at most.
    std::atomic<bool> nowait_refused[2]{false, false};

  private:
    bool held_ = false; // fd is its own
};

// The way a request took; what the path evidence counts.
enum path : uint16_t {
    path_inline = 1,         // completed by the submitter
    path_nowait_miss = 2,    // RWF_NOWAIT: EAGAIN, or not all of it
    path_nowait_refused = 4, // RWF_NOWAIT: EOPNOTSUPP
    path_pooled = 8,         // ran on a worker
    path_sqthread = 16,      // issued by the submission thread
    path_helped = 32,        // ran in the submitter while that waited for others
    path_handed_over = 64,   // the submission thread gave its ring to another before it blocked
    path_aio = 128,          // done by Linux AIO
    path_waited = 256 // the submitter, which had nothing else to wait for, waited for it itself
};

// One I/O. Where it goes and what came of it.
struct request {
    static constexpr uint64_t at_position = UINT64_MAX;

    work item; // the pool's; must stay first

    // what to do: the caller's
    file *target = nullptr;
    void *buffer = nullptr;
    uint64_t offset = 0; // bytes, or at_position: where the file is, which moves it on
    uint64_t length = 0; // bytes
    opcode op = opcode::nop;
    int rw_flags = 0;    // RWF_*, for reads and writes
    int range_flags = 0; // SYNC_FILE_RANGE_*
    void *user_data = nullptr;

    // what came of it
    int64_t result = 0; // bytes, or -errno
    uint16_t path = 0;
    uint16_t cpu = never; // from which it was issued
    static constexpr uint16_t never = UINT16_MAX;

    // the ring's
    uint64_t done = 0; // bytes that RWF_NOWAIT has moved already
    request *next = nullptr;
    ring *owner = nullptr;
    bool only_tried = false; // where it is sent to nobody waits for it: begun, it comes back
    bool begun = false;      // it has come back so
    bool by_aio = false;     // a worker is to send it by Linux AIO
    enum : uint8_t {
        nowhere,
        sent,
        come
    } stage = nowhere; // in flight, or not; come: only to be reaped

    // Says what to do: read into or write from `data`, at a place in the file; or sync, or trim.
    void prepare(opcode what, file &on, void *data = nullptr, uint64_t bytes = 0, uint64_t at = 0) {
        op = what;
        target = &on;
        buffer = data;
        length = bytes;
        offset = at;
    }

    [[nodiscard]] bool is_rw() const { return op == opcode::read || op == opcode::write; }
};

// Tries a read or a write with RWF_NOWAIT. Returns true when the request is complete, its result set;
// else the rest of it (path says why) has to be issued where it may block.
// Only where nowait_worthwhile().
[[nodiscard]] bool issue_nowait(request &r);
// RWF_NOWAIT says something about this request: buffered I/O that waits for devices, on a file
// system that has not refused it, without that flag of the caller's own. Not where two calls in
// place of one would be seen: at the file's position, and at the end of an O_APPEND file.
[[nodiscard]] bool nowait_worthwhile(const request &r);

// May it be done in more than one call, so that others see a part of it, or put something between?
[[nodiscard]] bool divisible(const request &r);
// How many bytes the plain call would move at most: Linux ends at 2 GiB less a page, and refuses
// what would be below 0.
[[nodiscard]] uint64_t most_bytes(const request &r);
// Is fewer bytes than that no end, but only as far as it went without waiting? On a stream a read
// that is short is complete: what is there is all there is. A write waits until all has gone,
// unless O_NONBLOCK says otherwise, which the next call then does.
[[nodiscard]] bool goes_on_when_short(const request &r);

// The caller's own RWF_NOWAIT: what would block fails with EAGAIN. Not so with O_DIRECT, which waits for
// the device all the same.
[[nodiscard]] bool never_waits(const request &r);

// Issues what is left of the request, blocking if need be, and sets its result. On a worker, says so
// to the pool (worker.h, blocking) when it does.
void issue_blocking(request &r);
// Issues the request if that does not block. False: it would have, and nothing is decided.
[[nodiscard]] bool issue_without_blocking(request &r);
// May that be tried?
[[nodiscard]] bool may_not_block(const request &r);
// Has trying it started the read? Then whoever waits for it only waits.
[[nodiscard]] bool begun_by_trying(const request &r);

} // namespace iowq
