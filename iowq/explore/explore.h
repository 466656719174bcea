// SPDX-License-Identifier: MIT
// For scenarios: a few threads and items, and what has to hold in every schedule of them.
#pragma once

#include "iowq/explore/seen.h"

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace explore {

struct scenario {
    const char *name;
    void (*run)();
    const char *machine = nullptr; // another one than this: as in HWLOC_SYNTHETIC
};
[[nodiscard]] EXPLORE_API std::vector<scenario> &scenarios();
// What the program does once, before the first schedule.
[[nodiscard]] EXPLORE_API void (*&before_the_first())();

// Fails the schedule unless it holds.
EXPLORE_API void expect(bool holds, const char *what);
// One of n things, each of which is tried.
[[nodiscard]] EXPLORE_API unsigned choose(unsigned n);
// What the schedule has come to, in words: `outcome` has each of them once.
EXPLORE_API void ends_as(const char *what);
// Lets others go on, as long as they like.
EXPLORE_API void yield();
// Once open it stays so. What was done before it was opened is seen behind it. It takes one point
// of choice, where one of the program's own would take several.
class gate {
  public:
    EXPLORE_API gate();
    EXPLORE_API void open();
    EXPLORE_API void wait();

  private:
    char here_ = 0; // whatever it knows is kept by its address
};
// What the program makes once in its life may stay when the schedule ends.
EXPLORE_API void may_leave_memory();
// From now on: no thread is to be had when this says so; which CPU the calling thread is on.
EXPLORE_API void refuse_threads(std::function<bool()> when);
EXPLORE_API void cpus_are(std::function<unsigned()> of_this_thread);

// A file that is not there: `cached`, reads and writes are done at once; `uncached`, they take
// their time, and RWF_NOWAIT says EAGAIN; `slow`, they take 10 ms of it; `any`, each is as in
// cached or as in uncached; `direct`, with O_DIRECT, which AIO can do; `pipe`, a read waits for
// what is written to it.
enum class kind { cached, uncached, slow, any, direct, pipe };
[[nodiscard]] EXPLORE_API int open_file(kind what);
EXPLORE_API void write_to_pipe(int fd, size_t bytes);

} // namespace explore

#define EXPECT(condition) ::explore::expect(condition, #condition)

#define SCENARIO_ON(machine, name)                                                                 \
    static void name();                                                                            \
    [[maybe_unused]] static const auto name##_is_known =                                           \
        (::explore::scenarios().push_back({#name, name, machine}), true);                          \
    static void name()
#define SCENARIO(name) SCENARIO_ON(nullptr, name)
