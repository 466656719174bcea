// SPDX-License-Identifier: MIT
// The worker pool: two accts for each NUMA node, the chain table, the monitor, and every thread.
// Any thread may call it; the creator destroys it, when no other call is in progress.
//
// Source: io_wq_create, io_wq_enqueue, io_wq_enqueue_hashed, io_wq_flush, io_wq_cancel_work,
// io_wq_cancel_cb, io_wq_max_workers, io_wq_cpu_affinity, io_wq_destroy. Deliberate differences:
// enqueue says whether it took the item; limits are hard; keys are exact; cancel of a queued item
// completes it in the caller.
//
// In the child of a fork a pool of the parent's is orphaned (fork.h): nothing runs, cancel finds
// nothing, enqueue says -ESHUTDOWN, and destroying the pool only frees its memory. An item that
// forks must not return in the child.
#pragma once

#include "iowq/os/fork.h"
#include "iowq/os/identity.h"
#include "iowq/os/shown.h"
#include "iowq/os/topology.h"
#include "iowq/pool/chain.h"
#include "iowq/pool/monitor.h"
#include "iowq/pool/threads.h"
#include "iowq/pool/worker.h"

namespace iowq {

// On which node an item is queued, and so where its worker runs and has its memory. Only with
// device and interleave do idle workers steal (take items of other nodes), from the nearest first.
enum class placement {
    local,      // the node of the submitter's CPU, or the nearest where the pool has CPUs
    device,     // the item's (work::node); as local where it has none
    interleave, // each in turn
    node,       // always the same one
    none        // the whole machine counts as one node
};

// What a pool is made with. The defaults suit a program that knows nothing of its machine.
struct IOWQ_API wq_config {
    // Workers per node; 1 to RLIMIT_NPROC.
    unsigned max_bound = default_max_bound();
    unsigned max_unbound = default_max_unbound();
    // How many of either kind may be *running* per node: io_wq_create's `concurrency`. At least 1.
    // None given: 2 x the CPUs that the workers may use, and no more than 2 x what the quota of CPU
    // time (cpu.max) comes to, rounded up. It follows them when they change.
    std::optional<unsigned> max_running{};
    // A worker leaves when it has had nothing to do for one to two times this long. The last to
    // have parked does not, if last_stays. Below 1 ms counts as 1 ms.
    std::chrono::milliseconds idle{5000};
    bool last_stays = true;
    // Of a worker before it parks. While it has one CPU only, or a quota below one, none spins.
    std::chrono::microseconds spin{10};
    // The CPUs that workers use, which must be in `reach`. None given: all of `reach`.
    std::optional<cpu_mask> cpus{};
    // None given: the calling thread's CPUs. If these are all that the process's cpuset has, those
    // that it gets later are used too.
    std::optional<cpu_mask> reach{};
    placement place = placement::local;
    // With placement::node: its OS number. If it has no CPUs of the pool, the nearest that has.
    unsigned node = 0;
    // How the pool knows that a worker sleeps. With perf and bpf annotations (worker.h, blocking)
    // do nothing and none are needed; with none they do nothing either.
    sleep_hook_kind sleep_hook = sleep_hook_kind::annotate;
    // The signal that interrupts a system call when its item is cancelled: one for the whole
    // process. 0: the one that the process has already, or else the last real-time signal that
    // nobody uses (interrupt.h).
    int signal = 0;
    thread_config threads{}; // of its workers

    [[nodiscard]] static unsigned default_max_bound();   // min(4 x CPUs, RLIMIT_NPROC)
    [[nodiscard]] static unsigned default_max_unbound(); // RLIMIT_NPROC
};

// What a cancel came to.
enum class cancel_result {
    ok,       // it had not started; its func has been called with work_cancel
    running,  // found running, and signalled until it notices (worker.h, cancel_requested) or ends
    notfound, // neither: it is done, or was never enqueued
    itself    // refused: the caller is the item itself
};

// The most workers per node; see wq::max_workers.
struct worker_limits {
    unsigned bound = 0;
    unsigned unbound = 0;
};

// A pool. Its items, workers and limits are as the contract says (README.md). It has no thread
// until it needs a worker. Until then a single-threaded program's system calls take 3 % less time,
// as no other thread shares its table of open files.
class wq final : across_forks {
  public:
    // -EINVAL: a limit of 0, max_bound or max_unbound above RLIMIT_NPROC, a time below 0, no CPU or
    // one outside `reach`, a signal that is none, or (`why` says so) a node that is not there, or a
    // thread that cannot be had as `threads` says, which may also be -EACCES or -EPERM.
    // -ENOMEM. -EIO: hwloc fails. -EBUSY: no real-time signal is left, or the process has another
    // than `signal`, or that has a handler. -EPERM, -EACCES, -EOPNOTSUPP, -ENOSYS and others: the
    // sleep hook is not to be had. Then `why` gets one line that says so, and a caller who can do
    // with less asks for annotate.
    [[nodiscard]] IOWQ_API static int create(const wq_config &config, std::unique_ptr<wq> &out,
                                             std::string *why = nullptr);

    // Ends the pool. Bound items run, queued ones too. Unbound items are cancelled: queued ones
    // are completed, running ones interrupted. Then all threads are joined. Afterwards enqueue
    // refuses, and cancel finds nothing. Whoever calls it meanwhile waits for the end too.
    // -EDEADLK: refused, as called from inside one of its items.
    [[nodiscard]] IOWQ_API int exit();
    // exit(), unless it has been called. Aborts with a message when called from inside one of its
    // items.
    IOWQ_API ~wq();

    // Queues an item; a hashed one (work_hashed) on the chain of `w->key`. On 0, func will be
    // called exactly once. -EINVAL: no func. -EBUSY: it is queued already. -ESHUTDOWN: exit has
    // begun, or the pool is orphaned. -ENOMEM: see chain_table. `woke`: a worker had to be woken or
    // created for it. Once its func has been called the item may be enqueued again, by that func or
    // by whoever gets the item from it.
    [[nodiscard]] IOWQ_API int enqueue(work *w, bool &woke);
    [[nodiscard]] int enqueue(work *w) {
        bool woke;
        return enqueue(w, woke);
    }

    // For a thread that would only wait for items to be done: runs the oldest bound item that is
    // queued on its node and flagged work_helpable, if that is one of the first 32 and not the only
    // one; or a few items of a chain, if it is a chain's. So a CPU that would spin does work
    // instead, what does not block does not wait behind what does, and a single item still goes to
    // a worker. `may_sleep`: nobody waits for the thread, so it may also run what is flagged
    // work_may_sleep, unless such items have lately slept. False: nothing was run. Workers get no
    // help if they have CPUs of their own (wq_config::cpus, set_affinity), or are not on the
    // submitter's node (placement).
    bool help(bool may_sleep = false) { return welcomes_help() && help_with_oldest(may_sleep); }
    // By a thread that submits: the CPU that it is on, and whether it sleeps while it waits. If it
    // does not, a worker that spins keeps off that CPU. If it does, a worker whose own CPU is
    // wanted by others may use it.
    void submitter_is_on(uint16_t cpu, bool sleeps) {
        acct_for(topology_.here(), 0).submitter_is_on(cpu, sleeps);
    }
    // Does a path mean to its workers what it means to such a thread? They look paths up as its
    // creator did when it made the pool.
    [[nodiscard]] bool looks_up_paths_as(const identity &who) const { return its_.is(who); }
    [[nodiscard]] bool welcomes_help() const { return helpers_welcome_.load(relaxed); }

    // Waits until everything enqueued before has started (not finished), or been cancelled.
    // -EDEADLK: called from inside an item. -ENOMEM: it has waited for a part only.
    [[nodiscard]] IOWQ_API int flush();

    // Cancels one item, whose memory must still be there. May miss an item that is just enqueueing
    // itself again from its func.
    [[nodiscard]] IOWQ_API cancel_result cancel(work *w);
    // Takes one item off its queue, if it is still there; its func is not called. Its memory must
    // still be there. False: it is not queued, or has just been taken by a worker.
    [[nodiscard]] IOWQ_API bool take_back(work *w);
    // Cancels every item that matches, or only the first one found: queued ones before running
    // ones, and never the caller's own. The funcs of queued ones are called here. match also sees
    // running items, and some whose func has just returned. What it reads of an item must neither
    // be freed nor change before this returns. `running` if any ran, else `ok` if any was queued.
    [[nodiscard]] IOWQ_API cancel_result cancel_matching(match_fn match, void *data,
                                                         bool all = true);
    [[nodiscard]] cancel_result cancel_all() { return cancel_matching(nullptr, nullptr); }

    // Sets the limits per node, at most RLIMIT_NPROC; 0 leaves a limit as it is. Returns the old
    // ones. A lowered limit kills nobody: workers above it leave when they have nothing to do.
    IOWQ_API worker_limits max_workers(worker_limits wanted = {});

    // Puts the workers, those to come too, on these CPUs; none given: on those of create. A node
    // that none of the CPUs belongs to uses all of them. -EINVAL: an empty set, or a CPU outside
    // wq_config::reach (where that was not given, one that the workers do not use now is outside,
    // too). -ESHUTDOWN: exit has ended the threads, or the pool is orphaned. -ENOMEM.
    [[nodiscard]] IOWQ_API int set_affinity(const std::optional<cpu_mask> &cpus);

    // What the workers may use, and how many may run per node, as found last. None in a child of
    // the process that made the pool.
    struct pace {
        cpus_now now{};
        unsigned max_running = 0;
    };
    [[nodiscard]] IOWQ_API pace paced();

    // Of one node, or the sum of all. The pool goes on meanwhile.
    [[nodiscard]] IOWQ_API wq_counters counters(std::optional<unsigned> node = {});
    [[nodiscard]] const topology &machine() const { return topology_; }
    // Are items served on the submitter's node?
    [[nodiscard]] bool serves_where_submitted() const {
        return config_.place == placement::local || config_.place == placement::none ||
               topology_.os_nodes() < 2;
    }

    // ---- for its own workers ----

    // Does what an acct asked for.
    void act(acct &a, acct::action todo);
    // For a worker with nothing to do on its node: steals an item of another node.
    [[nodiscard]] work *take_elsewhere(worker &self, work_list &passed);
    // A worker is about to make a call that may block: the monitor has to look at it.
    void watch() { monitor_.watch(); }
    // A worker is about to park: one day it may have to leave.
    void parks() { monitor_.reap_later(); }
    // A worker has started.
    void starts() { its_.take(); }
    // A worker begins to be busy: CPUs that change are noticed from now on.
    void begins() { monitor_.follow_cpus(); }
    // By the monitor.
    void follow_cpus();
    // Wakes workers that are linked by next_free.
    static void wake_all(worker *linked);
    [[nodiscard]] threads &its_threads() { return threads_; }

  private:
    wq(const wq_config &config, bool own_cpus, bool grows, topology machine,
       std::unique_ptr<iowq::sleep_hook> hook);

    [[nodiscard]] unsigned node_for(const work &w);
    [[nodiscard]] bool hands_over() const;
    void call_for_help(const acct &from);
    void more_may_run();

    [[nodiscard]] acct &acct_for(unsigned node, uint32_t flags) {
        return *accts_[node * 2 + (flags & work_unbound ? 1 : 0)];
    }
    IOWQ_API bool help_with_oldest(bool may_sleep);
    [[nodiscard]] bool unqueue(work *w, work_list &passed);
    [[nodiscard]] bool cancel_running(match_fn match, void *data, bool all);
    void create_worker(acct &home, acct::action asked);
    [[nodiscard]] int start_monitor();
    void give_up_creating();
    void hold_still() override;
    void go_on() override;
    void cancel_list(work_list items);
    void show();

    // immutable after construction
    const wq_config config_;
    const bool grows_; // CPUs that come later are used too
    const topology topology_;
    const unsigned only_node_ = 0; // with placement::node
    // Memory of the accts and the workers' records, on their nodes. Filled by the constructor, then
    // by threads_, under its lock.
    std::vector<std::unique_ptr<node_arena>> arenas_;
    std::vector<on_node<acct>> accts_;             // bound and unbound of node 0, of node 1, ...
    const bool never_helped_;                      // the workers' CPUs need not be the submitter's
    const std::unique_ptr<iowq::sleep_hook> hook_; // may be empty
    interrupt_signal signal_;

    chain_table chains_;
    monitor monitor_{*this, accts_, signal_, hook_.get(), config_.idle};

    iowq::threads threads_{{*this, topology_, chains_, monitor_, hook_.get(), signal_,
                            config_.threads, arenas_, config_.sleep_hook, config_.spin,
                            config_.max_running},
                           {*config_.cpus, cpu_quota()},
                           grows_};

    atomic<unsigned> turn_{0};     // with placement::interleave; relaxed: only the share counts
    atomic<bool> helpers_welcome_; // relaxed: a hint
    common_identity its_;          // the workers'
    mutex exit_lock_; // held by exit: one thread ends the pool, and the others wait for it
    atomic<bool> exiting_{false}; // relaxed: a shortcut; accts and chains are closed under locks
    shown shown_;                 // after what it shows, so it ends first
    whole whole_{*this};          // last
};

} // namespace iowq
