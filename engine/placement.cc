/* SPDX-License-Identifier: GPL-2.0-only */
#include "fio_abi.h"

#include "placement.h"

#include "iowq/os/node_memory.h"

#include <map>

namespace engine {

namespace {

using iowq::cpu_mask;

constexpr unsigned bit(unsigned placement) { return 1u << placement; }

std::string name_of_placement(const options &o) {
    static const char *const names[] = {"", "local", "device", "interleave", "node", "none"};
    std::string name = names[o.placement];
    return o.placement == placement_node ? name + ":" + std::to_string(o.placement_node) : name;
}

bool mode_can(const options &o, const char *offload, const placing &can, const std::string &name) {
    if (can.allowed & bit(o.placement))
        return true;
    std::string allowed;
    static const std::pair<unsigned, const char *> all[] = {{placement_local, "local"},
                                                            {placement_device, "device"},
                                                            {placement_node, "node:N"},
                                                            {placement_none, "none"}};
    for (auto [placement, its] : all)
        if (can.allowed & bit(placement))
            allowed += std::string(allowed.empty() ? "" : ", ") + its;
    log_err("iowq: offload=%s: placement=%s: %s; %s%s\n", offload, name.c_str(), can.because,
            allowed.empty() ? "leave it out" : "allowed: ", allowed.c_str());
    return false;
}

// What fio may use is asked of its process: a job is a thread of it, or a child.
cpu_mask reach_of(const thread_data *td, const options &o) {
    cpu_mask jobs = cpu_mask::of_this_thread();
    bool beyond = o.wq_scope == scope_process || o.placement == placement_device ||
                  o.placement == placement_interleave || o.placement == placement_node;
    cpu_mask fios = cpu_mask::of_task(td->o.use_thread ? getpid() : getppid());
    return beyond && fios.count() ? fios : jobs;
}

// False, and said why, where a list is malformed or names CPUs that are not the job's to use.
bool read_cpus(const options &o, placed &out) {
    if (o.worker_cpus) {
        if (cpu_mask::parse(o.worker_cpus, out.worker_cpus.emplace())) {
            log_err("iowq: worker_cpus=%s: not a list of CPUs such as 0-3,8\n", o.worker_cpus);
            return false;
        }
        if (!out.worker_cpus->within(out.reach)) {
            log_err("iowq: worker_cpus=%s: names a CPU that this job may not use (allowed: %s)\n",
                    o.worker_cpus, out.reach.list().c_str());
            return false;
        }
    }
    if (o.sqthread_cpu_given) {
        if (!out.reach.has(o.sqthread_cpu)) {
            log_err("iowq: sqthread_cpu=%u: this job may not use that CPU (allowed: %s)\n",
                    o.sqthread_cpu, out.reach.list().c_str());
            return false;
        }
        out.thread_cpus.emplace().add(o.sqthread_cpu);
    }
    return true;
}

// The node that all of the job's files are at. -1: there is no such node.
int node_of_files(const thread_data *td) {
    int common = -1;
    for (unsigned i = 0; i < td->files_index; i++) {
        int node = iowq::device_node(td->files[i]->file_name);
        if (node < 0 || (common >= 0 && node != common))
            return -1;
        common = node;
    }
    return common;
}

// False, and said why, where there is no node N, or where it has CPUs and none may be used.
bool node_is_there(const options &o, const iowq::topology &machine, const cpu_mask &usable) {
    cpu_mask its = machine.all_cpus_of(o.placement_node);
    if (machine.nearest(o.placement_node) < 0)
        log_err("iowq: placement=node:%u: there is no such node here; there are: %s\n",
                o.placement_node, machine.os_numbers().c_str());
    else if (its.count() && !(its & usable).count())
        log_err("iowq: placement=node:%u: none of that node's CPUs (%s) is among those that %s "
                "(%s)\n",
                o.placement_node, its.list().c_str(),
                o.worker_cpus ? "worker_cpus names" : "fio may use", usable.list().c_str());
    else
        return true;
    return false;
}

} // namespace

int place(const thread_data *td, const options &o, const char *offload, const placing &can,
          placed &out) {
    out.reach = reach_of(td, o);
    if (!out.reach.count()) {
        log_err("iowq: the engine knows the CPUs below 1024, and this job may use none of them\n");
        return -EINVAL;
    }
    if (!read_cpus(o, out))
        return -EINVAL;
    if (o.placement == placement_default) // so a submission thread may use all of the job's CPUs
        return 0;
    std::string name = name_of_placement(o);
    if (!mode_can(o, offload, can, name))
        return -EINVAL;
    out.where = static_cast<iowq::placement>(o.placement - placement_local);
    out.node = o.placement_node;
    if (o.placement == placement_none || o.placement == placement_interleave)
        return 0;

    const cpu_mask &usable = out.worker_cpus ? *out.worker_cpus : out.reach;
    iowq::topology machine;
    if (int error = iowq::topology::load(usable, machine)) {
        log_err("iowq: placement=%s: the machine's nodes cannot be told: %s\n", name.c_str(),
                strerror(-error));
        return error;
    }
    int os = -1; // the OS number of the one node that serves the job; below 0: there is none
    if (o.placement == placement_local) {
        unsigned here = machine.here();
        if (out.thread_cpus)
            return 0; // sqthread_cpu says more exactly where the thread is to be
        if (can.held == held_to_node::submission_thread || usable.within(machine.cpus(here)))
            os = static_cast<int>(machine.os_number(here));
    } else if (o.placement == placement_device) {
        os = node_of_files(td);
    } else if (node_is_there(o, machine, usable)) {
        os = static_cast<int>(o.placement_node);
    } else {
        return -EINVAL;
    }
    if (os < 0)
        return 0;
    out.memory = machine.memory_near(static_cast<unsigned>(os));
    auto serving = static_cast<unsigned>(machine.nearest(static_cast<unsigned>(os)));
    cpu_mask cpus = machine.cpus(serving);
    if (can.held == held_to_node::workers)
        out.worker_cpus = cpus;
    else if (can.held == held_to_node::submission_thread && !out.thread_cpus)
        out.thread_cpus = cpus;
    else if (can.held == held_to_node::submission_thread && !out.thread_cpus->within(cpus)) {
        log_err("iowq: placement=%s: sqthread_cpu=%u is on another node: give one of the two\n",
                name.c_str(), o.sqthread_cpu);
        return -EINVAL;
    }
    return 0;
}

namespace {

bool places_buffers(const thread_data *td, const placed &at) {
    return td->orig_buffer && (at.memory >= 0 || td->o.numa_mem_mode);
}

} // namespace

void place_buffers(const thread_data *td, const placed &at) {
    if (!places_buffers(td, at))
        return;
    // Pages that cannot be moved stay where they are, and pool_stats shows it.
    if (td->o.numa_mem_mode)
        (void)iowq::hold_to_own_policy(td->orig_buffer, td->orig_buffer_size);
    else
        (void)iowq::move_to_node(at.memory, td->orig_buffer, td->orig_buffer_size);
}

void forget_buffers(const thread_data *td, const placed &at) {
    if (places_buffers(td, at))
        iowq::forget_node(td->orig_buffer, td->orig_buffer_size);
}

namespace {

template <class Count>
std::string object(const std::map<int, Count> &counts) {
    std::string text = "{";
    for (auto [node, count] : counts)
        text += (text.size() > 1 ? ", \"" : "\"") + std::to_string(node) +
                "\": " + std::to_string(count);
    return text + "}";
}

} // namespace

std::string on_nodes(std::span<const uint64_t> by_cpu) {
    iowq::topology machine;
    cpu_mask all;
    for (unsigned cpu = 0; cpu < by_cpu.size(); cpu++)
        all.add(cpu);
    std::map<int, uint64_t> counts;
    if (all.count() && iowq::topology::load(all, machine) == 0)
        for (unsigned cpu = 0; cpu < by_cpu.size(); cpu++)
            if (by_cpu[cpu])
                counts[machine.os_node_of(cpu)] += by_cpu[cpu];
    return object(counts);
}

std::string on_nodes(const void *from, size_t bytes) {
    return object(iowq::pages_by_node(from, bytes));
}

} // namespace engine
