// SPDX-License-Identifier: MIT
// Serialisation by key: chains, their turns, and what is linked to them.
#include "iowq/test/item.h"

using namespace iowq;

TEST(chain, of_different_keys_run_at_once) {
    auto pool = make(limited(4));
    std::latch all(4);
    std::deque<item> items;
    for (uint64_t key = 0; key < 4; key++) {
        item &it = items.emplace_back([&](item &) {
            blocking section(blocking::will);
            all.arrive_and_wait();
        });
        it.flags = work_hashed;
        it.key = {0, key};
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    for (item &it : items)
        it.done.acquire();
}

// The worker that sleeps in a chain does not hold up what is queued beside the chain.
TEST(chain, that_is_blocked_holds_up_only_its_own_key) {
    auto pool = make(limited(2));
    sleeper first(work_hashed);
    item second, unhashed;
    second.flags = work_hashed;
    first.start_on(*pool);
    ASSERT_EQ(pool->enqueue(&second), 0);
    unhashed.run_on(*pool);
    EXPECT_EQ(second.calls, 0);
    first.go.release();
    second.done.acquire();
    EXPECT_EQ(pool->counters().chain_waits, 1u);
}

TEST(chain, is_joined_by_a_linked_hashed_item) {
    auto pool = make(limited(2));
    sleeper holds_the_key(work_hashed);
    holds_the_key.start_on(*pool);
    item linked;
    linked.flags = work_hashed;
    linking it;
    it.after = &linked;
    ASSERT_EQ(pool->enqueue(&it), 0);
    while (pool->counters().chain_waits == 0) // it has joined the queue behind the key's holder
        std::this_thread::yield();
    EXPECT_EQ(linked.calls, 0);
    holds_the_key.go.release();
    linked.done.acquire();
    EXPECT_FALSE(linked.cancelled);
    holds_the_key.done.acquire();
}

TEST(chain, that_returns_from_sleep_above_max_running_lets_others_run) {
    wq_config config = limited(4);
    config.max_running = 1;
    auto pool = make(config);
    sleeper first(work_hashed);
    holder computes;
    std::atomic<bool> busy{false};
    std::atomic<int> beside{0};
    first.start_on(*pool);
    std::deque<item> rest;
    for (int i = 0; i < 10; i++) {
        item &it = rest.emplace_back([&](item &) { beside += busy; });
        it.flags = work_hashed;
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    computes.body = [&](item &) {
        busy = true;
        computes.in.release();
        computes.go.acquire();
        busy = false;
    };
    computes.start_on(*pool);
    first.end();
    for (int i = 0; i < 2000; i++) // long enough for one that goes on to be seen
        std::this_thread::yield();
    computes.end();
    for (item &it : rest)
        it.done.acquire();
    EXPECT_EQ(beside, 0);
}

// What was queued while a chain had its turn is older than what is left of the chain.
TEST(chain, a_turn_ends_behind_what_was_queued_meanwhile) {
    auto pool = make(limited(1));
    holder first(work_hashed);
    first.start_on(*pool);
    int ran = 1, ran_before = 0;
    std::deque<item> rest;
    for (int i = 0; i < 40; i++) {
        item &it = rest.emplace_back([&](item &) { ran++; });
        it.flags = work_hashed;
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    item other([&](item &) { ran_before = ran; });
    ASSERT_EQ(pool->enqueue(&other), 0);
    first.go.release();
    for (item &it : rest)
        it.done.acquire();
    other.done.acquire();
    EXPECT_EQ(ran_before, 16);
}

// The chain of an item that was refused is not there for the next one of its key to wait on.
TEST(chain, a_refused_item_leaves_nothing_behind) {
    iowq::acct closed(true, 0, 1, 1), open(true, 0, 1, 1);
    chain_table chains;
    work_list none, passed;
    iowq::acct::action nothing;
    EXPECT_EQ(closed.close(none, nothing), nullptr);
    iowq::acct::action todo;
    item refused, taken;
    for (item *it : {&refused, &taken}) {
        it->flags = work_hashed;
        it->where = work::on_its_way;
    }
    EXPECT_EQ(chains.enqueue(&refused, closed, todo), -ESHUTDOWN);
    EXPECT_EQ(refused.where.load(), static_cast<const void *>(work::on_its_way)) << "on no shard";
    EXPECT_TRUE(chains.cancel_matching(nullptr, nullptr, true, passed).empty());
    EXPECT_EQ(chains.enqueue(&taken, open, todo), 0);
    EXPECT_EQ(todo.what, iowq::acct::action::create);
    EXPECT_EQ(chains.cancel_matching(nullptr, nullptr, true, passed).front(), &taken);
    EXPECT_EQ(open.counters().chain_waits, 0u);
}

TEST(chain, a_token_is_never_what_a_worker_runs) {
    by_hand hands;
    iowq::acct a(true, 0, 1, 1);
    chain_table chains;
    work_list passed;
    iowq::acct::action todo;
    item it;
    it.flags = work_hashed;
    it.where = work::on_its_way;
    ASSERT_EQ(chains.enqueue(&it, a, todo), 0);
    worker &w = hands.add(a);
    chain *c = chain_table::of(a.take(w, passed));
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(w.current.get(), nullptr);
    EXPECT_EQ(chains.next(*c, w, passed), &it);
    EXPECT_EQ(w.current.get(), &it);
    EXPECT_FALSE(w.current.finish());
    EXPECT_EQ(chains.next(*c, w, passed), nullptr);
}
