// SPDX-License-Identifier: MIT
// What a thread knows of the others: for each thread the stamp of its latest action that has
// happened before. Two actions of which neither has happened before the other are concurrent.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace explore {

// Of one schedule, over its whole length.
inline constexpr unsigned most_threads = 12;
using thread_id = uint8_t;

class view {
  public:
    [[nodiscard]] bool has(thread_id thread, uint32_t stamp) const {
        return stamps_[thread] >= stamp;
    }
    [[nodiscard]] uint32_t of(thread_id thread) const { return stamps_[thread]; }
    void tick(thread_id own) { stamps_[own]++; }
    void join(const view &other) {
        for (unsigned i = 0; i < most_threads; i++)
            stamps_[i] = std::max(stamps_[i], other.stamps_[i]);
    }

  private:
    std::array<uint32_t, most_threads> stamps_{};
};

// One number for a sequence of numbers.
[[nodiscard]] constexpr uint64_t mixed(uint64_t a, uint64_t b) {
    uint64_t x = (a ^ 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9 ^ b;
    x = (x ^ x >> 30) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

// What a thread has done and found so far, as a number: two threads with the same history are in
// the same state.
class history {
  public:
    void add(uint64_t what) {
        all_ = mixed(all_, what);
        since_yield_ = mixed(since_yield_, what);
    }
    [[nodiscard]] uint64_t number() const { return all_; }
    // The thread yields. If it has found again what it had found at the last time, it spins, and is
    // where it was.
    void yields() {
        if (since_yield_ == last_turn_)
            all_ = at_yield_;
        last_turn_ = since_yield_;
        at_yield_ = all_;
        since_yield_ = 0;
    }

  private:
    uint64_t all_ = 0, since_yield_ = 0;
    uint64_t at_yield_ = 0, last_turn_ = 0;
};

} // namespace explore
