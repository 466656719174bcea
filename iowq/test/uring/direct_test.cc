// SPDX-License-Identifier: MIT
// Reads and writes past the page cache, which the device does without a worker.
#include "iowq/test/child.h"
#include "iowq/test/schedule.h"
#include "iowq/test/uring/fixture.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/uio.h>

namespace {

constexpr size_t block = 4096, blocks = 64;

// Memory for O_DIRECT. It is mapped, as the device may write after a ring of the kernel's has been
// closed: into the pages, and not into what the next test has allocated there.
class buffer {
  public:
    explicit buffer(size_t bytes, char filled = ' ')
        : at_(static_cast<char *>(
              mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
          bytes_(bytes) {
        std::fill_n(at_, bytes, filled);
    }
    ~buffer() { munmap(at_, bytes_); }
    buffer(const buffer &) = delete;
    buffer &operator=(const buffer &) = delete;
    // Its block `i`.
    [[nodiscard]] char *operator[](size_t i) const { return at_ + i * block; }
    [[nodiscard]] bool is(char what, size_t from = 0, size_t count = block) const {
        return std::all_of(at_ + from, at_ + from + count, [=](char c) { return c == what; });
    }
    [[nodiscard]] size_t bytes() const { return bytes_; }

  private:
    char *at_;
    size_t bytes_;
};

char letter(size_t i) { return static_cast<char>('A' + i % 26); }

// Each block of the file holds a letter of its own.
class uring_direct : public uring_programs {
  protected:
    void SetUp() override {
        uring_programs::SetUp();
        if (IsSkipped() || HasFatalFailure())
            return;
        buffer all(blocks * block);
        for (size_t i = 0; i < blocks; i++)
            std::fill_n(all[i], block, letter(i));
        ASSERT_EQ(write(file_, all[0], all.bytes()), static_cast<ssize_t>(all.bytes()));
        ASSERT_EQ(fsync(file_), 0);
        direct_ = open(path_.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC);
        if (direct_ < 0)
            GTEST_SKIP() << "build/ is on a file system without O_DIRECT";
    }
    void TearDown() override {
        if (direct_ >= 0)
            close(direct_);
        uring_programs::TearDown();
    }
    // Adds reads of so many blocks, one after another, into `into`.
    void add_reads(program &p, const buffer &into, unsigned count) const {
        for (unsigned i = 0; i < count; i++)
            p.add(IORING_OP_READ, direct_, into[i], block, i * block);
    }
    static void expect_read(const buffer &got, unsigned count) {
        for (unsigned i = 0; i < count; i++)
            EXPECT_TRUE(got.is(letter(i), i * block)) << i;
    }

    int direct_ = -1;
};
IOWQ_ON_BOTH_URINGS(uring_direct);

TEST_P(uring_direct, each_way_to_read_and_write) {
    program p(GetParam(), 16);
    buffer got(8 * block), out(2 * block, 'w');
    iovec known{got[0], got.bytes()};
    int fds[] = {-1, direct_};
    ASSERT_EQ(GetParam().reg(p.fd, IORING_REGISTER_BUFFERS, &known, 1), 0);
    ASSERT_EQ(GetParam().reg(p.fd, IORING_REGISTER_FILES, fds, 2), 0);
    iovec in[] = {{got[1], block}, {got[2], block}}, from[] = {{out[0], block}, {out[1], block}};
    p.add(IORING_OP_READ, direct_, got[0], block, 3 * block);
    p.add(IORING_OP_READV, direct_, in, 2, 4 * block);
    p.add(IORING_OP_READ_FIXED, direct_, got[3], block, 6 * block);
    p.add(IORING_OP_READ, 1, got[4], block, 7 * block).flags = IOSQE_FIXED_FILE;
    p.add(IORING_OP_READ, file_, got[5], block, 8 * block); // by the cache
    p.add(IORING_OP_NOP);
    p.add(IORING_OP_READ, direct_, got[6], block, 9 * block).flags = IOSQE_ASYNC;
    p.add(IORING_OP_WRITEV, direct_, from, 2, 20 * block);
    p.add(IORING_OP_WRITE, direct_, out[0], block, 30 * block).rw_flags = RWF_DSYNC;
    p.add(IORING_OP_READ, direct_, got[7], 0, 0);
    std::map<uint64_t, int> expected;
    for (unsigned i = 1; i <= 10; i++)
        expected[i] = i == 6 || i == 10 ? 0 : i == 2 || i == 8 ? 2 * block : block;
    EXPECT_EQ(p.results(10), expected);
    for (size_t i = 0; i < 7; i++)
        EXPECT_TRUE(got.is(letter(3 + i), i * block)) << i;
    for (size_t i : {20u, 21u, 30u, 31u}) {
        char byte;
        EXPECT_EQ(pread(file_, &byte, 1, static_cast<off_t>(i * block)), 1);
        EXPECT_EQ(byte, i == 31 ? letter(i) : 'w') << i;
    }
}

TEST_P(uring_direct, what_ends_at_the_files_end_is_short) {
    ASSERT_EQ(ftruncate(file_, 2 * block + 512), 0);
    program p(GetParam(), 8);
    buffer got(4 * block);
    iovec in[] = {{got[0], block}, {got[2], block}};
    p.add(IORING_OP_READ, direct_, got[0], 2 * block, block);
    EXPECT_EQ(p.result(), block + 512);
    EXPECT_TRUE(got.is(letter(1)) && got.is(letter(2), block, 512));
    p.add(IORING_OP_READV, direct_, in, 2, block);
    EXPECT_EQ(p.result(), block + 512);
    EXPECT_TRUE(got.is(letter(2), 2 * block, 512));
    p.add(IORING_OP_READ, direct_, got[0], block, 4 * block);
    EXPECT_EQ(p.result(), 0);
    // A short one breaks its chain.
    p.add(IORING_OP_READ, direct_, got[0], 2 * block, block).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_NOP);
    std::map<uint64_t, int> both = p.results(2);
    EXPECT_EQ(both[p.last() - 1], block + 512);
    EXPECT_EQ(both[p.last()], -ECANCELED);
}

TEST_P(uring_direct, one_that_is_refused_takes_no_other_along) {
    program p(GetParam(), 8);
    buffer got(4 * block);
    char *nowhere = reinterpret_cast<char *>(block);
    int unreadable = open(path_.c_str(), O_WRONLY | O_DIRECT);
    p.add(IORING_OP_READ, direct_, got[0], block, 0);
    p.add(IORING_OP_READ, direct_, nowhere, block, 0);
    p.add(IORING_OP_READ, unreadable, got[3], block, 0);
    p.add(IORING_OP_READ, direct_, got[1] + 1, block - 1, 1); // as the file system says
    p.add(IORING_OP_WRITE, direct_, nowhere, block, 0);
    p.add(IORING_OP_READ, direct_, got[3], block, static_cast<uint64_t>(-4096));
    p.add(IORING_OP_READ, direct_, got[2], block, 2 * block);
    ssize_t odd = pread(direct_, got[1] + 1, block - 1, 1);
    int expected = odd < 0 ? -errno : static_cast<int>(odd);
    EXPECT_EQ(p.results(7), (std::map<uint64_t, int>{{1, block},
                                                     {2, -EFAULT},
                                                     {3, -EBADF},
                                                     {4, expected},
                                                     {5, -EFAULT},
                                                     {6, -EINVAL},
                                                     {7, block}}));
    EXPECT_TRUE(got.is(letter(0)) && got.is(letter(2), 2 * block));
    close(unreadable);
}

TEST_P(uring_direct, writes_extend_the_file) {
    ASSERT_EQ(ftruncate(file_, 0), 0);
    program p(GetParam(), 16);
    buffer out(8 * block), got(8 * block);
    for (unsigned i = 0; i < 8; i++) {
        std::fill_n(out[i], block, letter(i));
        p.add(IORING_OP_WRITE, direct_, out[i], block, i * block);
    }
    for (auto [which, result] : p.results(8))
        EXPECT_EQ(result, block) << which;
    struct stat known;
    EXPECT_EQ(fstat(file_, &known), 0);
    EXPECT_EQ(known.st_size, 8 * block);
    add_reads(p, got, 8);
    EXPECT_EQ(p.results(8).size(), 8u);
    expect_read(got, 8);
}

// Also that to which the device does not come without waiting, as it extends the file.
TEST_P(uring_direct, the_descriptor_may_be_closed_after_submission) {
    ASSERT_EQ(ftruncate(file_, 8 * block), 0);
    program p(GetParam(), 16);
    int event = eventfd(0, 0); // so that others look, too
    ASSERT_EQ(GetParam().reg(p.fd, IORING_REGISTER_EVENTFD, &event, 1), 0);
    buffer out(8 * block, 'w'), got(8 * block);
    char other_name[] = "build/uring.XXXXXX";
    int other = mkostemp(other_name, O_DIRECT);
    ASSERT_GE(other, 0);
    for (unsigned i = 0; i < 50; i++) {
        int mine = open(path_.c_str(), O_RDWR | O_DIRECT);
        for (unsigned n = 0; n < 8; n++) {
            p.add(IORING_OP_READ, mine, got[n], block, n * block);
            if (n % 4 == 0)
                p.add(IORING_OP_WRITE, mine, out[n], block, (8 + n + 8 * i) * block);
        }
        EXPECT_EQ(p.submit(), 10);
        EXPECT_EQ(dup2(other, mine), mine);
        for (auto [which, result] : p.results(10))
            EXPECT_EQ(result, block) << which;
        expect_read(got, 8);
        close(mine);
    }
    struct stat known;
    EXPECT_EQ(fstat(other, &known), 0);
    EXPECT_EQ(known.st_size, 0);
    close(event);
    close(other);
    unlink(other_name);
}

TEST_P(uring_direct, a_number_may_come_to_mean_another_file) {
    program p(GetParam(), 8);
    buffer got(block);
    std::string text(block, letter(2));
    int number = dup(direct_);
    std::vector<int> others{direct_, file_, pipe_[0], direct_, pipe_[0]};
    for (int other : others) {
        EXPECT_EQ(dup2(other, number), number);
        for (int i = 0; i < 10; i++) {
            bool stream = other == pipe_[0];
            ASSERT_TRUE(!stream || write(pipe_[1], text.data(), block) == block);
            p.add(IORING_OP_READ, number, got[0], block, stream ? 0 : 2 * block);
            EXPECT_EQ(p.result(), block);
            EXPECT_TRUE(got.is(letter(2)));
            std::fill_n(got[0], block, ' ');
        }
    }
    close(number);
}

TEST_P(uring_direct, links_and_drains_wait_for_the_device) {
    program p(GetParam(), 16);
    buffer got(4 * block);
    for (int i = 0; i < 100; i++) {
        // Each block becomes the next one's.
        p.add(IORING_OP_READ, direct_, got[0], block, 0).flags = IOSQE_IO_LINK;
        p.add(IORING_OP_WRITE, direct_, got[0], block, block).flags = IOSQE_IO_LINK;
        p.add(IORING_OP_READ, direct_, got[1], block, block).flags = IOSQE_IO_LINK;
        p.add(IORING_OP_WRITE, direct_, got[1], block, 2 * block);
        p.add(IORING_OP_READ, direct_, got[2], block, 2 * block).flags = IOSQE_IO_DRAIN;
        p.add(IORING_OP_READ, direct_, got[3], block, 3 * block);
        EXPECT_EQ(p.submit(6), 6);
        std::vector<io_uring_cqe> cqes = p.take();
        ASSERT_EQ(cqes.size(), 6u);
        for (size_t n = 0; n < 5; n++) // the last two in any order
            EXPECT_TRUE(cqes[n].user_data == p.last() - 5 + n || n == 4) << n;
        EXPECT_TRUE(got.is(letter(0), 2 * block) && got.is(letter(3), 3 * block));
        add_reads(p, got, 4);
        p.add(IORING_OP_NOP).flags = IOSQE_IO_DRAIN;
        EXPECT_EQ(p.submit(5), 5);
        cqes = p.take();
        ASSERT_EQ(cqes.size(), 5u);
        EXPECT_EQ(cqes.back().user_data, p.last());
    }
}

TEST_P(uring_direct, a_limit_and_a_cancel_leave_the_read_as_it_is) {
    program p(GetParam(), 8);
    buffer got(2 * block);
    __kernel_timespec long_time{100, 0};
    p.add(IORING_OP_READ, direct_, got[0], block, 0).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_LINK_TIMEOUT, -1, &long_time, 1);
    EXPECT_EQ(p.results(2), (std::map<uint64_t, int>{{1, block}, {2, -ECANCELED}}));
    p.add(IORING_OP_READ, direct_, got[1], block, block);
    p.add(IORING_OP_ASYNC_CANCEL, -1, reinterpret_cast<void *>(3));
    std::map<uint64_t, int> both = p.results(2);
    EXPECT_EQ(both[3], block);
    // The device has it, or a worker, where it would have waited.
    EXPECT_TRUE(both[4] == -ENOENT || both[4] == -EALREADY) << both[4];
    expect_read(got, 2);
}

TEST_P(uring_direct, a_program_may_look_without_a_call) {
    program p(GetParam(), 8);
    buffer got(8 * block);
    for (int i = 0; i < 100; i++) {
        add_reads(p, got, 8);
        EXPECT_EQ(p.submit(), 8);
        for (size_t n = 0; n < 8;)
            n += p.take().size();
        expect_read(got, 8);
    }
}

TEST_P(uring_direct, an_eventfd_tells_each_time) {
    program p(GetParam(), 8);
    buffer got(8 * block);
    int event = eventfd(0, 0);
    ASSERT_EQ(GetParam().reg(p.fd, IORING_REGISTER_EVENTFD, &event, 1), 0);
    for (int i = 0; i < 100; i++) {
        add_reads(p, got, 8);
        EXPECT_EQ(p.submit(), 8);
        for (size_t n = 0; n < 8; n += p.take().size()) {
            eventfd_t told;
            EXPECT_EQ(eventfd_read(event, &told), 0); // it waits
        }
    }
    expect_read(got, 8);
    close(event);
}

TEST_P(uring_direct, the_submission_thread_reads_too) {
    program p(GetParam(), 8, IORING_SETUP_SQPOLL);
    if (p.fd < 0)
        GTEST_SKIP() << "no submission thread for this user";
    buffer got(8 * block);
    for (int i = 0; i < 100; i++) {
        add_reads(p, got, 8);
        EXPECT_GE(p.submit(i % 2 ? 8 : 0, IORING_ENTER_SQ_WAKEUP), 0);
        for (size_t n = 0; n < 8;)
            n += p.take().size();
        expect_read(got, 8);
    }
}

TEST_P(uring_direct, none_is_lost_where_there_is_no_room) {
    program p(GetParam(), 8, 0, 8);
    buffer got(8 * block);
    std::map<uint64_t, int> found;
    for (int i = 0; i < 5; i++) {
        add_reads(p, got, 8);
        EXPECT_EQ(p.submit(), 8);
    }
    while (found.size() < 40) {
        ASSERT_EQ(p.submit(1), 0);
        for (const io_uring_cqe &cqe : p.take())
            found[cqe.user_data] = cqe.res;
    }
    for (auto [which, result] : found)
        EXPECT_EQ(result, block) << which;
}

// What others post wakes who sleeps until the device has done something, and the device wakes one
// of several.
TEST_P(uring_direct, several_wait_for_the_device_and_for_others) {
    program p(GetParam(), 64);
    buffer got(8 * block);
    std::atomic<unsigned> rounds{0};
    std::thread other([&] {
        while (rounds < 500)
            EXPECT_GE(GetParam().enter(p.fd, 0, 1, IORING_ENTER_GETEVENTS), 0);
    });
    for (; rounds < 499; rounds++) {
        add_reads(p, got, rounds % 8 + 1);
        p.add(IORING_OP_FSYNC, file_);
        p.add(IORING_OP_READ, direct_, got[0], block, 0).flags = IOSQE_ASYNC;
        int count = static_cast<int>(rounds % 8 + 3);
        EXPECT_EQ(p.submit(static_cast<unsigned>(count)), count);
        EXPECT_EQ(p.take().size(), static_cast<size_t>(count));
    }
    rounds++;
    p.add(IORING_OP_NOP); // stays
    EXPECT_EQ(p.submit(), 1);
    other.join();
}

TEST_P(uring_direct, a_ring_may_end_with_reads_in_flight) {
    buffer got(32 * block);
    for (int i = 0; i < 20; i++) {
        program p(GetParam(), 32);
        add_reads(p, got, 32);
        EXPECT_EQ(p.submit(), 32);
    }
    if (!GetParam().kernel)
        wait_for_ends();
}

// ---- that it is without a worker, and what happens where there is no AIO

// In a child where the system call fails.
int reads_without(long number, int direct) {
    return in_child([=] {
        let_fail(number, EPERM, {});
        program p(ours, 8);
        buffer got(block);
        p.add(IORING_OP_READ, direct, got[0], block, 5 * block);
        return p.result() == block && got.is(letter(5)) ? 0 : 1;
    });
}

TEST_P(uring_direct, no_worker_is_needed_nor_is_aio) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    if (GetParam().kernel)
        GTEST_SKIP() << "the kernel's own";
    wait_for_ends();
    EXPECT_EQ(reads_without(SYS_preadv2, direct_), 0);
    for (long number : {SYS_io_setup, SYS_io_submit, SYS_io_pgetevents})
        EXPECT_EQ(reads_without(number, direct_), 0) << number;
}

} // namespace
