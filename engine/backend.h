/* SPDX-License-Identifier: GPL-2.0-only */
// What the engine's callbacks need of a way to do I/O: the pool's ring, or the kernel's io_uring.
// Used by the job's thread only, but for threads().
#pragma once

#include "ring.h"

#include <cstdio>

namespace engine {

class backend {
  public:
    virtual ~backend() = default;
    // completed: the result is set. queued: commit() sends it, reap() returns it.
    virtual iowq::ring::submitted submit(iowq::request &r) = 0;
    // Takes back a request that is queued. True: it had not started, and reap() will not return it.
    [[nodiscard]] virtual bool cancel(iowq::request &) { return false; }
    // 0 or -errno.
    [[nodiscard]] virtual int commit() = 0;
    // Waits for `min` or until `until`; returns how many were put into `out`, or -errno.
    [[nodiscard]] virtual int reap(std::span<iowq::request *> out, unsigned min,
                                   iowq::deadline until) = 0;
    // The ways that the requests took, as far as the backend knows them; all are `issued`.
    [[nodiscard]] virtual iowq::path_counts counts(iowq::ring::direction d) const = 0;
    // How many threads it has now, besides the job's own. Any thread.
    [[nodiscard]] virtual unsigned threads() const = 0;
    // The body of a JSON object: what pool_stats= shows.
    virtual void print_stats(FILE *to) const = 0;
};

} // namespace engine
