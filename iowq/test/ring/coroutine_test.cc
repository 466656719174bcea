// SPDX-License-Identifier: MIT
// Coroutines on a ring, in every mode.
#include "iowq/ring/coroutine.h"
#include "iowq/ring/prepare.h"
#include "iowq/test/ring/requests.h"

#include <poll.h>

using namespace iowq;

namespace {

struct coroutines : testing::TestWithParam<offload> {
    std::unique_ptr<wq> pool = make();
    std::unique_ptr<ring> io;
    scratch file;
    int ended = 0;

    coroutines() {
        ring_config config{.mode = GetParam(), .depth = 4, .event_fd = true};
        EXPECT_EQ(ring::create(config, pool.get(), io), 0);
    }
    void run_until_ended(int n) {
        while (ended < n) {
            pollfd watched = {io->event_fd(), POLLIN, 0};
            ASSERT_EQ(poll(&watched, 1, -1), 1);
            io->dispatch(0, {});
        }
        EXPECT_EQ(io->in_flight(), 0u);
    }
};

INSTANTIATE_TEST_SUITE_P(ring, coroutines, testing::ValuesIn(all_modes), name_of_mode);

// Writes its own part, block by block, syncs it, and reads it again.
task write_and_check(ring &io, file &f, unsigned part, int &ended) {
    constexpr uint64_t blocks = 8;
    std::vector<char> out(block, static_cast<char>('a' + part)), in(block);
    for (uint64_t i = 0; i < blocks; i++)
        EXPECT_EQ(co_await async_write(io, f, out.data(), block, (part * blocks + i) * block),
                  static_cast<int64_t>(block));
    EXPECT_EQ(co_await async_fdatasync(io, f), 0);
    for (uint64_t i = 0; i < blocks; i++) {
        EXPECT_EQ(co_await async_read(io, f, in.data(), block, (part * blocks + i) * block),
                  static_cast<int64_t>(block));
        EXPECT_EQ(in, out);
    }
    ended++;
}

task stat_nothing(ring &io, int &ended) {
    struct statx known;
    operation looks(io, [&](request &r) { prepare_statx(r, nullptr, "", 0, 0, &known); });
    EXPECT_EQ(co_await looks, -ENOENT);
    ended++;
}

} // namespace

// More of them than the ring has room for.
TEST_P(coroutines, many_run_at_the_same_time) {
    for (unsigned part = 0; part < 16; part++)
        write_and_check(*io, file.f, part, ended);
    stat_nothing(*io, ended);
    io->commit();
    run_until_ended(17);
}
