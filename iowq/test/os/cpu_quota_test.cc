// SPDX-License-Identifier: MIT
// Quotas of cgroups of both versions, in folders that look like theirs, and what follows from a
// quota and the CPUs.
#include "iowq/os/cpu_quota.h"

#include "iowq/os/cpus_now.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>

using namespace iowq;

namespace {

struct cgroups : testing::Test {
    std::filesystem::path root;

    void SetUp() override {
        char name[] = "build/cgroups.XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr) << "run the tests from the repository's root";
        root = name;
    }
    void TearDown() override { std::filesystem::remove_all(root); }

    std::optional<double> quota(const std::string &mounts, const std::string &own,
                                const std::map<std::string, std::string> &files) {
        auto write = [](const std::filesystem::path &path, const std::string &text) {
            std::filesystem::create_directories(path.parent_path());
            std::ofstream(path) << text << "\n";
        };
        for (auto &[path, text] : files)
            write(root / path, text);
        write(root / "mounts", "tmpfs /tmp tmpfs rw 0 0\n" + mounts);
        write(root / "own", "9:name=systemd:/x\n" + own);
        return read_cpu_quota({root / "mounts", root / "own"});
    }
    std::string unified() const {
        return "cgroup2 " + root.string() + " cgroup2 rw,nsdelegate 0 0";
    }
    std::string old() const { return "cgroup " + root.string() + " cgroup rw,cpu,cpuacct 0 0"; }
};

} // namespace

TEST_F(cgroups, version_2) {
    EXPECT_EQ(quota(unified(), "0::/a/b", {{"a/b/cpu.max", "50000 100000"}}), 0.5);
    EXPECT_EQ(quota(unified(), "0::/a/b", {{"a/cpu.max", "20000 100000"}}), 0.2) << "the least";
    EXPECT_EQ(quota(unified(), "0::/c", {{"c/cpu.max", "max 100000"}}), std::nullopt);
    EXPECT_EQ(quota(unified(), "0::/", {{"cpu.max", "150000 100000"}}), 1.5) << "in a container";
    EXPECT_EQ(quota(unified(), "0::/of/the/host", {}), 1.5);
}

TEST_F(cgroups, version_1) {
    EXPECT_EQ(quota(old(), "4:cpu,cpuacct:/a",
                    {{"a/cpu.cfs_quota_us", "30000"}, {"a/cpu.cfs_period_us", "10000"}}),
              3.0);
    EXPECT_EQ(quota(old(), "4:cpu,cpuacct:/b",
                    {{"b/cpu.cfs_quota_us", "-1"}, {"b/cpu.cfs_period_us", "10000"}}),
              std::nullopt);
}

TEST_F(cgroups, none) { EXPECT_EQ(quota("", "0::/a", {{"a/cpu.max", "1 2"}}), std::nullopt); }

TEST(cpu_time, goes_on_while_the_process_computes) {
    auto before = cpu_time();
    while (cpu_time() == before) {
    }
    EXPECT_GT(cpu_time(), before);
}

// Changes, and what is expected after each.
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
