// SPDX-License-Identifier: MIT
#include "iowq/uring/opcodes.h"

#include "iowq/os/any_call.h"
#include "iowq/os/file_io.h"
#include "iowq/uring/held.h"
#include "iowq/uring/instance.h"
#include "iowq/uring/instances.h"
#include "iowq/uring/moves.h"
#include "iowq/uring/newer.h"
#include "iowq/uring/prepare.h"
#include "iowq/uring/registered.h"
#include "iowq/uring/sockets.h"
#include "iowq/uring/timeout.h"
#include "iowq/uring/user_memory.h"

#include <algorithm>
#include <cstring>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <utility>

namespace iowq::uring {

namespace {

// ---- files and paths

int prepare_fsync(op &o, const io_uring_sqe &sqe, const registered &) {
    if (sqe.addr || sqe.buf_index || sqe.splice_fd_in || sqe.fsync_flags & ~IORING_FSYNC_DATASYNC)
        return -EINVAL;
    bool data = sqe.fsync_flags & IORING_FSYNC_DATASYNC;
    calls(o, data ? SYS_fdatasync : SYS_fsync, {as_argument(o.fd)});
    return 0;
}

int prepare_splice(op &o, const io_uring_sqe &sqe, const registered &known) {
    int from = sqe.splice_fd_in;
    if (sqe.splice_flags & SPLICE_F_FD_IN_FIXED)
        from = known.file(static_cast<unsigned>(from));
    if (from < 0)
        return -EBADF;
    auto *places = reinterpret_cast<uint64_t *>(o.little.data());
    places[0] = sqe.splice_off_in;
    places[1] = sqe.off;
    auto place = [&](int i) { return places[i] == current_position ? 0 : as_argument(&places[i]); };
    calls(o, SYS_splice,
          {as_argument(from), place(0), as_argument(o.fd), place(1), sqe.len,
           sqe.splice_flags & ~SPLICE_F_FD_IN_FIXED});
    return 0;
}

int prepare_tee(op &o, const io_uring_sqe &sqe, const registered &known) {
    int from = sqe.splice_fd_in;
    if (sqe.splice_off_in || sqe.off)
        return -EINVAL;
    if (sqe.splice_flags & SPLICE_F_FD_IN_FIXED)
        from = known.file(static_cast<unsigned>(from));
    if (from < 0)
        return -EBADF;
    calls(
        o, SYS_tee,
        {as_argument(from), as_argument(o.fd), sqe.len, sqe.splice_flags & ~SPLICE_F_FD_IN_FIXED});
    return 0;
}

// A file may be opened into a slot of the registered ones; the program has no descriptor of it.
// `closes_at_exec`: the flag that says so. 0 or -EINVAL.
int into_slot(op &o, const io_uring_sqe &sqe, uint64_t &flags, unsigned closes_at_exec) {
    o.slot = sqe.file_index;
    bool refused = o.slot && flags & closes_at_exec;
    if (o.slot)
        flags |= closes_at_exec;
    return refused ? -EINVAL : 0;
}

int prepare_openat2(op &o, const io_uring_sqe &sqe, const registered &) {
    auto *how = reinterpret_cast<open_how *>(o.little.data());
    if (sqe.buf_index || sqe.len < sizeof *how)
        return -EINVAL;
    if (sqe.len > sizeof o.little)
        return -E2BIG;
    if (int error = copy_in(how, sqe.off, sqe.len))
        return error;
    calls(o, SYS_openat2, {as_argument(o.fd), sqe.addr, as_argument(how), sqe.len});
    uint64_t flags = how->flags;
    int error = into_slot(o, sqe, flags, O_CLOEXEC);
    how->flags = flags;
    return error;
}

// What the call has come to, for the slot that it opens into, or closes.
int64_t by_slot(op &o, int64_t got) {
    unsigned slot = o.slot == IORING_FILE_INDEX_ALLOC ? registered::any_slot : o.slot - 1;
    if (got < 0)
        return got;
    int own = set_aside(static_cast<int>(got));
    return own < 0
               ? own
               : o.of->with_registered([&](registered &its) { return its.put_file(slot, own); });
}

// Those that need no more than their arguments in another order.
template <uint32_t Number>
int prepare_plain(op &o, const io_uring_sqe &sqe, const registered &) {
    uint64_t fd = as_argument(o.fd);
    switch (Number) {
    case SYS_sync_file_range:
        calls(o, Number, {fd, sqe.off, sqe.len, sqe.sync_range_flags});
        return sqe.addr || sqe.buf_index || sqe.splice_fd_in ? -EINVAL : 0;
    case SYS_fallocate:
        calls(o, Number, {fd, sqe.len, sqe.off, sqe.addr});
        return sqe.buf_index || sqe.rw_flags || sqe.splice_fd_in ? -EINVAL : 0;
    case SYS_ftruncate:
        calls(o, Number, {fd, sqe.off});
        return sqe.rw_flags || sqe.addr || sqe.len || sqe.buf_index || sqe.splice_fd_in ? -EINVAL
                                                                                        : 0;
    case SYS_fadvise64:
        calls(o, Number, {fd, sqe.off, sqe.len, sqe.fadvise_advice});
        return sqe.addr || sqe.buf_index || sqe.splice_fd_in ? -EINVAL : 0;
    case SYS_madvise:
        calls(o, Number, {sqe.addr, sqe.len, sqe.fadvise_advice});
        return sqe.off || sqe.buf_index || sqe.splice_fd_in ? -EINVAL : 0;
    case SYS_openat:
        calls(o, Number, {fd, sqe.addr, sqe.open_flags, sqe.len});
        return sqe.buf_index ? -EINVAL : into_slot(o, sqe, o.args[2], O_CLOEXEC);
    case SYS_close:
        calls(o, Number, {fd});
        o.slot = sqe.file_index;
        return sqe.off || sqe.addr || sqe.len || sqe.rw_flags || sqe.buf_index || (o.slot && o.fd)
                   ? -EINVAL
                   : 0;
    case SYS_statx:
        calls(o, Number, {fd, sqe.addr, sqe.statx_flags, sqe.len, sqe.off});
        return sqe.buf_index || sqe.splice_fd_in ? -EINVAL : 0;
    case SYS_renameat2:
        calls(o, Number, {fd, sqe.addr, sqe.len, sqe.off, sqe.rename_flags});
        return sqe.buf_index || sqe.splice_fd_in ? -EINVAL : 0;
    case SYS_unlinkat:
        calls(o, Number, {fd, sqe.addr, sqe.unlink_flags});
        return sqe.off || sqe.len || sqe.buf_index || sqe.splice_fd_in ? -EINVAL : 0;
    case SYS_mkdirat:
        calls(o, Number, {fd, sqe.addr, sqe.len});
        return sqe.off || sqe.rw_flags || sqe.buf_index || sqe.splice_fd_in ? -EINVAL : 0;
    case SYS_symlinkat:
        calls(o, Number, {sqe.addr, fd, sqe.off});
        return sqe.len || sqe.rw_flags || sqe.buf_index || sqe.splice_fd_in ? -EINVAL : 0;
    case SYS_linkat:
        calls(o, Number, {fd, sqe.addr, sqe.len, sqe.off, sqe.hardlink_flags});
        return sqe.buf_index || sqe.splice_fd_in ? -EINVAL : 0;
    case SYS_sendto:
        calls(o, Number, {fd, sqe.addr, sqe.len, sqe.msg_flags | MSG_NOSIGNAL});
        return sqe.off || sqe.ioprio ? -EINVAL : 0;
    case SYS_recvfrom:
        calls(o, Number, {fd, sqe.addr, sqe.len, sqe.msg_flags});
        return sqe.off || sqe.ioprio ? -EINVAL : 0;
    case SYS_recvmsg:
        calls(o, Number, {fd, sqe.addr, sqe.msg_flags});
        return sqe.ioprio ? -EINVAL : 0;
    case SYS_accept4:
        calls(o, Number, {fd, sqe.addr, sqe.off, sqe.accept_flags});
        return sqe.len || sqe.buf_index || sqe.ioprio ? -EINVAL
                                                      : into_slot(o, sqe, o.args[3], SOCK_CLOEXEC);
    case SYS_shutdown:
        calls(o, Number, {fd, sqe.len});
        return sqe.off || sqe.addr || sqe.rw_flags || sqe.buf_index || sqe.splice_fd_in ? -EINVAL
                                                                                        : 0;
    case SYS_socket:
        calls(o, Number, {fd, sqe.off, sqe.len});
        return sqe.addr || sqe.rw_flags || sqe.buf_index
                   ? -EINVAL
                   : into_slot(o, sqe, o.args[1], SOCK_CLOEXEC);
    case SYS_epoll_ctl: {
        calls(o, Number, {fd, sqe.len, sqe.off, as_argument(o.little.data())});
        bool has_event = sqe.len != EPOLL_CTL_DEL;
        return sqe.buf_index || sqe.splice_fd_in ? -EINVAL
               : has_event ? copy_in(o.little.data(), sqe.addr, sizeof(epoll_event))
                           : 0;
    }
    }
    return -EINVAL;
}

// ---- what is no system call

int32_t nothing(instance &, op &) { return 0; }
int prepare_nothing(op &, const io_uring_sqe &, const registered &) { return 0; }

int prepare_cancel(op &o, const io_uring_sqe &sqe, const registered &files) {
    o.args[0] = sqe.addr;
    o.args[1] = sqe.cancel_flags;
    constexpr unsigned known = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD |
                               IORING_ASYNC_CANCEL_FD_FIXED | IORING_ASYNC_CANCEL_ANY;
    if (sqe.cancel_flags & IORING_ASYNC_CANCEL_FD_FIXED)
        o.fd = files.file(static_cast<unsigned>(sqe.fd));
    return sqe.off || sqe.splice_fd_in || sqe.cancel_flags & ~known ? -EINVAL : 0;
}
int prepare_removal(op &o, const io_uring_sqe &sqe, const registered &) {
    o.args[0] = sqe.addr;
    return sqe.len || sqe.off || sqe.buf_index || sqe.rw_flags || sqe.splice_fd_in ? -EINVAL : 0;
}
int32_t cancel_any(instance &its, op &o) {
    return its.cancel(
        {.user_data = o.args[0],
         .fd = static_cast<int>(o.fd),
         .by_fd = (o.args[1] & IORING_ASYNC_CANCEL_FD) != 0,
         .any = (o.args[1] & IORING_ASYNC_CANCEL_ANY) != 0,
         .all = (o.args[1] & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY)) != 0,
         .only = nullptr},
        o);
}
template <unsigned Code>
int32_t cancel_only(instance &its, op &o) {
    return its.cancel({.user_data = o.args[0], .only = row_of(Code)}, o);
}

int prepare_files_update(op &o, const io_uring_sqe &sqe, const registered &) {
    o.args[0] = sqe.addr;
    o.args[1] = sqe.len;
    o.args[2] = sqe.off;
    return sqe.len == 0 || sqe.rw_flags || sqe.splice_fd_in ? -EINVAL : 0;
}
int32_t update_files(instance &its, op &o) {
    return its.update_files(static_cast<unsigned>(o.args[2]), o.args[0],
                            static_cast<unsigned>(o.args[1]));
}

constexpr std::array<opcode_row, nr_opcodes> make_rows() {
    std::array<opcode_row, nr_opcodes> rows{};
    rows[IORING_OP_NOP] = {"nop", prepare_nothing, way::at_once, nullptr, nothing};
    rows[IORING_OP_READ] = {"read", prepare_buffer<false>, way::tried, try_move};
    rows[IORING_OP_WRITE] = {"write", prepare_buffer<true>, way::tried, try_move};
    rows[IORING_OP_READV] = {"readv", prepare_vector<false>, way::tried, try_move};
    rows[IORING_OP_WRITEV] = {"writev", prepare_vector<true>, way::tried, try_move};
    rows[IORING_OP_READ_FIXED] = {"read_fixed", prepare_fixed<false>, way::tried, try_move};
    rows[IORING_OP_WRITE_FIXED] = {"write_fixed", prepare_fixed<true>, way::tried, try_move};
    rows[IORING_OP_FSYNC] = {"fsync", prepare_fsync, way::bound};
    rows[IORING_OP_SYNC_FILE_RANGE] = {"sync_file_range", prepare_plain<SYS_sync_file_range>,
                                       way::bound};
    rows[IORING_OP_FALLOCATE] = {"fallocate", prepare_plain<SYS_fallocate>, way::bound};
    rows[op_ftruncate] = {"ftruncate", prepare_plain<SYS_ftruncate>, way::bound};
    rows[IORING_OP_FADVISE] = {"fadvise", prepare_plain<SYS_fadvise64>};
    rows[IORING_OP_MADVISE] = {"madvise", prepare_plain<SYS_madvise>};
    rows[IORING_OP_OPENAT] = {"openat", prepare_plain<SYS_openat>};
    rows[IORING_OP_OPENAT2] = {"openat2", prepare_openat2};
    rows[IORING_OP_CLOSE] = {"close", prepare_plain<SYS_close>};
    rows[IORING_OP_STATX] = {"statx", prepare_plain<SYS_statx>};
    rows[IORING_OP_RENAMEAT] = {"renameat", prepare_plain<SYS_renameat2>};
    rows[IORING_OP_UNLINKAT] = {"unlinkat", prepare_plain<SYS_unlinkat>};
    rows[IORING_OP_MKDIRAT] = {"mkdirat", prepare_plain<SYS_mkdirat>};
    rows[IORING_OP_SYMLINKAT] = {"symlinkat", prepare_plain<SYS_symlinkat>};
    rows[IORING_OP_LINKAT] = {"linkat", prepare_plain<SYS_linkat>};
    rows[IORING_OP_SPLICE] = {"splice", prepare_splice, way::unbound};
    rows[IORING_OP_TEE] = {"tee", prepare_tee, way::unbound};
    rows[IORING_OP_SEND] = {"send", prepare_plain<SYS_sendto>, way::tried, try_message};
    rows[IORING_OP_RECV] = {"recv", prepare_plain<SYS_recvfrom>, way::tried, try_message};
    rows[IORING_OP_SENDMSG] = {"sendmsg", prepare_sendmsg, way::tried, try_message};
    rows[IORING_OP_RECVMSG] = {"recvmsg", prepare_plain<SYS_recvmsg>, way::tried, try_message};
    rows[IORING_OP_ACCEPT] = {"accept", prepare_plain<SYS_accept4>, way::tried, try_accept};
    rows[IORING_OP_CONNECT] = {"connect", prepare_connect, way::tried, try_connect};
    rows[IORING_OP_SHUTDOWN] = {"shutdown", prepare_plain<SYS_shutdown>};
    rows[IORING_OP_SOCKET] = {"socket", prepare_plain<SYS_socket>};
    rows[IORING_OP_EPOLL_CTL] = {"epoll_ctl", prepare_plain<SYS_epoll_ctl>};
    rows[IORING_OP_POLL_ADD] = {"poll_add", prepare_poll, way::tried, try_poll};
    rows[IORING_OP_POLL_REMOVE] = {"poll_remove", prepare_removal, way::at_once, nullptr,
                                   cancel_only<IORING_OP_POLL_ADD>};
    rows[IORING_OP_TIMEOUT] = {"timeout", prepare_timeout, way::timed};
    rows[IORING_OP_LINK_TIMEOUT] = {"link_timeout", prepare_limit, way::timed};
    rows[IORING_OP_TIMEOUT_REMOVE] = {"timeout_remove", prepare_timeout_removal, way::at_once,
                                      nullptr, remove_timeout};
    rows[IORING_OP_ASYNC_CANCEL] = {"async_cancel", prepare_cancel, way::at_once, nullptr,
                                    cancel_any};
    rows[IORING_OP_FILES_UPDATE] = {"files_update", prepare_files_update, way::at_once, nullptr,
                                    update_files};

    constexpr unsigned first = 1, second = 1 << 1, third = 1 << 2, fourth = 1 << 3;
    for (unsigned code : {IORING_OP_OPENAT, IORING_OP_OPENAT2, IORING_OP_STATX, IORING_OP_UNLINKAT,
                          IORING_OP_MKDIRAT})
        rows[code].paths = second;
    for (unsigned code : {IORING_OP_RENAMEAT, IORING_OP_LINKAT})
        rows[code].paths = second | fourth;
    rows[IORING_OP_SYMLINKAT].paths = first | third;
    for (unsigned code : {IORING_OP_POLL_REMOVE, IORING_OP_TIMEOUT_REMOVE, IORING_OP_ASYNC_CANCEL})
        rows[code].ends_others = true;
    for (unsigned code : {IORING_OP_READ, IORING_OP_READV, IORING_OP_READ_FIXED, IORING_OP_RECV,
                          IORING_OP_RECVMSG, IORING_OP_ACCEPT})
        rows[code].events = POLLIN;
    for (unsigned code : {IORING_OP_WRITE, IORING_OP_WRITEV, IORING_OP_WRITE_FIXED, IORING_OP_SEND,
                          IORING_OP_SENDMSG, IORING_OP_CONNECT})
        rows[code].events = POLLOUT;
    // Of those that a worker may make, or that take a registered file.
    for (unsigned code :
         {IORING_OP_READ, IORING_OP_WRITE, IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_READ_FIXED,
          IORING_OP_WRITE_FIXED, IORING_OP_FSYNC, IORING_OP_SYNC_FILE_RANGE, IORING_OP_FALLOCATE,
          op_ftruncate, IORING_OP_SEND, IORING_OP_RECV, IORING_OP_SENDMSG, IORING_OP_RECVMSG,
          IORING_OP_ACCEPT, IORING_OP_CONNECT, IORING_OP_FADVISE, IORING_OP_SHUTDOWN})
        rows[code].fds = first;
    rows[IORING_OP_SPLICE].fds = first | third;
    rows[IORING_OP_TEE].fds = first | second;
    return rows;
}

constexpr std::array<opcode_row, nr_opcodes> rows = make_rows();

} // namespace

const opcode_row *row_of(unsigned code) {
    return code < rows.size() && rows[code].prepare ? &rows[code] : nullptr;
}

void prepare(op &o, const io_uring_sqe &sqe, const registered &known) {
    constexpr unsigned flags = IOSQE_FIXED_FILE | IOSQE_IO_DRAIN | IOSQE_IO_LINK |
                               IOSQE_IO_HARDLINK | IOSQE_ASYNC | IOSQE_CQE_SKIP_SUCCESS;
    o.row = row_of(sqe.opcode);
    o.user_data = sqe.user_data;
    o.flags = sqe.flags;
    o.fd = sqe.fd;
    bool fixed = sqe.flags & IOSQE_FIXED_FILE;
    if (!o.row || sqe.flags & ~flags || sqe.personality) {
        o.result = -EINVAL;
    } else if (fixed && (o.row->paths || sqe.opcode == IORING_OP_CLOSE)) {
        o.result = -EBADF;
    } else if (fixed && (o.row->fds || o.row->prepare == prepare_poll)) {
        o.registered_file = sqe.fd & INT_MAX;
        o.fd = known.file(static_cast<unsigned>(o.registered_file));
        o.finds_file = o.fd < 0;
        o.result = o.row->prepare(o, sqe, known);
    } else {
        o.result = o.row->prepare(o, sqe, known);
    }
    o.refused = o.result < 0;
}

int find_file(op &o, const registered &known) {
    o.fd = known.file(static_cast<unsigned>(o.registered_file));
    use_file(o, o.fd);
    return o.fd < 0 ? -EBADF : 0;
}

int64_t try_call(op &o) {
    int64_t got = o.row->try_first(o);
    return o.slot ? by_slot(o, got) : got;
}

int64_t call(op &o) {
    if (o.row->try_first == try_move)
        return move_all(o);
    if (o.number == SYS_close && !o.slot && instances::all().has_one_of({&o.fd, 1}))
        return -EBADF; // a ring cannot close one
    if (o.number == SYS_close && o.slot)
        return o.of->with_registered([&](registered &its) { return its.drop_file(o.slot - 1); });
    int64_t got = call_of_sockets(o);
    if (o.slot)
        return by_slot(o, got);
    return o.number == SYS_ppoll && got > 0 ? events_of(o) : got;
}

int keep(op &o) {
    o.finds_file = o.registered_file >= 0; // another one may be in the slot by then
    if (!o.row || !o.row->paths || o.kept)
        return 0;
    constexpr size_t room = 4096;
    char *at = nullptr;
    for (unsigned i = 0; i < 6; i++) {
        if (!(o.row->paths & 1u << i) || !o.args[i])
            continue;
        at = at ? at + room : room_for(o, 2 * room);
        if (!at)
            return -ENOMEM;
        int64_t length = copy_string(at, o.args[i], room);
        if (length < 0)
            return static_cast<int>(length);
        o.args[i] = as_argument(at);
    }
    return 0;
}

void forget(op &o) {
    if (o.kept)
        munmap(o.kept, o.kept_bytes);
    o.kept = nullptr;
}

void hold_files(op &o) {
    int *next = o.files;
    if (polls(o)) {
        const int fd = file_of(o);
        if (!instances::all().has_one_of({&fd, 1})) // which would not end before this does
            use_file(o, hold_for_a_while(fd));
        if (file_of(o) != fd)
            *next++ = file_of(o);
    }
    for (unsigned i = 0; o.row->fds >> i; i++) {
        if (!(o.row->fds & 1u << i))
            continue;
        int fd = static_cast<int>(o.args[i]), held = hold_for_a_while(fd);
        o.args[i] = as_argument(held);
        if (held != fd)
            *next++ = held;
    }
}

void let_go_of_files(op &o) {
    for (int &fd : o.files)
        if (fd >= 0)
            let_go(std::exchange(fd, -1));
}

int file_of(const op &o) { return polls(o) ? polled_by(o).fd : static_cast<int>(o.args[0]); }

void use_file(op &o, int fd) {
    if (polls(o))
        polled_by(o).fd = fd;
    else
        o.args[o.number == SYS_splice ? 2 : o.number == SYS_tee ? 1 : 0] = as_argument(fd);
}

uint32_t events_for(const op &o) {
    return polls(o) ? static_cast<uint16_t>(polled_by(o).events) : o.row->events;
}

// Buffered writes to one file would only wait for its lock. The file may be held already, and the
// program's descriptor closed.
pool_needs needs_of(const op &o) {
    bool stored = o.row->try_first == try_move && on_storage(static_cast<int>(o.args[0]));
    return {.for_others = o.row->by == way::unbound || (o.row->by == way::tried && !stored),
            .serialised = stored && writes(o) && !o.sleeps};
}

bool is_timeout(const op &o) { return o.row == row_of(IORING_OP_TIMEOUT); }
bool is_limit(const op &o) { return o.row == row_of(IORING_OP_LINK_TIMEOUT); }

bool succeeded(const op &o) {
    if (is_limit(o))
        return !o.refused;
    if (o.result < 0)
        return is_timeout(o) && o.result == -ETIME && o.rw_flags & IORING_TIMEOUT_ETIME_SUCCESS;
    return !o.nr_segments || o.row->try_first != try_move; // a short one breaks its chain
}

} // namespace iowq::uring
