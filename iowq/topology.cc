// SPDX-License-Identifier: MIT
#include "topology.h"

#include <cerrno>
#include <charconv>
#include <hwloc.h>
#include <memory>

namespace iowq {

namespace {

// Takes a CPU number off the front of `rest`.
bool take_cpu(std::string_view &rest, unsigned &cpu) {
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), cpu);
    if (error != std::errc() || cpu >= CPU_SETSIZE)
        return false;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    return true;
}

} // namespace

int cpu_mask::parse(std::string_view list, cpu_mask &out) {
    cpu_mask mask;
    for (;;) {
        unsigned first;
        if (!take_cpu(list, first))
            return -EINVAL;
        unsigned last = first;
        if (list.starts_with('-')) {
            list.remove_prefix(1);
            if (!take_cpu(list, last) || last < first)
                return -EINVAL;
        }
        for (unsigned cpu = first; cpu <= last; cpu++)
            mask.add(cpu);
        if (list.empty())
            break;
        if (!list.starts_with(','))
            return -EINVAL;
        list.remove_prefix(1);
    }
    out = mask;
    return 0;
}

cpu_mask cpu_mask::of_this_thread() {
    cpu_mask mask;
    sched_getaffinity(0, sizeof mask.set_, &mask.set_);
    return mask;
}

std::string cpu_mask::list() const {
    std::string text;
    for (unsigned first = 0; first < CPU_SETSIZE; first++) {
        if (!has(first))
            continue;
        unsigned last = first;
        while (last + 1 < CPU_SETSIZE && has(last + 1))
            last++;
        text += (text.empty() ? "" : ",") + std::to_string(first);
        if (last > first)
            text += "-" + std::to_string(last);
        first = last;
    }
    return text;
}

cpu_mask cpu_mask::operator&(const cpu_mask &other) const {
    cpu_mask both;
    CPU_AND(&both.set_, &set_, &other.set_);
    return both;
}

int topology::load(const cpu_mask &allowed, topology &out) {
    hwloc_topology_t raw;
    if (hwloc_topology_init(&raw))
        return -EIO;
    std::unique_ptr<hwloc_topology, decltype(&hwloc_topology_destroy)> hw(raw,
                                                                          hwloc_topology_destroy);
    // Only nodes and CPUs are asked for: caches and devices would make loading slower.
    hwloc_topology_set_all_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_NONE);
    if (hwloc_topology_load(raw))
        return -EIO;

    out.nodes_.clear();
    hwloc_obj_t node = nullptr;
    while ((node = hwloc_get_next_obj_by_type(raw, HWLOC_OBJ_NUMANODE, node))) {
        cpu_mask cpus;
        int cpu;
        hwloc_bitmap_foreach_begin(cpu, node->cpuset) {
            if (cpu < CPU_SETSIZE && allowed.has(static_cast<unsigned>(cpu)))
                cpus.add(static_cast<unsigned>(cpu));
        }
        hwloc_bitmap_foreach_end();
        if (cpus.count())
            out.nodes_.push_back(cpus);
    }
    return out.nodes_.empty() ? -EINVAL : 0;
}

unsigned topology::here() const {
    if (nodes_.size() == 1)
        return 0;
    int cpu = sched_getcpu();
    for (unsigned node = 0; node < nodes(); node++)
        if (cpu >= 0 && nodes_[node].has(static_cast<unsigned>(cpu)))
            return node;
    return 0;
}

} // namespace iowq
