// SPDX-License-Identifier: MIT
// acall: system calls, submitting, cancelling, the pool and the process.
#include "iowq/test/acall/async.h"

#include <filesystem>
#include <fstream>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <vector>

extern "C" int acall_from_c(void);

namespace {

// The pool's threads. nullopt: /proc does not tell.
std::optional<unsigned> pool_threads() {
    std::error_code error;
    unsigned n = 0;
    for (auto &task : std::filesystem::directory_iterator("/proc/self/task", error)) {
        std::string name;
        std::ifstream(task.path() / "comm") >> name;
        n += name.starts_with("iowq-wrk");
    }
    return error ? std::nullopt : std::optional(n);
}

} // namespace

class acall : public acall_both_ways {};
INSTANTIATE_TEST_SUITE_P(both, acall, testing::Values(in_own_thread, in_pool));

TEST_P(acall, makes_system_calls_and_gives_their_results) {
    char name[] = "/tmp/acall_test.XXXXXX";
    int fd = mkstemp(name);
    ASSERT_GE(fd, 0);
    char text[6] = "";
    EXPECT_EQ(async(GetParam(), SYS_write, fd, "hello", 6).run(), 6);
    EXPECT_EQ(async(GetParam(), SYS_pread64, fd, text, 6, 0).run(), 6);
    EXPECT_STREQ(text, "hello");
    EXPECT_EQ(async(GetParam(), SYS_lseek, fd, 2, SEEK_SET).run(), 2);
    EXPECT_EQ(async(GetParam(), SYS_read, fd, text, 6).run(), 4);
    EXPECT_STREQ(text, "llo");
    EXPECT_EQ(async(GetParam(), SYS_close, fd).run(), 0);
    EXPECT_EQ(async(GetParam(), SYS_close, -1).run(), -EBADF);
    EXPECT_EQ(async(GetParam(), SYS_unlinkat, AT_FDCWD, name, 0).run(), 0);
    EXPECT_EQ(async(GetParam(), 100000).run(), -ENOSYS);
    void *at = reinterpret_cast<void *>(
        async(GetParam(), SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0).run());
    EXPECT_EQ(munmap(at, 4096), 0) << "all six arguments arrive";
}

TEST_P(acall, takes_calls_from_several_threads_and_completes_each_once) {
    std::vector<std::thread> submitters;
    for (int t = 0; t < 4; t++)
        submitters.emplace_back([&, t] {
            for (unsigned round = 0; round < stress_items(10); round++) {
                silence quiet;
                char bytes[8];
                std::deque<async> calls;
                std::vector<acall_submission *> list;
                for (int i = 0; i < 8; i++) {
                    async &c =
                        i % 2 ? calls.emplace_back(GetParam(), SYS_write, quiet.fd[1], "x", 1)
                              : calls.emplace_back(GetParam(), SYS_read, quiet.fd[0], &bytes[i], 1);
                    c.what.cookie = static_cast<uint64_t>(100 * t + i + 1);
                    list.push_back(&c.what);
                }
                ASSERT_EQ(acall_submit(list.data(), list.size()), 8);
                for (size_t i = 0; i < calls.size(); i++) {
                    EXPECT_EQ(calls[i].wait(), 1);
                    EXPECT_EQ(calls[i].result(), 1);
                    EXPECT_EQ(calls[i].comp.cookie, list[i]->cookie);
                }
            }
        });
    for (std::thread &t : submitters)
        t.join();
}

TEST_P(acall, copies_the_submission) {
    silence quiet;
    char byte;
    async call = reading(GetParam(), quiet, &byte);
    ASSERT_EQ(call.submit(), 1);
    memset(&call.what, 0xff, sizeof call.what);
    quiet.end();
    EXPECT_EQ(call.wait(), 1);
    EXPECT_EQ(call.result(), 1);
    EXPECT_EQ(call.comp.cookie, 1u);
}

// ---- submitting

TEST_P(acall, tells_why_it_took_no_more) {
    async first(GetParam(), SYS_getpid), refused(GetParam(), SYS_exit),
        last(GetParam(), SYS_getpid);
    acall_submission *list[] = {&first.what, &refused.what, &last.what};
    EXPECT_EQ(acall_submit(list, 3), 1);
    EXPECT_EQ(acall_submit_error(), -EINVAL);
    EXPECT_EQ(first.wait(), 1);
    EXPECT_FALSE(refused.done());
    EXPECT_EQ(refused.wait(), -EINVAL) << "no id was given out";

    EXPECT_EQ(acall_submit(list + 1, 2), -EINVAL);
    EXPECT_EQ(acall_submit(list + 2, 1), 1);
    EXPECT_EQ(acall_submit_error(), 0);
    EXPECT_EQ(last.wait(), 1);
}

TEST(acall_submit, tells_each_thread_its_own_error) {
    EXPECT_EQ(acall_submit(nullptr, 1), -EFAULT);
    std::thread other([] { EXPECT_EQ(acall_submit_error(), 0); });
    other.join();
    EXPECT_EQ(acall_submit_error(), -EFAULT);
    EXPECT_EQ(acall_submit(nullptr, 0), 0);
    EXPECT_EQ(acall_submit_error(), 0);
}

TEST_P(acall, refuses_bad_submissions) {
    auto error_of = [&](auto change) {
        async call(GetParam(), SYS_getpid);
        change(call.what);
        long error = call.submit();
        EXPECT_EQ(acall_submit_error(), error);
        EXPECT_FALSE(call.done());
        return error;
    };
    ring_of<2> ring, none;
    none.get()->nr = 0;
    EXPECT_EQ(error_of([](auto &s) { s.flags |= 2; }), -EINVAL);
    EXPECT_EQ(error_of([](auto &s) { s.completion_pointer += 4; }), -EINVAL);
    EXPECT_EQ(error_of([&](auto &s) { s.completion_ring_pointer = arg(ring.room + 4); }), -EINVAL);
    EXPECT_EQ(error_of([&](auto &s) { s.completion_ring_pointer = arg(none.get()); }), -EINVAL);
    none.get()->nr = 1u << 31;
    EXPECT_EQ(error_of([&](auto &s) { s.completion_ring_pointer = arg(none.get()); }), -EINVAL);
    EXPECT_EQ(error_of([&](auto &s) {
                  s.completion_ring_pointer = arg(ring.get());
                  s.cookie = 0;
              }),
              -EINVAL);
    for (long nr :
         {SYS_exit, SYS_exit_group, SYS_clone, SYS_clone3, SYS_execve, SYS_execveat,
          SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_set_tid_address, SYS_set_robust_list, SYS_rseq})
        EXPECT_EQ(error_of([&](auto &s) { s.nr = static_cast<uint32_t>(nr); }), -EINVAL) << nr;
#if defined(__x86_64__)
    for (long nr :
         {SYS_fork, SYS_vfork, SYS_arch_prctl, SYS_set_thread_area, SYS_fork | 0x40000000})
        EXPECT_EQ(error_of([&](auto &s) { s.nr = static_cast<uint32_t>(nr); }), -EINVAL) << nr;
#endif
    async good(GetParam(), SYS_getpid);
    acall_submission *list[] = {&good.what, nullptr};
    EXPECT_EQ(acall_submit(list, 2), 1);
    EXPECT_EQ(acall_submit_error(), -EFAULT);
    EXPECT_EQ(good.wait(), 1);
}

TEST(acall_threads, that_cannot_be_had_are_an_error_that_leaves_nothing) {
    ring_of<1> ring;
    async call(in_own_thread, SYS_getpid);
    call.what.completion_ring_pointer = arg(ring.get());
    failing_creations = 1;
    EXPECT_EQ(call.submit(), -EAGAIN);
    EXPECT_EQ(call.wait(), -EINVAL) << "its id has been taken back";
    EXPECT_FALSE(call.done());
    EXPECT_EQ(call.run(), getpid()) << "and its place in the ring";
    EXPECT_EQ(ring.consume(1), 1u);
    end_all();
}

TEST(acall_threads, that_the_pool_cannot_have_end_the_call_with_an_error) {
    EXPECT_EQ(acall_max_threads(0), acall_max_threads(0)); // the pool is there
    async call(in_pool, SYS_getpid);
    failing_creations = 1 << 30;
    EXPECT_EQ(call.run(), -EAGAIN);
    failing_creations = 0;
    EXPECT_EQ(async(in_pool, SYS_getpid).run(), getpid());
    end_all();
}

// ---- cancelling

TEST_P(acall, cancel_interrupts_a_call_that_runs) {
    for (unsigned round = 0; round < stress_items(20); round++) {
        waiting call(GetParam());
        ASSERT_EQ(call.submit(), 1);
        call.until_it_waits();
        EXPECT_EQ(acall_cancel(&call.id), 0);
        EXPECT_EQ(call.wait(), 1);
        EXPECT_EQ(call.result(), -EINTR);
        EXPECT_EQ(acall_cancel(&call.id), -ESRCH);
    }
}

// Whenever it comes: before the call, just before its system call, or in it.
TEST_P(acall, cancel_ends_a_read_that_would_wait_for_ever) {
    jitter delay(21);
    silence quiet;
    for (unsigned round = 0; round < stress_items(100); round++) {
        char byte;
        async call = reading(GetParam(), quiet, &byte);
        ASSERT_EQ(call.submit(), 1);
        for (uint64_t n = delay.random()() % 64; n > 0; n--)
            delay.maybe();
        EXPECT_EQ(acall_cancel(&call.id), 0);
        EXPECT_EQ(call.wait(), 1);
        EXPECT_TRUE(call.result() == -EINTR || call.result() == -ECANCELED) << call.result();
    }
}

TEST_P(acall, cancel_by_several_ends_one_call_and_no_other) {
    for (unsigned round = 0; round < stress_items(20); round++) {
        silence quiet;
        char bytes[2];
        async call = reading(GetParam(), quiet, &bytes[0]),
              other = reading(GetParam(), quiet, &bytes[1]);
        ASSERT_EQ(call.submit(), 1);
        ASSERT_EQ(other.submit(), 1);
        std::vector<std::thread> cancellers;
        for (int i = 0; i < 3; i++)
            cancellers.emplace_back([&] {
                long error = acall_cancel(&call.id);
                EXPECT_TRUE(error == 0 || error == -ESRCH) << error;
            });
        EXPECT_EQ(call.wait(), 1);
        for (std::thread &t : cancellers)
            t.join();
        EXPECT_LT(call.result(), 0);
        quiet.end();
        EXPECT_EQ(other.wait(), 1);
        EXPECT_EQ(other.result(), 1);
    }
}

TEST(acall_cancel, ends_a_queued_call_that_never_starts) {
    acall_max_threads(1);
    silence quiet, witness(true);
    char byte;
    async runs = reading(in_pool, quiet, &byte), queued(in_pool, SYS_write, witness.fd[0], "x", 1);
    ASSERT_EQ(runs.submit(), 1);
    ASSERT_EQ(queued.submit(), 1);
    EXPECT_EQ(acall_cancel(&queued.id), 0);
    EXPECT_EQ(queued.wait(), 1);
    EXPECT_EQ(queued.result(), -ECANCELED);
    EXPECT_EQ(recv(witness.fd[1], &byte, 1, MSG_DONTWAIT), -1) << "nothing was written";
    quiet.end();
    EXPECT_EQ(runs.wait(), 1);
    EXPECT_EQ(runs.result(), 1);
    end_all();
}

TEST(acall_cancel, leaves_no_timer_behind) {
    for (int i = 0; i < 10; i++) {
        waiting call(in_own_thread);
        ASSERT_EQ(call.submit(), 1);
        call.until_it_waits();
        EXPECT_EQ(acall_cancel(&call.id), 0);
        EXPECT_EQ(call.wait(), 1);
    }
    std::ifstream timers("/proc/self/timers");
    if (!timers)
        GTEST_SKIP() << "no /proc/self/timers";
    EXPECT_EQ(timers.peek(), std::ifstream::traits_type::eof());
    end_all();
}

TEST(acall_cancel, without_a_timer_to_be_had_does_nothing) {
    waiting call(in_own_thread);
    ASSERT_EQ(call.submit(), 1);
    call.until_it_waits();
    rlimit before{};
    getrlimit(RLIMIT_SIGPENDING, &before);
    rlimit none = {0, before.rlim_max};
    setrlimit(RLIMIT_SIGPENDING, &none);
    EXPECT_EQ(acall_cancel(&call.id), -EAGAIN);
    setrlimit(RLIMIT_SIGPENDING, &before);
    EXPECT_FALSE(call.done());
    EXPECT_EQ(acall_cancel(&call.id), 0);
    EXPECT_EQ(call.wait(), 1);
    EXPECT_EQ(call.result(), -EINTR);
    end_all();
}

TEST(acall_cancel, refuses_bad_ids) {
    acall_id nobodys{};
    EXPECT_EQ(acall_cancel(nullptr), -EFAULT);
    EXPECT_EQ(acall_cancel(&nobodys), -EINVAL);
}

// ---- the pool

TEST(acall_pool, queues_at_its_limit_and_runs_more_when_that_is_raised) {
    acall_max_threads(2);
    EXPECT_EQ(acall_max_threads(0), 2);
    waiting a(in_pool), b(in_pool), c(in_pool);
    for (async *call : {&a, &b, &c})
        ASSERT_EQ(call->submit(), 1);
    a.until_it_waits();
    b.until_it_waits();
    EXPECT_EQ(pool_threads().value_or(2), 2u);
    EXPECT_EQ(acall_max_threads(3), 2);
    c.until_it_waits();
    for (waiting *call : {&a, &b, &c}) {
        call->let_go();
        EXPECT_EQ(call->wait(), 1);
    }
    end_all();
    EXPECT_GT(acall_max_threads(0), 3) << "it starts anew";
    end_all();
}

TEST(acall_pool, queued_calls_run_as_others_end) {
    acall_max_threads(1);
    silence quiet;
    std::deque<async> calls;
    char bytes[8];
    for (char &byte : bytes)
        ASSERT_EQ(calls.emplace_back(in_pool, SYS_read, quiet.fd[0], &byte, 1).submit(), 1);
    quiet.end(8);
    for (int i = 0; i < 8; i++) {
        EXPECT_EQ(calls[static_cast<size_t>(i)].wait(), 1);
        EXPECT_EQ(bytes[i], '1' + i) << "in their order";
    }
    end_all();
}

TEST(acall_pool, threads_all_leave_when_idle) {
    if (!pool_threads())
        GTEST_SKIP() << "no /proc";
    std::deque<waiting> calls;
    for (int i = 0; i < 4; i++)
        ASSERT_EQ(calls.emplace_back(in_pool).submit(), 1);
    for (waiting &call : calls)
        call.until_it_waits();
    EXPECT_GE(pool_threads(), 4u) << "one may have started in vain, while another was on its way";
    for (waiting &call : calls) {
        call.let_go();
        EXPECT_EQ(call.wait(), 1);
    }
    while (pool_threads() > 0u)
        std::this_thread::yield();
    EXPECT_EQ(async(in_pool, SYS_getpid).run(), getpid()) << "and it starts others";
    end_all();
}

// ---- the process

TEST(acall_end, is_refused_while_calls_are_outstanding) {
    silence quiet;
    char byte;
    async call = reading(in_own_thread, quiet, &byte);
    ASSERT_EQ(call.submit(), 1);
    EXPECT_EQ(acall_end(), -EBUSY);
    quiet.end();
    EXPECT_EQ(call.wait(), 1);
    end_all();
    end_all();
    EXPECT_EQ(call.wait(), 1) << "ids outlive it";
}

TEST_P(acall, works_in_the_child_of_a_fork) {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork";
#endif
    silence quiet;
    char byte;
    ring_of<1> ring;
    async call = reading(GetParam(), quiet, &byte);
    call.what.completion_ring_pointer = arg(ring.get());
    ASSERT_EQ(call.submit(), 1);
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        bool good = call.wait() == 1 && !call.done() && acall_cancel(&call.id) == -ESRCH &&
                    ring.submit(1, GetParam()) == 1 && ring.wait(0, 1) == 1 &&
                    async(GetParam(), SYS_getpid).run() == getpid();
        _exit(good ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_FALSE(call.done());
    quiet.end();
    EXPECT_EQ(call.wait(), 1);
    EXPECT_EQ(call.result(), 1);
}

TEST(acall_from_c, does_what_it_does_from_cpp) {
    EXPECT_EQ(acall_from_c(), 0) << "the line in acall_from_c.c";
    end_all();
}
