// SPDX-License-Identifier: MIT
// How many workers there are, and on which CPUs: limits, affinity, and who leaves when.
#include "iowq/test/item.h"

#include <sys/resource.h>

using namespace iowq;

namespace {

cpu_mask one_cpu(bool last) {
    std::vector<unsigned> mine = cpu_mask::of_this_thread().numbers();
    return cpu_mask::only(last ? mine.back() : mine.front());
}

} // namespace

TEST(max_workers, are_a_hard_limit) {
    auto pool = make(limited(3));
    sleepers all(*pool, 30, work_concurrent);
    all.wait_inside(3);
    all.end();
    EXPECT_EQ(all.most, 3);
    EXPECT_EQ(pool->counters().workers_created, 3u);
}

TEST(max_workers, are_asked_for_set_and_clamped) {
    auto pool = make(limited(3));
    worker_limits old = pool->max_workers();
    EXPECT_EQ(old.bound, 3u);
    EXPECT_EQ(old.unbound, 3u);
    old = pool->max_workers({5, 0});
    EXPECT_EQ(old.bound, 3u);
    old = pool->max_workers({~0u, 7});
    EXPECT_EQ(old.bound, 5u);
    EXPECT_EQ(old.unbound, 3u);
    rlimit nproc{};
    getrlimit(RLIMIT_NPROC, &nproc);
    old = pool->max_workers();
    EXPECT_LE(old.bound, nproc.rlim_cur);
    EXPECT_LT(old.bound, ~0u);
    EXPECT_EQ(old.unbound, 7u);
}

class max_workers_of : public testing::TestWithParam<uint32_t> {}; // flags

TEST_P(max_workers_of, raised_let_those_run_that_wait) {
    auto pool = make(limited(2));
    sleepers all(*pool, 6, GetParam());
    all.wait_inside(2);
    EXPECT_EQ(all.most, 2);
    pool->max_workers({5, 5});
    all.wait_inside(5);
    EXPECT_EQ(all.most, 5);
    EXPECT_EQ(pool->counters().workers_created, 5u);
    all.end();
}

TEST_P(max_workers_of, lowered_kill_nobody_and_hold_from_then_on) {
    auto pool = make(limited(6));
    sleepers all(*pool, 6, GetParam());
    all.wait_inside(6);
    pool->max_workers({2, 2});
    EXPECT_EQ(pool->counters().nr_workers, 6u);
    all.end();
    while (pool->counters().nr_workers > 2) // at once, not after idling for 5 s
        std::this_thread::yield();
    sleepers more(*pool, 4, GetParam());
    more.wait_inside(2);
    more.end();
    EXPECT_EQ(more.most, 2);
    EXPECT_EQ(pool->counters().workers_created, 6u);
}

INSTANTIATE_TEST_SUITE_P(limits, max_workers_of, testing::Values(0u, work_unbound));

TEST(max_workers, lowered_hold_for_workers_that_had_parked) {
    auto pool = make(limited(6));
    grow(*pool, 6);
    until_all_park(*pool);
    pool->max_workers({2, 2});
    EXPECT_EQ(pool->counters().nr_workers, 2u);
    sleepers all(*pool, 6);
    all.wait_inside(2);
    all.end();
    EXPECT_EQ(all.most, 2);
}

TEST(reaping, lets_idle_workers_leave_but_for_one) {
    wq_config config = limited(8);
    config.idle = std::chrono::milliseconds(1);
    auto pool = make(config);
    grow(*pool, 8);
    while (pool->counters().nr_workers > 1)
        std::this_thread::yield();
    EXPECT_EQ(pool->counters().workers_reaped, 7u);
    // What they leave behind is used again.
    item again;
    again.run_on(*pool);
    EXPECT_EQ(pool->counters().workers_created, 8u);
}

TEST(reaping, lets_all_idle_workers_leave_where_none_is_to_stay) {
    wq_config config = limited(8);
    config.idle = std::chrono::milliseconds(1);
    config.last_stays = false;
    auto pool = make(config);
    for (unsigned round = 1; round <= 2; round++) { // the second one starts from none
        grow(*pool, 8);
        while (pool->counters().nr_workers > 0)
            std::this_thread::yield();
        EXPECT_EQ(pool->counters().workers_reaped, pool->counters().workers_created);
    }
}

TEST(reaping, lets_a_worker_be_that_has_been_used_since_the_last_round) {
    by_hand hands;
    iowq::acct a(true, 0, 2, 2);
    item items[4];
    auto push = [&](item &it) {
        it.where = work::on_its_way;
        EXPECT_EQ(a.push(&it), 0);
        return a.pushed(true);
    };
    for (item *it : {&items[0], &items[1]})
        ASSERT_EQ(push(*it).what, iowq::acct::action::create);
    worker &first = hands.add(a), &last = hands.add(a);
    auto take_all = [&] {
        work_list passed;
        for (worker *w : {&first, &last}) {
            EXPECT_NE(a.take(*w, passed), nullptr);
            EXPECT_FALSE(w->current.finish());
        }
        EXPECT_EQ(a.go_idle(first), iowq::acct::idle::parked);
        EXPECT_EQ(a.go_idle(last), iowq::acct::idle::parked);
    };
    take_all();
    bool due = false;
    auto reap = [&] { return a.with_workers([&](worker_set &w) { return w.reap(due); }); };
    EXPECT_EQ(reap(), nullptr);
    EXPECT_TRUE(due);
    for (item *it : {&items[2], &items[3]})
        EXPECT_EQ(push(*it).what, iowq::acct::action::wake);
    take_all();
    due = false;
    EXPECT_EQ(reap(), nullptr) << "it has just been used";
    EXPECT_TRUE(due);
    EXPECT_EQ(reap(), &first);
    EXPECT_EQ(a.counters().nr_workers, 1u);
}

TEST(affinity, moves_workers_that_are_there_and_those_to_come) {
    iowq::wq_config config = limited(4);
    config.spin = {}; // who spins may leave a CPU (dodge.h)
    auto pool = make(config);
    for (bool last : {false, true}) {
        cpu_mask wanted = one_cpu(last), there, to_come;
        std::binary_semaphore in(0), go(0);
        item first([&](item &) {
            blocking section(blocking::will);
            in.release();
            go.acquire();
            there = cpu_mask::of_this_thread();
        });
        ASSERT_EQ(pool->enqueue(&first), 0);
        in.acquire();
        ASSERT_EQ(pool->set_affinity(wanted), 0);
        item second([&](item &) { to_come = cpu_mask::of_this_thread(); });
        second.run_on(*pool);
        go.release();
        first.done.acquire();
        EXPECT_EQ(there, wanted);
        EXPECT_EQ(to_come, wanted);
    }
    // None resets it.
    ASSERT_EQ(pool->set_affinity({}), 0);
    cpu_mask after;
    item it([&](item &) { after = cpu_mask::of_this_thread(); });
    it.run_on(*pool);
    EXPECT_EQ(after, cpu_mask::of_this_thread());
}

// The mask changes between the thread's creation and its first step.
TEST(affinity, reaches_a_worker_that_is_just_being_created) {
    auto pool = make();
    creations held;
    cpu_mask seen;
    item it([&](item &) { seen = cpu_mask::of_this_thread(); });
    std::thread other([&] { EXPECT_EQ(pool->enqueue(&it), 0); });
    creations::wait();
    ASSERT_EQ(pool->set_affinity(one_cpu(true)), 0);
    creations::go();
    other.join();
    it.done.acquire();
    EXPECT_EQ(seen, one_cpu(true));
}

TEST(affinity, outside_the_creators_cpus_is_refused) {
    auto pool = make();
    EXPECT_EQ(pool->set_affinity(cpu_mask{}), -EINVAL);
    cpu_mask absent;
    absent.add(CPU_SETSIZE - 1);
    EXPECT_EQ(pool->set_affinity(absent), -EINVAL);
    cpu_mask seen;
    item it([&](item &) { seen = cpu_mask::of_this_thread(); });
    it.run_on(*pool);
    EXPECT_EQ(seen, cpu_mask::of_this_thread());
}
