// SPDX-License-Identifier: MIT
// Copies a file with 16 coroutines, each of which reads a block, writes it, and takes the next:
//   c++ -std=c++20 copy.cc $(pkg-config --cflags --libs iowq) -o copy && ./copy FROM TO
#include <iowq/coroutine.h>

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <vector>

namespace {

constexpr uint64_t block = 65536;

struct copying {
    iowq::ring &io;
    iowq::file &from, &to;
    uint64_t next = 0; // the block that nobody has taken
    int64_t error = 0;
    int running = 0;
};

// Until the file's end, or until one of them fails.
iowq::task copy_blocks(copying &all) {
    std::vector<char> data(block);
    all.running++;
    while (all.error == 0) {
        uint64_t at = std::exchange(all.next, all.next + block);
        int64_t got = co_await iowq::async_read(all.io, all.from, data.data(), block, at);
        if (got > 0)
            got = co_await iowq::async_write(all.io, all.to, data.data(),
                                             static_cast<uint64_t>(got), at);
        if (got < 0)
            all.error = got;
        if (got <= 0)
            break;
    }
    all.running--;
}

iowq::task sync(copying &all) {
    all.running++;
    all.error = co_await iowq::async_fdatasync(all.io, all.to);
    all.running--;
}

int64_t copy(iowq::file &from, iowq::file &to) {
    std::unique_ptr<iowq::wq> pool;
    std::unique_ptr<iowq::ring> io;
    if (int error = iowq::wq::create({}, pool))
        return error;
    if (int error = iowq::ring::create({.depth = 16}, pool.get(), io))
        return error;
    copying all{*io, from, to};
    auto wait = [&] {
        while (all.running > 0)
            io->dispatch(1, {});
    };
    for (int i = 0; i < 16; i++)
        copy_blocks(all);
    wait();
    if (all.error == 0) {
        sync(all);
        wait();
    }
    return all.error;
}

} // namespace

int main(int argc, char **argv) {
    iowq::file from, to;
    if (argc != 3)
        return fprintf(stderr, "usage: copy FROM TO\n"), 1;
    int64_t error = from.examine(open(argv[1], O_RDONLY));
    if (!error)
        error = to.examine(open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0666));
    if (!error)
        error = copy(from, to);
    if (error)
        return fprintf(stderr, "copy: %s\n", strerror(static_cast<int>(-error))), 1;
}
