// SPDX-License-Identifier: MIT
// The C library's calls that block signals, or set what is done about them: none blocks SIGSYS, and
// what the program wants for it stays in program_sigsys.h. Those that take a time as well (ppoll,
// pselect, epoll_pwait) are elsewhere.
#include "iowq/uring/masked.h"
#include "iowq/uring/program_sigsys.h"

#include <cerrno>
#include <pthread.h>
#include <spawn.h>

namespace iowq::uring {

namespace {

// The obsolete ones are taken as they are.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

constinit next_function<&pthread_sigmask> next_pthread_sigmask("pthread_sigmask");
constinit next_function<&sigprocmask> next_sigprocmask("sigprocmask");
constinit next_function<&sigsuspend> next_sigsuspend("sigsuspend");
constinit next_function<&signal> next_signal("signal");
constinit next_function<&sysv_signal> next_sysv_signal("sysv_signal");
constinit next_function<&sigset> next_sigset("sigset");
constinit next_function<&sigignore> next_sigignore("sigignore");
constinit next_function<&sighold> next_sighold("sighold");
constinit next_function<&sigblock> next_sigblock("sigblock");
constinit next_function<&sigsetmask> next_sigsetmask("sigsetmask");
constinit next_function<&pthread_attr_setsigmask_np>
    next_pthread_attr_setsigmask_np("pthread_attr_setsigmask_np");
constinit next_function<&posix_spawnattr_setsigmask>
    next_posix_spawnattr_setsigmask("posix_spawnattr_setsigmask");

__attribute__((constructor)) void find_them() {
    auto find = [](auto &...each) { (each.find(), ...); };
    find(next_sigaction, next_pthread_sigmask, next_sigprocmask, next_sigsuspend, next_signal,
         next_sysv_signal, next_sigset, next_sigignore, next_sighold, next_sigblock,
         next_sigsetmask, next_pthread_attr_setsigmask_np, next_posix_spawnattr_setsigmask);
}

const sigset_t *to_set(int how, const sigset_t *set, sigset_t &own) {
    return how == SIG_UNBLOCK ? set : without_sigsys(set, own);
}

constexpr int bit_of_sigsys = 1 << (SIGSYS - 1); // in the masks of old

// As signal(2) is for SIGSYS.
sighandler_t set_handler(sighandler_t handler, unsigned flags) {
    struct sigaction act {
    }, before;
    act.sa_handler = handler;
    act.sa_flags = static_cast<int>(flags);
    set_sigsys(&act, &before);
    return before.sa_handler;
}

} // namespace

} // namespace iowq::uring

using namespace iowq::uring;

IOWQ_EXPORTED int pthread_sigmask(int how, const sigset_t *set, sigset_t *before) noexcept {
    sigset_t own;
    return next_pthread_sigmask(how, to_set(how, set, own), before);
}
IOWQ_EXPORTED int sigprocmask(int how, const sigset_t *set, sigset_t *before) noexcept {
    sigset_t own;
    return next_sigprocmask(how, to_set(how, set, own), before);
}
IOWQ_EXPORTED int sigsuspend(const sigset_t *set) {
    sigset_t own;
    return next_sigsuspend(without_sigsys(set, own));
}
IOWQ_EXPORTED int pthread_attr_setsigmask_np(pthread_attr_t *of, const sigset_t *set) {
    sigset_t own;
    return next_pthread_attr_setsigmask_np(of, without_sigsys(set, own));
}
IOWQ_EXPORTED int posix_spawnattr_setsigmask(posix_spawnattr_t *of, const sigset_t *set) noexcept {
    sigset_t own;
    return next_posix_spawnattr_setsigmask(of, without_sigsys(set, own));
}

IOWQ_EXPORTED int sigaction(int number, const struct sigaction *act,
                            struct sigaction *before) noexcept {
    if (number == SIGSYS) {
        set_sigsys(act, before);
        return 0;
    }
    if (!act)
        return next_sigaction(number, act, before);
    struct sigaction own = *act;
    sigdelset(&own.sa_mask, SIGSYS);
    return next_sigaction(number, &own, before);
}
IOWQ_EXPORTED sighandler_t signal(int number, sighandler_t handler) noexcept {
    return number == SIGSYS ? set_handler(handler, SA_RESTART) : next_signal(number, handler);
}
IOWQ_EXPORTED sighandler_t bsd_signal(int number, sighandler_t handler) noexcept {
    return signal(number, handler);
}
IOWQ_EXPORTED sighandler_t ssignal(int number, sighandler_t handler) noexcept {
    return signal(number, handler);
}
IOWQ_EXPORTED sighandler_t sysv_signal(int number, sighandler_t handler) noexcept {
    return number == SIGSYS ? set_handler(handler, SA_RESETHAND)
                            : next_sysv_signal(number, handler);
}
IOWQ_EXPORTED sighandler_t __sysv_signal(int number, sighandler_t handler) noexcept {
    return sysv_signal(number, handler);
}
IOWQ_EXPORTED sighandler_t sigset(int number, sighandler_t handler) noexcept {
    if (number != SIGSYS)
        return next_sigset(number, handler);
    struct sigaction now;
    set_sigsys(nullptr, &now);
    return handler == SIG_HOLD ? now.sa_handler : set_handler(handler, 0);
}
IOWQ_EXPORTED int sigignore(int number) noexcept {
    if (number != SIGSYS)
        return next_sigignore(number);
    set_handler(SIG_IGN, 0);
    return 0;
}
IOWQ_EXPORTED int sighold(int number) noexcept {
    return number == SIGSYS ? 0 : next_sighold(number);
}
IOWQ_EXPORTED int sigblock(int mask) noexcept { return next_sigblock(mask & ~bit_of_sigsys); }
IOWQ_EXPORTED int sigsetmask(int mask) noexcept { return next_sigsetmask(mask & ~bit_of_sigsys); }
