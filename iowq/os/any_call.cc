// SPDX-License-Identifier: MIT
#include "iowq/os/any_call.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/eventfd.h>
#include <unistd.h>

namespace iowq {

bool may_be_made_for_others(uint32_t nr) {
#if defined(__x86_64__)
    constexpr uint32_t x32 = 0x40000000; // another ABI's numbers
    if (nr & x32)
        return false;
#endif
    switch (nr) {
    case SYS_exit:
    case SYS_exit_group:
    case SYS_clone:
    case SYS_clone3:
    case SYS_execve:
    case SYS_execveat:
    case SYS_rt_sigreturn:
    case SYS_rt_sigprocmask:
    case SYS_set_tid_address:
    case SYS_set_robust_list:
    case SYS_rseq:
#if defined(__x86_64__)
    case SYS_fork:
    case SYS_vfork:
    case SYS_arch_prctl:
    case SYS_set_thread_area:
#endif
        return false;
    }
    return true;
}

bool changes_its_thread(uint32_t nr) {
    switch (nr) {
    case SYS_setuid:
    case SYS_setgid:
    case SYS_setreuid:
    case SYS_setregid:
    case SYS_setresuid:
    case SYS_setresgid:
    case SYS_setfsuid:
    case SYS_setfsgid:
    case SYS_setgroups:
    case SYS_capset:
    case SYS_unshare:
    case SYS_setns:
    case SYS_personality:
    case SYS_prctl:
    case SYS_seccomp:
    case SYS_sched_setaffinity:
    case SYS_sched_setattr:
    case SYS_sched_setparam:
    case SYS_sched_setscheduler:
    case SYS_setpriority:
    case SYS_ioprio_set:
    case SYS_set_mempolicy:
    case SYS_sigaltstack:
    case SYS_rt_sigsuspend:
        return true;
    }
    return false;
}

namespace {

constexpr call_facts quick{.waits = call_facts::never, .by_identity = false};
constexpr call_facts storage{.waits = call_facts::on_storage, .by_identity = false};
constexpr call_facts path{.waits = call_facts::on_storage}; // or a right
constexpr call_facts entry{.waits = call_facts::on_storage, .enters = true};
constexpr call_facts bytes{.by_file = true, .by_identity = false};
constexpr call_facts others{.by_identity = false};

// Of the arguments of a call for a message the one that takes MSG_DONTWAIT; -1: it is none.
int flags_at(uint32_t nr) {
    switch (nr) {
    case SYS_sendto:
    case SYS_recvfrom:
        return 3;
    case SYS_sendmsg:
    case SYS_recvmsg:
        return 2;
    }
    return -1;
}

struct listed {
    uint32_t nr;
    call_facts facts;
};

constexpr listed list[] = {
    {SYS_getpid, quick},
    {SYS_gettid, quick},
    {SYS_getuid, quick},
    {SYS_geteuid, quick},
    {SYS_getgid, quick},
    {SYS_getegid, quick},
    {SYS_clock_gettime, quick},
    {SYS_uname, quick},
    {SYS_lseek, quick},
    {SYS_dup, quick},
    {SYS_dup3, quick},
    {SYS_pipe2, quick},
    {SYS_eventfd2, quick},
    {SYS_memfd_create, quick},
    {SYS_socket, quick},
    {SYS_socketpair, quick},
    {SYS_bind, path}, // of AF_UNIX: an entry
    {SYS_listen, quick},
    {SYS_shutdown, quick},
    {SYS_getsockopt, quick},
    {SYS_setsockopt, quick},
    {SYS_getsockname, quick},
    {SYS_getpeername, quick},
    {SYS_epoll_create1, quick},
    {SYS_epoll_ctl, quick},
    {SYS_timerfd_create, quick},
    {SYS_timerfd_settime, quick},

    {SYS_close, {.waits = call_facts::on_storage, .by_identity = false, .once = true}},
    {SYS_fstat, storage},
    {SYS_fstatfs, storage},
    {SYS_fsync, storage},
    {SYS_fdatasync, storage},
    {SYS_sync_file_range, storage},
    {SYS_syncfs, storage},
    {SYS_sync, storage},
    {SYS_fallocate, storage},
    {SYS_ftruncate, storage},
    {SYS_fadvise64, storage},
    {SYS_readahead, storage},
    {SYS_getdents64, storage},
    {SYS_copy_file_range, storage},
    {SYS_fchmod, path},
    {SYS_fchown, path},
    {SYS_fgetxattr, path},
    {SYS_fsetxattr, path},
    {SYS_flistxattr, path},
    {SYS_fremovexattr, path},
    {SYS_madvise, storage},
    {SYS_msync, storage},
    {SYS_mincore, storage},

    {SYS_read, bytes},
    {SYS_write, bytes},
    {SYS_pread64, bytes},
    {SYS_pwrite64, bytes},
    {SYS_readv, bytes},
    {SYS_writev, bytes},
    {SYS_preadv, bytes},
    {SYS_pwritev, bytes},
    {SYS_preadv2, bytes},
    {SYS_pwritev2, bytes},

    {SYS_openat, path},
    {SYS_openat2, path},
    {SYS_newfstatat, path},
    {SYS_statx, path},
    {SYS_statfs, path},
    {SYS_faccessat, path},
    {SYS_faccessat2, path},
    {SYS_readlinkat, path},
    {SYS_fchmodat, path},
    {SYS_fchownat, path},
    {SYS_truncate, path},
    {SYS_utimensat, path},
    {SYS_getxattr, path},
    {SYS_lgetxattr, path},
    {SYS_setxattr, path},
    {SYS_lsetxattr, path},
    {SYS_listxattr, path},
    {SYS_llistxattr, path},
    {SYS_removexattr, path},
    {SYS_lremovexattr, path},
    {SYS_name_to_handle_at, path},
    {SYS_inotify_add_watch, path},
    {SYS_chdir, path},
    {SYS_unlinkat, entry},
    {SYS_renameat2, entry},
    {SYS_mkdirat, entry},
    {SYS_mknodat, entry},
    {SYS_linkat, entry},
    {SYS_symlinkat, entry},
#if defined(__x86_64__)
    {SYS_open, path},
    {SYS_creat, entry},
    {SYS_stat, path},
    {SYS_lstat, path},
    {SYS_access, path},
    {SYS_readlink, path},
    {SYS_chmod, path},
    {SYS_chown, path},
    {SYS_lchown, path},
    {SYS_utime, path},
    {SYS_utimes, path},
    {SYS_futimesat, path},
    {SYS_unlink, entry},
    {SYS_rmdir, entry},
    {SYS_rename, entry},
    {SYS_renameat, entry},
    {SYS_mkdir, entry},
    {SYS_mknod, entry},
    {SYS_link, entry},
    {SYS_symlink, entry},
    {SYS_dup2, quick},
    {SYS_pipe, quick},
#endif

    {SYS_sendto, others},
    {SYS_recvfrom, others},
    {SYS_sendmsg, others},
    {SYS_recvmsg, others},
    {SYS_accept4, others},
    {SYS_ppoll, others},
    {SYS_clock_nanosleep, others},
    {SYS_connect, {.once = true}}, // of AF_UNIX: a path
};

constexpr uint32_t most_numbers = 512;

constexpr auto by_number = [] {
    std::array<call_facts, most_numbers> all;
    all.fill({}); // g++ 12 leaves out their initial values where `all` gets braces
    for (const listed &each : list)
        all[each.nr] = each.facts;
    return all;
}();

} // namespace

call_facts facts_of(uint32_t nr, const uint64_t (&args)[6]) {
    call_facts known = nr < most_numbers ? by_number[nr] : call_facts{};
    if (nr == SYS_openat)
        known.enters = args[2] & O_CREAT;
    if (int at = flags_at(nr); at >= 0) {
        known.tried = !(args[at] & (MSG_DONTWAIT | MSG_WAITALL));
        if (args[at] & MSG_DONTWAIT)
            known.waits = call_facts::never;
    }
    return known;
}

long try_any_call(uint32_t nr, const uint64_t (&args)[6]) {
    uint64_t now[6];
    std::copy(std::begin(args), std::end(args), now);
    now[flags_at(nr)] |= MSG_DONTWAIT;
    return make_any_call(nr, now);
}

long make_any_call(uint32_t nr, const uint64_t (&a)[6]) {
    long result = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result == -1 ? -errno : result; // lseek may well return other negative numbers
}

int open_event() {
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return event < 0 ? -errno : event;
}

void raise_event(int event) { eventfd_write(event, 1); }

void close_event(int event) { close(event); }

int wait_for_event(int event, const timespec *most, const sigset_t *mask) {
    pollfd woken = {event, POLLIN, 0};
    return ppoll(&woken, 1, most, mask) < 0 ? -errno : 0;
}

} // namespace iowq
