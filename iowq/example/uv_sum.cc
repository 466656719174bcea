// SPDX-License-Identifier: MIT
// Adds up the bytes of a file in a libuv loop, which watches the ring's descriptor:
//   c++ -std=c++20 uv_sum.cc $(pkg-config --cflags --libs iowq libuv) -o sum && ./sum FILE
#include <iowq/ring.h>

#include <cstdio>
#include <fcntl.h>
#include <uv.h>

namespace {

struct adding_up {
    iowq::file in;
    std::unique_ptr<iowq::wq> pool;
    std::unique_ptr<iowq::ring> io;
    uv_poll_t watch;
    iowq::request read;
    unsigned char block[65536];
    unsigned long sum = 0;

    void start(uint64_t at) {
        read.prepare(iowq::opcode::read, in, block, sizeof block, at);
        io->start(read);
    }
    void read_is_over() {
        for (int64_t i = 0; i < read.result; i++)
            sum += block[i];
        if (read.result > 0)
            start(read.offset + static_cast<uint64_t>(read.result));
        else
            uv_poll_stop(&watch); // nothing is left to the loop, so it ends
    }
};

} // namespace

int main(int argc, char **argv) {
    static adding_up all;
    if (argc != 2 || all.in.examine(open(argv[1], O_RDONLY)) || iowq::wq::create({}, all.pool) ||
        iowq::ring::create({.event_fd = true}, all.pool.get(), all.io))
        return fprintf(stderr, "usage: sum FILE\n"), 1;
    all.read.then = [](iowq::request &) { all.read_is_over(); };

    uv_loop_t *loop = uv_default_loop();
    uv_poll_init(loop, &all.watch, all.io->event_fd());
    uv_poll_start(&all.watch, UV_READABLE, [](uv_poll_t *, int, int) { all.io->dispatch(0, {}); });
    all.start(0);
    all.io->commit();
    uv_run(loop, UV_RUN_DEFAULT);
    if (all.read.result < 0)
        return fprintf(stderr, "sum: error %ld\n", static_cast<long>(-all.read.result)), 1;
    printf("%lu\n", all.sum);
}
