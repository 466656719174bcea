// SPDX-License-Identifier: MIT
#include "iowq/os/any_call.h"

#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
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
