// SPDX-License-Identifier: MIT
#include "wq.h"

#include "thread.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <new>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace iowq {

namespace {

// A worker seen in the same call at two looks this far apart counts as asleep. While nothing is found
// the monitor looks less and less often, so that a pool that is busy but never blocks hardly pays.
constexpr auto first_look = std::chrono::microseconds(50);
constexpr auto rarest_look = std::chrono::microseconds(2000);
constexpr int idle_looks = 4; // without any worker in such a call, before the monitor sleeps

constexpr int creation_retries = 3;
constexpr auto creation_pause = std::chrono::milliseconds(5); // times the number of the try

unsigned nproc_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NPROC, &limit);
    // Thread counts beyond this are out of any machine's reach; it keeps the arithmetic in range.
    constexpr rlim_t most = 1u << 20;
    return static_cast<unsigned>(std::min(limit.rlim_cur, most));
}

} // namespace

unsigned wq_config::default_max_bound() {
    return std::min(4 * cpu_mask::of_this_thread().count(), nproc_limit());
}
unsigned wq_config::default_max_unbound() { return nproc_limit(); }
unsigned wq_config::default_max_running() { return 2 * cpu_mask::of_this_thread().count(); }

int wq::create(const wq_config &config, std::unique_ptr<wq> &out) {
    unsigned most = nproc_limit();
    for (unsigned limit : {config.max_bound, config.max_unbound})
        if (limit == 0 || limit > most)
            return -EINVAL;
    if (config.max_running == 0 || config.idle.count() < 0 || config.spin.count() < 0)
        return -EINVAL;

    wq_config settled = config;
    cpu_mask mine = cpu_mask::of_this_thread();
    if (!settled.cpus)
        settled.cpus = mine;
    if (!settled.cpus->count() || !settled.cpus->within(mine))
        return -EINVAL;
    if (settled.cpus->count() == 1)
        settled.spin = {}; // whoever is waited for needs this very CPU

    try {
        topology machine;
        if (int error = topology::load(*settled.cpus, machine))
            return error;
        std::unique_ptr<wq> pool(new wq(settled, std::move(machine)));
        if (int error = start_thread(pool->monitor_, *settled.cpus, monitor_main, pool.get())) {
            pool->monitor_ = {};
            return error;
        }
        out = std::move(pool);
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return 0;
}

wq::wq(const wq_config &config, topology machine) : config_(config), topology_(std::move(machine)) {
    for (unsigned node = 0; node < topology_.nodes(); node++) {
        accts_.push_back(
            std::make_unique<acct>(true, node, config_.max_bound, config_.max_running));
        accts_.push_back(
            std::make_unique<acct>(false, node, config_.max_unbound, config_.max_running));
    }
    retries_.resize(accts_.size());
}

wq::~wq() {
    exiting_.store(true, std::memory_order_relaxed);
    for (auto &a : accts_) {
        work_list cancelled;
        worker *to_wake = a->close(cancelled);
        cancel_list(cancelled);
        if (!a->bound)
            cancel_list(chains_.take_unbound());
        while (to_wake) {
            worker *w = to_wake;
            to_wake = w->next_free;
            w->park.unpark();
        }
    }
    join_all();
    // Only now: until the last worker has left, it may have to be made up for.
    stop_monitor_.store(true, std::memory_order_release); // pairs with run_monitor's acquire
    monitor_park_.unpark();
    if (monitor_)
        pthread_join(monitor_, nullptr);
    join_all(); // what the monitor created last
}

int wq::enqueue(work *w, bool &woke) {
    if (!w || !w->func)
        return -EINVAL;
    work_state expected = work_state::idle;
    // Relaxed: it only tells two enqueues apart; that its last run is over is the caller's to know.
    if (!w->state.compare_exchange_strong(expected, work_state::queued, std::memory_order_relaxed))
        return -EBUSY;
    int error = -ESHUTDOWN;
    acct::action todo;
    if (!exiting_.load(std::memory_order_relaxed)) {
        w->node = static_cast<uint16_t>(topology_.here());
        acct &home = acct_for(w->node, w->flags);
        if (w->flags & work_hashed) {
            bool waits = false;
            error = chains_.enqueue(w, home, waits, todo);
            if (waits)
                chain_waits_.fetch_add(1, std::memory_order_relaxed);
        } else {
            // The flags are read first: once pushed, the item may be run and gone.
            bool concurrent = w->flags & work_concurrent;
            error = home.push(w);
            if (!error)
                todo = home.pushed(concurrent);
        }
        if (!error) {
            woke = todo.what != acct::action::nothing;
            act(home, todo);
            return 0;
        }
    }
    w->state.store(work_state::idle, std::memory_order_relaxed);
    return error;
}

void wq::act(acct &a, acct::action todo) {
    switch (todo.what) {
    case acct::action::nothing:
        return;
    case acct::action::wake:
        todo.who->park.unpark();
        return;
    case acct::action::create:
        create_worker(a);
    }
}

void wq::create_worker(acct &home) {
    int error = create_thread(home);
    if (!error)
        return;
    if (error == -EAGAIN) {
        locked guard(retries_lock_);
        retry &r = retries_[acct_index(home)];
        if (r.tries == 0) {
            r = {1, clock::now() + creation_pause};
            error = 0;
        } // else one is to be tried again already, and that is enough
    }
    if (error)
        give_up(home);
    else
        monitor_park_.unpark();
}

void wq::give_up(acct &home) {
    work_list cancelled;
    acct::action todo = home.create_failed(cancelled);
    cancel_list(cancelled);
    act(home, todo);
}

int wq::create_thread(acct &home) {
    worker *record = take_record(home);
    if (!record)
        return -ENOMEM;
    int error = start_thread(record->thread, topology_.cpus(home.node), worker_main, record);
    locked guard(threads_lock_);
    record->phase = error ? worker::spare : worker::live;
    return error;
}

worker *wq::take_record(acct &home) {
    worker *found = nullptr;
    bool joinable = false;
    {
        locked guard(threads_lock_);
        for (auto &r : records_) {
            joinable = r->phase == worker::live && r->gone.load(std::memory_order_acquire);
            if (&r->home == &home && (joinable || r->phase == worker::spare)) {
                found = r.get();
                found->phase = worker::starting;
                break;
            }
        }
        if (!found) {
            try {
                records_.push_back(std::make_unique<worker>(*this, home, config_.spin));
            } catch (const std::bad_alloc &) {
                return nullptr;
            }
            return records_.back().get();
        }
    }
    if (joinable)
        pthread_join(found->thread, nullptr);
    found->gone.store(false, std::memory_order_relaxed);
    return found;
}

void wq::join_all() {
    // A worker that is just creating another one is live itself until that one is.
    for (;;) {
        worker *next = nullptr;
        {
            locked guard(threads_lock_);
            for (auto &r : records_)
                if (r->phase == worker::live)
                    next = r.get();
            if (!next)
                return;
            next->phase = worker::starting; // nobody else's, until joined
        }
        pthread_join(next->thread, nullptr);
        locked guard(threads_lock_);
        next->phase = worker::spare;
    }
}

void wq::cancel_list(work_list items) {
    while (work *w = items.pop_front()) {
        if (chain *c = chain_table::of(w)) {
            cancel_list(chains_.dissolve(*c));
        } else {
            run_cancelled(w);
        }
    }
}

int wq::flush() {
    if (on_worker_of(*this))
        return -EDEADLK;
    // A marker behind everything that is queued anywhere. It is called by whoever takes, or cancels,
    // the last item before it, so nothing has to finish for that.
    struct latch {
        std::atomic<unsigned> left{1};
        parker done;
        void count_down() {
            // acq_rel: the last one publishes to flush that all the others are done too.
            if (left.fetch_sub(1, std::memory_order_acq_rel) == 1)
                done.unpark();
        }
    };
    struct marker : work {
        latch *all = nullptr;
    };
    latch all;
    std::deque<marker> markers;
    auto new_marker = [&] {
        marker &m = markers.emplace_back();
        m.func = [](work **w) { static_cast<marker *>(*w)->all->count_down(); };
        m.flags = work_marker;
        m.all = &all;
        all.left.fetch_add(1, std::memory_order_relaxed);
        return &m;
    };
    int error = 0;
    try {
        for (auto &a : accts_)
            if (marker *m = new_marker(); !a->mark(m))
                all.count_down();
        chains_.mark_each(new_marker);
    } catch (const std::bad_alloc &) {
        error = -ENOMEM;
    }
    all.count_down();
    all.done.park();
    return error;
}

cancel_result wq::cancel(work *w) {
    // Relaxed: two threads may cancel one item, and then work_cancel, which is not looked at here, may
    // be set at this very moment.
    uint32_t flags = std::atomic_ref(w->flags).load(std::memory_order_relaxed);
    work_list passed;
    if (flags & work_hashed ? chains_.cancel(w, passed)
                            : acct_for(w->node, flags).cancel(w, passed)) {
        run_markers(passed);
        run_cancelled(w);
        return cancel_result::ok;
    }
    for (auto &a : accts_)
        if (a->runs(w))
            return cancel_result::running;
    return cancel_result::notfound;
}

wq_counters wq::counters() {
    wq_counters sum;
    for (auto &a : accts_) {
        acct_counters c = a->counters();
        sum.wakes += c.wakes;
        sum.workers_created += c.workers_created;
        sum.workers_reaped += c.workers_reaped;
        sum.nr_workers += c.nr_workers;
        sum.peak_running += c.peak_running;
        sum.peak_blocked += c.peak_blocked;
    }
    sum.chain_waits = chain_waits_.load(std::memory_order_relaxed);
    return sum;
}

void *wq::worker_main(void *arg) {
    worker &self = *static_cast<worker *>(arg);
    char name[16];
    snprintf(name, sizeof name, "iowq-wrk-%u%c", self.home.node % 1000,
             self.home.bound ? 'b' : 'u');
    pthread_setname_np(pthread_self(), name);
    run_worker(self, self.pool.chains_, self.pool.config_.idle);
    self.gone.store(true, std::memory_order_release);
    return nullptr;
}

void *wq::monitor_main(void *arg) {
    pthread_setname_np(pthread_self(), "iowq-monitor");
    prctl(PR_SET_TIMERSLACK, 1000); // ns; the default of 50 us would double the first look
    static_cast<wq *>(arg)->run_monitor();
    return nullptr;
}

void wq::start_watching() {
    if (!watching_.exchange(true, std::memory_order_seq_cst))
        monitor_park_.unpark();
}

bool wq::look_round(bool &found) {
    bool in_call = false;
    for (auto &a : accts_)
        act(*a, a->look_for_sleepers(in_call, found));
    return in_call;
}

void wq::run_monitor() {
    std::chrono::microseconds pause = first_look;
    int idle = 0;
    deadline next_look, next_retry;
    for (;;) {
        deadline until = next_look;
        if (next_retry && (!until || *next_retry < *until))
            until = next_retry;
        monitor_park_.park(until);
        bool last = stop_monitor_.load(std::memory_order_acquire);
        next_retry = retry_creations(last);
        if (last)
            return;
        if (!watching_.load(std::memory_order_seq_cst) || (next_look && clock::now() < *next_look))
            continue;

        bool found = false;
        idle = look_round(found) ? 0 : idle + 1;
        if (found)
            pause = first_look;
        if (idle == idle_looks) {
            idle = 0;
            pause = first_look;
            // Pairs with blocking: a worker that still saw true is seen by this last look.
            watching_.store(false, std::memory_order_seq_cst);
            if (!look_round(found)) {
                next_look.reset();
                continue;
            }
            watching_.store(true, std::memory_order_seq_cst);
        }
        next_look = clock::now() + pause;
        pause = std::min(2 * pause, rarest_look);
    }
}

// Tries again to create the threads whose time has come; `last`: gives up on those that are left.
// Says when the next one is due.
deadline wq::retry_creations(bool last) {
    deadline next;
    for (auto &a : accts_) {
        retry r;
        {
            locked guard(retries_lock_);
            r = retries_[acct_index(*a)];
        }
        if (r.tries == 0)
            continue;
        if (last || clock::now() >= r.at) {
            int error = last ? -EAGAIN : create_thread(*a);
            bool again = error == -EAGAIN && !last && r.tries < creation_retries;
            r.tries = again ? r.tries + 1 : 0;
            r.at = clock::now() + r.tries * creation_pause;
            {
                locked guard(retries_lock_);
                retries_[acct_index(*a)] = r;
            }
            if (error && !again)
                give_up(*a);
        }
        if (r.tries && (!next || r.at < *next))
            next = r.at;
    }
    return next;
}

} // namespace iowq
