// SPDX-License-Identifier: MIT
// A cgroup of a test's own, of either version, where one can be made.
#pragma once

#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

class own_cgroup {
  public:
    explicit own_cgroup(const std::string &controller) {
        std::string name = "/iowq_test." + std::to_string(getpid());
        std::ifstream mounts("/proc/self/mounts");
        for (std::string device, at, type, options, rest;
             mounts >> device >> at >> type >> options && std::getline(mounts, rest);) {
            unified_ = type == "cgroup2";
            if (unified_ && has(text_of(at + "/cgroup.controllers"), ' ', controller))
                (void)put(at + "/cgroup.subtree_control", "+" + controller);
            else if (type != "cgroup" || !has(options, ',', controller))
                continue;
            folder_ = at + name;
            if (mkdir(folder_.c_str(), 0755) == 0) {
                above_ = at;
                return;
            }
            folder_.clear();
        }
    }
    ~own_cgroup() {
        if (!folder_.empty())
            rmdir(folder_.c_str());
    }
    own_cgroup(const own_cgroup &) = delete;
    own_cgroup &operator=(const own_cgroup &) = delete;

    // The calling process, with all of its threads.
    [[nodiscard]] bool enter() const {
        return is_there() && put(folder_ + "/cgroup.procs", std::to_string(getpid()));
    }
    [[nodiscard]] bool leave() const {
        return put(above_ + "/cgroup.procs", std::to_string(getpid()));
    }
    // With cpuset. `cpus`: a list.
    [[nodiscard]] bool set_cpus(const std::string &cpus) const {
        if (!is_there())
            return false;
        (void)put(folder_ + "/cpuset.mems", text_of(above_ + "/cpuset.effective_mems"));
        (void)put(folder_ + "/cpuset.mems", text_of(above_ + "/cpuset.mems"));
        return put(folder_ + "/cpuset.cpus", cpus);
    }
    // With cpu. 0: none.
    [[nodiscard]] bool set_quota(double cpus) const {
        constexpr int period_us = 100000;
        std::string us = std::to_string(static_cast<int>(cpus * period_us));
        if (!is_there())
            return false;
        return unified_ ? put(folder_ + "/cpu.max", cpus > 0 ? us : "max")
                        : put(folder_ + "/cpu.cfs_quota_us", cpus > 0 ? us : "-1");
    }

  private:
    [[nodiscard]] bool is_there() const { return !folder_.empty(); }
    static bool has(const std::string &list, char separator, const std::string &name) {
        return (separator + list + separator).find(separator + name + separator) !=
               std::string::npos;
    }
    static bool put(const std::string &path, const std::string &text) {
        std::ofstream to(path);
        to << text << std::flush;
        return to.good();
    }
    static std::string text_of(const std::string &path) {
        std::string text;
        std::getline(std::ifstream(path), text);
        return text;
    }

    std::string folder_, above_;
    bool unified_ = false;
};
