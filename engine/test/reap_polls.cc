/* SPDX-License-Identifier: GPL-2.0-only */
// A reap that does not wait gets the completions that the kernel keeps until it is entered. fio
// always waits for a completion, so no job can show this. Argument: a file of at least 4 KiB. Exit
// status: 0 when the completion came, 1 when it did not in 300 s, 2 when this kernel has no such
// ring.
#include "../uring.h"

#include <fcntl.h>

int main(int, char **argv) {
    engine::uring_config config;
    config.way.defer = true;
    std::unique_ptr<engine::backend> io;
    engine::job_file from;
    engine::job_request read;
    if (engine::uring::create(config, io) || from.examine(open(argv[1], O_RDONLY | O_DIRECT)))
        return 2;
    void *page = aligned_alloc(4096, 4096);
    read.prepare(iowq::opcode::read, from, page, 4096);
    (void)io->submit(read);
    if (io->commit())
        return 2;
    iowq::request *done = nullptr;
    auto end = iowq::clock::now() + std::chrono::seconds(300);
    while (io->reap({&done, 1}, 0, {}) == 0 && iowq::clock::now() < end)
        ;
    return done == &read && read.result == 4096 ? 0 : 1;
}
