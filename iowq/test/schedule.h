// SPDX-License-Identifier: MIT
// What the tests share: a printed seed, random delays, and what can be made to fail: thread
// creation, system calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <random>
#include <thread>

// The seed of this test program's run: IOWQ_SEED if set, else a random one. Printed once.
uint64_t test_seed();

// How many items a stress test is to run: `share` in `make check`, a hundred times that under
// IOWQ_FULL=1.
unsigned stress_items(unsigned share);

// Delays a thread now and then, in ways that depend on the seed.
class jitter {
  public:
    explicit jitter(uint64_t stream) : random_(test_seed() * 1000003 + stream) {}
    void maybe();
    std::mt19937_64 &random() { return random_; }

  private:
    std::mt19937_64 random_;
};

// The next `n` calls of pthread_create fail with EAGAIN, but for those that create a monitor.
extern std::atomic<int> failing_creations;
// The next `n` that create a monitor do.
extern std::atomic<int> failing_monitors;

// While this is set, calls of pthread_create wait, and are counted, but for those that create a
// monitor.
extern std::atomic<bool> holding_creations;
extern std::atomic<int> held_creations;

// Stops creations, and lets the one that waits fail.
struct creations {
    creations() { holding_creations = true; }
    ~creations() {
        failing_creations = 0;
        go();
    }
    // Until `n` creations wait.
    static void wait(int n = 1) {
        while (held_creations < n)
            std::this_thread::yield();
    }
    static void go() {
        holding_creations = false;
        holding_creations.notify_all();
    }
    // Lets it go on, and holds the next, which is milliseconds away. False: that has got past.
    static bool fail_one() {
        int before = failing_creations;
        go();
        while (failing_creations == before || held_creations > 0)
            std::this_thread::yield();
        holding_creations = true;
        while (held_creations == 0 && failing_creations == before - 1)
            std::this_thread::yield();
        return failing_creations == before - 1;
    }
};

// How many calls of fsync and of fdatasync have begun.
extern std::atomic<unsigned> fsyncs, fdatasyncs;
// While this is set such a call waits, and is counted; a signal ends it.
extern std::atomic<bool> holding_syncs;
extern std::atomic<unsigned> held_syncs;
// Unless this is 0 they fail with it.
extern std::atomic<int> failing_syncs;

// How much swap the machine has.
extern std::atomic<unsigned long> swap;

// From here on the system call fails in this thread, and in those that it creates, as on a kernel,
// or in a container, that lacks it or a part of it: whatever its first argument, or if that is
// `command`.
void let_fail(long number, int error, std::optional<uint32_t> command = {});
