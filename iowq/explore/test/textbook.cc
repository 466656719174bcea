// SPDX-License-Identifier: MIT
// Programs that everybody knows to be right, or wrong. They use no part of the library.
#include "iowq/explore/explore.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

using std::atomic;
using enum std::memory_order;
using namespace std::chrono_literals;

namespace {

struct two_words {
    atomic<int> x{0}, y{0};
    int data = 0, seen_x = -1, seen_y = -1;
    int *left = nullptr;
};

} // namespace

// ---- publishing

template <std::memory_order Store, std::memory_order Load>
void publish() {
    auto w = std::make_unique<two_words>();
    std::thread other([&] {
        w->data = 1;
        w->x.store(1, Store);
    });
    if (w->x.load(Load))
        EXPECT(w->data == 1);
    other.join();
}
SCENARIO(right_release_acquire) { publish<release, acquire>(); }
SCENARIO(wrong_relaxed_store) { publish<relaxed, acquire>(); }
SCENARIO(wrong_relaxed_load) { publish<release, relaxed>(); }

// What is published goes on through somebody else's read-modify-write.
SCENARIO(right_release_sequence) {
    auto w = std::make_unique<two_words>();
    std::thread a([&] {
        w->data = 1;
        w->x.store(1, release);
    });
    std::thread b([&] { w->x.fetch_add(1, relaxed); });
    if (w->x.load(acquire) == 2)
        EXPECT(w->data == 1);
    a.join();
    b.join();
}

// ---- each stores, then looks at the other's (Dekker)

template <std::memory_order Store, std::memory_order Load>
void store_then_look() {
    auto w = std::make_unique<two_words>();
    std::thread other([&] {
        w->x.store(1, Store);
        w->seen_y = w->y.load(Load);
    });
    w->y.store(1, Store);
    w->seen_x = w->x.load(Load);
    other.join();
    EXPECT(w->seen_x == 1 || w->seen_y == 1);
}
SCENARIO(right_store_then_look) { store_then_look<seq_cst, seq_cst>(); }
SCENARIO(wrong_store_then_look_by_acquire) { store_then_look<release, acquire>(); }
SCENARIO(wrong_store_then_look_by_a_weak_store) { store_then_look<release, seq_cst>(); }

// One location is read in its order by all.
SCENARIO(right_coherence) {
    auto w = std::make_unique<two_words>();
    std::thread other([&] {
        w->x.store(1, relaxed);
        w->x.store(2, relaxed);
    });
    int first = w->x.load(relaxed), second = w->x.load(relaxed);
    EXPECT(first <= second);
    other.join();
}

// ---- locks, counters, waiting

SCENARIO(right_lock) {
    auto w = std::make_unique<two_words>();
    auto m = std::make_unique<std::mutex>();
    auto add = [&] {
        std::lock_guard hold(*m);
        w->data++;
    };
    std::thread other(add);
    add();
    other.join();
    EXPECT(w->data == 2);
}
SCENARIO(wrong_no_lock) {
    auto w = std::make_unique<two_words>();
    std::thread other([&] { w->data++; });
    w->data++;
    other.join();
}
SCENARIO(wrong_lost_update) {
    auto w = std::make_unique<two_words>();
    auto add = [&] { w->x.store(w->x.load(relaxed) + 1, relaxed); };
    std::thread other(add);
    add();
    other.join();
    EXPECT(w->x.load(relaxed) == 2);
}
SCENARIO(right_update) {
    auto w = std::make_unique<two_words>();
    auto add = [&] { w->x.fetch_add(1, relaxed); };
    std::thread other(add);
    add();
    other.join();
    EXPECT(w->x.load(relaxed) == 2);
}
SCENARIO(wrong_order_of_locks) {
    auto m = std::make_unique<std::mutex[]>(2);
    std::thread other([&] {
        std::lock_guard a(m[0]);
        std::lock_guard b(m[1]);
    });
    {
        std::lock_guard b(m[1]);
        std::lock_guard a(m[0]);
    }
    other.join();
}

// ---- time

// One sleeps twice, the other once for as long: they wake at the same moment, in either order.
SCENARIO(wrong_order_of_waking) {
    auto w = std::make_unique<two_words>();
    std::thread other([&] {
        std::this_thread::sleep_for(1ms);
        std::this_thread::sleep_for(1ms);
        w->x.store(1, relaxed);
    });
    std::this_thread::sleep_for(2ms);
    EXPECT(w->x.load(relaxed) == 0);
    other.join();
}
SCENARIO(right_sleep_takes_its_time) {
    auto began = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(2ms);
    EXPECT(std::chrono::steady_clock::now() - began == 2ms);
}

// ---- memory

SCENARIO(wrong_use_after_free) {
    auto *w = new two_words;
    std::thread other([&] { w->x.store(1, relaxed); });
    if (w->x.load(relaxed) == 1) { // it has stored; it may still be anywhere
        other.join();
        delete w;
        return;
    }
    delete w;
    other.join();
}
SCENARIO(wrong_leak) {
    auto w = std::make_unique<two_words>();
    std::thread other([&] {
        if (w->x.load(relaxed))
            w->left = new int(1);
    });
    w->x.store(1, relaxed);
    other.join();
}

// What was tried comes to an end: three threads, in which only one order of six is wrong.
SCENARIO(wrong_in_one_order) {
    auto w = std::make_unique<two_words>();
    std::thread a([&] { w->x.store(w->x.load(acquire) * 10 + 1, release); });
    std::thread b([&] { w->x.store(w->x.load(acquire) * 10 + 2, release); });
    w->x.store(w->x.load(acquire) * 10 + 3, release);
    a.join();
    b.join();
    EXPECT(w->x.load(acquire) != 213);
}
