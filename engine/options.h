/* SPDX-License-Identifier: GPL-2.0-only */
// The engine's options: the one table, and the struct that fio fills from it.
#pragma once

#include <cstddef>

struct fio_option;

namespace engine {

enum target_kind : unsigned { target_file, target_null };
enum wq_scope_kind : unsigned { scope_job, scope_process };
// The first stands for none given. The others are in the order of iowq::placement.
enum placement_kind : unsigned {
    placement_default,
    placement_local,
    placement_device,
    placement_interleave,
    placement_node,
    placement_none
};
enum help_kind : unsigned { help_auto, help_never };
enum fsync_ordering : unsigned { fsync_unordered, fsync_drains };

// Plain values only, as fio copies it with memcpy. A number that was not given is its option's
// default, or 0. So an option without a default refuses 0 as a value, unless 0 means the same as
// not given.
struct options {
    void *pad;        // fio keeps its thread_data here
    unsigned offload; // its row among the modes
    unsigned max_bounded;
    unsigned max_unbounded;
    unsigned idle_ms;
    unsigned spin_us;
    unsigned sqthread_cpu;
    unsigned sqthread_cpu_given;
    unsigned sqthread_idle_ms;
    unsigned sqthread_idle_given;
    unsigned sleep_hook; // an iowq::sleep_hook_kind
    unsigned direct_by;  // an iowq::direct_by
    unsigned help;       // a help_kind
    unsigned merge_syncs;
    unsigned wq_scope;  // a wq_scope_kind
    unsigned placement; // a placement_kind
    unsigned placement_node;
    unsigned target;   // a target_kind
    unsigned metadata; // a metadata_kind
    char *worker_cpus;
    char *pool_stats;
    unsigned nowait;
    unsigned uncached;
    unsigned fsync_order; // an fsync_ordering
    unsigned arrival_rate;
    // Of io_uring alone. The pairs are for reads and for writes.
    unsigned hipri;
    unsigned registerfiles;
    unsigned fixedbufs;
    unsigned nonvectored;
    unsigned cmdprio_percentage[2];
    unsigned cmdprio_class[2];
    unsigned cmdprio[2];
    char *cmdprio_bssplit;
};

extern fio_option option_table[];

} // namespace engine
