// SPDX-License-Identifier: MIT
// The machine as the pool sees it: NUMA nodes that have CPUs it may use, how far they are from each
// other, and the node that a file's device is at. Immutable once loaded; any thread may read it.
#pragma once

#include "iowq/os/api.h"

#include <cstdint>
#include <sched.h>
#include <string>
#include <string_view>
#include <vector>

struct hwloc_topology;

namespace iowq {

// A set of CPUs, below 1024 as in glibc's cpu_set_t: for the pool those from 1024 on do not exist.
class IOWQ_API cpu_mask {
  public:
    static constexpr unsigned most = CPU_SETSIZE;

    cpu_mask() { CPU_ZERO(&set_); }
    explicit cpu_mask(const cpu_set_t &set) : set_(set) {}

    // Reads a list like "0-3,8". Returns 0, or -EINVAL when it is not one, or names no CPU.
    [[nodiscard]] static int parse(std::string_view list, cpu_mask &out);
    [[nodiscard]] static cpu_mask only(unsigned cpu);
    // Every CPU that there may be.
    [[nodiscard]] static cpu_mask all();
    // The CPUs that the calling thread may use.
    [[nodiscard]] static cpu_mask of_this_thread();
    // Those that a thread may use, by its task's number; a process's is that of its first thread.
    // None: there is no such task.
    [[nodiscard]] static cpu_mask of_task(pid_t task);

    [[nodiscard]] std::string list() const;              // as parse() reads it
    [[nodiscard]] std::vector<unsigned> numbers() const; // in ascending order

    void add(unsigned cpu) { CPU_SET(cpu, &set_); }
    [[nodiscard]] bool has(unsigned cpu) const { return CPU_ISSET(cpu, &set_); }
    [[nodiscard]] unsigned count() const { return static_cast<unsigned>(CPU_COUNT(&set_)); }
    [[nodiscard]] cpu_mask without(unsigned cpu) const;
    [[nodiscard]] bool within(const cpu_mask &other) const { return (*this & other) == *this; }
    [[nodiscard]] const cpu_set_t &native() const { return set_; }
    cpu_mask operator&(const cpu_mask &other) const;
    cpu_mask operator|(const cpu_mask &other) const;
    bool operator==(const cpu_mask &other) const { return CPU_EQUAL(&set_, &other.set_); }

  private:
    cpu_set_t set_;
};

inline constexpr uint16_t no_cpu = UINT16_MAX; // no CPU has this number

// The CPU that the calling thread is on. No system call, where the kernel knows rseq.
[[nodiscard]] inline uint16_t this_cpu() {
    int cpu = sched_getcpu();
    return cpu < 0 || cpu >= CPU_SETSIZE ? uint16_t{0} : static_cast<uint16_t>(cpu);
}

// The nodes that have CPUs the pool may use, numbered from 0. The operating system's number of a
// node is its *OS number*; those may have gaps. A node without a CPU that may be used has only an
// OS number.
//
// Source: hwloc, with its HWLOC_SYNTHETIC and HWLOC_XMLFILE, which let another machine stand for
// this one.
class IOWQ_API topology {
  public:
    // The machine, without CPUs outside `allowed` and without nodes that have no other CPUs. hwloc
    // reads it once a process (a millisecond), and again when `allowed` has a CPU that it has not
    // seen, or when its variables have changed. Returns 0, or -EIO when hwloc fails, or -EINVAL
    // when no CPU is left.
    [[nodiscard]] static int load(const cpu_mask &allowed, topology &out);
    // The same CPUs as one node, whose memory may be anywhere.
    [[nodiscard]] topology as_one_node() const;

    [[nodiscard]] unsigned nodes() const { return static_cast<unsigned>(nodes_.size()); }
    [[nodiscard]] const cpu_mask &cpus(unsigned node) const { return nodes_[node].cpus; }
    [[nodiscard]] unsigned os_number(unsigned node) const { return nodes_[node].os; }
    // The OS number of the node that its workers' memory is on, as memory_near.
    [[nodiscard]] int memory(unsigned node) const { return nodes_[node].memory; }
    // The other nodes, the nearest first. Those at the same distance are in the order of their
    // numbers, beginning after this node's, so that not all nodes turn to the first.
    [[nodiscard]] const std::vector<unsigned> &others(unsigned node) const {
        return nodes_[node].others;
    }

    // The node nearest to the calling thread's CPU.
    [[nodiscard]] unsigned here() const;
    // The node nearest to the one with this OS number; -EINVAL: there is none with it.
    [[nodiscard]] int nearest(unsigned os) const;
    // The OS number of the node that a CPU belongs to, whether it may be used or not; below 0: it
    // belongs to none.
    [[nodiscard]] int os_node_of(unsigned cpu) const;
    // The CPUs of the node with this OS number, whether they may be used or not.
    [[nodiscard]] cpu_mask all_cpus_of(unsigned os) const;
    // The OS number of the node with memory that is nearest to the one with this OS number: mostly
    // the same. Below 0: there is only one node, or none with memory.
    [[nodiscard]] int memory_near(unsigned os) const;
    // How many nodes the operating system has, and the list of their OS numbers, as parse() reads
    // one.
    [[nodiscard]] unsigned os_nodes() const;
    [[nodiscard]] std::string os_numbers() const;
    // As the kernel and hwloc give it; a node's distance to itself is 10.
    [[nodiscard]] unsigned distance(unsigned os_from, unsigned os_to) const;

  private:
    struct node {
        cpu_mask cpus;
        unsigned os = 0;
        int memory = -1;
        std::vector<unsigned> others{};
    };
    // What the operating system has.
    struct os_node {
        cpu_mask cpus;
        bool has_memory = false;
        unsigned served_by = 0; // the nearest in nodes_
        std::vector<unsigned> distances{};
        [[nodiscard]] bool is_there() const { return has_memory || cpus.count(); }
    };

    friend struct known_machine;
    void read(hwloc_topology *from);
    void settle(const cpu_mask &allowed);
    [[nodiscard]] cpu_mask os_set() const;

    std::vector<node> nodes_;
    std::vector<os_node> os_nodes_;  // by OS number; gaps have neither CPUs nor memory
    std::vector<unsigned> os_order_; // their OS numbers, in hwloc's order
    std::vector<unsigned>
        served_by_; // by CPU: the nearest in nodes_; empty where there is only one
};

// The OS number of the node that the device of an open file is at: the block device itself, or the
// one that the file lies on. -1: there is no device (tmpfs, pipes), or it does not say.
[[nodiscard]] IOWQ_API int device_node(int fd);
[[nodiscard]] IOWQ_API int device_node(const char *path);

} // namespace iowq
