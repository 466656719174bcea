// SPDX-License-Identifier: MIT
#include "cases.h"

namespace iowq::bench {

std::string point::name() const {
    return std::string(of->name) + "/" + side_name() + "/window:" + std::to_string(window) +
           "/workers:" + std::to_string(workers);
}

std::vector<point> all_points() {
    using enum side_id;
    constexpr auto will = blocking::will;
    constexpr auto may = blocking::may;
    const std::vector<side_id> all{iowq, kernel, tbb, asio, uv, moodycamel, glib, mutex};
    // The kernel's has no such items.
    const std::vector<side_id> pools{iowq, tbb, asio, uv, moodycamel, glib, mutex};
    // tbb cannot be told to.
    const std::vector<side_id> parking{iowq, kernel, asio, uv, moodycamel, glib, mutex};
    const std::vector<side_id> keyed{iowq, asio};
    auto mixed = [](const char *name, std::vector<side_id> sides, blocking::kind kind, bool helps) {
        return bench_case{.name = name,
                          .sides = std::move(sides),
                          .windows = {64},
                          .workers = {64},
                          .what = deed::mixed,
                          .kind = kind,
                          .helps = helps};
    };
    auto read = [](const char *name, std::vector<side_id> sides, beside what_else, bool helps) {
        return bench_case{.name = name,
                          .sides = std::move(sides),
                          .windows = {32},
                          .workers = {2},
                          .what = deed::read,
                          .what_else = what_else,
                          .helps = helps};
    };
    static const std::vector<bench_case> cases{
        {.name = "nop", .sides = all, .windows = {1, 8, 64, 512}, .workers = {1, 2, 4, 16}},
        {.name = "nop_batch", .sides = all, .windows = {64}, .workers = {2}, .batch = 16},
        {.name = "nop_parked",
         .sides = parking,
         .windows = {1, 64},
         .workers = {2},
         .spins = false},
        {.name = "hashed_1", .sides = keyed, .windows = {64}, .workers = {2}, .keys = 1},
        {.name = "hashed_4", .sides = keyed, .windows = {64}, .workers = {2}, .keys = 4},
        {.name = "hashed_64", .sides = keyed, .windows = {64}, .workers = {2}, .keys = 64},
        {"blocking_will", pools, {64}, {64}, deed::sleep, will},
        {"blocking_may", pools, {64}, {64}, deed::sleep, may},
        mixed("mixed_will", pools, will, true),
        mixed("mixed_may", pools, may, true),
        mixed("mixed_will_handed_over", {iowq}, will, false),
        mixed("mixed_may_handed_over", {iowq}, may, false),
        {.name = "mixed_alone", .sides = pools, .windows = {32}, .workers = {64}, .helps = true},
        {.name = "nop_helped", .sides = {iowq}, .windows = {1, 64}, .workers = {2}, .helps = true},
        {.name = "nop_busy",
         .sides = all,
         .windows = {1, 8, 64},
         .workers = {2, 16},
         .what_else = beside::busy},
        {.name = "nop_quota",
         .sides = all,
         .windows = {1, 8, 64},
         .workers = {2},
         .what_else = beside::quota},
        read("pread", all, beside::nothing, true),
        read("pread_busy", all, beside::busy, true),
        read("pread_quota", all, beside::quota, true),
        read("pread_handed_over", {iowq}, beside::nothing, false),
        read("pread_busy_handed_over", {iowq}, beside::busy, false),
        {"growth_will", {iowq}, {64}, {64}, deed::meet, will, 0, 1, true, method::growth},
        {"growth_may", {iowq}, {64}, {64}, deed::meet, may, 0, 1, true, method::growth},
        {"idle", {iowq, mutex}, {64}, {64}, deed::sleep, may, 0, 1, true, method::idle},
    };
    std::vector<point> points;
    for (const bench_case &c : cases)
        for (side_id side : c.sides)
            for (unsigned window : c.windows)
                for (unsigned workers : c.workers)
                    points.push_back({&c, side, window, workers});
    return points;
}

} // namespace iowq::bench
