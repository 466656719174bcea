// SPDX-License-Identifier: MIT
// The C interface: what io_wq_from_c.c, which is compiled as C, says of it.
#include <gtest/gtest.h>

extern "C" {
const char *c_runs_and_flushes(void);
const char *c_runs_what_is_linked(void);
const char *c_makes_up_for_sleepers(void);
const char *c_cancels(void);
const char *c_interrupts_a_read(void);
const char *c_completes_what_comes_too_late(void);
const char *c_refuses_bad_input(void);
}

TEST(io_wq, runs_each_item_once_and_flushes) { EXPECT_STREQ(c_runs_and_flushes(), nullptr); }
TEST(io_wq, runs_what_is_linked) { EXPECT_STREQ(c_runs_what_is_linked(), nullptr); }
TEST(io_wq, makes_up_for_sleepers) { EXPECT_STREQ(c_makes_up_for_sleepers(), nullptr); }
TEST(io_wq, cancels_one_by_match_and_all) { EXPECT_STREQ(c_cancels(), nullptr); }
TEST(io_wq, interrupts_a_read) { EXPECT_STREQ(c_interrupts_a_read(), nullptr); }
TEST(io_wq, completes_what_comes_too_late) {
    EXPECT_STREQ(c_completes_what_comes_too_late(), nullptr);
}
TEST(io_wq, refuses_bad_input) { EXPECT_STREQ(c_refuses_bad_input(), nullptr); }
