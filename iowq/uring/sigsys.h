// SPDX-License-Identifier: MIT
// SIGSYS must never be blocked: a call that is trapped while it is would end the process.
#pragma once

#include <csignal>

namespace iowq::uring {

// The set without SIGSYS, in `own`; nullptr as it is.
inline const sigset_t *without_sigsys(const sigset_t *set, sigset_t &own) {
    if (!set)
        return nullptr;
    own = *set;
    sigdelset(&own, SIGSYS);
    return &own;
}

} // namespace iowq::uring
