// SPDX-License-Identifier: MIT
// A request on the pool: how it gets there, and what a worker or a helper does with it. The
// submitter's thread enqueues and cancels.
#pragma once

#include "iowq/pool/wq.h"
#include "iowq/ring/request.h"

namespace iowq {

// Enqueues a request by its route; from then on a worker may have it. `woke` and -errno: as
// wq::enqueue.
[[nodiscard]] int enqueue_pooled(wq &pool, request &r, bool &woke);
// True: the request was taken off the queue, and does not come back. False: it does; if a worker
// runs it, its system call has been interrupted.
[[nodiscard]] bool cancel_pooled(wq &pool, request &r);

} // namespace iowq
