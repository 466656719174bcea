/* SPDX-License-Identifier: GPL-2.0-only */
// fio's callbacks, in the order in which fio calls them; the table of them stands last. Everything
// here runs in the job's own thread.
#include "fio_abi.h"

#include "acalls.h"
#include "drain.h"
#include "options.h"
#include "pool.h"
#include "pool_stats.h"
#include "uring.h"

namespace engine {
namespace {

using iowq::opcode;
using iowq::request;

struct job {
    unsigned depth = 0;
    std::unique_ptr<job_request[]> requests; // by io_u->index
    std::unique_ptr<request *[]> events;     // what getevents reaped, for event()
    std::unique_ptr<io_u *[]> unsent;        // queued since the last commit
    unsigned nr_unsent = 0;
    unsigned under_way = 0; // queued, and not reaped
    int rw_flags = 0;       // of every read and write
    cmdprio_options prio_options{};
    struct cmdprio prio {};
    std::unique_ptr<backend> io;      // its workers use what stands above
    std::unique_ptr<sampler> threads; // of io, while pool_stats= wants it
};

job &job_of(thread_data *td) { return *static_cast<job *>(td->io_ops_data); }

// ---- init

// Only the very fio that the engine was built for lays out its structs as the engine expects.
bool right_fio() {
    if (strcmp(fio_version_string, IOWQ_FIO_VERSION) == 0)
        return true;
    log_err(
        "iowq: built for %s but loaded by %s: build it with FIO_DIR= naming that fio's source\n",
        IOWQ_FIO_VERSION, fio_version_string);
    return false;
}

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

// The CPUs given as worker_cpus=. False, and said why, when they are none or not the job's.
bool read_worker_cpus(const options &o, std::optional<iowq::cpu_mask> &out) {
    if (!o.worker_cpus)
        return true;
    iowq::cpu_mask cpus;
    if (iowq::cpu_mask::parse(o.worker_cpus, cpus)) {
        log_err("iowq: worker_cpus=%s: not a list of CPUs such as 0-3,8\n", o.worker_cpus);
        return false;
    }
    if (!cpus.within(iowq::cpu_mask::of_this_thread())) {
        log_err("iowq: worker_cpus=%s: names a CPU that this job may not use (allowed: %s)\n",
                o.worker_cpus, iowq::cpu_mask::of_this_thread().list().c_str());
        return false;
    }
    out = cpus;
    return true;
}

// Whether the job asks for what uring issues by a system call of its own, so that the kernel cannot keep
// it in order.
bool issues_beside_io_uring(const thread_data *td) {
    return td_trim(td) || td->o.trim_percentage || td->o.sync_file_range;
}

bool right_sqthread_cpu(const options &o) {
    iowq::cpu_mask mine = iowq::cpu_mask::of_this_thread();
    if (!o.sqthread_cpu_given || mine.has(o.sqthread_cpu))
        return true;
    log_err("iowq: sqthread_cpu=%u: this job may not use that CPU (allowed: %s)\n", o.sqthread_cpu,
            mine.list().c_str());
    return false;
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
    if (o.hipri && !td->o.odirect) {
        log_err("iowq: hipri: only I/O past the cache can be polled for: it needs direct=1\n");
        return false;
    }
    return true;
}

int create_uring(const thread_data *td, const options &o, std::unique_ptr<backend> &out) {
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
    if (!read_worker_cpus(o, config.worker_cpus))
        return -EINVAL;
    int error = uring::create(config, out);
    if (error == -EINVAL && config.defer)
        log_err("iowq: offload=uring_defer: this kernel knows no IORING_SETUP_DEFER_TASKRUN (Linux "
                "6.1); offload=uring needs none\n");
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

int create_pool(const options &o, unsigned depth, std::unique_ptr<backend> &out) {
    iowq::ring_config ring;
    ring.mode = mode_of(o.offload);
    ring.depth = depth;
    ring.spin = std::chrono::microseconds(o.spin_us);
    ring.sqthread_idle = std::chrono::milliseconds(o.sqthread_idle_ms);
    if (o.sqthread_cpu_given)
        ring.sqthread_cpu = o.sqthread_cpu;

    ring.direct = static_cast<iowq::direct_by>(o.direct_by);

    iowq::wq_config wq;
    // The seed's SQWQ: the queue's depth, or twice the CPUs, whatever is smallest. Workers that
    // block are made up for, and more than the depth never have anything to do.
    wq.max_running = o.max_bounded ? o.max_bounded : std::min(depth, wq.max_running);
    wq.max_bound = std::max(depth, wq.max_running);
    if (o.max_unbounded)
        wq.max_unbound = o.max_unbounded;
    wq.idle = std::chrono::milliseconds(o.idle_ms);
    wq.spin = std::chrono::microseconds(o.spin_us);
    if (!read_worker_cpus(o, wq.cpus))
        return -EINVAL;
    wq.sleep_hook = static_cast<iowq::sleep_hook_kind>(o.sleep_hook);
    std::string why;
    int error = pool::create(ring, wq, out, why);
    if (!why.empty())
        log_err("iowq: %s\n", why.c_str());
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
    else if (error)
        log_err("iowq: offload=%s: %s\n", name_of(o.offload), strerror(-error));
    return error;
}

int create_backend(const thread_data *td, const options &o, std::unique_ptr<backend> &out) {
    unsigned depth = td->o.iodepth;
    bool kernels = o.offload >= offload_uring;
    int error = kernels                      ? create_uring(td, o, out)
                : o.offload >= offload_acall ? create_acalls(o, depth, out)
                                             : create_pool(o, depth, out);
    if (error)
        return error;
    if (o.fsync_order != fsync_drains || (kernels && !issues_beside_io_uring(td)))
        return 0;
    error = drain::create(depth, out);
    if (error)
        log_err("iowq: fsync_order=drain: %s\n", strerror(-error));
    return error;
}

// fio chooses which I/Os get the priority, and keeps their statistics.
int init_cmdprio(thread_data *td, const options &o, job &j) {
    for (int i = 0; i < 2; i++) {
        j.prio_options.percentage[i] = o.cmdprio_percentage[i];
        j.prio_options.class_[i] = o.cmdprio_class[i];
        j.prio_options.level[i] = o.cmdprio[i];
    }
    j.prio_options.bssplit_str = o.cmdprio_bssplit;
    return fio_cmdprio_init(td, &j.prio, &j.prio_options);
}

int rw_flags_of(const thread_data *td, const options &o) {
    constexpr int dontcache = 0x80; // RWF_DONTCACHE; fio's own RWF_UNCACHED is another flag today
    return (o.nowait ? RWF_NOWAIT : 0) | (o.uncached && !td->o.odirect ? dontcache : 0);
}

int init_job(thread_data *td) {
    const options &o = *static_cast<options *>(td->eo);
    if (!within_limits(o) || !mode_can(td, o) || !right_sqthread_cpu(o))
        return 1;
    auto depth = td->o.iodepth;
    auto j = std::unique_ptr<job>(new (std::nothrow) job);
    if (j) {
        j->depth = depth;
        j->rw_flags = rw_flags_of(td, o);
        j->requests.reset(new (std::nothrow) job_request[depth]);
        j->events.reset(new (std::nothrow) request *[depth]);
        j->unsent.reset(new (std::nothrow) io_u *[depth]);
    }
    if (!j || !j->requests || !j->events || !j->unsent) {
        log_err("iowq: no memory for iodepth=%u\n", depth);
        return 1;
    }
    if (create_backend(td, o, j->io) || init_cmdprio(td, o, *j))
        return 1;
    if (o.pool_stats)
        if (int failed = sampler::start(*j->io, j->threads))
            log_err("iowq: pool_stats=%s: goes without the threads over time: %s\n", o.pool_stats,
                    strerror(-failed));
    td->io_ops_data = j.release();
    return 0;
}

int init(thread_data *td) {
    if (!right_fio())
        return 1;
    try {
        return init_job(td);
    } catch (const std::exception &e) { // a message's string
        log_err("iowq: %s\n", e.what());
        return 1;
    }
}

int io_u_init(thread_data *td, io_u *u) {
    job_request &r = job_of(td).requests[u->index];
    r.user_data = u;
    r.index = u->index;
    return 0;
}

// The buffers have been laid out by now.
int post_init(thread_data *td) {
    job &j = job_of(td);
    if (!static_cast<options *>(td->eo)->fixedbufs)
        return 0;
    std::unique_ptr<iovec[]> buffers(new (std::nothrow) iovec[j.depth]);
    if (!buffers) {
        log_err("iowq: no memory for iodepth=%u\n", j.depth);
        return 1;
    }
    for (unsigned i = 0; i < j.depth; i++)
        buffers[i] = {static_cast<io_u *>(j.requests[i].user_data)->buf, td_max_bs(td)};
    int error = j.io->use_buffers({buffers.get(), j.depth});
    if (error)
        log_err("iowq: fixedbufs: the buffers cannot be registered: %s\n", strerror(-error));
    return error ? 1 : 0;
}

// ---- files

// A pipe has none; size= says how much goes through it. fio's own engines refuse one here.
int get_file_size(thread_data *td, fio_file *f) {
    if (!td->pid) // before it forks: what is in its buffer shall come before what say() writes
        log_info_flush();
    if (f->filetype != FIO_TYPE_PIPE)
        return generic_get_file_size(td, f);
    f->real_file_size = -1ULL;
    fio_file_set_size_known(f);
    return 0;
}

int open_file(thread_data *td, fio_file *f) {
    if (int error = generic_open_file(td, f))
        return error;
    auto *known = new (std::nothrow) job_file;
    int error = known ? known->examine(f->fd) : -ENOMEM;
    if (!error && td->io_ops_data) { // without, fio asks for the size of a device
        known->slot = static_cast<unsigned>(f->fileno);
        error = job_of(td).io->opened(*known);
    }
    if (error) {
        delete known;
        td_verror(td, -error, "iowq: examining the file");
        (void)!generic_close_file(td, f);
        return 1;
    }
    FILE_SET_ENG_DATA(f, known);
    return 0;
}

int close_file(thread_data *td, fio_file *f) {
    auto *known = static_cast<job_file *>(FILE_ENG_DATA(f));
    if (known && td->io_ops_data)
        job_of(td).io->closing(*known);
    delete known;
    FILE_SET_ENG_DATA(f, nullptr);
    return generic_close_file(td, f);
}

// ---- the life of one I/O

void fill_sync(const thread_data *td, const io_u *u, request &r) {
    const fio_file *f = u->file;
    if (u->ddir == DDIR_SYNC) {
        r.op = opcode::fsync;
    } else if (u->ddir == DDIR_DATASYNC) {
        r.op = opcode::fdatasync;
    } else if (f->first_write == f->last_write) {
        r.op = opcode::nop; // sync_file_range with nothing written since the last one
    } else {
        r.op = opcode::sync_file_range;
        r.offset = f->first_write;
        r.length = f->last_write - f->first_write;
        r.range_flags = static_cast<int>(td->o.sync_file_range);
    }
}

void fill(const thread_data *td, const io_u *u, job_request &r) {
    r.target = static_cast<job_file *>(FILE_ENG_DATA(u->file));
    r.ioprio = u->ioprio;
    r.buffer = u->xfer_buf;
    r.offset = u->offset;
    r.length = u->xfer_buflen;
    if (u->ddir == DDIR_READ)
        r.op = opcode::read;
    else if (u->ddir == DDIR_WRITE)
        r.op = opcode::write;
    else if (u->ddir == DDIR_TRIM)
        r.op = opcode::trim;
    else
        fill_sync(td, u, r);
}

// The one place that flips the sign for fio.
void finish(io_u *u, const request &r) {
    if (r.result < 0)
        u->error = static_cast<unsigned>(-r.result);
    else if (r.is_rw() && static_cast<uint64_t>(r.result) < u->xfer_buflen)
        u->resid = u->xfer_buflen - static_cast<uint64_t>(r.result);
}

fio_q_status queue(thread_data *td, io_u *u) {
    fio_ro_check(td, u);
    job &j = job_of(td);
    job_request &r = j.requests[u->index];
    if (j.prio.mode != CMDPRIO_MODE_NONE && ddir_rw(u->ddir))
        (void)fio_cmdprio_set_ioprio(td, &j.prio, u);
    fill(td, u, r);
    r.rw_flags = j.rw_flags;
    // Stamped before the attempt, so that an I/O completed here counts as completion latency.
    if (fio_fill_issue_time(td)) {
        fio_gettime(&u->issue_time, nullptr);
        if (td->o.read_iolog_file) // the replay's next wait starts here
            td->last_issue = u->issue_time;
    }
    if (u->ddir == DDIR_TRIM && td->o.zone_mode == ZONE_MODE_ZBD) {
        (void)do_io_u_trim(td, u); // resets the zone, of which fio keeps account; sets u->error
        return FIO_Q_COMPLETED;
    }
    if (j.io->submit(r) == iowq::ring::submitted::completed) {
        finish(u, r);
        return FIO_Q_COMPLETED;
    }
    j.unsent[j.nr_unsent++] = u;
    j.under_way++;
    return FIO_Q_QUEUED;
}

int commit(thread_data *td) {
    job &j = job_of(td);
    if (!j.nr_unsent)
        return 0;
    int error = j.io->commit();
    io_u_mark_submit(td, j.nr_unsent);
    if (fio_fill_issue_time(td))
        for (unsigned i = 0; i < j.nr_unsent; i++)
            io_u_queued(td, j.unsent[i]);
    j.nr_unsent = 0;
    return error;
}

int getevents(thread_data *td, unsigned min, unsigned max, const timespec *t) {
    job &j = job_of(td);
    iowq::deadline until;
    if (t)
        until = iowq::clock::now() + std::chrono::seconds(t->tv_sec) +
                std::chrono::nanoseconds(t->tv_nsec);
    int got = j.io->reap({j.events.get(), std::min(max, j.depth)}, min, until);
    j.under_way -= static_cast<unsigned>(std::max(got, 0));
    return got;
}

io_u *event(thread_data *td, int index) {
    const request &r = *job_of(td).events[index];
    auto *u = static_cast<io_u *>(r.user_data);
    finish(u, r);
    return u;
}

#if FIO_IOOPS_VERSION < 39
// After an error fio asks for each I/O that it has in flight, and takes those back for which this says 0.
int cancel(thread_data *td, io_u *u) {
    job &j = job_of(td);
    if (!j.io->cancel(j.requests[u->index]))
        return 1;
    j.under_way--;
    io_u **end = std::remove(&j.unsent[0], &j.unsent[j.nr_unsent], u);
    j.nr_unsent = static_cast<unsigned>(end - &j.unsent[0]);
    return 0;
}
#endif

// ---- the end

// Once td->done is set (the end of a replay), fio 3.33 asks for nothing more, and frees the buffers of
// what is under way.
void io_u_free(thread_data *td, io_u *) {
    auto *j = static_cast<job *>(td->io_ops_data);
    if (!j || !j->under_way)
        return;
    (void)j->io->commit();
    while (j->under_way) {
        int got = j->io->reap({j->events.get(), j->depth}, j->under_way, {});
        if (got < 0)
            return;
        j->under_way -= static_cast<unsigned>(got);
    }
}

// In fio's normal output. A forked job ends by _exit and holds a copy of its parent's buffer, so there it
// must not use, and not flush, that.
void say(const thread_data *td, const std::string &line) {
    if (td->o.use_thread || is_backend || log_syslog)
        log_info("%s", line.c_str());
    else
        (void)!write(fileno(f_out), line.data(), line.size());
}

void report(const thread_data *td, job &j) {
    const options &o = *static_cast<options *>(td->eo);
    if (j.threads)
        j.threads->stop();
    job_stats at_end{td->o.name, td->thread_number, name_of(o.offload), j.depth,
                     *j.io,      j.threads.get()};
    int error = o.pool_stats ? write_stats(o.pool_stats, at_end) : 0;
    if (error)
        log_err("iowq: pool_stats=%s: %s\n", o.pool_stats, strerror(-error));
    try {
        if (output_format & FIO_OUTPUT_NORMAL)
            say(td, summary(at_end));
    } catch (const std::bad_alloc &) {
        // The line is not worth more.
    }
}

void cleanup(thread_data *td) {
    std::unique_ptr<job> j(static_cast<job *>(td->io_ops_data));
    td->io_ops_data = nullptr;
    if (!j)
        return; // init has failed
    report(td, *j);
    fio_cmdprio_cleanup(&j->prio);
}

ioengine_ops ops = {
    .name = "iowq",
    .version = FIO_IOOPS_VERSION,
    .flags = FIO_NO_OFFLOAD | FIO_ASYNCIO_SETS_ISSUE_TIME,
    .init = init,
    .post_init = post_init,
    .queue = queue,
    .commit = commit,
    .getevents = getevents,
    .event = event,
#if FIO_IOOPS_VERSION < 39
    .cancel = cancel,
#endif
    .cleanup = cleanup,
    .open_file = open_file,
    .close_file = close_file,
    .get_file_size = get_file_size,
    .io_u_init = io_u_init,
    .io_u_free = io_u_free,
    .option_struct_size = sizeof(options),
    .options = option_table,
};

} // namespace
} // namespace engine

extern "C" __attribute__((visibility("default"))) void get_ioengine(ioengine_ops **out) {
    *out = &engine::ops;
}
