// SPDX-License-Identifier: MIT
#include "iowq/pool/worker_set.h"

#include "iowq/os/assert.h"
#include <algorithm>
#include <utility>

namespace iowq {

worker_set::action worker_set::employ(bool concurrent) {
    if (free_) {
        counted_.wakes++;
        return {action::wake, std::exchange(free_, free_->next_free), concurrent};
    }
    if (nr_workers_ >= max_workers_ || waits_for_retry())
        return {action::elsewhere};
    nr_workers_++;
    iowq_assert(nr_workers_ <= max_workers_);
    counted_.created++;
    return {action::create, nullptr, concurrent};
}

void worker_set::started(worker &w, int place) {
    failed_creations_ = 0;
    w.tid = this_task();
    w.place = place;
    w.next_known = known_;
    known_ = &w;
}

void worker_set::park(worker &w) {
    iowq_assert_all(!w.current.get());
    w.rested = false;
    w.next_free = free_;
    free_ = &w;
}

void worker_set::forget(worker &w) {
    iowq_assert(nr_workers_ > 0);
    nr_workers_--;
    counted_.reaped += !exiting_;
    for (worker **link = &known_; *link; link = &(*link)->next_known) {
        if (*link == &w) {
            *link = w.next_known;
            return;
        }
    }
    iowq_assert(!"a worker that leaves has been known");
}

worker *worker_set::take_free() { return std::exchange(free_, nullptr); }

void worker_set::dismiss(worker **free, worker *&to_leave) {
    worker *w = *free;
    *free = w->next_free;
    forget(*w);
    w->leaving = true;
    w->next_free = to_leave;
    to_leave = w;
}

worker *worker_set::reap(bool &due) {
    worker *to_leave = nullptr;
    // The first on the list is the last to have parked.
    for (worker **link = free_ && last_stays_ ? &free_->next_free : &free_; *link;) {
        worker *w = *link;
        if (!std::exchange(w->rested, true)) {
            due = true;
            link = &w->next_free;
            continue;
        }
        dismiss(link, to_leave);
    }
    return to_leave;
}

unsigned worker_set::set_max(unsigned most, worker *&to_leave) {
    unsigned old = max_workers_;
    if (most) {
        max_workers_ = most;
        while (above_limit() && free_) // the last to have parked goes last
            dismiss(free_->next_free ? &free_->next_free : &free_, to_leave);
    }
    return old;
}

int worker_set::move_to(const cpu_mask &cpus) {
    int error = 0;
    for (worker *w = known_; w; w = w->next_known)
        if (int e = w->lent ? 0 : move_task(w->tid, cpus); e && !error)
            error = e;
    return error;
}

bool worker_set::any_busy() const {
    unsigned parked = 0;
    for (worker *w = free_; w; w = w->next_free)
        parked++;
    return nr_workers_ > parked;
}

void worker_set::follow(const cpu_mask &cpus, const cpu_mask &was, const cpu_mask &all) {
    for (worker *w = known_; w; w = w->next_known) {
        cpu_mask on = cpu_mask::of_task(w->tid);
        if (w->lent)
            continue;
        if (on.within(all) && on != all && on != cpus && on != w->off_submitter.within(was))
            continue;
        // Also where it is there already: the kernel may have put it there for a while only.
        cpu_mask wanted = w->off_submitter.within(cpus);
        (void)move_task(w->tid, wanted.count() ? wanted : cpus);
    }
}

bool worker_set::creation_failed(const action &asked, bool again) {
    iowq_assert(asked.what == action::create && nr_workers_ > 0);
    nr_workers_--;
    counted_.created--;
    if (free_) { // one has parked meanwhile
        failed_creations_ = 0;
        return true;
    }
    again &= !exiting_; // the monitor, which would retry, is to end
    retry_concurrent_ |= again && asked.concurrent;
    if (again && failed_creations_ && clock::now() < retry_at_)
        return true; // one retry is enough for two creations that failed at once
    if (again && failed_creations_ < creation_retries) {
        failed_creations_++;
        retry_at_ = clock::now() + failed_creations_ * creation_pause;
        return true;
    }
    failed_creations_ = 0;
    retry_concurrent_ = false;
    return false;
}

std::optional<worker_set::retry> worker_set::take_retry(clock::time_point now, deadline &due) {
    if (!waits_for_retry())
        return {};
    if (now < retry_at_) {
        due = due ? std::min(*due, retry_at_) : retry_at_;
        return {};
    }
    return retry{std::exchange(failed_creations_, 0), std::exchange(retry_concurrent_, false)};
}

bool worker_set::interrupt_again(const interrupt_signal &signal) {
    bool any = false;
    for (worker *w = known_; w; w = w->next_known) {
        if (w->current.unacknowledged()) {
            signal.send(w->tid);
            any = true;
        }
    }
    return any;
}

size_t worker_set::suspects(std::span<suspect> out, size_t skip) {
    size_t n = 0;
    for (worker *w = known_; w && n < out.size(); w = w->next_known) {
        uint32_t call = w->call.load(seq_cst); // pairs with enter_call's store
        if (!(call & worker::in_call) || call & worker::asleep)
            continue;
        if (skip) {
            skip--;
            continue;
        }
        out[n++] = {w, call, w->tid, w->place, call == w->seen_call};
        w->seen_call = call;
    }
    return n;
}

size_t worker_set::found(std::span<suspect> out, size_t skip) {
    size_t n = 0;
    for (worker *w = known_; w && n < out.size(); w = w->next_known) {
        uint32_t call = w->call.load(relaxed); // acct::found_running's CAS looks again
        if (!(call & worker::asleep))
            continue;
        if (skip)
            skip--;
        else
            out[n++] = {w, call, w->tid, w->place, true};
    }
    return n;
}

} // namespace iowq
