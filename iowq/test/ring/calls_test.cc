// SPDX-License-Identifier: MIT
// System calls by their numbers: every prepared form, in every mode, does what the plain call does.
#include "iowq/os/any_call.h"
#include "iowq/ring/prepare.h"
#include "iowq/ring/ring.h"
#include "iowq/test/ring/requests.h"

#include <filesystem>
#include <fstream>
#include <sys/fsuid.h>
#include <sys/un.h>

using namespace iowq;

namespace {

struct temporary_folder {
    std::filesystem::path path;
    temporary_folder() {
        char name[] = "build/iowq_test.XXXXXX";
        EXPECT_NE(mkdtemp(name), nullptr) << "run the tests from the repository's root";
        path = std::filesystem::absolute(name);
    }
    ~temporary_folder() { std::filesystem::remove_all(path); }
};

// A folder of the test's own, with a file in it, and a pair of sockets.
struct place_to_work {
    temporary_folder at;
    file folder, ten;
    int sockets[2] = {-1, -1};
    char into[4096] = {};

    place_to_work() {
        EXPECT_EQ(folder.examine(open(at.path.c_str(), O_RDONLY | O_DIRECTORY)), 0);
        std::ofstream(at.path / "ten") << "0123456789";
        EXPECT_EQ(ten.examine(openat(folder.fd, "ten", O_RDWR)), 0);
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    }
    ~place_to_work() {
        for (int fd : {folder.fd, ten.fd, sockets[0], sockets[1]})
            close(fd);
    }
    [[nodiscard]] bool has(const char *name) const {
        return faccessat(folder.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    }
};

struct calls : testing::TestWithParam<offload> {
    place_to_work here;
    std::unique_ptr<wq> pool = make();
    std::unique_ptr<ring> io;
    request r;
    calls() { EXPECT_EQ(ring::create({.mode = GetParam(), .depth = 8}, pool.get(), io), 0); }
    int64_t result() { return run_on(*io, r); }
};

INSTANTIATE_TEST_SUITE_P(ring, calls, testing::ValuesIn(all_modes), name_of_mode);

} // namespace

TEST_P(calls, of_files) {
    iovec parts[2] = {{here.into, 3}, {here.into + 8, 4}};
    prepare_readv(r, here.ten, parts, 2, 1);
    EXPECT_EQ(result(), 7);
    EXPECT_EQ(std::string(here.into, 3) + std::string(here.into + 8, 4), "1234567");
    prepare_writev(r, here.ten, parts, 2, 10);
    EXPECT_EQ(result(), 7);
    prepare_ftruncate(r, here.ten, 12);
    EXPECT_EQ(result(), 0);
    struct stat st;
    EXPECT_EQ(fstat(here.ten.fd, &st), 0);
    EXPECT_EQ(st.st_size, 12);
    prepare_fadvise(r, here.ten, 0, 0, POSIX_FADV_DONTNEED);
    EXPECT_EQ(result(), 0);
    prepare_fallocate(r, here.ten, 0, 0, 100);
    int64_t came_to = result();
    EXPECT_TRUE(came_to == 0 || came_to == -EOPNOTSUPP) << came_to;
    int64_t from = 2, to = 0;
    file copy;
    ASSERT_EQ(copy.examine(openat(here.folder.fd, "copy", O_RDWR | O_CREAT, 0600)), 0);
    prepare_copy_file_range(r, here.ten, &from, copy, &to, 5);
    EXPECT_EQ(result(), 5);
    EXPECT_EQ(pread(copy.fd, here.into, 9, 0), 5);
    EXPECT_EQ(std::string(here.into, 5), "23456");
    prepare_close(r, copy.fd);
    EXPECT_EQ(result(), 0);
    EXPECT_EQ(result(), -EBADF);
    prepare_getdents64(r, here.folder, here.into, sizeof here.into);
    EXPECT_GT(result(), 0);
    prepare_ftruncate(r, here.ten, UINT64_MAX);
    EXPECT_EQ(result(), -EINVAL);
}

TEST_P(calls, of_paths) {
    prepare_openat(r, &here.folder, "new", O_CREAT | O_EXCL | O_RDWR, 0600);
    ASSERT_GE(result(), 0);
    close(static_cast<int>(r.result));
    EXPECT_EQ(result(), -EEXIST);
    struct statx known = {};
    prepare_statx(r, &here.folder, "ten", 0, STATX_SIZE, &known);
    EXPECT_EQ(result(), 0);
    EXPECT_EQ(known.stx_size, 10u);
    const std::string whole = here.at.path / "ten";
    prepare_statx(r, nullptr, whole.c_str(), 0, STATX_SIZE, &known);
    EXPECT_EQ(result(), 0);
    prepare_statx(r, &here.folder, "nothing", 0, STATX_SIZE, &known);
    EXPECT_EQ(result(), -ENOENT);
    prepare_statx(r, &here.folder, nullptr, 0, STATX_SIZE, &known);
    EXPECT_EQ(result(), -EFAULT);
    prepare_renameat2(r, &here.folder, "new", &here.folder, "newer");
    EXPECT_EQ(result(), 0);
    EXPECT_TRUE(here.has("newer") && !here.has("new"));
    prepare_mkdirat(r, &here.folder, "below", 0700);
    EXPECT_EQ(result(), 0);
    prepare_linkat(r, &here.folder, "newer", &here.folder, "below/same");
    EXPECT_EQ(result(), 0);
    EXPECT_TRUE(here.has("below/same"));
    prepare_symlinkat(r, "nowhere", &here.folder, "link");
    EXPECT_EQ(result(), 0);
    EXPECT_TRUE(here.has("link"));
    for (const char *gone : {"link", "below/same", "newer"}) {
        prepare_unlinkat(r, &here.folder, gone);
        EXPECT_EQ(result(), 0) << gone;
        EXPECT_FALSE(here.has(gone));
    }
    prepare_unlinkat(r, &here.folder, "below", AT_REMOVEDIR);
    EXPECT_EQ(result(), 0);
    EXPECT_EQ(result(), -ENOENT);
}

TEST_P(calls, of_sockets) {
    prepare_send(r, here.sockets[0], "hello", 5);
    EXPECT_EQ(result(), 5);
    prepare_recv(r, here.sockets[1], here.into, 64);
    EXPECT_EQ(result(), 5);
    EXPECT_EQ(std::string(here.into, 5), "hello");
    iovec part = {here.into, 5};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    prepare_sendmsg(r, here.sockets[0], &message);
    EXPECT_EQ(result(), 5);
    prepare_recvmsg(r, here.sockets[1], &message);
    EXPECT_EQ(result(), 5);
    prepare_recv(r, here.sockets[1], here.into, 64, MSG_DONTWAIT);
    EXPECT_EQ(result(), -EAGAIN) << "the caller's own flag";
    pollfd ready = {here.sockets[0], POLLOUT, 0};
    prepare_poll(r, ready);
    EXPECT_EQ(result(), 1);
    EXPECT_EQ(ready.revents, POLLOUT);
    prepare_shutdown(r, here.sockets[0], SHUT_WR);
    EXPECT_EQ(result(), 0);
    prepare_recv(r, here.sockets[1], here.into, 64);
    EXPECT_EQ(result(), 0);

    sockaddr_un address = {AF_UNIX, {}};
    std::string path = here.at.path / "socket";
    ASSERT_LT(path.size(), sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    const auto *as_any = reinterpret_cast<sockaddr *>(&address);
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(server, as_any, sizeof address), 0);
    prepare_connect(r, client, as_any, sizeof address);
    EXPECT_EQ(result(), -ECONNREFUSED);
    ASSERT_EQ(listen(server, 1), 0);
    EXPECT_EQ(result(), 0);
    prepare_accept(r, server, nullptr, nullptr);
    EXPECT_GE(result(), 0);
    for (int fd : {server, client, static_cast<int>(r.result)})
        close(fd);
}

TEST_P(calls, that_wait_for_a_time) {
    timespec moment = {0, 1000};
    prepare_timeout(r, moment);
    EXPECT_EQ(result(), 0);
    moment.tv_nsec = -1;
    EXPECT_EQ(result(), -EINVAL);
}

TEST_P(calls, by_any_number) {
    r.prepare_call(SYS_getpid, {});
    EXPECT_EQ(result(), getpid());
    for (long unknown : {499L, 100000L}) {
        r.prepare_call(unknown, {});
        EXPECT_EQ(result(), -ENOSYS);
    }
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    EXPECT_EQ(write(ends[1], "abc", 3), 3);
    prepare_splice(r, ends[0], nullptr, here.sockets[0], nullptr, 3, 0);
    EXPECT_EQ(result(), 3);
    EXPECT_EQ(read(here.sockets[1], here.into, 64), 3);
    close(ends[0]);
    close(ends[1]);
}

// What must not be made by another thread is refused, wherever it would have been made.
TEST_P(calls, that_are_refused) {
    for (long number :
         {SYS_exit, SYS_exit_group, SYS_clone, SYS_clone3, SYS_execve, SYS_rt_sigreturn, SYS_setuid,
          SYS_setresuid, SYS_setgroups, SYS_capset, SYS_unshare, SYS_setns, SYS_prctl, SYS_seccomp,
          SYS_sched_setaffinity, SYS_rseq}) {
        r.prepare_call(number, {});
        EXPECT_EQ(io->submit(r), ring::submitted::completed);
        EXPECT_EQ(r.result, -EINVAL) << number;
    }
    EXPECT_EQ(io->in_flight(), 0u);
}

// Nobody but the thread that is to wait does, and what it waits for ends it.
TEST_P(calls, that_block) {
    if (GetParam() == offload::inline_)
        GTEST_SKIP() << "the submitter would wait";
    prepare_recv(r, here.sockets[1], here.into, 64);
    ASSERT_EQ(io->submit(r), ring::submitted::queued);
    io->commit();
    request *got[1];
    EXPECT_EQ(io->reap(got, 1, clock::now() + std::chrono::milliseconds(1)), 0u);
    EXPECT_EQ(write(here.sockets[0], "late", 4), 4);
    EXPECT_EQ(io->reap(got, 1, {}), 1u);
    EXPECT_EQ(r.result, 4);
}

TEST_P(calls, that_are_cancelled) {
    if (GetParam() == offload::inline_)
        GTEST_SKIP() << "the submitter would wait";
    timespec long_time = {86400, 0};
    pollfd silent = {here.sockets[0], POLLIN, 0};
    void (*const forms[])(calls &, const timespec &, pollfd &) = {
        [](calls &t, const timespec &, pollfd &) {
            prepare_recv(t.r, t.here.sockets[1], t.here.into, 64);
        },
        [](calls &t, const timespec &time, pollfd &) { prepare_timeout(t.r, time); },
        [](calls &t, const timespec &, pollfd &what) { prepare_poll(t.r, what); }};
    jitter random(1);
    for (int i = 0; i < 30; i++) {
        forms[i % 3](*this, long_time, silent);
        ASSERT_EQ(io->submit(r), ring::submitted::queued);
        io->commit();
        random.maybe();
        if (io->cancel(r))
            continue;
        request *got[1];
        ASSERT_EQ(io->reap(got, 1, {}), 1u);
        EXPECT_TRUE(r.result == -EINTR || r.result == -ECANCELED) << r.result;
    }
}

// A thread may have credentials of its own, as those of samba have.
TEST_P(calls, look_paths_up_as_the_submitter_would) {
    if (geteuid() != 0)
        GTEST_SKIP() << "only root can become somebody else";
    ASSERT_EQ(fchmod(here.folder.fd, 0700), 0);
    struct statx known = {};
    const std::string path = here.at.path / "ten";
    std::thread([&] {
        setfsuid(65534);
        prepare_statx(r, nullptr, path.c_str(), 0, STATX_SIZE, &known);
        EXPECT_EQ(result(), -EACCES);
        setfsuid(0);
        EXPECT_EQ(result(), 0);
    }).join();
    std::thread([&] {
        ASSERT_EQ(unshare(CLONE_FS), 0);
        ASSERT_EQ(fchdir(here.folder.fd), 0);
        prepare_statx(r, nullptr, "ten", 0, STATX_SIZE, &known);
        EXPECT_EQ(result(), 0);
        prepare_mkdirat(r, nullptr, "masked", 0777);
        umask(077);
        EXPECT_EQ(result(), 0);
        struct stat st;
        EXPECT_EQ(stat("masked", &st), 0);
        EXPECT_EQ(st.st_mode & 0777, 0700u);
    }).join();
}

// A pool whose workers are created while the submitter is somebody else.
TEST_P(calls, are_made_by_workers_who_are_what_the_creator_was) {
    if (geteuid() != 0)
        GTEST_SKIP() << "only root can become somebody else";
    ASSERT_EQ(fchmod(here.folder.fd, 0700), 0);
    struct statx known = {};
    const std::string path = here.at.path / "ten";
    std::thread([&] {
        setfsuid(65534);
        r.prepare_call(SYS_getpid, {});
        EXPECT_EQ(result(), getpid());
    }).join();
    prepare_statx(r, nullptr, path.c_str(), 0, STATX_SIZE, &known);
    EXPECT_EQ(result(), 0);
}

// Whoever waits on a pool that others use too helps with what is theirs; but not with paths, which
// may mean something else to it.
TEST_P(calls, of_paths_are_made_by_nobody_elses_helper) {
    if (geteuid() != 0)
        GTEST_SKIP() << "only root can become somebody else";
    if (!needs_pool(GetParam()))
        GTEST_SKIP() << "nobody else helps a ring without a pool";
    ASSERT_EQ(fchmod(here.folder.fd, 0700), 0);
    auto small = make(limited(1));
    std::unique_ptr<ring> root, other;
    ASSERT_EQ(ring::create({.mode = GetParam(), .depth = 8}, small.get(), root), 0);
    ASSERT_EQ(ring::create({.mode = offload::sqwq, .depth = 8}, small.get(), other), 0);
    holder busy;
    busy.start_on(*small);
    struct statx known[8] = {};
    request paths[8], reads[8], *got[8];
    for (size_t i = 0; i < 8; i++) {
        prepare_statx(paths[i], &here.folder, "ten", 0, STATX_SIZE, &known[i]);
        (void)root->submit(paths[i]);
    }
    std::thread([&] {
        setfsuid(65534);
        for (size_t i = 0; i < 8; i++) {
            reads[i].prepare(opcode::read, here.ten, &here.into[i], 1);
            EXPECT_EQ(other->submit(reads[i]), ring::submitted::queued);
        }
        for (unsigned n = 0; n < 7;) // the worker is busy, so these it does itself
            n += other->reap(got, 1, {});
    }).join();
    busy.end();
    while (other->in_flight() > 0)
        (void)other->reap(got, 1, {});
    while (root->in_flight() > 0)
        (void)root->reap(got, 1, {});
    for (const request &path : paths)
        EXPECT_EQ(path.result, 0);
}

// What is learnt of a call on a file system that has waited so long.
void learn(call_costs &costs, request &r, std::chrono::nanoseconds waited) {
    r.waited = waited;
    costs.learn(r);
}

TEST(call_costs, turn_within_a_hundred_calls) {
    using namespace std::chrono_literals;
    file here, there;
    here.key.hi = 1, there.key.hi = 2;
    request stat, elsewhere, open;
    stat.prepare_call(SYS_statx, {}, &here);
    elsewhere.prepare_call(SYS_statx, {}, &there);
    open.prepare_call(SYS_openat, {}, &here);
    call_costs costs;
    EXPECT_TRUE(costs.pays(stat)) << "unknown";
    for (auto [waited, paid] : {std::pair<std::chrono::nanoseconds, bool>(0ns, true),
                                {100us, false},
                                {0ns, true},
                                {1ms, false}}) {
        int calls = 0;
        for (; costs.pays(stat) != paid || calls == 0; calls++)
            learn(costs, stat, waited);
        EXPECT_LE(calls, 100);
        for (int i = 0; i < 1000; i++)
            learn(costs, stat, waited);
        EXPECT_EQ(costs.pays(stat), paid);
        EXPECT_TRUE(costs.pays(elsewhere)) << "another file system";
        EXPECT_TRUE(costs.pays(open)) << "another call";
    }
}

// One in twenty that waits for long costs more than the others save.
TEST(call_costs, weigh_what_is_lost_against_what_is_saved) {
    using namespace std::chrono_literals;
    call_costs costs;
    request stat;
    stat.prepare_call(SYS_statx, {});
    for (auto [waited, paid] :
         {std::pair<std::chrono::nanoseconds, bool>(5ms, false), {20us, true}}) {
        unsigned pays = 0;
        for (int i = 0; i < 2000; i++) {
            learn(costs, stat, i % 20 ? 0ns : waited);
            pays += costs.pays(stat);
        }
        EXPECT_TRUE(paid ? pays > 1800 : pays < 200) << pays;
    }
}
