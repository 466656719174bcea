// SPDX-License-Identifier: MIT
// What the program wants to happen on SIGSYS. The kernel knows this library's handler alone, which
// passes on what is not a trapped call. Any thread may call these, in handlers of signals too.
#pragma once

#include "iowq/uring/next_function.h"

#include <csignal>
#include <ucontext.h>

namespace iowq::uring {

// The C library's own.
extern next_function<&sigaction> next_sigaction;

// As sigaction(2) is for SIGSYS. While one thread sets it, another one may see a part of it.
void set_sigsys(const struct sigaction *wanted, struct sigaction *before);

// Does to the calling thread what is wanted, in the handler of SIGSYS. It returns unless the
// process ends of it, or the program's handler jumps elsewhere.
void pass_on_sigsys(siginfo_t &what, ucontext_t &at);

} // namespace iowq::uring
