// SPDX-License-Identifier: MIT
// What the compiler calls for each access to memory in code compiled with -fsanitize=thread: the
// interface of ThreadSanitizer's runtime, here with the explorer behind it. So the program's code
// is explored as it is shipped, without a macro in it.
#include "iowq/explore/program.h"
#include "iowq/explore/scheduler.h"

using namespace explore;

namespace {

uintptr_t number(const volatile void *at) { return reinterpret_cast<uintptr_t>(at); }

void plain(const volatile void *at, size_t bytes, bool writes, uintptr_t pc) {
    if (!exploring())
        return;
    inside guard;
    note_place(pc);
    if (may_race(number(at)))
        the_memory().plain(by_this_thread(pc), number(at), bytes, writes);
}

template <class T>
T load(const volatile T *at, int order, uintptr_t pc) {
    if (!exploring())
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);
    inside guard;
    note_place(pc);
    point(number(at), false, pc);
    return static_cast<T>(the_memory().load(by_this_thread(pc), number(at), sizeof(T), order));
}

template <class T>
void store(volatile T *at, T value, int order, uintptr_t pc) {
    if (!exploring()) {
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);
        return;
    }
    inside guard;
    note_place(pc);
    point(number(at), true, pc);
    the_memory().store(by_this_thread(pc), number(at), sizeof(T), value, order);
}

// `change`: the new value for an old one, or none.
template <class T, class Change>
T modify(volatile T *at, int order, int failed, uintptr_t pc, Change change) {
    auto step = [&](uint64_t old, uint64_t &value) {
        auto wanted = change(static_cast<T>(old));
        if (wanted)
            value = *wanted;
        return wanted.has_value();
    };
    if (!exploring()) {
        T old = *at; // there is one thread
        uint64_t value;
        if (step(old, value))
            *at = static_cast<T>(value);
        return old;
    }
    inside guard;
    note_place(pc);
    point(number(at), true, pc);
    return static_cast<T>(
        the_memory().modify(by_this_thread(pc), number(at), sizeof(T), order, failed, step));
}

template <class T>
bool exchange_if(volatile T *at, T *expected, T value, int order, int failed, uintptr_t pc) {
    T wanted = *expected;
    T old = modify(at, order, failed, pc, [&](T now) -> std::optional<T> {
        return now == wanted ? std::optional(value) : std::nullopt;
    });
    if (old == wanted)
        return true;
    *expected = old;
    return false;
}

} // namespace

#define HERE reinterpret_cast<uintptr_t>(__builtin_return_address(0))

#define PLAIN(bytes)                                                                               \
    void __tsan_read##bytes(void *at) { plain(at, bytes, false, HERE); }                           \
    void __tsan_write##bytes(void *at) { plain(at, bytes, true, HERE); }                           \
    void __tsan_unaligned_read##bytes(void *at) { plain(at, bytes, false, HERE); }                 \
    void __tsan_unaligned_write##bytes(void *at) { plain(at, bytes, true, HERE); }                 \
    void __tsan_volatile_read##bytes(void *at) { plain(at, bytes, false, HERE); }                  \
    void __tsan_volatile_write##bytes(void *at) { plain(at, bytes, true, HERE); }

#define FETCH(bits, name, expression)                                                              \
    uint##bits##_t __tsan_atomic##bits##_fetch_##name(volatile uint##bits##_t *at,                 \
                                                      uint##bits##_t by, int order) {              \
        return modify(at, order, order, HERE, [&](uint##bits##_t old) {                            \
            return std::optional(static_cast<uint##bits##_t>(expression));                         \
        });                                                                                        \
    }

#define ATOMIC(bits)                                                                               \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *at, int order) {      \
        return load(at, order, HERE);                                                              \
    }                                                                                              \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *at, uint##bits##_t value,            \
                                     int order) {                                                  \
        store(at, value, order, HERE);                                                             \
    }                                                                                              \
    uint##bits##_t __tsan_atomic##bits##_exchange(volatile uint##bits##_t *at, uint##bits##_t by,  \
                                                  int order) {                                     \
        return modify(at, order, order, HERE, [&](uint##bits##_t) { return std::optional(by); });  \
    }                                                                                              \
    FETCH(bits, add, old + by)                                                                     \
    FETCH(bits, sub, old - by)                                                                     \
    FETCH(bits, and, old &by)                                                                      \
    FETCH(bits, or, old | by)                                                                      \
    FETCH(bits, xor, old ^ by)                                                                     \
    int __tsan_atomic##bits##_compare_exchange_strong(                                             \
        volatile uint##bits##_t *at, uint##bits##_t *expected, uint##bits##_t value, int order,    \
        int failed) {                                                                              \
        return exchange_if(at, expected, value, order, failed, HERE);                              \
    }                                                                                              \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile uint##bits##_t *at,                   \
                                                    uint##bits##_t *expected,                      \
                                                    uint##bits##_t value, int order, int failed) { \
        return exchange_if(at, expected, value, order, failed, HERE);                              \
    }                                                                                              \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(                                     \
        volatile uint##bits##_t *at, uint##bits##_t expected, uint##bits##_t value, int order,     \
        int failed) {                                                                              \
        exchange_if(at, &expected, value, order, failed, HERE);                                    \
        return expected;                                                                           \
    }

#pragma GCC visibility push(default)
extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void **at, void *) { plain(at, sizeof *at, true, HERE); }
void __tsan_vptr_read(void **at) { plain(at, sizeof *at, false, HERE); }
void __tsan_read_range(void *at, size_t bytes) { plain(at, bytes, false, HERE); }
void __tsan_write_range(void *at, size_t bytes) { plain(at, bytes, true, HERE); }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

// The library has none (architecture: an atomic names its partner).
void __tsan_atomic_thread_fence(int) {
    if (exploring()) {
        inside guard;
        fail("a stand-alone fence, which the explorer does not know");
    }
}
void __tsan_atomic_signal_fence(int) {}

} // extern "C"
#pragma GCC visibility pop
