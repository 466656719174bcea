// SPDX-License-Identifier: MIT
#include "iowq/ring/reaper.h"

#include "iowq/os/assert.h"
#include "iowq/os/cpus_now.h"
#include "iowq/ring/evidence.h"
#include "iowq/ring/issue.h"
#include "iowq/ring/linux_aio.h"
#include "iowq/ring/pooled.h"
#include "iowq/ring/tuner.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace iowq {

namespace {

// While it waits in AIO, the reaper looks this often for completions.
constexpr std::chrono::microseconds pool_patience{100};
// How long it waits for how many completions, when fewer would do: of those in flight, one in so
// many.
constexpr std::chrono::microseconds gathering{40};
constexpr unsigned share_waited_for = 4, most_waited_for = 16;
constexpr unsigned waits_a_look = 4; // at the clock, for the next look at the CPUs

tuner::attempt attempt_at(const request &r) {
    if (r.path & path_nowait_miss)
        return r.op == opcode::call || r.target->direct ? tuner::attempt::none
                                                        : tuner::attempt::missed;
    bool hit =
        r.way.first == route::tries || r.way.help == route::calls || r.way.help == route::at_once;
    return hit ? tuner::attempt::hit : tuner::attempt::none;
}

} // namespace

// With an event nobody waits for what has been begun.
reaper::reaper(unsigned depth, std::chrono::nanoseconds spin, wq *pool, bool may_help, bool events,
               evidence &counted, tuner &tuned)
    : depth_(depth), pool_(pool), may_help_(may_help), counted_(counted), tuned_(tuned),
      completions_(spin), begun_(may_help && !events) {
    at_[index(place::nowhere)] = depth;
}

reaper::~reaper() = default;

int reaper::open_aio() { return linux_aio::create(depth_, event_fd(), aio_); }

int reaper::open_event() {
    if (int error = event::create(event_))
        return error;
    completions_.set_event(event_);
    (void)completions_.arm();
    return 0;
}

int reaper::send_by_aio(request &r) { return aio_->send_by_worker(r); }

request *reaper::send_carried(request &carrier, path how) {
    return aio_->send_carried(carrier, how);
}

request *reaper::end_carrying() { return aio_->end_carrying(); }

bool reaper::pushes_expected() const {
    return elsewhere() || (aio_ && !aio_->all_sent(at(place::to_aio)));
}

// ---- a request's way in

void reaper::add_begun(request &r) {
    move(r, place::begun);
    begun_.add(r);
}

bool reaper::to_pool(request &r) {
    place from = r.where;
    // Before the enqueue: after it a worker may have the request, and its cache line.
    move(r, r.way.by_aio()                ? place::to_aio
            : r.way.help == route::copies ? place::copied
            : r.way.begins                ? place::tried
                                          : place::away);
    if (queue_to_pool(r))
        return true;
    move(r, from);
    return false;
}

// Enqueues it, or has it follow the carrier.
bool reaper::queue_to_pool(request &r) {
    using part = linux_aio::part;
    part joined = r.way.first == route::sends ? aio_->join(r) : part::alone;
    if (joined != part::alone)
        carriers_.joined();
    if (joined == part::follows)
        return true;
    if (joined == part::carries)
        carriers_.begins();
    if (joined == part::alone && r.way.first == route::sends)
        r.way = rest_of(r, route::worker, false);
    bool woke = false;
    if (int error = enqueue_pooled(*pool_, r, woke)) {
        if (joined == part::carries)
            (void)aio_->end_carrying(); // nobody follows it yet
        r.result = error;
        return false;
    }
    worker_starts_ |= woke;
    return true;
}

// Those that have followed a carrier.
void reaper::to_pool_again(request *those) {
    for (request *next; those; those = next) {
        next = those->next;
        if (!queue_to_pool(*those))
            completions_.push(*those);
    }
}

void reaper::to_aio(request &r) {
    if (r.way.help == route::sends)
        carriers_.sent_alone();
    move(r, place::aio);
    aio_->push(r);
}

void reaper::to_threads(request &r) {
    move(r, r.way.begins ? place::tried : place::away);
    threads_->push(r);
}

void reaper::commit() {
    carriers_.committed();
    if (threads_ && !threads_->all_published())
        threads_->publish();
    else if (aio_)
        aio_->send();
}

// ---- and back

// What the pool or the submission thread has completed, or only begun; and what is not in flight
// yet, but has been posted.
void reaper::collect() {
    for (request *r = completions_.take(), *next; r; r = next) {
        next = r->next;
        if (r->where == place::nowhere) {
            posted_.push_back(*r);
            continue;
        }
        if (threads_)
            r->path |= path_sqthread;
        comes_back(*r);
    }
}

void reaper::comes_back(request &r) {
    iowq_assert(r.where != place::nowhere && r.where != place::ready);
    if (r.begun) {
        add_begun(r);
        return;
    }
    move(r, place::ready);
    ready_.push_back(r);
}

void reaper::hand_out(request &r) {
    move(r, place::nowhere);
    count(r);
}

void reaper::count(const request &r) {
    counted_.count(r);
    if (r.waited.count() >= 0)
        costs_.learn(r);
    tuned_.completed(attempt_at(r));
}

// Hands out reads that the submitter itself has waited for.
unsigned reaper::hand_out_waited(std::span<request *> reads) {
    for (request *r : reads) {
        r->path |= path_waited;
        hand_out(*r);
    }
    return static_cast<unsigned>(reads.size());
}

// ---- polling

unsigned reaper::poll(std::span<request *> out) {
    unsigned n = poll_completions(out);
    if (aio_)
        n += keep_done(out.subspan(n).first(aio_->poll(out.subspan(n))));
    return n;
}

unsigned reaper::poll_completions(std::span<request *> out) {
    unsigned n = 0;
    while (n < out.size()) {
        if (ready_.empty())
            collect();
        request *r = ready_.pop_front();
        if (!r)
            break;
        out[n++] = r;
        hand_out(*r);
    }
    return n;
}

// Hands out what AIO has done; what it has not done goes to the pool.
unsigned reaper::keep_done(std::span<request *> from_aio) {
    unsigned n = 0;
    for (request *r : from_aio) {
        if (goes_on(*r))
            continue;
        hand_out(*r);
        from_aio[n++] = r;
    }
    return n;
}

bool reaper::goes_on(request &r) {
    if (r.where == place::to_aio)
        aio_->came_back();
    if (r.way.first == route::sends_blocking) { // the result is final
        r.path |= path_aio;
        return false;
    }
    tried came_to = tried_by_aio(r, r.result);
    if (came_to == tried::done) {
        if (r.where == place::aio && r.way.help != route::not_at_all)
            r.path |= path_helped;
        return false;
    }
    r.path &= static_cast<uint16_t>(~path_helped);
    r.way = rest_of(r, route::worker, came_to == tried::missed);
    return to_pool(r);
}

// ---- waiting

unsigned reaper::reap(std::span<request *> out, unsigned min, deadline until) {
    unsigned n = wait_and_hand_out(out, min, until);
    slept_ |= completions_.has_slept();
    bool sleeps = std::exchange(slept_, false);
    if (threads_)
        threads_->submitter_is_on(sleeps ? no_cpu : this_cpu());
    else if (pool_)
        pool_->submitter_is_on(this_cpu(), sleeps);
    return n;
}

unsigned reaper::wait_and_hand_out(std::span<request *> out, unsigned min, deadline until) {
    commit();
    if (threads_ && threads_->interrupting())
        threads_->look();
    iowq_assert_all(std::accumulate(at_.begin(), at_.end(), 0u) == depth_);
    min = std::min(min, in_flight());
    unsigned n = 0;
    ended_for_posted_ = false;
    for (bool interrupted = false;;) {
        n += poll(out.subspan(n));
        std::span<request *> rest = out.subspan(n);
        ended_for_posted_ = !posted_.empty() && !interrupted;
        if (n >= min || rest.empty() || interrupted || ended_for_posted_)
            return n + hand_out_waited(rest.first(begun_.poll(rest, 1)));
        if (help(until)) {
            if (!until || clock::now() < *until)
                continue;
            return n + poll(rest);
        }
        if (!begun_.empty()) {
            if (!may_wait_in_begun(until)) {
                if (begun_.oldest_is_untried() && begun_.poll(rest.first(1), 1))
                    return n + hand_out_waited(rest.first(1));
                leave_begun();
            } else if (unsigned got = wait_in_begun(rest)) {
                n += got;
                continue;
            }
        }
        if (in_aio()) {
            n += wait_in_aio(rest, min - n, until, interrupted);
            if (until && clock::now() >= *until)
                return n;
        } else {
            tuned_.waits();
            if (!wait_for_completions(min - n, until))
                return n + poll_completions(rest);
        }
    }
}

// Issues what others have not come to. True: there may be something to poll for.
bool reaper::help(deadline until) {
    // If it has to wait in a call, it must miss nothing: as in may_wait_in_begun.
    bool may_sleep = !until && at(place::copied) == in_flight();
    return may_help_ && ((pool_ && pool_->help(may_sleep)) || help_threads());
}

// Takes the newest request back from the submission thread, if that has more than one left. Not
// where the thread has CPUs of its own: there the caller wants the submitter's for something else.
bool reaper::help_threads() {
    if (!threads_ || !help_pays_.worth_trying())
        return false;
    request *r = threads_->take_back();
    if (!r)
        return false;
    bool helped = r->way.help != route::not_at_all && issue_in_help(*r);
    help_pays_.learn(helped);
    if (helped) {
        comes_back(*r);
        return true;
    }
    to_threads(*r);
    commit();
    return false;
}

// May the submitter wait in the oldest begun read? Only if that makes it miss nothing: no end of
// the wait, no completion from elsewhere, no begun read of a quicker device.
bool reaper::may_wait_in_begun(deadline until) const {
    return !until && !at(place::away) && !at(place::copied) && !in_aio() && begun_.on_one_device();
}

unsigned reaper::wait_in_begun(std::span<request *> out) {
    slept_ |= !elsewhere();
    return hand_out_waited(out.first(elsewhere() ? begun_.poll(out) : begun_.wait(out)));
}

// Gives the begun reads to threads that may block: the pool's workers, or the submission thread,
// which passes its leadership on first.
void reaper::leave_begun() {
    while (!begun_.empty()) {
        request &r = begun_.pop_oldest();
        // The submitter has not completed it.
        r.path &= static_cast<uint16_t>(~(path_helped | path_inline));
        if (r.way.first == route::later)
            r.way = rest_of(r, route::worker, true);
        r.way.by = threads_ ? route::thread : route::worker;
        if (threads_) {
            to_threads(r);
        } else if (!to_pool(r)) {
            move(r, place::tried);
            completions_.push(r);
        }
    }
    commit();
}

// Where the pool may complete something meanwhile, that is looked for now and then.
unsigned reaper::wait_in_aio(std::span<request *> out, unsigned min, deadline until,
                             bool &interrupted) {
    deadline look = until;
    if (pushes_expected() && (!until || *until - clock::now() > pool_patience))
        look = clock::now() + pool_patience;
    slept_ = true;
    return keep_done(out.first(aio_->wait(out, std::min(min, in_aio()), look, interrupted)));
}

// Where completions follow one another quickly, waits a moment for several of them, so that not
// each costs a wake. late: it has not, or none has come.
cq::waited reaper::gather(unsigned count, deadline until) {
    using waited = cq::waited;
    unsigned some = std::min(elsewhere() / share_waited_for, most_waited_for);
    if (some <= count || !gathering_pays_.worth_trying())
        return waited::late;
    auto end = clock::now() + gathering;
    if (until && *until < end)
        return waited::late;
    waited came_to = completions_.wait(some, end, std::exchange(worker_starts_, false));
    if (came_to == waited::interrupted)
        return came_to;
    gathering_pays_.learn(came_to == waited::come);
    return completions_.empty() ? waited::late : waited::come;
}

// Waits for completions, at best until there are `count`. False: `until` has passed, or a signal's
// handler has run.
bool reaper::wait_for_completions(unsigned count, deadline until) {
    using waited = cq::waited;
    // Not for more than will be pushed: begun reads will not.
    count = std::min(count, std::max(elsewhere(), 1u));
    look_at_cpus();
    if (!threads_ || !threads_->wants_looks()) {
        waited came_to = gather(count, until);
        if (came_to == waited::late)
            came_to = completions_.wait(count, until, std::exchange(worker_starts_, false));
        return came_to == waited::come;
    }
    for (;;) {
        clock::time_point look = clock::now() + sqthread::patience;
        bool short_wait = until && *until < look;
        waited came_to = completions_.wait(count, short_wait ? *until : look);
        threads_->look(); // also after a short wait, or a blocked leader would never be relieved
        if (came_to == waited::come)
            return true;
        if (short_wait || came_to == waited::interrupted)
            return false;
    }
}

// Whether spinning pays: it does not while the submitter has one CPU, for example. Of the quota the
// pool's monitor sees to it that it is known.
void reaper::look_at_cpus() {
    if (++waits_ % waits_a_look != 0)
        return;
    clock::time_point now = clock::now();
    if (now < next_look_at_cpus_)
        return;
    next_look_at_cpus_ = now + cpus_looked_at_every;
    if (!pool_)
        reread_cpu_quota();
    bool spins = cpus_now{cpu_mask::of_this_thread(), cpu_quota()}.spinning_pays();
    completions_.let_spin(spins);
    if (threads_)
        threads_->let_spin(spins);
}

// ---- the event

// While a call is being interrupted, it has to be looked at.
bool reaper::is_ready() const {
    return !ready_.empty() || !posted_.empty() || (aio_ && aio_->any_complete()) ||
           (threads_ && threads_->interrupting());
}

// What is told from here on is not missed, as the reaper polls after it. It may come late, when the
// reaper has found already what it tells of.
void reaper::hear() {
    if (!event_)
        return;
    completions_.disarm();
    event_->hear();
}

void reaper::tell(bool more) {
    if (event_ && (more || is_ready() || !completions_.arm()))
        event_->tell();
}

void reaper::tell_if_ready(bool more) {
    if (event_ && (more || is_ready()))
        event_->tell();
}

// ---- cancelling

bool reaper::cancel(request &r) {
    bool taken = take_off(r);
    if (taken)
        move(r, place::nowhere);
    return taken;
}

// Takes a request back from wherever it waits for somebody to come to it.
bool reaper::take_off(request &r) {
    for (;;) {
        collect();
        switch (r.where) {
        case place::nowhere:
        case place::ready:
            return false;
        case place::begun:
            return begun_.remove(r);
        case place::aio: // if it has been sent, the device has it
            return aio_->remove(r);
        case place::to_aio:
            return take_off_unsent(r);
        case place::copied:
        case place::tried:
        case place::away:
            break;
        }
        if (!threads_)
            return cancel_pooled(*pool_, r);
        if (threads_->remove(r))
            return true;
        if (threads_->interrupt(r))
            return false;
        yield(); // a thread is about to publish it as its own, or to push it
    }
}

// True: it has neither been sent, nor does anybody have it who is about to send it.
bool reaper::take_off_unsent(request &r) {
    bool followed = false;
    request *others = nullptr, **last = &others;
    for (request *it = aio_->take_followers(); it; it = it->next) {
        if (it == &r) {
            followed = true;
            continue;
        }
        *last = it;
        last = &it->next;
    }
    *last = nullptr;
    to_pool_again(others);
    if (followed || !cancel_pooled(*pool_, r))
        return followed;
    if (r.way.first == route::sends)
        to_pool_again(aio_->end_carrying()); // one of them is the next carrier
    return true;
}

} // namespace iowq
