// SPDX-License-Identifier: MIT
// What iowq-run puts into a program: traps io_uring's calls before main.
#include "iowq/uring/calls.h"
#include "iowq/uring/next_function.h"
#include "iowq/uring/plain_calls.h"

#include <cstdio>
#include <cstdlib>

namespace {

__attribute__((constructor)) void begin() {
    std::string why;
    if (iowq::uring::trap_calls(why)) {
        fprintf(stderr, "iowq-run: %s\n", why.c_str());
        _Exit(1);
    }
}

} // namespace

// For liburing's functions, where they are this project's: they share the rings.
IOWQ_EXPORTED const iowq::uring::plain_calls *iowq_uring_calls() {
    return &iowq::uring::calls_here;
}
