/* SPDX-License-Identifier: GPL-2.0-only */
#include "uring.h"

#include "iowq/os/any_call.h"
#include "iowq/ring/issue.h"
#include "pool_stats.h"
#include "task_names.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <string_view>
#include <unistd.h>

namespace engine {

using iowq::opcode;
using iowq::request;

namespace {

bool is_sync(opcode op) {
    return op == opcode::fsync || op == opcode::fdatasync || op == opcode::sync_file_range;
}

// Of a request by number: one of those that metadata= makes.
bool has_opcode(uint32_t number) {
    return number == SYS_statx || number == SYS_openat || number == SYS_unlinkat ||
           number == SYS_renameat2;
}

void prepare_call(io_uring_sqe *sqe, const request &r) {
    auto at = [&](int i) { return static_cast<int>(r.args[i]); };
    auto path = [&](int i) { return reinterpret_cast<const char *>(r.args[i]); };
    switch (r.number) {
    case SYS_statx:
        io_uring_prep_statx(sqe, at(0), path(1), at(2), static_cast<unsigned>(r.args[3]),
                            reinterpret_cast<struct statx *>(r.args[4]));
        break;
    case SYS_openat:
        io_uring_prep_openat(sqe, at(0), path(1), at(2), static_cast<mode_t>(r.args[3]));
        break;
    case SYS_unlinkat:
        io_uring_prep_unlinkat(sqe, at(0), path(1), at(2));
        break;
    case SYS_renameat2:
        io_uring_prep_renameat(sqe, at(0), path(1), at(2), path(3),
                               static_cast<unsigned>(r.args[4]));
        break;
    }
}

// What io_uring has no request for: a discard (before Linux 6.12), a sync_file_range of 4 GiB and
// more, and most calls by number.
bool beyond_io_uring(const request &r) {
    return !r.target->null && ((r.op == opcode::trim && r.target->block) ||
                               (r.op == opcode::sync_file_range && r.length > UINT32_MAX) ||
                               (r.op == opcode::call && !has_opcode(r.number)));
}

} // namespace

void uring::prepare_rw(io_uring_sqe *sqe, int fd, job_request &r) const {
    bool reads = r.op == opcode::read;
    auto length = static_cast<unsigned>(r.length);
    if (config_.fixed_bufs) {
        auto index = static_cast<int>(r.index);
        if (reads)
            io_uring_prep_read_fixed(sqe, fd, r.buffer, length, r.offset, index);
        else
            io_uring_prep_write_fixed(sqe, fd, r.buffer, length, r.offset, index);
    } else if (config_.vectored) {
        r.segment = {r.buffer, r.length};
        auto prep = reads ? io_uring_prep_readv : io_uring_prep_writev;
        prep(sqe, fd, &r.segment, 1, r.offset);
    } else if (reads) {
        io_uring_prep_read(sqe, fd, r.buffer, length, r.offset);
    } else {
        io_uring_prep_write(sqe, fd, r.buffer, length, r.offset);
    }
    sqe->rw_flags = r.rw_flags;
    sqe->ioprio = r.ioprio;
}

void uring::prepare(io_uring_sqe *sqe, job_request &r) const {
    auto *f = static_cast<const job_file *>(r.target);
    bool registered = f && f->registered;
    int fd = registered ? static_cast<int>(f->slot) : f ? f->fd : -1;
    switch (f && f->null ? opcode::nop : r.op) {
    case opcode::nop:
        io_uring_prep_nop(sqe);
        return;
    case opcode::read:
    case opcode::write:
        prepare_rw(sqe, fd, r);
        break;
    case opcode::fsync:
        io_uring_prep_fsync(sqe, fd, 0);
        break;
    case opcode::fdatasync:
        io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
        break;
    case opcode::sync_file_range:
        io_uring_prep_sync_file_range(sqe, fd, static_cast<unsigned>(r.length), r.offset,
                                      r.range_flags);
        break;
    case opcode::trim:
        io_uring_prep_fallocate(sqe, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                static_cast<off_t>(r.offset), static_cast<off_t>(r.length));
        break;
    case opcode::call:
        prepare_call(sqe, r);
        return;
    }
    if (registered)
        sqe->flags |= IOSQE_FIXED_FILE;
    if (config_.drain && is_sync(r.op))
        sqe->flags |= IOSQE_IO_DRAIN;
}

int uring::create(const uring_config &config, std::unique_ptr<backend> &out) {
    std::unique_ptr<uring> u(new (std::nothrow) uring(config));
    if (!u)
        return -ENOMEM;
    if (int error = u->set_up())
        return error;
    out = std::move(u);
    return 0;
}

int uring::set_up() {
    io_uring_params params{};
    if (config_.way.sqpoll) {
        params.flags = IORING_SETUP_SQPOLL;
        params.sq_thread_idle = static_cast<unsigned>(config_.sqpoll_idle.count());
        if (config_.sqpoll_cpu) {
            params.flags |= IORING_SETUP_SQ_AFF;
            params.sq_thread_cpu = *config_.sqpoll_cpu;
        }
    } else {
        // The job's thread enters the kernel anyway when it waits, so completions need not
        // interrupt it. IORING_SETUP_TASKRUN_FLAG tells a reap that does not wait when to enter.
        params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_TASKRUN_FLAG |
                       (config_.way.defer ? IORING_SETUP_DEFER_TASKRUN : IORING_SETUP_COOP_TASKRUN);
    }
    unsigned polled = config_.hipri ? IORING_SETUP_IOPOLL : 0;
    params.flags |= polled;
    int error = io_uring_queue_init_params(config_.depth, &ring_, &params);
    // A kernel before 6.0 does not know these flags. Only uring_defer cannot go without.
    if (error == -EINVAL && !config_.way.sqpoll && !config_.way.defer) {
        params = {};
        params.flags = polled;
        error = io_uring_queue_init_params(config_.depth, &ring_, &params);
    }
    if (error)
        return error;
    ready_ = true;
    owner_ = gettid();
    if (config_.max_workers[0] || config_.max_workers[1]) {
        unsigned limits[2] = {config_.max_workers[0], config_.max_workers[1]};
        if ((error = io_uring_register_iowq_max_workers(&ring_, limits)))
            return error;
    }
    if (config_.nr_files && (error = io_uring_register_files_sparse(&ring_, config_.nr_files)))
        return error;
    if (config_.worker_cpus)
        return io_uring_register_iowq_aff(&ring_, sizeof(cpu_set_t),
                                          &config_.worker_cpus->native());
    return 0;
}

uring::~uring() {
    if (ready_)
        io_uring_queue_exit(&ring_);
}

int uring::use_buffers(std::span<const iovec> buffers) {
    if (!config_.fixed_bufs)
        return 0;
    return io_uring_register_buffers(&ring_, buffers.data(), static_cast<unsigned>(buffers.size()));
}

int uring::opened(job_file &f) {
    if (f.slot >= config_.nr_files) // no files are registered, or a replay has opened one more
        return 0;
    int done = io_uring_register_files_update(&ring_, f.slot, &f.fd, 1);
    f.registered = done == 1;
    return std::min(done, 0);
}

void uring::closing(job_file &f) {
    int none = -1;
    if (f.registered)
        (void)io_uring_register_files_update(&ring_, f.slot, &none, 1);
}

iowq::ring::submitted uring::submit(request &r) {
    issued_[iowq::ring::direction_of(r)]++;
    r.done = 0;
    r.path = 0;
    if (beyond_io_uring(r)) {
        issue_blocking(r);
        return iowq::ring::submitted::completed;
    }
    // Never null for long, as the ring has room for every request of the job. With SQPOLL the
    // thread may not have taken earlier requests yet.
    io_uring_sqe *sqe = io_uring_get_sqe(&ring_);
    while (!sqe) {
        if (int error = commit()) {
            r.result = error;
            return iowq::ring::submitted::completed;
        }
        if (config_.way.sqpoll)
            io_uring_sqring_wait(&ring_);
        sqe = io_uring_get_sqe(&ring_);
    }
    prepare(sqe, static_cast<job_request &>(r));
    if (config_.way.async)
        sqe->flags |= IOSQE_ASYNC;
    io_uring_sqe_set_data(sqe, &r);
    return iowq::ring::submitted::queued;
}

int uring::commit() {
    int sent = config_.way.defer ? io_uring_submit_and_get_events(&ring_) : io_uring_submit(&ring_);
    // EBUSY, EAGAIN: completions have to be reaped first, and what is left goes with the next call.
    return sent >= 0 || sent == -EBUSY || sent == -EAGAIN || sent == -EINTR ? 0 : sent;
}

unsigned uring::take(std::span<request *> out) {
    unsigned n = 0;
    unsigned head;
    io_uring_cqe *cqe;
    io_uring_for_each_cqe(&ring_, head, cqe) {
        if (n == out.size())
            break;
        auto *r = static_cast<request *>(io_uring_cqe_get_data(cqe));
        r->result = r->target->null && r->is_rw() ? static_cast<int64_t>(r->length) : cqe->res;
        out[n++] = r;
    }
    io_uring_cq_advance(&ring_, n);
    return n;
}

// Whether there are completions that come only to a thread that enters the kernel.
bool uring::completes_when_asked() const {
    constexpr unsigned asks = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;
    return !config_.way.sqpoll && (config_.hipri || IO_URING_READ_ONCE(*ring_.sq.kflags) & asks);
}

int uring::reap(std::span<request *> out, unsigned min, iowq::deadline until) {
    unsigned n = take(out);
    if (n >= min && n < out.size() && completes_when_asked()) {
        (void)io_uring_get_events(&ring_); // a call that waits has the error again
        n += take(out.subspan(n));
    }
    while (n < min) {
        // Without a submission thread nothing completes until this thread enters the kernel.
        if (config_.way.sqpoll && spin_.until([&] { return io_uring_cq_ready(&ring_) > 0; })) {
            n += take(out.subspan(n));
            continue;
        }
        __kernel_timespec left{};
        if (until) {
            auto ns = std::chrono::nanoseconds(*until - iowq::clock::now()).count();
            if (ns <= 0)
                break;
            left = {ns / 1000000000, ns % 1000000000};
            if (config_.hipri && !config_.way.sqpoll) { // a call that polls has no timeout
                (void)io_uring_get_events(&ring_);
                n += take(out.subspan(n));
                continue;
            }
        }
        // With deferred completions the job's thread sleeps in the kernel until `wanted` have come.
        // A drained request starts only when that thread wakes up for those before it. So with
        // drained requests this waits for one at a time.
        unsigned wanted = config_.way.defer && config_.drain ? 1 : min - n;
        io_uring_cqe *cqe;
        int error = until ? io_uring_wait_cqes(&ring_, &cqe, wanted, &left, nullptr)
                          : io_uring_submit_and_wait(&ring_, wanted);
        if (error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY && error != -ETIME)
            return n ? static_cast<int>(n) : error; // the next call has the error again
        n += take(out.subspan(n));
        if (error == -ETIME)
            break;
    }
    return static_cast<int>(n);
}

namespace {

// Does this process see the number by which the kernel knows its threads? In a container it has
// numbers of its own. The link names the kernel's first PID namespace (PROC_PID_INIT_INO).
bool knows_own_numbers() {
    char link[32];
    ssize_t size = readlink("/proc/self/ns/pid", link, sizeof link);
    return size > 0 && std::string_view(link, static_cast<size_t>(size)) == "pid:[4026531836]";
}

} // namespace

unsigned uring::threads() const {
    static const bool knows = knows_own_numbers();
    if (!knows) // those of all of the process, then: of several jobs, where they are its threads
        return count_tasks(
            [](void *, pid_t, std::string_view name) {
                return name.starts_with("iou-sqp-") || name.starts_with("iou-wrk-");
            },
            nullptr);
    struct {
        pid_t owner;
        pid_t sqpoll = 0; // where there is one, workers are named after it
    } own{.owner = owner_};
    auto is_own = [](void *data, pid_t tid, std::string_view name) {
        auto &o = *static_cast<decltype(own) *>(data);
        auto after = [&](const char *kind, pid_t whom) {
            char wanted[32];
            snprintf(wanted, sizeof wanted, "%s-%d", kind, whom);
            return whom && name == wanted;
        };
        if (after("iou-sqp", o.owner)) {
            o.sqpoll = tid;
            return true;
        }
        return after("iou-wrk", o.owner) || after("iou-wrk", o.sqpoll);
    };
    return count_tasks(is_own, &own);
}

void uring::print_stats(FILE *to) const {
    for (unsigned d = 0; d < iowq::ring::nr_directions; d++)
        fprintf(to, "%s\"%s\": {\"issued\": %llu}", d ? ", " : "", direction_names[d],
                static_cast<unsigned long long>(issued_[d]));
}

} // namespace engine
