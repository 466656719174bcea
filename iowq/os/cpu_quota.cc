// SPDX-License-Identifier: MIT
#include "iowq/os/cpu_quota.h"

#include "iowq/os/atomic.h"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <sstream>

namespace iowq {

namespace {

bool has_cpu(const std::string &names) {
    return ("," + names + ",").find(",cpu,") != std::string::npos;
}

} // namespace

std::optional<cgroup_hierarchy> find_cpu_cgroups(const std::string &mounts) {
    std::optional<cgroup_hierarchy> found;
    std::ifstream in(mounts);
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string device, where, kind, flags;
        words >> device >> where >> kind >> flags;
        if (kind == "cgroup" && has_cpu(flags))
            return cgroup_hierarchy{where, false};
        if (kind == "cgroup2")
            found = {where, true};
    }
    return found;
}

namespace {

// The process's own cgroup, as a path below the root.
std::string own_path(const std::string &own, bool unified) {
    std::ifstream in(own);
    for (std::string line; std::getline(in, line);) {
        size_t first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos)
            continue;
        std::string names = line.substr(first + 1, second - first - 1);
        if (unified ? names.empty() : has_cpu(names))
            return line.substr(second + 1);
    }
    return "/";
}

std::optional<double> quota_of(const std::string &folder, bool unified) {
    std::string limit;
    double period = 0;
    if (unified) {
        std::ifstream(folder + "/cpu.max") >> limit >> period;
    } else {
        std::ifstream(folder + "/cpu.cfs_quota_us") >> limit;
        std::ifstream(folder + "/cpu.cfs_period_us") >> period;
    }
    double us = strtod(limit.c_str(), nullptr); // "max" and -1: none
    return us > 0 && period > 0 ? std::optional(us / period) : std::nullopt;
}

std::optional<double> quota_in(const std::optional<cgroup_hierarchy> &at, const std::string &own) {
    if (!at)
        return {};
    std::optional<double> least;
    for (std::string path = own_path(own, at->unified);; path.resize(path.rfind('/'))) {
        if (auto quota = quota_of(at->root + path, at->unified))
            least = std::min(least.value_or(*quota), *quota);
        if (path.find('/') == std::string::npos)
            return least;
    }
}

// The list of mounts may be long, and is read once. Never destroyed: a pool's monitor may run until
// the process is gone.
double quota_of_process() {
    const static auto &where = *new cgroup_files;
    const static auto &at = *new std::optional<cgroup_hierarchy>(find_cpu_cgroups(where.mounts));
    return quota_in(at, where.own).value_or(0);
}

// In CPUs; 0: none. Relaxed: nothing else is read for it.
atomic<double> &known_quota() {
    static atomic<double> quota{quota_of_process()};
    return quota;
}

} // namespace

std::optional<double> read_cpu_quota(const cgroup_files &where) {
    return quota_in(find_cpu_cgroups(where.mounts), where.own);
}

std::optional<double> cpu_quota() {
    double quota = known_quota().load(relaxed);
    return quota > 0 ? std::optional(quota) : std::nullopt;
}

void reread_cpu_quota() { known_quota().store(quota_of_process(), relaxed); }

std::chrono::nanoseconds cpu_time() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

} // namespace iowq
