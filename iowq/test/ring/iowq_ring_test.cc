// SPDX-License-Identifier: MIT
// The C interface of the ring: what ring_from_c.c, which is compiled as C, says of it.
#include "iowq/ring/iowq_ring.h"

#include "iowq/test/ring/requests.h"

extern "C" int ring_from_c(int mode, int fd);
extern "C" int ring_from_c_bad_input(void);

TEST(ring_from_c, does_what_it_does_from_cpp) {
    for (int mode = IOWQ_PUNT; mode <= IOWQ_HASHED; mode++) {
        scratch file;
        EXPECT_EQ(ring_from_c(mode, file.f.fd), 0) << "the line in ring_from_c.c, in mode " << mode;
    }
}

TEST(ring_from_c, says_what_is_wrong) {
    EXPECT_EQ(ring_from_c_bad_input(), 0) << "the line in ring_from_c.c";
}
