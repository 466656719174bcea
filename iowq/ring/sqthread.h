// SPDX-License-Identifier: MIT
// The submission thread: drains the submission ring and issues each request itself. It spins for a
// while when the ring is empty, then sleeps; while it is awake, submitting costs no system call.
// Owned by its ring; one submitter calls it.
//
// Alone, it makes calls that block one after another. With handoff it is the *leader* of a few
// threads, and leads only as long as it does not block:
//  - A buffered read is tried with RWF_NOWAIT. One that misses the page cache has thereby been
//    begun, and goes back to the ring, which waits for it (route::begins).
//  - Before any other call that will block, the leadership passes to a *standby*, a thread with
//    nothing to do.
//  - A buffered write that could not be tried may block. If the leader is still in it when the
//    submitter, waiting, looks again, the leader is *relieved*: a standby takes the leadership.
//
// Invariants:
//  1. At most one thread leads. It takes from the ring in order of submission. Only the submitter
//     takes from it besides, what it has added last.
//  2. Each thread that does not lead holds one request, or stands by. So depth + 1 threads are
//     always enough.
//  3. Where no thread is to be had, the leader keeps the leadership, and blocks.
//  4. A thread publishes the request that it has taken in its record until the call is over, so
//     that the submitter can interrupt it.
//
// Locks: lock_ guards the list of threads and the standbys, and sending signals. It is not held
// while a thread is created.
//
// Source: IOCTX_FLAG_SQTHREAD (aio_sq_thread), IORING_SETUP_SQPOLL; handoff: the syslet patches,
// where the kernel hands user space to another thread when one blocks.
#pragma once

#include "iowq/os/assert.h"
#include "iowq/os/dodge.h"
#include "iowq/os/fork.h"
#include "iowq/os/identity.h"
#include "iowq/os/interrupt.h"
#include "iowq/os/node_memory.h"
#include "iowq/os/thread.h"
#include "iowq/pool/current_work.h"
#include "iowq/ring/cq.h"
#include "iowq/ring/tuner.h"

#include <memory>
#include <optional>
#include <vector>

namespace iowq {

// What a submission thread is made with.
struct sqthread_config {
    unsigned depth = 1; // the most requests in flight
    cpu_mask cpus;
    // Spins so long before it sleeps; none given: as long as that pays.
    std::optional<std::chrono::milliseconds> idle{};
    bool dodges = true; // the CPUs are the submitter's, so it may leave the one that that is on
    bool spins = true;  // at first; see let_spin
    bool handoff = false;
    bool looked_at = true; // the submitter calls look() while it waits
    int signal = 0;        // as interrupt_signal::open
    // While the submitter issues most itself, the leader sleeps at once.
    const tuner *tuned = nullptr;
};

class sqthread final : public own_pages, across_forks {
  public:
    // -EAGAIN when there is no thread to be had, -EINVAL when none of the CPUs may be used,
    // -ENOMEM, and the errors of interrupt_signal::open.
    [[nodiscard]] static int create(const sqthread_config &config, cq &completions,
                                    std::unique_ptr<sqthread> &out);
    // Joins the threads. No request may be in flight.
    ~sqthread();

    // Submitter only. Puts a request on the ring; publish() shows it to the leader. The caller must
    // not exceed `depth` in flight, which would overwrite a request.
    void push(request &r) {
        // Signed: head_ is one ahead while the leader finds that its request was taken back.
        iowq_assert_all(static_cast<int32_t>(next_ - head_.load(relaxed)) <=
                        static_cast<int32_t>(mask_));
        slots_[next_++ & mask_] = &r;
    }
    void publish();
    // Submitter only. The CPU that it keeps busy, and that a leader who spins is to leave to it;
    // no_cpu: it sleeps.
    void submitter_is_on(uint16_t cpu) {
        if (submitter_on_.load(relaxed) != cpu)
            submitter_on_.store(cpu, relaxed);
    }
    // As wq::looks_up_paths_as.
    [[nodiscard]] bool looks_up_paths_as(const identity &who) const { return its_.is(who); }
    [[nodiscard]] bool all_published() const { return tail_.load(relaxed) == next_; }
    // Submitter only, while it would only wait: takes the newest published request back, to issue
    // it itself. nullptr: the leader has fewer than two still to come to, and one is left to it.
    [[nodiscard]] request *take_back();
    // Submitter only. Takes a request off the ring that no thread has come to. False: one has.
    [[nodiscard]] bool remove(const request &r);
    // Submitter only. Marks a request that a thread has in hand as cancelled, and interrupts its
    // system call. False: no thread has it (any more, or yet).
    [[nodiscard]] bool interrupt(const request &r);
    // Submitter only. May there be cancelled calls that have not ended yet?
    [[nodiscard]] bool interrupting() const { return interrupting_; }

    // Submitter only, while it waits, every `patience`. Relieves a leader that is in the same call
    // as at the last look, if requests wait. Signals again the threads whose cancelled calls have
    // not noticed it: a signal just before the system call that it is meant for is lost.
    void look();
    [[nodiscard]] bool wants_looks() const { return config_.handoff || interrupting_; }
    static constexpr std::chrono::milliseconds patience{1};

    // Submitter only. May the leader spin, from now on?
    void let_spin(bool may) { spins_.store(may, relaxed); }

    // How many threads there are. Any thread may ask.
    [[nodiscard]] unsigned threads();

  private:
    enum class role { lead, take_over, leave };
    struct member {
        sqthread &owner;
        role next_role;    // this and `call` are written before the thread is woken, or created
        uint64_t call = 0; // with take_over: the call_ that the leader is to be relieved in
        thread_handle thread{};
        pid_t tid = 0; // guarded by lock_; set before the thread issues anything
        parker park{};
        current_work current{};
        dodge off_submitter{}; // its thread only
        member *next_standby = nullptr;
    };

    sqthread(const sqthread_config &config, cq &completions);
    void run(member &self);

    enum class outcome {
        done,    // issued, or begun
        relieved // issued, and another thread leads by now
    };
    [[nodiscard]] request *lead(member &self);
    [[nodiscard]] request *take();
    [[nodiscard]] outcome issue(request &r);
    [[nodiscard]] outcome issue_as(member &self, request &r) IOWQ_EXCLUDES(lock_);
    [[nodiscard]] outcome issue_unless_relieved(request &r);
    [[nodiscard]] bool may_spin() const {
        return spins_.load(relaxed) && !(config_.tuned && config_.tuned->itself());
    }
    [[nodiscard]] bool wait_for_work(member &self);
    // Is there a request at `head` or behind it? While the submitter takes one back that the leader
    // has come to, the tail lies one before the head.
    [[nodiscard]] bool published_behind(uint32_t head, memory_order order) const {
        return static_cast<int32_t>(tail_.load(order) - head) > 0;
    }

    void relieve();
    [[nodiscard]] bool interrupt_again() IOWQ_EXCLUDES(lock_);
    [[nodiscard]] bool summon(role what, uint64_t call = 0) IOWQ_EXCLUDES(lock_);
    [[nodiscard]] int start(role what, uint64_t call, if_cpus_are_gone then) IOWQ_EXCLUDES(lock_);
    [[nodiscard]] bool stand_by(member &self, request *done) IOWQ_EXCLUDES(lock_);

    void hold_still() override IOWQ_ANNOTATE(acquire_capability(lock_)) { lock_.lock(); }
    void go_on() override IOWQ_ANNOTATE(release_capability(lock_)) { lock_.unlock(); }

    // immutable after construction
    const sqthread_config config_;
    interrupt_signal signal_;
    cq &completions_;
    const uint32_t mask_;
    const unsigned most_threads_;

    // A slot is written by the submitter before tail_ passes it, and read by the leader after.
    std::vector<request *> slots_;

    // leader only
    adaptive_spin spin_;

    // submitter only
    uint32_t next_ = 0;
    uint64_t seen_call_ = 0; // at the last relieve()
    uint64_t relieved_ = 0;  // the call for which a thread has been summoned
    bool interrupting_ = false;
    clock::time_point looked_{}; // when look() last looked

    mutex lock_;
    std::vector<std::unique_ptr<member>> members_ IOWQ_GUARDED_BY(lock_);
    member *standbys_ IOWQ_GUARDED_BY(lock_) = nullptr; // last in, first out

    // atomic
    // What is published lies between head_ and tail_. The leader takes at head_; the submitter adds
    // at tail_, and takes back there. It is a Chase-Lev deque in which at most one thread at a time
    // takes at the head.
    alignas(64) atomic<uint32_t> head_{0};
    alignas(64) atomic<uint32_t> tail_{0};
    atomic<uint16_t> submitter_on_{no_cpu}; // relaxed: a hint
    common_identity its_;                   // the threads'
    alignas(64) atomic<bool> asleep_{false};
    atomic<bool> stop_{false};
    atomic<bool> spins_; // relaxed: a hint
    // The call that the leader may be relieved in: head_ << 1 | 1. 0: none.
    atomic<uint64_t> call_{0};
    parker leaders_park_;
    whole whole_{*this}; // last
};

} // namespace iowq
