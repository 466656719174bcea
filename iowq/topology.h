// SPDX-License-Identifier: MIT
// The machine as the pool sees it: NUMA nodes that have CPUs this process may use, and those CPUs.
// Immutable once loaded; any thread may read it.
#pragma once

#include "api.h"

#include <sched.h>
#include <string>
#include <string_view>
#include <vector>

namespace iowq {

// A set of CPUs. 1024 of them, as glibc's cpu_set_t.
class IOWQ_API cpu_mask {
  public:
    cpu_mask() { CPU_ZERO(&set_); }
    explicit cpu_mask(const cpu_set_t &set) : set_(set) {}

    // Reads a list like "0-3,8". Returns 0, or -EINVAL when it is not one, or names no CPU.
    [[nodiscard]] static int parse(std::string_view list, cpu_mask &out);
    // The CPUs that the calling thread may use.
    [[nodiscard]] static cpu_mask of_this_thread();

    [[nodiscard]] std::string list() const; // as parse() reads it

    void add(unsigned cpu) { CPU_SET(cpu, &set_); }
    [[nodiscard]] bool has(unsigned cpu) const { return CPU_ISSET(cpu, &set_); }
    [[nodiscard]] unsigned count() const { return static_cast<unsigned>(CPU_COUNT(&set_)); }
    [[nodiscard]] bool within(const cpu_mask &other) const { return (*this & other) == *this; }
    [[nodiscard]] const cpu_set_t &native() const { return set_; }
    cpu_mask operator&(const cpu_mask &other) const;
    bool operator==(const cpu_mask &other) const { return CPU_EQUAL(&set_, &other.set_); }

  private:
    cpu_set_t set_;
};

// The nodes, numbered from 0, that have CPUs the pool may use.
class IOWQ_API topology {
  public:
    // Reads the machine through hwloc; CPUs outside `allowed` are left out, and nodes left without
    // any. Returns 0, or -EIO when hwloc fails, or -EINVAL when no CPU is left.
    [[nodiscard]] static int load(const cpu_mask &allowed, topology &out);

    [[nodiscard]] unsigned nodes() const { return static_cast<unsigned>(nodes_.size()); }
    [[nodiscard]] const cpu_mask &cpus(unsigned node) const { return nodes_[node]; }
    // The node whose CPU the calling thread is on; 0 when it is on none of them.
    [[nodiscard]] unsigned here() const;

  private:
    std::vector<cpu_mask> nodes_;
};

} // namespace iowq
