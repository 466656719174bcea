// SPDX-License-Identifier: MIT
#pragma once

#include "iowq/os/atomic.h"
#include "iowq/os/thread.h"

#include <gtest/gtest.h>
#include <thread>

// A loop on one CPU, as long as it lives.
struct hog {
    explicit hog(unsigned cpu) : one(iowq::cpu_mask::only(cpu)) {
        loop = std::thread([this] {
            EXPECT_EQ(iowq::move_task(0, one), 0);
            while (!stop.load(iowq::relaxed)) {
            }
        });
    }
    ~hog() {
        stop = true;
        loop.join();
    }
    const iowq::cpu_mask one;
    iowq::atomic<bool> stop{false};
    std::thread loop;
};
