// SPDX-License-Identifier: MIT
// Reads that missed the cache under RWF_NOWAIT, and were begun by that: the device is at them, and somebody
// has to wait. Oldest first. Owned by its ring; the submitter's thread only.
//
// Source: io_uring does not punt such reads either, but has the page's completion call it (FMODE_BUF_RASYNC).
#pragma once

#include "iowq/ring/issue.h"

#include <span>

namespace iowq {

class begun_reads {
  public:
    explicit begun_reads(bool wanted = true) : trying_begins_(wanted) {}

    // Worth trying? No more once it looks as if trying begins nothing (old kernels, no readahead): then
    // those left here would be read one after another.
    [[nodiscard]] bool trying_begins() const { return trying_begins_; }

    [[nodiscard]] bool empty() const { return !oldest_; }
    // Whoever waits for the oldest waits for no other device than that of all of them.
    [[nodiscard]] bool on_one_device() const { return one_device_; }
    void add(request &r);
    [[nodiscard]] request &pop_oldest();
    // Whether it was among them.
    [[nodiscard]] bool remove(const request &r);

    // Waits for the oldest, and hands it out with what has come meanwhile. Returns how many; not if empty().
    [[nodiscard]] unsigned wait(std::span<request *> out);
    // Hands out what has come. Each that has not costs a system call; looks no further after so many of them.
    [[nodiscard]] unsigned take(std::span<request *> out, unsigned most_misses = 32);

  private:
    [[nodiscard]] bool learn_from_oldest();

    request *oldest_ = nullptr; // linked by next
    request *newest_ = nullptr;
    bool one_device_ = true; // false until it is empty again
    bool trying_begins_;
    unsigned waits_ = 0;
    unsigned in_vain_ = 0; // looks since one had last come
};

} // namespace iowq
