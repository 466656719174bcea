// SPDX-License-Identifier: MIT
// What follows from the CPUs and the quota: changes, and what is expected after each.
#include "iowq/os/cpus_now.h"

#include <gtest/gtest.h>

using namespace iowq;

TEST(cpus_now, say_how_many_may_run_and_whether_spinning_pays) {
    struct change {
        const char *cpus;
        std::optional<double> quota;
        unsigned running;
        bool spins;
    };
    for (const change &c : std::initializer_list<change>{
             {"0-3", {}, 8, true},
             {"0-3", 2.0, 4, true},
             {"0-3", 1.5, 4, true},
             {"0-3", 1.0, 2, true},
             {"0-3", 0.5, 2, false},
             {"0-3", 0.01, 2, false},
             {"0-3", 400.0, 8, true},
             {"2", {}, 2, false},
             {"2", 3.0, 2, false},
             {"1,1023", {}, 4, true},
             {"0-1023", {}, 2048, true},
         }) {
        cpus_now now{{}, c.quota};
        ASSERT_EQ(cpu_mask::parse(c.cpus, now.cpus), 0);
        EXPECT_EQ(now.running(), c.running) << c.cpus << " " << c.quota.value_or(0);
        EXPECT_EQ(now.spinning_pays(), c.spins) << c.cpus << " " << c.quota.value_or(0);
    }
}
