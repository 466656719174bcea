// SPDX-License-Identifier: MIT
#include "ring.h"

#include "linux_aio.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>
#include <utility>

namespace iowq {

namespace {

// For what the pool completes while AIO is waited for.
constexpr std::chrono::microseconds pool_patience{100};

// What this thread's wq::cancel may find queued. Of the thread, as the pool cancels by itself, too, in
// any thread, and those requests are to be reaped.
thread_local request *taking_back = nullptr;

} // namespace

static_assert(offsetof(request, item) == 0, "run_item takes the item's address for the request's");

int ring::create(const ring_config &config, wq *pool, std::unique_ptr<ring> &out) {
    constexpr unsigned most = 65536;
    if (config.depth == 0 || config.depth > most || (needs_pool(config.mode) && !pool))
        return -EINVAL;
    cpu_mask cpus = cpu_mask::of_this_thread();
    ring_config settled = config;
    if (cpus.count() == 1)
        settled.spin = {}; // whoever is waited for needs this very CPU
    if (config.sqthread_cpu) {
        if (*config.sqthread_cpu >= CPU_SETSIZE || !cpus.has(*config.sqthread_cpu))
            return -EINVAL;
        cpus = {};
        cpus.add(*config.sqthread_cpu);
    }
    std::unique_ptr<ring> r(new (std::nothrow) ring(settled, pool));
    if (!r)
        return -ENOMEM;
    if (config.mode == offload::sqthread || config.mode == offload::handoff) {
        sqthread_config sq{config.depth, cpus, config.sqthread_idle,
                           config.mode == offload::handoff};
        if (int error = sqthread::create(sq, r->cq_, r->sq_))
            return error;
    }
    if (r->aio_wanted_ && config.direct == direct_by::aio)
        if (int error = linux_aio::create(config.depth, r->aio_))
            return error;
    out = std::move(r);
    return 0;
}

ring::ring(const ring_config &config, wq *pool)
    : mode_(config.mode), depth_(config.depth), pool_(pool), cq_(config.spin),
      aio_wanted_(config.mode == offload::punt && config.direct != direct_by::pool) {}

ring::~ring() = default;

ring::submitted ring::submit(request &r) {
    r.owner = this;
    r.path = 0;
    r.done = 0;
    switch (mode_) {
    case offload::inline_:
        issue_blocking(r);
        return completed(r, path_inline);
    case offload::sqthread:
    case offload::handoff:
        sq_->push(r);
        return submitted::queued;
    case offload::sqwq:
        return enqueue(r, false);
    case offload::hashed:
        return enqueue(r, true);
    case offload::punt:
        if (may_not_block(r) && issue_without_blocking(r))
            return completed(r, path_inline);
        if (never_waits(r)) {
            issue_blocking(r);
            return completed(r, path_inline);
        }
        return sent_by_aio(r) ? submitted::queued : enqueue(r, true);
    }
    __builtin_unreachable();
}

ring::submitted ring::completed(request &r, unsigned how) {
    r.path |= how;
    count(r);
    return submitted::completed;
}

bool ring::sent_by_aio(request &r) {
    if (!aio_wanted_ || !r.is_rw())
        return false;
    const file &f = *r.target;
    if (!f.direct || (!f.regular && !f.block) ||
        f.nowait_refused[r.op == opcode::write].load(std::memory_order_relaxed))
        return false;
    aio_wanted_ = aio_ || linux_aio::create(depth_, aio_) == 0;
    if (aio_wanted_)
        aio_->push(r);
    return aio_wanted_;
}

// Was it only that AIO would have blocked? Then the pool gets it.
bool ring::goes_on_pooled(request &r) {
    if (r.result == -EAGAIN && !(r.rw_flags & RWF_NOWAIT)) {
        r.path |= path_nowait_miss;
    } else if (r.result == -EOPNOTSUPP) {
        r.path |= path_nowait_refused;
        r.target->nowait_refused[r.op == opcode::write].store(true, std::memory_order_relaxed);
    } else {
        r.path |= path_aio;
        return false;
    }
    return taken_by_pool(r, true);
}

ring::submitted ring::enqueue(request &r, bool hash) {
    return taken_by_pool(r, hash) ? submitted::queued : completed(r, 0);
}

bool ring::taken_by_pool(request &r, bool hash) {
    r.item.func = run_item;
    r.item.flags = 0;
    if (const file *f = r.target) { // a nop has none
        bool modifies = r.op == opcode::write || r.op == opcode::trim;
        if (!f->regular && !f->block)
            r.item.flags |= work_unbound;
        if (hash && modifies && f->regular && !f->direct) {
            r.item.flags |= work_hashed;
            r.item.key = f->key;
        } else if (may_not_block(r) && !(r.path & path_nowait_miss)) {
            r.item.flags |= work_helpable;
        }
    }
    bool woke = false;
    if (int error = pool_->enqueue(&r.item, woke)) {
        r.result = error;
        return false;
    }
    worker_starts_ |= woke;
    pooled_++;
    return true;
}

void ring::run_item(work **w) {
    request &r = *reinterpret_cast<request *>(*w);
    if (r.item.flags & work_cancel) {
        r.result = -ECANCELED;
        if (taking_back == &r)
            return;
    } else if (!helping()) {
        r.path |= path_pooled;
        issue_pooled(r);
    } else if (issue_without_blocking(r)) {
        r.path |= path_helped;
    } else {
        // Only a worker may block; it does so at once, as this has been tried.
        r.item.flags &= ~static_cast<uint32_t>(work_helpable);
        int error = cancel_requested() ? -ECANCELED : r.owner->pool_->enqueue(&r.item);
        if (!error)
            return;
        r.result = error;
    }
    r.owner->cq_.push(r);
}

bool ring::cancel(request &r) {
    if (!pool_)
        return false;
    taking_back = &r;
    bool queued = pool_->cancel(&r.item) == cancel_result::ok;
    taking_back = nullptr;
    pooled_ -= queued;
    return queued;
}

void ring::commit() {
    if (sq_)
        sq_->publish();
    else if (aio_)
        aio_->send();
}

unsigned ring::reap(std::span<request *> out, unsigned min, deadline until) {
    unsigned n = 0;
    for (;;) {
        n += take(out.subspan(n));
        if (aio_)
            n += take_from_aio(out.subspan(n), 0, {});
        if (n >= min || n == out.size())
            return n;
        if (pool_ && pool_->help())
            continue;
        if (!aio_ || !aio_->under_way()) {
            if (!wait(min - n, until))
                return n;
            continue;
        }
        // What the pool completes meanwhile, which is seldom, is looked for now and then.
        deadline look = until;
        if (pooled_ && (!until || *until - clock::now() > pool_patience))
            look = clock::now() + pool_patience;
        n += take_from_aio(out.subspan(n), std::min(min - n, aio_->under_way()), look);
        if (until && clock::now() >= *until)
            return n;
    }
}

// What the pool or the submission thread has completed.
unsigned ring::take(std::span<request *> out) {
    unsigned n = 0;
    while (n < out.size()) {
        if (!ready_ && !(ready_ = cq_.take()))
            break;
        request *r = ready_;
        ready_ = r->next;
        if (sq_)
            r->path |= path_sqthread;
        else
            pooled_--;
        count(*r);
        out[n++] = r;
    }
    return n;
}

// What AIO has completed, but for what goes on to the pool. Waits for `min`, or until `until`.
unsigned ring::take_from_aio(std::span<request *> out, unsigned min, deadline until) {
    unsigned got = aio_->reap(out, min, until);
    unsigned n = 0;
    for (request *r : out.first(got)) {
        if (goes_on_pooled(*r))
            continue;
        count(*r);
        out[n++] = r;
    }
    return n;
}

// Waits for something to take, at best `count`. False: `until` has passed.
bool ring::wait(unsigned count, deadline until) {
    if (!sq_ || !sq_->hands_off())
        return cq_.wait(count, until, std::exchange(worker_starts_, false));
    for (;;) {
        clock::time_point look = clock::now() + sqthread::patience;
        if (until && *until <= look)
            return cq_.wait(count, until);
        if (cq_.wait(count, look))
            return true;
        sq_->relieve();
    }
}

unsigned ring::threads() const { return sq_ ? sq_->threads() : 0; }

void ring::count(const request &r) {
    path_counts &c = counts_[direction_of(r)];
    c.issued++;
    c.inlined += (r.path & path_inline) != 0;
    c.nowait_miss += (r.path & path_nowait_miss) != 0;
    c.nowait_refused += (r.path & path_nowait_refused) != 0;
    c.pooled += (r.path & path_pooled) != 0;
    c.aio += (r.path & path_aio) != 0;
    c.sqthread += (r.path & path_sqthread) != 0;
    c.handed_over += (r.path & path_handed_over) != 0;
    c.helped += (r.path & path_helped) != 0;
}

} // namespace iowq
