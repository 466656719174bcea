// SPDX-License-Identifier: MIT
// What else wants the CPUs while a point is measured: on a server other programs do, and in most
// containers a quota ends the time that there is. Made by the benchmark program for one
// measurement; the measurement's process enters it.
#pragma once

#include "cases.h"

namespace iowq::bench {

class surroundings {
  public:
    // Throws std::system_error where they cannot be had.
    explicit surroundings(beside what);
    // When no process is in them any more, or about to leave.
    ~surroundings();
    surroundings(const surroundings &) = delete;
    surroundings &operator=(const surroundings &) = delete;

    // By the measurement's process, while it has one thread.
    void enter() const;

  private:
    pid_t loop_ = 0;     // busy: a process that never waits
    std::string cgroup_; // quota: its folder
};

// Why they cannot be had here, in a few words; empty: they can.
[[nodiscard]] std::string why_not(beside what);

} // namespace iowq::bench
