// SPDX-License-Identifier: MIT
// What the user is told when a limit, or a seccomp filter of the program's own, keeps operations
// from being made: a line on stderr, once in a process. Any thread may call it.
#pragma once

#include "iowq/os/atomic.h"

#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq::uring {

enum class notice { no_worker, no_call };

inline void tell(notice what) {
    static constinit atomic<unsigned> told{0};
    unsigned bit = 1u << static_cast<unsigned>(what);
    if (told.fetch_or(bit, relaxed) & bit)
        return;
    std::string_view line =
        what == notice::no_worker
            ? "iowq-run: operations of io_uring were cancelled, as no thread could be created for"
              " them: is there a limit, or does a seccomp filter forbid it?\n"
            : "iowq-run: operations of io_uring came to ENOSYS: does a seccomp filter forbid their"
              " system call?\n";
    syscall(SYS_write, STDERR_FILENO, line.data(), line.size());
}

} // namespace iowq::uring
