// SPDX-License-Identifier: MIT
// Several NUMA nodes for the tests: the machine's own or, where it has one only, as many as are
// asked for, imagined by hwloc, with real CPUs and no memory of their own.
#pragma once

#include "iowq/os/topology.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <string>

// As long as it lives; made before the pool.
class several_nodes {
  public:
    explicit several_nodes(unsigned wanted = 2) {
        iowq::cpu_mask mine = iowq::cpu_mask::of_this_thread();
        real_ = load(mine) && machine.nodes() >= wanted;
        if (real_ || mine.count() < wanted)
            return;
        unsigned last = mine.numbers().back();
        std::string each = std::to_string(last / wanted + 1);
        setenv("HWLOC_SYNTHETIC", ("numa:" + std::to_string(wanted) + " pu:" + each).c_str(), 1);
        EXPECT_TRUE(load(mine));
    }
    ~several_nodes() { unsetenv("HWLOC_SYNTHETIC"); }

    [[nodiscard]] unsigned count() const { return machine.nodes(); }
    [[nodiscard]] bool real() const { return real_; }
    // Of a pool's node.
    [[nodiscard]] const iowq::cpu_mask &cpus(unsigned node) const { return machine.cpus(node); }
    // On which of them the calling thread is.
    [[nodiscard]] unsigned here() const { return machine.here(); }

    iowq::topology machine;

  private:
    bool load(const iowq::cpu_mask &mine) { return iowq::topology::load(mine, machine) == 0; }
    bool real_ = false;
};

// The calling thread stays on a node.
class stay_on {
  public:
    stay_on(const several_nodes &nodes, unsigned node) : before_(iowq::cpu_mask::of_this_thread()) {
        set(nodes.cpus(node));
    }
    ~stay_on() { set(before_); }

  private:
    static void set(const iowq::cpu_mask &cpus) {
        EXPECT_EQ(sched_setaffinity(0, sizeof(cpu_set_t), &cpus.native()), 0);
    }
    const iowq::cpu_mask before_;
};

#define SKIP_UNLESS_NODES(nodes, wanted)                                                           \
    if ((nodes).count() < (wanted))                                                                \
    GTEST_SKIP() << "there are CPUs for " << (nodes).count() << " nodes only"
#define SKIP_UNLESS_REAL(nodes)                                                                    \
    ASSERT_TRUE((nodes).real() || !getenv("IOWQ_NODES_ARE_REAL"));                                 \
    if (!(nodes).real())                                                                           \
    GTEST_SKIP() << "the machine has one node only: see make numa"
