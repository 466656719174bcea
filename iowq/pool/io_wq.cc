// SPDX-License-Identifier: MIT
#include "iowq/pool/io_wq.h"

#include "iowq/pool/io_wq_handle.h"

#include <cerrno>
#include <cstddef>
#include <optional>

// An io_wq_work is a work under another name: the same fields in the same places.
static_assert(sizeof(io_wq_work) == sizeof(iowq::work) &&
              alignof(io_wq_work) == alignof(iowq::work));
static_assert(offsetof(io_wq_work, func) == offsetof(iowq::work, func));
static_assert(offsetof(io_wq_work, flags) == offsetof(iowq::work, flags));
static_assert(int{IO_WQ_WORK_CANCEL} == iowq::work_cancel &&
              int{IO_WQ_WORK_HAS_MM} == iowq::work_has_mm &&
              int{IO_WQ_WORK_HASHED} == iowq::work_hashed &&
              int{IO_WQ_WORK_NEEDS_USER} == iowq::work_needs_user &&
              int{IO_WQ_WORK_UNBOUND} == iowq::work_unbound &&
              int{IO_WQ_WORK_CONCURRENT} == iowq::work_concurrent);

namespace {

iowq::work *of(io_wq_work *work) { return reinterpret_cast<iowq::work *>(work); }

void enqueue(io_wq *wq, io_wq_work *work) {
    int error = wq->pool->enqueue(of(work));
    if (error && error != -EINVAL && error != -EBUSY)
        iowq::run_cancelled(of(work));
}

io_wq_cancel result_of(iowq::cancel_result result) {
    switch (result) {
    case iowq::cancel_result::ok:
        return IO_WQ_CANCEL_OK;
    case iowq::cancel_result::running:
        return IO_WQ_CANCEL_RUNNING;
    case iowq::cancel_result::notfound:
    case iowq::cancel_result::itself:
        return IO_WQ_CANCEL_NOTFOUND;
    }
    __builtin_unreachable();
}

} // namespace

io_wq *io_wq_create(unsigned concurrency, mm_struct *mm) {
    iowq::wq_config config;
    config.max_running = concurrency;
    std::unique_ptr<io_wq> wq(mm ? nullptr : new (std::nothrow) io_wq);
    int error = mm ? -EINVAL : wq ? iowq::wq::create(config, wq->pool) : -ENOMEM;
    if (error) {
        errno = -error;
        return nullptr;
    }
    return wq.release();
}

void io_wq_destroy(io_wq *wq) { delete wq; }

void io_wq_enqueue(io_wq *wq, io_wq_work *work) { enqueue(wq, work); }

void io_wq_enqueue_hashed(io_wq *wq, io_wq_work *work, void *val) {
    if (!work || of(work)->where.load(iowq::relaxed) != iowq::work::nowhere)
        return;
    work->flags |= IO_WQ_WORK_HASHED;
    of(work)->key = {0, reinterpret_cast<uintptr_t>(val)};
    enqueue(wq, work);
}

void io_wq_flush(io_wq *wq) {
    if (int error = wq->pool->flush())
        errno = -error;
}

void io_wq_cancel_all(io_wq *wq) { (void)wq->pool->cancel_all(); }

io_wq_cancel io_wq_cancel_work(io_wq *wq, io_wq_work *cwork) {
    return result_of(wq->pool->cancel(of(cwork)));
}

io_wq_cancel io_wq_cancel_cb(io_wq *wq, bool (*match)(io_wq_work *, void *), void *data,
                             bool cancel_all) {
    struct meant {
        bool (*match)(io_wq_work *, void *);
        void *data;
    } which{match, data};
    auto is_meant = [](iowq::work *w, void *p) {
        auto &m = *static_cast<meant *>(p);
        return m.match(reinterpret_cast<io_wq_work *>(w), m.data);
    };
    return result_of(match ? wq->pool->cancel_matching(is_meant, &which, cancel_all)
                           : wq->pool->cancel_matching(nullptr, nullptr, cancel_all));
}

bool io_wq_cancel_requested(void) { return iowq::cancel_requested(); }

int io_wq_max_workers(io_wq *wq, int *new_count) {
    if (!new_count || new_count[0] < 0 || new_count[1] < 0)
        return -EINVAL;
    iowq::worker_limits old = wq->pool->max_workers(
        {static_cast<unsigned>(new_count[0]), static_cast<unsigned>(new_count[1])});
    new_count[0] = static_cast<int>(old.bound);
    new_count[1] = static_cast<int>(old.unbound);
    return 0;
}

int io_wq_cpu_affinity(io_wq *wq, const cpu_set_t *mask) {
    return wq->pool->set_affinity(mask ? std::optional(iowq::cpu_mask(*mask)) : std::nullopt);
}

void io_wq_worker_sleeping(task_struct *) { iowq::says_sleeping(); }

void io_wq_worker_running(task_struct *) { iowq::says_running(); }
