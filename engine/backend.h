/* SPDX-License-Identifier: GPL-2.0-only */
// A way to do I/O, as the engine's callbacks see it: the library's ring, acall, or the kernel's
// io_uring. drain can stand before any of these, and arrivals before drain. Used by the job's
// thread only, except threads().
#pragma once

#include "iowq/ring/ring.h"

#include <cstdio>
#include <string>
#include <sys/uio.h>

namespace engine {

// A file with its place in the table of registered files.
struct job_file : iowq::file {
    unsigned slot = 0;
    bool registered = false;
    job_file *folder = nullptr; // with metadata=: in which it lies, under this name
    std::string name;
};

// What the schedule of an open loop (arrivals.h) has for a request.
enum class pacing : uint8_t {
    arrives,  // an arrival of its own
    follows,  // none: the request goes right after the one submitted before it
    verifies, // none, as `follows`; the schedule stands still until the next request that arrives
    goes_on   // none: the request is the rest of one that has arrived
};

// A request, with what only io_uring needs and what only an open loop needs.
struct job_request : iowq::request {
    unsigned index = 0;  // of its buffer among the registered ones
    uint16_t ioprio = 0; // as in ioprio_set(2); 0: the thread's
    iovec segment{};     // of a vectored read or write

    pacing pace = pacing::arrives;
    std::chrono::nanoseconds at{};                 // its arrival in the schedule
    iowq::clock::time_point due{}, sent{}, done{}; // set by arrivals
};

// Its requests are job_requests on job_files.
class backend {
  public:
    virtual ~backend() = default;
    // Called once, before the first request, with each request's buffer, by index; 0 or -errno.
    [[nodiscard]] virtual int use_buffers(std::span<const iovec>) { return 0; }
    // A file has been opened, or is about to be closed. No request on it may be in flight.
    [[nodiscard]] virtual int opened(job_file &) { return 0; }
    virtual void closing(job_file &) {}
    // completed: the result is set. queued: commit() sends it, reap() returns it.
    virtual iowq::ring::submitted submit(iowq::request &r) = 0;
    // Takes back a request that is queued. True: it had not started, and reap() will not return it.
    [[nodiscard]] virtual bool cancel(iowq::request &) { return false; }
    // 0 or -errno.
    [[nodiscard]] virtual int commit() = 0;
    // Waits for `min` or until `until`; returns how many were put into `out`, or -errno.
    [[nodiscard]] virtual int reap(std::span<iowq::request *> out, unsigned min,
                                   iowq::deadline until) = 0;
    // Which ways the requests took, as far as the backend knows. Every request counts as `issued`.
    [[nodiscard]] virtual iowq::path_counts counts(iowq::ring::direction d) const = 0;
    // How many requests were issued from each CPU. Empty: the backend does not know.
    [[nodiscard]] virtual std::span<const uint64_t> ran_on() const { return {}; }
    // How many threads it has now, besides the job's own. Any thread.
    [[nodiscard]] virtual unsigned threads() const = 0;
    // The body of a JSON object: what pool_stats= shows.
    virtual void print_stats(FILE *to) const = 0;
};

} // namespace engine
