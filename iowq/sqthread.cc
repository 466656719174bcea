// SPDX-License-Identifier: MIT
#include "sqthread.h"

#include "thread.h"

#include <bit>
#include <cerrno>
#include <new>

namespace iowq {

int sqthread::create(unsigned depth, const cpu_mask &cpus, std::chrono::milliseconds idle,
                     cq &completions, std::unique_ptr<sqthread> &out) {
    try {
        if (cpu_mask::of_this_thread().count() == 1)
            idle = {}; // spinning would only keep the submitter off this CPU
        std::unique_ptr<sqthread> sq(new sqthread(depth, idle, completions));
        auto main = [](void *arg) -> void * {
            pthread_setname_np(pthread_self(), "iowq-sq");
            static_cast<sqthread *>(arg)->run();
            return nullptr;
        };
        if (int error = start_thread(sq->thread_, cpus, main, sq.get())) {
            sq->thread_ = {};
            return error;
        }
        out = std::move(sq);
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return 0;
}

sqthread::sqthread(unsigned depth, std::chrono::milliseconds idle, cq &completions)
    : completions_(completions), mask_(std::bit_ceil(depth) - 1), idle_(idle), slots_(mask_ + 1) {}

sqthread::~sqthread() {
    if (!thread_)
        return;
    stop_.store(true, std::memory_order_release); // pairs with run's acquire
    park_.unpark();
    pthread_join(thread_, nullptr);
}

void sqthread::publish() {
    // seq_cst: publishes the slots, and comes before the look at asleep_; pairs with run.
    tail_.store(next_, std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false))
        park_.unpark();
}

bool sqthread::spin_for_work(uint32_t head) {
    auto end = clock::now() + idle_;
    do {
        for (int i = 0; i < 64; i++) {
            if (tail_.load(std::memory_order_relaxed) != head)
                return true;
            cpu_relax();
        }
    } while (clock::now() < end && !stop_.load(std::memory_order_relaxed));
    return false;
}

void sqthread::run() {
    uint32_t head = 0;
    for (;;) {
        uint32_t tail = tail_.load(std::memory_order_acquire); // pairs with publish
        while (head != tail) {
            request &r = *slots_[head++ & mask_];
            issue_blocking(r);
            completions_.push(r);
        }
        if (spin_for_work(head))
            continue;
        if (stop_.load(std::memory_order_acquire) && tail_.load(std::memory_order_relaxed) == head)
            return;
        asleep_.store(true, std::memory_order_seq_cst);
        if (tail_.load(std::memory_order_seq_cst) == head) // pairs with publish
            park_.park();
        asleep_.store(false, std::memory_order_relaxed);
    }
}

} // namespace iowq
