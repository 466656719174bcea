// SPDX-License-Identifier: MIT
// The monitor: the one thread of a wq for what has to be done after a while.
//  - It looks whether workers sleep in calls that may block.
//  - It creates workers that could not be created before.
//  - It signals again the workers whose cancelled items have not noticed it.
//  - It wakes idle workers so that they leave.
//  - It looks which CPUs there are, while workers are busy.
// While there is nothing of that kind, it sleeps without a time limit. It starts before the pool's
// first worker, and then finds whatever it was told earlier. Owned by its wq; any thread may wake
// it.
#pragma once

#include "iowq/os/cpus_now.h"
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

    // True: the caller is to start it. False: it runs, or another caller is starting it.
    [[nodiscard]] bool wants_start() {
        phase expected = phase::absent;
        return phase_.load(relaxed) == expected &&
               phase_.compare_exchange_strong(expected, phase::starting, relaxed);
    }
    // By the caller that wants_start chose. -EAGAIN: no thread is to be had; the caller tries
    // again, or gives up.
    [[nodiscard]] int start(const cpu_mask &cpus);
    // From now on another caller may start it. seq_cst, as is_there(): comes before the caller's
    // look at what waits for the monitor.
    void give_up_start() { phase_.store(phase::absent, seq_cst); }
    // Does it run, or is it being started?
    [[nodiscard]] bool is_there() const { return phase_.load(seq_cst) != phase::absent; }
    void stop();
    // Moves its thread, if it runs. 0 or -errno.
    [[nodiscard]] int set_affinity(const cpu_mask &cpus);

    // A worker is about to make a call that may block.
    void watch() {
        // seq_cst: the worker's `call` is set before; pairs with the store of false before the
        // monitor's last look.
        if (!watching_.load(seq_cst))
            start_watching();
    }
    // A worker could not be created.
    void retry_soon() { park_.unpark(); }
    // A running item has been cancelled.
    void interrupt_soon();
    // A worker is free.
    void reap_later() {
        // seq_cst: the worker is on the free list before; pairs with reap's store of false before
        // its last round.
        if (!reaping_.load(seq_cst) && !reaping_.exchange(true))
            park_.unpark();
    }

    // A worker begins to be busy.
    void follow_cpus() {
        if (!following_.load(relaxed))
            start_following();
    }

    // What its thread runs. Public, so that a test can tell the monitor's thread from others.
    static void *main(void *arg);

  private:
    void run();
    void start_watching();
    void start_following();
    [[nodiscard]] deadline look(clock::time_point now);
    [[nodiscard]] bool look_round(bool &found);
    template <class Fill, class Look>
    [[nodiscard]] bool look_at_each(size_t &seen, Fill fill, Look look);
    [[nodiscard]] bool sleeps(const worker_set::suspect &s) const;
    [[nodiscard]] deadline retry(clock::time_point now);
    [[nodiscard]] deadline interrupt(clock::time_point now);
    [[nodiscard]] deadline reap(clock::time_point now);
    [[nodiscard]] bool reap_round();
    [[nodiscard]] deadline follow(clock::time_point now);
    [[nodiscard]] bool any_busy() const;

    // immutable after construction, except thread_
    wq &pool_;
    const accts &accts_;
    const interrupt_signal &signal_;
    sleep_hook *const hook_; // may be nullptr
    const std::chrono::milliseconds idle_;
    thread_handle thread_{}; // set by start(), published by phase_

    // its own thread only
    deadline next_look_, next_interrupt_, next_reap_;
    clock::time_point next_follow_ = clock::now() + cpus_looked_at_every;
    std::chrono::microseconds look_pause_{}, interrupt_pause_{};
    int empty_looks_ = 0;
    // So many of either have been looked at: the next look begins behind them.
    size_t suspects_seen_ = 0, sleepers_seen_ = 0;

    // atomic
    atomic<bool> watching_{false};     // it looks for sleepers, or has been told to
    atomic<bool> interrupting_{false}; // it signals, or has been told to
    atomic<bool> reaping_{false};      // it looks for workers that are free, or has been told to
    atomic<bool> following_{false};    // it looks at the CPUs, or has been told to
    atomic<bool> stop_{false};
    // running: release, publishes thread_ to stop and set_affinity.
    enum class phase { absent, starting, running };
    atomic<phase> phase_{phase::absent};
    parker park_;
};

} // namespace iowq
