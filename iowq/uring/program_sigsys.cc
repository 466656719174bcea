// SPDX-License-Identifier: MIT
#include "iowq/uring/program_sigsys.h"

#include "iowq/uring/masked.h"

#include <cstdint>
#include <cstring>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq::uring {

constinit next_function<&sigaction> next_sigaction("sigaction");

namespace {

// Signals' handlers set it, too, so there is no lock.
constinit atomic<void (*)(int)> handler{SIG_DFL};
constinit atomic<int> flags{0};
constinit atomic<uint64_t> mask{0}; // as the kernel has it

[[noreturn]] void end_of_it() {
    struct sigaction act {};
    act.sa_handler = SIG_DFL;
    next_sigaction(SIGSYS, &act, nullptr);
    for (;;)
        syscall(SYS_tgkill, getpid(), gettid(), SIGSYS);
}

} // namespace

void set_sigsys(const struct sigaction *wanted, struct sigaction *before) {
    struct sigaction had {};
    had.sa_flags = flags.load(relaxed);
    uint64_t word = mask.load(relaxed);
    memcpy(&had.sa_mask, &word, sizeof word);
    had.sa_handler = handler.load(acquire);
    if (wanted) {
        flags.store(wanted->sa_flags, relaxed);
        memcpy(&word, &wanted->sa_mask, sizeof word);
        mask.store(word, relaxed);
        handler.store(wanted->sa_handler, release);
    }
    if (before)
        *before = had;
}

void pass_on_sigsys(siginfo_t &what, ucontext_t &at) {
    struct sigaction its;
    set_sigsys(nullptr, &its);
    bool sent = what.si_code <= 0; // else it is of a call that the kernel has not made
    if (its.sa_handler == SIG_IGN && sent)
        return;
    if (its.sa_handler == SIG_IGN || its.sa_handler == SIG_DFL)
        end_of_it();
    if (its.sa_flags & static_cast<int>(SA_RESETHAND))
        handler.store(SIG_DFL, relaxed);
    sigset_t all, own;
    sigorset(&all, &at.uc_sigmask, &its.sa_mask);
    pthread_sigmask(SIG_SETMASK, without_sigsys(&all, own), nullptr);
    if (its.sa_flags & SA_SIGINFO)
        its.sa_sigaction(SIGSYS, &what, &at);
    else
        its.sa_handler(SIGSYS);
    sigdelset(&at.uc_sigmask, SIGSYS); // the handler may have changed it
}

} // namespace iowq::uring
