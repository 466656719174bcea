/* SPDX-License-Identifier: GPL-2.0-only */
#include "uring.h"

#include "pool_stats.h"
#include "task_names.h"

#include <cerrno>
#include <new>
#include <unistd.h>

namespace engine {

using iowq::opcode;
using iowq::request;

namespace {

void prepare(io_uring_sqe *sqe, const request &r) {
    int fd = r.target ? r.target->fd : -1;
    switch (r.op) {
    case opcode::nop:
        io_uring_prep_nop(sqe);
        break;
    case opcode::read:
        io_uring_prep_read(sqe, fd, r.buffer, static_cast<unsigned>(r.length), r.offset);
        break;
    case opcode::write:
        io_uring_prep_write(sqe, fd, r.buffer, static_cast<unsigned>(r.length), r.offset);
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
    }
    if (r.is_rw())
        sqe->rw_flags = r.rw_flags;
}

} // namespace

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
    if (config_.sqpoll) {
        params.flags = IORING_SETUP_SQPOLL;
        params.sq_thread_idle = static_cast<unsigned>(config_.sqpoll_idle.count());
        if (config_.sqpoll_cpu) {
            params.flags |= IORING_SETUP_SQ_AFF;
            params.sq_thread_cpu = *config_.sqpoll_cpu;
        }
    } else {
        // The job's thread enters the kernel to wait anyway, so completions need not interrupt it.
        params.flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SINGLE_ISSUER;
    }
    int error = io_uring_queue_init_params(config_.depth, &ring_, &params);
    if (error == -EINVAL && !config_.sqpoll) { // a kernel before 6.0 knows no such flags
        params = {};
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
    if (config_.worker_cpus)
        return io_uring_register_iowq_aff(&ring_, sizeof(cpu_set_t),
                                          &config_.worker_cpus->native());
    return 0;
}

uring::~uring() {
    if (ready_)
        io_uring_queue_exit(&ring_);
}

iowq::ring::submitted uring::submit(request &r) {
    issued_[iowq::ring::direction_of(r)]++;
    r.done = 0;
    r.path = 0;
    if (r.op == opcode::trim && r.target->block) { // io_uring has no discard before 6.12
        issue_blocking(r);
        return iowq::ring::submitted::completed;
    }
    // Never null for long: the ring has room for every request of the job. Under SQPOLL the thread may
    // not have taken earlier ones yet.
    io_uring_sqe *sqe = io_uring_get_sqe(&ring_);
    while (!sqe) {
        if (int error = commit()) {
            r.result = error;
            return iowq::ring::submitted::completed;
        }
        if (config_.sqpoll)
            io_uring_sqring_wait(&ring_);
        sqe = io_uring_get_sqe(&ring_);
    }
    prepare(sqe, r);
    if (config_.async)
        sqe->flags |= IOSQE_ASYNC;
    io_uring_sqe_set_data(sqe, &r);
    return iowq::ring::submitted::queued;
}

int uring::commit() {
    int sent = io_uring_submit(&ring_);
    // EBUSY, EAGAIN: the kernel wants completions reaped first; what is left goes with the next call.
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
        r->result = cqe->res;
        out[n++] = r;
    }
    io_uring_cq_advance(&ring_, n);
    return n;
}

int uring::reap(std::span<request *> out, unsigned min, iowq::deadline until) {
    unsigned n = take(out);
    while (n < min) {
        // Only the submission thread completes requests without this thread's entering the kernel.
        if (config_.sqpoll && spin_.until([&] { return io_uring_cq_ready(&ring_) > 0; })) {
            n += take(out.subspan(n));
            continue;
        }
        __kernel_timespec left{};
        if (until) {
            auto ns = std::chrono::nanoseconds(*until - iowq::clock::now()).count();
            if (ns <= 0)
                break;
            left = {ns / 1000000000, ns % 1000000000};
        }
        io_uring_cqe *cqe;
        int error = until ? io_uring_wait_cqes(&ring_, &cqe, min - n, &left, nullptr)
                          : io_uring_submit_and_wait(&ring_, min - n);
        if (error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY && error != -ETIME)
            return n ? static_cast<int>(n) : error; // what is reaped counts; the error comes again
        n += take(out.subspan(n));
        if (error == -ETIME)
            break;
    }
    return static_cast<int>(n);
}

unsigned uring::threads() const {
    struct {
        pid_t owner;
        pid_t sqpoll = 0; // its workers are named after it
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
