// SPDX-License-Identifier: MIT
// Starting a thread the way the library wants them: joinable, on given CPUs, with every signal
// but one (or every one) blocked, so that none meant for the program lands there.
#pragma once

#include "iowq/os/topology.h"

#include <cerrno>
#include <csignal>
#include <pthread.h>

namespace iowq {

// What to do where none of the CPUs may be used any more, as the process's cpuset has moved or they
// were unplugged: as the kernel does with threads that are there already, or refuse.
enum class if_cpus_are_gone { use_others, refuse };

// Returns 0, or -EAGAIN (limits) or -EINVAL (none of the CPUs may be used).
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

} // namespace iowq
