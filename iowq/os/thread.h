// SPDX-License-Identifier: MIT
// Threads as the library wants them: joinable, on given CPUs, and with every signal blocked but at
// most one, so that they take no signal that is meant for the program.
#pragma once

#include "iowq/os/topology.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace iowq {

// What to do where none of the CPUs may be used any more, as the process's cpuset has moved or they
// were unplugged: use others, as the kernel does with existing threads, or refuse.
enum class if_cpus_are_gone { use_others, refuse };

// `unblocked`: the signal that the thread does not block; 0: it blocks all. Returns 0, -EAGAIN
// (limits), or -EINVAL (none of the CPUs may be used).
[[nodiscard]] inline int start_thread(pthread_t &thread, const cpu_mask &cpus,
                                      void *(*main)(void *), void *arg, int unblocked = 0,
                                      if_cpus_are_gone then = if_cpus_are_gone::use_others) {
    pthread_attr_t attr;
    if (int error = pthread_attr_init(&attr))
        return -error;
    sigset_t all;
    sigfillset(&all);
    if (unblocked)
        sigdelset(&all, unblocked);
    int error = pthread_attr_setsigmask_np(&attr, &all);
    auto create_on = [&](const cpu_mask &where) {
        int e = pthread_attr_setaffinity_np(&attr, sizeof(cpu_set_t), &where.native());
        return e ? e : pthread_create(&thread, &attr, main, arg);
    };
    if (!error)
        error = create_on(cpus);
    if (error == EINVAL && then == if_cpus_are_gone::use_others)
        error = create_on(cpu_mask::all());
    pthread_attr_destroy(&attr);
    return -error;
}

using thread_handle = pthread_t;
inline void join(thread_handle thread) { pthread_join(thread, nullptr); }
// move_thread and move_task return 0 or -errno.
inline int move_thread(thread_handle thread, const cpu_mask &cpus) {
    return -pthread_setaffinity_np(thread, sizeof(cpu_set_t), &cpus.native());
}
// A thread by its task's number; 0: the calling thread.
inline int move_task(pid_t task, const cpu_mask &cpus) {
    return sched_setaffinity(task, sizeof(cpu_set_t), &cpus.native()) ? -errno : 0;
}

// ---- the calling thread

[[nodiscard]] inline pid_t this_task() { return gettid(); }
inline void name_this_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
inline void detach_this_thread() { pthread_detach(pthread_self()); }
inline void yield() { sched_yield(); }
[[nodiscard]] inline rusage used_by_this_thread() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage;
}
// How often the calling thread has gone to sleep.
[[nodiscard]] inline long voluntary_switches() { return used_by_this_thread().ru_nvcsw; }
// How often it has lost its CPU to others.
[[nodiscard]] inline long involuntary_switches() { return used_by_this_thread().ru_nivcsw; }
// Sets the calling thread's timer slack to 1 us: the default of 50 us would lengthen its waits.
inline void wake_on_time() { prctl(PR_SET_TIMERSLACK, 1000 /* ns */); }

// RLIMIT_NPROC, the most threads that the user may have, but at most 2^20.
[[nodiscard]] inline unsigned most_threads() {
    rlimit limit{};
    getrlimit(RLIMIT_NPROC, &limit);
    return static_cast<unsigned>(std::min(limit.rlim_cur, rlim_t{1} << 20));
}

} // namespace iowq
