// SPDX-License-Identifier: MIT
// What iowq-run puts into a program: traps io_uring's calls before main. SIGSYS must never be
// blocked: a call that is trapped while it is would end the process. So whoever sets a signal mask
// by the C library leaves it out.
#include "iowq/uring/plain_calls.h"
#include "iowq/uring/trap.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <pthread.h>

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

__attribute__((constructor)) void begin() {
    std::string why;
    if (iowq::uring::trap_calls(why)) {
        fprintf(stderr, "iowq-run: %s\n", why.c_str());
        _Exit(1);
    }
}

// The next library's function of a name.
template <class Function>
Function *next(const char *name) {
    return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

// The set without SIGSYS, in `own`, unless it is one of those to be let through.
const sigset_t *without_sigsys(int how, const sigset_t *set, sigset_t &own) {
    if (!set || how == SIG_UNBLOCK)
        return set;
    own = *set;
    sigdelset(&own, SIGSYS);
    return &own;
}

} // namespace

EXPORTED int pthread_sigmask(int how, const sigset_t *set, sigset_t *before) {
    static auto *real = next<decltype(pthread_sigmask)>("pthread_sigmask");
    sigset_t own;
    return real(how, without_sigsys(how, set, own), before);
}

EXPORTED int sigprocmask(int how, const sigset_t *set, sigset_t *before) noexcept {
    static auto *real = next<decltype(sigprocmask)>("sigprocmask");
    sigset_t own;
    return real(how, without_sigsys(how, set, own), before);
}

EXPORTED int sigaction(int signal, const struct sigaction *act, struct sigaction *before) noexcept {
    static auto *real = next<decltype(sigaction)>("sigaction");
    if (!act)
        return real(signal, act, before);
    struct sigaction own = *act;
    sigdelset(&own.sa_mask, SIGSYS);
    return real(signal, &own, before);
}

// For liburing's functions, where they are this project's: they share the rings.
EXPORTED const iowq::uring::plain_calls *iowq_uring_calls() { return &iowq::uring::calls_here; }
