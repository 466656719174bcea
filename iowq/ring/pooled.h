// SPDX-License-Identifier: MIT
// A request on the pool: how it gets there, and what a worker does with it, or a submitter that
// helps. The submitter's thread enqueues and cancels.
#pragma once

#include "iowq/pool/wq.h"
#include "iowq/ring/request.h"

namespace iowq {

// Enqueues a request by its route. Once it is accepted a worker may have it. `woke` and -errno: as
// wq::enqueue.
[[nodiscard]] int enqueue_pooled(wq &pool, request &r, bool &woke);
// Takes it off the queue: true, and then it does not come back. False: it does; if a worker is at
// it, its system call has been interrupted.
[[nodiscard]] bool cancel_pooled(wq &pool, request &r);

} // namespace iowq
