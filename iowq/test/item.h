// SPDX-License-Identifier: MIT
// What the tests of the pool share: an item that runs a function object, and pools to run it on.
#pragma once

#include "schedule.h"
#include "wq.h"

#include <functional>
#include <gtest/gtest.h>
#include <semaphore>

// An item that runs a function object, and counts.
struct item : iowq::work {
    std::function<void(item &)> body;
    bool body_on_cancel = false;
    std::atomic<int> calls{0};
    std::atomic<bool> cancelled{false};
    std::binary_semaphore done{0};

    explicit item(std::function<void(item &)> b = {}) : body(std::move(b)) { func = call; }

    static void call(iowq::work **w) {
        auto &self = *static_cast<item *>(*w);
        self.calls++;
        self.cancelled = self.flags & iowq::work_cancel;
        if (self.body && (!self.cancelled || self.body_on_cancel))
            self.body(self);
        self.done.release(); // last: whoever waits may free the item
    }
};

inline std::unique_ptr<iowq::wq> make(const iowq::wq_config &config = {}) {
    std::unique_ptr<iowq::wq> pool;
    EXPECT_EQ(iowq::wq::create(config, pool), 0);
    return pool;
}

inline iowq::wq_config limited(unsigned workers) {
    iowq::wq_config config;
    config.max_bound = workers;
    config.max_unbound = workers;
    return config;
}

// Holds the worker that runs it until told to go on.
struct holder : item {
    std::binary_semaphore in{0}, go{0};
    holder()
        : item([this](item &) {
              in.release();
              go.acquire();
          }) {}
};

// An unbound item that is cancelled tells that the exit has begun.
struct exit_probe : item {
    exit_probe() { flags = iowq::work_unbound; }
};
