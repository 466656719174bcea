// SPDX-License-Identifier: MIT
#include "iowq/ring/syscalls.h"

#include "iowq/os/any_call.h"
#include "iowq/os/topology.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <span>

namespace iowq {

namespace {

int64_t read_or_write(const request &r, int flags) {
    const file &f = *r.target;
    char *buffer = static_cast<char *>(r.buffer) + r.done;
    uint64_t length = most_bytes(r) - r.done;
    if (f.null)
        return static_cast<int64_t>(length);
    bool has_place = f.seekable && r.offset != request::at_position;
    int64_t at = has_place ? static_cast<int64_t>(r.offset + r.done) : no_place;
    return (r.op == opcode::read ? read_file : write_file)(f.fd, buffer, length, at,
                                                           flags | r.rw_flags);
}

} // namespace

int file::examine(int open_fd) {
    file_facts known;
    if (int error = look_at(open_fd, known))
        return error;
    fd = open_fd;
    // Device numbers have 32 bits; the other half of `hi` is left for ranges of one file.
    key = {known.device, known.inode};
    regular = known.regular;
    block = known.block;
    seekable = known.seekable;
    direct = known.direct;
    appends = known.appends;
    flushes = known.flushes;
    in_memory = known.in_memory;
    for (learner &each : nowait)
        each.forget();
    return 0;
}

int file::hold() {
    int own = duplicate(fd);
    if (own < 0)
        return own;
    fd = own;
    held_ = true;
    return 0;
}

void file::let_go() {
    if (held_)
        close_file(fd);
    held_ = false;
}

uint64_t most_bytes(const request &r) {
    return r.length > SSIZE_MAX ? r.length : std::min(r.length, most_at_once);
}

uint64_t whole(const request &r) {
    if (r.op != opcode::call)
        return r.is_rw() ? r.length : 0;
    uint64_t bytes = 0;
    if (r.number == SYS_preadv2 || r.number == SYS_pwritev2)
        for (const iovec &part : std::span(reinterpret_cast<const iovec *>(r.args[1]), r.args[2]))
            bytes += part.iov_len;
    return bytes;
}

bool goes_on_when_short(const request &r) {
    return r.target->regular || r.target->block || r.op == opcode::write;
}

int64_t make_call(const request &r) {
    if (r.op == opcode::nop || (r.target && r.target->null && !r.is_rw()))
        return 0;
    if (r.op == opcode::call)
        return make_any_call(r.number, r.args);
    const file &f = *r.target;
    switch (r.op) {
    case opcode::nop:
        return 0;
    case opcode::read:
    case opcode::write:
        return read_or_write(r, 0);
    case opcode::fsync:
        return sync_file(f.fd);
    case opcode::fdatasync:
        return sync_data(f.fd);
    case opcode::sync_file_range:
        return sync_range(f.fd, r.offset, r.length, r.range_flags);
    case opcode::trim:
        return f.block ? discard(f.fd, r.offset, r.length) : punch_hole(f.fd, r.offset, r.length);
    case opcode::call:
        break;
    }
    return -EINVAL;
}

// If bytes were moved before, they are the result, as of any short call, and the error is dropped:
// the caller's next call will meet it again.
void set_result(request &r, int64_t got) {
    r.cpu = this_cpu();
    auto before = static_cast<int64_t>(r.done);
    r.result = before && got < 0 ? before : before + got;
}

namespace {

// What `got` says of a call that does not wait.
tried judge(request &r, int64_t got) {
    if (got == -EOPNOTSUPP) {
        r.target->nowait[r.op == opcode::write].learn(false);
        r.path |= path_nowait_refused;
        return tried::refused;
    }
    // A short result need not be the end of the file: the cached part may end there.
    bool is_short = got > 0 && r.done + static_cast<uint64_t>(got) < most_bytes(r);
    if (got == -EAGAIN || (is_short && goes_on_when_short(r))) {
        r.path |= path_nowait_miss;
        r.done += got > 0 ? static_cast<uint64_t>(got) : 0;
        return tried::missed;
    }
    return tried::done;
}

// A message is sent or received, or not.
tried try_message(request &r) {
    int64_t got = try_any_call(r.number, r.args);
    if (got == -EAGAIN) {
        r.path |= path_nowait_miss;
        return tried::missed;
    }
    set_result(r, got);
    return tried::done;
}

} // namespace

tried try_nowait(request &r) {
    if (r.op == opcode::call)
        return try_message(r);
    int64_t got = read_or_write(r, RWF_NOWAIT);
    tried came_to = judge(r, got);
    if (came_to == tried::done)
        set_result(r, got);
    return came_to;
}

tried tried_by_aio(request &r, int64_t got) {
    tried came_to = r.rw_flags & RWF_NOWAIT ? tried::done : judge(r, got);
    if (came_to == tried::done) {
        r.result = got;
        r.path |= path_aio;
    }
    return came_to;
}

} // namespace iowq
