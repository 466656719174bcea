// SPDX-License-Identifier: MIT
// The memory that a ring shares with its program: both queues and the SQEs. The program may write
// anything into it at any time, so each word is read once, and checked. The caller sees to it that
// one thread at a time uses the submission queue, and one the completion queue.
#pragma once

#include "iowq/os/atomic.h"

#include <cstdint>
#include <linux/io_uring.h>
#include <memory>

namespace iowq::uring {

class rings {
  public:
    // Makes room for `entries` SQEs, as `p` asks, and fills `p` in. 0 or -errno, as
    // io_uring_setup(2).
    [[nodiscard]] static int create(unsigned entries, io_uring_params &p,
                                    std::unique_ptr<rings> &out);
    ~rings();
    rings(const rings &) = delete;
    rings &operator=(const rings &) = delete;

    // For the program: as mmap(2) of a ring's descriptor. 0 or -errno.
    [[nodiscard]] int map(void *&at, size_t bytes, int protection, int flags,
                          uint64_t offset) const;

    // ---- submission

    // How many SQEs the program has put there.
    [[nodiscard]] unsigned submitted() const;
    // Copies the next SQE. False: the program named none that there is, which counts as dropped.
    [[nodiscard]] bool take(io_uring_sqe &out);
    // The program may use the places of those that were taken again.
    void give_back();
    void set_flags(unsigned flags);
    void clear_flags(unsigned flags);

    // ---- completion

    // False: there is no room.
    [[nodiscard]] bool post(uint64_t user_data, int32_t res, uint32_t flags);
    // How many the program has not taken yet.
    [[nodiscard]] unsigned ready() const;
    void count_overflow();
    [[nodiscard]] bool wants_events() const; // IORING_CQ_EVENTFD_DISABLED is not set

    [[nodiscard]] unsigned sq_entries() const { return sq_entries_; }
    [[nodiscard]] unsigned cq_entries() const { return cq_entries_; }

  private:
    struct shared_words;
    rings() = default;
    [[nodiscard]] int make_memory();
    [[nodiscard]] int use_memory(uint64_t queues, uint64_t sqes);

    unsigned sq_entries_ = 0, cq_entries_ = 0;
    unsigned sq_head_ = 0, cq_tail_ = 0;     // the program cannot change these
    unsigned cq_head_ = 0;                   // where it was when there was no room, as was thought
    int file_ = -1;                          // whose memory it is; -1: the program's own memory
    size_t queue_bytes_ = 0, sqe_bytes_ = 0; // each whole pages, one behind the other
    char *memory_ = nullptr;                 // both, of `file_`
    shared_words *sq_ = nullptr, *cq_ = nullptr;
    uint32_t *array_ = nullptr; // nullptr: SQEs are taken in their order
    io_uring_sqe *sqes_ = nullptr;
    io_uring_cqe *cqes_ = nullptr;
};

} // namespace iowq::uring
