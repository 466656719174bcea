// SPDX-License-Identifier: MIT
#include "iowq/ring/cq.h"

#include "iowq/test/schedule.h"

#include <deque>
#include <gtest/gtest.h>
#include <thread>

using namespace iowq;

TEST(cq, wait_ends_at_its_deadline) {
    cq completions(std::chrono::nanoseconds(0));
    EXPECT_EQ(completions.wait(1, clock::now() + std::chrono::milliseconds(1)), cq::waited::late);
    EXPECT_EQ(completions.take(), nullptr);
}

TEST(cq, hands_out_the_oldest_first) {
    cq completions(std::chrono::nanoseconds(0));
    request r[3];
    for (request &each : r)
        completions.push(each);
    request *got = completions.take();
    for (request &each : r) {
        ASSERT_EQ(got, &each);
        got = got->next;
    }
    EXPECT_EQ(got, nullptr);
}

class cq_stress : public testing::TestWithParam<int> {}; // us of spinning

// Each producer's completions arrive once, in its order, whatever the reaper waits for.
TEST_P(cq_stress, every_completion_is_reaped_once_and_none_is_waited_for_in_vain) {
    constexpr unsigned producers = 3;
    const unsigned each = stress_items(5000);
    cq completions{std::chrono::microseconds(GetParam())};
    std::vector<std::deque<request>> requests(producers);
    std::vector<std::thread> threads;
    for (unsigned p = 0; p < producers; p++) {
        for (unsigned i = 0; i < each; i++) {
            request &r = requests[p].emplace_back();
            r.offset = p;
            r.length = i;
        }
        threads.emplace_back([&, p] {
            jitter delay(p);
            for (request &r : requests[p]) {
                delay.maybe();
                completions.push(r);
            }
        });
    }
    jitter delay(99);
    unsigned reaped = 0, next[producers] = {};
    while (reaped < producers * each) {
        unsigned left = producers * each - reaped;
        if (delay.random()() % 2) {
            ASSERT_EQ(completions.wait(1 + delay.random()() % std::min(left, 400u), {}),
                      cq::waited::come);
        }
        for (request *r = completions.take(); r; r = r->next, reaped++)
            ASSERT_EQ(r->length, next[r->offset]++);
        delay.maybe();
    }
    for (auto &t : threads)
        t.join();
}

INSTANTIATE_TEST_SUITE_P(cq, cq_stress, testing::Values(0, 10));
