// SPDX-License-Identifier: MIT
// How much CPU time the process may use, as containers limit it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace iowq {

// Where to read; other paths are for tests.
struct cgroup_files {
    std::string mounts = "/proc/self/mounts", own = "/proc/self/cgroup";
};

// Where a controller's cgroups are mounted, and whether they are of version 2.
struct cgroup_hierarchy {
    std::string root;
    bool unified = false;
};
// Those of the cpu controller, by a list of mounts. nullopt: none are mounted.
[[nodiscard]] std::optional<cgroup_hierarchy> find_cpu_cgroups(const std::string &mounts);

// The CPUs that the process may use on average, by the least quota of the cgroups that it is in.
// nullopt: no quota. Source: cpu.max of version 2, cpu.cfs_quota_us of version 1.
[[nodiscard]] std::optional<double> read_cpu_quota(const cgroup_files &where);
// The same of this process, as it was when it was last read: at the first call, or by
// reread_cpu_quota. Makes no system call after the first. Any thread.
[[nodiscard]] std::optional<double> cpu_quota();
// Reads it again, as it may change, and the process may be moved to another cgroup. Any thread.
void reread_cpu_quota();
// The CPU time that the process has used.
[[nodiscard]] std::chrono::nanoseconds cpu_time();

} // namespace iowq
