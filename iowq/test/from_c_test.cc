// SPDX-License-Identifier: MIT
// The C interfaces of the pool and of the ring: what io_wq_from_c.c and ring_from_c.c, which are
// compiled as C, say of them.
#include "iowq/ring/iowq_ring.h"

#include "iowq/test/ring/requests.h"

extern "C" {
const char *c_runs_and_flushes(void);
const char *c_runs_what_is_linked(void);
const char *c_makes_up_for_sleepers(void);
const char *c_cancels(void);
const char *c_interrupts_a_read(void);
const char *c_completes_what_comes_too_late(void);
const char *c_refuses_bad_input(void);
int ring_from_c(int mode, int fd);
int ring_from_c_bad_input(void);
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

TEST(ring_from_c, does_what_it_does_from_cpp) {
    for (int mode = IOWQ_PUNT; mode <= IOWQ_HASHED; mode++) {
        scratch file;
        EXPECT_EQ(ring_from_c(mode, file.f.fd), 0) << "the line in ring_from_c.c, in mode " << mode;
    }
}

TEST(ring_from_c, says_what_is_wrong) {
    EXPECT_EQ(ring_from_c_bad_input(), 0) << "the line in ring_from_c.c";
}
