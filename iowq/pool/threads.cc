// SPDX-License-Identifier: MIT
#include "iowq/pool/threads.h"

#include "iowq/os/assert.h"
#include "iowq/os/probe.h"
#include "iowq/os/thread.h"
#include "iowq/pool/wq.h"

#include <cerrno>
#include <cstdio>
#include <new>

namespace iowq {

threads::threads(const surroundings &around, const cpus_now &now, bool grows)
    : around_(around), made_with_(now.cpus), now_(now), grows_(grows) {
    for (unsigned node = 0; node < around_.machine.nodes(); node++)
        by_node_.push_back(around_.machine.cpus(node));
}

// ---- creating

int threads::create_worker(acct &home) {
    worker *record = take_record(home);
    if (!record)
        return -ENOMEM;
    cpu_mask cpus;
    {
        locked guard(affinity_lock_);
        cpus = by_node_[home.node];
        record->affinity_epoch = epoch_;
    }
    int error = start(*record, cpus);
    if (!error)
        IOWQ_PROBE(create, &around_.pool, home.node, home.bound);
    locked guard(records_lock_);
    iowq_assert(record->phase == worker::starting);
    record->phase = error ? worker::spare : worker::live;
    return error;
}

int threads::start(worker &record, const cpu_mask &cpus) {
    record.lent = static_cast<bool>(around_.wishes.lend);
    if (record.lent)
        return around_.wishes.lend([](void *arg) { (void)worker_main(arg); }, &record);
    auto make = [&] {
        return start_thread(record.thread, cpus, worker_main, &record, around_.signal.number(),
                            if_cpus_are_gone::use_others, around_.wishes.stack);
    };
    return create_by(around_.wishes, make);
}

worker *threads::take_record(acct &home) {
    worker *found = nullptr;
    bool joinable = false;
    {
        locked guard(records_lock_);
        for (auto &r : records_) {
            joinable = r->phase == worker::live && r->gone.load(acquire);
            if (&r->home == &home && (joinable || r->phase == worker::spare)) {
                found = r.get();
                found->phase = worker::starting;
                break;
            }
        }
        if (!found) {
            try {
                records_.push_back(around_.arenas[home.node]->make<worker>(
                    around_.pool, home, around_.spin, around_.kind));
            } catch (const std::bad_alloc &) {
                return nullptr;
            }
            return records_.back().get();
        }
    }
    if (joinable && !found->lent)
        join(found->thread);
    found->gone.store(false, relaxed);
    return found;
}

int threads::start_monitor() {
    cpu_mask cpus;
    unsigned epoch;
    {
        locked guard(affinity_lock_);
        cpus = monitors_cpus();
        epoch = epoch_;
    }
    auto make = [&] { return around_.watcher.start(cpus); };
    int error = create_by(around_.wishes, make);
    locked guard(affinity_lock_);
    if (!error && epoch != epoch_)
        (void)around_.watcher.set_affinity(monitors_cpus());
    return error;
}

// ---- a worker's thread

void *threads::worker_main(void *record) {
    worker &self = *static_cast<worker *>(record);
    self.pool.its_threads().live(self);
    self.gone.store(true, release);
    return nullptr;
}

// The calling thread, which is the pool's own.
void threads::settle_in(const acct &home) {
    char name[16];
    snprintf(name, sizeof name, "%s-%u%c", around_.wishes.name.c_str(),
             around_.machine.os_number(home.node) % 1000, home.bound ? 'b' : 'u');
    name_this_thread(name);
    (void)set_priorities(around_.wishes.priorities); // tried when the pool was made
    live_on_node(around_.machine.memory(home.node));
}

void threads::live(worker &self) {
    const acct &home = self.home;
    std::optional<unblocking> unblocked;
    if (self.lent)
        unblocked.emplace(around_.signal.number());
    else
        settle_in(home);
    self.pool.starts();
    if (around_.wishes.starts)
        around_.wishes.starts();
    // Where the hook cannot watch this thread, the monitor looks it up in /proc.
    int place = around_.hook ? around_.hook->attach() : -1;
    self.home.with_workers([&](worker_set &w) { w.started(self, place); });
    {
        // If the CPUs changed before w.started, move_to has not moved this thread.
        locked guard(affinity_lock_);
        if (self.affinity_epoch != epoch_ && !self.lent)
            (void)move_task(0, by_node_[home.node]);
    }
    run_worker(self, around_.chains);
    if (place >= 0)
        around_.hook->detach(place);
    if (around_.wishes.ends)
        around_.wishes.ends();
    IOWQ_PROBE(reap, &around_.pool, home.node, home.bound);
}

// ---- joining

bool threads::join_workers() {
    for (;;) {
        worker *next = nullptr;
        {
            bool creating = false;
            locked guard(records_lock_);
            for (auto &r : records_) {
                creating |= r->phase == worker::starting;
                if (r->phase == worker::live)
                    next = r.get();
            }
            if (!next)
                return !creating;
            next->phase = worker::starting; // so that nobody else touches it until it is joined
        }
        if (next->lent)
            while (!next->gone.load(acquire))
                yield();
        else
            join(next->thread);
        locked guard(records_lock_);
        next->phase = worker::spare;
    }
}

// ---- CPUs

// Where the workers of each node run: on those of its CPUs that are in `all`, and on those of the
// nodes that have no workers of their own and are nearest to it.
std::vector<cpu_mask> threads::by_node(const cpu_mask &all) const {
    const topology &known = around_.machine;
    std::vector<cpu_mask> each(known.nodes());
    topology machine;
    if (known.nodes() == 1 || topology::load(all, machine)) {
        std::fill(each.begin(), each.end(), all);
        return each;
    }
    for (unsigned cpu : all.numbers()) {
        int os = machine.os_node_of(cpu);
        if (int node = os < 0 ? -1 : known.nearest(static_cast<unsigned>(os)); node >= 0)
            each[static_cast<unsigned>(node)].add(cpu);
    }
    for (cpu_mask &its : each)
        if (!its.count())
            its = all;
    return each;
}

// Where it grows, on all that the kernel lets it have.
cpu_mask threads::monitors_cpus() const {
    return named_ ? *named_ : grows_ ? cpu_mask::all() : made_with_;
}

void threads::place_monitor() {
    locked guard(affinity_lock_);
    // It has started on all that the kernel lets it have. Whoever has placed it since is to be
    // followed, so it is not put there again. If the process's cpuset has more than the pool was
    // made with, its creator's affinity leaves some out, and so does the pool.
    if (!grows_ || cpu_mask::of_this_thread().within(made_with_))
        return;
    grows_ = false;
    (void)move_task(0, monitors_cpus());
}

void threads::settle(const cpus_now &now, const std::vector<cpu_mask> &by_node,
                     const monitor::accts &accts) {
    epoch_ += by_node != by_node_;
    by_node_ = by_node;
    now_ = now;
    for (auto &a : accts)
        a->set_pace(max_running(now_), now_.spinning_pays());
}

int threads::move_to(const std::optional<cpu_mask> &cpus, const monitor::accts &accts) {
    const cpu_mask &all = cpus ? *cpus : made_with_;
    std::vector<cpu_mask> nodes = by_node(all);
    locked guard(affinity_lock_);
    if (!moves_)
        return -ESHUTDOWN;
    named_ = cpus;
    epoch_++;
    settle({all, now_.quota}, nodes, accts);
    int error = around_.watcher.set_affinity(monitors_cpus());
    for (auto &a : accts) {
        const cpu_mask &here = by_node_[a->node];
        int e = a->with_workers([&](worker_set &w) { return w.move_to(here); });
        error = error ? error : e;
    }
    return error;
}

void threads::move_off(worker &self, uint16_t cpu) {
    if (self.lent)
        return;
    locked guard(affinity_lock_); // so that it undoes no move_to
    self.off_submitter.move(cpu, by_node_[self.home.node]);
}

void threads::move_onto(worker &self, uint16_t cpu) {
    if (self.lent)
        return;
    locked guard(affinity_lock_);
    self.off_submitter.come(cpu, by_node_[self.home.node]);
}

bool threads::follow(const monitor::accts &accts) {
    const cpus_now before = now(), seen{cpu_mask::of_this_thread(), cpu_quota()};
    if (seen == before || !seen.cpus.count())
        return false;
    std::vector<cpu_mask> nodes = by_node(seen.cpus);
    locked guard(affinity_lock_);
    // If move_to has come between, the next look will tell.
    if (!moves_ || now_ != before || cpu_mask::of_this_thread() != seen.cpus)
        return false;
    for (auto &a : accts) {
        const cpu_mask &here = nodes[a->node], &was = by_node_[a->node];
        a->with_workers([&](worker_set &w) { w.follow(here, was, seen.cpus); });
    }
    settle(seen, nodes, accts);
    return true;
}

cpus_now threads::now() {
    locked guard(affinity_lock_);
    return now_;
}

void threads::stay_where_they_are() {
    locked guard(affinity_lock_);
    moves_ = false;
}

} // namespace iowq
