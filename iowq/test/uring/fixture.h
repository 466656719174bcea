// SPDX-License-Identifier: MIT
// What a program may expect of io_uring: each test of this fixture runs on the kernel's, too, so
// that what is expected is what it does.
#pragma once

#include "iowq/test/uring/program.h"
#include "iowq/uring/instances.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <thread>

// Rings end in a thread of their own, and the last one takes the pool along. A child of a fork
// would have what that thread holds, and not the thread.
inline void wait_for_ends() {
    while (!iowq::uring::instances::all().idle())
        std::this_thread::yield();
}

class uring_programs : public testing::TestWithParam<which_uring> {
  protected:
    void SetUp() override {
        if (!GetParam().is_there())
            GTEST_SKIP() << "the kernel's io_uring is not to be had";
        ASSERT_EQ(pipe(pipe_), 0);
        char name[] = "build/uring.XXXXXX";
        file_ = mkstemp(name);
        path_ = name;
        ASSERT_GE(file_, 0);
    }
    void TearDown() override {
        for (int fd : {pipe_[0], pipe_[1], file_})
            if (fd >= 0)
                close(fd);
        if (!path_.empty())
            unlink(path_.c_str());
    }

    int file_ = -1, pipe_[2] = {-1, -1};
    std::string path_;
};

#define IOWQ_ON_BOTH_URINGS(fixture)                                                               \
    INSTANTIATE_TEST_SUITE_P(, fixture, testing::Values(kernel, ours),                             \
                             [](const auto &its) { return its.param.name; })
