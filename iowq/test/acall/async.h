// SPDX-License-Identifier: MIT
// What the tests of acall share: calls, and rings for them.
#pragma once

#include "iowq/acall/acall.h"
#include "iowq/test/item.h"

inline constexpr uint32_t in_own_thread = 0, in_pool = ACALL_SUBMIT_THREAD_POOL;

template <class T>
uint64_t arg(T *pointer) {
    return reinterpret_cast<uintptr_t>(pointer);
}
inline uint64_t arg(long number) { return static_cast<uint64_t>(number); }

// One call, with its id and its completion.
struct async {
    acall_submission what{};
    acall_id id{};
    acall_completion comp{};

    template <class... Args>
    async(uint32_t flags, long nr, Args... args) {
        what.nr = static_cast<uint32_t>(nr);
        what.flags = flags;
        what.cookie = 1;
        what.completion_pointer = arg(&comp);
        what.id_pointer = arg(&id);
        size_t i = 0;
        ((what.args[i++] = arg(args)), ...);
    }
    async(const async &) = delete;
    async &operator=(const async &) = delete;

    long submit() {
        acall_submission *list[] = {&what};
        return acall_submit(list, 1);
    }
    long wait() {
        acall_id *ids[] = {&id};
        return acall_comp_pwait(ids, 1, nullptr, nullptr, 0);
    }
    [[nodiscard]] bool done() {
        return std::atomic_ref(comp.cookie).load(std::memory_order_acquire);
    }
    [[nodiscard]] long result() {
        EXPECT_TRUE(done());
        return static_cast<long>(comp.return_code);
    }
    long run() {
        EXPECT_EQ(submit(), 1);
        EXPECT_EQ(wait(), 1);
        return result();
    }
};

inline async reading(uint32_t flags, const silence &from, char *byte) {
    return {flags, SYS_read, from.fd[0], byte, 1};
}

template <unsigned Nr>
struct ring_of {
    alignas(acall_completion_ring) unsigned char room[sizeof(acall_completion_ring) +
                                                      Nr * sizeof(acall_completion)] = {};

    ring_of() { get()->nr = Nr; }
    acall_completion_ring *get() { return reinterpret_cast<acall_completion_ring *>(room); }
    acall_completion &entry(uint32_t place) { return get()->comps[place % Nr]; }
    [[nodiscard]] bool has(uint32_t place) {
        return std::atomic_ref(entry(place).cookie).load(std::memory_order_acquire);
    }
    // Takes one out and returns its cookie.
    uint64_t consume(uint32_t place) {
        EXPECT_TRUE(has(place));
        return std::atomic_ref(entry(place).cookie).exchange(0, std::memory_order_release);
    }
    long wait(uint32_t tail, uint32_t min) {
        return acall_ring_pwait(get(), tail, min, nullptr, nullptr, 0);
    }
    // A call that ends at once.
    long submit(uint64_t cookie, uint32_t flags = in_pool) {
        acall_submission s{};
        s.nr = SYS_getpid;
        s.flags = flags;
        s.cookie = cookie;
        s.completion_ring_pointer = arg(get());
        acall_submission *list[] = {&s};
        return acall_submit(list, 1);
    }
};

// A call that waits on a futex until it is let go, and tells when it does.
struct waiting : async {
    alignas(8) uint32_t word = 0;
    uint32_t moved_to = 0;

    explicit waiting(uint32_t flags) : async(flags, SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, 0) {}

    // A waiter can be moved to another futex, without waking it, as soon as it is one.
    void until_it_waits() {
        while (syscall(SYS_futex, &word, FUTEX_REQUEUE_PRIVATE, 0, 1, &moved_to) != 1)
            std::this_thread::yield();
    }
    // A wake that was meant for its thread before may have brought it back to the first.
    void let_go() {
        std::atomic_ref(word).store(1, std::memory_order_relaxed);
        for (uint32_t *on : {&word, &moved_to})
            syscall(SYS_futex, on, FUTEX_WAKE_PRIVATE, 1);
    }
};

// As if the process had never used it. Nothing is left of a call that is seen to be done.
inline void end_all() { EXPECT_EQ(acall_end(), 0); }

// Tests of both ways to make a call.
class acall_both_ways : public testing::TestWithParam<uint32_t> {
  protected:
    ~acall_both_ways() override { end_all(); }
};
