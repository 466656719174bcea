// SPDX-License-Identifier: MIT
// A ring's descriptor: who polls it, maps it and closes it; and the program's descriptors, which it
// may close while operations on them are in flight.
#include "iowq/test/child.h"
#include "iowq/test/uring/fixture.h"
#include "iowq/uring/held.h"
#include "iowq/uring/newer.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <thread>

namespace {

class uring_descriptors : public uring_programs {
  protected:
    void SetUp() override {
        uring_programs::SetUp();
        wait_for_ends(); // before there are children
    }
    // What poll(2) says of it, as a program under iowq-run calls it.
    [[nodiscard]] bool readable(int fd) const {
        if (!GetParam().kernel) {
            iowq::uring::about_to_poll({&fd, 1});
            iowq::uring::about_to_wait();
        }
        pollfd asked{fd, POLLIN, 0};
        EXPECT_GE(poll(&asked, 1, 0), 0);
        return asked.revents & POLLIN;
    }
    // How many events epoll tells at once.
    [[nodiscard]] int events(int epoll) const {
        if (!GetParam().kernel)
            iowq::uring::about_to_wait();
        epoll_event got[4];
        return epoll_wait(epoll, got, 4, 0);
    }
    // An epoll with the descriptor in it.
    [[nodiscard]] int epoll_of(int fd, uint32_t more = 0) const {
        int epoll = epoll_create1(0);
        epoll_event event{};
        event.events = EPOLLIN | more;
        if (!GetParam().kernel)
            iowq::uring::about_to_poll({&fd, 1});
        EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
        return epoll;
    }
    // The locks of a process are seen by others only.
    [[nodiscard]] bool is_locked() const {
        return in_child([this] {
                   struct flock lock {};
                   lock.l_type = F_WRLCK;
                   int fd = open(path_.c_str(), O_RDWR);
                   return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
               }) == 1;
    }
    void lock_file() const {
        struct flock lock {};
        lock.l_type = F_WRLCK;
        if (!GetParam().kernel)
            iowq::uring::about_to_lock(file_);
        EXPECT_EQ(fcntl(file_, F_SETLK, &lock), 0);
    }
};

IOWQ_ON_BOTH_URINGS(uring_descriptors);

TEST_P(uring_descriptors, is_readable_while_completions_are_there) {
    program p(GetParam(), 8);
    p.add(IORING_OP_NOP); // before anybody has polled
    EXPECT_EQ(p.submit(), 1);
    for (int round = 0; round < 3; round++) {
        EXPECT_TRUE(readable(p.fd));
        EXPECT_TRUE(readable(p.fd)) << "they are there still";
        EXPECT_FALSE(p.take().empty());
        EXPECT_FALSE(readable(p.fd));
        p.add(IORING_OP_NOP);
        p.add(IORING_OP_NOP).flags = IOSQE_ASYNC;
        EXPECT_EQ(p.submit(2), 2);
    }
}

TEST_P(uring_descriptors, is_readable_while_some_have_no_room) {
    program p(GetParam(), 4, 0, 4);
    EXPECT_FALSE(readable(p.fd));
    for (int i = 0; i < 2; i++) {
        for (int each = 0; each < 4; each++)
            p.add(IORING_OP_NOP);
        EXPECT_EQ(p.submit(), 4);
    }
    EXPECT_EQ(p.take().size(), 4u);
    EXPECT_TRUE(readable(p.fd));
    EXPECT_EQ(GetParam().enter(p.fd, 0, 0, IORING_ENTER_GETEVENTS), 0);
    EXPECT_EQ(p.take().size(), 4u);
    EXPECT_FALSE(readable(p.fd));
}

TEST_P(uring_descriptors, wakes_who_waits_by_epoll) {
    program p(GetParam(), 8);
    int epoll = epoll_of(p.fd);
    EXPECT_EQ(events(epoll), 0);
    char got[4];
    p.add(IORING_OP_READ, pipe_[0], got, 1);
    EXPECT_EQ(p.submit(), 1);
    EXPECT_EQ(events(epoll), 0);
    EXPECT_EQ(write(pipe_[1], "x", 1), 1);
    epoll_event event;
    int got_events;
    do // the kernel's rings of other tests interrupt it while they end
        got_events = epoll_wait(epoll, &event, 1, -1);
    while (got_events < 0 && errno == EINTR);
    EXPECT_EQ(got_events, 1);
    EXPECT_EQ(events(epoll), 1);
    EXPECT_EQ(p.take().size(), 1u);
    while (events(epoll)) // the worker may not have come to know yet that it has told
        std::this_thread::yield();
    close(epoll);
}

TEST_P(uring_descriptors, tells_who_waits_for_edges_of_each_submission) {
    program p(GetParam(), 8);
    int epoll = epoll_of(p.fd, EPOLLET);
    for (int round = 0; round < 3; round++) {
        p.add(IORING_OP_NOP);
        EXPECT_EQ(p.submit(), 1);
        EXPECT_EQ(events(epoll), 1) << "though nothing has been taken";
        EXPECT_EQ(events(epoll), 0);
    }
    for (int i = 0; i < 70000; i += 8) { // more than a pipe has room for
        for (int each = 0; each < 8; each++)
            p.add(IORING_OP_NOP);
        EXPECT_EQ(p.submit(), 8);
        EXPECT_GE(p.take().size(), 8u);
    }
    EXPECT_EQ(events(epoll), 0) << "an edge whose completions were taken is none";
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.submit(), 1);
    EXPECT_EQ(events(epoll), 1);
    close(epoll);
}

TEST_P(uring_descriptors, is_polled_by_a_duplicate) {
    program p(GetParam(), 8);
    int second = dup(p.fd);
    EXPECT_FALSE(readable(second));
    p.add(IORING_OP_NOP);
    EXPECT_EQ(p.submit(), 1);
    EXPECT_TRUE(readable(second));
    close(second);
}

// The others of its pipe have high ones.
TEST(uring, a_ring_takes_one_of_the_programs_numbers) {
    program p(ours, 8);
    auto file_of = [](int fd) {
        char path[32], its[64] = {};
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        (void)!readlink(path, its, sizeof its - 1);
        return std::string(its);
    };
    std::string its = file_of(p.fd);
    EXPECT_FALSE(its.empty());
    for (int fd = 0; fd < 400; fd++)
        EXPECT_EQ(file_of(fd) == its, fd == p.fd) << fd;
}

TEST_P(uring_descriptors, is_mapped_where_it_has_memory) {
    program p(GetParam(), 8);
    EXPECT_NE(GetParam().map(p.fd, 4096, IORING_OFF_SQ_RING), MAP_FAILED);
    EXPECT_EQ(GetParam().map(p.fd, 4096, 0x20000000), MAP_FAILED);
}

TEST_P(uring_descriptors, may_have_the_programs_memory) {
    constexpr size_t bytes = 4096, words = bytes / sizeof(uint64_t);
    alignas(4096) static uint64_t queues[words], sqes[words];
    io_uring_params p{};
    auto ask = [&](void *its_queues, void *its_sqes) {
        p = {};
        p.flags = iowq::uring::setup_no_mmap | iowq::uring::setup_no_sqarray;
        auto set = [](auto &offsets, void *where) { // the member has had different names
            memcpy(reinterpret_cast<char *>(&offsets + 1) - sizeof where, &where, sizeof where);
        };
        set(p.cq_off, its_queues);
        set(p.sq_off, its_sqes);
        return GetParam().setup(4, &p);
    };
    EXPECT_EQ(ask(reinterpret_cast<void *>(bytes), sqes), -EFAULT);
    EXPECT_EQ(ask(queues + 1, sqes), -EINVAL);
    EXPECT_EQ(ask(nullptr, sqes), GetParam().kernel ? -EFAULT : -EINVAL);
    int fd = ask(queues, sqes);
    if (GetParam().kernel && fd == -EINVAL)
        GTEST_SKIP() << "this kernel has no IORING_SETUP_NO_MMAP";
    ASSERT_GE(fd, 0);
    EXPECT_EQ(GetParam().map(fd, bytes, IORING_OFF_SQES), MAP_FAILED);
    auto *base = reinterpret_cast<char *>(queues);
    for (unsigned i = 0; i < 9; i++) {
        auto *sqe = reinterpret_cast<io_uring_sqe *>(sqes) + i % 4;
        *sqe = {};
        sqe->user_data = i;
        __atomic_store_n(reinterpret_cast<unsigned *>(base + p.sq_off.tail), i + 1,
                         __ATOMIC_RELEASE);
        EXPECT_EQ(GetParam().enter(fd, 1, 1, IORING_ENTER_GETEVENTS), 1);
        auto *cqes = reinterpret_cast<io_uring_cqe *>(base + p.cq_off.cqes);
        EXPECT_EQ(cqes[i % 8].user_data, i);
        __atomic_store_n(reinterpret_cast<unsigned *>(base + p.cq_off.head), i + 1,
                         __ATOMIC_RELEASE);
    }
    close(fd);
}

// ---- rings by a number of the thread's

TEST_P(uring_descriptors, is_registered_and_may_be_closed) {
    program p(GetParam(), 8);
    auto reg = [&](unsigned what, uint32_t number, int fd) {
        io_uring_rsrc_update asked{number, 0, static_cast<uint64_t>(fd)};
        int done = GetParam().reg(p.fd, what, &asked, 1);
        return done == 1 ? static_cast<int>(asked.offset) : done == 0 ? -1000 : done;
    };
    constexpr uint32_t any = -1;
    constexpr unsigned add = IORING_REGISTER_RING_FDS, drop = IORING_UNREGISTER_RING_FDS;
    EXPECT_EQ(reg(add, 16, p.fd), -EINVAL);
    EXPECT_EQ(reg(add, any, pipe_[0]), -EOPNOTSUPP);
    EXPECT_EQ(reg(add, any, 12345), -EBADF);
    EXPECT_EQ(reg(add, 3, p.fd), 3);
    EXPECT_EQ(reg(add, 3, p.fd), -EBUSY);
    EXPECT_EQ(reg(add, any, p.fd), 0);
    EXPECT_EQ(reg(drop, 3, 0), 3);
    EXPECT_EQ(reg(drop, 16, 0), -EINVAL);

    std::thread([&] { // its own numbers
        EXPECT_LT(GetParam().enter(0, 0, 0, IORING_ENTER_REGISTERED_RING), 0);
        EXPECT_EQ(reg(add, any, p.fd), 0);
    })
        .join();
    p.add(IORING_OP_NOP);
    close(p.fd);
    p.fd = 0; // the number
    EXPECT_EQ(p.submit(1, IORING_ENTER_REGISTERED_RING), 1);
    EXPECT_EQ(p.take().size(), 1u);
    EXPECT_EQ(GetParam().enter(1, 0, 0, IORING_ENTER_REGISTERED_RING), -EBADF);
    io_uring_rsrc_update asked{0, 0, 0};
    EXPECT_EQ(GetParam().reg(0, drop | iowq::uring::register_by_number, &asked, 1), 1);
    p.fd = -1;
}

// ---- files that are closed once they are submitted

TEST_P(uring_descriptors, reads_the_file_that_its_number_meant_at_submission) {
    program p(GetParam(), 8);
    char got[8] = {};
    p.add(IORING_OP_READ, pipe_[0], got, 8);
    EXPECT_EQ(p.submit(), 1);
    int other = open("/dev/zero", O_RDONLY);
    EXPECT_EQ(dup2(other, pipe_[0]), pipe_[0]);
    close(other);
    EXPECT_EQ(write(pipe_[1], "abc", 3), 3);
    EXPECT_EQ(p.results(1).begin()->second, 3);
    EXPECT_STREQ(got, "abc");
}

// The kernel's workers look for the file themselves, so there it is another one now and then.
TEST(uring, a_worker_writes_to_the_file_that_its_number_meant_at_submission) {
    program p(ours, 64);
    int file = open("build", O_RDWR | O_TMPFILE, 0600), other = open("/dev/full", O_WRONLY);
    ASSERT_GE(file, 0);
    for (int i = 0; i < 64; i++) {
        int fd = dup(file);
        p.add(IORING_OP_WRITE, fd, "x", 1, static_cast<uint64_t>(i)).flags = IOSQE_ASYNC;
        EXPECT_EQ(p.submit(), 1);
        EXPECT_EQ(dup2(other, fd), fd);
        close(fd);
    }
    for (auto [data, result] : p.results(64))
        EXPECT_EQ(result, 1) << data;
    struct stat known;
    EXPECT_EQ(fstat(file, &known), 0);
    EXPECT_EQ(known.st_size, 64);
    close(file);
    close(other);
}

TEST_P(uring_descriptors, lets_the_file_go_when_it_is_done) {
    program p(GetParam(), 8);
    char got[8];
    p.add(IORING_OP_READ, pipe_[0], got, 8);
    EXPECT_EQ(p.submit(), 1);
    close(std::exchange(pipe_[0], -1));
    EXPECT_EQ(write(pipe_[1], "abc", 3), 3);
    EXPECT_EQ(p.results(1).begin()->second, 3);
    signal(SIGPIPE, SIG_IGN);
    while (write(pipe_[1], "x", 1) == 1) // the kernel lets go a little later
        std::this_thread::yield();
    EXPECT_EQ(errno, EPIPE);
    signal(SIGPIPE, SIG_DFL);
}

TEST_P(uring_descriptors, leaves_the_programs_locks_alone) {
    program p(GetParam(), 8);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_FILES, &file_, 1), 0);
    EXPECT_FALSE(is_locked());
    lock_file();
    EXPECT_TRUE(is_locked());
    for (int i = 0; i < 8; i++)
        p.add(IORING_OP_WRITE, file_, "x", 1).flags = IOSQE_ASYNC;
    EXPECT_EQ(p.results(8).size(), 8u);
    EXPECT_TRUE(is_locked()) << "after operations on it";
    EXPECT_EQ(GetParam().reg(p.fd, IORING_UNREGISTER_FILES, nullptr, 0), 0);
    EXPECT_TRUE(is_locked()) << "after it was registered";
    close(std::exchange(file_, -1));
    EXPECT_FALSE(is_locked()) << "after the program's own close";
}

TEST_P(uring_descriptors, keeps_no_file_open_in_a_child) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    program p(GetParam(), 8);
    EXPECT_EQ(GetParam().reg(p.fd, IORING_REGISTER_FILES, &pipe_[1], 1), 0);
    EXPECT_EQ(in_child([&] {
                  // Of the child's own there is none left then.
                  close(pipe_[1]);
                  char path[32], at[64] = {}, its[64] = {};
                  snprintf(path, sizeof path, "/proc/self/fd/%d", pipe_[0]);
                  EXPECT_GT(readlink(path, its, sizeof its - 1), 0);
                  for (int fd = 0; fd < 2000; fd++) {
                      snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
                      memset(at, 0, sizeof at);
                      if (fd != pipe_[0] && readlink(path, at, sizeof at - 1) > 0 &&
                          strcmp(at, its) == 0)
                          return 1;
                  }
                  return 0;
              }),
              0);
}

} // namespace
