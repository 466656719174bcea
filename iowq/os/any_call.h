// SPDX-License-Identifier: MIT
// Any system call, by its number, made for another thread; and events, file descriptors by which a
// thread waits for such calls. Any thread may call all of it.
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

// An event that one thread waits for: a descriptor, to be closed by close_event, or -errno of
// eventfd(2).
[[nodiscard]] int open_event();
void raise_event(int event);
void close_event(int event);
// Waits until the event is raised, at most for `most` (nullptr: for ever). Meanwhile the thread has
// the signal mask `mask` (nullptr: its own), swapped as by ppoll(2). 0, or -errno of ppoll(2).
[[nodiscard]] int wait_for_event(int event, const timespec *most, const sigset_t *mask);

} // namespace iowq
