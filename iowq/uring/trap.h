// SPDX-License-Identifier: MIT
// io_uring's system calls, wherever the program makes them, come to calls.h: a seccomp filter has
// them raise SIGSYS in their own thread, whose handler makes them, and returns as from the call.
#pragma once

#include <string>

namespace iowq::uring {

// For all threads of this process, and for what it will run. It cannot be undone. 0, or -errno and
// a line that says why not.
[[nodiscard]] int trap_calls(std::string &why);

} // namespace iowq::uring
