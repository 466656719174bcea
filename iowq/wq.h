// SPDX-License-Identifier: MIT
// The worker pool: two accts for each NUMA node, the chain table, the monitor, and every thread.
// Any thread may call it; the creator destroys it, when no other call is in progress.
//
// Source: io_wq_create, io_wq_enqueue, io_wq_enqueue_hashed, io_wq_flush, io_wq_cancel_work,
// io_wq_destroy. Deliberate differences: enqueue says whether it took the item; limits are hard;
// keys are exact; cancel of a queued item completes it in the caller.
//
// Locks: threads_lock_ guards the workers' records, retries_lock_ the threads to be tried again; no
// other lock is taken under either.
#pragma once

#include "chain.h"
#include "topology.h"
#include "worker.h"

namespace iowq {

struct wq_config {
    // Workers per node; 1 to RLIMIT_NPROC.
    unsigned max_bound = default_max_bound();
    unsigned max_unbound = default_max_unbound();
    // Of either kind, how many may be *running* per node; the seed's `concurrency`. At least 1.
    unsigned max_running = default_max_running();
    std::chrono::milliseconds idle{5000}; // then a worker leaves, unless it is the acct's last
    std::chrono::microseconds spin{10};   // before parking; not at all where there is one CPU
    // Workers' CPUs: within those of the creating thread, which is also what none given means.
    std::optional<cpu_mask> cpus;

    [[nodiscard]] static unsigned default_max_bound();   // min(4 x CPUs, RLIMIT_NPROC)
    [[nodiscard]] static unsigned default_max_unbound(); // RLIMIT_NPROC
    [[nodiscard]] static unsigned default_max_running(); // 2 x CPUs
};

// Sums over accts since creation. Readable at any time; each figure is right by itself.
struct wq_counters : acct_counters {
    uint64_t chain_waits = 0; // items that queued behind others of their key
};

enum class cancel_result {
    ok,      // it had not started; its func has been called with work_cancel
    running, // found running; it goes on
    notfound // neither: it is done, or was never enqueued
};

class wq {
  public:
    // -EINVAL: a limit that is 0 or above RLIMIT_NPROC, or a CPU outside the creator's. -EAGAIN,
    // -ENOMEM: no monitor thread to be had. -EIO: hwloc fails.
    [[nodiscard]] static int create(const wq_config &config, std::unique_ptr<wq> &out);

    // Runs what is queued and bound, cancels what is queued and unbound, joins all threads. Not from
    // one of its own workers. An unbound item that never returns is waited for.
    ~wq();

    // Takes an item: hashed ones (work_hashed) by `w->key`. On 0, func will be called exactly once.
    // -EINVAL: no func. -EBUSY: it is queued already (one that *runs* may be enqueued only from its own
    // func on). -ESHUTDOWN: exit has begun. -ENOMEM: see chain_table.
    // `woke` is set when a worker had to be woken or created for it.
    [[nodiscard]] int enqueue(work *w, bool &woke);
    [[nodiscard]] int enqueue(work *w) {
        bool woke;
        return enqueue(w, woke);
    }

    // Waits until everything enqueued before has started (not finished). -EDEADLK from a worker.
    [[nodiscard]] int flush();

    // The item's memory must still be there.
    [[nodiscard]] cancel_result cancel(work *w);

    [[nodiscard]] wq_counters counters();
    [[nodiscard]] const topology &machine() const { return topology_; }

    // ---- for its own workers ----

    // Does what an acct asked for.
    void act(acct &a, acct::action todo);
    // A worker is about to make a call that may block: the monitor has to run.
    void watch() {
        // seq_cst: pairs with the monitor's store of false before its last look.
        if (!watching_.load(std::memory_order_seq_cst))
            start_watching();
    }

  private:
    wq(const wq_config &config, topology machine);

    [[nodiscard]] acct &acct_for(unsigned node, uint32_t flags) {
        return *accts_[node * 2 + (flags & work_unbound ? 1 : 0)];
    }
    [[nodiscard]] static size_t acct_index(const acct &a) { return a.node * 2 + (a.bound ? 0 : 1); }
    void create_worker(acct &home);
    [[nodiscard]] int create_thread(acct &home) EXCLUDES(threads_lock_);
    [[nodiscard]] worker *take_record(acct &home) EXCLUDES(threads_lock_);
    void join_all() EXCLUDES(threads_lock_);
    void give_up(acct &home);
    void cancel_list(work_list items);

    void start_watching();
    void run_monitor();
    [[nodiscard]] bool look_round(bool &found);
    [[nodiscard]] deadline retry_creations(bool last) EXCLUDES(retries_lock_);

    static void *worker_main(void *arg);
    static void *monitor_main(void *arg);

    // immutable after construction
    const wq_config config_;
    const topology topology_;
    std::vector<std::unique_ptr<acct>> accts_; // bound and unbound of node 0, of node 1, ...
    pthread_t monitor_{};

    chain_table chains_;

    // Every record there ever was. One whose thread has left is used again, never freed before the wq:
    // whoever woke it last may still be on its way into the futex call.
    mutex threads_lock_;
    std::vector<std::unique_ptr<worker>> records_ GUARDED_BY(threads_lock_);

    // atomic
    std::atomic<bool> exiting_{false};  // relaxed: a shortcut; an acct's closed stack decides
    std::atomic<bool> watching_{false}; // the monitor runs, or has been told to
    std::atomic<bool> stop_monitor_{false};
    std::atomic<uint64_t> chain_waits_{0};
    parker monitor_park_;

    // One for each acct: a thread that could not be created, how often that was tried, and when to
    // try again. tries is 0 where there is none.
    struct retry {
        int tries = 0;
        clock::time_point at;
    };
    mutex retries_lock_;
    std::vector<retry> retries_ GUARDED_BY(retries_lock_);
};

} // namespace iowq
