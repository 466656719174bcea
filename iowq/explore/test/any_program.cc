// SPDX-License-Identifier: MIT
// A small program of all that a thread can do with another one, drawn by PROGRAM_SEED. What the
// search leaves out must lead nowhere new: see test_explore.py.
#include "iowq/explore/explore.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <linux/futex.h>
#include <memory>
#include <mutex>
#include <random>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace iowq {
void cpu_relax();
}

namespace {

constexpr unsigned words = 2;

struct shared {
    std::atomic<uint32_t> word[words];
    std::mutex lock[words];
    uint64_t under_lock[words] = {};
};

enum act {
    load,
    store,
    add,
    exchange_if,
    with_lock,
    try_lock,
    sleep_on,
    wake,
    spin,
    last_act = spin
};
struct step {
    act what;
    unsigned at;
};
using program = std::vector<std::vector<step>>; // of each thread

program drawn(uint64_t seed) {
    std::mt19937_64 dice(seed);
    auto roll = [&](unsigned n) { return static_cast<unsigned>(dice() % n); };
    program all(2 + roll(2));
    for (auto &thread : all)
        for (unsigned n = 2 + roll(all.size() == 2 ? 4 : 2); n > 0; n--)
            thread.push_back({static_cast<act>(roll(last_act + 1)), roll(words)});
    return all;
}

uint32_t done(const step &s, uint32_t own, shared &all) {
    using enum std::memory_order;
    auto &word = all.word[s.at];
    auto *address = reinterpret_cast<uint32_t *>(&word);
    switch (s.what) {
    case load:
        return word.load(acquire);
    case store:
        word.store(own, release);
        return 0;
    case add:
        return word.fetch_add(own, acq_rel);
    case exchange_if: {
        uint32_t expected = 0;
        return word.compare_exchange_strong(expected, own, acq_rel) ? 0 : expected;
    }
    case with_lock: {
        std::lock_guard hold(all.lock[s.at]);
        return static_cast<uint32_t>(all.under_lock[s.at] = 3 * all.under_lock[s.at] + own);
    }
    case try_lock: {
        std::unique_lock hold(all.lock[s.at], std::try_to_lock);
        if (hold)
            all.under_lock[s.at] = 3 * all.under_lock[s.at] + own;
        return hold ? static_cast<uint32_t>(all.under_lock[s.at]) : ~0u;
    }
    case sleep_on: { // not for ever
        timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        long result =
            syscall(SYS_futex, address, FUTEX_WAIT_BITSET_PRIVATE, 0, &until, nullptr, ~0);
        return result == 0 ? 0 : static_cast<uint32_t>(errno);
    }
    case wake:
        return static_cast<uint32_t>(syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, 1));
    case spin: {
        unsigned looks = 0;
        while (word.load(acquire) == 0 && ++looks < 3)
            iowq::cpu_relax();
        return looks;
    }
    }
    return 0;
}

} // namespace

SCENARIO(any_program) {
    program wanted = drawn(strtoull(getenv("PROGRAM_SEED"), nullptr, 10));
    auto all = std::make_unique<shared>();
    std::vector<std::vector<uint32_t>> found(wanted.size());
    std::vector<std::thread> threads;
    for (size_t t = 0; t < wanted.size(); t++)
        threads.emplace_back([&, t] {
            for (const step &s : wanted[t])
                found[t].push_back(done(s, static_cast<uint32_t>(t + 1), *all));
        });
    for (auto &t : threads)
        t.join();
    std::string end;
    for (const auto &of_thread : found)
        for (uint32_t value : of_thread)
            end += std::to_string(value) + " ";
    for (unsigned i = 0; i < words; i++)
        end += "; " + std::to_string(all->word[i]) + " " + std::to_string(all->under_lock[i]);
    explore::ends_as(end.c_str());
}
