// SPDX-License-Identifier: MIT
#include "topology.h"

#include <cerrno>
#include <gtest/gtest.h>

using namespace iowq;

TEST(cpu_mask, reads_what_it_writes) {
    for (const char *list : {"0", "0-3", "0-3,8", "1,3,5-7,1023"}) {
        cpu_mask mask;
        ASSERT_EQ(cpu_mask::parse(list, mask), 0) << list;
        EXPECT_EQ(mask.list(), list);
    }
}

TEST(cpu_mask, refuses_what_is_not_a_list) {
    for (const char *list :
         {"", "a", "1-", "-1", "3-1", "1,", ",1", "1 2", "1024", "0-1024", "1--2"}) {
        cpu_mask mask;
        EXPECT_EQ(cpu_mask::parse(list, mask), -EINVAL) << list;
    }
}

TEST(topology, nodes_hold_each_allowed_cpu_once) {
    cpu_mask mine = cpu_mask::of_this_thread();
    topology machine;
    ASSERT_EQ(topology::load(mine, machine), 0);
    unsigned cpus = 0;
    for (unsigned node = 0; node < machine.nodes(); node++) {
        EXPECT_TRUE(machine.cpus(node).within(mine));
        cpus += machine.cpus(node).count();
    }
    EXPECT_EQ(cpus, mine.count());
    EXPECT_LT(machine.here(), machine.nodes());
}

TEST(topology, without_any_cpu_is_refused) {
    topology machine;
    EXPECT_EQ(topology::load({}, machine), -EINVAL);
}
