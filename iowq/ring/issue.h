// SPDX-License-Identifier: MIT
// Issuing a request as its route says: the attempt that does not wait, and the plain call that may.
// Called by the thread that has the request: the submitter, a worker, a helper, the submission
// thread.
#pragma once

#include "iowq/ring/syscalls.h"

namespace iowq {

// Tries the request. True: it is done, or has been begun. False: its route now says that `next`
// makes the plain call.
[[nodiscard]] bool try_first(request &r, route::who next);

// Makes the plain call for what is left of the request, waits in it if it has to, and sets the
// result. A worker says so to its pool (worker.h, blocking), as the route tells. A call that a
// signal ended in vain is made again.
void issue_blocking(request &r);

// The submitter, which would only wait, issues the request in place of the thread that it was sent
// to. True: it is done, or has been begun. False: it would have waited, or the attempt was refused;
// its route now says to make the plain call.
[[nodiscard]] bool issue_in_help(request &r);

} // namespace iowq
