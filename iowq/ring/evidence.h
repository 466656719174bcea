// SPDX-License-Identifier: MIT
// Which ways a ring's requests have taken, and on which CPUs: it shows that a mode did what it is
// named for. Owned by the ring; the submitter's thread only.
#pragma once

#include "iowq/os/topology.h"
#include "iowq/ring/request.h"

#include <array>
#include <span>

namespace iowq {

// How many requests of one direction took which way (request.h, path).
struct path_counts {
    uint64_t issued = 0;
    uint64_t inlined = 0;
    uint64_t nowait_miss = 0;
    uint64_t nowait_refused = 0;
    uint64_t pooled = 0;
    uint64_t aio = 0;
    uint64_t sqthread = 0;
    uint64_t handed_over = 0;
    uint64_t helped = 0;
    uint64_t waited = 0; // counted beside pooled, sqthread or helped, which say who tried it
};

class evidence {
  public:
    enum direction { reads, writes, others, nr_directions };
    [[nodiscard]] static direction direction_of(const request &r) {
        return r.op == opcode::read ? reads : r.op == opcode::write ? writes : others;
    }

    // The request is over.
    void count(const request &r) {
        if (r.cpu != request::never)
            ran_on_[r.cpu]++;
        path_counts &c = counts_[direction_of(r)];
        c.issued++;
        c.inlined += (r.path & path_inline) != 0;
        c.nowait_miss += (r.path & path_nowait_miss) != 0;
        c.nowait_refused += (r.path & path_nowait_refused) != 0;
        c.pooled += (r.path & path_pooled) != 0;
        c.aio += (r.path & path_aio) != 0;
        c.sqthread += (r.path & path_sqthread) != 0;
        c.handed_over += (r.path & path_handed_over) != 0;
        c.helped += (r.path & path_helped) != 0;
        c.waited += (r.path & path_waited) != 0;
    }

    [[nodiscard]] const path_counts &counts(direction d) const { return counts_[d]; }
    // By the CPU's number.
    [[nodiscard]] std::span<const uint64_t> ran_on() const { return ran_on_; }

  private:
    path_counts counts_[nr_directions];
    std::array<uint64_t, cpu_mask::most> ran_on_{};
};

} // namespace iowq
