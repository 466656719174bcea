// SPDX-License-Identifier: MIT
// Reads that have been *begun*: trying a read that misses starts its readahead, so the device reads
// the pages, and somebody has to wait for them. Oldest first. Owned by the reaper; the submitter's
// thread only.
//
// Source: io_uring does not punt such reads either. There the page's completion calls back
// (FMODE_BUF_RASYNC).
#pragma once

#include "iowq/ring/linked_list.h"
#include "iowq/ring/request.h"

#include <span>

namespace iowq {

class begun_reads {
  public:
    explicit begun_reads(bool wanted = true)
        : pays_(learner::rule{most_in_vain, wanted ? most_in_vain : 0, most_in_vain, 0}) {}

    // Does trying a read begin it? No, once it looks otherwise (old kernels, no readahead): then
    // reads kept here would be done one after another.
    [[nodiscard]] bool trying_begins() const { return pays_.worth_it(); }

    [[nodiscard]] bool empty() const { return reads_.empty(); }
    // Not if empty().
    [[nodiscard]] bool oldest_is_untried() const {
        return reads_.oldest()->way.first == route::later;
    }
    // Are all of them on one device? Then waiting for the oldest holds up no other device's reads.
    [[nodiscard]] bool on_one_device() const { return one_device_; }
    void add(request &r);
    [[nodiscard]] request &pop_oldest();
    // False: it is not among them.
    [[nodiscard]] bool remove(const request &r) { return reads_.remove(r); }

    // Hands out the reads that have come; returns how many. Stops after `most_misses` that have
    // not, as each of those costs a system call.
    [[nodiscard]] unsigned poll(std::span<request *> out, unsigned most_misses = 32);
    // Waits for the oldest, and hands it out with those that have come meanwhile. Not if empty().
    [[nodiscard]] unsigned wait(std::span<request *> out);

  private:
    // After so many looks in vain, in a row, trying counts as beginning nothing.
    static constexpr unsigned most_in_vain = 16;

    [[nodiscard]] bool has_come(request &r);

    linked_list<request> reads_;
    bool one_device_ = true; // once false, it stays so until none is left
    learner pays_;           // does what has been begun come by itself?
    unsigned waits_ = 0;
};

} // namespace iowq
