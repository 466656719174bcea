// SPDX-License-Identifier: MIT
// What is measured: the cases, and the points that they consist of (a point: a case on one side,
// with one window and one number of workers). A *window* is how many items are in flight. Used by
// everything in this folder; fixed at program start.
#pragma once

#include "iowq/pool/worker.h"

#include <string>
#include <vector>

namespace iowq::bench {

// Whose pool. kernel: io_uring's. mutex: the one that everybody writes by hand.
enum class side_id { iowq, kernel, tbb, asio, uv, moodycamel, glib, mutex };
constexpr const char *side_names[] = {"iowq", "kernel",     "tbb",  "asio",
                                      "uv",   "moodycamel", "glib", "mutex"};

enum class deed : uint8_t {
    nop,
    sleep, // 100 us
    mixed, // every other item is a nop, every other one a sleep
    read,  // 4 KiB from a cached file
    meet   // stay until all the others are there too
};

// How a case is measured. window: keeps the window filled. growth: the time until a window of items
// is inside its funcs at once. idle: the CPU time while there is nothing to do.
enum class method : uint8_t { window, growth, idle };

// What else wants the CPUs. busy: a loop on the last of them. quota: a cgroup lets the
// measurement's process have half a CPU's time.
enum class beside : uint8_t { nothing, busy, quota };

struct bench_case {
    const char *name;
    std::vector<side_id> sides;
    std::vector<unsigned> windows;
    std::vector<unsigned> workers;
    deed what = deed::nop;
    blocking::kind kind = blocking::will; // of items that sleep or meet
    unsigned keys = 0;                    // items are serialised by so many keys; 0: they are not
    unsigned batch = 1;                   // items submitted at a time
    bool spins = true;                    // false: neither workers nor the reaper spin
    method how = method::window;
    beside what_else = beside::nothing;
    bool helps = false; // our submitter does itself what does not block, where it would only wait
};

// A way to use io_uring. The kernel's side uses the one that turned out best at the point.
struct ring_way {
    unsigned setup = 0;
    bool spins = false;
};

struct point {
    const bench_case *of;
    side_id side;
    unsigned window;
    unsigned workers;
    ring_way way{};

    [[nodiscard]] const char *side_name() const { return side_names[static_cast<int>(side)]; }
    [[nodiscard]] std::string name() const; // case/side/window:N/workers:N
};

[[nodiscard]] std::vector<point> all_points();

} // namespace iowq::bench
