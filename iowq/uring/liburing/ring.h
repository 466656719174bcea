// SPDX-License-Identifier: MIT
// A ring as liburing's public header lays it out: the program's, which fills its SQEs and takes its
// CQEs by functions that were compiled into it. Versions 2.0 to 2.15 have this size and these
// places. A ring is used by one thread at a time, as with liburing.
#pragma once

#include "iowq/uring/plain_calls.h"

#include <cstddef>
#include <cstdint>
#include <linux/io_uring.h>

#define EXPORTED extern "C" __attribute__((visibility("default")))

// Pointers into the ring's memory begin with k.
struct io_uring_sq {
    uint32_t *khead, *ktail, *kring_mask, *kring_entries, *kflags, *kdropped;
    uint32_t *array;
    io_uring_sqe *sqes;
    uint32_t sqe_head, sqe_tail; // what is filled, and not yet put into the queue
    size_t ring_sz;
    void *ring_ptr;
    uint32_t ring_mask, ring_entries;
    uint32_t pad[2];
};

struct io_uring_cq {
    uint32_t *khead, *ktail, *kring_mask, *kring_entries, *kflags, *koverflow;
    io_uring_cqe *cqes;
    size_t ring_sz;
    void *ring_ptr;
    uint32_t ring_mask, ring_entries;
    uint32_t pad[2];
};

struct io_uring {
    io_uring_sq sq;
    io_uring_cq cq;
    uint32_t flags; // IORING_SETUP_*
    int ring_fd;
    uint32_t features;
    int enter_ring_fd; // by which calls name it: ring_fd, or an index of a registered descriptor
    // These are this library's alone.
    uint8_t int_flags; // the flag that goes with enter_ring_fd
    uint8_t pad[3];
    uint32_t handle; // where it was made here; 0: none
};
static_assert(sizeof(io_uring) == 216 && offsetof(io_uring, int_flags) == 208);

namespace iowq::uring {

// Those of the library that knows the rings.
extern const plain_calls *const calls;

} // namespace iowq::uring
