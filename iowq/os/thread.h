// SPDX-License-Identifier: MIT
// Threads as the library wants them: joinable, on given CPUs, and with every signal blocked but at
// most one, so that they take no signal that is meant for the program.
#pragma once

#include "iowq/os/topology.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq {

// What to do where none of the CPUs may be used any more, as the process's cpuset has moved or they
// were unplugged: use others, as the kernel does with existing threads, or refuse.
enum class if_cpus_are_gone { use_others, refuse };

// `unblocked`: the signal that the thread does not block; 0: it blocks all. `stack`: bytes; 0: the
// default. Returns 0, -EAGAIN (limits), or -EINVAL (none of the CPUs may be used, or the stack is
// too small).
[[nodiscard]] inline int start_thread(pthread_t &thread, const cpu_mask &cpus,
                                      void *(*main)(void *), void *arg, int unblocked = 0,
                                      if_cpus_are_gone then = if_cpus_are_gone::use_others,
                                      size_t stack = 0) {
    pthread_attr_t attr;
    if (int error = pthread_attr_init(&attr))
        return -error;
    sigset_t all;
    sigfillset(&all);
    if (unblocked)
        sigdelset(&all, unblocked);
    int error = pthread_attr_setsigmask_np(&attr, &all);
    if (!error && stack)
        error = pthread_attr_setstacksize(&attr, stack);
    const bool possible = !error;
    auto create_on = [&](const cpu_mask &where) {
        int e = pthread_attr_setaffinity_np(&attr, sizeof(cpu_set_t), &where.native());
        return e ? e : pthread_create(&thread, &attr, main, arg);
    };
    if (!error)
        error = create_on(cpus);
    if (error == EINVAL && possible && then == if_cpus_are_gone::use_others)
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

// What may be set of a thread. None given: it has what the thread had that created it.
struct thread_priorities {
    std::optional<int> nice{};   // -20 (first) to 19
    std::optional<int> ioprio{}; // as ioprio_set(2) has it: class << 13 | level
};

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

// 0 or -errno: -EACCES and -EPERM where it may not.
inline int set_priorities(const thread_priorities &wanted) {
    constexpr int who_process = 1; // ioprio_set's; a thread is one
    if (wanted.nice && setpriority(PRIO_PROCESS, static_cast<id_t>(this_task()), *wanted.nice))
        return -errno;
    if (wanted.ioprio && syscall(SYS_ioprio_set, who_process, 0, *wanted.ioprio))
        return -errno;
    return 0;
}

// As long as it lives, the calling thread does not block this signal.
class unblocking {
  public:
    explicit unblocking(int signal) {
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, signal);
        pthread_sigmask(SIG_UNBLOCK, &one, &before_);
    }
    ~unblocking() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    unblocking(const unblocking &) = delete;
    unblocking &operator=(const unblocking &) = delete;

  private:
    sigset_t before_;
};

// RLIMIT_NPROC, the most threads that the user may have, but at most 2^20.
[[nodiscard]] inline unsigned most_threads() {
    rlimit limit{};
    getrlimit(RLIMIT_NPROC, &limit);
    return static_cast<unsigned>(std::min(limit.rlim_cur, rlim_t{1} << 20));
}

} // namespace iowq
