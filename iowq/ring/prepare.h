// SPDX-License-Identifier: MIT
// Requests for system calls, by the names that io_uring gives them. Each function says what the
// call of its name says; a result is what that returns, or -errno.
//
// `folder`: what a path that does not begin with '/' is looked up from; nullptr: the working
// directory. `f`, `folder`: where the ring does not know the file (file::examine), it cannot learn
// how quick its file system is, nor tell a file from a stream, nor serialise by folder. What is
// pointed to must stay until the request is over.
#pragma once

#include "iowq/os/any_call.h"
#include "iowq/ring/request.h"

namespace iowq {

namespace arguments {

[[nodiscard]] inline uint64_t pointer(const void *to) { return reinterpret_cast<uint64_t>(to); }
// Of signed numbers the kernel takes the lower half, or all of it.
[[nodiscard]] inline uint64_t number(int64_t n) { return static_cast<uint64_t>(n); }
[[nodiscard]] inline uint64_t from(const file *folder) {
    return number(folder ? folder->fd : AT_FDCWD);
}

} // namespace arguments

// ---- files

inline void prepare_readv(request &r, file &f, const iovec *parts, unsigned nr, uint64_t at,
                          int rw_flags = 0) {
    using namespace arguments;
    r.prepare_call(SYS_preadv2, {number(f.fd), pointer(parts), nr, at, 0, number(rw_flags)}, &f);
}
inline void prepare_writev(request &r, file &f, const iovec *parts, unsigned nr, uint64_t at,
                           int rw_flags = 0) {
    using namespace arguments;
    r.prepare_call(SYS_pwritev2, {number(f.fd), pointer(parts), nr, at, 0, number(rw_flags)}, &f);
}
inline void prepare_fallocate(request &r, file &f, int mode, uint64_t at, uint64_t bytes) {
    using namespace arguments;
    r.prepare_call(SYS_fallocate, {number(f.fd), number(mode), at, bytes}, &f);
}
inline void prepare_ftruncate(request &r, file &f, uint64_t bytes) {
    using namespace arguments;
    r.prepare_call(SYS_ftruncate, {number(f.fd), bytes}, &f);
}
inline void prepare_fadvise(request &r, file &f, uint64_t at, uint64_t bytes, int advice) {
    using namespace arguments;
    r.prepare_call(SYS_fadvise64, {number(f.fd), at, bytes, number(advice)}, &f);
}
// Offsets: nullptr: at the file's position, which moves on.
inline void prepare_copy_file_range(request &r, file &in, int64_t *in_at, file &out,
                                    int64_t *out_at, uint64_t bytes) {
    using namespace arguments;
    r.prepare_call(SYS_copy_file_range,
                   {number(in.fd), pointer(in_at), number(out.fd), pointer(out_at), bytes, 0},
                   &out);
}
// One of both is a pipe, so it may wait for the other end of it.
inline void prepare_splice(request &r, int in, int64_t *in_at, int out, int64_t *out_at,
                           uint64_t bytes, unsigned flags) {
    using namespace arguments;
    r.prepare_call(SYS_splice,
                   {number(in), pointer(in_at), number(out), pointer(out_at), bytes, flags});
}
inline void prepare_getdents64(request &r, file &folder, void *into, uint64_t bytes) {
    using namespace arguments;
    r.prepare_call(SYS_getdents64, {number(folder.fd), pointer(into), bytes}, &folder);
}
inline void prepare_close(request &r, int fd) {
    r.prepare_call(SYS_close, {arguments::number(fd)});
}

// ---- paths

inline void prepare_openat(request &r, file *folder, const char *path, int flags, mode_t mode = 0) {
    using namespace arguments;
    r.prepare_call(SYS_openat, {from(folder), pointer(path), number(flags), mode}, folder);
}
inline void prepare_statx(request &r, file *folder, const char *path, int flags, unsigned mask,
                          struct statx *into) {
    using namespace arguments;
    r.prepare_call(SYS_statx, {from(folder), pointer(path), number(flags), mask, pointer(into)},
                   folder);
}
inline void prepare_unlinkat(request &r, file *folder, const char *path, int flags = 0) {
    using namespace arguments;
    r.prepare_call(SYS_unlinkat, {from(folder), pointer(path), number(flags)}, folder);
}
inline void prepare_renameat2(request &r, file *folder, const char *path, file *new_folder,
                              const char *new_path, unsigned flags = 0) {
    using namespace arguments;
    r.prepare_call(SYS_renameat2,
                   {from(folder), pointer(path), from(new_folder), pointer(new_path), flags},
                   folder);
}
inline void prepare_mkdirat(request &r, file *folder, const char *path, mode_t mode) {
    using namespace arguments;
    r.prepare_call(SYS_mkdirat, {from(folder), pointer(path), mode}, folder);
}
inline void prepare_linkat(request &r, file *folder, const char *path, file *new_folder,
                           const char *new_path, int flags = 0) {
    using namespace arguments;
    r.prepare_call(
        SYS_linkat,
        {from(folder), pointer(path), from(new_folder), pointer(new_path), number(flags)},
        new_folder);
}
inline void prepare_symlinkat(request &r, const char *to, file *folder, const char *path) {
    using namespace arguments;
    r.prepare_call(SYS_symlinkat, {pointer(to), from(folder), pointer(path)}, folder);
}

// ---- sockets. What is sent may be sent in part, as by io_uring; not with MSG_WAITALL.

inline void prepare_send(request &r, int socket, const void *data, uint64_t bytes, int flags = 0) {
    using namespace arguments;
    r.prepare_call(SYS_sendto, {number(socket), pointer(data), bytes, number(flags), 0, 0});
}
inline void prepare_recv(request &r, int socket, void *into, uint64_t bytes, int flags = 0) {
    using namespace arguments;
    r.prepare_call(SYS_recvfrom, {number(socket), pointer(into), bytes, number(flags), 0, 0});
}
inline void prepare_sendmsg(request &r, int socket, const msghdr *message, int flags = 0) {
    using namespace arguments;
    r.prepare_call(SYS_sendmsg, {number(socket), pointer(message), number(flags)});
}
inline void prepare_recvmsg(request &r, int socket, msghdr *message, int flags = 0) {
    using namespace arguments;
    r.prepare_call(SYS_recvmsg, {number(socket), pointer(message), number(flags)});
}
inline void prepare_accept(request &r, int socket, sockaddr *from, socklen_t *length,
                           int flags = 0) {
    using namespace arguments;
    r.prepare_call(SYS_accept4, {number(socket), pointer(from), pointer(length), number(flags)});
}
inline void prepare_connect(request &r, int socket, const sockaddr *to, socklen_t length) {
    using namespace arguments;
    r.prepare_call(SYS_connect, {number(socket), pointer(to), length});
}
inline void prepare_shutdown(request &r, int socket, int how) {
    using namespace arguments;
    r.prepare_call(SYS_shutdown, {number(socket), number(how)});
}

// ---- waiting

// Until `what` is true of it, once: 1, and `what.revents` says what. Forever, or until cancelled.
inline void prepare_poll(request &r, pollfd &what) {
    r.prepare_call(SYS_ppoll, {arguments::pointer(&what), 1, 0, 0, 0});
}
// For so long, or with TIMER_ABSTIME until then: 0.
inline void prepare_timeout(request &r, const timespec &time, clockid_t clock = CLOCK_MONOTONIC,
                            int flags = 0) {
    using namespace arguments;
    r.prepare_call(SYS_clock_nanosleep, {number(clock), number(flags), pointer(&time), 0});
}
// To be submitted right after a request with a link: limits the time of that. -ETIME: the time has
// passed, and the request is cancelled; -ECANCELED: it was over before. Not in sqthread (-EINVAL).
inline void prepare_link_timeout(request &r, const timespec &time) {
    prepare_timeout(r, time);
    r.limits = true;
}

} // namespace iowq
