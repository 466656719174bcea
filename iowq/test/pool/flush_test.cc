// SPDX-License-Identifier: MIT
// Flush: it waits until all that was queued has started, and for nothing else.
#include "iowq/test/item.h"

using namespace iowq;

class flush_of : public testing::TestWithParam<uint32_t> {}; // flags
INSTANTIATE_TEST_SUITE_P(flush, flush_of, testing::Values(0u, work_hashed, work_unbound));

TEST(flush, returns_when_all_that_was_queued_has_started) {
    auto pool = make(limited(1));
    holder blocker;
    std::atomic<int> started{0};
    std::deque<item> items;
    for (uint64_t i = 0; i < 40; i++) {
        item &it = items.emplace_back([&](item &) { started++; });
        if (i % 2) {
            it.flags = work_hashed;
            it.key = {0, i % 3};
        }
    }
    blocker.start_on(*pool);
    for (item &it : items)
        ASSERT_EQ(pool->enqueue(&it), 0);
    int at_return = -1;
    std::thread flusher([&] {
        EXPECT_EQ(pool->flush(), 0);
        at_return = started;
    });
    blocker.go.release();
    flusher.join();
    EXPECT_GE(at_return, 39); // all have been taken; the last may not have come to count
    for (item &it : items)
        it.done.acquire();
}

// With one worker, so that nobody else could tell that the item has started.
TEST_P(flush_of, does_not_wait_for_items_to_finish) {
    auto pool = make(limited(1));
    holder it(GetParam());
    it.start_on(*pool);
    EXPECT_EQ(pool->flush(), 0);
    it.end();
}

TEST(flush, from_a_worker_is_refused) {
    auto pool = make();
    int error = 0;
    item it([&](item &) { error = pool->flush(); });
    it.run_on(*pool);
    EXPECT_EQ(error, -EDEADLK);
}

// While another item runs that holds the only worker.
TEST_P(flush_of, returns_once_the_last_has_started) {
    auto pool = make(limited(1));
    holder first(GetParam()), last(GetParam());
    first.start_on(*pool);
    ASSERT_EQ(pool->enqueue(&last), 0);
    {
        flusher waits(*pool);
        EXPECT_FALSE(waits.returned);
        first.go.release();
        last.in.acquire();
    } // while the last one runs
    last.end();
}

TEST_P(flush_of, returns_once_the_last_has_been_cancelled) {
    for (bool by_match : {false, true}) {
        auto pool = make(limited(1));
        holder first(GetParam());
        item last;
        last.flags = GetParam();
        first.start_on(*pool);
        ASSERT_EQ(pool->enqueue(&last), 0);
        {
            flusher waits(*pool);
            EXPECT_FALSE(waits.returned);
            match_fn is_it = [](work *w, void *it) { return w == static_cast<work *>(it); };
            EXPECT_EQ(by_match ? pool->cancel_matching(is_it, &last) : pool->cancel(&last),
                      cancel_result::ok);
        } // while the first one runs
        first.end();
    }
}

// A cancel that matches everything but what is queued finds nothing, not even the flush.
TEST_P(flush_of, is_not_what_a_match_cancels) {
    auto pool = make(limited(1));
    holder first(GetParam());
    item queued;
    queued.flags = GetParam();
    first.start_on(*pool);
    ASSERT_EQ(pool->enqueue(&queued), 0);
    flusher waits(*pool);
    struct both {
        work *a, *b;
    } but{&first, &queued};
    EXPECT_EQ(pool->cancel_matching(
                  [](work *w, void *p) {
                      auto &b = *static_cast<both *>(p);
                      return w != b.a && w != b.b;
                  },
                  &but),
              cancel_result::notfound);
    EXPECT_FALSE(waits.returned);
    first.go.release();
    queued.done.acquire();
}

// In the middle of one queue, and at the end of another.
TEST(flush, returns_once_all_have_been_cancelled) {
    auto pool = make(limited(1));
    holder first;
    item plain, hashed;
    hashed.flags = work_hashed;
    first.start_on(*pool);
    for (item *it : {&plain, &hashed})
        ASSERT_EQ(pool->enqueue(it), 0);
    {
        flusher waits(*pool);
        match_fn others = [](work *w, void *but) { return w != static_cast<work *>(but); };
        EXPECT_EQ(pool->cancel_matching(others, &first), cancel_result::ok);
    }
    first.end();
}

TEST(flush, returns_when_a_helper_takes_what_it_waited_for) {
    auto pool = make(limited(1));
    holder first;
    first.start_on(*pool);
    item helped, last;
    helped.flags = work_helpable;
    ASSERT_EQ(pool->enqueue(&helped), 0);
    {
        flusher waits(*pool);
        EXPECT_FALSE(waits.returned);
        ASSERT_EQ(pool->enqueue(&last), 0);
        EXPECT_TRUE(pool->help());
        EXPECT_EQ(helped.calls, 1);
    } // while the worker is held
    first.go.release();
    last.done.acquire();
}
