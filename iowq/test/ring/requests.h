// SPDX-License-Identifier: MIT
// Files and requests for the tests of a ring.
#pragma once

#include "iowq/ring/ring.h"
#include "iowq/test/item.h"

#include <algorithm>
#include <deque>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

constexpr size_t block = 4096;

// For tests in every mode, each under its name.
constexpr iowq::offload all_modes[] = {iowq::offload::inline_, iowq::offload::sqthread,
                                       iowq::offload::handoff, iowq::offload::sqwq,
                                       iowq::offload::hashed,  iowq::offload::punt};
inline const char *name_of_mode(const testing::TestParamInfo<iowq::offload> &info) {
    switch (info.param) {
    case iowq::offload::inline_:
        return "inline";
    case iowq::offload::sqthread:
        return "sqthread";
    case iowq::offload::handoff:
        return "handoff";
    case iowq::offload::sqwq:
        return "sqwq";
    case iowq::offload::punt:
        return "punt";
    case iowq::offload::hashed:
        return "hashed";
    }
    return "?";
}

// Submits a request, and waits for it. Returns the result.
inline int64_t run_on(iowq::ring &io, iowq::request &r) {
    if (io.submit(r) == iowq::ring::submitted::queued) {
        io.commit();
        iowq::request *got = nullptr;
        EXPECT_EQ(io.reap({&got, 1}, 1, {}), 1u);
        EXPECT_EQ(got, &r);
    }
    return r.result;
}

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

// A file of which nothing is in the page cache, if the kernel drops it.
struct cold : scratch {
    static constexpr unsigned blocks = 32;
    std::vector<char> out = std::vector<char>(blocks * block),
                      in = std::vector<char>(blocks * block);
    cold() {
        jitter random(11);
        for (char &c : out)
            c = static_cast<char>(random.random()());
        EXPECT_EQ(pwrite(f.fd, out.data(), out.size(), 0), static_cast<ssize_t>(out.size()));
        drop();
    }
    void drop() {
        EXPECT_EQ(fsync(f.fd), 0);
        EXPECT_EQ(posix_fadvise(f.fd, 0, 0, POSIX_FADV_RANDOM), 0); // no readahead
        // On a busy machine the kernel may hold a page for a while, and then does not drop it.
        for (int tries = 0; tries < 1000; tries++) {
            EXPECT_EQ(posix_fadvise(f.fd, 0, 0, POSIX_FADV_DONTNEED), 0);
            if (!is_cached())
                return;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    [[nodiscard]] bool is_cached() const {
        void *at = mmap(nullptr, out.size(), PROT_READ, MAP_SHARED, f.fd, 0);
        std::vector<unsigned char> pages(out.size() / block);
        EXPECT_EQ(mincore(at, out.size(), pages.data()), 0);
        EXPECT_EQ(munmap(at, out.size()), 0);
        return std::ranges::any_of(pages, [](unsigned char p) { return p & 1; });
    }
    // Returns how many of them are to be reaped.
    unsigned read_all(iowq::ring &io, std::deque<prepared> &reads) {
        unsigned queued = 0;
        for (unsigned i = 0; i < blocks; i++) {
            prepared &r =
                reads.emplace_back(f, iowq::opcode::read, &in[i * block], i * block, block);
            if (io.submit(r) == iowq::ring::submitted::queued)
                queued++;
        }
        io.commit();
        return queued;
    }
};
