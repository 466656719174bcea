// SPDX-License-Identifier: MIT
// What the user is told when a limit, or a seccomp filter of the program's own, keeps operations
// from being made: a line on stderr, once in a process. Any thread may call it.
#pragma once

namespace iowq::uring {

enum class notice { no_worker, no_call };
void tell(notice what);

} // namespace iowq::uring
