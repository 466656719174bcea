// SPDX-License-Identifier: MIT
#include "iowq/os/topology.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

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

namespace {

cpu_mask cpus(const char *list) {
    cpu_mask mask;
    EXPECT_EQ(cpu_mask::parse(list, mask), 0);
    return mask;
}

// A machine that hwloc is told of, instead of this one.
struct imagined {
    topology machine;
    int error;
    imagined(const char *synthetic, const char *allowed) {
        setenv("HWLOC_SYNTHETIC", synthetic, 1);
        error = topology::load(cpus(allowed), machine);
        unsetenv("HWLOC_SYNTHETIC");
    }
};

// One by its XML: four nodes of one CPU each, in a row.
class described {
  public:
    topology machine;
    int error;

    // The bytes of memory of each node, and whether it has its CPU; a distance is 10, and `step`
    // more to the next in the row.
    described(const std::array<unsigned, 4> &memory, const std::array<unsigned, 4> &with_cpu,
              const char *allowed, unsigned step = 10) {
        char path[] = "/tmp/iowq-topology-XXXXXX";
        int fd = mkstemp(path);
        std::string text = xml(memory, with_cpu, step);
        EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
        close(fd);
        setenv("HWLOC_XMLFILE", path, 1);
        error = topology::load(cpus(allowed), machine);
        unsetenv("HWLOC_XMLFILE");
        unlink(path);
    }

  private:
    static std::string sets(unsigned cpus, unsigned nodes) {
        char text[200];
        snprintf(
            text, sizeof text,
            "cpuset=\"0x%x\" complete_cpuset=\"0x%x\" nodeset=\"0x%x\" complete_nodeset=\"0x%x\" ",
            cpus, cpus, nodes, nodes);
        return text;
    }
    static std::string xml(const std::array<unsigned, 4> &memory,
                           const std::array<unsigned, 4> &with_cpu, unsigned step) {
        unsigned all = 0;
        for (unsigned n = 0; n < 4; n++)
            all |= with_cpu[n] << n;
        std::string text = "<?xml version=\"1.0\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
                           "<topology version=\"2.0\">\n<object type=\"Machine\" os_index=\"0\" " +
                           sets(all, 15) +
                           "allowed_cpuset=\"0xf\" allowed_nodeset=\"0xf\" gp_index=\"1\">\n";
        unsigned number = 2;
        auto index = [&] { return "gp_index=\"" + std::to_string(number++) + "\" "; };
        auto of = [](unsigned n) { return "os_index=\"" + std::to_string(n) + "\" "; };
        for (unsigned n = 0; n < 4; n++) {
            std::string its = sets(with_cpu[n] << n, 1u << n);
            std::string node = "<object type=\"NUMANode\" " + of(n) + its + index() +
                               "local_memory=\"" + std::to_string(memory[n]) + "\"/>\n";
            if (!with_cpu[n])
                text += node;
            else
                text += "<object type=\"Group\" " + its + index() +
                        "kind=\"1001\" subkind=\"0\">\n" + node + "<object type=\"PU\" " + of(n) +
                        its + index() + "/>\n</object>\n";
        }
        text +=
            "</object>\n<distances2 type=\"NUMANode\" nbobjs=\"4\" kind=\"5\" indexing=\"os\">\n"
            "<indexes length=\"8\">0 1 2 3 </indexes>\n";
        for (unsigned a = 0; a < 4; a++) {
            std::string row;
            for (unsigned b = 0; b < 4; b++)
                row += std::to_string(10 + step * (a > b ? a - b : b - a)) + " ";
            text += "<u64values length=\"" + std::to_string(row.size()) + "\">" + row +
                    "</u64values>\n";
        }
        return text + "</distances2>\n</topology>\n";
    }
};

} // namespace

TEST(topology, has_a_node_for_each_that_has_cpus_to_use) {
    imagined all("numa:4 pu:2", "0-7");
    ASSERT_EQ(all.error, 0);
    ASSERT_EQ(all.machine.nodes(), 4u);
    for (unsigned n = 0; n < 4; n++) {
        EXPECT_EQ(all.machine.os_number(n), n);
        EXPECT_EQ(all.machine.cpus(n).list(),
                  std::to_string(2 * n) + "-" + std::to_string(2 * n + 1));
        EXPECT_EQ(all.machine.memory(n), static_cast<int>(n));
    }
    // A cpuset that leaves one node whole, a part of another, and two not at all.
    imagined some("numa:4 pu:2", "2-3,7");
    ASSERT_EQ(some.machine.nodes(), 2u);
    EXPECT_EQ(some.machine.os_number(0), 1u);
    EXPECT_EQ(some.machine.cpus(0).list(), "2-3");
    EXPECT_EQ(some.machine.os_number(1), 3u);
    EXPECT_EQ(some.machine.cpus(1).list(), "7");
    EXPECT_EQ(some.machine.os_numbers(), "0-3");
    // One that leaves just one.
    imagined one("numa:4 pu:2", "5");
    ASSERT_EQ(one.machine.nodes(), 1u);
    EXPECT_EQ(one.machine.memory(0), 2);
    EXPECT_EQ(one.machine.nearest(3), 0);
    EXPECT_EQ(one.machine.here(), 0u);
    EXPECT_EQ(imagined("numa:4 pu:2", "8").error, -EINVAL);
}

TEST(topology, finds_the_nearest_by_distance) {
    described row({1 << 30, 1 << 30, 1 << 30, 1 << 30}, {1, 1, 1, 1}, "0-3");
    ASSERT_EQ(row.error, 0);
    ASSERT_EQ(row.machine.nodes(), 4u);
    EXPECT_EQ(row.machine.distance(0, 3), 40u);
    EXPECT_EQ(row.machine.others(0), (std::vector<unsigned>{1, 2, 3}));
    EXPECT_EQ(row.machine.others(1), (std::vector<unsigned>{2, 0, 3}));
    EXPECT_EQ(row.machine.others(2), (std::vector<unsigned>{3, 1, 0}));
    EXPECT_EQ(row.machine.others(3), (std::vector<unsigned>{2, 1, 0}));
    for (unsigned n = 0; n < 4; n++) {
        EXPECT_EQ(row.machine.os_node_of(n), static_cast<int>(n));
        EXPECT_EQ(row.machine.nearest(n), static_cast<int>(n));
    }
    EXPECT_EQ(row.machine.os_node_of(4), -1);
    EXPECT_EQ(row.machine.nearest(4), -EINVAL);
}

TEST(topology, prefers_a_node_itself_where_all_are_as_near) {
    described same({1 << 30, 1 << 30, 1 << 30, 1 << 30}, {1, 1, 1, 1}, "0-3", 0);
    ASSERT_EQ(same.error, 0);
    for (unsigned n = 0; n < 4; n++) {
        EXPECT_EQ(same.machine.distance(n, 3 - n), 10u);
        EXPECT_EQ(same.machine.nearest(n), static_cast<int>(n));
        EXPECT_EQ(same.machine.memory(n), static_cast<int>(n));
    }
}

TEST(topology, serves_a_node_without_cpus_from_the_nearest_that_has_some) {
    described row({1 << 30, 1 << 30, 1 << 30, 1 << 30}, {1, 1, 1, 0}, "0-2");
    ASSERT_EQ(row.error, 0);
    ASSERT_EQ(row.machine.nodes(), 3u);
    EXPECT_EQ(row.machine.nearest(3), 2);
    EXPECT_EQ(row.machine.os_numbers(), "0-3");
    unsigned cpus = 0;
    for (unsigned n = 0; n < 3; n++)
        cpus += row.machine.cpus(n).count();
    EXPECT_EQ(cpus, 3u) << "each once";
    // The same with CPUs that may not be used.
    described part({1 << 30, 1 << 30, 1 << 30, 1 << 30}, {1, 1, 1, 1}, "0-1");
    EXPECT_EQ(part.machine.nearest(3), 1);
    EXPECT_EQ(part.machine.nearest(2), 1);
}

TEST(topology, gives_a_node_without_memory_the_nearest_that_has_some) {
    described row({0, 1 << 30, 1 << 30, 0}, {1, 1, 1, 1}, "0-3");
    ASSERT_EQ(row.error, 0);
    ASSERT_EQ(row.machine.nodes(), 4u);
    EXPECT_EQ(row.machine.memory(0), 1);
    EXPECT_EQ(row.machine.memory(1), 1);
    EXPECT_EQ(row.machine.memory(3), 2);
}

TEST(topology, is_one_node_without_memory_of_its_own_on_demand) {
    imagined all("numa:4 pu:2", "1-6");
    topology one = all.machine.as_one_node();
    ASSERT_EQ(one.nodes(), 1u);
    EXPECT_EQ(one.cpus(0).list(), "1-6");
    EXPECT_EQ(one.memory(0), -1);
    EXPECT_TRUE(one.others(0).empty());
    EXPECT_EQ(one.nearest(3), 0);
    EXPECT_EQ(one.here(), 0u);
    EXPECT_EQ(one.os_node_of(5), 2);
}

TEST(device_node, is_unknown_where_there_is_no_device) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    EXPECT_EQ(device_node(ends[0]), -1);
    close(ends[0]);
    close(ends[1]);
    int proc = open("/proc/self/stat", O_RDONLY);
    EXPECT_EQ(device_node(proc), -1);
    close(proc);
    EXPECT_EQ(device_node(-1), -1);
}
