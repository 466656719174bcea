/* SPDX-License-Identifier: GPL-2.0-only */
#include "job.h"

#include "create.h"
#include "modes.h"
#include "pool_stats.h"

namespace engine {

namespace {

const options &options_of(const thread_data *td) { return *static_cast<const options *>(td->eo); }

// Sets up fio's own cmdprio, which chooses the I/Os that get the priority and keeps their
// statistics.
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

} // namespace

int begin_job(thread_data *td) {
    const options &o = options_of(td);
    auto depth = td->o.iodepth;
    auto j = std::unique_ptr<job>(new (std::nothrow) job);
    if (j) {
        j->depth = depth;
        j->rw_flags = rw_flags_of(td, o);
        j->requests.reset(new (std::nothrow) job_request[depth]);
        j->events.reset(new (std::nothrow) iowq::request *[depth]);
        j->unsent.reset(new (std::nothrow) io_u *[depth]);
    }
    if (!j || !j->requests || !j->events || !j->unsent) {
        log_err("iowq: no memory for iodepth=%u\n", depth);
        return -ENOMEM;
    }
    j->operations.start(static_cast<metadata_kind>(o.metadata), td->thread_number, depth);
    if (j->operations.by_name())
        td->o.invalidate_cache = 0; // fio would do it by a descriptor, and has none
    if (int error = create_backend(td, o, j->io, j->at))
        return error;
    if (int error = j->loop.start(td, o, j->io))
        return error;
    if (int error = init_cmdprio(td, o, *j))
        return error;
    if (o.pool_stats)
        if (int failed = sampler::start(*j->io, j->threads))
            log_err("iowq: pool_stats=%s: goes without the threads over time: %s\n", o.pool_stats,
                    strerror(-failed));
    td->io_ops_data = j.release();
    return 0;
}

namespace {

void note_buffers(const thread_data *td, job &j) {
    if (!options_of(td).pool_stats || !td->orig_buffer)
        return;
    try {
        j.buffers = on_nodes(td->orig_buffer, td->orig_buffer_size);
    } catch (const std::bad_alloc &) {
        // The evidence is written without them.
    }
}

} // namespace

// Once td->done is set, at the end of a replay, fio 3.33 reaps no more, and frees the buffers of
// what is in flight.
void end_job(const thread_data *td, job &j) {
    bool finished = j.loop.finish({j.events.get(), j.depth});
    note_buffers(td, j);
    if (finished)
        forget_buffers(td, j.at);
}

namespace {

// Writes into fio's normal output. A forked job ends by _exit, and holds a copy of its parent's
// stdio buffer, which it must neither use nor flush.
void say(const thread_data *td, const std::string &line) {
    if (td->o.use_thread || is_backend || log_syslog)
        log_info("%s", line.c_str());
    else
        (void)!write(fileno(f_out), line.data(), line.size());
}

} // namespace

void report_job(const thread_data *td, job &j) {
    const options &o = options_of(td);
    if (j.threads)
        j.threads->stop();
    job_stats at_end{td->o.name, td->thread_number, mode_of(o).name, j.depth,
                     *j.io,      j.threads.get(),   j.buffers};
    int error = o.pool_stats ? write_stats(o.pool_stats, at_end) : 0;
    if (error)
        log_err("iowq: pool_stats=%s: %s\n", o.pool_stats, strerror(-error));
    try {
        // A client writes its servers' lines before its JSON: they say which engine each server
        // has.
        unsigned has_room = FIO_OUTPUT_NORMAL | (is_backend ? FIO_OUTPUT_JSON : 0);
        if (output_format & has_room)
            say(td, summary(at_end));
    } catch (const std::bad_alloc &) {
        // The job ends without its line.
    }
}

} // namespace engine
