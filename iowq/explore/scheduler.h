// SPDX-License-Identifier: MIT
// Runs a scenario's threads as fibres of one kernel thread. At each point of choice the search says
// which of them goes on. The clock stands still while a thread can go on; when none can, it jumps
// to the earliest deadline.
//
// A schedule fails when a check or an assertion of the code does not hold, threads race, freed
// memory is used, memory is left behind, or nobody can go on. The process is of no use then.
#pragma once

#include "iowq/explore/memory.h"
#include "iowq/explore/search.h"

#include <optional>
#include <set>
#include <string>

namespace explore {

using nanoseconds = int64_t;

// What a schedule may take.
struct limits {
    uint64_t steps = 20000;
    // A wait that ends later than so is one for ever.
    nanoseconds horizon = 3600'000'000'000;
    // Asks the search at each access, also where no other thread's is known to matter: for a
    // replay, which does not know.
    bool every_point = false;
    bool told = false; // says on stderr who did what, where
};

struct outcome {
    std::optional<std::string> fault; // what is wrong, in one line or more
    schedule failing;
    uint64_t schedules = 0, steps = 0;
    std::set<std::string> ends; // as the scenario said
};

// The program is as it was when this is called first, whenever a schedule begins; but for its heap
// before that, and the system. Runs schedules of `scenario` until the search ends, one fails, or
// `stop` says so.
[[nodiscard]] EXPLORE_API outcome run(void (*scenario)(), search &by, const limits &most,
                                      const std::function<bool()> &stop);

// ---- for what stands in the system's place; all of them in a thread of a schedule

// Is the caller a thread of a schedule, and in the program (not in the explorer)? Else it gets the
// system itself.
[[nodiscard]] bool exploring();
// While there is one, what the explorer does itself is not explored.
class inside {
  public:
    inside();
    ~inside();
    inside(const inside &) = delete;
    inside &operator=(const inside &) = delete;
};

// The caller is about to do something that others may notice: another one may go first.
// `pc`: from where.
void point(uintptr_t at, bool writes = true, uintptr_t pc = 0);
// The same, whatever is known.
void crossing();
// The caller waits for another one without saying for whom.
void yield();
// Waits until woken by this address, or until then; false: the time has passed. `what`: in words.
// `interruptible`: also until interrupt(), which `interrupted` tells.
[[nodiscard]] bool wait_at(uintptr_t at, const char *what, nanoseconds until,
                           bool interruptible = false);
[[nodiscard]] bool was_interrupted();
void interrupt(thread_id thread);
// Returns how many have been woken; the first to come first.
unsigned wake(uintptr_t at, unsigned most);
// The call takes its time: others may go on, and it comes back at any time.
void takes_time(const char *what, bool interruptible = false);

[[nodiscard]] thread_id create_thread(void *(*start)(void *), void *argument);
void join_thread(thread_id thread);
[[nodiscard]] thread_id this_thread();
void name_thread(const char *name);
// Is it off its CPU?
[[nodiscard]] bool sleeps(thread_id thread);
// How often it has gone to sleep.
[[nodiscard]] long sleeps_so_far();
[[nodiscard]] nanoseconds now();

// Who the calling thread is, for `memory`.
[[nodiscard]] caller by_this_thread(uintptr_t pc);
[[nodiscard]] memory &the_memory();
// Is there, or was there, a thread that has not been joined, and is the memory not the caller's own
// (thread_local)?
[[nodiscard]] bool may_race(uintptr_t at);
[[noreturn]] void fail(const std::string &what);
[[nodiscard]] unsigned choose(unsigned n);

// The system (linux.cc) is as at the start: every thread is to be had, and runs on CPU 0.
void begin_system();
// Who has had which mutex last, as a number.
[[nodiscard]] uint64_t locks_state();
void refuse_threads(std::function<bool()> when);
void cpus_are(std::function<unsigned()> of_this_thread);
void begin_files();
[[nodiscard]] int wait_for_pipe(int fd, nanoseconds until); // as ppoll(2)
// Of Linux AIO; none: it is another call.
[[nodiscard]] std::optional<long> aio_call(long call, const long (&arguments)[6]);

// What a thread has seen of the others.
[[nodiscard]] const view &view_of(thread_id thread);

// The heap of a schedule. What is freed is not used again in it.
[[nodiscard]] void *allocate(size_t bytes, size_t alignment, bool zeroed, uintptr_t pc);
// False: it is not from there.
[[nodiscard]] bool release(void *at, uintptr_t pc);

} // namespace explore
