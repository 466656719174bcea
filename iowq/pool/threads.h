// SPDX-License-Identifier: MIT
// The threads of a wq: its workers' records, how their threads are created and joined, and the CPUs
// that all of them, and the monitor, are on. Owned by its wq; any thread may call it.
//
// Invariants:
//  1. A record is freed with the wq, not before: whoever woke its worker last may still be on the
//     way into the futex call. One whose thread has left is used again.
//  2. A record is `spare`, or `live` with a thread to be joined, or else `starting`: then it is
//     nobody's but that of who creates, or joins, its thread.
//  3. A thread that was created while the CPUs changed finds out by their epoch, and moves itself.
//
// Locks: records_lock_ guards the records; no lock is taken under it. affinity_lock_ guards the
// CPUs and comes before an acct's lock.
#pragma once

#include "iowq/os/node_memory.h"
#include "iowq/pool/acct.h"
#include "iowq/pool/chain.h"
#include "iowq/pool/monitor.h"

#include <memory>
#include <vector>

namespace iowq {

class threads {
  public:
    // What they need, and what is there as long as they are.
    struct surroundings {
        wq &pool;
        const topology &machine;
        chain_table &chains;
        monitor &watcher;
        sleep_hook *hook; // may be nullptr
        const interrupt_signal &signal;
        std::vector<std::unique_ptr<node_arena>> &arenas; // by node
        sleep_hook_kind kind;
        std::chrono::nanoseconds spin; // of a worker, before it parks
    };
    threads(const surroundings &around, const cpu_mask &cpus);

    // One more worker. -EAGAIN: no thread is to be had. -ENOMEM.
    [[nodiscard]] int create_worker(acct &home) IOWQ_EXCLUDES(records_lock_, affinity_lock_);
    // The monitor, by whoever is to start it. -EAGAIN, as above.
    [[nodiscard]] int start_monitor() IOWQ_EXCLUDES(affinity_lock_);
    // Joins every thread of a worker, also of those that are created meanwhile.
    void join_workers() IOWQ_EXCLUDES(records_lock_);

    // Moves all of them, those to come too. A node none of whose CPUs is among `all` uses all of
    // them. 0 or the first -errno. `accts`: whose workers they are.
    [[nodiscard]] int move_to(const cpu_mask &all, const monitor::accts &accts)
        IOWQ_EXCLUDES(affinity_lock_);

    // Holds the records still while the process forks, and lets them go.
    void hold_still() IOWQ_ANNOTATE(acquire_capability(records_lock_)) { records_lock_.lock(); }
    void go_on() IOWQ_ANNOTATE(release_capability(records_lock_)) { records_lock_.unlock(); }

  private:
    [[nodiscard]] worker *take_record(acct &home) IOWQ_EXCLUDES(records_lock_);
    void live(worker &self);
    static void *worker_main(void *record);

    const surroundings around_;

    mutex records_lock_;
    // Every one that there ever was. Their memory is the arenas', under this lock too.
    std::vector<on_node<worker>> records_ IOWQ_GUARDED_BY(records_lock_);

    mutex affinity_lock_;
    cpu_mask all_ IOWQ_GUARDED_BY(affinity_lock_);
    std::vector<cpu_mask> by_node_ IOWQ_GUARDED_BY(affinity_lock_); // where its workers run
    unsigned epoch_ IOWQ_GUARDED_BY(affinity_lock_) = 0;            // of the two
};

} // namespace iowq
