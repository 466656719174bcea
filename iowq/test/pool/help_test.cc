// SPDX-License-Identifier: MIT
// Threads that wait, and help meanwhile.
#include "iowq/test/item.h"

using namespace iowq;

TEST(help, runs_the_oldest_item_if_it_may_and_is_not_the_only_one) {
    auto pool = make(limited(1));
    holder busy;
    busy.start_on(*pool);
    EXPECT_FALSE(pool->help());
    bool helped[3] = {};
    std::deque<item> items;
    for (bool &h : helped) {
        item &it = items.emplace_back([&h](item &) { h = helping(); });
        it.flags = work_helpable;
        ASSERT_EQ(pool->enqueue(&it), 0);
    }
    item other;
    ASSERT_EQ(pool->enqueue(&other), 0);
    EXPECT_FALSE(helping());
    EXPECT_TRUE(pool->help());
    EXPECT_EQ(items[0].calls, 1);
    EXPECT_EQ(items[1].calls, 0);
    EXPECT_TRUE(pool->help());
    ASSERT_EQ(pool->set_affinity(cpu_mask::of_this_thread()), 0);
    EXPECT_FALSE(pool->help()) << "the workers have CPUs of their own";
    ASSERT_EQ(pool->set_affinity({}), 0);
    EXPECT_TRUE(pool->help());
    EXPECT_TRUE(helped[0] && helped[1] && helped[2]);
    EXPECT_FALSE(pool->help()) << "this one does not allow it";
    busy.go.release();
    other.done.acquire();
    EXPECT_EQ(pool->flush(), 0);
}

TEST(help, passes_over_what_it_must_not_run) {
    auto pool = make(limited(1));
    holder busy;
    busy.start_on(*pool);
    item first, helped, last;
    helped.flags = work_helpable;
    for (item *it : {&first, &helped, &last})
        ASSERT_EQ(pool->enqueue(it), 0);
    EXPECT_TRUE(pool->help());
    EXPECT_EQ(helped.calls, 1);
    EXPECT_EQ(first.calls + last.calls, 0);
    EXPECT_FALSE(pool->help());
    busy.go.release();
    last.done.acquire();
    EXPECT_EQ(first.calls, 1);
    until_all_park(*pool);
}

TEST(help, takes_the_last_item_of_a_queue_if_others_wait_before_it) {
    auto pool = make(limited(1));
    holder busy;
    busy.start_on(*pool);
    item first, last;
    last.flags = work_helpable;
    ASSERT_EQ(pool->enqueue(&first), 0);
    {
        flusher waits(*pool);
        ASSERT_EQ(pool->enqueue(&last), 0);
        EXPECT_TRUE(pool->help());
        EXPECT_EQ(last.calls, 1);
        EXPECT_FALSE(waits.returned) << "the first item has not started";
        busy.go.release();
    }
    first.done.acquire();
    until_all_park(*pool);
}

TEST(help, looks_only_so_far) {
    auto pool = make(limited(1));
    holder busy;
    busy.start_on(*pool);
    std::deque<item> others(work_queue::helper_looks);
    item helped;
    helped.flags = work_helpable;
    for (item &it : others)
        ASSERT_EQ(pool->enqueue(&it), 0);
    ASSERT_EQ(pool->enqueue(&helped), 0);
    EXPECT_FALSE(pool->help());
    EXPECT_EQ(pool->cancel(&others.front()), cancel_result::ok);
    EXPECT_TRUE(pool->help());
    busy.go.release();
    others.back().done.acquire();
}

TEST(help, is_for_one_thread_at_a_time) {
    auto pool = make(limited(1));
    holder first, helped;
    first.start_on(*pool);
    std::deque<item> more(2);
    helped.flags = more[0].flags = work_helpable;
    for (item *it : {static_cast<item *>(&helped), &more[0], &more[1]})
        ASSERT_EQ(pool->enqueue(it), 0);
    std::thread helper([&] { EXPECT_TRUE(pool->help()); });
    helped.in.acquire();
    EXPECT_FALSE(pool->help());
    helped.go.release();
    helper.join();
    EXPECT_TRUE(pool->help());
    first.go.release();
    more[1].done.acquire();
}

TEST(help, hands_what_is_linked_to_the_pool) {
    auto pool = make(limited(1));
    holder first;
    first.start_on(*pool);
    linking helped;
    item last, linked;
    helped.after = &linked;
    helped.flags = work_helpable;
    ASSERT_EQ(pool->enqueue(&helped), 0);
    ASSERT_EQ(pool->enqueue(&last), 0);
    EXPECT_TRUE(pool->help());
    EXPECT_EQ(helped.calls, 1);
    EXPECT_EQ(linked.calls, 0);
    first.go.release();
    linked.done.acquire();
    last.done.acquire();
    EXPECT_FALSE(linked.cancelled);
}

TEST(help, can_be_cancelled_and_is_not_signalled) {
    auto pool = make(limited(1));
    holder busy;
    busy.start_on(*pool);
    item it, last;
    it.flags = work_helpable;
    cancel_result from_outside = cancel_result::ok, from_inside = cancel_result::ok;
    bool told_before = true, told_after = false;
    it.body = [&](item &self) {
        told_before = cancel_requested();
        from_inside = pool->cancel(&self);
        std::thread other([&] { from_outside = pool->cancel_all(); });
        other.join();
        told_after = cancel_requested();
    };
    ASSERT_EQ(pool->enqueue(&it), 0);
    ASSERT_EQ(pool->enqueue(&last), 0);
    EXPECT_TRUE(pool->help());
    EXPECT_FALSE(told_before);
    EXPECT_EQ(from_inside, cancel_result::itself);
    EXPECT_EQ(from_outside, cancel_result::running);
    EXPECT_TRUE(told_after);
    EXPECT_FALSE(cancel_requested());
    EXPECT_TRUE(last.cancelled);
    busy.end();
}

TEST(help, for_another_pool_leaves_an_item_its_workers) {
    auto pool = make(limited(1)), other = make(limited(1));
    holder busy;
    busy.start_on(*other);
    bool was_helping = false;
    item helped([&](item &) { was_helping = helping(); }), rest;
    helped.flags = work_helpable;
    ASSERT_EQ(other->enqueue(&helped), 0);
    ASSERT_EQ(other->enqueue(&rest), 0);
    cancel_result of_itself = cancel_result::ok;
    item it([&](item &self) {
        EXPECT_TRUE(other->help());
        of_itself = pool->cancel(&self);
    });
    it.run_on(*pool);
    EXPECT_TRUE(was_helping);
    EXPECT_EQ(of_itself, cancel_result::itself);
    holder next;
    next.start_on(*pool);
    EXPECT_EQ(pool->cancel(&next), cancel_result::running);
    next.end();
    EXPECT_TRUE(next.told);
    busy.go.release();
    rest.done.acquire();
}

TEST(help, is_not_brought_back_by_resetting_the_affinity_to_workers_with_cpus_of_their_own) {
    wq_config config = limited(1);
    config.cpus = cpu_mask::of_this_thread();
    auto pool = make(config);
    holder busy;
    busy.start_on(*pool);
    item first, second;
    first.flags = work_helpable;
    ASSERT_EQ(pool->enqueue(&first), 0);
    ASSERT_EQ(pool->enqueue(&second), 0);
    ASSERT_EQ(pool->set_affinity({}), 0);
    EXPECT_FALSE(pool->help());
    busy.go.release();
    second.done.acquire();
}

// The helper took the marker behind the item too, and the acct kept saying that it held something.
TEST(help, does_not_take_a_flush_marker_for_another_item) {
    auto pool = make(limited(1));
    holder busy;
    busy.start_on(*pool);
    item it, second;
    it.flags = second.flags = work_helpable;
    ASSERT_EQ(pool->enqueue(&it), 0);
    {
        flusher waits(*pool);
        EXPECT_FALSE(pool->help());
        ASSERT_EQ(pool->enqueue(&second), 0);
        EXPECT_TRUE(pool->help());
    }
    busy.go.release();
    second.done.acquire();
    until_all_park(*pool);
}

namespace {

// Items of one chain on a pool whose only worker is busy, and one behind them.
struct queued_chain {
    std::unique_ptr<wq> pool = make(limited(1));
    holder busy;
    std::deque<item> items;
    std::vector<size_t> order; // in which they have run
    item last;

    queued_chain() { busy.start_on(*pool); }
    item &add(uint32_t flags = work_helpable, std::function<void(item &)> body = {}) {
        size_t number = items.size();
        item &it = items.emplace_back([this, number, body](item &self) {
            order.push_back(number);
            if (body)
                body(self);
        });
        it.flags = flags | work_hashed;
        it.key = {7, 7};
        EXPECT_EQ(pool->enqueue(&it), 0);
        return it;
    }
    void queue_last() { ASSERT_EQ(pool->enqueue(&last), 0); }
    // The worker gets what is left.
    void end() {
        busy.end();
        for (item &it : items)
            it.done.acquire();
        last.done.acquire();
        for (size_t i = 0; i < order.size(); i++)
            EXPECT_EQ(order[i], i);
        until_all_park(*pool);
    }
};

} // namespace

TEST(help, with_a_chain_is_a_few_of_its_items_in_their_order) {
    queued_chain c;
    for (int i = 0; i < 20; i++)
        c.add();
    EXPECT_FALSE(c.pool->help()) << "the chain is the only work";
    c.queue_last();
    EXPECT_TRUE(c.pool->help());
    size_t helped = c.order.size();
    EXPECT_GT(helped, 1u);
    EXPECT_LT(helped, 16u);
    EXPECT_TRUE(c.pool->help()) << "the other item, which is the oldest now, is passed over";
    c.end();
    EXPECT_EQ(c.order.size(), 20u);
}

TEST(help, with_a_chain_ends_at_an_item_that_does_not_allow_it) {
    queued_chain c;
    c.add();
    c.add(0);
    c.add();
    c.queue_last();
    EXPECT_TRUE(c.pool->help());
    EXPECT_EQ(c.order.size(), 1u);
    EXPECT_FALSE(c.pool->help());
    c.end();
}

TEST(help, may_leave_an_item_to_a_worker_before_all_others) {
    for (bool hashed : {false, true}) {
        SCOPED_TRACE(hashed);
        auto pool = make(limited(1));
        holder busy;
        busy.start_on(*pool);
        std::vector<char> order;
        item first([&](item &) { order.push_back('b'); });
        item second([&](item &) { order.push_back('c'); }), last;
        struct leaving : work {
            std::vector<char> *order;
            item *then;
        } left;
        left.order = &order;
        left.then = &first;
        left.func = [](work **w) {
            auto &self = *static_cast<leaving *>(*w);
            if (helping())
                return leave_to_worker();
            self.order->push_back('a');
        };
        for (work *w : {static_cast<work *>(&left), static_cast<work *>(&first),
                        static_cast<work *>(&second)}) {
            w->flags = work_helpable | (hashed ? work_hashed : 0u);
            w->key = {7, 7};
            ASSERT_EQ(pool->enqueue(w), 0);
        }
        ASSERT_EQ(pool->enqueue(&last), 0);
        uint64_t enqueued = pool->counters().enqueued;
        EXPECT_TRUE(pool->help());
        EXPECT_TRUE(order.empty());
        if (hashed) {
            EXPECT_FALSE(pool->help()) << "what is behind it in its chain waits for it";
        }
        EXPECT_EQ(pool->counters().enqueued, enqueued);
        busy.end();
        last.done.acquire();
        first.done.acquire();
        second.done.acquire();
        EXPECT_EQ(order, (std::vector<char>{'a', 'b', 'c'}));
    }
}

TEST(help, with_what_may_sleep_is_for_threads_that_nobody_waits_for) {
    queued_chain c;
    c.add(work_helpable | work_may_sleep);
    c.queue_last();
    EXPECT_FALSE(c.pool->help());
    EXPECT_TRUE(c.pool->help(true));
    c.end();
}

TEST(help, with_what_may_sleep_ends_once_it_has_slept) {
    queued_chain c;
    for (int i = 0; i < 40; i++)
        c.add(work_helpable | work_may_sleep,
              [](item &) { std::this_thread::sleep_for(std::chrono::microseconds(1)); });
    c.queue_last();
    EXPECT_TRUE(c.pool->help(true));
    EXPECT_EQ(c.pool->cancel(&c.last), cancel_result::ok);
    item other;
    ASSERT_EQ(c.pool->enqueue(&other), 0);
    EXPECT_FALSE(c.pool->help(true));
    c.end();
    other.done.acquire();
}

TEST(help, with_an_item_that_is_cancelled_before_it_is_left_ends_it) {
    for (bool hashed : {false, true}) {
        SCOPED_TRACE(hashed);
        auto pool = make(limited(1));
        holder busy;
        busy.start_on(*pool);
        item last;
        struct leaving : work {
            wq *pool;
            unsigned calls = 0, cancelled = 0;
        } left;
        left.pool = pool.get();
        left.func = [](work **w) {
            auto &self = *static_cast<leaving *>(*w);
            self.calls++;
            if (!helping()) {
                self.cancelled += self.flags & work_cancel;
                return;
            }
            std::thread other(
                [&self] { EXPECT_EQ(self.pool->cancel(&self), cancel_result::running); });
            other.join();
            leave_to_worker();
        };
        left.flags = work_helpable | (hashed ? work_hashed : 0u);
        ASSERT_EQ(pool->enqueue(&left), 0);
        ASSERT_EQ(pool->enqueue(&last), 0);
        EXPECT_TRUE(pool->help());
        EXPECT_EQ(left.calls, 2u);
        EXPECT_EQ(left.cancelled, 1u);
        busy.end();
        last.done.acquire();
        until_all_park(*pool);
    }
}

TEST(help, is_not_what_a_cancelled_item_is_run_for) {
    auto pool = make(limited(1));
    holder busy;
    busy.start_on(*pool);
    bool helped = false, helped_with_cancelled = true;
    item other([&](item &) { helped_with_cancelled = helping(); });
    other.body_on_cancel = true;
    item cancels([&](item &) {
        EXPECT_EQ(pool->cancel(&other), cancel_result::ok);
        helped = helping();
    });
    cancels.flags = work_helpable;
    ASSERT_EQ(pool->enqueue(&cancels), 0);
    ASSERT_EQ(pool->enqueue(&other), 0);
    EXPECT_TRUE(pool->help());
    EXPECT_TRUE(helped);
    EXPECT_FALSE(helped_with_cancelled);
    busy.end();
}

TEST(help, with_a_chain_lets_go_of_flush_markers) {
    queued_chain c;
    c.add();
    c.add();
    {
        flusher waits(*c.pool);
        c.queue_last();
        EXPECT_TRUE(c.pool->help());
        c.busy.go.release();
    }
    EXPECT_EQ(c.order.size(), 2u);
    c.busy.done.acquire();
    c.last.done.acquire();
}

// What is behind the item that a helper is in has no worker any more when the helper comes back.
TEST(exit, waits_for_a_helper_and_runs_what_it_leaves) {
    auto pool = make(limited(1));
    holder busy;
    busy.start_on(*pool);
    holder helped(work_hashed | work_helpable);
    item behind, last;
    behind.flags = work_hashed;
    for (item *it : {static_cast<item *>(&helped), &behind, &last})
        ASSERT_EQ(pool->enqueue(it), 0);
    std::thread helper([&] { EXPECT_TRUE(pool->help()); });
    helped.in.acquire();
    busy.end();
    last.done.acquire();
    std::atomic<bool> over{false};
    std::thread ends([&] {
        EXPECT_EQ(pool->exit(), 0);
        over = true;
    });
    item late;
    while (pool->enqueue(&late) == 0) // until it has begun
        late.done.acquire();
    EXPECT_FALSE(over);
    EXPECT_EQ(behind.calls, 0);
    helped.go.release();
    ends.join();
    EXPECT_EQ(behind.calls, 1);
    EXPECT_FALSE(behind.cancelled);
    helper.join();
    EXPECT_FALSE(pool->help());
}
