// SPDX-License-Identifier: MIT
// Starting a thread the way the library wants them: joinable, on given CPUs, with every signal
// but one (or every one) blocked, so that none meant for the program lands there.
#pragma once

#include "topology.h"

#include <csignal>
#include <pthread.h>

namespace iowq {

// Returns 0, or -EAGAIN (limits) or -EINVAL (none of the CPUs may be used).
[[nodiscard]] inline int start_thread(pthread_t &thread, const cpu_mask &cpus,
                                      void *(*main)(void *), void *arg, int unblocked = 0) {
    pthread_attr_t attr;
    if (int error = pthread_attr_init(&attr))
        return -error;
    sigset_t all;
    sigfillset(&all);
    if (unblocked)
        sigdelset(&all, unblocked);
    int error = pthread_attr_setsigmask_np(&attr, &all);
    if (!error)
        error = pthread_attr_setaffinity_np(&attr, sizeof(cpu_set_t), &cpus.native());
    if (!error)
        error = pthread_create(&thread, &attr, main, arg);
    pthread_attr_destroy(&attr);
    return -error;
}

} // namespace iowq
