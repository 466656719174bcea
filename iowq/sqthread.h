// SPDX-License-Identifier: MIT
// The submission thread: drains the submission ring and issues each request itself, blocking. It
// spins for a while when the ring is empty, then sleeps; while it is awake, submitting costs no
// system call. Owned by its ring; one submitter calls it.
//
// Source: IOCTX_FLAG_SQTHREAD (aio_sq_thread), IORING_SETUP_SQPOLL. As with them, requests that
// block are served one after another.
#pragma once

#include "cq.h"
#include "topology.h"

#include <memory>
#include <pthread.h>
#include <vector>

namespace iowq {

class sqthread {
  public:
    // `depth`: the most requests under way at a time. `idle`: how long it spins before it sleeps; not
    // at all where there is one CPU. -EAGAIN when there is no thread to be had, -ENOMEM.
    [[nodiscard]] static int create(unsigned depth, const cpu_mask &cpus,
                                    std::chrono::milliseconds idle, cq &completions,
                                    std::unique_ptr<sqthread> &out);
    // Issues what has been published, then joins the thread.
    ~sqthread();

    // Submitter only. Puts a request on the ring; publish() shows it to the thread. More than `depth`
    // under way would overwrite one: that is the caller's error.
    void push(request &r) { slots_[next_++ & mask_] = &r; }
    void publish();

  private:
    sqthread(unsigned depth, std::chrono::milliseconds idle, cq &completions);
    void run();
    [[nodiscard]] bool spin_for_work(uint32_t head);

    // immutable after construction
    cq &completions_;
    const uint32_t mask_;
    const std::chrono::milliseconds idle_;
    pthread_t thread_{};

    // A slot is written by the submitter before tail_ passes it, and read by the thread after.
    std::vector<request *> slots_;

    // submitter only
    uint32_t next_ = 0;

    // atomic
    alignas(64) std::atomic<uint32_t> tail_{0};
    alignas(64) std::atomic<bool> asleep_{false};
    std::atomic<bool> stop_{false};
    parker park_;
};

} // namespace iowq
