// SPDX-License-Identifier: MIT
#include "iowq/os/interrupt.h"

#include "iowq/os/assert.h"
#include "iowq/os/fork.h"

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq {

namespace {

void do_nothing(int) {}

bool handled_by(int signal, void (*handler)(int)) {
    struct sigaction now {};
    return sigaction(signal, nullptr, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
           now.sa_handler == handler;
}

int install(int signal, struct sigaction *before) {
    struct sigaction ours {};
    ours.sa_handler = do_nothing;
    return sigaction(signal, &ours, before) ? -errno : 0;
}

// Does a signal that has our handler, and that this thread does not block, arrive?
bool arrives(int signal) { return syscall(SYS_tgkill, getpid(), gettid(), signal) == 0; }

// One for the process, as a signal's handler is. Never destroyed, as pools may be destroyed when
// the process ends.
struct shared_signal : across_forks {
    mutex lock;
    unsigned users IOWQ_GUARDED_BY(lock) = 0;
    int number IOWQ_GUARDED_BY(lock) = 0;
    struct sigaction before IOWQ_GUARDED_BY(lock) = {};

    int take(int wanted) IOWQ_REQUIRES(lock);

  private:
    void hold_still() override IOWQ_ANNOTATE(acquire_capability(lock)) { lock.lock(); }
    void go_on() override IOWQ_ANNOTATE(release_capability(lock)) { lock.unlock(); }

    whole whole_{*this}; // last
};

int shared_signal::take(int wanted) {
    if (wanted) {
        if (sigaction(wanted, nullptr, nullptr))
            return -errno;
        if (!handled_by(wanted, SIG_DFL))
            return -EBUSY;
        number = wanted;
        return install(wanted, &before);
    }
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    // From the end, as programs count from SIGRTMIN on. An emulator may keep the last ones for
    // itself: then installing a handler fails or, with qemu-user, sending the signal does.
    for (number = SIGRTMAX; number >= SIGRTMIN; number--) {
        if (sigismember(&blocked, number) || !handled_by(number, SIG_DFL) ||
            install(number, &before))
            continue;
        if (arrives(number))
            return 0;
        sigaction(number, &before, nullptr);
    }
    return -EBUSY;
}

shared_signal &shared() {
    static shared_signal &s = *new shared_signal;
    return s;
}
// Made before there are threads. If one were making it while the process forks, the child would
// wait for that thread for ever.
[[maybe_unused]] const shared_signal &made_early = shared();

} // namespace

int interrupt_signal::open(int wanted) {
    shared_signal &s = shared();
    locked guard(s.lock);
    if (s.users == 0) {
        if (int error = s.take(wanted))
            return error;
    } else if (wanted && wanted != s.number) {
        return -EBUSY;
    }
    s.users++;
    number_ = s.number;
    return 0;
}

interrupt_signal::~interrupt_signal() {
    if (!number_)
        return;
    shared_signal &s = shared();
    locked guard(s.lock);
    iowq_assert(s.users > 0);
    if (--s.users == 0 && handled_by(number_, do_nothing))
        sigaction(number_, &s.before, nullptr);
}

bool interrupt_signal::is_ours() const {
    return handled_by(number_, do_nothing) ||
           (handled_by(number_, SIG_DFL) && install(number_, nullptr) == 0);
}

void interrupt_signal::send(pid_t tid) const {
    if (is_ours())
        syscall(SYS_tgkill, getpid(), tid, number_);
}

int interrupt_signal::send_repeatedly(pid_t tid, timer_t &sender) const {
    // Repeated, as a signal that comes just before the system call that it is meant for is lost.
    constexpr long repeat_ns = 1000000;
    if (!is_ours())
        return -EAGAIN;
    sigevent how{};
    how.sigev_notify = SIGEV_THREAD_ID;
    how._sigev_un._tid = tid;
    how.sigev_signo = number_;
    if (timer_create(CLOCK_MONOTONIC, &how, &sender))
        return -errno;
    itimerspec when{{0, repeat_ns}, {0, 1}};
    timer_settime(sender, 0, &when, nullptr);
    return 0;
}

void take_pending_signals() { syscall(SYS_gettid); }

} // namespace iowq
