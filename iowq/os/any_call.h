// SPDX-License-Identifier: MIT
// Any system call, by its number, made for another thread; and events, file descriptors by which a
// thread waits for such calls. Any thread may call all of it.
#pragma once

#include <csignal>
#include <cstdint>
#include <ctime>

// What the arguments of calls are made of.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace iowq {

// False where the call ends, doubles or replaces its caller, or takes from a thread what the C
// library or this one keeps for it.
[[nodiscard]] bool may_be_made_for_others(uint32_t nr);
// Does it change what its thread alone has (credentials, CPUs, scheduling, namespaces, filters)?
// Made by another thread, it would change that one.
[[nodiscard]] bool changes_its_thread(uint32_t nr);

// What is known of a system call.
struct call_facts {
    enum wait : uint8_t {
        never,
        on_storage, // it ends in bounded time; whether it waits at all, the file system decides
        on_others   // for a peer, a lock, a clock: maybe for ever
    };
    wait waits = on_others; // what is not listed
    bool by_file = false;   // on_others, but on_storage with a regular file or a block device
    // What it does depends on its thread's credentials, folder or umask: a path, or a right.
    bool by_identity = true;
    bool enters = false; // adds an entry to a folder, or takes one away
    bool once = false;   // if a signal ends it, it must not be made again
    bool tried = false;  // try_any_call may be made first
};
[[nodiscard]] call_facts facts_of(uint32_t nr, const uint64_t (&args)[6]);

// The result, or -errno.
[[nodiscard]] long make_any_call(uint32_t nr, const uint64_t (&args)[6]);
// With MSG_DONTWAIT: -EAGAIN where it would have waited.
[[nodiscard]] long try_any_call(uint32_t nr, const uint64_t (&args)[6]);

// An event that one thread waits for: a descriptor, to be closed by close_event, or -errno of
// eventfd(2).
[[nodiscard]] int open_event();
void raise_event(int event);
void close_event(int event);
// Waits until the event is raised, at most for `most` (nullptr: for ever). Meanwhile the thread has
// the signal mask `mask` (nullptr: its own), swapped as by ppoll(2). 0, or -errno of ppoll(2).
[[nodiscard]] int wait_for_event(int event, const timespec *most, const sigset_t *mask);

} // namespace iowq
