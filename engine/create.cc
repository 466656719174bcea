/* SPDX-License-Identifier: GPL-2.0-only */
#include "fio_abi.h"

#include "create.h"

#include "acalls.h"
#include "drain.h"
#include "pool.h"
#include "uring.h"

namespace engine {

void say_no_thread(const options &o) {
    log_err("iowq: offload=%s: no thread can be created (pids.max, RLIMIT_NPROC)\n",
            name_of(o.offload));
}

namespace {

// fio takes a number below 0 for a large one and lets it pass where the smallest allowed is 0.
bool within_limits(const options &o) {
    for (const fio_option *entry = option_table; entry->name; entry++) {
        if (entry->type != FIO_OPT_INT)
            continue;
        for (unsigned at : {entry->off1, entry->off2}) { // 0: there is no second
            unsigned value;
            memcpy(&value, reinterpret_cast<const char *>(&o) + at, sizeof value);
            if (at && value > entry->maxval) {
                log_err("iowq: %s: must be between %d and %llu\n", entry->name, entry->minval,
                        entry->maxval);
                return false;
            }
        }
    }
    return true;
}

// Whether the job asks for what uring issues by a system call of its own, so that the kernel cannot keep
// it in order.
bool issues_beside_io_uring(const thread_data *td) {
    return td_trim(td) || td->o.trim_percentage || td->o.sync_file_range;
}

// The first option given that only io_uring can honour, or null.
const char *of_io_uring_only(const options &o) {
    if (o.hipri)
        return "hipri";
    if (o.registerfiles)
        return "registerfiles";
    if (o.fixedbufs)
        return "fixedbufs";
    if (o.cmdprio_bssplit)
        return "cmdprio_bssplit";
    for (int i = 0; i < 2; i++) {
        if (o.cmdprio_percentage[i])
            return "cmdprio_percentage";
        if (o.cmdprio_class[i])
            return "cmdprio_class";
        if (o.cmdprio[i])
            return "cmdprio";
    }
    return nullptr;
}

// False, and said why, where an option asks for what the mode cannot do.
bool mode_can(const thread_data *td, const options &o) {
    const char *asked = of_io_uring_only(o);
    if (asked && o.offload < offload_uring) {
        log_err("iowq: offload=%s: system calls cannot do %s; allowed with offload=uring, "
                "uring_async, uring_sqpoll and uring_defer\n",
                name_of(o.offload), asked);
        return false;
    }
    if (o.target == target_null &&
        (o.offload == offload_acall || o.offload == offload_acall_pool)) {
        log_err(
            "iowq: offload=%s: is about making system calls, so target=null would leave nothing\n",
            name_of(o.offload));
        return false;
    }
    if (o.hipri && !td->o.odirect) {
        log_err("iowq: hipri: only I/O past the cache can be polled for: it needs direct=1\n");
        return false;
    }
    return true;
}

// The first of fio's options given that makes the job wait for something else than arrivals, or null.
const char *other_pace(const thread_data *td) {
    for (int d = 0; d < DDIR_RWDIR_CNT; d++) {
        if (td->o.rate_iops[d])
            return "rate_iops";
        if (td->o.rate[d])
            return "rate";
    }
    return td->o.thinktime                    ? "thinktime"
           : td->o.latency_target             ? "latency_target"
           : td->o.flow                       ? "flow"
           : td->o.read_iolog_file            ? "read_iolog"
           : td->o.zone_mode == ZONE_MODE_ZBD ? "zonemode=zbd"
                                              : nullptr;
}

bool may_arrive(const thread_data *td, const options &o) {
    const char *other = o.arrival_rate ? other_pace(td) : nullptr;
    if (other)
        log_err("iowq: arrival_rate=%u: says when the job's I/Os come, and so does %s: one of them "
                "only\n",
                o.arrival_rate, other);
    return !other;
}

int create_uring(const thread_data *td, const options &o, const placed &at,
                 std::unique_ptr<backend> &out) {
    uring_config config;
    config.depth = td->o.iodepth;
    config.async = o.offload == offload_uring_async;
    config.sqpoll = o.offload == offload_uring_sqpoll;
    config.defer = o.offload == offload_uring_defer;
    config.hipri = o.hipri;
    config.vectored = !o.nonvectored;
    config.drain = o.fsync_order == fsync_drains && !issues_beside_io_uring(td);
    config.nr_files = o.registerfiles ? td->files_index : 0;
    config.fixed_bufs = o.fixedbufs;
    config.sqpoll_idle = std::chrono::milliseconds(o.sqthread_idle_ms);
    config.spin = std::chrono::microseconds(o.spin_us);
    config.max_workers[0] = o.max_bounded;
    config.max_workers[1] = o.max_unbounded;
    if (o.sqthread_cpu_given)
        config.sqpoll_cpu = o.sqthread_cpu;
    config.worker_cpus = at.worker_cpus;
    int error = uring::create(config, out);
    if (error == -EINVAL && config.defer)
        log_err("iowq: offload=uring_defer: this kernel knows no IORING_SETUP_DEFER_TASKRUN (Linux "
                "6.1); offload=uring needs none\n");
    else if (error == -EAGAIN)
        say_no_thread(o);
    else if (error)
        log_err("iowq: offload=%s: io_uring cannot be used here (%s); offload=punt needs none\n",
                name_of(o.offload), strerror(-error));
    return error;
}

iowq::offload mode_of(unsigned offload) {
    switch (offload) {
    case offload_inline:
        return iowq::offload::inline_;
    case offload_sqthread:
        return iowq::offload::sqthread;
    case offload_handoff:
        return iowq::offload::handoff;
    case offload_sqwq:
        return iowq::offload::sqwq;
    case offload_hashed:
        return iowq::offload::hashed;
    default:
        return iowq::offload::punt;
    }
}

int create_pool(const options &o, unsigned depth, const placed &at, std::unique_ptr<backend> &out) {
    iowq::ring_config ring;
    ring.mode = mode_of(o.offload);
    ring.depth = depth;
    ring.spin = std::chrono::microseconds(o.spin_us);
    ring.sqthread_idle = std::chrono::milliseconds(o.sqthread_idle_ms);
    ring.sqthread_cpus = at.thread_cpus;
    ring.direct = static_cast<iowq::direct_by>(o.direct_by);

    iowq::wq_config wq;
    // The seed's SQWQ: the queue's depth, or twice the CPUs, whatever is smallest. Workers that
    // block are made up for, and more than the depth never have anything to do.
    // In a pool that is shared by several jobs, one's depth says little.
    bool shared = o.wq_scope == scope_process;
    wq.max_running = 2 * at.reach.count();
    wq.max_running = o.max_bounded ? o.max_bounded
                     : shared      ? wq.max_running
                                   : std::min(depth, wq.max_running);
    wq.max_bound = std::max(depth, wq.max_running);
    if (o.max_unbounded)
        wq.max_unbound = o.max_unbounded;
    wq.idle = std::chrono::milliseconds(o.idle_ms);
    wq.spin = std::chrono::microseconds(o.spin_us);
    wq.place = at.where;
    wq.node = at.node;
    wq.reach = at.reach;
    wq.cpus = at.worker_cpus;
    wq.sleep_hook = static_cast<iowq::sleep_hook_kind>(o.sleep_hook);
    std::string why;
    int error = pool::create(ring, wq, shared, out, why);
    if (!why.empty())
        log_err("iowq: %s\n", why.c_str());
    else if (error == -EAGAIN)
        say_no_thread(o);
    else if (error)
        log_err("iowq: offload=%s: cannot create the pool: %s (limits here: %u workers)\n",
                name_of(o.offload), strerror(-error), iowq::wq_config::default_max_unbound());
    return error;
}

int create_acalls(const options &o, unsigned depth, std::unique_ptr<backend> &out) {
    acalls_config config;
    config.depth = depth;
    config.pooled = o.offload == offload_acall_pool;
    config.most = o.max_bounded;
    config.spin = std::chrono::microseconds(o.spin_us);
    int error = acalls::create(config, out);
    if (error == -EEXIST)
        log_err(
            "iowq: max_bounded=%u: acall_pool has one pool a process, and another job has given "
            "it another limit (as processes, without thread, each job has its own)\n",
            o.max_bounded);
    else if (error == -EAGAIN)
        say_no_thread(o);
    else if (error)
        log_err("iowq: offload=%s: %s\n", name_of(o.offload), strerror(-error));
    return error;
}

} // namespace

int create_backend(const thread_data *td, const options &o, std::unique_ptr<backend> &out,
                   placed &at) {
    if (!within_limits(o) || !mode_can(td, o) || !may_arrive(td, o))
        return -EINVAL;
    unsigned depth = td->o.iodepth;
    bool kernels = o.offload >= offload_uring;
    int error = place(td, o, at);
    if (!error)
        error = kernels                      ? create_uring(td, o, at, out)
                : o.offload >= offload_acall ? create_acalls(o, depth, out)
                                             : create_pool(o, depth, at, out);
    if (error)
        return error;
    if (o.fsync_order != fsync_drains || (kernels && !issues_beside_io_uring(td)))
        return 0;
    error = drain::create(depth, out);
    if (error)
        log_err("iowq: fsync_order=drain: %s\n", strerror(-error));
    return error;
}

} // namespace engine
