// SPDX-License-Identifier: MIT
// Reads and writes. Each is tried so that it does not wait, and a worker makes the rest.
#pragma once

#include "iowq/uring/op.h"

namespace iowq::uring {

class registered;

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

[[nodiscard]] bool writes(const op &o);
// Is it a file, or a block device?
[[nodiscard]] bool on_storage(int fd);

} // namespace iowq::uring
