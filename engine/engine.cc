/* SPDX-License-Identifier: GPL-2.0-only */
// fio's callbacks, in the order of a job's life; the table of them stands last. All except
// get_file_size, and opening a file before the jobs start, run in the job's own thread.
#include "fio_abi.h"

#include "job.h"
#include "translate.h"

namespace engine {
namespace {

// ---- before the jobs start

// A pipe has no size; size= says how much goes through it. fio's own engines refuse a pipe here.
int get_file_size(thread_data *td, fio_file *f) {
    if (!td->pid) // before fio forks: what is in its buffer must come before the jobs' own lines
        log_info_flush();
    if (f->filetype != FIO_TYPE_PIPE)
        return generic_get_file_size(td, f);
    f->real_file_size = -1ULL;
    fio_file_set_size_known(f);
    return 0;
}

// ---- init

int init(thread_data *td) {
    // Only the very fio that the engine was built for lays out its structs as the engine expects.
    if (strcmp(fio_version_string, IOWQ_FIO_VERSION) != 0) {
        log_err("iowq: built for %s but loaded by %s: build it with FIO_DIR= naming that fio's "
                "source\n",
                IOWQ_FIO_VERSION, fio_version_string);
        return 1;
    }
    try {
        return begin_job(td) ? 1 : 0;
    } catch (const std::exception &e) { // no memory for the text of a message
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

// By now fio has laid out the buffers.
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

// A file whose operations need its name only, as with metadata=stat.
int name_file(thread_data *td, fio_file *f) {
    auto *known = new (std::nothrow) job_file;
    int error = known ? job_of(td).operations.opened(*known, f->file_name) : -ENOMEM;
    if (error) {
        delete known;
        td_verror(td, -error, "iowq: finding the file's folder");
        return 1;
    }
    FILE_SET_ENG_DATA(f, known);
    return 0;
}

int open_file(thread_data *td, fio_file *f) {
    if (td->io_ops_data && job_of(td).operations.by_name())
        return name_file(td, f);
    if (int error = generic_open_file(td, f))
        return error;
    auto *known = new (std::nothrow) job_file;
    int error = known ? known->examine(f->fd) : -ENOMEM;
    if (known && static_cast<options *>(td->eo)->target == target_null) {
        known->null = true;
        known->direct = false; // so that it goes the way of cached I/O
    }
    if (known && static_cast<options *>(td->eo)->placement == placement_device)
        known->node = iowq::device_node(f->fd);
    if (!error && td->io_ops_data) { // without a job yet, fio only asks for a device's size
        known->slot = static_cast<unsigned>(f->fileno);
        error = job_of(td).operations.opened(*known, f->file_name);
        error = error ? error : job_of(td).io->opened(*known);
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
    bool opened = f->fd >= 0;
    if (known && opened && td->io_ops_data)
        job_of(td).io->closing(*known);
    delete known;
    FILE_SET_ENG_DATA(f, nullptr);
    return opened ? generic_close_file(td, f) : 0;
}

// ---- the life of one I/O

// At the end of a job, with end_syncfs (since fio 3.42). fio has opened the folder itself.
template <class Ddir>
bool is_syncfs(Ddir what) {
    if constexpr (requires { Ddir::DDIR_SYNCFS; })
        return what == Ddir::DDIR_SYNCFS;
    return false;
}

fio_q_status queue(thread_data *td, io_u *u) {
    fio_ro_check(td, u);
    if (is_syncfs(u->ddir)) { // nothing else is in flight
        (void)do_io_u_sync(td, u);
        return FIO_Q_COMPLETED;
    }
    job &j = job_of(td);
    job_request &r = j.requests[u->index];
    fill(td, j, u, r);
    if (j.operations.wanted() && ddir_rw(u->ddir)) {
        if (int error = j.operations.fill(u, r)) {
            u->error = static_cast<unsigned>(-error);
            return FIO_Q_COMPLETED;
        }
    }
    j.loop.submits(td, u, r);
    if (u->ddir == DDIR_TRIM && td->o.zone_mode == ZONE_MODE_ZBD) {
        (void)do_io_u_trim(td, u); // resets the zone, as fio keeps account of zones; sets u->error
        return FIO_Q_COMPLETED;
    }
    if (j.io->submit(r) == iowq::ring::submitted::completed) {
        j.operations.finish(r);
        give_result(td, j, u, r);
        return FIO_Q_COMPLETED;
    }
    j.unsent[j.nr_unsent++] = u;
    j.loop.enters();
    return FIO_Q_QUEUED;
}

int commit(thread_data *td) {
    job &j = job_of(td);
    if (!j.nr_unsent)
        return 0;
    int error = j.io->commit();
    io_u_mark_submit(td, j.nr_unsent);
    j.loop.sent(td, {j.unsent.get(), j.nr_unsent});
    j.nr_unsent = 0;
    return error;
}

int getevents(thread_data *td, unsigned min, unsigned max, const timespec *t) {
    job &j = job_of(td);
    iowq::deadline until;
    if (t)
        until = iowq::clock::now() + std::chrono::seconds(t->tv_sec) +
                std::chrono::nanoseconds(t->tv_nsec);
    return j.loop.reap(td, {j.events.get(), std::min(max, j.depth)}, min, until);
}

io_u *event(thread_data *td, int index) {
    job &j = job_of(td);
    auto &r = static_cast<job_request &>(*j.events[index]);
    auto *u = static_cast<io_u *>(r.user_data);
    j.loop.completes(td, u, r);
    j.operations.finish(r);
    give_result(td, j, u, r);
    return u;
}

#if FIO_IOOPS_VERSION < 39
// After an error fio calls it for each I/O in flight, and takes back those for which it returns 0.
int cancel(thread_data *td, io_u *u) {
    job &j = job_of(td);
    if (!j.io->cancel(j.requests[u->index]))
        return 1;
    j.loop.leaves();
    io_u **end = std::remove(&j.unsent[0], &j.unsent[j.nr_unsent], u);
    j.nr_unsent = static_cast<unsigned>(end - &j.unsent[0]);
    return 0;
}
#endif

// ---- the end

// fio calls it for each io_u, and frees the buffers after the last. So the first call ends the job.
void io_u_free(thread_data *td, io_u *) {
    auto *j = static_cast<job *>(td->io_ops_data);
    if (j && !std::exchange(j->ended, true))
        end_job(td, *j);
}

void cleanup(thread_data *td) {
    std::unique_ptr<job> j(static_cast<job *>(td->io_ops_data));
    td->io_ops_data = nullptr;
    if (!j)
        return; // init has failed
    report_job(td, *j);
    fio_cmdprio_cleanup(&j->prio);
}

#if FIO_IOOPS_VERSION < 36
constexpr int takes_atomic = 0;
#else
constexpr int takes_atomic = FIO_ATOMICWRITES;
#endif

template <class Flags>
constexpr int takes_syncfs() {
    if constexpr (requires { Flags::FIO_ASYNCIO_SYNC_SYNCFS; })
        return Flags::FIO_ASYNCIO_SYNC_SYNCFS;
    return 0;
}

ioengine_ops ops = {
    .name = "iowq",
    .version = FIO_IOOPS_VERSION,
    .flags = FIO_NO_OFFLOAD | FIO_ASYNCIO_SETS_ISSUE_TIME | takes_atomic |
             takes_syncfs<fio_ioengine_flags>(),
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
