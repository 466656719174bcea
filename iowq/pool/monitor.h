// SPDX-License-Identifier: MIT
// The monitor: one thread of a wq that does what has to be done after a while. It looks whether
// workers sleep in calls that may block, creates workers that could not be created before, signals
// once more those that have not noticed their item's cancelling, and has those leave that have
// nothing to do. While there is nothing of that kind, it sleeps without a time limit. It comes with
// the pool's first worker; what it has been told before, it finds then. Owned by its wq; any thread
// may call what wakes it.
#pragma once

#include "iowq/os/node_memory.h"
#include "iowq/pool/acct.h"

#include <algorithm>
#include <vector>

namespace iowq {

class monitor {
  public:
    using accts = std::vector<on_node<acct>>;

    monitor(wq &pool, const accts &watched, const interrupt_signal &signal, sleep_hook *hook,
            std::chrono::milliseconds idle)
        : pool_(pool), accts_(watched), signal_(signal), hook_(hook),
          idle_(std::max(idle, std::chrono::milliseconds(1))) {}

    // The first who asks is to start it; whoever asks meanwhile, or once it runs, is not.
    [[nodiscard]] bool wants_start() {
        phase expected = phase::absent;
        return phase_.load(relaxed) == expected &&
               phase_.compare_exchange_strong(expected, phase::starting, relaxed);
    }
    // By who is to. -EAGAIN: no thread to be had; then it may be tried again, or given up.
    [[nodiscard]] int start(const cpu_mask &cpus);
    // Somebody else may start it. seq_cst, as is_there(): comes before the look at what waits for
    // it.
    void give_up_start() { phase_.store(phase::absent, seq_cst); }
    // It runs, or somebody is starting it.
    [[nodiscard]] bool is_there() const { return phase_.load(seq_cst) != phase::absent; }
    void stop();
    // If it runs.
    [[nodiscard]] int set_affinity(const cpu_mask &cpus);

    // A worker is about to make a call that may block.
    void watch() {
        // seq_cst: pairs with the store of false before the last look.
        if (!watching_.load(seq_cst))
            start_watching();
    }
    // A worker could not be created.
    void retry_soon() { park_.unpark(); }
    // A running item has been cancelled.
    void interrupt_soon();
    // A worker is free.
    void reap_later() {
        // seq_cst: it is on the free list before; pairs with reap's store of false before its last
        // round.
        if (!reaping_.load(seq_cst) && !reaping_.exchange(true))
            park_.unpark();
    }

    // What its thread runs: by this it can be told from others.
    static void *main(void *arg);

  private:
    void run();
    void start_watching();
    [[nodiscard]] deadline look(clock::time_point now);
    [[nodiscard]] bool look_round(bool &found);
    [[nodiscard]] bool look_at_sleepers();
    [[nodiscard]] bool sleeps(const worker_set::suspect &s) const;
    [[nodiscard]] deadline retry(clock::time_point now);
    [[nodiscard]] deadline interrupt(clock::time_point now);
    [[nodiscard]] deadline reap(clock::time_point now);
    [[nodiscard]] bool reap_round();

    // immutable after construction
    wq &pool_;
    const accts &accts_;
    const interrupt_signal &signal_;
    sleep_hook *const hook_; // may be nullptr
    const std::chrono::milliseconds idle_;
    thread_handle thread_{}; // while it runs

    // its own thread only
    deadline next_look_, next_interrupt_, next_reap_;
    std::chrono::microseconds look_pause_{}, interrupt_pause_{};
    int empty_looks_ = 0;
    size_t sleepers_seen_ = 0; // the next look at sleepers begins behind so many

    // atomic
    atomic<bool> watching_{false};     // it looks for sleepers, or has been told to
    atomic<bool> interrupting_{false}; // it signals, or has been told to
    atomic<bool> reaping_{false};      // it looks for workers that are free, or has been told to
    atomic<bool> stop_{false};
    // running: release, publishes thread_ to stop and set_affinity.
    enum class phase { absent, starting, running };
    atomic<phase> phase_{phase::absent};
    parker park_;
};

} // namespace iowq
