// SPDX-License-Identifier: MIT
// IORING_REGISTER_RING_FDS: rings that a thread names by a number of its own, which saves looking
// for the descriptor. Each function acts on the calling thread.
#pragma once

#include "iowq/uring/instance.h"

namespace iowq::uring {

// As io_uring_register(2): how many were done, or -errno. `arg`: so many io_uring_rsrc_update.
[[nodiscard]] int add_ring_fds(void *arg, unsigned count);
[[nodiscard]] int drop_ring_fds(const void *arg, unsigned count);

// The ring of a number, or nullptr. It stays as long as the number is the ring's.
[[nodiscard]] instance *ring_of_number(unsigned number);

// In the child of a fork, whose parent's rings are none of its own.
void forget_ring_fds();

} // namespace iowq::uring
