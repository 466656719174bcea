// SPDX-License-Identifier: MIT
// Rings by numbers of this library's own, for who says when a ring is no longer used: to look a
// descriptor up takes a system call. A number that was closed, or comes from before a fork, is
// known to be none. Any thread may call all of it.
#pragma once

#include "iowq/os/lock.h"

#include <array>
#include <cstdint>
#include <memory>

namespace iowq::uring {

class instance;

class handles {
  public:
    [[nodiscard]] static handles &all();
    // 0: there are too many.
    [[nodiscard]] unsigned open(std::shared_ptr<instance> its);
    // nullptr: it is none.
    [[nodiscard]] std::shared_ptr<instance> find(unsigned handle);
    void close(unsigned handle);

  private:
    explicit handles(const handles *of_parent);

    [[maybe_unused]] const handles *const of_parent_; // nobody uses it, nor takes it apart

    // The handle is the slot's number, and above it the generation, which is never 0.
    static constexpr unsigned most = 256;
    struct slot {
        mutex lock;
        uint16_t generation IOWQ_GUARDED_BY(lock) = 0;
        std::shared_ptr<instance> its IOWQ_GUARDED_BY(lock);
    };
    std::array<slot, most> slots_;
};

} // namespace iowq::uring
