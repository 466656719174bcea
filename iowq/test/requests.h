// SPDX-License-Identifier: MIT
// Files and requests for the tests of a ring.
#pragma once

#include "ring.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

constexpr size_t block = 4096;

// An unlinked file in the build's folder, of a real file system.
class scratch {
  public:
    explicit scratch(int flags = O_RDWR) {
        char name[] = "build/iowq_test.XXXXXX";
        int fd = mkstemp(name);
        EXPECT_GE(fd, 0) << "run the tests from the repository's root";
        int again = open(name, flags);
        unlink(name);
        close(fd);
        EXPECT_EQ(f.examine(again), 0);
    }
    ~scratch() { close(f.fd); }

    iowq::file f;
};

struct prepared : iowq::request {
    prepared() = default;
    prepared(iowq::file &f, iowq::opcode what, void *memory = nullptr, uint64_t at = 0,
             uint64_t bytes = 0) {
        set(f, what, memory, at, bytes);
    }
    void set(iowq::file &f, iowq::opcode what, void *memory, uint64_t at, uint64_t bytes) {
        target = &f;
        op = what;
        buffer = memory;
        offset = at;
        length = bytes;
    }
};
