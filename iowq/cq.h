// SPDX-License-Identifier: MIT
// Completions: any thread pushes, one thread (the submitter) reaps. Owned by its ring. It owns
// waking the reaper, too: a push costs a system call only if the reaper sleeps, and then only the
// push that completes what it waits for.
#pragma once

#include "issue.h"
#include "park.h"

namespace iowq {

class cq {
  public:
    explicit cq(std::chrono::nanoseconds spin) : spin_(spin) {}

    // Any thread. The request is the reaper's from here on.
    void push(request &r) {
        request *top = head_.load(std::memory_order_relaxed);
        do {
            r.next = top;
            // seq_cst: publishes the request to take, and comes before the look at wanted_.
        } while (!head_.compare_exchange_weak(top, &r, std::memory_order_seq_cst,
                                              std::memory_order_relaxed));
        // Pairs with wait: either this sees what it wants, or its look at head_ sees the push.
        uint32_t wanted = wanted_.load(std::memory_order_seq_cst);
        while (wanted && !wanted_.compare_exchange_weak(wanted, wanted - 1,
                                                        std::memory_order_relaxed)) {
        }
        if (wanted == 1)
            futex_wake_one(wanted_);
    }

    // Reaper only. All that has been pushed, oldest first, linked by `next`.
    [[nodiscard]] request *take() {
        if (!head_.load(std::memory_order_relaxed))
            return nullptr;
        request *newest = head_.exchange(nullptr, std::memory_order_acquire); // pairs with push
        request *oldest = nullptr;
        while (newest) {
            request *older = newest->next;
            newest->next = oldest;
            oldest = newest;
            newest = older;
        }
        return oldest;
    }

    // Reaper only. Waits until there is something to take, at best `count` of them. False: `until`
    // has passed and there is nothing.
    [[nodiscard]] bool wait(uint32_t count, deadline until) {
        if (spin_.until([this] { return head_.load(std::memory_order_relaxed) != nullptr; }))
            return true;
        wanted_.store(count, std::memory_order_seq_cst);
        bool there = head_.load(std::memory_order_seq_cst) != nullptr; // pairs with push
        while (!there) {
            uint32_t wanted = wanted_.load(std::memory_order_relaxed);
            if (wanted == 0 || (until && clock::now() >= *until))
                break;
            futex_wait(wanted_, wanted, until);
        }
        wanted_.store(0, std::memory_order_relaxed); // a late push at most wakes for nothing
        return head_.load(std::memory_order_relaxed) != nullptr;
    }

  private:
    // atomic: pushers and the reaper
    alignas(64) std::atomic<request *> head_{nullptr};
    // How many pushes are still to come before the reaper is to be woken; 0 while it is awake.
    alignas(64) std::atomic<uint32_t> wanted_{0};

    // reaper only
    alignas(64) adaptive_spin spin_;
};

} // namespace iowq
