// SPDX-License-Identifier: MIT
// The clock of all waits and pauses: setting the machine's time of day does not change it.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>

namespace iowq {

using clock = std::chrono::steady_clock;
using deadline = std::optional<clock::time_point>; // nullopt: forever

// For system calls that take a duration, or a time since the clock's start.
[[nodiscard]] inline timespec as_timespec(std::chrono::nanoseconds t) {
    auto whole = std::chrono::duration_cast<std::chrono::seconds>(t);
    return {whole.count(), std::chrono::nanoseconds(t - whole).count()};
}
// 0 once `until` has passed.
[[nodiscard]] inline timespec time_left(clock::time_point until) {
    return as_timespec(std::max(until - clock::now(), clock::duration::zero()));
}

} // namespace iowq
