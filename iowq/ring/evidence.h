// SPDX-License-Identifier: MIT
// Which ways a ring's requests have taken, and on which CPUs: it shows that a mode did what it is
// named for. Owned by the ring; the submitter's thread only.
#pragma once

#include "iowq/os/shown.h"
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
    uint64_t waited = 0; // beside inlined, pooled, sqthread or helped, which say who came to it
    uint64_t merged = 0; // beside pooled
};

class evidence {
  public:
    enum direction { reads, writes, others, nr_directions };
    [[nodiscard]] static direction direction_of(const request &r) {
        return r.op == opcode::read ? reads : r.op == opcode::write ? writes : others;
    }

    // The request is over.
    void count(const request &r) {
        if (r.cpu != no_cpu)
            ran_on_[r.cpu]++;
        taken_[direction_of(r)][r.path]++;
    }

    [[nodiscard]] path_counts counts(direction d) const {
        path_counts c;
        for (unsigned path = 0; path < all_paths; path++) {
            uint64_t n = taken_[d][path];
            auto of = [path, n](unsigned way) { return path & way ? n : 0; };
            c.issued += n;
            c.inlined += of(path_inline);
            c.nowait_miss += of(path_nowait_miss);
            c.nowait_refused += of(path_nowait_refused);
            c.pooled += of(path_pooled);
            c.aio += of(path_aio);
            c.sqthread += of(path_sqthread);
            c.handed_over += of(path_handed_over);
            c.helped += of(path_helped);
            c.waited += of(path_waited);
            c.merged += of(path_merged);
        }
        return c;
    }
    void show(shown_figures &to) const {
        auto show_those_of = [&](const char *name, unsigned way) {
            to.add_several(name, shown_figure::total, &taken_[0][0], nr_directions * all_paths,
                           sizeof taken_[0][0], -1, way);
        };
        show_those_of("issued", 0);
        show_those_of("inline", path_inline);
        show_those_of("missed", path_nowait_miss);
        show_those_of("refused", path_nowait_refused);
        show_those_of("pooled", path_pooled);
        show_those_of("aio", path_aio);
        show_those_of("sqthread", path_sqthread);
        show_those_of("handed over", path_handed_over);
        show_those_of("helped", path_helped);
        show_those_of("waited", path_waited);
        show_those_of("merged", path_merged);
    }
    // By the CPU's number.
    [[nodiscard]] std::span<const uint64_t> ran_on() const { return ran_on_; }

  private:
    // How many took each set of ways: so that counting one is one addition.
    uint64_t taken_[nr_directions][all_paths] = {};
    std::array<uint64_t, cpu_mask::most> ran_on_{};
};

} // namespace iowq
