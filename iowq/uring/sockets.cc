// SPDX-License-Identifier: MIT
#include "iowq/uring/sockets.h"

#include "iowq/os/any_call.h"
#include "iowq/uring/opcodes.h"
#include "iowq/uring/prepare.h"
#include "iowq/uring/user_memory.h"

#include <algorithm>
#include <climits>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

namespace iowq::uring {

namespace {

// Which event ends the wait of a call of sockets that says it would wait; 0: it is told so.
// io_uring waits on a descriptor with O_NONBLOCK, too.
short awaited(const op &o, int64_t got) {
    switch (o.number) {
    case SYS_accept4:
        return got == -EAGAIN ? POLLIN : 0;
    case SYS_connect:
        return got == -EINPROGRESS || (o.connecting && got == -EALREADY) ? POLLOUT : 0;
    case SYS_recvfrom:
    case SYS_sendto:
        return got != -EAGAIN || o.args[3] & MSG_DONTWAIT ? 0
               : o.number == SYS_sendto                   ? POLLOUT
                                                          : POLLIN;
    case SYS_recvmsg:
    case SYS_sendmsg:
        return got != -EAGAIN || o.args[2] & MSG_DONTWAIT ? 0
               : o.number == SYS_sendmsg                  ? POLLOUT
                                                          : POLLIN;
    default:
        return 0;
    }
}

// What the connection has come to that was in progress.
int64_t connected(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) ? -errno : -error;
}

} // namespace

int64_t try_message(op &o) {
    uint64_t args[6];
    std::copy(std::begin(o.args), std::end(o.args), args);
    bool whole = o.number == SYS_sendmsg || o.number == SYS_recvmsg;
    uint64_t &flags = args[whole ? 2 : 3];
    if (flags & MSG_WAITALL)
        return -EAGAIN;
    bool wants_to_know = flags & MSG_DONTWAIT;
    flags |= MSG_DONTWAIT;
    int64_t got = make_any_call(o.number, args);
    o.tried_enough = wants_to_know;
    o.for_events = true;
    return got;
}

// Without O_NONBLOCK the call may wait even where a connection is there, as another thread may take
// that: a worker makes it then.
int64_t try_accept(op &o) {
    const int fd = file_of(o);
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens)
        return -EAGAIN; // which fails
    o.for_events = !is_ready(fd, POLLIN);
    if (o.for_events || !is_nonblocking(fd))
        return -EAGAIN;
    int64_t got = make_any_call(o.number, o.args);
    o.for_events = got == -EAGAIN;
    return got;
}

// Only the flag of its file keeps the call from waiting, and that is the program's.
int64_t try_connect(op &o) {
    const int fd = file_of(o);
    if (!o.connecting) {
        if (!is_nonblocking(fd))
            return -EAGAIN;
        int64_t got = make_any_call(o.number, o.args);
        if (got != -EINPROGRESS) {
            o.tried_enough = true;
            return got;
        }
        o.connecting = o.for_events = true;
        return -EAGAIN;
    }
    o.for_events = !is_ready(fd, POLLOUT);
    return o.for_events ? -EAGAIN : connected(fd);
}

int64_t call_of_sockets(const op &o) {
    for (;;) {
        int64_t got = until_meant([&] { return make_any_call(o.number, o.args); });
        pollfd its = {static_cast<int>(o.args[0]), awaited(o, got), 0};
        if (!its.events)
            return got;
        uint64_t args[6] = {as_argument(&its), 1};
        int64_t came = until_meant([&] { return make_any_call(SYS_ppoll, args); });
        if (came < 0)
            return came;
        if (o.number == SYS_connect)
            return connected(its.fd);
    }
}

int prepare_sendmsg(op &o, const io_uring_sqe &sqe, const registered &) {
    static_assert(sizeof(msghdr) <= sizeof o.little);
    auto *own = reinterpret_cast<msghdr *>(o.little.data());
    if (int error = copy_in(own, sqe.addr, sizeof *own))
        return error;
    if (own->msg_iovlen > IOV_MAX)
        return -EMSGSIZE;
    if (int error =
            copy_segments(o, as_argument(own->msg_iov), static_cast<unsigned>(own->msg_iovlen)))
        return error;
    own->msg_iov = o.segments;
    calls(o, SYS_sendmsg, {as_argument(o.fd), as_argument(own), sqe.msg_flags | MSG_NOSIGNAL});
    return 0;
}

int prepare_connect(op &o, const io_uring_sqe &sqe, const registered &) {
    static_assert(sizeof(sockaddr_storage) <= sizeof o.little);
    if (sqe.off > sizeof(sockaddr_storage))
        return -EINVAL;
    calls(o, SYS_connect, {as_argument(o.fd), as_argument(o.little.data()), sqe.off});
    return copy_in(o.little.data(), sqe.addr, sqe.off);
}

int prepare_poll(op &o, const io_uring_sqe &sqe, const registered &) {
    if (sqe.len || sqe.addr || sqe.off || sqe.buf_index)
        return -EINVAL;
    polled_by(o) = {o.fd, static_cast<short>(sqe.poll32_events), 0};
    calls(o, SYS_ppoll, {as_argument(&polled_by(o)), 1});
    return 0;
}

bool polls(const op &o) { return o.row->prepare == prepare_poll; }

int64_t events_of(const op &o) {
    short got = polled_by(o).revents;
    return got & POLLNVAL ? -EBADF : got & 0xffff;
}

int64_t try_poll(op &o) {
    timespec at_once{};
    uint64_t args[6] = {o.args[0], 1, as_argument(&at_once)};
    int64_t got = make_any_call(SYS_ppoll, args);
    o.for_events = true;
    return got == 0 ? -EAGAIN : got < 0 ? got : events_of(o);
}

} // namespace iowq::uring
