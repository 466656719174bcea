// SPDX-License-Identifier: MIT
#include "iowq/os/topology.h"

#include "iowq/os/fork.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <hwloc.h>
#include <memory>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

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

// The distances that the operating system gives, if it gives any, by OS numbers.
template <class Nodes>
void read_distances(hwloc_topology_t from, Nodes &nodes) {
    hwloc_distances_s *known;
    unsigned nr = 1;
    if (hwloc_distances_get_by_type(from, HWLOC_OBJ_NUMANODE, &nr, &known,
                                    HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) ||
        nr == 0)
        return;
    for (unsigned i = 0; i < known->nbobjs; i++) {
        auto &row = nodes[known->objs[i]->os_index].distances;
        row.resize(nodes.size());
        for (unsigned k = 0; k < known->nbobjs; k++)
            row[known->objs[k]->os_index] =
                static_cast<unsigned>(known->values[i * known->nbobjs + k]);
    }
    hwloc_distances_release(from, known);
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

cpu_mask cpu_mask::all() {
    cpu_mask mask;
    memset(&mask.set_, 0xff, sizeof mask.set_);
    return mask;
}

cpu_mask cpu_mask::of_this_thread() { return of_task(0); }

// The kernel says EINVAL where there is no room for all the CPUs that it may have. 8192 is the most
// that one is built for.
cpu_mask cpu_mask::of_task(pid_t task) {
    cpu_set_t all[8192 / CPU_SETSIZE] = {};
    (void)sched_getaffinity(task, sizeof all, all);
    return cpu_mask(all[0]);
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

cpu_mask cpu_mask::only(unsigned cpu) {
    cpu_mask one;
    one.add(cpu);
    return one;
}

std::vector<unsigned> cpu_mask::numbers() const {
    std::vector<unsigned> each;
    for (unsigned cpu = 0; cpu < most; cpu++)
        if (has(cpu))
            each.push_back(cpu);
    return each;
}

cpu_mask cpu_mask::without(unsigned cpu) const {
    cpu_mask rest = *this;
    CPU_CLR(cpu, &rest.set_);
    return rest;
}

cpu_mask cpu_mask::operator&(const cpu_mask &other) const {
    cpu_mask both;
    CPU_AND(&both.set_, &set_, &other.set_);
    return both;
}

cpu_mask cpu_mask::operator|(const cpu_mask &other) const {
    cpu_mask either;
    CPU_OR(&either.set_, &set_, &other.set_);
    return either;
}

// What hwloc has read last, with every CPU. Never destroyed, as pools may be made until the process
// ends.
struct known_machine : across_forks {
    mutex lock;
    topology machine IOWQ_GUARDED_BY(lock);
    std::string read_from IOWQ_GUARDED_BY(lock) = "nothing";

    // hwloc's own variables, by which another machine stands for this one.
    static std::string source() {
        std::string all;
        for (const char *variable : {"HWLOC_SYNTHETIC", "HWLOC_XMLFILE"}) {
            const char *value = getenv(variable);
            all += (value ? value : "") + std::string("\n");
        }
        return all;
    }
    [[nodiscard]] bool knows(const cpu_mask &cpus) const IOWQ_REQUIRES(lock) {
        cpu_mask all;
        for (const auto &its : machine.os_nodes_)
            all = all | its.cpus;
        return cpus.within(all);
    }
    int read() IOWQ_REQUIRES(lock);

  private:
    void hold_still() override IOWQ_ANNOTATE(acquire_capability(lock)) { lock.lock(); }
    void go_on() override IOWQ_ANNOTATE(release_capability(lock)) { lock.unlock(); }

    whole whole_{*this}; // last
};

namespace {

known_machine &known_here() {
    static known_machine &known = *new known_machine;
    return known;
}
// Made before there are threads. If one were making it while the process forks, the child would
// wait for that thread for ever.
[[maybe_unused]] const known_machine &made_early = known_here();

} // namespace

int topology::load(const cpu_mask &allowed, topology &out) {
    topology machine;
    {
        known_machine &known = known_here();
        locked guard(known.lock);
        if (known.read_from != known_machine::source() || !known.knows(allowed))
            if (int error = known.read())
                return error;
        machine = known.machine;
    }
    machine.settle(allowed);
    if (machine.nodes_.empty())
        return -EINVAL;
    out = std::move(machine);
    return 0;
}

int known_machine::read() {
    hwloc_topology_t raw;
    if (hwloc_topology_init(&raw))
        return -EIO;
    std::unique_ptr<hwloc_topology, decltype(&hwloc_topology_destroy)> hw(raw,
                                                                          hwloc_topology_destroy);
    // Only nodes and CPUs are asked for: caches and devices would make loading slower. Groups are
    // kept, as nodes are attached to them: without groups each node would claim every CPU.
    hwloc_topology_set_all_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_NONE);
    hwloc_topology_set_type_filter(raw, HWLOC_OBJ_GROUP, HWLOC_TYPE_FILTER_KEEP_STRUCTURE);
    // Else it would bind this thread to each CPU in turn, to learn more of them.
    if (hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING) ||
        hwloc_topology_load(raw))
        return -EIO;

    machine = {};
    machine.read(raw);
    read_from = source();
    return 0;
}

void topology::read(hwloc_topology *from) {
    cpu_mask taken;
    hwloc_obj_t object = nullptr;
    while ((object = hwloc_get_next_obj_by_type(from, HWLOC_OBJ_NUMANODE, object))) {
        if (object->os_index >= os_nodes_.size())
            os_nodes_.resize(object->os_index + 1);
        os_node &its = os_nodes_[object->os_index];
        its.has_memory = object->attr->numanode.local_memory > 0;
        int number;
        hwloc_bitmap_foreach_begin(number, object->cpuset) {
            auto cpu = static_cast<unsigned>(number);
            // Two nodes may name one CPU: hwloc gives a node without CPUs those near it.
            if (number >= CPU_SETSIZE || taken.has(cpu))
                continue;
            taken.add(cpu);
            its.cpus.add(cpu);
        }
        hwloc_bitmap_foreach_end();
        os_order_.push_back(object->os_index);
    }
    read_distances(from, os_nodes_);
}

// What follows from the nodes and their distances, and from the CPUs that may be used.
void topology::settle(const cpu_mask &allowed) {
    for (unsigned os : os_order_)
        if (cpu_mask usable = os_nodes_[os].cpus & allowed; usable.count())
            nodes_.push_back({usable, os});
    auto count = nodes();
    for (unsigned n = 0; n < count; n++) {
        for (unsigned i = 1; i < count; i++)
            nodes_[n].others.push_back((n + i) % count);
        std::stable_sort(
            nodes_[n].others.begin(), nodes_[n].others.end(), [&](unsigned a, unsigned b) {
                return distance(nodes_[n].os, nodes_[a].os) < distance(nodes_[n].os, nodes_[b].os);
            });
    }
    for (node &n : nodes_)
        n.memory = memory_near(n.os);
    for (unsigned os = 0; os < os_nodes_.size(); os++) {
        unsigned &nearest = os_nodes_[os].served_by;
        for (unsigned n = 0; n < count; n++)
            if (nodes_[n].os == os ||
                (nodes_[nearest].os != os &&
                 distance(os, nodes_[n].os) < distance(os, nodes_[nearest].os)))
                nearest = n;
    }
    if (count == 1)
        return;
    served_by_.resize(CPU_SETSIZE);
    for (const os_node &its : os_nodes_)
        for (unsigned cpu : its.cpus.numbers())
            served_by_[cpu] = its.served_by;
}

topology topology::as_one_node() const {
    topology one = *this;
    one.nodes_.resize(1);
    for (const node &n : nodes_)
        one.nodes_[0].cpus = one.nodes_[0].cpus | n.cpus;
    one.nodes_[0].memory = -1;
    one.nodes_[0].others.clear();
    for (os_node &its : one.os_nodes_)
        its.served_by = 0;
    one.served_by_.clear();
    return one;
}

unsigned topology::here() const { return served_by_.empty() ? 0 : served_by_[this_cpu()]; }

int topology::nearest(unsigned os) const {
    if (os >= os_nodes_.size() || !os_nodes_[os].is_there())
        return -EINVAL;
    return static_cast<int>(os_nodes_[os].served_by);
}

cpu_mask topology::all_cpus_of(unsigned os) const {
    return os < os_nodes_.size() ? os_nodes_[os].cpus : cpu_mask();
}

int topology::memory_near(unsigned os) const {
    if (os_nodes() < 2)
        return -1;
    int found = os_nodes_[os].has_memory ? static_cast<int>(os) : -1;
    for (unsigned other = 0; other < os_nodes_.size(); other++)
        if (os_nodes_[other].has_memory &&
            (found < 0 || distance(os, other) < distance(os, static_cast<unsigned>(found))))
            found = static_cast<int>(other);
    return found;
}

int topology::os_node_of(unsigned cpu) const {
    for (unsigned os = 0; os < os_nodes_.size(); os++)
        if (os_nodes_[os].cpus.has(cpu))
            return static_cast<int>(os);
    return -1;
}

cpu_mask topology::os_set() const {
    cpu_mask numbers; // of nodes: they are counted and listed as CPUs are
    for (unsigned os = 0; os < os_nodes_.size(); os++)
        if (os_nodes_[os].is_there())
            numbers.add(os);
    return numbers;
}

unsigned topology::os_nodes() const { return os_set().count(); }
std::string topology::os_numbers() const { return os_set().list(); }

unsigned topology::distance(unsigned os_from, unsigned os_to) const {
    const std::vector<unsigned> &known = os_nodes_[os_from].distances;
    if (os_to < known.size() && known[os_to])
        return known[os_to];
    return os_from == os_to ? 10 : 20; // as the kernel assumes where the firmware does not say
}

// ---- the node of a device

namespace {

namespace fs = std::filesystem;

constexpr int deepest_stack = 8; // of devices on devices

// What numa_node says in a directory of sysfs, or in the nearest one above that says something.
int said_above(fs::path directory) {
    for (; directory.has_relative_path(); directory = directory.parent_path()) {
        int node = -1;
        if (std::ifstream(directory / "numa_node") >> node && node >= 0)
            return node;
    }
    return -1;
}

int node_of(dev_t device, int deeper) {
    std::error_code error;
    fs::path block = fs::canonical("/sys/dev/block/" + std::to_string(major(device)) + ":" +
                                       std::to_string(minor(device)),
                                   error);
    if (error || deeper == 0)
        return -1;
    // A loop device is where its file is.
    std::string backing;
    struct stat st;
    if (std::getline(std::ifstream(block / "loop/backing_file"), backing))
        return stat(backing.c_str(), &st) ? -1 : node_of(st.st_dev, deeper - 1);
    // A device that is made of others (dm, md) is at a node if all of them are at it.
    int common = -1;
    for (fs::directory_iterator at(block / "slaves", error), end; !error && at != end;
         at.increment(error)) {
        unsigned parts[2];
        char colon;
        if (!(std::ifstream(at->path() / "dev") >> parts[0] >> colon >> parts[1]))
            return -1;
        int node = node_of(makedev(parts[0], parts[1]), deeper - 1);
        if (node < 0 || (common >= 0 && node != common))
            return -1;
        common = node;
    }
    return common >= 0 ? common : said_above(block);
}

int node_of(const struct stat &file) {
    try {
        return node_of(S_ISBLK(file.st_mode) ? file.st_rdev : file.st_dev, deepest_stack);
    } catch (const std::exception &) { // no memory: then it is not known
        return -1;
    }
}

} // namespace

int device_node(int fd) {
    struct stat st;
    return fstat(fd, &st) ? -1 : node_of(st);
}

int device_node(const char *path) {
    struct stat st;
    return stat(path, &st) ? -1 : node_of(st);
}

} // namespace iowq
