// SPDX-License-Identifier: MIT
// What the functions that prepare operations, and make them, have in common.
#pragma once

#include "iowq/pool/worker.h"
#include "iowq/uring/op.h"

#include <cerrno>
#include <initializer_list>

namespace iowq::uring {

inline constexpr uint64_t current_position = -1;

inline uint64_t as_argument(const void *p) { return reinterpret_cast<uint64_t>(p); }
inline uint64_t as_argument(int fd) { return static_cast<uint64_t>(fd); }

// The op's system call.
void calls(op &o, uint32_t number, std::initializer_list<uint64_t> args);
// Memory of the op's own, for what does not fit into it; nullptr: there is none.
[[nodiscard]] char *room_for(op &o, size_t bytes);
// The op's own copy of so many segments. 0 or -errno.
[[nodiscard]] int copy_segments(op &o, uint64_t from, unsigned count);

[[nodiscard]] bool is_nonblocking(int fd);
// Does it have one of these events (POLL*)? By the plain call, as are all polls of this library's
// own: the C library's is interposed, and looks after the rings that the program polls.
[[nodiscard]] bool is_ready(int fd, uint32_t events);

// Makes a call until no signal has ended it but that of its cancel.
template <class Call>
int64_t until_meant(Call make) {
    int64_t got;
    do
        got = make();
    while (got == -EINTR && interrupted_in_vain(EINTR));
    return got == -EINTR ? -ECANCELED : got;
}

} // namespace iowq::uring
