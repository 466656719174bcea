// SPDX-License-Identifier: MIT
// Adds up the bytes of a file, 32 blocks at a time, even where io_uring is forbidden:
//   c++ -std=c++20 sum.cc $(pkg-config --cflags --libs iowq) -o sum && ./sum FILE
#include <iowq/ring.h>

#include <array>
#include <cstdio>
#include <fcntl.h>

int main(int argc, char **argv) {
    iowq::file in;
    std::unique_ptr<iowq::wq> pool;
    std::unique_ptr<iowq::ring> io;
    if (argc != 2 || in.examine(open(argv[1], O_RDONLY)) || iowq::wq::create({}, pool) ||
        iowq::ring::create({.mode = iowq::offload::punt}, pool.get(), io))
        return fprintf(stderr, "usage: sum FILE\n"), 1;

    static std::array<std::array<unsigned char, 65536>, 32> buffers;
    unsigned long sum = 0;
    for (uint64_t at = 0, got = 1; got > 0;) {
        std::array<iowq::request, 32> block;
        std::array<iowq::request *, 32> done;
        unsigned queued = 0;
        for (size_t i = 0; i < block.size(); i++, at += buffers[i].size()) {
            block[i].prepare(iowq::opcode::read, in, buffers[i].data(), buffers[i].size(), at);
            queued += io->submit(block[i]) == iowq::ring::submitted::queued;
        }
        io->commit();
        (void)io->reap(done, queued, {}); // waits for the reads that were not done at once
        got = 0;
        for (size_t i = 0; i < block.size(); i++)
            for (int64_t j = 0; j < block[i].result; j++, got++)
                sum += buffers[i][static_cast<size_t>(j)];
    }
    printf("%lu\n", sum);
}
