// SPDX-License-Identifier: MIT
// The memory that a ring shares with its program: both queues and the SQEs, where io_uring has
// them. The program may write anything into it at any time, so each word is read once, and checked.
// The caller sees to it that one thread at a time uses the submission queue, and one the completion
// queue.
#pragma once

#include "iowq/os/atomic.h"

#include <cstdint>
#include <linux/io_uring.h>
#include <memory>
#include <utility>

namespace iowq::uring {

// The device and the inode of an open file, by which a descriptor is known again.
using file_id = std::pair<uint64_t, uint64_t>;

class rings {
  public:
    // Makes room for `entries` SQEs, as `p` asks, and fills `p` in. `fd`: a descriptor for the
    // program, which maps it. 0 or -errno, as io_uring_setup(2).
    [[nodiscard]] static int create(unsigned entries, io_uring_params &p,
                                    std::unique_ptr<rings> &out, int &fd);
    ~rings();
    rings(const rings &) = delete;
    rings &operator=(const rings &) = delete;

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
    // Of the program's descriptor.
    [[nodiscard]] file_id id() const { return id_; }

  private:
    struct shared_words;
    rings() = default;
    [[nodiscard]] int map(int fd);

    unsigned sq_entries_ = 0, cq_entries_ = 0;
    unsigned sq_head_ = 0, cq_tail_ = 0; // the program cannot change these
    file_id id_;
    shared_words *sq_ = nullptr, *cq_ = nullptr;
    uint32_t *array_ = nullptr;
    io_uring_sqe *sqes_ = nullptr;
    io_uring_cqe *cqes_ = nullptr;
};

} // namespace iowq::uring
