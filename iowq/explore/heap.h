// SPDX-License-Identifier: MIT
// The heap of a schedule. Each thread has a part of its own, so that addresses do not depend on
// what the others do. What is freed is not used again in the schedule.
#pragma once

#include "iowq/explore/view.h"

#include <array>
#include <map>
#include <string>

namespace explore {

// Memory that stays, at the same place in every process, so that a fault is told in the same words.
[[nodiscard]] char *map_memory(size_t bytes);

class heap {
  public:
    // Another schedule: all of it is free.
    void begin();
    // nullptr: there is no room.
    [[nodiscard]] void *allocate(thread_id by, size_t bytes, size_t alignment, bool zeroed,
                                 uintptr_t pc);
    [[nodiscard]] bool has(const void *at) const;
    // Gives its size. What is wrong with it, or nullptr.
    [[nodiscard]] const char *free(const void *at, size_t &bytes);
    // What has not been freed, in words; empty: nothing.
    [[nodiscard]] std::string left_behind() const;

  private:
    struct block {
        size_t bytes;
        uintptr_t pc; // from where it was allocated
        bool freed;
    };
    static constexpr size_t part = size_t{8} << 20; // of a thread
    static constexpr size_t all = most_threads * part;

    char *const memory_ = map_memory(all);
    std::array<size_t, most_threads> used_{};
    std::map<uintptr_t, block> blocks_;
};

} // namespace explore
