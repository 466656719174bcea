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
