// SPDX-License-Identifier: MIT
// The threads of a pool's workers, as the program wants them. What is called here must not throw.
// The monitor's thread is the pool's own in any case: of all this only `create` holds for it.
#pragma once

#include "iowq/os/api.h"
#include "iowq/os/thread.h"
#include "iowq/os/topology.h"

#include <functional>
#include <string>

namespace iowq {

// What the threads of a pool are like. The defaults are those of the program's other threads.
struct IOWQ_API thread_config {
    static constexpr size_t longest_name = 10;

    // Of each, before its node and what it serves: iowq-wrk-0b. 1 to 10 bytes.
    std::string name = "iowq-wrk";
    size_t stack = 0; // bytes, at least PTHREAD_STACK_MIN; 0: as the program's other threads
    // None given: as the thread that needs the worker.
    thread_priorities priorities{};
    // Called in each, before its first item and after its last.
    std::function<void()> starts{}, ends{};
    // Where this is given, it is called when a worker is needed, by whoever finds that: it has
    // `main(arg)` called in a thread of the program's, and returns 0; or there is none now, and it
    // returns -errno, and is asked again as if a thread could not be created. main returns when the
    // worker has had nothing to do for long, or the pool ends. Of such a thread the pool sets
    // nothing but this: until main returns, its signal (wq_config::signal) is not blocked. The
    // thread's CPUs should be the pool's.
    std::function<int(void (*main)(void *), void *arg)> lend{};
    // Where this is given, threads are created by a thread of the program's: this calls make(arg)
    // in it, waits for it, and returns what it returns, or -errno. It is called by whoever finds
    // that a thread is needed; several may call it at once. What threads have from the thread that
    // needs them, they then have from the one that creates them.
    std::function<int(int (*make)(void *), void *arg)> create{};
};

// Calls make() in the thread that is to create threads. Returns what it returns, or -errno.
template <class Make>
[[nodiscard]] int create_by(const thread_config &wanted, Make make) {
    if (!wanted.create)
        return make();
    return wanted.create([](void *its) { return (*static_cast<Make *>(its))(); }, &make);
}

// Can a thread be had as the config says, by the thread that is to create them? 0; or -errno, and
// `why` says what is wrong in one line.
[[nodiscard]] int can_have(const thread_config &wanted, const cpu_mask &cpus, std::string &why);

} // namespace iowq
