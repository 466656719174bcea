// SPDX-License-Identifier: MIT
// Atomics and per-thread variables. In the library only os/ names the standard library's and the
// compiler's, so that a test build can substitute its own.
#pragma once

#include <atomic>

namespace iowq {

using std::atomic;
using std::atomic_ref; // for memory that the kernel or the program writes too
using std::memory_order;
using enum std::memory_order;

// The calling thread's own T, one for each type. T's initial value must be a constant.
template <class T>
[[nodiscard]] inline T &per_thread() {
    static constinit thread_local T own{};
    return own;
}

// How often who spins looks, between two looks at the clock.
#ifdef IOWQ_EXPLORE
void cpu_relax(); // another thread goes on (explore/linux.cc)
inline constexpr int relaxed_looks = 1;
#else
inline constexpr int relaxed_looks = 64;

inline void cpu_relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}
#endif

} // namespace iowq
