// SPDX-License-Identifier: MIT
#include "iowq/ring/ring.h"

#include "iowq/pool/worker.h"
#include "iowq/ring/linux_aio.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>
#include <utility>

namespace iowq {

namespace {

// For what the pool completes while AIO is waited for.
constexpr std::chrono::microseconds pool_patience{100};

// Waits for the submission thread without helping, after a read that was not in the cache.
constexpr unsigned help_pause = 1000;

// May trying the request begin it?
bool may_begin(const request &r) {
    return r.op == opcode::read && !(r.path & path_nowait_miss) && nowait_worthwhile(r) &&
           (r.target->regular || r.target->block);
}

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
    bool serves = !pool || pool->serves_where_submitted();
    if (!needs_pool(config.mode) && config.sqthread_cpus) {
        serves = cpus.within(*config.sqthread_cpus);
        cpus = *config.sqthread_cpus;
    }
    std::unique_ptr<ring> r(new (std::nothrow) ring(settled, pool, serves));
    if (!r)
        return -ENOMEM;
    if (config.mode == offload::sqthread || config.mode == offload::handoff) {
        sqthread_config sq{config.depth, cpus, config.sqthread_idle,
                           config.mode == offload::handoff, config.signal};
        if (int error = sqthread::create(sq, r->cq_, r->sq_))
            return error;
    }
    if (r->aio_wanted_ && config.direct == direct_by::aio)
        if (int error = linux_aio::create(config.depth, r->aio_))
            return error;
    out = std::move(r);
    return 0;
}

ring::ring(const ring_config &config, wq *pool, bool submitter_serves)
    : mode_(config.mode), depth_(config.depth), pool_(pool), submitter_serves_(submitter_serves),
      cq_(config.spin), aio_wanted_(needs_pool(config.mode) && config.direct != direct_by::pool) {}

ring::~ring() = default;

ring::submitted ring::submit(request &r) {
    if (in_flight_ == depth_)
        return refused(r, -EBUSY);
    if (!cq::can_hold(r))
        return refused(r, -EINVAL);
    if (orphaned())
        return refused(r, -ESHUTDOWN);
    r.owner = this;
    r.path = 0;
    r.cpu = request::never;
    r.done = 0;
    r.by_aio = false;
    submitted how = send(r);
    if (how == submitted::queued) {
        r.stage = request::sent;
        in_flight_++;
    }
    return how;
}

ring::submitted ring::refused(request &r, int error) {
    r.result = error;
    return submitted::completed;
}

ring::submitted ring::send(request &r) {
    switch (mode_) {
    case offload::inline_:
        issue_blocking(r);
        return completed(r, path_inline);
    case offload::sqthread:
    case offload::handoff:
        send_to_sqthread(r);
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
        if (begun_.trying_begins() && begun_by_trying(r)) {
            begun_.add(r);
            return submitted::queued;
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

void ring::send_to_sqthread(request &r) {
    r.only_tried = mode_ == offload::handoff && begun_.trying_begins() && may_begin(r);
    elsewhere_++;
    slow_ += !r.only_tried;
    sq_->push(r);
}

// The submitter has nothing else to do, and the submission thread more than one request: reads the newest, if
// that is in the cache. True: it is ready to be taken. Not where the thread got a CPU of its own, as then the
// submitter's is wanted for something else.
bool ring::help_sqthread() {
    if (!sq_ || !submitter_serves_ || no_help_for_) {
        no_help_for_ -= no_help_for_ > 0;
        return false;
    }
    request *r = sq_->take_back();
    if (!r)
        return false;
    bool tries = may_begin(*r), done = tries && issue_nowait(*r);
    r->begun = tries && !done && r->only_tried && begun_by_trying(*r);
    if (done || r->begun) {
        r->path |= path_helped;
        comes_back(*r);
        return true;
    }
    no_help_for_ = help_pause;
    sq_->push(*r);
    sq_->publish();
    return false;
}

bool ring::aio_is_for(const request &r) {
    if (!aio_wanted_ || !r.is_rw() || !r.target->direct || !divisible(r) ||
        (!r.target->regular && !r.target->block))
        return false;
    aio_wanted_ = aio_ || linux_aio::create(depth_, aio_) == 0;
    return aio_wanted_;
}

bool ring::sent_by_aio(request &r) {
    if (!aio_is_for(r) ||
        r.target->nowait_refused[r.op == opcode::write].load(std::memory_order_relaxed))
        return false;
    aio_->push(r);
    return true;
}

// Was it only that AIO would have blocked, or did so after a part? Then the pool gets the rest.
bool ring::goes_on_pooled(request &r) {
    if (r.by_aio || r.rw_flags & RWF_NOWAIT) {
        r.path |= path_aio;
        return false;
    }
    bool is_short = r.result > 0 && static_cast<uint64_t>(r.result) < most_bytes(r);
    if (r.result == -EAGAIN || is_short) {
        r.path |= path_nowait_miss;
        r.done = is_short ? static_cast<uint64_t>(r.result) : 0;
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
    r.item.node = r.target ? r.target->node : -1;
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
    // Once enqueued, the request may be done and gone.
    bool only_tried = r.only_tried = begun_.trying_begins() && may_begin(r);
    bool by_aio = r.by_aio = mode_ != offload::punt && aio_is_for(r);
    bool woke = false;
    if (int error = pool_->enqueue(&r.item, woke)) {
        r.result = error;
        return false;
    }
    worker_starts_ |= woke;
    if (by_aio) {
        aio_->expect();
        expected_++;
        return true;
    }
    elsewhere_++;
    slow_ += !only_tried;
    return true;
}

void ring::run_item(work **w) {
    request &r = *reinterpret_cast<request *>(*w);
    if (r.item.flags & work_cancel) {
        r.result = -ECANCELED;
        if (taking_back == &r)
            return;
    } else if (!(helping() ? issue_helping(r) : issue_pooled(r))) {
        return;
    }
    r.owner->cq_.push(r);
}

// False: it is under way, and does not come by cq_.
bool ring::issue_pooled(request &r) {
    r.path |= path_pooled;
    if (r.by_aio) {
        blocking section(blocking::may);
        if (r.owner->aio_->send_expected(r) == 0)
            return false;
    }
    // Tried first, so that the pool knows exactly which ones sleep.
    bool tries = r.op == opcode::read && !(r.path & path_nowait_miss) && nowait_worthwhile(r);
    if (tries && issue_nowait(r))
        return true;
    r.begun = r.only_tried && begun_by_trying(r);
    if (!r.begun)
        issue_blocking(r);
    return true;
}

// False: it has gone to a worker, for only a worker may block. That one does so at once, as this has been
// tried.
bool ring::issue_helping(request &r) {
    if (issue_without_blocking(r)) {
        r.path |= path_helped;
        return true;
    }
    r.begun = r.only_tried && begun_by_trying(r);
    if (r.begun) {
        r.path |= path_helped;
        return true;
    }
    r.item.flags &= ~static_cast<uint32_t>(work_helpable);
    int error = cancel_requested() ? -ECANCELED : r.owner->pool_->enqueue(&r.item);
    if (error)
        r.result = error;
    return error != 0;
}

bool ring::cancel(request &r) {
    if (r.stage != request::sent || r.owner != this || orphaned())
        return false;
    bool taken = take_back(r);
    if (taken) {
        r.stage = request::nowhere;
        in_flight_--;
    }
    return taken;
}

bool ring::take_back(request &r) {
    for (;;) {
        collect();
        if (begun_.remove(r) || (aio_ && aio_->remove(r)))
            return true;
        if (r.stage == request::come)
            return false;
        if (!sq_)
            break;
        if (sq_->remove(r)) {
            has_come(r);
            return true;
        }
        if (sq_->interrupt(r)) {
            interrupting_ = true;
            return false;
        }
        sched_yield(); // a thread is just taking it, or just giving it back
    }
    if (!pool_)
        return false;
    taking_back = &r;
    bool queued = pool_->cancel(&r.item) == cancel_result::ok;
    taking_back = nullptr;
    if (queued)
        has_come(r);
    return queued;
}

void ring::commit() {
    if (orphaned())
        return;
    if (sq_ && !sq_->all_published())
        sq_->publish();
    else if (aio_)
        aio_->send();
}

unsigned ring::reap(std::span<request *> out, unsigned min, deadline until) {
    if (orphaned())
        return 0;
    commit();
    if (interrupting_)
        look_after_threads();
    min = std::min(min, in_flight_);
    unsigned n = 0;
    for (bool interrupted = false;;) {
        n += take(out.subspan(n));
        if (aio_)
            n += take_from_aio(out.subspan(n), 0, {}, interrupted);
        std::span<request *> rest = out.subspan(n);
        if (n >= min || rest.empty() || interrupted)
            return n + waited_for(rest.first(begun_.take(rest, 1)));
        if (pool_ && pool_->help())
            continue;
        if (help_sqthread())
            continue;
        if (!begun_.empty()) {
            if (until || slow_ || (aio_ && aio_->under_way()) || !begun_.on_one_device()) {
                leave_begun();
            } else if (unsigned got = elsewhere_ ? begun_.take(rest) : begun_.wait(rest)) {
                n += waited_for(rest.first(got));
                continue;
            }
        }
        if (!aio_ || !aio_->under_way()) {
            // Not for more than is to come that way: reads that have been begun are not.
            if (!wait(std::min(min - n, std::max(elsewhere_, 1u)), until))
                return n + take(rest);
            continue;
        }
        // What the pool completes meanwhile, which is seldom, is looked for now and then.
        deadline look = until;
        if ((elsewhere_ || expected_) && (!until || *until - clock::now() > pool_patience))
            look = clock::now() + pool_patience;
        n += take_from_aio(rest, std::min(min - n, aio_->under_way()), look, interrupted);
        if (until && clock::now() >= *until)
            return n;
    }
}

// From the pool or the submission thread.
void ring::has_come(const request &r) {
    if (r.by_aio) {
        aio_->forget();
        expected_--;
        return;
    }
    elsewhere_--;
    slow_ -= !r.only_tried;
}

void ring::comes_back(request &r) {
    has_come(r);
    if (r.begun) {
        begun_.add(r);
        return;
    }
    r.stage = request::come;
    r.next = nullptr;
    (ready_ ? newest_ready_->next : ready_) = &r;
    newest_ready_ = &r;
}

// What the pool or the submission thread has completed, or only begun.
void ring::collect() {
    for (request *r = cq_.take(), *next; r; r = next) {
        next = r->next;
        if (sq_)
            r->path |= path_sqthread;
        comes_back(*r);
    }
}

unsigned ring::take(std::span<request *> out) {
    unsigned n = 0;
    while (n < out.size()) {
        if (!ready_)
            collect();
        if (!ready_)
            break;
        out[n++] = std::exchange(ready_, ready_->next);
        hand_out(*out[n - 1]);
    }
    return n;
}

// What AIO has completed, but for what goes on to the pool. Waits for `min`, or until `until`.
unsigned ring::take_from_aio(std::span<request *> out, unsigned min, deadline until,
                             bool &interrupted) {
    unsigned got = aio_->reap(out, min, until, interrupted);
    unsigned n = 0;
    for (request *r : out.first(got)) {
        if (r->by_aio)
            expected_--;
        if (goes_on_pooled(*r))
            continue;
        hand_out(*r);
        out[n++] = r;
    }
    return n;
}

// The submitter has been the one to wait for them.
unsigned ring::waited_for(std::span<request *> reads) {
    for (request *r : reads) {
        r->path |= path_waited;
        hand_out(*r);
    }
    return static_cast<unsigned>(reads.size());
}

// To those who may block: the pool's workers, or the submission thread, which hands over first.
void ring::leave_begun() {
    while (!begun_.empty()) {
        request &r = begun_.pop_oldest();
        r.path &= static_cast<uint16_t>(~path_helped); // who did not come to the end of it
        if (sq_) {
            send_to_sqthread(r);
        } else if (!taken_by_pool(r, false)) {
            r.only_tried = true;
            elsewhere_++;
            cq_.push(r);
        }
    }
    commit();
}

// Waits for something to take, at best `count`. False: `until` has passed, or a signal's handler
// has run.
bool ring::wait(unsigned count, deadline until) {
    using waited = cq::waited;
    bool has_to_look = sq_ && (sq_->hands_off() || interrupting_);
    if (!has_to_look)
        return cq_.wait(count, until, std::exchange(worker_starts_, false)) == waited::come;
    for (;;) {
        clock::time_point look = clock::now() + sqthread::patience;
        bool short_wait = until && *until < look;
        waited came_to = cq_.wait(count, short_wait ? *until : look);
        look_after_threads(); // waits that are all short must not leave one where it is
        if (came_to == waited::come)
            return true;
        if (short_wait || came_to == waited::interrupted)
            return false;
    }
}

void ring::look_after_threads() {
    clock::time_point now = clock::now();
    if (now - looked_after_ < sqthread::patience)
        return;
    looked_after_ = now;
    sq_->relieve();
    interrupting_ = interrupting_ && sq_->interrupt_again();
}

unsigned ring::threads() const { return sq_ ? sq_->threads() : 0; }

void ring::hand_out(request &r) {
    r.stage = request::nowhere;
    in_flight_--;
    count(r);
}

void ring::count(const request &r) {
    if (r.cpu != request::never)
        ran_on_[r.cpu]++;
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
    c.waited += (r.path & path_waited) != 0;
}

} // namespace iowq
