// SPDX-License-Identifier: MIT
// Any system call, by its number, for somebody else; and a file descriptor to wait for that.
#pragma once

#include <csignal>
#include <cstdint>
#include <ctime>

namespace iowq {

// False where the call ends, doubles or replaces its caller, or takes from a thread what the C
// library or this one keeps for it.
[[nodiscard]] bool may_be_made_for_others(uint32_t nr);
// The result, or -errno.
[[nodiscard]] long make_any_call(uint32_t nr, const uint64_t (&args)[6]);

// An event that one thread waits for: a descriptor, or -errno of eventfd(2). To be closed.
[[nodiscard]] int open_event();
void raise_event(int event);
void close_event(int event);
// Until it is raised, for as long as `most` (nullptr: for ever), with the thread's signal mask
// swapped for `mask` (nullptr: not) at once. 0, or -errno of ppoll(2).
[[nodiscard]] int wait_for_event(int event, const timespec *most, const sigset_t *mask);

} // namespace iowq
