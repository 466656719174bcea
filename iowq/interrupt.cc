// SPDX-License-Identifier: MIT
#include "interrupt.h"

#include "lock.h"

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq {

namespace {

// A signal's handler is the process's, so this is too.
struct shared_signal {
    mutex lock;
    unsigned users IOWQ_GUARDED_BY(lock) = 0;
    int number IOWQ_GUARDED_BY(lock) = 0;
    struct sigaction before IOWQ_GUARDED_BY(lock) = {};
};
shared_signal shared;

void do_nothing(int) {}

} // namespace

int interrupt_signal::open() {
    locked guard(shared.lock);
    if (shared.users == 0) {
        struct sigaction ours {};
        ours.sa_handler = do_nothing;
        int free = 0;
        for (int s = SIGRTMIN; s <= SIGRTMAX && !free; s++) {
            struct sigaction now {};
            if (sigaction(s, nullptr, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
                now.sa_handler == SIG_DFL)
                free = s;
        }
        if (!free || sigaction(free, &ours, &shared.before))
            return -EBUSY;
        shared.number = free;
    }
    shared.users++;
    number_ = shared.number;
    return 0;
}

interrupt_signal::~interrupt_signal() {
    if (!number_)
        return;
    locked guard(shared.lock);
    if (--shared.users > 0)
        return;
    struct sigaction now {};
    if (sigaction(number_, nullptr, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
        now.sa_handler == do_nothing)
        sigaction(number_, &shared.before, nullptr);
}

void interrupt_signal::send(pid_t tid) const { syscall(SYS_tgkill, getpid(), tid, number_); }

} // namespace iowq
