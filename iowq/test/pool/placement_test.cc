// SPDX-License-Identifier: MIT
// Which node serves an item, and where that keeps its memory. On a machine with one node most of it
// runs on nodes that hwloc imagines; what is about memory, and about who is the nearest, needs real
// ones (make numa).
#include "iowq/os/node_memory.h"
#include "iowq/ring/ring.h"
#include "iowq/test/item.h"
#include "iowq/test/nodes.h"

#include <linux/mempolicy.h>
#include <map>
#include <sys/syscall.h>

using namespace iowq;

namespace {

wq_config placed(placement place, unsigned node = 0) {
    wq_config config;
    config.place = place;
    config.node = node;
    config.spin = {}; // who spins may leave a CPU (dodge.h)
    return config;
}

// One worker at most on a node.
wq_config one_each(placement place) {
    wq_config config = limited(1);
    config.place = place;
    return config;
}

// An item that tells on which node it ran, and which CPUs its worker may use.
struct telling : item {
    unsigned node = 0;
    cpu_mask cpus;
    explicit telling(const several_nodes &nodes, int needs = -1)
        : item([this, &nodes](item &) {
              node = nodes.here();
              cpus = cpu_mask::of_this_thread();
          }) {
        work::node = needs;
    }
};

int os(const several_nodes &nodes, unsigned node) {
    return static_cast<int>(nodes.machine.os_number(node));
}

// Holds a worker of the first node, where there is one at most: the only one.
struct asleep_on_first : sleeper {
    asleep_on_first(wq &pool, const several_nodes &nodes, uint32_t flags = 0) : sleeper(flags) {
        work::node = os(nodes, 0);
        start_on(pool);
    }
};

} // namespace

TEST(placement, local_serves_where_the_submitter_is) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    auto pool = make(placed(placement::local));
    for (int round = 0; round < 3; round++)
        for (unsigned n = 0; n < nodes.count(); n++) {
            stay_on here(nodes, n);
            telling it(nodes, os(nodes, 0));
            it.run_on(*pool);
            EXPECT_EQ(it.node, n);
            EXPECT_EQ(it.cpus, nodes.cpus(n));
        }
}

TEST(placement, node_serves_there_wherever_the_submitter_is) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    for (unsigned wanted = 0; wanted < nodes.count(); wanted++) {
        auto pool = make(placed(placement::node, nodes.machine.os_number(wanted)));
        for (unsigned n = 0; n < nodes.count(); n++) {
            stay_on here(nodes, n);
            telling it(nodes);
            it.run_on(*pool);
            EXPECT_EQ(it.node, wanted);
            EXPECT_EQ(it.cpus, nodes.cpus(wanted));
        }
    }
}

TEST(placement, device_serves_where_the_item_says_and_else_where_the_submitter_is) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    auto pool = make(placed(placement::device));
    for (unsigned n = 0; n < nodes.count(); n++) {
        stay_on here(nodes, n);
        for (unsigned at = 0; at < nodes.count(); at++) {
            telling it(nodes, os(nodes, at));
            it.run_on(*pool);
            EXPECT_EQ(it.node, at);
            until_all_park(*pool);
        }
        for (int unknown : {-1, 1000}) {
            telling it(nodes, unknown);
            it.run_on(*pool);
            EXPECT_EQ(it.node, n);
            until_all_park(*pool);
        }
    }
}

TEST(placement, interleave_serves_on_each_node_in_turn) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    auto pool = make(placed(placement::interleave));
    std::map<unsigned, unsigned> ran;
    for (unsigned i = 0; i < 10 * nodes.count(); i++) {
        telling it(nodes);
        it.run_on(*pool);
        ran[it.node]++;
        until_all_park(*pool);
    }
    for (unsigned n = 0; n < nodes.count(); n++)
        EXPECT_EQ(ran[n], 10u);
}

TEST(placement, none_leaves_workers_on_all_cpus_of_one_pool) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    auto pool = make(placed(placement::none));
    EXPECT_EQ(pool->machine().nodes(), 1u);
    for (unsigned n = 0; n < nodes.count(); n++) {
        stay_on here(nodes, n);
        telling it(nodes, os(nodes, 0));
        it.run_on(*pool);
        EXPECT_EQ(it.cpus, pool->machine().cpus(0));
    }
    EXPECT_EQ(pool->counters().workers_created, 1u);
}

TEST(placement, on_a_node_that_is_not_there_is_refused) {
    std::unique_ptr<wq> pool;
    std::string why;
    EXPECT_EQ(wq::create(placed(placement::node, 1000), pool, &why), -EINVAL);
    EXPECT_EQ(why.rfind("there is no node 1000 here; there are: 0", 0), 0u) << why;
}

TEST(placement, keeps_the_limits_on_each_node) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    wq_config config = limited(2);
    config.place = placement::interleave;
    auto pool = make(config);
    sleepers all(*pool, static_cast<int>(6 * nodes.count()));
    all.wait_inside(static_cast<int>(2 * nodes.count()));
    for (unsigned n = 0; n < nodes.count(); n++)
        EXPECT_EQ(pool->counters(n).nr_workers, 2u);
    all.end();
    EXPECT_EQ(all.most, static_cast<int>(2 * nodes.count()));
}

TEST(placement,
     lets_hashed_work_of_submitters_on_different_nodes_neither_overlap_nor_change_order) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    constexpr int each = 500;
    auto pool = make(placed(placement::local));
    std::atomic<int> inside{0}, overlaps{0};
    std::vector<std::vector<int>> order(nodes.count());
    std::vector<std::thread> submitters;
    std::deque<std::deque<item>> items(nodes.count());
    for (unsigned n = 0; n < nodes.count(); n++)
        submitters.emplace_back([&, n] {
            stay_on here(nodes, n);
            jitter delay(n);
            for (int i = 0; i < each; i++) {
                item &it = items[n].emplace_back([&, n, i](item &) {
                    overlaps += inside++ > 0;
                    order[n].push_back(i);
                    inside--;
                });
                it.flags = work_hashed;
                EXPECT_EQ(pool->enqueue(&it), 0);
                delay.maybe();
            }
            for (item &it : items[n])
                it.done.acquire();
        });
    for (std::thread &s : submitters)
        s.join();
    EXPECT_EQ(overlaps, 0);
    for (auto &its : order) {
        EXPECT_EQ(its.size(), static_cast<size_t>(each));
        EXPECT_TRUE(std::is_sorted(its.begin(), its.end()));
    }
    EXPECT_GT(pool->counters().chain_waits, 0u);
}

// ---- work for others

class hands_over : public testing::TestWithParam<placement> {};

TEST_P(hands_over, what_waits_for_a_node_at_its_limit) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    auto pool = make(one_each(GetParam()));
    stay_on here(nodes, 0);
    asleep_on_first asleep(*pool, nodes);
    // With interleave every second one is the first node's.
    std::deque<telling> waiting;
    for (int i = 0; i < 4; i++) {
        waiting.emplace_back(nodes, os(nodes, 0)).run_on(*pool);
        EXPECT_NE(waiting.back().node, 0u);
    }
    asleep.end();
}

// Told so while its only worker runs: that one looks before it parks.
TEST_P(hands_over, to_a_worker_that_was_busy) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    auto pool = make(one_each(GetParam()));
    stay_on here(nodes, 0);
    asleep_on_first asleep(*pool, nodes);
    std::deque<holder> busy;
    for (unsigned n = 1; n < nodes.count(); n++) { // run, and are not asleep
        holder &one = busy.emplace_back();
        one.work::node = os(nodes, n);
        one.start_on(*pool);
    }
    telling waits(nodes, os(nodes, 0));
    ASSERT_EQ(pool->enqueue(&waits), 0);
    EXPECT_EQ(waits.calls, 0);
    for (holder &one : busy)
        one.end();
    waits.done.acquire();
    EXPECT_NE(waits.node, 0u);
    asleep.end();
}

// The one that helps sleeps in its turn: as long as something waits, one after the other comes.
TEST_P(hands_over, all_that_others_have_workers_for) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    constexpr int limit = 3;
    wq_config config = limited(limit);
    config.place = GetParam();
    auto pool = make(config);
    std::deque<sleeper> all;
    for (int i = 0; i < limit; i++) {
        sleeper &one = all.emplace_back();
        one.work::node = os(nodes, 0);
        one.start_on(*pool);
    }
    // No later enqueue helps those that wait.
    for (int i = limit; i < 2 * limit; i++) {
        sleeper &one = all.emplace_back();
        one.work::node = os(nodes, 0);
        ASSERT_EQ(pool->enqueue(&one), 0);
    }
    for (int i = limit; i < 2 * limit; i++)
        all[static_cast<size_t>(i)].in.acquire();
    for (sleeper &one : all)
        one.end();
}

// The worker that was called runs, and then sleeps without having looked: another is there.
TEST_P(hands_over, to_another_when_the_one_that_was_called_sleeps) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    wq_config config = limited(2);
    config.place = placement::device;
    config.max_running = 2;
    auto pool = make(config);
    stay_on here(nodes, 0);
    sleeper first, second;
    for (sleeper *one : {&first, &second}) {
        one->work::node = os(nodes, 0);
        one->start_on(*pool);
    }
    std::vector<std::unique_ptr<item>> busy;
    std::counting_semaphore<64> in{0}, sleep{0}, go{0};
    for (unsigned n = 1; n < nodes.count(); n++) {
        busy.push_back(std::make_unique<item>([&](item &) {
            in.release();
            sleep.acquire();
            blocking section(blocking::will);
            go.acquire();
        }));
        busy.back()->work::node = os(nodes, n);
        ASSERT_EQ(pool->enqueue(busy.back().get()), 0);
        in.acquire();
    }
    telling waits(nodes, os(nodes, 0));
    ASSERT_EQ(pool->enqueue(&waits), 0);
    sleep.release(static_cast<ptrdiff_t>(busy.size()));
    waits.done.acquire();
    EXPECT_NE(waits.node, 0u);
    go.release(static_cast<ptrdiff_t>(busy.size()));
    for (auto &one : busy)
        one->done.acquire();
    first.end();
    second.end();
}

// A chain goes over as a whole, and comes back to its own node.
TEST_P(hands_over, chains_that_stay_in_order) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    auto pool = make(one_each(GetParam()));
    stay_on here(nodes, 0);
    asleep_on_first asleep(*pool, nodes);
    std::vector<int> order;
    std::atomic<int> inside{0}, overlaps{0};
    std::deque<item> chained;
    for (int i = 0; i < 100; i++) {
        item &it = chained.emplace_back([&, i](item &) {
            overlaps += inside++ > 0;
            order.push_back(i);
            inside--;
        });
        it.flags = work_hashed;
        it.work::node = os(nodes, 0);
        ASSERT_EQ(pool->enqueue(&it), 0);
        if (i == 50)
            asleep.end(); // from here on the node's own worker takes part
    }
    for (item &it : chained)
        it.done.acquire();
    EXPECT_EQ(overlaps, 0);
    ASSERT_EQ(order.size(), chained.size());
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(hands_over, what_can_still_be_cancelled) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    auto pool = make(one_each(GetParam()));
    stay_on here(nodes, 0);
    asleep_on_first asleep(*pool, nodes, work_unbound);
    silence quiet;
    for (int i = 0; i < 3; i++) {
        listener reads(quiet);
        reads.work::node = os(nodes, 0);
        reads.start_on(*pool); // on another node's worker
        EXPECT_EQ(pool->cancel(&reads), cancel_result::running);
        reads.expect_interrupted();
    }
    asleep.end();
}

INSTANTIATE_TEST_SUITE_P(placement, hands_over,
                         testing::Values(placement::device, placement::interleave));

class keeps_to_itself : public testing::TestWithParam<placement> {};

TEST_P(keeps_to_itself, what_waits_for_a_node_at_its_limit) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    wq_config config = one_each(GetParam());
    config.node = nodes.machine.os_number(0);
    auto pool = make(config);
    sleeper asleep;
    telling waits(nodes);
    {
        stay_on here(nodes, 0);
        asleep.start_on(*pool);
        ASSERT_EQ(pool->enqueue(&waits), 0);
    }
    if (GetParam() == placement::local) { // another node's worker goes idle meanwhile
        stay_on there(nodes, 1);
        telling other(nodes);
        other.run_on(*pool);
        EXPECT_EQ(other.node, 1u);
        until_all_park(*pool);
    }
    EXPECT_EQ(waits.calls, 0);
    asleep.end();
    waits.done.acquire();
    EXPECT_EQ(waits.node, 0u);
}

INSTANTIATE_TEST_SUITE_P(placement, keeps_to_itself,
                         testing::Values(placement::local, placement::node));

TEST(placement, calls_the_nearest_node_first) {
    several_nodes nodes(3);
    SKIP_UNLESS_NODES(nodes, 3u);
    SKIP_UNLESS_REAL(nodes);
    for (unsigned n = 0; n < nodes.count(); n++) {
        auto pool = make(one_each(placement::device));
        sleeper asleep;
        asleep.work::node = os(nodes, n);
        asleep.start_on(*pool);
        telling waits(nodes, os(nodes, n));
        waits.run_on(*pool);
        EXPECT_EQ(waits.node, nodes.machine.others(n)[0]);
        for (unsigned other = 0; other < nodes.count(); other++)
            if (other != n) {
                EXPECT_LE(nodes.machine.distance(nodes.machine.os_number(n),
                                                 nodes.machine.os_number(waits.node)),
                          nodes.machine.distance(nodes.machine.os_number(n),
                                                 nodes.machine.os_number(other)));
            }
        asleep.end();
    }
}

// ---- who may use which CPUs

TEST(placement, reaches_beyond_the_creators_cpus_where_it_may) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    std::unique_ptr<wq> pool;
    std::thread creator([&] {
        stay_on here(nodes, 0);
        wq_config config = placed(placement::node, nodes.machine.os_number(1));
        config.reach = cpu_mask::of_task(getpid());
        EXPECT_EQ(wq::create(config, pool), 0);
    });
    creator.join();
    telling it(nodes);
    it.run_on(*pool);
    EXPECT_EQ(it.node, 1u);
}

TEST(placement, on_a_node_without_cpus_to_use_is_served_by_the_nearest) {
    several_nodes nodes;
    SKIP_UNLESS_NODES(nodes, 2u);
    wq_config config = placed(placement::node, nodes.machine.os_number(1));
    config.cpus = nodes.cpus(0);
    auto pool = make(config);
    telling it(nodes);
    it.run_on(*pool);
    EXPECT_EQ(it.cpus, nodes.cpus(0));
}

// ---- memory

TEST(placement, workers_have_their_stack_and_record_on_their_node) {
    several_nodes nodes;
    SKIP_UNLESS_REAL(nodes);
    // A policy that the creator has, and that workers would inherit.
    unsigned long elsewhere = 1ul << os(nodes, 0);
    ASSERT_EQ(syscall(SYS_set_mempolicy, MPOL_BIND, &elsewhere, 64ul), 0);
    for (unsigned n = 0; n < nodes.count(); n++) {
        int memory = nodes.machine.memory(n);
        auto pool = make(placed(placement::node, nodes.machine.os_number(n)));
        for (int i = 0; i < 2; i++) { // the second time by a worker on a stack that was another's
            std::map<int, size_t> stack, record;
            int policy = -1;
            unsigned long allowed = 0;
            item it([&](item &) {
                char deep[100000];
                memset(deep, 1, sizeof deep);
                stack = pages_by_node(deep, sizeof deep);
                pthread_attr_t attributes;
                pthread_getattr_np(pthread_self(), &attributes);
                void *from;
                size_t bytes;
                pthread_attr_getstack(&attributes, &from, &bytes);
                pthread_attr_destroy(&attributes);
                for (auto [node, pages] : pages_by_node(from, bytes))
                    stack[node] += pages;
                record = pages_by_node(current_item(), 1);
                syscall(SYS_get_mempolicy, &policy, &allowed, 64ul, nullptr, 0ul);
            });
            it.run_on(*pool);
            EXPECT_EQ(stack.size(), 1u);
            EXPECT_GT(stack[memory], 24u);
            EXPECT_EQ(record, (std::map<int, size_t>{{memory, 1}}));
            EXPECT_EQ(policy, MPOL_PREFERRED);
            EXPECT_EQ(allowed, 1ul << memory);
            pool = make(placed(placement::node, nodes.machine.os_number(n)));
        }
    }
    ASSERT_EQ(syscall(SYS_set_mempolicy, MPOL_DEFAULT, nullptr, 0ul), 0);
}

TEST(placement, rings_lie_where_their_submitter_is) {
    several_nodes nodes;
    SKIP_UNLESS_REAL(nodes);
    for (unsigned n = 0; n < nodes.count(); n++) {
        stay_on here(nodes, n);
        for (offload mode : {offload::inline_, offload::sqthread}) {
            ring_config config;
            config.mode = mode;
            std::unique_ptr<ring> io;
            ASSERT_EQ(ring::create(config, nullptr, io), 0);
            auto where = pages_by_node(io.get(), sizeof(ring));
            ASSERT_EQ(where.size(), 1u);
            // Where a node has no memory the kernel chooses among those at the same distance.
            unsigned here = nodes.machine.os_number(n);
            EXPECT_EQ(nodes.machine.distance(here, static_cast<unsigned>(where.begin()->first)),
                      nodes.machine.distance(here, static_cast<unsigned>(nodes.machine.memory(n))));
        }
    }
}

TEST(node_memory, moves_pages_that_were_touched_and_keeps_the_others_for_their_node) {
    several_nodes nodes;
    SKIP_UNLESS_REAL(nodes);
    constexpr size_t bytes = 64 * 4096;
    for (unsigned n = 0; n < nodes.count(); n++) {
        int memory = nodes.machine.memory(n);
        auto buffer = std::make_unique<char[]>(bytes + 4096);
        char *data = &buffer[4096 - reinterpret_cast<uintptr_t>(&buffer[0]) % 4096];
        memset(data, 1, bytes / 2);
        ASSERT_EQ(move_to_node(memory, data, bytes), 0);
        memset(data + bytes / 2, 1, bytes / 2);
        EXPECT_EQ(pages_by_node(data, bytes), (std::map<int, size_t>{{memory, 64}}));
    }
}

TEST(node_memory, of_no_node_in_particular_is_left_alone) {
    char data[8192];
    memset(data, 1, sizeof data);
    auto before = pages_by_node(data, sizeof data);
    EXPECT_FALSE(before.empty());
    EXPECT_EQ(move_to_node(-1, data, sizeof data), 0);
    EXPECT_EQ(move_to_node(1000000, data, sizeof data), -EINVAL);
    EXPECT_EQ(pages_by_node(data, sizeof data), before);
}
