// SPDX-License-Identifier: MIT
// What is waited for without a worker: times, and files (poller.h). One thread a process, for all
// its rings, which own it together, as they do the pool. Any thread may arm and disarm.
//
// Invariants:
// 1. An armed timer ends in one way: disarm returns true, or `passed` is called. So one thread has
//    what is to be done then.
// 2. A clock's descriptor is set to the time of its first timer, or to an earlier one, unless the
//    thread is about to set it.
//
// Lock order: an instance's lock_ before this one's. `passed` is called without a lock.
#pragma once

#include "iowq/os/atomic.h"
#include "iowq/os/lock.h"
#include "iowq/uring/poller.h"

#include <array>
#include <cstdint>
#include <ctime>
#include <memory>
#include <pthread.h>

namespace iowq::uring {

// In a structure of whoever arms it. It stays there as long as it is armed, and while it passes.
struct timer {
    void (*passed)(timer &its) = nullptr; // in the timers' thread
    // For the timers: its place in a heap, where a parent is not later than its children.
    bool armed = false;
    uint8_t clock = 0;
    int64_t at = 0;    // ns of its clock
    uint64_t turn = 0; // of those with the same time, the first armed passes first
    timer *child = nullptr, *next = nullptr;
    timer *prev = nullptr; // the one before it among its parent's children; the first's: the parent
};

class timers {
  public:
    // 0 or -errno.
    [[nodiscard]] static int create(std::unique_ptr<timers> &out);
    ~timers(); // nothing is armed

    // `at`: ns of CLOCK_MONOTONIC, CLOCK_BOOTTIME or CLOCK_REALTIME; it may have passed.
    void arm(timer &t, clockid_t clock, int64_t at);
    // False: it was not armed, or it passes.
    [[nodiscard]] bool disarm(timer &t);
    [[nodiscard]] poller &files() { return files_; }

  private:
    struct one_clock {
        clockid_t id;
        int fd = -1;            // a timerfd
        timer *first = nullptr; // the heap's root
        int64_t set = never;
    };
    static constexpr int64_t never = INT64_MAX;

    timers() = default;
    static void *main(void *its);
    void run();
    void pass(one_clock &c);
    void set(one_clock &c, int64_t at) IOWQ_REQUIRES(lock_);

    poller files_;
    mutex lock_;
    std::array<one_clock, 3> clocks_{{{CLOCK_MONOTONIC}, {CLOCK_BOOTTIME}, {CLOCK_REALTIME}}};
    uint64_t turns_ IOWQ_GUARDED_BY(lock_) = 0;
    atomic<bool> stop_{false};
    bool runs_ = false;
    pthread_t thread_{};
};

// Now, in ns of the clock.
[[nodiscard]] int64_t now_of(clockid_t clock);

} // namespace iowq::uring
