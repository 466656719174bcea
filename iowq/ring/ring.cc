// SPDX-License-Identifier: MIT
#include "iowq/ring/ring.h"

#include "iowq/os/any_call.h"
#include "iowq/os/assert.h"
#include "iowq/os/cpus_now.h"
#include "iowq/ring/issue.h"

#include <cerrno>
#include <new>

namespace iowq {

namespace {

// May it be submitted at all?
bool is_complete(const request &r) {
    if (r.op == opcode::call)
        return may_be_made_for_others(r.number) && !changes_its_thread(r.number);
    return r.target || r.op == opcode::nop;
}

} // namespace

int ring::create(const ring_config &config, wq *pool, std::unique_ptr<ring> &out) {
    constexpr unsigned most = 65536;
    if (config.depth == 0 || config.depth > most || (needs_pool(config.mode) && !pool))
        return -EINVAL;
    cpu_mask cpus = cpu_mask::of_this_thread();
    bool spins = cpus_now{cpus, cpu_quota()}.spinning_pays();
    bool serves = !pool || pool->serves_where_submitted();
    if (!needs_pool(config.mode) && config.sqthread_cpus) {
        serves = cpus.within(*config.sqthread_cpus);
        cpus = *config.sqthread_cpus;
    }
    std::unique_ptr<ring> r(new (std::nothrow) ring(config, pool, serves && config.help));
    if (!r)
        return -ENOMEM;
    r->reaper_.completions().let_spin(spins);
    if (config.event_fd)
        if (int error = r->reaper_.open_event())
            return error;
    if (has_threads(config.mode)) {
        sqthread_config sq{.depth = config.depth,
                           .cpus = cpus,
                           .idle = config.sqthread_idle,
                           .dodges = !config.sqthread_cpus,
                           .spins = spins,
                           .handoff = config.mode == offload::handoff,
                           .looked_at = !config.event_fd,
                           .signal = config.signal,
                           .tuned = &r->tuner_};
        if (int error = r->reaper_.start_threads(sq))
            return error;
    }
    if (r->aio_wanted_ && config.direct == direct_by::aio)
        if (int error = r->reaper_.open_aio())
            return error;
    r->show();
    out = std::move(r);
    return 0;
}

void ring::show() {
    auto name = [this] {
        switch (mode_) {
        case offload::inline_:
            return "ring inline";
        case offload::sqthread:
            return "ring sqthread";
        case offload::handoff:
            return "ring handoff";
        case offload::sqwq:
            return "ring sqwq";
        case offload::punt:
            return "ring punt";
        case offload::hashed:
            return "ring hashed";
        }
        __builtin_unreachable();
    };
    shown_.begin(name(), this, reaper_.pool(), [this](shown_figures &to) {
        evidence_.show(to);
        reaper_.show(to);
        ordering_.show(to);
    });
}

ring::ring(const ring_config &config, wq *pool, bool may_help)
    : mode_(config.mode), depth_(config.depth), alone_(config.depth == 1 && !config.event_fd),
      waits_at_once_(alone_ && config.waits_at_once), merges_(config.merge_syncs),
      aio_wanted_(needs_pool(config.mode) && config.direct != direct_by::pool),
      tuner_(may_help && config.mode != offload::inline_ && config.mode != offload::punt,
             cpu_quota()),
      reaper_(config.depth, config.spin, pool, may_help, config.event_fd, evidence_, tuner_),
      ordering_(
          this,
          [](void *self, request &r) {
              return static_cast<ring *>(self)->issue_at_once(r) == submitted::completed;
          },
          reaper_) {}

ring::~ring() = default;

ring::submitted ring::submit(request &r) { return has_room() ? take(r) : refused(r, -EBUSY); }

ring::submitted ring::take(request &r) {
    if (r.limits && (mode_ == offload::sqthread || depth_ == 1))
        return refused(r, -EINVAL);
    if (orphaned())
        return refused(r, -ESHUTDOWN);
    r.owner = &reaper_;
    r.behind = r.before = r.limit = nullptr;
    if (!ordering::concerns(r) && !ordering_.active() && reaper_.room() > 0)
        return issue_at_once(r);
    return ordering_.submit(r) ? submitted::completed : submitted::queued;
}

// What is refused here breaks the links behind it.
ring::submitted ring::issue_at_once(request &r) {
    if (!cq::can_hold(r) || !is_complete(r))
        return refused(r, -EINVAL);
    r.path = 0;
    r.cpu = no_cpu;
    r.done = 0;
    r.waited = std::chrono::nanoseconds(-1);
    bool welcome = reaper_.help_is_welcome();
    ring_facts known{.trying_begins = reaper_.trying_begins(),
                     .aio = aio_wanted_,
                     .alone = alone_,
                     .itself = tuner_.itself() && welcome,
                     .sends = reaper_.sends_itself() && welcome,
                     .merges = merges_};
    if (r.op == opcode::call)
        known.quick = waits_at_once_ || reaper_.costs().pays(r);
    route_of(mode_, r, known, r.way);
    if (r.way.by_aio() && !aio_is_to_be_had()) {
        known.aio = false;
        route_of(mode_, r, known, r.way);
    }
    if (r.way.by != route::submitter && r.op == opcode::call &&
        facts_of(r.number, r.args).by_identity && !reaper_.paths_are_others_too()) {
        known.as_others = false;
        route_of(mode_, r, known, r.way);
    }
    if (r.way.may_be_issued_at_once())
        tuner_.submitted();
    iowq_assert_all(r.where == place::nowhere);
    switch (r.way.by) {
    case route::submitter:
        return issue(r);
    case route::worker:
        return enqueue(r);
    case route::thread:
        return to_threads(r);
    }
    __builtin_unreachable();
}

ring::submitted ring::refused(request &r, int error) {
    r.result = error;
    return submitted::completed;
}

ring::submitted ring::completed(request &r, unsigned how) {
    r.path |= how;
    reaper_.count(r);
    return submitted::completed;
}

// The AIO context is set up at the first request that it is for.
bool ring::aio_is_to_be_had() {
    aio_wanted_ = reaper_.aio() || reaper_.open_aio() == 0;
    return aio_wanted_;
}

// By the submitter, as far as the route says.
ring::submitted ring::issue(request &r) {
    if (r.way.first == route::sends) {
        reaper_.to_aio(r);
        return submitted::queued;
    }
    unsigned how = r.way.help == route::not_at_all ? path_inline : path_helped;
    if (r.way.first == route::calls) {
        issue_blocking(r);
        return completed(r, how);
    }
    if (r.way.first == route::later) {
        r.path |= path_inline;
        if (!waits_at_once_) {
            reaper_.add_begun(r);
            return submitted::queued;
        }
        issue_blocking(r);
        return completed(r, path_waited);
    }
    bool threads = has_threads(mode_);
    if (!try_first(r, threads ? route::thread : route::worker))
        return threads ? to_threads(r) : enqueue(r);
    if (!r.begun)
        return completed(r, how);
    reaper_.add_begun(r);
    return submitted::queued;
}

ring::submitted ring::enqueue(request &r) {
    return reaper_.to_pool(r) ? submitted::queued : completed(r, 0);
}

ring::submitted ring::to_threads(request &r) {
    reaper_.to_threads(r);
    return submitted::queued;
}

void ring::start(request &r) {
    if (take(r) == submitted::completed)
        ordering_.keep(r);
}

void ring::start(std::span<request *const> several) {
    for (request *r : several)
        start(*r);
    commit();
}

int ring::post(request &r) {
    if (orphaned())
        return -ESHUTDOWN;
    if (!cq::can_hold(r) || r.link != linked::none)
        return -EINVAL;
    r.owner = &reaper_;
    reaper_.completions().push(r, true);
    return 0;
}

void ring::start_posted() {
    request *next = reaper_.take_posted();
    if (!next)
        return;
    while (request *r = next) {
        next = r->next;
        start(*r);
    }
    reaper_.commit();
}

bool ring::cancel(request &r) {
    if (r.owner != &reaper_ || orphaned())
        return false;
    bool taken = (r.where == place::nowhere && reaper_.take_back_posted(r)) ||
                 (ordering_.active() ? ordering_.cancel(r) : reaper_.cancel(r));
    reaper_.tell_if_ready(ordering_.any_over());
    return taken;
}

void ring::commit() {
    if (orphaned())
        return;
    ordering_.close();
    reaper_.commit();
    reaper_.tell_if_ready(ordering_.any_over());
}

unsigned ring::reap(std::span<request *> out, unsigned min, deadline until) {
    if (orphaned())
        return 0;
    reaper_.hear();
    unsigned n = 0;
    do {
        n += reap_started(out.subspan(n), min - std::min(n, min), until);
        start_posted();
    } while (reaper_.ended_for_posted() && n < min);
    reaper_.tell(ordering_.any_over());
    return n;
}

unsigned ring::reap_started(std::span<request *> out, unsigned min, deadline until) {
    return ordering_.active() ? ordering_.reap(out, min, until) : reaper_.reap(out, min, until);
}

unsigned ring::dispatch(unsigned min, deadline until) {
    std::array<request *, 32> done;
    unsigned n = 0, got;
    do {
        unsigned wanted = std::min(min - std::min(n, min), static_cast<unsigned>(done.size()));
        got = reap(done, wanted, until);
        for (request *r : std::span(done).first(got))
            if (r->then)
                r->then(*r);
        n += got;
    } while (n < min && got > 0);
    commit();
    return n;
}

unsigned ring::threads() const { return reaper_.nr_threads(); }

} // namespace iowq
