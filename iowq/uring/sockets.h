// SPDX-License-Identifier: MIT
// Messages, connections and polls: what of them is more than a plain call.
#pragma once

#include "iowq/uring/op.h"

#include <poll.h>

namespace iowq::uring {

class registered;

// 0 or -errno.
[[nodiscard]] int prepare_sendmsg(op &o, const io_uring_sqe &sqe, const registered &known);
[[nodiscard]] int prepare_connect(op &o, const io_uring_sqe &sqe, const registered &known);
[[nodiscard]] int prepare_poll(op &o, const io_uring_sqe &sqe, const registered &known);

// -EAGAIN where it would have waited.
[[nodiscard]] int64_t try_message(op &o);
[[nodiscard]] int64_t try_accept(op &o);
[[nodiscard]] int64_t try_connect(op &o);
[[nodiscard]] int64_t try_poll(op &o);
// Makes the call, of sockets or not, and waits, though the socket has O_NONBLOCK.
[[nodiscard]] int64_t call_of_sockets(const op &o);

// Of a poll: what it is given to poll(2), in its op's `little`, and its result then.
[[nodiscard]] bool polls(const op &o);
[[nodiscard]] inline pollfd &polled_by(op &o) {
    return *reinterpret_cast<pollfd *>(o.little.data());
}
[[nodiscard]] inline const pollfd &polled_by(const op &o) {
    return *reinterpret_cast<const pollfd *>(o.little.data());
}
[[nodiscard]] int64_t events_of(const op &o);

} // namespace iowq::uring
