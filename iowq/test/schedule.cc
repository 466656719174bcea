// SPDX-License-Identifier: MIT
#include "schedule.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <thread>

uint64_t test_seed() {
    static const uint64_t seed = [] {
        const char *given = getenv("IOWQ_SEED");
        uint64_t s = given ? strtoull(given, nullptr, 10) : std::random_device{}();
        printf("IOWQ_SEED=%llu\n", static_cast<unsigned long long>(s));
        return s;
    }();
    return seed;
}

unsigned stress_items(unsigned share) { return getenv("IOWQ_FULL") ? 100 * share : share; }

void jitter::maybe() {
    uint64_t r = random_();
    if (r % 64 == 0)
        std::this_thread::yield();
    else if (r % 64 < 8)
        for (unsigned i = 0; i < r / 64 % 2000; i++)
            asm volatile("");
}

std::atomic<int> failing_creations{0};
std::atomic<bool> holding_creations{false};
std::atomic<int> held_creations{0};

extern "C" {
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

// The linker puts this in the library's way (--wrap).
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*main)(void *),
                          void *arg) {
    if (holding_creations.load()) {
        held_creations++;
        holding_creations.wait(true);
        held_creations--;
    }
    int left = failing_creations.load();
    while (left > 0 && !failing_creations.compare_exchange_weak(left, left - 1)) {
    }
    return left > 0 ? EAGAIN : __real_pthread_create(thread, attr, main, arg);
}
}
