// SPDX-License-Identifier: MIT
// The child of a fork: what it has inherited is refused or dropped at once, and what it makes
// itself works.
#include "iowq/ring/ring.h"

#include "iowq/test/child.h"
#include "iowq/test/item.h"
#include "iowq/test/ring/requests.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <pthread.h>
#include <string>
#include <thread>

using namespace iowq;

namespace {

std::unique_ptr<wq> global; // destroyed when the process ends

// A pool of the caller's own.
bool works_anew() {
    std::unique_ptr<wq> pool;
    item it;
    if (wq::create({}, pool) || pool->enqueue(&it))
        return false;
    it.done.acquire();
    return it.calls == 1 && !it.cancelled && pool->exit() == 0;
}

bool is_refused(wq &pool, item &queued_before) {
    item it;
    return pool.enqueue(&it) == -ESHUTDOWN && it.calls == 0 && pool.flush() == 0 &&
           pool.cancel(&queued_before) == cancel_result::notfound &&
           pool.cancel_all() == cancel_result::notfound && !pool.help() &&
           pool.set_affinity({}) == -ESHUTDOWN && pool.paced().max_running == 0 &&
           pool.counters().nr_workers == 0 && pool.max_workers().bound == 0 && pool.exit() == 0 &&
           queued_before.calls == 0;
}

// Of two threads of rings one is in a call that sleeps.
bool a_leader_has_handed_over() {
    int there = 0, asleep = 0;
    for (auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        if (name != "iowq-sq")
            continue;
        there++;
        asleep += thread_sleeps(std::stoi(task.path().filename())).value_or(true);
    }
    return there == 2 && asleep > 0;
}

// Forks while it is made and while it is destroyed, as another thread may at any time.
struct forks_at_its_ends : across_forks {
    struct member {
        member() {
            EXPECT_EQ(in_child([] { return 0; }), 0);
        }
        ~member() {
            EXPECT_EQ(in_child([] { return 0; }), 0);
        }
    };
    static inline int held = 0, let_go = 0;
    void hold_still() override { held++; }
    void go_on() override { let_go++; }

    member first;
    whole whole_{*this};
};

class forked_ring : public testing::TestWithParam<offload> {};
INSTANTIATE_TEST_SUITE_P(fork, forked_ring,
                         testing::Values(offload::inline_, offload::sqthread, offload::handoff,
                                         offload::sqwq, offload::punt, offload::hashed));

} // namespace

TEST(fork, a_pool_is_refused_in_the_child_and_goes_on_in_the_parent) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    global = make(limited(1));
    holder runs;
    runs.start_on(*global);
    item queued;
    ASSERT_EQ(global->enqueue(&queued), 0);
    EXPECT_EQ(in_child([&] { return !(is_refused(*global, queued) && works_anew()); }), 0);
    EXPECT_EQ(in_child([&] {
                  global.reset();
                  return !works_anew();
              }),
              0);
    // And a child of that child.
    EXPECT_EQ(in_child([&] { return in_child([&] { return !is_refused(*global, queued); }); }), 0);
    runs.end();
    queued.done.acquire();
    EXPECT_FALSE(queued.cancelled);
    global.reset();
}

TEST_P(forked_ring, is_refused_in_the_child_and_goes_on_in_the_parent) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
    auto pool = make();
    std::unique_ptr<ring> io;
    ring_config config;
    config.mode = GetParam();
    config.depth = 4;
    ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    silence quiet;
    file in;
    ASSERT_EQ(in.examine(quiet.fd[0]), 0);
    scratch s(O_RDWR | O_DIRECT), empty;
    alignas(block) static char memory[block];
    char byte;
    prepared waits(in, opcode::read, &byte, 0, 1), unsent(s.f, opcode::write, memory, 0, block);
    if (GetParam() != offload::inline_) {
        ASSERT_EQ(io->submit(waits), ring::submitted::queued);
        io->commit();
        ASSERT_EQ(io->submit(unsent), ring::submitted::queued);
    }
    // What a leader that is just making a standby has in hand leaks in the child.
    while (GetParam() == offload::handoff && !a_leader_has_handed_over())
        std::this_thread::yield();
    EXPECT_EQ(in_child([&] {
                  prepared r(empty.f, opcode::read, memory, 0, block);
                  request *got;
                  bool refused = io->submit(r) == ring::submitted::completed &&
                                 r.result == -ESHUTDOWN && io->reap({&got, 1}, 1, {}) == 0 &&
                                 !io->cancel(waits) && !io->cancel(unsent);
                  io->commit();
                  io.reset();
                  pool.reset();
                  std::unique_ptr<wq> own;
                  std::unique_ptr<ring> anew;
                  if (!refused || wq::create({}, own) || ring::create(config, own.get(), anew))
                      return 1;
                  bool done = anew->submit(r) == ring::submitted::completed ||
                              anew->reap({&got, 1}, 1, {}) == 1;
                  return done && r.result == 0 ? 0 : 2;
              }),
              0);
    quiet.end();
    request *got[2];
    unsigned in_flight = io->in_flight();
    EXPECT_EQ(in_flight, GetParam() == offload::inline_ ? 0u : 2u);
    EXPECT_EQ(io->reap(got, 2, {}), in_flight);
}

// Its locks are not there yet, or not any more.
TEST(fork, meets_no_object_that_is_not_whole) {
    forks_at_its_ends::held = forks_at_its_ends::let_go = 0;
    {
        forks_at_its_ends object;
        EXPECT_EQ(forks_at_its_ends::held, 0);
        EXPECT_EQ(in_child([] { return 0; }), 0);
        EXPECT_EQ(forks_at_its_ends::held, 1);
    }
    EXPECT_EQ(forks_at_its_ends::held, 1);
    EXPECT_EQ(forks_at_its_ends::let_go, 1);
}

// Whatever other threads are at just then.
TEST(fork, in_the_middle_of_everything_leaves_a_child_that_can_end) {
    SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK();
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "AddressSanitizer's own locks are not held while a process forks";
#endif
    std::atomic<bool> over{false};
    global = make();
    std::thread makes([&] {
        while (!over) {
            auto pool = make();
            grow(*pool, 3);
        }
    });
    std::thread hashes([&] {
        jitter random(31);
        std::deque<item> items(64);
        while (!over) {
            for (item &it : items) {
                it.flags = work_hashed;
                it.key = {1, random.random()()};
                EXPECT_EQ(global->enqueue(&it), 0);
            }
            for (item &it : items)
                it.done.acquire();
        }
    });
    std::thread rings([&] {
        while (!over) {
            std::unique_ptr<ring> io;
            ring_config config;
            config.mode = offload::handoff;
            EXPECT_EQ(ring::create(config, nullptr, io), 0);
        }
    });
    for (unsigned i = 0; i < stress_items(20); i++)
        EXPECT_EQ(in_child([] {
                      global.reset();
                      _exit(!works_anew()); // what other threads had is nobody's here, and leaks
                      return 0;
                  }),
                  0);
    over = true;
    makes.join();
    hashes.join();
    rings.join();
    global.reset();
}

#if defined(__SANITIZE_ADDRESS__)
namespace {

const pid_t first = getpid();

// How often each other thread has gone to sleep; nothing if one is awake.
std::optional<std::map<pid_t, std::string>> others_asleep() {
    std::map<pid_t, std::string> found;
    for (auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        pid_t tid = std::stoi(task.path().filename());
        if (tid == gettid())
            continue;
        std::ifstream status(task.path() / "status");
        auto line_of = [&](const char *key) {
            std::string line;
            while (std::getline(status, line) && !line.starts_with(key))
                ;
            return line;
        };
        if (!line_of("State:").starts_with("State:\tS"))
            return {};
        found[tid] = line_of("voluntary_ctxt_switches:");
    }
    return found;
}

// Another thread may hold AddressSanitizer's own locks, as it does while it begins, and the child
// would wait for them for ever. None does once all are asleep: between two looks that find the same
// there is such a moment.
void wait_for_the_others() {
    for (auto last = others_asleep();;) {
        auto now = others_asleep();
        if (now && now == last)
            return;
        last = std::move(now);
        std::this_thread::yield();
    }
}

// Before the library's own, and so it runs after them: what they hold still goes to sleep.
[[maybe_unused]] const int registered = pthread_atfork(wait_for_the_others, nullptr, nullptr);

} // namespace

// Asked by LeakSanitizer when a process ends; it finds what is visible only. What other threads of
// the parent had on their stacks when it forked is nobody's in the child, and no leak of the
// library. Nor is what a ring points to, whose memory LeakSanitizer does not look through.
extern "C" __attribute__((visibility("default"))) int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off() { return getpid() != first; }
#endif
