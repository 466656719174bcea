// SPDX-License-Identifier: MIT
// The files that are waited for, until they can be read or written: by epoll, in the timers'
// thread. Any thread may arm and disarm.
//
// Invariants:
// 1. What is armed either is disarmed, or `ready` is called. From then on it belongs to the thread
//    until it is armed again, or dropped.
// 2. Each waits on a descriptor of its own for the file: so the file stays open meanwhile, as it
//    does in the kernel, and two may wait for one file.
//
// Lock order: an instance's lock_ before this one's. `ready` is called without a lock.
#pragma once

#include "iowq/os/lock.h"

#include <cstdint>

namespace iowq::uring {

// In a structure of whoever arms it. It stays there until it is disarmed or dropped.
struct polled {
    void (*ready)(void *whose, uint32_t events) = nullptr; // in the timers' thread
    void *whose = nullptr;
    int fd = -1; // of its own; whoever has armed it closes it, once it is disarmed or dropped
    enum : uint8_t { nowhere, armed, passing } state = nowhere;
    bool repeats = false; // it tells each time that something comes, not only the first
};

class poller {
  public:
    // 0 or -errno.
    [[nodiscard]] int open();
    ~poller();
    // The thread's: readable where something is ready; and what it is to do then.
    [[nodiscard]] int fd() const { return fd_; }
    void pass();

    // `events`: POLL*. 0 or -errno. -EPERM: the file is always ready. -EBUSY: there is no other
    // descriptor for it, or it is locked, so that one could not be closed.
    [[nodiscard]] int arm(polled &p, int file, uint32_t events);
    // False: it is not armed, as it passes.
    [[nodiscard]] bool update(polled &p, uint32_t events);
    [[nodiscard]] bool disarm(polled &p);
    // Of one that passes.
    void arm_again(polled &p, uint32_t events);
    void drop(polled &p);

  private:
    void change(polled &p, int how, uint32_t events) IOWQ_REQUIRES(lock_);

    mutex lock_; // the states
    int fd_ = -1;
};

} // namespace iowq::uring
