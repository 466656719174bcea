// SPDX-License-Identifier: MIT
// One io_uring in user space: takes SQEs, makes what they ask for, and posts CQEs. Any thread may
// call it.
//
// Lock order: submitting_, registering_, lock_, and those of the timers (timers.h) and of
// the files that are waited for (poller.h). The pool is called with none of these but the first.
//
// Source: io_uring_enter(2), io_uring_register(2), and what liburing's tests expect. README.md says
// what is to be had and what is not.
#pragma once

#include "iowq/os/clock.h"
#include "iowq/os/lock.h"
#include "iowq/pool/wq.h"
#include "iowq/uring/descriptor.h"
#include "iowq/uring/moves.h"
#include "iowq/uring/op.h"
#include "iowq/uring/posts.h"
#include "iowq/uring/registered.h"
#include "iowq/uring/rings.h"
#include "iowq/uring/timers.h"

#include <csignal>
#include <memory>

namespace iowq::uring {

class direct_io;
class maker;
class sq_thread;

// Until when, and with which signals let through, a call waits.
struct waiting {
    deadline until;
    const sigset_t *mask = nullptr; // nullptr: the thread's own
};

// Which operations are to be cancelled.
struct to_cancel {
    uint64_t user_data = 0;
    int fd = -1;
    bool by_fd = false, any = false, all = false;
    const opcode_row *only = nullptr; // of this kind alone
};

class instance {
  public:
    // As io_uring_setup(2): `fd` is the program's descriptor. 0 or -errno.
    [[nodiscard]] static int create(unsigned entries, io_uring_params &p, std::shared_ptr<wq> pool,
                                    std::shared_ptr<timers> its_timers, maker &its_maker,
                                    std::shared_ptr<instance> &out, int &fd);
    // Cancels what is in flight, and waits for it.
    ~instance();

    // As io_uring_enter(2) without its flags' checks. How many SQEs were taken, or -errno.
    [[nodiscard]] int submit(unsigned count);
    // Until so many CQEs are there, or one more timeout has ended by itself. 0 or -errno; -ETIME
    // and -EINTR only if no CQE is there.
    [[nodiscard]] int wait(unsigned min, const waiting &how);
    // Until the submission thread has made room for an SQE.
    void wait_for_room() const;
    // Posts what had no room before.
    void flush_overflow();

    [[nodiscard]] unsigned flags() const { return flags_; } // IORING_SETUP_*
    [[nodiscard]] const descriptor &its_descriptor() const { return descriptor_; }
    // As mmap(2) of the descriptor.
    [[nodiscard]] int map(void *&at, size_t bytes, int protection, int flags,
                          uint64_t offset) const {
        return rings_->map(at, bytes, protection, flags, offset);
    }
    // Somebody polls the descriptor, or will. False: that was known.
    bool begin_to_tell();
    // Before somebody does: makes it readable no longer, if all completions have been taken.
    void settle();
    [[nodiscard]] bool enabled() const { return enabled_.load(acquire); }
    void enable();
    [[nodiscard]] sq_thread *submitter() const { return sq_thread_.get(); }
    [[nodiscard]] wq &pool() const { return *pool_; }

    // As io_uring_register(2): 0, a count, or -errno.
    template <class Do>
    [[nodiscard]] int with_registered(Do &&change) {
        locked hold(registering_);
        return change(registered_);
    }
    [[nodiscard]] int set_event(int fd, bool async_only);
    [[nodiscard]] int drop_event();

    // ---- for operations

    [[nodiscard]] int32_t cancel(const to_cancel &which, const op &asking);
    // As IORING_TIMEOUT_UPDATE: `span` in ns, by `flags` a time.
    [[nodiscard]] int32_t update_timeout(uint64_t user_data, uint32_t flags, int64_t span);
    static void time_is_up(timer &t); // of a timeout
    [[nodiscard]] int32_t update_files(unsigned at, uint64_t fds, unsigned count);
    // How reads, or writes, of a descriptor are begun is looked up once for some calls. It is a
    // hint, as a number may come to mean another file.
    [[nodiscard]] move_by known_moves(int fd, bool writes);
    void learn_moves(int fd, bool writes, move_by how);

  private:
    friend class sq_thread;
    friend class direct_io;
    instance(std::shared_ptr<wq> pool, std::shared_ptr<timers> its_timers);

    // By whom an operation is begun, or ended. A guest, as the timers' thread is, or one that
    // cancels, makes no call: others wait for it.
    enum class by : uint8_t { submitter, worker, guest };

    [[nodiscard]] op *new_op() IOWQ_REQUIRES(submitting_) IOWQ_EXCLUDES(lock_);
    [[nodiscard]] bool made_alone(op &o);
    void post_all(op_list &made) IOWQ_EXCLUDES(lock_);
    void begin(op &first) IOWQ_REQUIRES(submitting_);
    void refuse(op &first);
    [[nodiscard]] bool has_to_wait(bool drains) const IOWQ_REQUIRES(lock_);
    void go_on(op *o, by whom);
    [[nodiscard]] op *make(op &o, by whom);
    [[nodiscard]] bool issue_at_once(op &o, by whom);
    [[nodiscard]] bool to_pool(op &o);
    [[nodiscard]] bool wait_for_file(op &o) IOWQ_EXCLUDES(lock_);
    [[nodiscard]] bool arm_wait(op &o) IOWQ_REQUIRES(lock_);
    static void file_is_ready(void *whose, uint32_t events);
    // What a try comes to: its result, or a wait for events, or a wait that needs a worker.
    enum class tried : uint8_t { done, waits, needs_a_worker };
    [[nodiscard]] static bool is_to_be_tried(const op &o); // by a worker
    [[nodiscard]] tried try_in_worker(op &o) IOWQ_EXCLUDES(lock_);
    [[nodiscard]] tried try_again(op &o) IOWQ_EXCLUDES(lock_);
    [[nodiscard]] bool begin_try(op &o) IOWQ_EXCLUDES(lock_);
    void end_try(op &o) IOWQ_REQUIRES(lock_);
    void wait_for_try() IOWQ_REQUIRES(lock_);
    [[nodiscard]] cancel_result cancel_wait(op &o) IOWQ_REQUIRES(lock_);
    void start_timeout(op &o);
    void count_from_submission(op &o) IOWQ_REQUIRES(submitting_);
    void hold_counts(bool on);
    [[nodiscard]] op *next_ended() IOWQ_REQUIRES(lock_);
    [[nodiscard]] cancel_result cancel_timeout(op &o) IOWQ_REQUIRES(lock_);
    [[nodiscard]] bool repeat_timeout(op &o);
    [[nodiscard]] op *take_limit(op &o) IOWQ_EXCLUDES(lock_);
    void start_limit(op &limit, by whom);
    [[nodiscard]] int32_t limit_passed(op &limit);
    [[nodiscard]] cancel_result end_early(op &o) IOWQ_REQUIRES(lock_);
    [[nodiscard]] op *finish(op &o, by whom);
    [[nodiscard]] op *to_be_cancelled(const to_cancel &which, const op &asking, uint64_t pass)
        IOWQ_REQUIRES(lock_);
    void break_off(op *o, bool silent) IOWQ_REQUIRES(lock_);
    void complete(op &o, int32_t result, bool silent = false) IOWQ_REQUIRES(lock_);
    void answer(op &o, bool silent = false) IOWQ_REQUIRES(lock_);
    void post(op &o) IOWQ_REQUIRES(lock_);
    [[nodiscard]] bool put(const op &o) IOWQ_REQUIRES(lock_);
    void recycle(op &o) IOWQ_REQUIRES(lock_);
    [[nodiscard]] op *next_deferred() IOWQ_REQUIRES(lock_);
    [[nodiscard]] direct_io *find_direct() IOWQ_EXCLUDES(registering_);
    [[nodiscard]] bool direct_is_eager(const direct_io &d) const;
    [[nodiscard]] bool sent_alone(op &o) IOWQ_REQUIRES(submitting_);
    void send_gathered() IOWQ_REQUIRES(submitting_);
    [[nodiscard]] bool to_device(op &o);
    void take_direct(by whom) IOWQ_EXCLUDES(lock_);
    [[nodiscard]] bool sleep(uint32_t seen, const waiting &how);
    void posted(by whom);
    [[nodiscard]] bool has_completions() IOWQ_EXCLUDES(lock_);
    static void run(work **w);

    const std::shared_ptr<wq> pool_;       // the last ring ends it,
    const std::shared_ptr<timers> timers_; // and these
    unsigned flags_ = 0;
    atomic<bool> enabled_{true};
    std::unique_ptr<rings> rings_;
    descriptor descriptor_;
    mutex submitting_;                                        // the submission queue
    uint64_t posted_before_ IOWQ_GUARDED_BY(submitting_) = 0; // this submission: of counted_
    bool counting_ IOWQ_GUARDED_BY(submitting_) = false;      // a timeout that counts was submitted
    op *spare_ IOWQ_GUARDED_BY(submitting_) = nullptr;
    op_list gathered_ IOWQ_GUARDED_BY(submitting_); // to be sent to the device
    mutex registering_;
    registered registered_ IOWQ_GUARDED_BY(registering_);
    std::unique_ptr<direct_io> its_direct_ IOWQ_GUARDED_BY(registering_);
    bool no_direct_ IOWQ_GUARDED_BY(registering_) = false; // it is not to be had
    atomic<direct_io *> direct_{nullptr};                  // its_direct_; written under that lock
    std::unique_ptr<sq_thread> sq_thread_;

    mutex lock_; // the completion queue, and what follows
    op_list in_flight_ IOWQ_GUARDED_BY(lock_);
    // Timeouts that have begun; those that count completions first, by their targets.
    op_list timed_ IOWQ_GUARDED_BY(lock_);
    op_list ended_ IOWQ_GUARDED_BY(lock_);    // those of no worker that are to be finished
    op_list deferred_ IOWQ_GUARDED_BY(lock_); // behind an IOSQE_IO_DRAIN: first ones of chains
    op_list overflow_ IOWQ_GUARDED_BY(lock_); // done, and no room for the CQE
    atomic<bool> overflows_{false};           // it is not empty; written under the lock
    op *free_ IOWQ_GUARDED_BY(lock_) = nullptr;
    unsigned active_ IOWQ_GUARDED_BY(lock_) = 0;   // begun, with what is linked, and not done
    bool draining_ IOWQ_GUARDED_BY(lock_) = false; // nothing begins until what drains is done
    // One of these two, written under the lock. The submitter reads it without: while it submits,
    // this turns from true to false only.
    atomic<bool> barred_{false};
    // CQEs that were posted: of timeouts that have ended by themselves, and all others. Written
    // under lock_.
    atomic<uint32_t> passed_{0};
    atomic<uint64_t> counted_{0};
    bool counts_held_ IOWQ_GUARDED_BY(lock_) = false; // a submission goes on
    uint64_t cancels_ IOWQ_GUARDED_BY(lock_) = 0;
    // Threads that wait until one is no longer tried, and a futex for them.
    unsigned awaiting_try_ IOWQ_GUARDED_BY(lock_) = 0;
    atomic<uint32_t> tries_{0};
    std::vector<std::unique_ptr<op[]>> slabs_ IOWQ_GUARDED_BY(lock_);
    atomic<unsigned> inside_{0}; // workers, and the timers' thread

    posts posts_;
    atomic<int> event_{-1};
    atomic<bool> event_async_only_{false};
    // By the descriptor's last digits; reads, then writes.
    static constexpr unsigned hints = 1024;
    struct hint {
        move_by how = move_by::unknown;
        uint8_t left = 0; // for so many calls
    };
    [[nodiscard]] atomic<hint> &hint_of(int fd, bool writes);
    std::array<atomic<hint>, 2 * hints> hints_{};
};

} // namespace iowq::uring
