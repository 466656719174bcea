// SPDX-License-Identifier: MIT
// Reads that have been begun: trying a read that misses starts its readahead, so the device is at
// it, and somebody has to wait. Oldest first. Owned by the reaper; the submitter's thread only.
//
// Source: io_uring does not punt such reads either, but has the page's completion call it
// (FMODE_BUF_RASYNC).
#pragma once

#include "iowq/ring/request.h"

#include <span>

namespace iowq {

class begun_reads {
  public:
    explicit begun_reads(bool wanted = true)
        : pays_(learner::rule{most_in_vain, wanted ? most_in_vain : 0, most_in_vain, 0}) {}

    // Worth trying? No more once it looks as if trying begins nothing (old kernels, no readahead):
    // then those left here would be read one after another.
    [[nodiscard]] bool trying_begins() const { return pays_.worth_it(); }

    [[nodiscard]] bool empty() const { return !oldest_; }
    // Whoever waits for the oldest waits for no other device than that of all of them.
    [[nodiscard]] bool on_one_device() const { return one_device_; }
    void add(request &r);
    [[nodiscard]] request &pop_oldest();
    // Whether it was among them.
    [[nodiscard]] bool remove(const request &r);

    // Hands out what has come; returns how many. Each that has not costs a system call; looks no
    // further after so many of them.
    [[nodiscard]] unsigned poll(std::span<request *> out, unsigned most_misses = 32);
    // Waits for the oldest, and hands it out with what has come meanwhile. Not if empty().
    [[nodiscard]] unsigned wait(std::span<request *> out);

  private:
    // After so many looks in vain it is taken for granted that none ever comes by itself.
    static constexpr unsigned most_in_vain = 16;

    [[nodiscard]] bool has_come(request &r);

    request *oldest_ = nullptr; // linked by next
    request *newest_ = nullptr;
    bool one_device_ = true; // false until it is empty again
    learner pays_;           // does what has been begun come?
    unsigned waits_ = 0;
};

} // namespace iowq
