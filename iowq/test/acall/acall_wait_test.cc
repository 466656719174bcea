// SPDX-License-Identifier: MIT
// acall: completion rings, and waiting.
#include "iowq/test/acall/async.h"

#include <vector>

class acall_completions : public acall_both_ways {};
INSTANTIATE_TEST_SUITE_P(both, acall_completions, testing::Values(in_own_thread, in_pool));

// ---- rings

TEST_P(acall_completions, reach_rings_head_first) {
    ring_of<4> ring;
    for (uint64_t i = 1; i <= 10; i++) {
        ASSERT_EQ(ring.submit(i, GetParam()), 1);
        EXPECT_EQ(ring.wait(static_cast<uint32_t>(i) - 1, 1), 1);
        EXPECT_EQ(ring.get()->head, i);
        EXPECT_EQ(static_cast<pid_t>(ring.entry(static_cast<uint32_t>(i)).return_code), getpid());
        EXPECT_EQ(ring.consume(static_cast<uint32_t>(i)), i);
    }
}

TEST_P(acall_completions, reach_the_ring_that_is_named_and_a_completion_too) {
    ring_of<2> a, b;
    async call(GetParam(), SYS_getpid);
    call.what.completion_ring_pointer = arg(b.get());
    EXPECT_EQ(a.submit(5, GetParam()), 1);
    EXPECT_EQ(call.run(), getpid());
    EXPECT_EQ(a.wait(0, 1), 1);
    EXPECT_EQ(b.wait(0, 1), 1);
    EXPECT_EQ(a.consume(1), 5u);
    EXPECT_EQ(b.consume(1), 1u);
    EXPECT_FALSE(a.has(2));
    EXPECT_FALSE(b.has(2));
}

TEST_P(acall_completions, never_overwrite_an_entry_that_has_not_been_consumed) {
    ring_of<2> ring;
    EXPECT_EQ(ring.submit(1, GetParam()), 1);
    EXPECT_EQ(ring.submit(2, GetParam()), 1);
    EXPECT_EQ(ring.submit(3, GetParam()), -EBUSY) << "be the others outstanding or not consumed";
    EXPECT_EQ(ring.wait(0, 2), 2);
    EXPECT_EQ(ring.submit(3, GetParam()), -EBUSY);
    uint64_t first = ring.consume(1);
    EXPECT_EQ(ring.submit(3, GetParam()), 1);
    EXPECT_EQ(ring.submit(4, GetParam()), -EBUSY);
    EXPECT_EQ(ring.wait(2, 1), 1);
    EXPECT_EQ(ring.consume(3), 3u);
    EXPECT_EQ(first + ring.consume(2), 3u);
}

// 2^32 is no multiple of 3: the entries of number 2^32 - 1 and of the next one, 0, are the same.
TEST_P(acall_completions, stay_apart_where_head_starts_again) {
    ring_of<3> ring;
    constexpr uint32_t last = ~0u;
    ring.get()->head = last - 1;
    silence quiet;
    char byte;
    async call = reading(GetParam(), quiet, &byte);
    call.what.completion_ring_pointer = arg(ring.get());
    EXPECT_EQ(call.submit(), 1);
    EXPECT_EQ(ring.submit(2, GetParam()), -EBUSY);
    quiet.end();
    EXPECT_EQ(ring.wait(last - 1, 1), 1);
    EXPECT_EQ(ring.submit(2, GetParam()), -EBUSY);
    EXPECT_EQ(ring.consume(last), 1u);
    EXPECT_EQ(ring.submit(2, GetParam()), 1);
    EXPECT_EQ(ring.wait(last, 1), 1);
    EXPECT_EQ(ring.get()->head, 0u);
    EXPECT_EQ(ring.consume(0), 2u);
}

TEST_P(acall_completions, of_many_threads_all_reach_one_ring) {
    ring_of<16> ring;
    std::atomic<uint64_t> submitted{0};
    uint64_t total = stress_items(500);
    std::vector<std::thread> submitters;
    for (int t = 0; t < 3; t++)
        submitters.emplace_back([&] {
            for (uint64_t mine; (mine = ++submitted) <= total;) {
                long got;
                while ((got = ring.submit(mine, GetParam())) != 1) {
                    ASSERT_EQ(got, -EBUSY);
                    std::this_thread::yield();
                }
            }
        });
    std::vector<bool> seen(total + 1);
    for (uint32_t tail = 0; tail < total; tail++) {
        while (!ring.has(tail + 1)) // no call is needed to see it
            std::this_thread::yield();
        EXPECT_GT(std::atomic_ref(ring.get()->head).load(std::memory_order_relaxed), tail);
        uint64_t cookie = ring.consume(tail + 1);
        ASSERT_LE(cookie, total);
        EXPECT_FALSE(seen[cookie]);
        seen[cookie] = true;
    }
    for (std::thread &t : submitters)
        t.join();
}

// ---- waiting

TEST_P(acall_completions, are_waited_for_until_the_time_has_passed) {
    silence quiet;
    char byte;
    async call = reading(GetParam(), quiet, &byte);
    ASSERT_EQ(call.submit(), 1);
    acall_id *ids[] = {&call.id};
    ring_of<1> ring;
    for (timespec time : {timespec{0, 0}, timespec{0, 1000000}}) {
        EXPECT_EQ(acall_comp_pwait(ids, 1, &time, nullptr, 0), 0);
        EXPECT_EQ(acall_ring_pwait(ring.get(), 0, 1, &time, nullptr, 0), 0);
    }
    quiet.end();
    EXPECT_EQ(call.wait(), 1);
    EXPECT_EQ(call.wait(), 1) << "again, as its id stays good";
}

TEST(acall_wait, for_several_ends_with_the_first) {
    silence quiet;
    char bytes[2];
    async never = reading(in_pool, quiet, &bytes[0]), soon(in_pool, SYS_getpid);
    ASSERT_EQ(never.submit(), 1);
    ASSERT_EQ(soon.submit(), 1);
    acall_id *ids[] = {&never.id, &soon.id};
    EXPECT_EQ(acall_comp_pwait(ids, 2, nullptr, nullptr, 0), 1);
    EXPECT_TRUE(soon.done());
    EXPECT_FALSE(never.done());
    quiet.end();
    EXPECT_EQ(never.wait(), 1);
    end_all();
}

TEST(acall_wait, for_a_ring_counts_what_has_come_since) {
    ring_of<4> ring;
    EXPECT_EQ(ring.wait(0, 0), 0);
    for (uint64_t i = 1; i <= 3; i++)
        ASSERT_EQ(ring.submit(i), 1);
    EXPECT_EQ(ring.wait(0, 3), 3);
    EXPECT_EQ(ring.wait(1, 1), 2);
    timespec now{0, 0};
    EXPECT_EQ(acall_ring_pwait(ring.get(), 0, 4, &now, nullptr, 0), 3);
    EXPECT_EQ(acall_ring_pwait(ring.get(), 3, 1, &now, nullptr, 0), 0);
    end_all();
}

TEST_P(acall_completions, wake_everybody_who_waits) {
    for (unsigned round = 0; round < stress_items(20); round++) {
        silence quiet;
        char byte;
        ring_of<1> ring;
        async call = reading(GetParam(), quiet, &byte);
        call.what.completion_ring_pointer = arg(ring.get());
        ASSERT_EQ(call.submit(), 1);
        std::vector<std::thread> waiters;
        for (int i = 0; i < 6; i++)
            waiters.emplace_back([&, i] {
                EXPECT_EQ(i % 2 ? call.wait() : ring.wait(0, 1), 1);
                EXPECT_EQ(call.result(), 1);
            });
        quiet.end();
        for (std::thread &t : waiters)
            t.join();
    }
}

TEST_P(acall_completions, are_waited_for_with_the_signal_mask_swapped) {
    silence quiet;
    char byte;
    async call = reading(GetParam(), quiet, &byte);
    ASSERT_EQ(call.submit(), 1);
    acall_id *ids[] = {&call.id};
    ring_of<1> ring;

    static volatile sig_atomic_t handled;
    handled = 0;
    struct sigaction action {
    }, before{};
    action.sa_handler = [](int) { handled = handled + 1; };
    ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
    sigset_t usr1, old, none;
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &usr1, &old), 0);

    pthread_kill(pthread_self(), SIGUSR1);
    timespec now{0, 0};
    EXPECT_EQ(acall_comp_pwait(ids, 1, &now, nullptr, 0), 0) << "blocked as ever";
    EXPECT_EQ(handled, 0);
    EXPECT_EQ(acall_comp_pwait(ids, 1, nullptr, &none, 8), -EINTR);
    EXPECT_EQ(handled, 1);
    pthread_kill(pthread_self(), SIGUSR1);
    EXPECT_EQ(acall_ring_pwait(ring.get(), 0, 1, nullptr, &none, 8), -EINTR);
    EXPECT_EQ(handled, 2);
    sigset_t after;
    pthread_sigmask(SIG_SETMASK, &old, &after);
    EXPECT_TRUE(sigismember(&after, SIGUSR1));

    sigaction(SIGUSR1, &before, nullptr);
    quiet.end();
    EXPECT_EQ(call.wait(), 1);
}

TEST(acall_wait, refuses_bad_arguments) {
    async call(in_pool, SYS_getpid);
    EXPECT_EQ(call.run(), getpid());
    acall_id nobodys{}, to_come = call.id;
    memset(nobodys.opaque, 0xff, sizeof nobodys.opaque);
    to_come.opaque[15] = 0x7f;
    acall_id *good[] = {&call.id}, *null[] = {&call.id, nullptr}, *bad[] = {&call.id, &nobodys},
             *future[] = {&to_come};
    timespec now{0, 0}, negative{-1, 0}, too_many{0, 1000000000};
    sigset_t none;
    sigemptyset(&none);
    EXPECT_EQ(acall_comp_pwait(good, 0, &now, nullptr, 0), -EINVAL);
    EXPECT_EQ(acall_comp_pwait(nullptr, 1, &now, nullptr, 0), -EFAULT);
    EXPECT_EQ(acall_comp_pwait(null, 2, &now, nullptr, 0), -EFAULT);
    EXPECT_EQ(acall_comp_pwait(bad, 2, &now, nullptr, 0), -EINVAL);
    EXPECT_EQ(acall_comp_pwait(future, 1, &now, nullptr, 0), -EINVAL);
    EXPECT_EQ(acall_comp_pwait(good, 1, &negative, nullptr, 0), -EINVAL);
    EXPECT_EQ(acall_comp_pwait(good, 1, &too_many, nullptr, 0), -EINVAL);
    EXPECT_EQ(acall_comp_pwait(good, 1, &now, &none, sizeof none), -EINVAL);
    EXPECT_EQ(acall_comp_pwait(good, 1, &now, nullptr, 3), 1) << "no mask, no size";

    ring_of<2> ring;
    EXPECT_EQ(acall_ring_pwait(nullptr, 0, 1, &now, nullptr, 0), -EFAULT);
    EXPECT_EQ(acall_ring_pwait(ring.get(), 0, 3, &now, nullptr, 0), -EINVAL);
    EXPECT_EQ(acall_ring_pwait(ring.get(), 1, 1, &now, nullptr, 0), -EINVAL);
    EXPECT_EQ(acall_ring_pwait(ring.get(), 0, 1, &now, &none, 4), -EINVAL);
    ring.get()->nr = 0;
    EXPECT_EQ(acall_ring_pwait(ring.get(), 0, 0, &now, nullptr, 0), -EINVAL);
    end_all();
}
