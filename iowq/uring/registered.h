// SPDX-License-Identifier: MIT
// What a program has registered with a ring: files, by descriptors of the ring's own, so that they
// survive the program's close; and buffers. Used under the instance's lock for submission.
#pragma once

#include <climits>
#include <cstdint>
#include <span>
#include <sys/uio.h>
#include <vector>

namespace iowq::uring {

class registered {
  public:
    ~registered() { (void)drop_files(); }

    // All of these return 0 or a count, or -errno as io_uring_register(2).
    // An fd of -1 leaves a slot empty. `fds` empty: `slots` empty ones.
    [[nodiscard]] int set_files(std::span<const int> fds, unsigned slots);
    [[nodiscard]] int drop_files();
    // -2 leaves a slot as it is. The number of slots that were changed.
    [[nodiscard]] int update_files(unsigned at, std::span<const int> fds);
    // Those among which any_slot chooses.
    [[nodiscard]] int set_choice(unsigned first, unsigned count);
    // Puts the ring's own descriptor into a slot, or any that is free: 0, or the slot that was
    // chosen. Else it is closed.
    static constexpr unsigned any_slot = UINT_MAX;
    [[nodiscard]] int put_file(unsigned slot, int own);
    [[nodiscard]] int drop_file(unsigned slot);
    [[nodiscard]] int set_buffers(std::span<const iovec> buffers);
    [[nodiscard]] int drop_buffers();

    [[nodiscard]] bool has_files() const { return !files_.empty(); }
    // The ring's descriptor of a slot, or -EBADF.
    [[nodiscard]] int file(unsigned slot) const;
    // Does the range lie in the buffer? 0 or -EFAULT.
    [[nodiscard]] int check_buffer(unsigned index, uint64_t address, uint64_t bytes) const;

  private:
    [[nodiscard]] int choose_slot();
    void fill(unsigned slot, int own);

    std::vector<int> files_; // -1: none
    unsigned choice_begin_ = 0, choice_end_ = 0, next_choice_ = 0;
    std::vector<iovec> buffers_;
};

} // namespace iowq::uring
