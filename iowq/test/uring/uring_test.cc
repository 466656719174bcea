// SPDX-License-Identifier: MIT
// What a program may expect of io_uring, on the kernel's and on this one.
#include "iowq/test/child.h"
#include "iowq/test/uring/fixture.h"
#include "iowq/uring/instances.h"
#include "iowq/uring/opcodes.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <thread>

namespace {

class until_all_have_ended : public testing::Environment {
  public:
    void TearDown() override { wait_for_ends(); }
};
[[maybe_unused]] const auto *const at_the_end =
    testing::AddGlobalTestEnvironment(new until_all_have_ended);

IOWQ_ON_BOTH_URINGS(uring_programs);

TEST_P(uring_programs, write_and_read_a_file) {
    program p(GetParam(), 8);
    char text[] = "0123456789", got[16] = {};
    p.add(IORING_OP_WRITE, file_, text, 10, 0);
    EXPECT_EQ(p.result(), 10);
    p.add(IORING_OP_READ, file_, got, 4, 3);
    EXPECT_EQ(p.result(), 4);
    EXPECT_STREQ(got, "3456");
    p.add(IORING_OP_READ, file_, got, 16, 8); // over the end
    EXPECT_EQ(p.result(), 2);
    p.add(IORING_OP_READ, file_, got, 16, 10);
    EXPECT_EQ(p.result(), 0);
    p.add(IORING_OP_FSYNC, file_);
    EXPECT_EQ(p.result(), 0);
    p.add(IORING_OP_FSYNC, file_).fsync_flags = IORING_FSYNC_DATASYNC;
    EXPECT_EQ(p.result(), 0);
    p.add(IORING_OP_FALLOCATE, file_, reinterpret_cast<void *>(4096), 0, 0);
    EXPECT_EQ(p.result(), 0);
    struct stat known;
    EXPECT_EQ(fstat(file_, &known), 0);
    EXPECT_EQ(known.st_size, 4096);
}

TEST_P(uring_programs, an_offset_of_minus_one_is_the_files_position) {
    program p(GetParam(), 8);
    EXPECT_EQ(write(file_, "0123456789", 10), 10);
    lseek(file_, 2, SEEK_SET);
    char got[8] = {};
    p.add(IORING_OP_READ, file_, got, 3, static_cast<uint64_t>(-1));
    EXPECT_EQ(p.result(), 3);
    EXPECT_STREQ(got, "234");
    EXPECT_EQ(lseek(file_, 0, SEEK_CUR), 5);
}

TEST_P(uring_programs, segments_may_go_once_they_are_submitted) {
    program p(GetParam(), 8);
    for (unsigned count : {1u, 8u, 9u, 300u}) {
        std::string text(count, 'x'), got(count, ' ');
        std::vector<iovec> out(count), in(count);
        for (unsigned i = 0; i < count; i++) {
            out[i] = {&text[i], 1};
            in[i] = {&got[i], 1};
        }
        p.add(IORING_OP_WRITEV, pipe_[1], out.data(), count);
        EXPECT_EQ(p.result(), static_cast<int>(count));
        p.add(IORING_OP_READV, pipe_[0], in.data(), count).flags = IOSQE_ASYNC;
        EXPECT_EQ(p.submit(), 1);
        std::fill(in.begin(), in.end(), iovec{nullptr, 1});
        EXPECT_EQ(p.results(1).begin()->second, static_cast<int>(count));
        EXPECT_EQ(got, text);
    }
}

TEST_P(uring_programs, a_read_that_waits_is_done_when_something_comes) {
    program p(GetParam(), 8);
    char got[8] = {};
    p.add(IORING_OP_READ, pipe_[0], got, 8);
    EXPECT_EQ(p.submit(), 1);
    EXPECT_TRUE(p.take().empty());
    EXPECT_EQ(write(pipe_[1], "abc", 3), 3);
    EXPECT_EQ(p.results(1).begin()->second, 3);
    EXPECT_STREQ(got, "abc");
}

TEST_P(uring_programs, what_is_wrong_is_told_in_its_cqe) {
    program p(GetParam(), 8, IORING_SETUP_SUBMIT_ALL);
    char byte;
    EXPECT_EQ((p.add(IORING_OP_READ, 12345, &byte, 1), p.result()), -EBADF);
    EXPECT_EQ((p.add(IORING_OP_READ, file_, reinterpret_cast<void *>(8), 1), p.result()),
              0); // nothing is read
    EXPECT_EQ(write(file_, "x", 1), 1);
    EXPECT_EQ((p.add(IORING_OP_READ, file_, reinterpret_cast<void *>(8), 1), p.result()), -EFAULT);
    EXPECT_EQ((p.add(IORING_OP_READV, file_, reinterpret_cast<void *>(8), 1), p.result()), -EFAULT);
    EXPECT_EQ((p.add(IORING_OP_READV, file_, &byte, 5000), p.result()), -EINVAL);
    EXPECT_EQ((p.add(IORING_OP_OPENAT, AT_FDCWD, reinterpret_cast<void *>(8)), p.result()),
              -EFAULT);
    EXPECT_EQ((p.add(250), p.result()), -EINVAL);
    EXPECT_EQ((p.add(IORING_OP_NOP).personality = 77, p.result()), -EINVAL);
    EXPECT_EQ((p.add(IORING_OP_FSYNC, file_).fsync_flags = 8, p.result()), -EINVAL);
    io_uring_sqe &fixed = p.add(IORING_OP_READ, 0, &byte, 1);
    fixed.flags = IOSQE_FIXED_FILE;
    EXPECT_EQ(p.result(), -EBADF);
}

TEST_P(uring_programs, files_and_folders) {
    program p(GetParam(), 8);
    std::string folder = path_ + ".d", a = folder + "/a", b = folder + "/b", c = folder + "/c";
    EXPECT_EQ((p.add(IORING_OP_MKDIRAT, AT_FDCWD, folder.c_str(), 0700), p.result()), 0);
    io_uring_sqe &opens = p.add(IORING_OP_OPENAT, AT_FDCWD, a.c_str(), 0600);
    opens.open_flags = O_CREAT | O_RDWR;
    int fd = p.result();
    EXPECT_GE(fd, 0);
    struct statx known {};
    EXPECT_EQ(
        (p.add(IORING_OP_STATX, AT_FDCWD, a.c_str(), STATX_ALL, reinterpret_cast<uint64_t>(&known)),
         p.result()),
        0);
    EXPECT_EQ(known.stx_mode & 0777, 0600);
    EXPECT_EQ((p.add(IORING_OP_CLOSE, fd), p.result()), 0);
    EXPECT_EQ(fcntl(fd, F_GETFD), -1);
    auto two = [&](uint8_t op, const std::string &from, const std::string &to) {
        p.add(op, AT_FDCWD, from.c_str(), static_cast<unsigned>(AT_FDCWD),
              reinterpret_cast<uint64_t>(to.c_str()));
        return p.result();
    };
    EXPECT_EQ(two(IORING_OP_RENAMEAT, a, b), 0);
    EXPECT_EQ(two(IORING_OP_LINKAT, b, a), 0);
    p.add(IORING_OP_SYMLINKAT, AT_FDCWD, "b", 0, reinterpret_cast<uint64_t>(c.c_str()));
    EXPECT_EQ(p.result(), 0);
    for (const std::string &each : {a, b, c})
        EXPECT_EQ((p.add(IORING_OP_UNLINKAT, AT_FDCWD, each.c_str()), p.result()), 0);
    io_uring_sqe &removes = p.add(IORING_OP_UNLINKAT, AT_FDCWD, folder.c_str());
    removes.unlink_flags = AT_REMOVEDIR;
    EXPECT_EQ(p.result(), 0);
}

TEST_P(uring_programs, messages) {
    program p(GetParam(), 8);
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    char got[8] = {};
    p.add(IORING_OP_RECV, ends[1], got, 8);
    EXPECT_EQ(p.submit(), 1);
    p.add(IORING_OP_SEND, ends[0], "abc", 3);
    std::map<uint64_t, int> both = p.results(2);
    EXPECT_EQ(both[1], 3);
    EXPECT_EQ(both[2], 3);
    EXPECT_STREQ(got, "abc");
    char text[] = "defg";
    iovec part{text, 4};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    EXPECT_EQ((p.add(IORING_OP_SENDMSG, ends[0], &message, 1), p.result()), 4);
    part.iov_base = got;
    EXPECT_EQ((p.add(IORING_OP_RECVMSG, ends[1], &message, 1), p.result()), 4);
    EXPECT_STREQ(got, "defg");
    p.add(IORING_OP_RECV, ends[1], got, 8).msg_flags = MSG_DONTWAIT;
    EXPECT_EQ(p.result(), -EAGAIN);
    EXPECT_EQ((p.add(IORING_OP_SHUTDOWN, ends[0], nullptr, SHUT_WR), p.result()), 0);
    EXPECT_EQ((p.add(IORING_OP_RECV, ends[1], got, 8), p.result()), 0);
    close(ends[0]);
    close(ends[1]);
}

TEST_P(uring_programs, connect_and_accept) {
    program p(GetParam(), 8);
    sockaddr_un at{.sun_family = AF_UNIX, .sun_path = {}};
    std::string name = path_ + ".socket";
    strncpy(at.sun_path, name.c_str(), sizeof at.sun_path - 1);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr *>(&at), sizeof at), 0);
    ASSERT_EQ(listen(listener, 1), 0);
    p.add(IORING_OP_ACCEPT, listener);
    EXPECT_EQ(p.submit(), 1);
    p.add(IORING_OP_CONNECT, client, &at, 0, sizeof at);
    std::map<uint64_t, int> both = p.results(2);
    EXPECT_GE(both[1], 0);
    EXPECT_EQ(both[2], 0);
    for (int fd : {both[1], listener, client})
        close(fd);
    unlink(name.c_str());
}

TEST_P(uring_programs, sockets_with_o_nonblock_are_waited_for) {
    program p(GetParam(), 8);
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    char got[4096];
    iovec part{got, sizeof got};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    for (uint8_t flags : {uint8_t{0}, uint8_t{IOSQE_ASYNC}}) {
        p.add(IORING_OP_RECV, ends[1], got, 8).flags = flags;
        EXPECT_EQ(p.submit(), 1);
        EXPECT_TRUE(p.take().empty());
        EXPECT_EQ(write(ends[0], "abc", 3), 3);
        EXPECT_EQ(p.results(1).begin()->second, 3);
        p.add(IORING_OP_RECVMSG, ends[1], &message, 1).flags = flags;
        EXPECT_EQ(p.submit(), 1);
        EXPECT_EQ(write(ends[0], "defg", 4), 4);
        EXPECT_EQ(p.results(1).begin()->second, 4);
        for (size_t bytes : {sizeof got, size_t{1}}) // to the last byte that there is room for
            while (write(ends[0], got, bytes) > 0)
                ;
        p.add(IORING_OP_SEND, ends[0], "abc", 3).flags = flags;
        EXPECT_EQ(p.submit(), 1);
        EXPECT_TRUE(p.take().empty());
        while (read(ends[1], got, sizeof got) > 0)
            ;
        EXPECT_EQ(p.results(1).begin()->second, 3);
        EXPECT_LE(read(ends[1], got, sizeof got), 3); // some may have been read above
    }
    close(ends[0]);
    close(ends[1]);
}

TEST_P(uring_programs, listeners_and_connections_with_o_nonblock_are_waited_for) {
    program p(GetParam(), 8);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr *>(&at), sizeof at), 0);
    ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr *>(&at), &size), 0);
    int refused = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    EXPECT_EQ((p.add(IORING_OP_CONNECT, refused, &at, 0, sizeof at), p.result()), -ECONNREFUSED);
    ASSERT_EQ(listen(listener, 1), 0);
    p.add(IORING_OP_ACCEPT, listener);
    EXPECT_EQ(p.submit(), 1);
    EXPECT_TRUE(p.take().empty());
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    p.add(IORING_OP_CONNECT, client, &at, 0, sizeof at);
    std::map<uint64_t, int> both = p.results(2);
    EXPECT_GE(both[2], 0);
    EXPECT_EQ(both[3], 0);
    for (int fd : {both[2], listener, client, refused})
        close(fd);
}

TEST_P(uring_programs, polls_wait_and_are_removed) {
    program p(GetParam(), 8);
    p.add(IORING_OP_POLL_ADD, pipe_[1]).poll32_events = POLLOUT;
    EXPECT_EQ(p.result(), POLLOUT);
    p.add(IORING_OP_POLL_ADD, pipe_[0]).poll32_events = POLLIN;
    EXPECT_EQ(p.submit(), 1);
    EXPECT_EQ(write(pipe_[1], "x", 1), 1);
    EXPECT_EQ(p.results(1)[2], POLLIN);
    char byte;
    EXPECT_EQ(read(pipe_[0], &byte, 1), 1);
    p.add(IORING_OP_POLL_ADD, pipe_[0]).poll32_events = POLLIN;
    p.add(IORING_OP_POLL_REMOVE, -1, reinterpret_cast<void *>(3));
    std::map<uint64_t, int> both = p.results(2);
    EXPECT_EQ(both[3], -ECANCELED);
    EXPECT_EQ(both[4], 0);
    p.add(IORING_OP_POLL_REMOVE, -1, reinterpret_cast<void *>(3));
    EXPECT_EQ(p.result(), -ENOENT);
}

TEST_P(uring_programs, timeouts_pass_and_are_removed) {
    program p(GetParam(), 8);
    timespec soon{0, 1'000'000}, late{1000, 0}, wrong{0, -1};
    EXPECT_EQ((p.add(IORING_OP_TIMEOUT, -1, &soon, 1), p.result()), -ETIME);
    EXPECT_EQ((p.add(IORING_OP_TIMEOUT, -1, &wrong, 1), p.result()), -EINVAL);
    p.add(IORING_OP_TIMEOUT, -1, &late, 1);
    p.add(IORING_OP_TIMEOUT_REMOVE, -1, reinterpret_cast<void *>(3));
    std::map<uint64_t, int> both = p.results(2);
    EXPECT_EQ(both[3], -ECANCELED);
    EXPECT_EQ(both[4], 0);
    EXPECT_EQ((p.add(IORING_OP_TIMEOUT_REMOVE, -1, reinterpret_cast<void *>(3)), p.result()),
              -ENOENT);
}

TEST_P(uring_programs, what_waits_is_cancelled_and_what_is_not_there_is_not) {
    program p(GetParam(), 8);
    char got[2];
    p.add(IORING_OP_READ, pipe_[0], got, 1);
    p.add(IORING_OP_READ, pipe_[0], got, 1);
    EXPECT_EQ(p.submit(), 2);
    p.add(IORING_OP_ASYNC_CANCEL, -1, reinterpret_cast<void *>(1));
    std::map<uint64_t, int> two = p.results(2);
    EXPECT_TRUE(two[1] == -ECANCELED || two[1] == -EINTR) << two[1];
    EXPECT_TRUE(two[3] == 0 || two[3] == -EALREADY) << two[3];
    p.add(IORING_OP_ASYNC_CANCEL, -1, reinterpret_cast<void *>(77));
    EXPECT_EQ(p.result(), -ENOENT);
    EXPECT_EQ(write(pipe_[1], "x", 1), 1);
    EXPECT_EQ(p.results(1)[2], 1);
}

TEST_P(uring_programs, a_chain_is_made_in_order_and_broken_by_an_error) {
    program p(GetParam(), 8);
    char got[4] = {};
    p.add(IORING_OP_WRITE, file_, "ab", 2).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_FSYNC, file_).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_READ, file_, got, 2);
    for (auto [data, res] : p.results(3))
        EXPECT_EQ(res, data == 2 ? 0 : 2);
    EXPECT_STREQ(got, "ab");
    p.add(IORING_OP_READ, 12345, got, 2).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_NOP).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_NOP);
    for (auto [data, res] : p.results(3))
        EXPECT_EQ(res, data == 4 ? -EBADF : -ECANCELED);
}

TEST_P(uring_programs, a_short_read_breaks_a_chain_unless_it_is_hard) {
    program p(GetParam(), 8);
    EXPECT_EQ(write(file_, "ab", 2), 2);
    char got[8];
    p.add(IORING_OP_READ, file_, got, 8).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_NOP);
    std::map<uint64_t, int> both = p.results(2);
    EXPECT_EQ(both[1], 2);
    EXPECT_EQ(both[2], -ECANCELED);
    p.add(IORING_OP_READ, file_, got, 8).flags = IOSQE_IO_HARDLINK;
    p.add(IORING_OP_NOP);
    both = p.results(2);
    EXPECT_EQ(both[3], 2);
    EXPECT_EQ(both[4], 0);
}

TEST_P(uring_programs, a_link_timeout_cancels_what_takes_longer) {
    program p(GetParam(), 8);
    timespec soon{0, 5'000'000}, late{1000, 0};
    char byte;
    p.add(IORING_OP_READ, pipe_[0], &byte, 1).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_LINK_TIMEOUT, -1, &soon, 1);
    std::map<uint64_t, int> two = p.results(2);
    EXPECT_TRUE(two[1] == -ECANCELED || two[1] == -EINTR) << two[1];
    EXPECT_TRUE(two[2] == -ETIME || two[2] == -EALREADY) << two[2];
    p.add(IORING_OP_READ, pipe_[0], &byte, 1).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_LINK_TIMEOUT, -1, &late, 1).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.submit(), 3);
    EXPECT_EQ(write(pipe_[1], "x", 1), 1);
    std::map<uint64_t, int> three = p.results(3);
    EXPECT_EQ(three[3], 1);
    EXPECT_EQ(three[4], -ECANCELED);
    EXPECT_EQ(three[5], 0);
    p.add(IORING_OP_NOP).flags = IOSQE_IO_LINK; // done before the timeout could begin
    p.add(IORING_OP_LINK_TIMEOUT, -1, &late, 1);
    two = p.results(2);
    EXPECT_EQ(two[6], 0);
    EXPECT_EQ(two[7], -ECANCELED);
    EXPECT_EQ((p.add(IORING_OP_LINK_TIMEOUT, -1, &late, 1), p.result()), -EINVAL); // of nothing
}

TEST_P(uring_programs, link_timeouts_race_with_what_they_limit) {
    program p(GetParam(), 64);
    for (int round = 0; round < 50; round++) {
        timespec soon{0, 10'000 + round * 1000};
        char bytes[8];
        for (char &byte : bytes) {
            p.add(IORING_OP_READ, pipe_[0], &byte, 1).flags = IOSQE_IO_LINK;
            p.add(IORING_OP_LINK_TIMEOUT, -1, &soon, 1);
        }
        EXPECT_EQ(p.submit(), 16);
        EXPECT_EQ(write(pipe_[1], "xxxx", 4), 4);
        EXPECT_EQ(p.results(16).size(), 16u);
        char rest[4];
        fcntl(pipe_[0], F_SETFL, O_NONBLOCK);
        (void)!read(pipe_[0], rest, sizeof rest);
        fcntl(pipe_[0], F_SETFL, 0);
    }
}

TEST_P(uring_programs, what_has_success_skipped_tells_its_failure_only) {
    program p(GetParam(), 8);
    p.add(IORING_OP_NOP).flags = IOSQE_CQE_SKIP_SUCCESS;
    char byte;
    p.add(IORING_OP_READ, 12345, &byte, 1).flags = IOSQE_CQE_SKIP_SUCCESS;
    std::map<uint64_t, int> one = p.results(1);
    EXPECT_EQ(one.size(), 1u);
    EXPECT_EQ(one[2], -EBADF);
}

TEST_P(uring_programs, a_broken_chain_tells_no_more_if_what_broke_it_had_success_skipped) {
    program p(GetParam(), 8);
    char byte;
    for (unsigned skips : {0u, 1u}) {
        p.add(IORING_OP_READ, 12345, &byte, 1).flags =
            IOSQE_IO_LINK | (skips ? IOSQE_CQE_SKIP_SUCCESS : 0);
        p.add(IORING_OP_NOP).flags = IOSQE_IO_LINK | (skips ? 0 : IOSQE_CQE_SKIP_SUCCESS);
        p.add(IORING_OP_NOP);
        EXPECT_EQ(p.results(skips ? 1 : 3).size(), skips ? 1u : 3u);
    }
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.results(1).begin()->second, 0); // nothing came after it
}

TEST_P(uring_programs, what_drains_waits_for_all_before_it_and_is_waited_for) {
    program p(GetParam(), 8);
    char got[2];
    p.add(IORING_OP_READ, pipe_[0], got, 1);
    p.add(IORING_OP_NOP).flags = IOSQE_IO_DRAIN;
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.submit(), 3);
    EXPECT_TRUE(p.take().empty());
    EXPECT_EQ(write(pipe_[1], "x", 1), 1);
    std::vector<uint64_t> order;
    while (order.size() < 3) {
        EXPECT_EQ(GetParam().enter(p.fd, 0, 1, IORING_ENTER_GETEVENTS), 0);
        for (const io_uring_cqe &cqe : p.take())
            order.push_back(cqe.user_data);
    }
    EXPECT_EQ(order, (std::vector<uint64_t>{1, 2, 3}));
}

TEST_P(uring_programs, a_chain_drains_if_one_of_it_does) {
    program p(GetParam(), 8);
    char got[2];
    p.add(IORING_OP_READ, pipe_[0], got, 1);
    p.add(IORING_OP_NOP).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_NOP).flags = IOSQE_IO_DRAIN;
    EXPECT_EQ(p.submit(), 3);
    EXPECT_TRUE(p.take().empty());
    EXPECT_EQ(write(pipe_[1], "x", 1), 1);
    EXPECT_EQ(p.results(3).size(), 3u);
}

TEST_P(uring_programs, completions_without_room_are_kept_and_flagged) {
    program p(GetParam(), 4, 0, 4);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++)
            p.add(IORING_OP_NOP);
        EXPECT_EQ(p.submit(), 4);
    }
    EXPECT_TRUE(*p.sq_word(p.params().sq_off.flags) & IORING_SQ_CQ_OVERFLOW);
    std::vector<uint64_t> order;
    while (order.size() < 12) {
        for (const io_uring_cqe &cqe : p.take())
            order.push_back(cqe.user_data);
        EXPECT_EQ(GetParam().enter(p.fd, 0, order.size() < 12, IORING_ENTER_GETEVENTS), 0);
    }
    for (unsigned i = 0; i < 12; i++)
        EXPECT_EQ(order[i], i + 1);
    EXPECT_FALSE(*p.sq_word(p.params().sq_off.flags) & IORING_SQ_CQ_OVERFLOW);
}

TEST_P(uring_programs, a_wait_ends_when_its_time_is_up) {
    program p(GetParam(), 4);
    timespec soon{0, 1'000'000};
    io_uring_getevents_arg how{0, _NSIG / 8, 0, reinterpret_cast<uint64_t>(&soon)};
    unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
    EXPECT_EQ(GetParam().enter(p.fd, 0, 1, flags, &how, sizeof how), -ETIME);
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.submit(), 1);
    EXPECT_EQ(GetParam().enter(p.fd, 0, 2, flags, &how, sizeof how), 0); // one is there
    EXPECT_EQ(GetParam().enter(p.fd, 0, 1, flags, &how, 3), -EINVAL);
}

TEST_P(uring_programs, submission_stops_at_what_is_wrong) {
    program p(GetParam(), 8);
    p.add(IORING_OP_NOP);
    p.add(250);
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.submit(), 2);
    EXPECT_EQ(p.take().size(), 2u);
    EXPECT_EQ(GetParam().enter(p.fd, 1, 0, 0), 1);
    EXPECT_EQ(p.take().size(), 1u);
}

TEST_P(uring_programs, an_sqe_that_is_not_there_is_dropped) {
    program p(GetParam(), 4);
    p.add(IORING_OP_NOP);
    p.array()[0] = 4711;
    EXPECT_LE(p.submit(), 0);
    EXPECT_TRUE(p.take().empty());
    EXPECT_EQ(*p.sq_word(p.params().sq_off.dropped), 1u);
}

TEST_P(uring_programs, queues_with_nonsense_in_them_harm_nobody) {
    program p(GetParam(), 4);
    *p.sq_word(p.params().sq_off.tail) = 0x80000000u;
    *p.sq_word(p.params().sq_off.ring_mask) = 0xffffffffu;
    (void)GetParam().enter(p.fd, 100, 0, 0);
    *p.cq_word(p.params().cq_off.head) = 0x1234567u;
    *p.cq_word(p.params().cq_off.ring_mask) = 0xffffffffu;
    (void)GetParam().enter(p.fd, 100, 0, IORING_ENTER_GETEVENTS);
    program another(GetParam(), 4);
    another.add(IORING_OP_NOP);
    EXPECT_EQ(another.result(), 0);
}

TEST_P(uring_programs, registered_files_survive_their_close) {
    program p(GetParam(), 8);
    int fds[] = {file_, -1};
    EXPECT_EQ(GetParam().reg(p.fd, IORING_UNREGISTER_FILES, nullptr, 0), -ENXIO);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_FILES, fds, 2), 0);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_FILES, fds, 2), -EBUSY);
    close(std::exchange(file_, -1));
    p.add(IORING_OP_WRITE, 0, "abc", 3).flags = IOSQE_FIXED_FILE;
    EXPECT_EQ(p.result(), 3);
    p.add(IORING_OP_WRITE, 1, "abc", 3).flags = IOSQE_FIXED_FILE;
    EXPECT_EQ(p.result(), -EBADF);
    p.add(IORING_OP_FILES_UPDATE, -1, &pipe_[1], 1, 1);
    EXPECT_EQ(p.result(), 1);
    p.add(IORING_OP_WRITE, 1, "abc", 3).flags = IOSQE_FIXED_FILE;
    EXPECT_EQ(p.result(), 3);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_UNREGISTER_FILES, nullptr, 0), 0);
}

// So many empty slots for registered files.
int add_slots(const which_uring &on, int fd, unsigned count) {
    io_uring_rsrc_register asked{};
    asked.nr = count;
    asked.flags = IORING_RSRC_REGISTER_SPARSE;
    return on.reg(fd, IORING_REGISTER_FILES2, &asked, sizeof asked);
}

TEST_P(uring_programs, files_are_opened_into_slots_and_closed_there) {
    program p(GetParam(), 8);
    auto opens = [&](unsigned index, unsigned flags = O_RDWR) {
        io_uring_sqe &sqe = p.add(IORING_OP_OPENAT, AT_FDCWD, path_.c_str());
        sqe.open_flags = flags;
        sqe.file_index = index;
        return p.result();
    };
    auto closes = [&](unsigned index) {
        p.add(IORING_OP_CLOSE, 0).file_index = index;
        return p.result();
    };
    EXPECT_EQ(opens(1), -ENXIO);
    EXPECT_EQ(opens(IORING_FILE_INDEX_ALLOC), -ENFILE);
    EXPECT_EQ(closes(1), -ENXIO);
    ASSERT_EQ(add_slots(GetParam(), p.fd, 3), 0);
    int next = dup(file_);
    close(next);
    EXPECT_EQ(opens(2), 0);
    EXPECT_EQ(opens(2), 0); // in place of the other
    EXPECT_EQ(dup(file_), next);
    close(next);
    p.add(IORING_OP_WRITE, 1, "abc", 3).flags = IOSQE_FIXED_FILE;
    EXPECT_EQ(p.result(), 3);
    EXPECT_EQ(closes(2), 0);
    EXPECT_EQ(closes(2), -EBADF);
    EXPECT_EQ(closes(4), -EINVAL);
    EXPECT_EQ(opens(4), -EINVAL);
    EXPECT_EQ(opens(1, O_RDWR | O_CLOEXEC), -EINVAL);
    EXPECT_EQ(opens(1, O_RDWR | O_CREAT | O_EXCL), -EEXIST);
    EXPECT_EQ(opens(IORING_FILE_INDEX_ALLOC), 1); // the one that was closed last
    EXPECT_EQ(opens(IORING_FILE_INDEX_ALLOC), 2);
    EXPECT_EQ(opens(IORING_FILE_INDEX_ALLOC), 0);
    EXPECT_EQ(opens(IORING_FILE_INDEX_ALLOC), -ENFILE);
    io_uring_file_index_range some{1, 2, 0};
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_FILE_ALLOC_RANGE, &some, 0), 0);
    EXPECT_EQ(closes(1), 0);
    EXPECT_EQ(opens(IORING_FILE_INDEX_ALLOC), -ENFILE);
    EXPECT_EQ(closes(3), 0);
    EXPECT_EQ(opens(IORING_FILE_INDEX_ALLOC), 2);
    some.len = 3;
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_FILE_ALLOC_RANGE, &some, 0), -EINVAL);
    EXPECT_EQ((p.add(IORING_OP_CLOSE, file_).file_index = 1, p.result()), -EINVAL);
    p.add(IORING_OP_CLOSE, 2).flags = IOSQE_FIXED_FILE;
    EXPECT_EQ(p.result(), -EBADF);
}

TEST_P(uring_programs, openat2s_how_may_go_once_it_is_submitted) {
    program p(GetParam(), 8);
    ASSERT_EQ(add_slots(GetParam(), p.fd, 1), 0);
    char byte;
    open_how how{};
    how.flags = O_RDONLY;
    p.add(IORING_OP_READ, pipe_[0], &byte, 1).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_OPENAT2, AT_FDCWD, path_.c_str(), sizeof how, reinterpret_cast<uint64_t>(&how))
        .file_index = 1;
    EXPECT_EQ(p.submit(), 2);
    how.flags = O_RDONLY | O_DIRECTORY;
    EXPECT_EQ(write(pipe_[1], "x", 1), 1);
    EXPECT_EQ(p.results(2)[2], 0);
    p.add(IORING_OP_READ, 0, &byte, 1).flags = IOSQE_FIXED_FILE;
    EXPECT_EQ(p.result(), 0);
    p.add(IORING_OP_OPENAT2, AT_FDCWD, path_.c_str(), 8, reinterpret_cast<uint64_t>(&how));
    EXPECT_EQ(p.result(), -EINVAL);
}

TEST_P(uring_programs, what_is_linked_uses_the_slot_that_was_filled_before_it) {
    program p(GetParam(), 8);
    ASSERT_EQ(add_slots(GetParam(), p.fd, 2), 0);
    EXPECT_EQ(write(file_, "abc", 3), 3);
    char got[4] = {};
    for (int round = 0; round < 2; round++) { // empty, and with the other end of a pipe in it
        io_uring_sqe &opens = p.add(IORING_OP_OPENAT, AT_FDCWD, path_.c_str());
        opens.file_index = 1;
        opens.flags = IOSQE_IO_LINK;
        p.add(IORING_OP_READ, 0, got, 3).flags = IOSQE_FIXED_FILE;
        EXPECT_EQ(p.results(2)[p.last()], 3);
        EXPECT_STREQ(got, "abc");
        io_uring_files_update another{0, 0, reinterpret_cast<uint64_t>(&pipe_[1])};
        EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_FILES_UPDATE, &another, 1), 1);
    }
    p.add(IORING_OP_NOP);
    p.add(IORING_OP_READ, 1, got, 3).flags = IOSQE_FIXED_FILE; // nothing is in it
    p.add(IORING_OP_NOP);
    std::map<uint64_t, int> three = p.results(3);
    EXPECT_EQ(three[p.last() - 1], -EBADF);
    EXPECT_EQ(three[p.last()], 0);
    io_uring_sqe &polls = p.add(IORING_OP_POLL_ADD, 0);
    polls.poll32_events = POLLOUT;
    polls.flags = IOSQE_FIXED_FILE | IOSQE_IO_DRAIN;
    EXPECT_EQ(p.result(), POLLOUT);
}

TEST_P(uring_programs, sockets_are_made_and_accepted_into_slots) {
    program p(GetParam(), 8);
    ASSERT_EQ(add_slots(GetParam(), p.fd, 2), 0);
    p.add(IORING_OP_SOCKET, AF_UNIX, nullptr, 0, SOCK_STREAM).file_index = 1;
    EXPECT_EQ(p.result(), 0);
    p.add(IORING_OP_SOCKET, AF_UNIX, nullptr, 0, SOCK_STREAM | SOCK_CLOEXEC).file_index = 1;
    EXPECT_EQ(p.result(), -EINVAL);
    sockaddr_un at{.sun_family = AF_UNIX, .sun_path = {}};
    std::string name = path_ + ".socket";
    strncpy(at.sun_path, name.c_str(), sizeof at.sun_path - 1);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr *>(&at), sizeof at), 0);
    ASSERT_EQ(listen(listener, 1), 0);
    p.add(IORING_OP_ACCEPT, listener).file_index = IORING_FILE_INDEX_ALLOC;
    p.add(IORING_OP_CONNECT, 0, &at, 0, sizeof at).flags = IOSQE_FIXED_FILE;
    std::map<uint64_t, int> both = p.results(2);
    EXPECT_EQ(both[p.last() - 1], 1);
    EXPECT_EQ(both[p.last()], 0);
    p.add(IORING_OP_SEND, 1, "abc", 3).flags = IOSQE_FIXED_FILE;
    EXPECT_EQ(p.result(), 3);
    char got[4] = {};
    p.add(IORING_OP_RECV, 0, got, 3).flags = IOSQE_FIXED_FILE;
    EXPECT_EQ(p.result(), 3);
    EXPECT_STREQ(got, "abc");
    close(listener);
    unlink(name.c_str());
}

TEST_P(uring_programs, slots_are_chosen_by_an_update_and_none_takes_a_ring) {
    program p(GetParam(), 8);
    p.add(IORING_OP_FILES_UPDATE, -1, &p.fd, 1, IORING_FILE_INDEX_ALLOC);
    EXPECT_EQ(p.result(), -ENXIO); // that there are none is told first
    ASSERT_EQ(add_slots(GetParam(), p.fd, 3), 0);
    int two[] = {file_, pipe_[1]};
    p.add(IORING_OP_FILES_UPDATE, -1, two, 2, IORING_FILE_INDEX_ALLOC);
    EXPECT_EQ(p.result(), 2);
    EXPECT_EQ(two[0], 0);
    EXPECT_EQ(two[1], 1);
    int more[] = {file_, file_};
    p.add(IORING_OP_FILES_UPDATE, -1, more, 2, IORING_FILE_INDEX_ALLOC);
    EXPECT_EQ(p.result(), 1); // that is all the room
    p.add(IORING_OP_FILES_UPDATE, -1, more, 1, IORING_FILE_INDEX_ALLOC);
    EXPECT_EQ(p.result(), -ENFILE);
    program another(GetParam(), 8);
    EXPECT_EQ(GetParam().reg(another.fd, IORING_REGISTER_FILES, &p.fd, 1), -EBADF);
    EXPECT_EQ((p.add(IORING_OP_CLOSE, another.fd), p.result()), -EBADF);
}

TEST_P(uring_programs, registered_buffers_are_kept_to) {
    program p(GetParam(), 8);
    std::vector<char> bytes(8192);
    iovec buffer{bytes.data(), 4096};
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_BUFFERS, &buffer, 1), 0);
    p.add(IORING_OP_WRITE_FIXED, file_, bytes.data(), 4096);
    EXPECT_EQ(p.result(), 4096);
    p.add(IORING_OP_WRITE_FIXED, file_, bytes.data() + 1, 4096);
    EXPECT_EQ(p.result(), -EFAULT);
    p.add(IORING_OP_READ_FIXED, file_, bytes.data(), 1).buf_index = 1;
    EXPECT_EQ(p.result(), -EFAULT);
}

TEST_P(uring_programs, an_event_tells_completions) {
    program p(GetParam(), 8);
    int event = eventfd(0, EFD_NONBLOCK);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_EVENTFD, &event, 1), 0);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_EVENTFD, &event, 1), -EBUSY);
    uint64_t count = 0;
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.result(), 0);
    EXPECT_EQ(read(event, &count, sizeof count), 8);
    *p.cq_word(p.params().cq_off.flags) = IORING_CQ_EVENTFD_DISABLED;
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.result(), 0);
    EXPECT_EQ(read(event, &count, sizeof count), -1);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_UNREGISTER_EVENTFD, nullptr, 0), 0);
    close(event);
}

TEST_P(uring_programs, a_submission_thread_submits_and_is_woken) {
    program its(GetParam(), 8, IORING_SETUP_SQPOLL);
    ASSERT_GE(its.fd, 0);
    for (int i = 0; i < 20; i++) {
        its.add(IORING_OP_NOP);
        EXPECT_EQ(its.submit(1, IORING_ENTER_SQ_WAKEUP), 1);
        EXPECT_EQ(its.take().size(), 1u);
    }
}

TEST_P(uring_programs, a_ring_that_is_disabled_is_enabled_first) {
    program p(GetParam(), 4, IORING_SETUP_R_DISABLED);
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.submit(), -EBADFD);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0), 0);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0), -EBADFD);
    EXPECT_EQ(GetParam().enter(p.fd, 1, 1, IORING_ENTER_GETEVENTS), 1);
}

TEST_P(uring_programs, the_workers_go_where_they_are_told) {
    program p(GetParam(), 4);
    cpu_set_t here;
    ASSERT_EQ(sched_getaffinity(0, sizeof here, &here), 0);
    auto set = [&](void *cpus, unsigned bytes) {
        return GetParam().reg(p.fd, IORING_REGISTER_IOWQ_AFF, cpus, bytes);
    };
    EXPECT_EQ(set(nullptr, sizeof here), -EINVAL);
    EXPECT_EQ(set(reinterpret_cast<void *>(8), sizeof here), -EFAULT);
    EXPECT_EQ(set(&here, sizeof here), 0);
    p.add(IORING_OP_FSYNC, file_);
    EXPECT_EQ(p.result(), 0);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_UNREGISTER_IOWQ_AFF, &here, sizeof here), -EINVAL);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_UNREGISTER_IOWQ_AFF, nullptr, 0), 0);
}

TEST_P(uring_programs, setup_refuses_what_makes_no_sense) {
    auto refused = [&](unsigned entries, unsigned flags, unsigned cq) {
        io_uring_params p{};
        p.flags = flags;
        p.cq_entries = cq;
        int fd = GetParam().setup(entries, &p);
        if (fd >= 0)
            close(fd);
        return fd;
    };
    EXPECT_EQ(refused(0, 0, 0), -EINVAL);
    EXPECT_EQ(refused(40000, 0, 0), -EINVAL);
    EXPECT_EQ(refused(4, 1u << 31, 0), -EINVAL);
    EXPECT_EQ(refused(8, IORING_SETUP_CQSIZE, 4), -EINVAL);
    EXPECT_EQ(refused(4, IORING_SETUP_SQ_AFF, 0), -EINVAL);
    EXPECT_EQ(refused(4, IORING_SETUP_DEFER_TASKRUN, 0), -EINVAL);
    EXPECT_EQ(refused(4, IORING_SETUP_ATTACH_WQ, 0), -EINVAL); // 0 is no ring
    EXPECT_EQ(GetParam().setup(4, nullptr), -EFAULT);
    EXPECT_EQ(GetParam().enter(-1, 0, 0, 0), -EBADF);
    EXPECT_EQ(GetParam().enter(pipe_[0], 0, 0, 0), -EOPNOTSUPP);
    program p(GetParam(), 4);
    EXPECT_EQ(GetParam().enter(p.fd, 0, 0, 1u << 20), -EINVAL);
    EXPECT_EQ(GetParam().reg(p.fd, 250, nullptr, 0), -EINVAL);
}

TEST_P(uring_programs, several_threads_share_a_ring) {
    program p(GetParam(), 64, 0, 1024);
    std::atomic<unsigned> taken = 0;
    constexpr unsigned all = 400;
    std::thread waits([&] {
        for (unsigned got = 0; got < all; taken = got) {
            (void)GetParam().enter(p.fd, 0, 1, IORING_ENTER_GETEVENTS);
            got += static_cast<unsigned>(p.take().size());
        }
    });
    char byte[all];
    for (unsigned i = 0; i < all; i++) {
        p.add(i % 2 ? IORING_OP_NOP : IORING_OP_READ, pipe_[0], &byte[i], 1);
        EXPECT_EQ(p.submit(), 1);
        if (i % 2 == 0) {
            EXPECT_EQ(write(pipe_[1], "x", 1), 1);
        }
    }
    waits.join();
    EXPECT_EQ(taken, all);
}

TEST(uring, a_ring_ends_with_its_last_descriptor) {
    int fd, second, ends[2];
    ASSERT_EQ(pipe(ends), 0);
    char byte;
    std::weak_ptr<iowq::uring::instance> its;
    {
        program p(ours, 4);
        fd = p.fd;
        second = dup(fd);
        std::shared_ptr<iowq::uring::instance> found;
        EXPECT_EQ(iowq::uring::instances::all().find(fd, found), 0);
        its = found;
        p.add(IORING_OP_READ, ends[0], &byte, 1); // in flight to the end
        EXPECT_EQ(p.submit(), 1);
    }
    EXPECT_EQ(ours.enter(fd, 0, 0, 0), -EBADF);
    EXPECT_EQ(ours.enter(second, 0, 0, 0), 0); // the duplicate is one still
    close(second);
    while (!its.expired())
        std::this_thread::yield();
    close(ends[0]);
    close(ends[1]);
}

TEST(uring, a_child_has_rings_of_its_own) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    wait_for_ends(); // or the child would have what the thread that ends rings holds, and not it
    program p(ours, 4);
    auto has_its_own = [&] {
        program own(ours, 4);
        own.add(IORING_OP_NOP).flags = IOSQE_ASYNC;
        own.add(IORING_OP_FSYNC, own.fd);
        return own.fd >= 0 && own.results(2).size() == 2;
    };
    EXPECT_EQ(in_child([&] {
                  bool works = has_its_own() && ours.enter(p.fd, 0, 0, 0) == -EOPNOTSUPP;
                  wait_for_ends();
                  return works ? 0 : 1;
              }),
              0);
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.result(), 0);
}

TEST(uring, the_probe_has_what_the_table_has) {
    program p(ours, 4);
    std::vector<char> room(sizeof(io_uring_probe) + 256 * sizeof(io_uring_probe_op));
    auto *probe = reinterpret_cast<io_uring_probe *>(room.data());
    EXPECT_EQ(ours.reg(p.fd, IORING_REGISTER_PROBE, probe, 256), 0);
    unsigned supported = 0;
    for (unsigned i = 0; i < probe->ops_len; i++) {
        bool told = probe->ops[i].flags & IO_URING_OP_SUPPORTED;
        EXPECT_EQ(told, iowq::uring::row_of(i) != nullptr) << i;
        supported += told;
    }
    EXPECT_GE(supported, 30u);
}

} // namespace
