// SPDX-License-Identifier: MIT
// The C library's syscall(2), by which many programs make io_uring's calls, such as Rust's: those
// are made here, and need no trap. All others go on to the C library's.
#include "iowq/uring/calls.h"
#include "iowq/uring/masked.h"
#include "iowq/uring/next_function.h"

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq::uring {

namespace {

constinit next_function<&syscall> next_syscall("syscall");
__attribute__((constructor)) void find_it() { next_syscall.find(); }

// Apart, so that all others need no room on the stack.
//
// As a trap has it: the program's signals wait, but for while the call waits for completions.
[[gnu::noinline]] long make_here(long number, const uint64_t (&args)[6]) {
    int before = errno;
    masked signals(&every_signal());
    long result = make_call(static_cast<int>(number), args, signals.before());
    errno = result < 0 ? static_cast<int>(-result) : before;
    return result < 0 ? -1 : result;
}

} // namespace

// Under another name, as it has no list of arguments of any length: as many as there may be are
// passed on, whatever is in the last ones.
IOWQ_EXPORTED long taken_syscall(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                 uint64_t e, uint64_t f) __asm__("syscall");

long taken_syscall(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                   uint64_t f) {
    if (number < SYS_io_uring_setup || number > SYS_io_uring_register)
        return next_syscall(number, a, b, c, d, e, f);
    return make_here(number, {a, b, c, d, e, f});
}

} // namespace iowq::uring
