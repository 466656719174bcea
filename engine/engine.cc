/* SPDX-License-Identifier: GPL-2.0-only */
// fio's callbacks, in the order in which fio calls them; the table of them stands last. Everything
// here runs in the job's own thread.
#include "fio_abi.h"

#include "arrivals.h"
#include "create.h"
#include "makers.h"
#include "modes.h"
#include "pool_stats.h"

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
    unsigned under_way = 0;     // queued, and not reaped
    bool ended = false;         // nothing more is to come
    int rw_flags = 0;           // of every read and write
    bool lacked_thread = false; // and has said so
    cmdprio_options prio_options{};
    struct cmdprio prio {};
    std::unique_ptr<backend> io;   // its workers use what stands above
    arrivals *open_loop = nullptr; // of io, with arrival_rate=
    placed at;
    std::string buffers;              // where they lay at the end, for pool_stats=
    timespec reaped{};                // by fio's clock, when getevents last returned
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

// The seed is the one that fio's own Poisson process would have.
int init_arrivals(const thread_data *td, const options &o, job &j) {
    if (!o.arrival_rate)
        return 0;
    arrivals_config config{.per_second = o.arrival_rate,
                           .seed = td->rand_seeds[FIO_RAND_POISSON_OFF],
                           .job = td->thread_number,
                           .depth = j.depth};
    int error = arrivals::create(config, j.io, j.open_loop);
    if (error)
        log_err("iowq: arrival_rate=%u: %s\n", o.arrival_rate, strerror(-error));
    return error;
}

int init_job(thread_data *td) {
    const options &o = *static_cast<options *>(td->eo);
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
    if (create_backend(td, o, j->io, j->at) || init_arrivals(td, o, *j) || init_cmdprio(td, o, *j))
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
    place_buffers(td, j.at);
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
    if (known && static_cast<options *>(td->eo)->target == target_null) {
        known->null = true;
        known->direct = false; // it goes the way of what is cached
    }
    if (known && static_cast<options *>(td->eo)->placement == placement_device)
        known->node = iowq::device_node(f->fd);
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

#if FIO_IOOPS_VERSION < 36
constexpr int rwf_atomic = 0; // atomic= is a flag of open, which Linux ignores
constexpr int takes_atomic = 0;
#else
constexpr int rwf_atomic = 0x40;
constexpr int takes_atomic = FIO_ATOMICWRITES;
#endif

// Nothing else cancels what fio waits for, or tells a call that may wait to come again.
bool lacked_thread(const request &r) {
    return r.result == -ECANCELED || (r.result == -EAGAIN && !(r.rw_flags & RWF_NOWAIT));
}

// The one place that flips the sign for fio.
void finish(thread_data *td, io_u *u, const request &r) {
    if (lacked_thread(r) && !std::exchange(job_of(td).lacked_thread, true))
        say_no_thread(mode_of(*static_cast<options *>(td->eo)).name);
    if (r.result < 0)
        u->error = static_cast<unsigned>(-r.result);
    else if (r.is_rw() && static_cast<uint64_t>(r.result) < u->xfer_buflen)
        u->resid = u->xfer_buflen - static_cast<uint64_t>(r.result);
}

// The time of issue, from before the attempt, so that an I/O completed in queue() counts as completion
// latency. fio has looked at the clock just before; to look once more would cost 3 % of a cached read.
void stamp(thread_data *td, io_u *u) {
    if (td->o.disable_lat || td->o.read_iolog_file)
        fio_gettime(&u->issue_time, nullptr);
    else
        u->issue_time = u->start_time;
    if (td->o.read_iolog_file) // the replay's next wait starts here
        td->last_issue = u->issue_time;
}

// Syncs belong to what was written before them. What reads back what the job has written is not of the load.
pacing pace_of(const thread_data *td, const io_u *u) {
    if (!ddir_rw(u->ddir))
        return pacing::follows;
    bool verifies = u->flags & IO_U_F_VER_LIST || (td->runstate == TD_VERIFYING && td_write(td));
    return verifies                      ? pacing::verifies
           : u->xfer_buflen != u->buflen ? pacing::goes_on
                                         : pacing::arrives;
}

fio_q_status queue(thread_data *td, io_u *u) {
    fio_ro_check(td, u);
    job &j = job_of(td);
    job_request &r = j.requests[u->index];
    if (j.prio.mode != CMDPRIO_MODE_NONE && ddir_rw(u->ddir))
        (void)fio_cmdprio_set_ioprio(td, &j.prio, u);
    fill(td, u, r);
    r.rw_flags = j.rw_flags | (u->ddir == DDIR_WRITE && td->o.oatomic ? rwf_atomic : 0);
    if (j.open_loop)
        r.pace = pace_of(td, u);
    else if (fio_fill_issue_time(td))
        stamp(td, u);
    if (u->ddir == DDIR_TRIM && td->o.zone_mode == ZONE_MODE_ZBD) {
        (void)do_io_u_trim(td, u); // resets the zone, of which fio keeps account; sets u->error
        return FIO_Q_COMPLETED;
    }
    if (j.io->submit(r) == iowq::ring::submitted::completed) {
        finish(td, u, r);
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
    if (fio_fill_issue_time(td) && !j.open_loop) // whose I/Os may not have been issued yet
        for (unsigned i = 0; i < j.nr_unsent; i++)
            io_u_queued(td, j.unsent[i]);
    j.nr_unsent = 0;
    return error;
}

// As in fio's own loop, which does not get to it while it waits for an arrival.
template <class Td>
bool is_over(Td *td) {
    if (td->terminate || td->error)
        return true;
    bool in_ramp;
    if constexpr (requires { in_ramp_period(td); }) // since 3.42
        in_ramp = in_ramp_period(td);
    else
        in_ramp = in_ramp_time(td);
    if (!td->o.timeout || in_ramp || utime_since_now(&td->epoch) < td->o.timeout)
        return false;
    fio_mark_td_terminate(td);
    return true;
}

// In fio's distribution of depths the last ones queued are the deepest.
void unmark_depth(thread_stat &ts) {
    for (unsigned i = FIO_IO_U_MAP_NR; i-- > 0;)
        if (ts.io_u_map[i]) {
            ts.io_u_map[i]--;
            return;
        }
}

// What has not arrived when the run is over never does: fio gets it back as if it had not been queued.
void take_back(thread_data *td, job &j) {
    while (request *r = j.open_loop->take_back()) {
        auto *u = static_cast<io_u *>(r->user_data);
        unmark_depth(td->ts);
        if (ddir_rw(u->ddir) && !(u->flags & IO_U_F_VER_LIST)) {
            td->io_issues[acct_ddir(u)]--;
            td->io_issue_bytes[acct_ddir(u)] -= u->xfer_buflen;
        }
        int counted = ddir_sync(u->ddir) ? DDIR_SYNC : u->ddir;
        if (td->ts.total_io_u[counted]) // the end of the ramp time may have cleared it
            td->ts.total_io_u[counted]--;
        if (td->io_u_in_flight)
            td->io_u_in_flight--;
        if (u->ddir == DDIR_WRITE && u->ipo)
            unlog_io_piece(td, u);
#if FIO_IOOPS_VERSION >= 39
        invalidate_inflight(td, u);
#endif
        clear_io_u(td, u);
        j.under_way--;
    }
}

// In pieces, to see when the run is over.
int reap_arrivals(thread_data *td, job &j, unsigned min, unsigned max, iowq::deadline until) {
    constexpr std::chrono::milliseconds piece{10};
    unsigned n = 0;
    for (;;) {
        if (min && !j.open_loop->all_have_come() && is_over(td))
            take_back(td, j);
        min = std::min(min, n + j.under_way);
        iowq::deadline look = until;
        if (!j.open_loop->all_have_come())
            look = std::min(until.value_or(iowq::clock::time_point::max()),
                            iowq::clock::now() + piece);
        int got = j.io->reap({&j.events[n], max - n}, min - n, look);
        if (got < 0)
            return n ? static_cast<int>(n) : got;
        n += static_cast<unsigned>(got);
        j.under_way -= static_cast<unsigned>(got);
        if (n >= min || (until && iowq::clock::now() >= *until))
            return static_cast<int>(n);
    }
}

int getevents(thread_data *td, unsigned min, unsigned max, const timespec *t) {
    job &j = job_of(td);
    iowq::deadline until;
    if (t)
        until = iowq::clock::now() + std::chrono::seconds(t->tv_sec) +
                std::chrono::nanoseconds(t->tv_nsec);
    max = std::min(max, j.depth);
    if (j.open_loop) {
        int got = reap_arrivals(td, j, min, max, until);
        fio_gettime(&j.reaped, nullptr);
        return got;
    }
    unsigned n = 0;
    do { // again where a signal's handler has run: fio asks once only for what it needs at its end
        int got = j.io->reap({&j.events[n], max - n}, min - std::min(min, n), until);
        if (got < 0)
            return n ? static_cast<int>(n) : got;
        n += static_cast<unsigned>(got);
        j.under_way -= static_cast<unsigned>(got);
    } while (n < min && j.under_way && !until);
    return static_cast<int>(n);
}

timespec before(const timespec &t, std::chrono::nanoseconds ago) {
    constexpr int64_t second = 1000000000;
    int64_t ns = t.tv_sec * second + t.tv_nsec - ago.count();
    return {ns / second, ns % second};
}

// fio takes each for done when getevents returned. So that its latencies are right all the same, they begin as
// much later as it was done earlier.
void stamp_arrival(thread_data *td, const job &j, io_u *u, const job_request &r) {
    u->start_time = before(j.reaped, r.done - r.due);
    u->issue_time = before(j.reaped, r.done - r.sent);
    if (fio_fill_issue_time(td))
        io_u_queued(td, u);
}

io_u *event(thread_data *td, int index) {
    job &j = job_of(td);
    const request &r = *j.events[index];
    auto *u = static_cast<io_u *>(r.user_data);
    if (j.open_loop)
        stamp_arrival(td, j, u, static_cast<const job_request &>(r));
    finish(td, u, r);
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
void wait_for_all(job &j) {
    while (j.open_loop && j.open_loop->take_back())
        j.under_way--;
    (void)j.io->commit();
    while (j.under_way) {
        int got = j.io->reap({j.events.get(), j.depth}, j.under_way, {});
        if (got < 0)
            return;
        j.under_way -= static_cast<unsigned>(got);
    }
}

void note_buffers(const thread_data *td, job &j) {
    if (!static_cast<options *>(td->eo)->pool_stats || !td->orig_buffer)
        return;
    try {
        j.buffers = on_nodes(td->orig_buffer, td->orig_buffer_size);
    } catch (const std::bad_alloc &) {
        // The evidence goes without.
    }
}

// The first of them: the buffers go after the last.
void io_u_free(thread_data *td, io_u *) {
    auto *j = static_cast<job *>(td->io_ops_data);
    if (!j || std::exchange(j->ended, true))
        return;
    if (j->under_way)
        wait_for_all(*j);
    note_buffers(td, *j);
    if (!j->under_way)
        forget_buffers(td, j->at);
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
    job_stats at_end{td->o.name, td->thread_number, mode_of(o).name, j.depth,
                     *j.io,      j.threads.get(),   j.buffers};
    int error = o.pool_stats ? write_stats(o.pool_stats, at_end) : 0;
    if (error)
        log_err("iowq: pool_stats=%s: %s\n", o.pool_stats, strerror(-error));
    try {
        // A client puts what its servers say before its JSON, and learns there which engine each has.
        unsigned has_room = FIO_OUTPUT_NORMAL | (is_backend ? FIO_OUTPUT_JSON : 0);
        if (output_format & has_room)
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
    .flags = FIO_NO_OFFLOAD | FIO_ASYNCIO_SETS_ISSUE_TIME | takes_atomic,
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
