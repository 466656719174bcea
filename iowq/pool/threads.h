// SPDX-License-Identifier: MIT
// The threads of a wq: its workers' records, how their threads are created and joined, and the CPUs
// that all of them, and the monitor, are on. Owned by its wq; any thread may call it.
//
// Which CPUs there are now, the monitor's thread tells: it is where the pool may be, so an affinity
// that is set from outside, a cpuset and a CPU that goes offline change its CPUs too.
//
// Invariants:
//  1. A record is freed with the wq, not before: whoever woke its worker last may still be on the
//     way into the futex call. A record whose thread has left is used again.
//  2. A record is `spare`; or `live`, with a thread to be joined; or `starting`: then only the
//     thread that creates, or joins, its thread may touch it.
//  3. A thread that was created while the CPUs changed finds that out by their epoch, and moves
//     itself.
//
// Locks: records_lock_ guards the records; no lock is taken under it, except around a fork (wq.h).
// affinity_lock_ guards the CPUs and the accts' pace. It comes before an acct's lock.
#pragma once

#include "iowq/os/cpus_now.h"
#include "iowq/os/node_memory.h"
#include "iowq/pool/acct.h"
#include "iowq/pool/chain.h"
#include "iowq/pool/monitor.h"
#include "iowq/pool/thread_config.h"

#include <memory>
#include <vector>

namespace iowq {

class threads {
  public:
    // What the threads need. All of it outlives them.
    struct surroundings {
        wq &pool;
        const topology &machine;
        chain_table &chains;
        monitor &watcher;
        sleep_hook *hook; // may be nullptr
        const interrupt_signal &signal;
        const thread_config &wishes;
        std::vector<std::unique_ptr<node_arena>> &arenas; // by node; for the records
        sleep_hook_kind kind;
        std::chrono::nanoseconds spin;       // of a worker, before it parks
        std::optional<unsigned> max_running; // nullopt: as the CPUs say
    };
    // `grows`: CPUs that come later are used too.
    threads(const surroundings &around, const cpus_now &now, bool grows);

    // Creates one more worker. -EAGAIN: no thread is to be had. -ENOMEM.
    [[nodiscard]] int create_worker(acct &home) IOWQ_EXCLUDES(records_lock_, affinity_lock_);
    // Starts the monitor, where wants_start() chose the caller. -EAGAIN: no thread is to be had.
    [[nodiscard]] int start_monitor() IOWQ_EXCLUDES(affinity_lock_);
    // Joins the threads of the workers. False: somebody is creating one, so there is one more to
    // join soon.
    [[nodiscard]] bool join_workers() IOWQ_EXCLUDES(records_lock_);

    // Moves the monitor and the workers of `accts`, those to come too. A node none of whose CPUs is
    // in `cpus` uses every CPU of `cpus`. nullopt: to those that the pool was made with. 0 or the
    // first -errno.
    [[nodiscard]] int move_to(const std::optional<cpu_mask> &cpus, const monitor::accts &accts)
        IOWQ_EXCLUDES(affinity_lock_);
    // By the monitor's thread, first of all.
    void place_monitor() IOWQ_EXCLUDES(affinity_lock_);
    // By the monitor's thread: looks which CPUs it may use now, and at the quota. Where they have
    // changed, the workers of `accts` follow, and so does how many may run. True: they have.
    [[nodiscard]] bool follow(const monitor::accts &accts) IOWQ_EXCLUDES(affinity_lock_);
    // As they were found last.
    [[nodiscard]] cpus_now now() IOWQ_EXCLUDES(affinity_lock_);
    [[nodiscard]] unsigned max_running(const cpus_now &now) const {
        return around_.max_running.value_or(now.running());
    }

    // By a worker: moves off the CPU of the thread that it is about to spin for (dodge.h).
    void move_off(worker &self, uint16_t cpu) IOWQ_EXCLUDES(affinity_lock_);
    // By a worker: goes to the CPU of that thread, as it sleeps.
    void move_onto(worker &self, uint16_t cpu) IOWQ_EXCLUDES(affinity_lock_);

    // From now on move_to refuses with -ESHUTDOWN: the threads are about to be joined.
    void stay_where_they_are() IOWQ_EXCLUDES(affinity_lock_);

    // Takes and releases the records' lock, around a fork (fork.h).
    void hold_still() IOWQ_ANNOTATE(acquire_capability(records_lock_)) { records_lock_.lock(); }
    void go_on() IOWQ_ANNOTATE(release_capability(records_lock_)) { records_lock_.unlock(); }

  private:
    [[nodiscard]] worker *take_record(acct &home) IOWQ_EXCLUDES(records_lock_);
    void live(worker &self);
    void settle_in(const acct &home);
    [[nodiscard]] int start(worker &record, const cpu_mask &cpus);
    static void *worker_main(void *record);
    [[nodiscard]] std::vector<cpu_mask> by_node(const cpu_mask &all) const;
    [[nodiscard]] cpu_mask monitors_cpus() const IOWQ_REQUIRES(affinity_lock_);
    void settle(const cpus_now &now, const std::vector<cpu_mask> &by_node,
                const monitor::accts &accts) IOWQ_REQUIRES(affinity_lock_);

    const surroundings around_;
    const cpu_mask made_with_;

    mutex records_lock_;
    // Every record that there ever was. The lock guards the arenas that they lie in, too.
    std::vector<on_node<worker>> records_ IOWQ_GUARDED_BY(records_lock_);

    mutex affinity_lock_;
    cpus_now now_ IOWQ_GUARDED_BY(affinity_lock_);
    std::optional<cpu_mask> named_ IOWQ_GUARDED_BY(affinity_lock_); // by move_to
    bool grows_ IOWQ_GUARDED_BY(affinity_lock_);
    std::vector<cpu_mask> by_node_ IOWQ_GUARDED_BY(affinity_lock_); // where a node's workers run
    unsigned epoch_ IOWQ_GUARDED_BY(affinity_lock_) = 0;            // how often the CPUs changed
    bool moves_ IOWQ_GUARDED_BY(affinity_lock_) = true;
};

} // namespace iowq
