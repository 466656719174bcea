// SPDX-License-Identifier: MIT
// Reads and writes. Each is tried so that it does not wait, and a worker makes the rest.
#pragma once

#include "iowq/uring/op.h"

namespace iowq::uring {

class registered;

// How a read or a write of a file is begun.
enum class move_by : uint8_t {
    unknown,
    trying,  // by RWF_NOWAIT, which keeps it from waiting
    device,  // the device does it, without a worker: O_DIRECT of storage
    worker,  // RWF_NOWAIT would not keep it from waiting
    refusing // RWF_NOWAIT is refused; a worker, too, which may not have to sleep
};

// 0 or -errno.
template <bool Writes>
[[nodiscard]] int prepare_vector(op &o, const io_uring_sqe &sqe, const registered &known);
template <bool Writes>
[[nodiscard]] int prepare_buffer(op &o, const io_uring_sqe &sqe, const registered &known);
template <bool Writes>
[[nodiscard]] int prepare_fixed(op &o, const io_uring_sqe &sqe, const registered &known);

// Bytes, or -errno; -EAGAIN where it would have waited.
[[nodiscard]] int64_t try_move(op &o);
// What is left of it, which ends where a call moves nothing more.
[[nodiscard]] int64_t move_all(op &o);

// The device has moved so many bytes of it, or -errno. True: that is its result; else what is left
// is a worker's.
[[nodiscard]] bool device_has_moved(op &o, int64_t got);
// It may not be sent to the device with RWF_NOWAIT.
void learn_refusal(const op &o);

[[nodiscard]] bool writes(const op &o);
// Is it a file, or a block device?
[[nodiscard]] bool on_storage(int fd);

} // namespace iowq::uring
