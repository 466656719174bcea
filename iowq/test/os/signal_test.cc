// SPDX-License-Identifier: MIT
// The signal that interrupts what is cancelled: which one, whose, and what of the program it leaves
// alone.
#include "iowq/test/signals.h"

#include "iowq/ring/ring.h"

#include <cerrno>
#include <sys/syscall.h>

using namespace iowq;

namespace {

void nothing(int) {}

// Signals that the calling thread blocks, while it lives.
struct blocked {
    sigset_t before;
    explicit blocked(int signal) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, signal);
        pthread_sigmask(SIG_BLOCK, &set, &before);
    }
    ~blocked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
};

int create_with(int signal, std::unique_ptr<wq> &pool) {
    wq_config config;
    config.signal = signal;
    return wq::create(config, pool);
}

} // namespace

TEST(signal, is_a_real_time_one_shared_by_all_pools_and_given_back) {
    auto pool = make(), other = make();
    int signal = signal_of(*pool);
    ASSERT_GE(signal, SIGRTMIN);
    EXPECT_EQ(signal_of(*other), signal);
    EXPECT_FALSE(handled_by_default(signal));
    pool.reset();
    EXPECT_FALSE(handled_by_default(signal));
    other.reset();
    EXPECT_TRUE(handled_by_default(signal));
}

TEST(signal, leaves_the_programs_handlers_alone) {
    int last = SIGRTMAX;
    while (!handled_by_default(last)) // a sanitizer may have its own
        last--;
    own_handler theirs(last, nothing);
    auto pool = make();
    int signal = signal_of(*pool);
    EXPECT_NE(signal, last);
    // The program takes it over later: then it is the program's.
    own_handler later(signal, nothing);
    pool.reset();
    EXPECT_EQ(handler_of(signal), nothing);
}

TEST(signal, without_one_that_is_free_there_is_no_pool) {
    {
        std::deque<own_handler> all;
        for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
            all.emplace_back(s, nothing);
        std::unique_ptr<wq> pool;
        EXPECT_EQ(wq::create({}, pool), -EBUSY);
        std::unique_ptr<ring> io;
        ring_config with_thread;
        with_thread.mode = offload::sqthread;
        EXPECT_EQ(ring::create(with_thread, nullptr, io), -EBUSY);
    }
    make();
}

// As for signalfd and sigwaitinfo, which want it at its default.
TEST(signal, leaves_alone_what_its_creator_blocks) {
    int last = signal_of(*make());
    blocked waited_for(last);
    auto pool = make();
    EXPECT_NE(signal_of(*pool), last);
    grow(*pool, 4);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, last);
    int received = 0;
    for (int i = 0; i < 100; i++) {
        kill(getpid(), last);
        timespec patience{1, 0};
        received += sigtimedwait(&set, nullptr, &patience) == last;
    }
    EXPECT_EQ(received, 100);
}

// valgrind keeps the last for itself, and so does qemu-user, where only sending it fails.
TEST(signal, is_none_that_cannot_be_sent) {
    int last = signal_of(*make());
    std::thread([] {
        let_fail(SYS_tgkill, EINVAL);
        std::unique_ptr<wq> pool;
        EXPECT_EQ(wq::create({}, pool), -EBUSY);
    }).join();
    EXPECT_TRUE(handled_by_default(last));
}

TEST(signal, passes_over_what_the_kernel_refuses) {
    int last = signal_of(*make());
    std::thread([last] {
        let_fail(SYS_rt_sigaction, EINVAL, static_cast<uint32_t>(last));
        auto pool = make();
        EXPECT_NE(signal_of(*pool), last);
    }).join();
}

TEST(signal, can_be_named) {
    std::unique_ptr<wq> pool, other;
    ASSERT_EQ(create_with(SIGUSR2, pool), 0);
    EXPECT_EQ(signal_of(*pool), SIGUSR2);
    EXPECT_EQ(create_with(SIGUSR1, other), -EBUSY);
    EXPECT_EQ(create_with(SIGUSR2, other), 0);
    EXPECT_EQ(create_with(0, other), 0);
    EXPECT_EQ(signal_of(*other), SIGUSR2);
    std::unique_ptr<ring> io;
    ring_config with_thread;
    with_thread.mode = offload::handoff;
    with_thread.signal = SIGUSR1;
    EXPECT_EQ(ring::create(with_thread, nullptr, io), -EBUSY);
    pool.reset();
    other.reset();
    EXPECT_TRUE(handled_by_default(SIGUSR2));
    for (int none : {SIGKILL, SIGSTOP, -1, SIGRTMAX + 1})
        EXPECT_EQ(create_with(none, pool), -EINVAL) << none;
    own_handler theirs(SIGUSR1, nothing);
    EXPECT_EQ(create_with(SIGUSR1, pool), -EBUSY);
}

// Sent all the same, it would end the process.
TEST(signal, is_taken_again_when_the_program_puts_it_to_its_default) {
    auto pool = make();
    int signal = signal_of(*pool);
    silence quiet;
    listener it(quiet);
    it.start_on(*pool);
    own_handler reset(signal, SIG_DFL);
    EXPECT_EQ(pool->cancel(&it), cancel_result::running);
    it.expect_interrupted();
}

TEST(signal, is_not_sent_once_it_is_the_programs) {
    static std::atomic<int> received;
    received = 0;
    auto pool = make();
    own_handler theirs(signal_of(*pool), [](int) { received++; });
    silence quiet;
    listener it(quiet);
    it.start_on(*pool);
    EXPECT_EQ(pool->cancel(&it), cancel_result::running);
    quiet.end();
    it.done.acquire();
    EXPECT_EQ(it.error, 0);
    EXPECT_TRUE(it.told);
    EXPECT_EQ(received, 0);
}
