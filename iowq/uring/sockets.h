// SPDX-License-Identifier: MIT
// Messages and connections: what of them is more than a plain call.
#pragma once

#include "iowq/uring/op.h"

namespace iowq::uring {

class registered;

// 0 or -errno.
[[nodiscard]] int prepare_sendmsg(op &o, const io_uring_sqe &sqe, const registered &known);
[[nodiscard]] int prepare_connect(op &o, const io_uring_sqe &sqe, const registered &known);

// -EAGAIN where it would have waited.
[[nodiscard]] int64_t try_message(op &o);
// Makes the call, of sockets or not, and waits, though the socket has O_NONBLOCK.
[[nodiscard]] int64_t call_of_sockets(const op &o);

} // namespace iowq::uring
