/* SPDX-License-Identifier: GPL-2.0-only */
#include "fio_abi.h"

#include "makers.h"

#include "acalls.h"
#include "pool.h"

namespace engine {

void say_no_thread(const char *offload) {
    log_err("iowq: offload=%s: no thread can be created (pids.max, RLIMIT_NPROC)\n", offload);
}

namespace {

iowq::ring_config ring_of(const wanted &what, iowq::offload way) {
    const options &o = what.o;
    iowq::ring_config ring;
    ring.mode = way;
    ring.depth = what.td->o.iodepth;
    ring.spin = std::chrono::microseconds(o.spin_us);
    if (o.sqthread_idle_given)
        ring.sqthread_idle = std::chrono::milliseconds(o.sqthread_idle_ms);
    ring.sqthread_cpus = what.at.thread_cpus;
    ring.direct = static_cast<iowq::direct_by>(o.direct_by);
    ring.help = o.help == help_auto;
    ring.merge_syncs = o.merge_syncs;
    ring.waits_at_once = !o.arrival_rate;
    return ring;
}

iowq::wq_config wq_of(const wanted &what) {
    const options &o = what.o;
    const placed &at = what.at;
    unsigned depth = what.td->o.iodepth;
    iowq::wq_config wq;
    // As for IOCTX_FLAG_SQWQ, in the patches that became io_uring: the queue's depth or twice the
    // CPUs, whichever is smaller. A blocked worker is replaced until there are as many workers as
    // the depth, as more would have nothing to do. Where several jobs share a pool, the depth of
    // one says little, and only the CPUs count.
    unsigned running = o.wq_scope == scope_job ? 1 : 2 * at.reach.count();
    if (o.max_bounded)
        wq.max_running = running = o.max_bounded;
    wq.max_bound = std::max(depth, running);
    if (o.max_unbounded)
        wq.max_unbound = o.max_unbounded;
    wq.idle = std::chrono::milliseconds(o.idle_ms);
    wq.spin = std::chrono::microseconds(o.spin_us);
    wq.place = at.where;
    wq.node = at.node;
    wq.reach = at.reach;
    wq.cpus = at.worker_cpus;
    wq.sleep_hook = static_cast<iowq::sleep_hook_kind>(o.sleep_hook);
    return wq;
}

} // namespace

int make_ring(const wanted &what, iowq::offload way, std::unique_ptr<backend> &out) {
    std::string why;
    int error =
        pool::create(ring_of(what, way), wq_of(what), what.o.wq_scope == scope_process, out, why);
    if (!why.empty())
        log_err("iowq: %s\n", why.c_str());
    else if (error == -EAGAIN)
        say_no_thread(what.offload);
    else if (error)
        log_err("iowq: offload=%s: cannot create the pool: %s (limits here: %u workers)\n",
                what.offload, strerror(-error), iowq::wq_config::default_max_unbound());
    return error;
}

int make_acalls(const wanted &what, acall_threads threads, std::unique_ptr<backend> &out) {
    acalls_config config;
    config.depth = what.td->o.iodepth;
    config.pooled = threads == acall_threads::pooled;
    config.most = what.o.max_bounded;
    config.spin = std::chrono::microseconds(what.o.spin_us);
    int error = acalls::create(config, out);
    if (error == -EEXIST)
        log_err(
            "iowq: max_bounded=%u: acall_pool has one pool a process, and another job has given "
            "it another limit (as processes, without thread, each job has its own)\n",
            what.o.max_bounded);
    else if (error == -EAGAIN)
        say_no_thread(what.offload);
    else if (error)
        log_err("iowq: offload=%s: %s\n", what.offload, strerror(-error));
    return error;
}

int make_uring(const wanted &what, uring_way way, std::unique_ptr<backend> &out) {
    const options &o = what.o;
    uring_config config;
    config.depth = what.td->o.iodepth;
    config.way = way;
    config.hipri = o.hipri;
    config.vectored = !o.nonvectored;
    config.drain = what.own_drain;
    config.nr_files = o.registerfiles ? what.td->files_index : 0;
    config.fixed_bufs = o.fixedbufs;
    if (o.sqthread_idle_given)
        config.sqpoll_idle = std::chrono::milliseconds(o.sqthread_idle_ms);
    config.spin = std::chrono::microseconds(o.spin_us);
    config.max_workers[0] = o.max_bounded;
    config.max_workers[1] = o.max_unbounded;
    if (o.sqthread_cpu_given)
        config.sqpoll_cpu = o.sqthread_cpu;
    config.worker_cpus = what.at.worker_cpus;
    int error = uring::create(config, out);
    if (error == -EINVAL && way.defer)
        log_err("iowq: offload=%s: this kernel knows no IORING_SETUP_DEFER_TASKRUN (Linux 6.1); "
                "offload=uring needs none\n",
                what.offload);
    else if (error == -EAGAIN)
        say_no_thread(what.offload);
    else if (error)
        log_err("iowq: offload=%s: io_uring cannot be used here (%s); offload=punt needs none\n",
                what.offload, strerror(-error));
    return error;
}

} // namespace engine
