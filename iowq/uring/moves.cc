// SPDX-License-Identifier: MIT
#include "iowq/uring/moves.h"

#include "iowq/os/any_call.h"
#include "iowq/uring/instance.h"
#include "iowq/uring/prepare.h"
#include "iowq/uring/registered.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace iowq::uring {

namespace {

// 0 or -EINVAL. Of the priority only what it may be is looked at.
int moves(op &o, const io_uring_sqe &sqe, bool writes) {
    constexpr unsigned class_shift = 13, last_class = 3;
    calls(o, writes ? SYS_pwritev2 : SYS_preadv2, {as_argument(o.fd)});
    o.offset = sqe.off;
    o.rw_flags = sqe.rw_flags;
    o.sleeps = !writes; // a buffered write copies
    return sqe.ioprio >> class_shift > last_class ? -EINVAL : 0;
}

int64_t move(const op &o, uint32_t more_flags) {
    uint64_t args[6] = {o.args[0], as_argument(o.segments), o.nr_segments, o.offset,
                        0,         o.rw_flags | more_flags};
    int64_t got = make_any_call(o.number, args);
    if (got == -ESPIPE && o.offset != current_position) { // a stream has no places
        args[3] = current_position;
        got = make_any_call(o.number, args);
    }
    return got;
}

// So many bytes of it have been moved.
void advance(op &o, uint64_t bytes) {
    o.moved += bytes;
    if (o.offset != current_position)
        o.offset += bytes;
    while (o.nr_segments && bytes >= o.segments->iov_len) {
        bytes -= o.segments->iov_len;
        o.segments++;
        o.nr_segments--;
    }
    if (bytes) {
        o.segments->iov_base = static_cast<char *>(o.segments->iov_base) + bytes;
        o.segments->iov_len -= bytes;
    }
}

// RWF_NOWAIT does not keep calls from waiting past the cache, nor for the device. `status`: of its
// file, as fcntl tells it.
move_by begun_by(const op &o, int status) {
    if (status & O_DIRECT)
        return on_storage(static_cast<int>(o.args[0])) ? move_by::device : move_by::worker;
    return writes(o) && status & O_DSYNC ? move_by::worker : move_by::trying;
}

bool may_be_sent(const op &o) {
    constexpr uint32_t known = RWF_HIPRI | RWF_DSYNC | RWF_SYNC;
    return o.nr_segments && o.offset != current_position && !(o.rw_flags & ~known);
}

} // namespace

template <bool Writes>
int prepare_vector(op &o, const io_uring_sqe &sqe, const registered &) {
    int error = moves(o, sqe, Writes);
    return error || sqe.buf_index ? -EINVAL : copy_segments(o, sqe.addr, sqe.len);
}

template <bool Writes>
int prepare_buffer(op &o, const io_uring_sqe &sqe, const registered &) {
    int error = moves(o, sqe, Writes);
    o.few_segments[0] = {reinterpret_cast<void *>(sqe.addr), sqe.len};
    o.segments = o.few_segments.data();
    o.nr_segments = 1;
    return error;
}

template <bool Writes>
int prepare_fixed(op &o, const io_uring_sqe &sqe, const registered &known) {
    if (int error = prepare_buffer<Writes>(o, sqe, known))
        return error;
    return known.check_buffer(sqe.buf_index, sqe.addr, sqe.len);
}

template int prepare_vector<false>(op &, const io_uring_sqe &, const registered &);
template int prepare_vector<true>(op &, const io_uring_sqe &, const registered &);
template int prepare_buffer<false>(op &, const io_uring_sqe &, const registered &);
template int prepare_buffer<true>(op &, const io_uring_sqe &, const registered &);
template int prepare_fixed<false>(op &, const io_uring_sqe &, const registered &);
template int prepare_fixed<true>(op &, const io_uring_sqe &, const registered &);

bool on_storage(int fd) {
    struct stat known;
    return fstat(fd, &known) == 0 && (S_ISREG(known.st_mode) || S_ISBLK(known.st_mode));
}

bool writes(const op &o) { return o.number == SYS_pwritev2; }

int64_t try_move(op &o) {
    const auto fd = static_cast<int>(o.args[0]);
    move_by how = o.of->known_moves(fd, writes(o));
    if (how == move_by::unknown) {
        int status = fcntl(fd, F_GETFL);
        if (status < 0)
            return -EBADF;
        how = begun_by(o, status);
        o.of->learn_moves(fd, writes(o), how);
    }
    bool waits = how == move_by::device || how == move_by::worker ||
                 (writes(o) && o.rw_flags & (RWF_DSYNC | RWF_SYNC));
    o.sleeps |= waits;
    o.direct = how == move_by::device && may_be_sent(o);
    if (waits || how == move_by::refusing)
        return -EAGAIN;
    for (;;) {
        int64_t got = move(o, RWF_NOWAIT);
        if (got == -EOPNOTSUPP && !(o.rw_flags & RWF_NOWAIT)) {
            o.of->learn_moves(fd, writes(o), move_by::refusing);
            return -EAGAIN;
        }
        if (got == -EAGAIN) {
            o.for_events = !on_storage(fd);
            o.tried_enough = !o.moved && o.rw_flags & RWF_NOWAIT;
        }
        if (got < 0)
            return got;
        advance(o, static_cast<uint64_t>(got));
        if (got == 0 || !o.nr_segments || !on_storage(fd))
            return static_cast<int64_t>(o.moved);
    }
}

void learn_refusal(const op &o) {
    if (!o.rw_flags)
        o.of->learn_moves(o.fd, writes(o), move_by::worker);
}

bool device_has_moved(op &o, int64_t got) {
    if (got == -EOPNOTSUPP)
        learn_refusal(o);
    if (got == -EAGAIN || got == -EOPNOTSUPP)
        return false;
    o.result = static_cast<int32_t>(got);
    if (got >= 0)
        advance(o, static_cast<uint64_t>(got));
    return got <= 0 || !o.nr_segments;
}

int64_t move_all(op &o) {
    for (;;) {
        int64_t got = until_meant([&] { return move(o, 0); });
        if (got < 0)
            return o.moved ? static_cast<int64_t>(o.moved) : got;
        advance(o, static_cast<uint64_t>(got));
        if (got == 0 || !o.nr_segments || !on_storage(static_cast<int>(o.args[0])))
            return static_cast<int64_t>(o.moved);
    }
}

} // namespace iowq::uring
