// SPDX-License-Identifier: MIT
// What waits for a file's events: how it ends, and how it is cancelled. What is expected is what
// the kernel does.
#include "iowq/test/child.h"
#include "iowq/test/schedule.h"
#include "iowq/test/uring/fixture.h"
#include "iowq/uring/held.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

namespace {

const void *data(uint64_t of) { return reinterpret_cast<const void *>(of); }
using results = std::map<uint64_t, int>;

class uring_waits : public uring_programs {
  protected:
    void SetUp() override {
        uring_programs::SetUp();
        if (!IsSkipped()) {
            ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0);
        }
    }
    void TearDown() override {
        for (int fd : ends_)
            if (fd >= 0)
                close(fd);
        uring_programs::TearDown();
    }
    static sockaddr_in listen_at(int listener) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr *>(&at), size), 0);
        EXPECT_EQ(listen(listener, 8), 0);
        EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr *>(&at), &size), 0);
        return at;
    }
    int ends_[2] = {-1, -1};
};

IOWQ_ON_BOTH_URINGS(uring_waits);

// With one worker a pool would make them one after another.
TEST_P(uring_waits, take_no_worker) {
    constexpr unsigned each = 8;
    program p(GetParam(), 64);
    unsigned most[2] = {1, 1};
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_IOWQ_MAX_WORKERS, most, 2), 0);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    (void)listen_at(listener);
    char got[64];
    for (unsigned i = 0; i < each; i++) {
        unsigned flags = i % 2 ? IOSQE_ASYNC : 0;
        p.add(IORING_OP_READ, pipe_[0], &got[i], 1).flags = static_cast<uint8_t>(flags);
        p.add(IORING_OP_RECV, ends_[0], &got[8 + i], 1).flags = static_cast<uint8_t>(flags);
        p.add(IORING_OP_POLL_ADD, pipe_[0]).poll32_events = POLLHUP;
        p.add(IORING_OP_ACCEPT, listener).flags = static_cast<uint8_t>(flags);
    }
    EXPECT_EQ(p.submit(), 4 * each);
    int event = eventfd(0, 0);
    uint64_t count = 0;
    p.add(IORING_OP_READ, event, &count, sizeof count).flags = IOSQE_ASYNC;
    EXPECT_EQ(p.submit(), 1);
    EXPECT_EQ(eventfd_write(event, 7), 0);
    EXPECT_EQ(p.results(1)[4 * each + 1], 8);
    EXPECT_EQ(count, 7u);
    const uint64_t first = p.last() + 1;
    results all;
    do { // the kernel may miss what a worker has not begun
        p.add(IORING_OP_ASYNC_CANCEL).cancel_flags = IORING_ASYNC_CANCEL_ANY;
        all.merge(p.results(1));
    } while (all.empty() || std::distance(all.begin(), all.lower_bound(first)) < 4 * each);
    if (!GetParam().kernel) {
        EXPECT_EQ(all[first], static_cast<int>(4 * each));
    }
    for (uint64_t i = 1; i <= 4 * each; i++)
        EXPECT_EQ(all[i], -ECANCELED) << i;
    close(event);
    close(listener);
}

// By which SQE it is cancelled.
enum class by { user_data, fd, any, removal, limit };

TEST_P(uring_waits, a_cancel_has_an_effect_if_and_only_if_it_says_so) {
    unsigned both[2] = {};
    for (unsigned round = 0; round < stress_items(300); round++) {
        by how = std::array{by::user_data, by::fd, by::any, by::removal, by::limit}[round % 5];
        SCOPED_TRACE(round);
        program p(GetParam(), 8);
        char byte = 0;
        timespec soon{0, 20'000 + 100l * (round % 300)};
        io_uring_sqe &sqe =
            how == by::removal
                ? p.add(IORING_OP_POLL_ADD, pipe_[0])
                : p.add(round % 2 ? IORING_OP_READ : IORING_OP_READ_FIXED, pipe_[0], &byte, 1);
        if (how == by::removal)
            sqe.poll32_events = POLLIN;
        if (sqe.opcode == IORING_OP_READ_FIXED) {
            iovec buffer{&byte, 1};
            EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_BUFFERS, &buffer, 1), 0);
        }
        if (how == by::limit) {
            sqe.flags |= IOSQE_IO_LINK;
            p.add(IORING_OP_LINK_TIMEOUT, -1, &soon, 1);
        }
        const unsigned sqe_flags = round % 3 == 0 ? IOSQE_ASYNC : 0;
        sqe.flags |= static_cast<uint8_t>(sqe_flags);
        EXPECT_GE(p.submit(), 1);
        std::atomic<bool> go = false;
        std::thread writer([&] {
            while (!go)
                ;
            jitter(round).maybe();
            EXPECT_EQ(write(pipe_[1], "x", 1), 1);
        });
        go = true;
        jitter(round + 1).maybe();
        if (how == by::removal) {
            p.add(IORING_OP_POLL_REMOVE, -1, data(1));
        } else if (how != by::limit) {
            io_uring_sqe &cancel =
                p.add(IORING_OP_ASYNC_CANCEL, how == by::fd ? pipe_[0] : -1, data(1));
            cancel.cancel_flags = how == by::fd    ? IORING_ASYNC_CANCEL_FD
                                  : how == by::any ? IORING_ASYNC_CANCEL_ANY
                                                   : 0;
        }
        results two = p.results(2);
        writer.join();
        int came = two[1], told = two[2];
        bool was = how == by::any ? told == 1 : told == (how == by::limit ? -ETIME : 0);
        bool worker = told == -EALREADY; // has it: it may be interrupted, or not
        // The kernel's limits may pass too late. What is for a worker it also cancels where it does
        // not get one to be created.
        bool exact = !GetParam().kernel || (how != by::limit && !(sqe_flags & IOSQE_ASYNC));
        if (!worker && exact) {
            EXPECT_EQ(was, came == -ECANCELED) << came << ", " << told;
        }
        if (!was && !worker && how != by::any) { // of a limit that is no more, or finds it done
            EXPECT_TRUE(told == -ENOENT || (how == by::limit && told == -ECANCELED)) << told;
        }
        if (came >= 0) {
            EXPECT_EQ(came, how == by::removal ? POLLIN : 1);
        }
        bool read_it = came == 1 && how != by::removal;
        pollfd rest{pipe_[0], POLLIN, 0};
        EXPECT_EQ(::poll(&rest, 1, 0), !read_it);
        if (!read_it) {
            EXPECT_EQ(read(pipe_[0], &byte, 1), 1);
        }
        both[was]++;
    }
    RecordProperty("cancelled", static_cast<int>(both[1]));
    RecordProperty("came", static_cast<int>(both[0]));
}

TEST_P(uring_waits, many_that_read_one_pipe_get_each_byte_once) {
    constexpr unsigned count = 100;
    program p(GetParam(), 128);
    std::vector<char> got(count);
    for (char &byte : got)
        p.add(IORING_OP_READ, pipe_[0], &byte, 1).flags =
            (&byte - got.data()) % 3 ? 0 : IOSQE_ASYNC;
    EXPECT_EQ(p.submit(), static_cast<int>(count));
    std::thread writer([&] {
        for (unsigned i = 0; i < count; i++) {
            char byte = static_cast<char>(i);
            EXPECT_EQ(write(pipe_[1], &byte, 1), 1);
        }
    });
    for (auto [user_data, result] : p.results(count))
        EXPECT_EQ(result, 1);
    writer.join();
    std::sort(got.begin(), got.end());
    for (unsigned i = 0; i < count; i++)
        EXPECT_EQ(got[i], static_cast<char>(i));
}

TEST_P(uring_waits, the_close_of_the_last_other_end_ends_them) {
    program p(GetParam(), 8);
    char byte;
    p.add(IORING_OP_READ, pipe_[0], &byte, 1);
    p.add(IORING_OP_POLL_ADD, pipe_[0]).poll32_events = POLLIN;
    p.add(IORING_OP_RECV, ends_[0], &byte, 1);
    p.add(IORING_OP_RECV, ends_[0], &byte, 1).flags = IOSQE_ASYNC;
    EXPECT_EQ(p.submit(), 4);
    close(std::exchange(pipe_[1], -1));
    close(std::exchange(ends_[1], -1));
    EXPECT_EQ(p.results(4), (results{{1, 0}, {2, POLLHUP}, {3, 0}, {4, 0}}));
    signal(SIGPIPE, SIG_DFL); // which no message raises
    EXPECT_EQ((p.add(IORING_OP_SEND, ends_[0], &byte, 1), p.result()), -EPIPE);
    iovec part{&byte, 1};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    EXPECT_EQ((p.add(IORING_OP_SENDMSG, ends_[0], &message, 1), p.result()), -EPIPE);
}

TEST_P(uring_waits, the_file_stays_open_though_the_program_closes_it) {
    program p(GetParam(), 8);
    char bytes[3] = {};
    int fds[] = {ends_[1]};
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_FILES, fds, 1), 0);
    p.add(IORING_OP_READ, pipe_[0], &bytes[0], 1);
    p.add(IORING_OP_POLL_ADD, pipe_[0]).poll32_events = POLLIN;
    p.add(IORING_OP_RECV, 0, &bytes[1], 1).flags = IOSQE_FIXED_FILE;
    EXPECT_EQ(p.submit(), 3);
    close(pipe_[0]);
    int another[2];
    ASSERT_EQ(pipe(another), 0); // with the number that the first had
    ASSERT_EQ(another[0], pipe_[0]);
    close(another[1]);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_UNREGISTER_FILES, nullptr, 0), 0);
    close(std::exchange(ends_[1], -1));
    EXPECT_TRUE(p.take().empty());
    EXPECT_EQ(write(ends_[0], "b", 1), 1);
    EXPECT_EQ(p.results(1)[3], 1);
    EXPECT_EQ(write(pipe_[1], "aa", 2), 2); // one is left for the poll, whichever is first
    EXPECT_EQ(p.results(2), (results{{1, 1}, {2, POLLIN}}));
    EXPECT_STREQ(bytes, "ab");
}

TEST_P(uring_waits, a_ring_that_ends_lets_go_of_the_files) {
    signal(SIGPIPE, SIG_IGN);
    {
        program p(GetParam(), 8);
        char byte;
        for (unsigned flags : {0u, IOSQE_ASYNC, 0u, IOSQE_IO_LINK}) {
            p.add(IORING_OP_READ, pipe_[0], &byte, 1).flags = static_cast<uint8_t>(flags);
            p.add(IORING_OP_POLL_ADD, pipe_[0]).poll32_events = POLLIN;
        }
        EXPECT_EQ(p.submit(), 8);
    }
    close(std::exchange(pipe_[0], -1));
    pollfd its{pipe_[1], 0, 0};
    EXPECT_EQ(::poll(&its, 1, -1), 1); // nobody can read any more
    EXPECT_EQ(its.revents, POLLERR);
    signal(SIGPIPE, SIG_DFL);
}

TEST_P(uring_waits, what_is_behind_them_waits_too) {
    program p(GetParam(), 8);
    char bytes[4] = {};
    p.add(IORING_OP_READ, pipe_[0], &bytes[0], 1).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_RECV, ends_[0], &bytes[1], 1).flags = IOSQE_IO_LINK; // begins to wait later
    p.add(IORING_OP_READ, pipe_[0], &bytes[2], 1);
    p.add(IORING_OP_NOP).flags = IOSQE_IO_DRAIN;
    EXPECT_EQ(p.submit(), 4);
    EXPECT_EQ(write(pipe_[1], "a", 1), 1);
    EXPECT_EQ(write(ends_[1], "b", 1), 1);
    EXPECT_EQ(p.results(2), (results{{1, 1}, {2, 1}}));
    EXPECT_EQ(write(pipe_[1], "c", 1), 1);
    EXPECT_EQ(p.results(2), (results{{3, 1}, {4, 0}}));
    EXPECT_STREQ(bytes, "abc");
    p.add(IORING_OP_READ, pipe_[0], &bytes[0], 1).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.submit(), 2);
    results all;
    do { // the kernel may miss what is on its way to a worker
        p.add(IORING_OP_ASYNC_CANCEL, -1, data(5));
        all.merge(p.results(1));
    } while (!all.contains(5) || !all.contains(6));
    EXPECT_EQ(all[5], -ECANCELED);
    EXPECT_EQ(all[6], -ECANCELED);
    if (!GetParam().kernel) {
        EXPECT_EQ(all[7], 0);
    }
}

TEST_P(uring_waits, a_link_timeout_that_passes_ends_a_receive) {
    program p(GetParam(), 8);
    timespec soon{0, 1'000'000};
    char byte;
    p.add(IORING_OP_RECV, ends_[0], &byte, 1).flags = IOSQE_IO_LINK;
    p.add(IORING_OP_LINK_TIMEOUT, -1, &soon, 1);
    EXPECT_EQ(p.results(2), (results{{1, -ECANCELED}, {2, -ETIME}}));
    EXPECT_EQ(write(ends_[1], "x", 1), 1); // which nothing takes
    EXPECT_EQ((p.add(IORING_OP_RECV, ends_[0], &byte, 1), p.result()), 1);
}

TEST_P(uring_waits, writes_move_what_there_is_room_for) {
    program p(GetParam(), 8);
    std::vector<char> bytes(1 << 20);
    fcntl(pipe_[1], F_SETFL, O_NONBLOCK);
    ssize_t room = write(pipe_[1], bytes.data(), bytes.size());
    fcntl(pipe_[1], F_SETFL, 0);
    p.add(IORING_OP_WRITE, pipe_[1], bytes.data(), 1 << 20);
    EXPECT_EQ(p.submit(), 1);
    EXPECT_TRUE(p.take().empty());
    EXPECT_EQ(read(pipe_[0], bytes.data(), 4096), 4096);
    EXPECT_EQ(p.results(1)[1], 4096);
    EXPECT_EQ(read(pipe_[0], bytes.data(), bytes.size()), room);
}

// An eventfd says it can be written, though not this much.
TEST_P(uring_waits, a_file_that_tells_wrongly_is_waited_for_by_a_worker) {
    program p(GetParam(), 8);
    int event = eventfd(1000, 0);
    uint64_t much = UINT64_MAX - 1, got;
    p.add(IORING_OP_WRITE, event, &much, sizeof much);
    EXPECT_EQ(p.submit(), 1);
    EXPECT_TRUE(p.take().empty());
    EXPECT_EQ(eventfd_read(event, &got), 0);
    EXPECT_EQ(p.results(1)[1], 8);
    EXPECT_EQ(eventfd_read(event, &got), 0);
    EXPECT_EQ(got, much);
    close(event);
}

TEST_P(uring_waits, pipes_with_o_nonblock_are_waited_for) {
    program p(GetParam(), 8);
    fcntl(pipe_[0], F_SETFL, O_NONBLOCK);
    char byte;
    for (unsigned flags : {0u, IOSQE_ASYNC}) {
        p.add(IORING_OP_READ, pipe_[0], &byte, 1).flags = static_cast<uint8_t>(flags);
        EXPECT_EQ(p.submit(), 1);
        EXPECT_EQ(write(pipe_[1], "x", 1), 1);
        EXPECT_EQ(p.results(1)[p.last()], 1);
    }
    p.add(IORING_OP_READ, pipe_[0], &byte, 1).rw_flags = 8; // RWF_NOWAIT
    EXPECT_EQ(p.result(), -EAGAIN);
}

TEST_P(uring_waits, connections_are_cancelled_and_limited) {
    program p(GetParam(), 8);
    for (int flags : {0, int{SOCK_NONBLOCK}}) {
        int listener = socket(AF_INET, SOCK_STREAM | flags, 0);
        sockaddr_in at = listen_at(listener);
        p.add(IORING_OP_ACCEPT, listener);
        EXPECT_EQ(p.submit(), 1);
        uint64_t its = p.last();
        p.add(IORING_OP_ASYNC_CANCEL, -1, data(its));
        EXPECT_EQ(p.results(2), (results{{its, -ECANCELED}, {p.last(), 0}}));
        p.add(IORING_OP_ACCEPT, listener).flags = IOSQE_ASYNC;
        EXPECT_EQ(p.submit(), 1);
        its = p.last();
        int client = socket(AF_INET, SOCK_STREAM | flags, 0);
        p.add(IORING_OP_CONNECT, client, &at, 0, sizeof at);
        results both = p.results(2);
        EXPECT_GE(both[its], 0);
        EXPECT_EQ(both[p.last()], 0);
        EXPECT_EQ((p.add(IORING_OP_ACCEPT, client), p.result()), -EINVAL);
        EXPECT_EQ((p.add(IORING_OP_ACCEPT, pipe_[0]), p.result()), -ENOTSOCK);
        EXPECT_EQ((p.add(IORING_OP_ACCEPT, 12345), p.result()), -EBADF);
        for (int fd : {both[its], client, listener})
            close(fd);
    }
}

TEST_P(uring_waits, files_that_are_locked_stay_locked) {
    std::string name = path_ + ".fifo";
    ASSERT_EQ(mkfifo(name.c_str(), 0600), 0);
    int fifo = open(name.c_str(), O_RDWR);
    ASSERT_GE(fifo, 0);
    iowq::uring::about_to_lock(fifo); // as the trap does
    struct flock whole {};
    whole.l_type = F_WRLCK;
    ASSERT_EQ(fcntl(fifo, F_SETLK, &whole), 0);
    {
        program p(GetParam(), 8);
        char byte;
        for (unsigned flags : {0u, IOSQE_ASYNC}) {
            p.add(IORING_OP_READ, fifo, &byte, 1).flags = static_cast<uint8_t>(flags);
            EXPECT_EQ(p.submit(), 1);
            EXPECT_EQ(write(fifo, "x", 1), 1);
            EXPECT_EQ(p.results(1)[p.last()], 1);
            EXPECT_EQ((p.add(IORING_OP_POLL_ADD, fifo).poll32_events = POLLOUT, p.result()),
                      POLLOUT);
        }
    }
    wait_for_ends(); // the child would have their memory, and nobody who ends them
    EXPECT_EQ(in_child([&] { return fcntl(fifo, F_SETLK, &whole) == -1 ? 0 : 1; }), 0);
    close(fifo);
    unlink(name.c_str());
}

} // namespace
