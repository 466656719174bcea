// SPDX-License-Identifier: MIT
// The pool against a model, under random schedules: every item once; one key never overlaps and
// keeps its order.
#include "iowq/pool/wq.h"
#include "iowq/test/nodes.h"
#include "iowq/test/schedule.h"

#include <deque>
#include <gtest/gtest.h>
#include <optional>
#include <semaphore>
#include <thread>

using namespace iowq;

namespace {

constexpr unsigned nr_keys = 5;

// What a key's items must have done so far: the model is a FIFO for each (producer, key), kept as
// the number of the next one.
struct key_model {
    std::atomic<bool> inside{false};
    std::vector<unsigned> next_of_producer;
    std::atomic<unsigned> overlaps{0}, disorders{0};
};

struct model {
    explicit model(unsigned producers) : keys(nr_keys) {
        for (auto &k : keys)
            k.next_of_producer.resize(producers);
    }
    std::vector<key_model> keys;
    std::atomic<uint64_t> ran{0}, cancelled{0}, doubled{0};
};

struct numbered : work {
    model *m = nullptr;
    unsigned producer = 0, number = 0;
    uint64_t random = 0;
    std::atomic<bool> busy{false}; // enqueued and not yet called
};

void run(work **w) {
    auto &it = *static_cast<numbered *>(*w);
    if (!it.busy.load())
        it.m->doubled++;
    if (helping() && it.random >> 60 & 1)
        return leave_to_worker();
    jitter delay(it.random);
    bool hashed = it.flags & work_hashed;
    key_model *key = hashed ? &it.m->keys[it.key.lo] : nullptr;
    // A cancelled item runs in the canceller, beside its key's others; its number is then skipped.
    if (it.flags & work_cancel) {
        it.m->cancelled++;
        it.busy.store(false);
        return;
    }
    if (key) {
        key->overlaps += key->inside.exchange(true);
        unsigned &next = key->next_of_producer[it.producer];
        key->disorders += it.number < next;
        next = it.number + 1;
    }
    if (it.random % 8 == 0) {
        blocking section(it.random % 16 ? blocking::will : blocking::may);
        delay.maybe();
    }
    delay.maybe();
    if (key)
        key->inside.store(false);
    it.m->ran++;
    it.busy.store(false); // last: the producer reuses the item
}

// Enqueues `count` items from a set of 64, waiting for each to be free again, and cancels some.
void produce(wq &pool, model &m, unsigned producer, unsigned count, uint64_t &accepted) {
    jitter delay(1000 + producer);
    std::deque<numbered> items(64);
    for (numbered &it : items)
        it.producer = producer;
    std::vector<unsigned> numbers(nr_keys);
    for (unsigned i = 0; i < count; i++) {
        numbered &it = items[delay.random()() % items.size()];
        while (it.busy.load())
            std::this_thread::yield();
        it.m = &m;
        it.func = run;
        it.random = delay.random()();
        it.flags = 0;
        it.node = static_cast<int32_t>(it.random >> 60) % 4 - 1;
        if (it.random >> 8 & 1) {
            it.flags |= work_hashed;
            it.key = {0, (it.random >> 16) % nr_keys};
            it.number = numbers[it.key.lo]++;
        }
        if ((it.random >> 9) % 16 == 0)
            it.flags |= work_unbound;
        if ((it.random >> 13) % 16 == 0)
            it.flags |= work_concurrent;
        if ((it.random >> 17) % 2 == 0)
            it.flags |= work_helpable;
        if ((it.random >> 18) % 4 == 0)
            it.flags |= work_may_sleep;
        it.busy.store(true);
        ASSERT_EQ(pool.enqueue(&it), 0);
        accepted++;
        if ((it.random >> 24) % 32 == 0)
            (void)pool.cancel(&items[delay.random()() % items.size()]);
        if ((it.random >> 29) % 8 == 0)
            (void)pool.help(it.random >> 62 & 1);
        if ((it.random >> 41) % 1024 == 0)
            pool.max_workers({1 + static_cast<unsigned>(it.random >> 51) % 8, 2});
        if ((it.random >> 41) % 1024 == 1) {
            ASSERT_EQ(pool.set_affinity({}), 0);
        }
        if ((it.random >> 41) % 4096 == 2) // all that are this producer's, queued or running
            (void)pool.cancel_matching(
                [](work *w, void *p) {
                    return static_cast<numbered *>(w)->producer == *static_cast<unsigned *>(p);
                },
                &producer);
        if ((it.random >> 32) % 512 == 0) {
            ASSERT_EQ(pool.flush(), 0);
        }
        delay.maybe();
    }
    for (numbered &it : items)
        while (it.busy.load())
            std::this_thread::yield();
}

} // namespace

// The limits on each node, and where items are served if there are several.
class stress : public testing::TestWithParam<std::pair<unsigned, placement>> {};

TEST_P(stress, every_item_once_and_one_key_in_order_without_overlap) {
    constexpr unsigned producers = 3;
    auto [workers, place] = GetParam();
    std::optional<several_nodes> nodes;
    if (place != placement::none) {
        nodes.emplace();
        SKIP_UNLESS_NODES(*nodes, 2u);
    }
    wq_config config;
    config.max_bound = config.max_unbound = workers;
    config.max_running = workers;
    config.idle = std::chrono::milliseconds(workers % 2); // some leave all the time
    config.place = place;
    std::unique_ptr<wq> pool;
    ASSERT_EQ(wq::create(config, pool), 0);
    model m(producers);
    uint64_t accepted[producers] = {};
    std::vector<std::thread> threads;
    for (unsigned p = 0; p < producers; p++)
        threads.emplace_back(
            [&, p] { produce(*pool, m, p, stress_items(20000) / producers, accepted[p]); });
    for (auto &t : threads)
        t.join();
    pool.reset();
    EXPECT_EQ(m.ran + m.cancelled, accepted[0] + accepted[1] + accepted[2]);
    EXPECT_EQ(m.doubled, 0u);
    for (auto &k : m.keys) {
        EXPECT_EQ(k.overlaps, 0u);
        EXPECT_EQ(k.disorders, 0u);
    }
}

INSTANTIATE_TEST_SUITE_P(pool, stress,
                         testing::Values(std::pair(1, placement::none),
                                         std::pair(2, placement::none),
                                         std::pair(3, placement::none),
                                         std::pair(8, placement::none),
                                         std::pair(17, placement::none)));
INSTANTIATE_TEST_SUITE_P(nodes, stress,
                         testing::Values(std::pair(1, placement::interleave),
                                         std::pair(3, placement::interleave),
                                         std::pair(1, placement::device),
                                         std::pair(3, placement::local)));

// Items are still queued when the pool goes away, and a thread helps: each is called all the same.
TEST(stress, exit_with_items_queued_loses_none) {
    for (unsigned round = 0; round < stress_items(200); round++) {
        jitter delay(round);
        wq_config config;
        config.max_bound = config.max_unbound = 1 + delay.random()() % 4;
        std::unique_ptr<wq> pool;
        ASSERT_EQ(wq::create(config, pool), 0);
        model m(1);
        std::deque<numbered> items(delay.random()() % 50);
        unsigned number = 0;
        std::atomic<bool> over{false};
        std::thread helper([&] {
            while (!over)
                if (!pool->help(true))
                    std::this_thread::yield();
        });
        for (numbered &it : items) {
            it.m = &m;
            it.func = run;
            it.random = delay.random()();
            if (it.random >> 8 & 1) {
                it.flags |= work_hashed;
                it.number = number++;
            }
            if ((it.random >> 9) % 4 == 0)
                it.flags |= work_unbound;
            if ((it.random >> 11) % 2 == 0)
                it.flags |= work_helpable;
            it.busy.store(true);
            ASSERT_EQ(pool->enqueue(&it), 0);
            delay.maybe();
        }
        ASSERT_EQ(pool->exit(), 0);
        EXPECT_EQ(m.ran + m.cancelled, items.size());
        over = true;
        helper.join();
        pool.reset();
        EXPECT_EQ(m.doubled, 0u);
    }
}
