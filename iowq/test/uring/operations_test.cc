// SPDX-License-Identifier: MIT
// Operations of files and of memory that have little to say but their results.
#include "iowq/test/uring/fixture.h"
#include "iowq/uring/newer.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>

using iowq::uring::op_ftruncate;

namespace {

class uring_operations : public uring_programs {
  protected:
    [[nodiscard]] off_t size() const {
        struct stat known {};
        EXPECT_EQ(fstat(file_, &known), 0);
        return known.st_size;
    }
    // Does a ring of this kind say that it has the operation?
    [[nodiscard]] bool has(program &p, unsigned code) const {
        constexpr unsigned most = 256;
        alignas(io_uring_probe) char
            room[sizeof(io_uring_probe) + most * sizeof(io_uring_probe_op)] = {};
        auto *probe = reinterpret_cast<io_uring_probe *>(room);
        EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_PROBE, probe, most), 0);
        return code <= probe->last_op && probe->ops[code].flags & IO_URING_OP_SUPPORTED;
    }
};

IOWQ_ON_BOTH_URINGS(uring_operations);

TEST_P(uring_operations, a_file_is_truncated) {
    program p(GetParam(), 8);
    if (!has(p, op_ftruncate))
        GTEST_SKIP() << "the kernel's has no such operation";
    p.add(op_ftruncate, file_, nullptr, 0, 12345);
    EXPECT_EQ(p.result(), 0);
    EXPECT_EQ(size(), 12345);
    p.add(op_ftruncate, file_, nullptr, 0, 5);
    EXPECT_EQ(p.result(), 0);
    EXPECT_EQ(size(), 5);
    EXPECT_EQ((p.add(op_ftruncate, pipe_[0]), p.result()), -EINVAL);
    EXPECT_EQ((p.add(op_ftruncate, -1), p.result()), -EBADF);
    EXPECT_EQ((p.add(op_ftruncate, file_, nullptr, 1), p.result()), -EINVAL) << "a length";
    int only_read = open(path_.c_str(), O_RDONLY);
    EXPECT_EQ((p.add(op_ftruncate, only_read), p.result()), -EINVAL);
    close(only_read);
}

// One is made after the other, by whoever makes it.
TEST_P(uring_operations, a_file_is_truncated_after_what_it_is_linked_to) {
    program p(GetParam(), 8);
    if (!has(p, op_ftruncate))
        GTEST_SKIP() << "the kernel's has no such operation";
    p.add(IORING_OP_WRITE, file_, "0123456789", 10, 0).flags = IOSQE_IO_LINK;
    p.add(op_ftruncate, file_, nullptr, 0, 4).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_WRITE, file_, "x", 1, 6);
    std::map<uint64_t, int> got = p.results(3);
    EXPECT_EQ(got[2], 0);
    EXPECT_EQ(got[3], 1);
    char text[8] = {};
    EXPECT_EQ(pread(file_, text, sizeof text, 0), 7);
    EXPECT_EQ(memcmp(text, "0123\0\0x", 7), 0);
}

TEST_P(uring_operations, ranges_are_written_back_and_advised) {
    program p(GetParam(), 8);
    EXPECT_EQ(pwrite(file_, "0123456789", 10, 0), 10);
    p.add(IORING_OP_SYNC_FILE_RANGE, file_, nullptr, 10).sync_range_flags =
        SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    EXPECT_EQ(p.result(), 0);
    p.add(IORING_OP_SYNC_FILE_RANGE, file_, nullptr, 10).sync_range_flags = 1u << 20;
    EXPECT_EQ(p.result(), -EINVAL) << "there is no such flag";
    p.add(IORING_OP_FADVISE, file_, nullptr, 10).fadvise_advice = POSIX_FADV_WILLNEED;
    EXPECT_EQ(p.result(), 0);
    p.add(IORING_OP_FADVISE, pipe_[0], nullptr, 10).fadvise_advice = POSIX_FADV_WILLNEED;
    EXPECT_EQ(p.result(), -ESPIPE);
    p.add(IORING_OP_FADVISE, file_, nullptr, 10).fadvise_advice = 77;
    EXPECT_EQ(p.result(), -EINVAL) << "there is no such advice";
}

TEST_P(uring_operations, memory_is_advised) {
    program p(GetParam(), 8);
    auto page = static_cast<size_t>(getpagesize());
    void *memory = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    memset(memory, 'x', page);
    p.add(IORING_OP_MADVISE, -1, memory, static_cast<unsigned>(page)).fadvise_advice =
        MADV_DONTNEED;
    EXPECT_EQ(p.result(), 0);
    EXPECT_EQ(*static_cast<char *>(memory), 0) << "the page is gone, and a new one is empty";
    munmap(memory, page);
    p.add(IORING_OP_MADVISE, -1, memory, static_cast<unsigned>(page)).fadvise_advice =
        MADV_WILLNEED;
    EXPECT_EQ(p.result(), -ENOMEM) << "nothing is mapped there";
}

TEST_P(uring_operations, pipes_are_spliced_and_teed) {
    program p(GetParam(), 8);
    EXPECT_EQ(pwrite(file_, "0123456789", 10, 0), 10);
    io_uring_sqe &from_file = p.add(IORING_OP_SPLICE, pipe_[1], nullptr, 4, UINT64_MAX);
    from_file.splice_fd_in = file_;
    from_file.splice_off_in = 3;
    EXPECT_EQ(p.result(), 4);
    int other[2];
    ASSERT_EQ(pipe(other), 0);
    p.add(IORING_OP_TEE, other[1], nullptr, 4).splice_fd_in = pipe_[0];
    EXPECT_EQ(p.result(), 4);
    for (int end : {pipe_[0], other[0]}) { // it is in both
        char got[8] = {};
        EXPECT_EQ(read(end, got, sizeof got), 4);
        EXPECT_STREQ(got, "3456");
    }
    EXPECT_EQ(write(other[1], "ab", 2), 2);
    io_uring_sqe &to_file = p.add(IORING_OP_SPLICE, file_, nullptr, 2, 1);
    to_file.splice_fd_in = other[0];
    to_file.splice_off_in = UINT64_MAX;
    EXPECT_EQ(p.result(), 2);
    char got[11] = {};
    EXPECT_EQ(pread(file_, got, 10, 0), 10);
    EXPECT_STREQ(got, "0ab3456789");
    io_uring_sqe &nothing = p.add(IORING_OP_SPLICE, file_, nullptr, 2, 0);
    nothing.splice_fd_in = file_;
    nothing.splice_off_in = 0;
    EXPECT_EQ(p.result(), -EINVAL) << "neither is a pipe";
    p.add(IORING_OP_TEE, other[1], nullptr, 4).splice_fd_in = -1;
    EXPECT_EQ(p.result(), -EBADF);
    close(other[0]);
    close(other[1]);
}

TEST_P(uring_operations, an_epoll_set_is_changed) {
    program p(GetParam(), 8);
    int set = epoll_create1(EPOLL_CLOEXEC);
    epoll_event wanted{}, got{};
    wanted.events = EPOLLIN;
    wanted.data.u64 = 42;
    auto change = [&](int how, const epoll_event *what) {
        p.add(IORING_OP_EPOLL_CTL, set, what, static_cast<unsigned>(how),
              static_cast<uint64_t>(pipe_[0]));
        return p.result();
    };
    EXPECT_EQ(change(EPOLL_CTL_MOD, &wanted), -ENOENT);
    EXPECT_EQ(change(EPOLL_CTL_ADD, &wanted), 0);
    EXPECT_EQ(change(EPOLL_CTL_ADD, &wanted), -EEXIST);
    EXPECT_EQ(write(pipe_[1], "x", 1), 1);
    EXPECT_EQ(epoll_wait(set, &got, 1, 0), 1);
    EXPECT_EQ(got.data.u64, 42u);
    EXPECT_EQ(change(EPOLL_CTL_DEL, nullptr), 0);
    EXPECT_EQ(epoll_wait(set, &got, 1, 0), 0);
    EXPECT_EQ(change(EPOLL_CTL_ADD, nullptr), -EFAULT);
    close(set);
}

} // namespace
