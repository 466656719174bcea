/* SPDX-License-Identifier: GPL-2.0-only */
// Where a job's work is done, and where its memory lies: placement=, worker_cpus= and
// sqthread_cpu=. fio's own cpus_allowed, numa_cpu_nodes and numa_mem_policy say where the job
// itself is. Used by the job's thread, at its start and at its end.
#pragma once

#include "options.h"

#include "iowq/pool/wq.h"

#include <optional>
#include <span>

struct thread_data;

namespace engine {

struct placed {
    iowq::placement where = iowq::placement::local;
    unsigned node = 0; // with placement::node, its OS number
    // The CPUs that the work may use: the job's; or all that fio may use, with wq_scope=process or
    // where placement= looks beyond the job's node.
    iowq::cpu_mask reach;
    std::optional<iowq::cpu_mask> worker_cpus{}; // the workers', within `reach`
    std::optional<iowq::cpu_mask> thread_cpus{}; // the submission thread's
    // Where one node serves the whole job, the OS number of the node where the buffers are best.
    // Below 0: several nodes serve it, or it makes no difference.
    int memory = -1;
};

// Which of a mode's threads have to be held to the CPUs of the node that serves the job.
enum class held_to_node { nothing, submission_thread, workers };

// Where a mode can have its work done.
struct placing {
    unsigned allowed;    // a bit for each placement_kind
    const char *because; // why the others are not
    held_to_node held = held_to_node::nothing;
};

// Where the job asks for its work to be done. `offload` is its mode's name. -EINVAL, after having
// said why, when the mode cannot, a CPU or node is not to be had, or options contradict each other.
[[nodiscard]] int place(const thread_data *td, const options &o, const char *offload,
                        const placing &can, placed &out);

// Moves the job's buffers to the node that serves it or, where numa_mem_policy is given, to where
// that policy says. fio has set the policy for the job's thread only, but workers may be the first
// to touch a buffer.
void place_buffers(const thread_data *td, const placed &at);
// At the end of a job: undoes place_buffers, so that a later job's data in the same memory is not
// bound to this job's node.
void forget_buffers(const thread_data *td, const placed &at);

// How much falls on each node, as a JSON object by OS numbers: of counts by CPU, or of a buffer's
// pages.
[[nodiscard]] std::string on_nodes(std::span<const uint64_t> by_cpu);
[[nodiscard]] std::string on_nodes(const void *from, size_t bytes);

} // namespace engine
