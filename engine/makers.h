/* SPDX-License-Identifier: GPL-2.0-only */
// From a job's options to each backend's own configuration: one function a backend. Where the
// backend cannot be created, its function says why, in one line. Used by the job's thread, at its
// start.
#pragma once

#include "options.h"
#include "placement.h"
#include "uring.h"

struct thread_data;

namespace engine {

// What a backend is made for.
struct wanted {
    const thread_data *td;
    const options &o;
    const char *offload; // the mode's name
    const placed &at;
    bool own_drain; // the backend has to keep fsync_order=drain
};

enum class acall_threads { one_a_call, pooled };

// Each: 0, or -errno after having said why. May throw std::bad_alloc.
[[nodiscard]] int make_ring(const wanted &what, iowq::offload way, std::unique_ptr<backend> &out);
[[nodiscard]] int make_acalls(const wanted &what, acall_threads threads,
                              std::unique_ptr<backend> &out);
[[nodiscard]] int make_uring(const wanted &what, uring_way way, std::unique_ptr<backend> &out);

// Says that the mode could not create a thread.
void say_no_thread(const char *offload);

} // namespace engine
