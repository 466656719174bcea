/* SPDX-License-Identifier: GPL-2.0-only */
#include "modes.h"

#include "makers.h"

namespace engine {

namespace {

template <iowq::offload way>
int ring(const wanted &what, std::unique_ptr<backend> &out) {
    return make_ring(what, way, out);
}

template <acall_threads threads>
int acall(const wanted &what, std::unique_ptr<backend> &out) {
    return make_acalls(what, threads, out);
}

template <uring_way way>
int kernel(const wanted &what, std::unique_ptr<backend> &out) {
    return make_uring(what, way, out);
}

constexpr unsigned at(placement_kind placement) { return 1u << placement; }

constexpr placing anywhere{~0u, ""};
constexpr placing where_the_thread_is{
    at(placement_local) | at(placement_device) | at(placement_node) | at(placement_none),
    "one submission thread serves all", held_to_node::submission_thread};
constexpr placing where_the_kernel_puts_them{
    at(placement_node), "the kernel says where its workers are", held_to_node::workers};

constexpr unsigned of_io_uring = null_target | io_uring_options | own_drain;

constexpr offload_mode table[] = {
    {.name = "inline",
     .help = "the submitter itself",
     .make = ring<iowq::offload::inline_>,
     .abilities = null_target,
     .place = {at(placement_local) | at(placement_none),
               "the submitter makes the calls, where cpus_allowed and numa_cpu_nodes put it"}},
    {.name = "sqthread",
     .help = "one thread that drains the submission ring",
     .make = ring<iowq::offload::sqthread>,
     .abilities = null_target,
     .place = where_the_thread_is},
    {.name = "handoff",
     .help = "as sqthread, but a standby takes the ring over before the thread blocks",
     .make = ring<iowq::offload::handoff>,
     .abilities = null_target,
     .place = where_the_thread_is},
    {.name = "sqwq",
     .help = "a worker pool (io-wq in user space), for every I/O",
     .make = ring<iowq::offload::sqwq>,
     .abilities = null_target,
     .place = anywhere},
    {.name = "punt",
     .help = "the submitter with RWF_NOWAIT; the pool for what would block",
     .make = ring<iowq::offload::punt>,
     .abilities = null_target,
     .place = anywhere},
    {.name = "hashed",
     .help = "the pool; buffered writes to one file one after another",
     .make = ring<iowq::offload::hashed>,
     .abilities = null_target,
     .place = anywhere},
    {.name = "acall",
     .help = "a new thread for each I/O",
     .make = acall<acall_threads::one_a_call>,
     .abilities = 0,
     .place = {at(placement_none), "each call has a thread of its own, on any CPU of the job"}},
    {.name = "acall_pool",
     .help = "threads that wait for calls, and leave after 200 ms without",
     .make = acall<acall_threads::pooled>,
     .abilities = 0,
     .place = {at(placement_local), "the process has one pool, which serves where it is called"}},
    {.name = "uring",
     .help = "the kernel's io_uring",
     .make = kernel<uring_way{}>,
     .abilities = of_io_uring,
     .place = where_the_kernel_puts_them},
    {.name = "uring_async",
     .help = "io_uring with IOSQE_ASYNC: its io-wq",
     .make = kernel<uring_way{.async = true}>,
     .abilities = of_io_uring,
     .place = where_the_kernel_puts_them},
    {.name = "uring_sqpoll",
     .help = "io_uring with a submission thread",
     .make = kernel<uring_way{.sqpoll = true}>,
     .abilities = of_io_uring,
     .place = {0, "sqthread_cpu says where the kernel's submission thread is"}},
    {.name = "uring_defer",
     .help = "io_uring that completes only when it is asked to",
     .make = kernel<uring_way{.defer = true}>,
     .abilities = of_io_uring,
     .place = where_the_kernel_puts_them},
};
static_assert(std::size(table) <= most_modes);

} // namespace

// constinit, as the option table is filled from it while the engine is being loaded.
constinit const std::span<const offload_mode> modes = table;

} // namespace engine
