// SPDX-License-Identifier: MIT
// How the pool knows that a worker sleeps. A hook reports what the scheduler did with a worker's
// thread; it decides nothing. It gives each thread that it watches a *place*, a small number. Owned
// by its wq; a worker calls it when its thread starts and ends, the monitor while items run. Each
// kind of hook has a file of its own.
//
// Locks: each hook has one of its own, for its places; no other lock is taken under it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace iowq {

// How a pool is to know it (wq_config::sleep_hook).
enum class sleep_hook_kind {
    annotate, // no hook: the items say so themselves (worker.h, blocking)
    perf,     // context-switch records of each worker's thread; Linux 4.17, mostly unprivileged
    bpf,      // a program on sched_switch; Linux 5.18, CAP_BPF and CAP_PERFMON
    none      // the pool never knows, and compensates for nobody
};

// Does the pool ask a hook, so that items need no annotations?
[[nodiscard]] constexpr bool is_hooked(sleep_hook_kind kind) {
    return kind == sleep_hook_kind::perf || kind == sleep_hook_kind::bpf;
}

// A source of such reports, for one pool.
class sleep_hook {
  public:
    virtual ~sleep_hook() = default;

    // Called by a worker's thread when it starts: watches that thread. Its place, or -errno.
    [[nodiscard]] virtual int attach() = 0;
    // By the same thread, before it ends. Another worker may get the place at once.
    virtual void detach(int place) = 0;
    // By the monitor: has the scheduler taken the thread with this place off its CPU because it
    // sleeps, and not yet put it back? False for a place that no thread has.
    [[nodiscard]] virtual bool sleeps(int place) = 0;
};

// Opens the hook of that kind; annotate and none have no hook, and leave `out` empty. 0, or -errno
// and one line in `why`: -EPERM or -EACCES where the caller lacks the right, -EOPNOTSUPP where the
// kernel is too old, -ENOSYS where it was built without perf or BPF.
[[nodiscard]] int open_sleep_hook(sleep_hook_kind kind, std::unique_ptr<sleep_hook> &out,
                                  std::string &why);
[[nodiscard]] int open_perf_hook(std::unique_ptr<sleep_hook> &out, std::string &why);
[[nodiscard]] int open_bpf_hook(std::unique_ptr<sleep_hook> &out, std::string &why);

// Does a thread of this process sleep at this moment? Reads /proc; for threads that no hook
// watches. nullopt: there is no /proc, or the thread is gone.
[[nodiscard]] std::optional<bool> thread_sleeps(pid_t tid);

} // namespace iowq
