// SPDX-License-Identifier: MIT
#include "iowq/ring/sqthread.h"

#include "iowq/os/assert.h"
#include "iowq/pool/worker.h"
#include "iowq/ring/issue.h"

#include <bit>
#include <cerrno>
#include <new>

namespace iowq {

namespace {

// A wake costs its maker some 5 us, and delays the request by 20 to 60.
constexpr std::chrono::microseconds worth_spinning{100};

} // namespace

int sqthread::create(const sqthread_config &config, cq &completions,
                     std::unique_ptr<sqthread> &out) {
    try {
        std::unique_ptr<sqthread> sq(new sqthread(config, completions));
        if (int error = sq->signal_.open(config.signal))
            return error;
        if (int error = sq->start(role::lead, 0, if_cpus_are_gone::refuse))
            return error;
        out = std::move(sq);
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return 0;
}

sqthread::sqthread(const sqthread_config &config, cq &completions)
    : config_(config), completions_(completions), mask_(std::bit_ceil(config.depth) - 1),
      most_threads_(config.handoff ? config.depth + 1 : 1), slots_(mask_ + 1),
      spin_(config.idle ? adaptive_spin(*config.idle, adaptive_spin::always)
                        : adaptive_spin(worth_spinning)),
      spins_(config.spins) {
    members_.reserve(most_threads_);
}

sqthread::~sqthread() {
    if (orphaned())
        return;
    std::vector<std::unique_ptr<member>> members;
    {
        locked hold(lock_);
        stop_.store(true, release); // pairs with wait_for_work's acquire
        for (member *m = standbys_; m; m = m->next_standby) {
            m->next_role = role::leave;
            m->park.unpark();
        }
        members.swap(members_);
    }
    leaders_park_.unpark();
    for (auto &m : members)
        join(m->thread);
}

// ---- the submitter

void sqthread::publish() {
    // seq_cst: publishes the slots, and comes before the look at asleep_; pairs with wait_for_work.
    tail_.store(next_, seq_cst);
    if (asleep_.load(seq_cst) && asleep_.exchange(false))
        leaders_park_.unpark();
}

request *sqthread::take_back() {
    // Most often there is nothing to take back. Then nothing is published, as that might wake a
    // sleeping leader in vain.
    if (next_ - head_.load(relaxed) < 2)
        return nullptr;
    uint32_t newest = next_ - 1;
    // seq_cst, here and in take(): each side stores its own end, then loads the other's. So of two
    // that are after the same request at least one sees the other, and leaves it.
    tail_.store(newest, seq_cst);
    auto left = static_cast<int32_t>(newest - head_.load(seq_cst));
    if (left <= 0) {
        publish(); // again: the leader may have seen an empty ring
        return nullptr;
    }
    next_ = newest;
    return slots_[newest & mask_];
}

bool sqthread::remove(const request &r) {
    const uint32_t published = tail_.load(relaxed);
    // As in take_back, but the leader's next request is taken, too, unless the leader is past it.
    auto taken_back = [&](uint32_t slot) {
        if (static_cast<int32_t>(slot - published) >= 0)
            return true; // it has not been published
        tail_.store(slot, seq_cst);
        return static_cast<int32_t>(slot - head_.load(seq_cst)) >= 0;
    };
    uint32_t at = next_;
    do {
        if (!taken_back(at - 1)) {
            publish(); // again, as before
            return false;
        }
        at--;
    } while (slots_[at & mask_] != &r);
    for (next_--; at != next_; at++)
        slots_[at & mask_] = slots_[(at + 1) & mask_];
    publish();
    return true;
}

bool sqthread::interrupt(const request &r) {
    locked hold(lock_);
    for (auto &m : members_) {
        bool first;
        if (!m->current.cancel(&r.item, first))
            continue;
        if (first)
            signal_.send(m->tid);
        interrupting_ = true;
        return true;
    }
    return false;
}

bool sqthread::interrupt_again() {
    locked hold(lock_);
    bool any = false;
    for (auto &m : members_) {
        if (m->current.unacknowledged()) {
            signal_.send(m->tid);
            any = true;
        }
    }
    return any;
}

void sqthread::look() {
    clock::time_point now = clock::now();
    if (now - looked_ < patience)
        return;
    looked_ = now;
    relieve();
    interrupting_ = interrupting_ && interrupt_again();
}

void sqthread::relieve() {
    uint64_t call = call_.load(relaxed);
    bool still_in_it = call && call == seen_call_;
    seen_call_ = call;
    // Once a call: a thread that has been summoned may be slow to come. Without one to be had the
    // leader stays, until the next look.
    if (still_in_it && call != relieved_ && call >> 1 != next_ && summon(role::take_over, call))
        relieved_ = call;
}

unsigned sqthread::threads() {
    locked hold(lock_);
    return static_cast<unsigned>(members_.size());
}

// ---- the threads

int sqthread::start(role what, uint64_t call, if_cpus_are_gone then) {
    std::unique_ptr<member> made(new (std::nothrow) member{*this, what, call});
    if (!made)
        return -ENOMEM;
    member &m = *made;
    {
        locked hold(lock_);
        if (members_.size() == most_threads_)
            return -EAGAIN;
        members_.push_back(std::move(made));
    }
    auto main = [](void *arg) -> void * {
        name_this_thread("iowq-sq");
        auto *self = static_cast<member *>(arg);
        self->owner.run(*self);
        return nullptr;
    };
    int error = start_thread(m.thread, config_.cpus, main, &m, signal_.number(), then);
    if (error) {
        locked hold(lock_);
        std::erase_if(members_, [&m](const auto &each) { return each.get() == &m; });
    }
    return error;
}

bool sqthread::summon(role what, uint64_t call) {
    member *m;
    {
        locked hold(lock_);
        m = standbys_;
        if (m)
            standbys_ = m->next_standby;
    }
    if (!m)
        return start(what, call, if_cpus_are_gone::use_others) == 0;
    m->next_role = what;
    m->call = call;
    m->park.unpark();
    return true;
}

// Becomes a standby before it pushes its request as done: so the leader finds a standby when the
// next request comes.
bool sqthread::stand_by(member &self, request *done) {
    bool stays;
    {
        locked hold(lock_);
        stays = !stop_.load(relaxed);
        if (stays) {
            self.next_standby = standbys_;
            standbys_ = &self;
        }
    }
    if (done)
        completions_.push(*done);
    if (stays)
        self.park.park();
    return stays && self.next_role != role::leave;
}

void sqthread::run(member &self) {
    {
        locked hold(lock_);
        self.tid = this_task();
    }
    issue_on_own_thread(self.current);
    its_.take();
    request *done;
    do {
        done = nullptr;
        // Acquire: pairs with issue_unless_relieved, which publishes head_.
        if (self.next_role == role::lead || call_.compare_exchange_strong(self.call, 0, acquire))
            done = lead(self);
    } while (stand_by(self, done));
}

// ---- the leader

// Leads until another thread does: returns the request whose call has cost it the leadership, and
// which is done. nullptr: the ring is to end.
request *sqthread::lead(member &self) {
    do {
        while (request *r = take()) {
            outcome came_to = issue_as(self, *r);
            if (came_to == outcome::done)
                completions_.push(*r);
            if (came_to != outcome::relieved)
                continue;
            r->path |= path_handed_over;
            return r;
        }
    } while (wait_for_work(self));
    return nullptr;
}

// The oldest request, or nullptr.
request *sqthread::take() {
    uint32_t oldest = head_.load(relaxed);
    if (!published_behind(oldest, relaxed))
        return nullptr;
    head_.store(oldest + 1, seq_cst); // see take_back
    if (published_behind(oldest, seq_cst)) {
        iowq_assert_all(head_.load(relaxed) == oldest + 1); // nobody else leads
        return slots_[oldest & mask_];
    }
    head_.store(oldest, relaxed); // the submitter is taking it back
    return nullptr;
}

sqthread::outcome sqthread::issue_as(member &self, request &r) {
    self.current.publish(&r.item);
    outcome came_to = issue(r);
    end_interruptible(self.current, [this] { locked wait(lock_); });
    return came_to;
}

sqthread::outcome sqthread::issue(request &r) {
    if (r.way.first == route::tries && try_first(r, route::thread))
        return outcome::done;
    if (r.way.call == route::may && config_.looked_at)
        return issue_unless_relieved(r);
    bool relieved = r.way.call != route::never && summon(role::lead);
    issue_blocking(r);
    return relieved ? outcome::relieved : outcome::done;
}

sqthread::outcome sqthread::issue_unless_relieved(request &r) {
    uint64_t call = uint64_t{head_.load(relaxed)} << 1 | 1;
    call_.store(call, release); // publishes head_ to the standby that takes over
    issue_blocking(r);
    bool still = call_.compare_exchange_strong(call, 0, relaxed);
    return still ? outcome::done : outcome::relieved;
}

// False: the ring is to end.
bool sqthread::wait_for_work(member &self) {
    uint32_t head = head_.load(relaxed);
    if (may_spin()) {
        uint16_t cpu = submitter_on_.load(relaxed);
        if (config_.dodges && spin_.pays() && self.off_submitter.is_due(cpu))
            self.off_submitter.move(cpu, config_.cpus);
        (void)spin_.until(
            [&] { return published_behind(head, relaxed) || stop_.load(relaxed) || !may_spin(); });
    }
    if (published_behind(head, relaxed))
        return true;
    if (stop_.load(acquire) && !published_behind(head, relaxed))
        return false;
    asleep_.store(true, seq_cst);
    if (!published_behind(head, seq_cst)) // pairs with publish
        leaders_park_.park();
    asleep_.store(false, relaxed);
    return true;
}

} // namespace iowq
