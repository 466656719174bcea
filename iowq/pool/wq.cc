// SPDX-License-Identifier: MIT
#include "iowq/pool/wq.h"

#include "iowq/os/assert.h"
#include "iowq/os/probe.h"
#include "iowq/os/thread.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <new>

namespace iowq {

unsigned wq_config::default_max_bound() {
    return std::min(4 * cpu_mask::of_this_thread().count(), most_threads());
}
unsigned wq_config::default_max_unbound() { return most_threads(); }

int wq::create(const wq_config &config, std::unique_ptr<wq> &out, std::string *why) {
    unsigned most = most_threads();
    for (unsigned limit : {config.max_bound, config.max_unbound})
        if (limit == 0 || limit > most)
            return -EINVAL;
    if (config.max_running == 0u || config.idle.count() < 0 || config.spin.count() < 0)
        return -EINVAL;

    wq_config settled = config;
    if (!settled.reach)
        settled.reach = cpu_mask::of_this_thread();
    if (!settled.cpus)
        settled.cpus = settled.reach;
    if (!settled.cpus->count() || !settled.cpus->within(*settled.reach))
        return -EINVAL;

    try {
        topology machine;
        if (int error = topology::load(*settled.cpus, machine))
            return error;
        std::string reason;
        if (config.place == placement::node && machine.nearest(config.node) < 0) {
            (why ? *why : reason) = "there is no node " + std::to_string(config.node) +
                                    " here; there are: " + machine.os_numbers();
            return -EINVAL;
        }
        if (config.place == placement::none)
            machine = machine.as_one_node();
        if (int error = can_have(config.threads, *settled.cpus, why ? *why : reason))
            return error;
        std::unique_ptr<iowq::sleep_hook> hook;
        if (int error = open_sleep_hook(config.sleep_hook, hook, why ? *why : reason))
            return error;
        std::unique_ptr<wq> pool(new wq(settled, config.cpus.has_value(),
                                        !config.cpus && !config.reach, std::move(machine),
                                        std::move(hook)));
        if (int error = pool->signal_.open(config.signal))
            return error;
        pool->show();
        out = std::move(pool);
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return 0;
}

wq::wq(const wq_config &config, bool own_cpus, bool grows, topology machine,
       std::unique_ptr<iowq::sleep_hook> hook)
    : config_(config), grows_(grows), topology_(std::move(machine)),
      only_node_(config.place == placement::node
                     ? static_cast<unsigned>(topology_.nearest(config.node))
                     : 0),
      never_helped_(own_cpus || !serves_where_submitted()), hook_(std::move(hook)),
      helpers_welcome_(!never_helped_) {
    const cpus_now now = threads_.now();
    for (unsigned node = 0; node < topology_.nodes(); node++) {
        arenas_.push_back(std::make_unique<node_arena>(topology_.memory(node)));
        for (bool bound : {true, false})
            accts_.push_back(arenas_[node]->make<acct>(
                bound, node, bound ? config_.max_bound : config_.max_unbound,
                threads_.max_running(now), config_.last_stays, now.spinning_pays()));
    }
}

wq::~wq() {
    if (exit() != 0) {
        fputs("iowq: a wq was destroyed from inside one of its own items\n", stderr);
        abort();
    }
}

int wq::exit() {
    if (orphaned())
        return 0;
    if (inside(*this))
        return -EDEADLK;
    locked guard(exit_lock_);
    ending caller(*this);
    if (exiting_.exchange(true, relaxed))
        return 0;
    for (auto &a : accts_) {
        work_list cancelled, passed;
        acct::action todo;
        worker *to_wake = a->close(cancelled, todo);
        if (!a->bound)
            cancelled.append(chains_.close(passed));
        run_markers(passed);
        cancel_list(cancelled);
        wake_all(to_wake);
        act(*a, todo);
    }
    // Whatever is unbound and not published by now is not run any more, but cancelled.
    bool any = false;
    for (auto &a : accts_)
        any |= a->cancel_running([](current_work &c, work *) { return c.is_unbound(); }, true,
                                 signal_);
    if (any)
        monitor_.interrupt_soon();
    // The monitor is stopped last: until then a worker may have to be compensated for, or signalled
    // again. It may be creating a worker just now, so they are joined once more after it.
    // A helper may put a chain back, and ask for a worker, as long as it is there.
    auto helped = [this] {
        return std::any_of(accts_.begin(), accts_.end(), [](auto &a) { return a->has_helper(); });
    };
    while (helped() || !threads_.join_workers() || counters().nr_workers > 0)
        yield();
    threads_.stay_where_they_are();
    monitor_.stop();
    while (!threads_.join_workers())
        yield();
    iowq_assert(counters().nr_workers == 0);
    for (auto &a : accts_)
        cancel_list(a->with_queue(
            [](work_queue &q) { return q.take_all(); })); // items that no thread was to be had for
    return 0;
}

int wq::enqueue(work *w, bool &woke) {
    woke = false;
    if (!w || !w->func)
        return -EINVAL;
    const void *expected = work::nowhere;
    // Relaxed: it only tells two enqueues apart. The caller knows that the item's last run is over.
    if (!w->where.compare_exchange_strong(expected, work::on_its_way, relaxed))
        return -EBUSY;
    IOWQ_PROBE(enqueue, this, w, w->flags);
    int error = -ESHUTDOWN;
    acct::action todo;
    if (!exiting_.load(relaxed) && !orphaned()) {
        acct &home = acct_for(node_for(*w), w->flags);
        if (w->flags & work_hashed) {
            error = chains_.enqueue(w, home, todo);
        } else {
            // The flags are read first: once pushed, the item may be run and gone.
            bool concurrent = w->flags & work_concurrent;
            error = home.push(w);
            if (!error)
                todo = home.pushed(concurrent);
        }
        if (!error) {
            woke = todo.what == acct::action::wake || todo.what == acct::action::create;
            act(home, todo);
            return 0;
        }
    }
    w->where.store(work::nowhere, relaxed);
    return error;
}

unsigned wq::node_for(const work &w) {
    switch (config_.place) {
    case placement::device:
        if (int node = w.node < 0 ? -1 : topology_.nearest(static_cast<unsigned>(w.node));
            node >= 0)
            return static_cast<unsigned>(node);
        [[fallthrough]];
    case placement::local:
    case placement::none:
        return topology_.here();
    case placement::interleave:
        return turn_.fetch_add(1, relaxed) % topology_.nodes();
    case placement::node:
        return only_node_;
    }
    __builtin_unreachable();
}

void wq::act(acct &a, acct::action todo) {
    switch (todo.what) {
    case acct::action::nothing:
        return;
    case acct::action::wake:
        todo.who->park.unpark();
        return;
    case acct::action::create:
        create_worker(a, todo);
        return;
    case acct::action::elsewhere:
        call_for_help(a);
    }
}

bool wq::hands_over() const {
    return config_.place == placement::device || config_.place == placement::interleave;
}

// A node has no worker left for what it has queued: calls the nearest node that has one to spare.
void wq::call_for_help(const acct &from) {
    if (!hands_over())
        return;
    for (unsigned node : topology_.others(from.node)) {
        acct &other = acct_for(node, from.bound ? 0u : work_unbound);
        acct::action todo = other.called();
        if (todo.what != acct::action::wake && todo.what != acct::action::create)
            continue; // it is at its limit too, or its running worker will look before it parks
        act(other, todo);
        return;
    }
}

work *wq::take_elsewhere(worker &self, work_list &passed) {
    if (!hands_over())
        return nullptr;
    for (unsigned node : topology_.others(self.home.node))
        if (work *w = acct_for(node, self.home.bound ? 0u : work_unbound).take_away(self, passed))
            return w;
    return nullptr;
}

void wq::wake_all(worker *linked) {
    while (linked) {
        worker *w = linked;
        linked = w->next_free; // before it is awake
        w->park.unpark();
    }
}

void wq::create_worker(acct &home, acct::action asked) {
    int error = start_monitor();
    bool again = !error; // it is the monitor that tries again
    if (!error)
        error = threads_.create_worker(home);
    if (!error)
        return;
    work_list cancelled;
    acct::action todo = home.create_failed(asked, again && error == -EAGAIN, cancelled);
    cancel_list(cancelled);
    act(home, todo);
    if (monitor_.is_there())
        monitor_.retry_soon();
    else
        give_up_creating();
}

// The monitor is a pool's first thread, and the one that tries creations again. Where the monitor
// itself is not to be had, the caller makes these tries, and waits for them.
int wq::start_monitor() {
    if (!monitor_.wants_start())
        return 0;
    parker nobody;
    int error = threads_.start_monitor();
    for (int failed = 1; error == -EAGAIN && failed <= creation_retries; failed++) {
        (void)nobody.park(clock::now() + failed * creation_pause);
        error = threads_.start_monitor();
    }
    if (error)
        monitor_.give_up_start();
    return error;
}

// There is no monitor to try again: a creation that waits for a retry is tried now, for the last
// time.
void wq::give_up_creating() {
    deadline none;
    for (auto &a : accts_)
        act(*a, a->retry_creation(clock::time_point::max(), none));
}

// ---- fork

void wq::hold_still() IOWQ_ANNOTATE(no_thread_safety_analysis) {
    threads_.hold_still();
    chains_.hold_still();
}

void wq::go_on() IOWQ_ANNOTATE(no_thread_safety_analysis) {
    chains_.go_on();
    threads_.go_on();
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

bool wq::help_with_oldest(bool may_sleep) {
    return !orphaned() && iowq::help(acct_for(topology_.here(), 0), chains_, *this, may_sleep);
}

int wq::flush() {
    if (orphaned())
        return 0;
    if (inside(*this))
        return -EDEADLK;
    // Puts a marker behind what is queued on each acct and chain. The thread that takes, or
    // cancels, the last item before a marker calls it, so nothing has to finish for that.
    struct latch {
        atomic<unsigned> left{1};
        parker done;
        void count_down() {
            // acq_rel: the last one publishes to flush that all the others are done too.
            if (left.fetch_sub(1, acq_rel) == 1)
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
        all.left.fetch_add(1, relaxed);
        return &m;
    };
    int error = 0;
    try {
        for (auto &a : accts_)
            if (marker *m = new_marker(); !a->with_queue([m](work_queue &q) { return q.mark(m); }))
                all.count_down();
        chains_.mark_each(new_marker);
    } catch (const std::bad_alloc &) {
        error = -ENOMEM;
    }
    all.count_down();
    all.done.park();
    return error;
}

worker_limits wq::max_workers(worker_limits wanted) {
    if (orphaned())
        return {};
    unsigned most = most_threads();
    worker_limits old;
    for (auto &a : accts_) {
        acct::action todo;
        worker *to_leave = nullptr;
        unsigned &was = a->bound ? old.bound : old.unbound;
        was = a->set_max_workers(std::min(a->bound ? wanted.bound : wanted.unbound, most), todo,
                                 to_leave);
        wake_all(to_leave);
        act(*a, todo);
    }
    return old;
}

int wq::set_affinity(const std::optional<cpu_mask> &cpus) {
    if (orphaned())
        return -ESHUTDOWN;
    cpu_mask reach = *config_.reach | (grows_ ? threads_.now().cpus : cpu_mask());
    if (cpus && (!cpus->count() || !cpus->within(reach)))
        return -EINVAL;
    helpers_welcome_.store(!cpus && !never_helped_, relaxed);
    try {
        int error = threads_.move_to(cpus, accts_);
        more_may_run();
        return error;
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
}

wq::pace wq::paced() {
    if (orphaned())
        return {};
    const cpus_now now = threads_.now();
    return {now, threads_.max_running(now)};
}

void wq::follow_cpus() {
    try {
        reread_cpu_quota();
        if (threads_.follow(accts_))
            more_may_run();
    } catch (const std::bad_alloc &) { // later
    }
}

// What has waited because so many ran.
void wq::more_may_run() {
    for (auto &a : accts_)
        for (acct::action todo; (todo = a->more_may_run()).what != acct::action::nothing;)
            act(*a, todo);
}

wq_counters wq::counters(std::optional<unsigned> node) {
    wq_counters sum;
    if (orphaned())
        return sum;
    for (auto &a : accts_)
        if (!node || a->node == *node)
            sum += a->counters();
    return sum;
}

void wq::show() {
    shown_.begin("pool", this, nullptr, [this](shown_figures &to) {
        for (auto &a : accts_)
            a->show(to, static_cast<int>(topology_.os_number(a->node)));
        chains_.show(to);
    });
}

} // namespace iowq
