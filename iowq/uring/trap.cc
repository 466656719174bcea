// SPDX-License-Identifier: MIT
#include "iowq/uring/trap.h"

#include "iowq/uring/calls.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace iowq::uring {

namespace {

// The calling convention of the machine.
#if defined(__x86_64__)
constexpr unsigned machine = AUDIT_ARCH_X86_64;
uint64_t argument(const ucontext_t &at, unsigned i) {
    constexpr std::array registers{REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
    return static_cast<uint64_t>(at.uc_mcontext.gregs[registers[i]]);
}
void set_result(ucontext_t &at, long result) { at.uc_mcontext.gregs[REG_RAX] = result; }
#elif defined(__aarch64__)
constexpr unsigned machine = AUDIT_ARCH_AARCH64;
uint64_t argument(const ucontext_t &at, unsigned i) { return at.uc_mcontext.regs[i]; }
void set_result(ucontext_t &at, long result) {
    at.uc_mcontext.regs[0] = static_cast<uint64_t>(result);
}
#endif

long make(int number, const ucontext_t &at) {
    auto word = [&](unsigned i) { return static_cast<unsigned>(argument(at, i)); };
    auto pointer = [&](unsigned i) { return reinterpret_cast<void *>(argument(at, i)); };
    auto fd = static_cast<int>(word(0));
    switch (number) {
    case SYS_io_uring_setup:
        return setup(word(0), static_cast<io_uring_params *>(pointer(1)));
    case SYS_io_uring_enter: // while it waits, the program's handlers run
        return enter(fd, word(1), word(2), word(3), pointer(4), argument(at, 5), &at.uc_sigmask);
    case SYS_io_uring_register:
        return do_register(fd, word(1), pointer(2), word(3));
    default:
        return -ENOSYS;
    }
}

// All signals are masked meanwhile, so nothing else of the program's runs in this thread.
void on_sigsys(int, siginfo_t *what, void *context) {
    int before = errno;
    auto &at = *static_cast<ucontext_t *>(context);
    constexpr int by_seccomp = 1; // SYS_SECCOMP, which the C library does not name
    if (what->si_code == by_seccomp)
        set_result(at, make(what->si_syscall, at));
    errno = before;
}

int set_handler() {
    struct sigaction act {};
    act.sa_sigaction = on_sigsys;
    act.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigfillset(&act.sa_mask);
    sigdelset(&act.sa_mask, SIGSYS);
    return sigaction(SIGSYS, &act, nullptr) ? -errno : 0;
}

int set_filter() {
    constexpr auto number = offsetof(seccomp_data, nr), arch = offsetof(seccomp_data, arch);
    static_assert(SYS_io_uring_setup + 2 == SYS_io_uring_register &&
                  SYS_io_uring_setup + 1 == SYS_io_uring_enter);
    sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, machine, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_io_uring_setup, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SYS_io_uring_register, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog filter = {static_cast<unsigned short>(std::size(steps)), steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    long done = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                        SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter);
    // A number above 0 is that of a thread with a filter of its own.
    return done < 0 ? -errno : done > 0 ? -EBUSY : 0;
}

} // namespace

int trap_calls(std::string &why) {
    int error = set_handler();
    why = "the handler for SIGSYS";
    if (!error) {
        error = set_filter();
        why = "the seccomp filter";
    }
    if (error)
        why += std::string(" cannot be set: ") + strerror(-error);
    return error;
}

} // namespace iowq::uring
