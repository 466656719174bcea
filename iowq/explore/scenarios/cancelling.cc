// SPDX-License-Identifier: MIT
// Cancelling, against all that may happen to the item meanwhile.
#include "iowq/explore/scenarios/scenario.h"

using namespace scenarios;

SCENARIO(cancel_against_take) {
    auto a = std::make_unique<item>(), b = std::make_unique<item>();
    auto pool = pool_of(small(1));
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    cancel_result of_b = pool->cancel(b.get());
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
    EXPECT((of_b == cancel_result::ok) == (b->cancelled == 1));
}

// An item that waits until it is cancelled is found, and hears of it.
SCENARIO(cancel_against_completion) {
    int fd = explore::open_file(explore::kind::pipe);
    auto a = std::make_unique<item>([&](item &self) {
        char byte;
        while (!cancel_requested()) {
            blocking sleeps(blocking::will);
            if (read_file(fd, &byte, 1, 0, 0) == -EINTR)
                continue;
        }
        self.cancelled++;
    });
    auto b = std::make_unique<item>(); // which must not be cancelled in its place
    auto pool = pool_of(small(1));
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    cancel_result of_a = pool->cancel(a.get());
    EXPECT(of_a == cancel_result::ok || of_a == cancel_result::running);
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
    EXPECT(a->cancelled == 1 && b->cancelled == 0);
}

// A canceller has what was pushed in its hands while the only worker goes to sleep.
SCENARIO(cancel_against_sleep) {
    gate second_ran;
    auto a = std::make_unique<item>([&](item &) {
        blocking sleeps(blocking::will);
        second_ran.wait();
    });
    auto b = std::make_unique<item>([&](item &) { second_ran.open(); });
    auto c = std::make_unique<item>();
    wq_config config = small(1);
    config.max_bound = 2;
    auto pool = pool_of(config);
    for (auto *i : {a.get(), b.get(), c.get()})
        EXPECT(pool->enqueue(i) == 0);
    (void)pool->cancel(c.get());
    second_ran.wait();
    end(pool);
    for (const auto *i : {a.get(), b.get(), c.get()})
        exactly_once(*i);
}

SCENARIO(two_who_cancel) {
    auto a = std::make_unique<item>(), b = std::make_unique<item>();
    auto pool = pool_of(small(1));
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    auto other = std::make_unique<cancel_result>();
    std::thread second([&] { *other = pool->cancel(b.get()); });
    cancel_result mine = pool->cancel(b.get());
    second.join();
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
    EXPECT((mine == cancel_result::ok) + (*other == cancel_result::ok) ==
           static_cast<int>(b->cancelled));
}

SCENARIO(cancel_against_exit) {
    auto a = std::make_unique<item>(nullptr, work_unbound),
         b = std::make_unique<item>(nullptr, work_unbound);
    auto pool = pool_of(small(1));
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    std::thread other([&] { (void)pool->cancel(b.get()); });
    EXPECT(pool->exit() == 0);
    other.join();
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
}
