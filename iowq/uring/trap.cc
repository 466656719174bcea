// SPDX-License-Identifier: MIT
#include "iowq/uring/calls.h"

#include "iowq/os/any_call.h"
#include "iowq/uring/held.h"
#include "iowq/uring/inside.h"
#include "iowq/uring/masked.h"
#include "iowq/uring/program_sigsys.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
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

void copy_arguments(uint64_t (&to)[6], const ucontext_t &at) {
    for (unsigned i = 0; i < std::size(to); i++)
        to[i] = argument(at, i);
}

// A call that is trapped, and is none of a ring's, is made again with this in the upper half of an
// argument of which the kernel reads the lower half only. So the filter lets it pass, in children
// with another copy of this library, too.
constexpr uint64_t pass = 0x69'6f'77'71;

long make_after_all(int number, const ucontext_t &at, unsigned marked) {
    uint64_t args[6];
    copy_arguments(args, at);
    args[marked] = static_cast<uint32_t>(args[marked]) | pass << 32;
    return make_any_call(static_cast<uint32_t>(number), args);
}

constexpr unsigned mmap_fd = 4, fcntl_fd = 0; // the marked arguments

// The memory of a ring, or of another file.
long map_for(const ucontext_t &at) {
    if (inside::now()) // and it may hold a lock
        return make_after_all(SYS_mmap, at, mmap_fd);
    auto *where = reinterpret_cast<void *>(argument(at, 0));
    int error =
        map(static_cast<int>(argument(at, mmap_fd)), where, argument(at, 1),
            static_cast<int>(argument(at, 2)), static_cast<int>(argument(at, 3)), argument(at, 5));
    if (error == -EBADF || error == -EOPNOTSUPP)
        return make_after_all(SYS_mmap, at, mmap_fd);
    return error ? error : reinterpret_cast<long>(where);
}

// A record lock. It may wait, and handlers of the program's run meanwhile.
long lock_for(const ucontext_t &at) {
    if (!inside::now())
        about_to_lock(static_cast<int>(argument(at, fcntl_fd)));
    masked as_the_program_is(&at.uc_sigmask);
    return make_after_all(SYS_fcntl, at, fcntl_fd);
}

long make(int number, const ucontext_t &at) {
    if (number == SYS_mmap)
        return map_for(at);
    if (number == SYS_fcntl)
        return lock_for(at);
    uint64_t args[6];
    copy_arguments(args, at);
    return make_call(number, args, at.uc_sigmask);
}

// The filter's mark, by which its traps are told from those of the program's own filters.
constexpr int mark = 0x6971;

bool is_trapped_call(const siginfo_t &what) {
    constexpr int by_seccomp = 1; // SYS_SECCOMP, which the C library does not name
    return what.si_code == by_seccomp && what.si_errno == mark;
}

// All signals are masked meanwhile, so nothing else of the program's runs in this thread.
void on_sigsys(int, siginfo_t *what, void *context) {
    int before = errno;
    auto &at = *static_cast<ucontext_t *>(context);
    if (is_trapped_call(*what))
        set_result(at, make(what->si_syscall, at));
    else
        pass_on_sigsys(*what, at);
    errno = before;
}

// What was to happen before stays what the program wants, and whoever started it may have blocked
// the signal.
int set_handler() {
    struct sigaction act {};
    struct sigaction before;
    act.sa_sigaction = on_sigsys;
    act.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
    sigfillset(&act.sa_mask);
    sigdelset(&act.sa_mask, SIGSYS);
    if (next_sigaction(SIGSYS, &act, &before))
        return -errno;
    set_sigsys(&before, nullptr);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGSYS);
    return -pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

// Traps io_uring's calls; mappings of shared memory with an offset that a ring has; and record
// locks. Each of the tests names how many steps are left out if it holds, and if not.
int set_filter() {
    constexpr auto number = offsetof(seccomp_data, nr), arch = offsetof(seccomp_data, arch);
    constexpr auto low = [](unsigned i) { return offsetof(seccomp_data, args) + 8 * i; };
    constexpr auto high = [](unsigned i) { return offsetof(seccomp_data, args) + 8 * i + 4; };
    static_assert(SYS_io_uring_setup + 2 == SYS_io_uring_register &&
                  SYS_io_uring_setup + 1 == SYS_io_uring_enter);
    constexpr unsigned mapping = 0xf | MAP_ANONYMOUS; // and its type, which is one of few
    constexpr uint32_t trap = SECCOMP_RET_TRAP | mark, allow = SECCOMP_RET_ALLOW;
    sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, machine, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, allow),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 13, 0),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_io_uring_setup, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SYS_io_uring_register, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, trap),
        BPF_STMT(BPF_RET | BPF_K, allow),
        // mmap
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low(3)),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mapping),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MAP_SHARED, 0, 11),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low(5)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IORING_OFF_SQ_RING, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IORING_OFF_CQ_RING, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IORING_OFF_SQES, 0, 7),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, high(mmap_fd)),
        BPF_JUMP(BPF_JMP | BPF_JA, 4, 0, 0),
        // fcntl
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low(1)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETLK, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETLKW, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, high(fcntl_fd)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, pass, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, allow),
        BPF_STMT(BPF_RET | BPF_K, trap),
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
