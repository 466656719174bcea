// SPDX-License-Identifier: MIT
// One submitter's way in and out: a mode decides where each request is issued, and the completions
// come back here. Used by one thread, its owner; several rings may share a wq. For those who know
// io_uring: request::prepare, submit, commit, reap (iowq/example/sum.cc).
#pragma once

#include "iowq/os/node_memory.h"
#include "iowq/pool/wq.h"
#include "iowq/ring/begun_reads.h"
#include "iowq/ring/sqthread.h"

#include <array>
#include <span>

namespace iowq {

// Where requests are issued. Source: io_ring_enter's three ways in the seed's patch, and
// io_wq_enqueue_hashed.
enum class offload {
    inline_,  // by the submitter
    sqthread, // by the submission thread; cached reads also by the submitter while it waits
    handoff,  // as sqthread, but the thread is replaced before it blocks
    sqwq,     // on the wq; cached reads also by the submitter while it waits (wq::help)
    punt,     // by the submitter with RWF_NOWAIT; what would block goes to the wq
    hashed    // on the wq; buffered writes to one file one after another
};

// Does the mode need a wq?
[[nodiscard]] constexpr bool needs_pool(offload mode) {
    return mode != offload::inline_ && mode != offload::sqthread && mode != offload::handoff;
}

// What punt, sqwq and hashed do with O_DIRECT reads and writes.
enum class direct_by {
    best, // aio, made with the first of them, or pool where that is not to be had
    aio, // Linux AIO; with punt by the submitter, and what would block before it is sent goes to the wq
    pool // the wq, whose workers wait for them
};

// What a ring is made with.
struct ring_config {
    offload mode = offload::punt;
    unsigned depth = 128;               // requests under way; 1 to 65536
    std::chrono::microseconds spin{10}; // before the reaper sleeps
    std::optional<cpu_mask>
        sqthread_cpus{}; // with handoff: of all its threads; none: the submitter's
    std::chrono::milliseconds sqthread_idle{1000};
    direct_by direct = direct_by::best;
    int signal = 0; // of a ring with threads of its own, as wq_config::signal
};

// How many requests of one direction took which way (issue.h, path).
struct path_counts {
    uint64_t issued = 0;
    uint64_t inlined = 0;
    uint64_t nowait_miss = 0;
    uint64_t nowait_refused = 0;
    uint64_t pooled = 0;
    uint64_t aio = 0;
    uint64_t sqthread = 0;
    uint64_t handed_over = 0;
    uint64_t helped = 0;
    uint64_t waited = 0; // beside pooled, sqthread or helped: by whom it was tried
};

// A submitter's way in and out. In the child of a fork it takes no more requests (-ESHUTDOWN), and
// has none.
class ring final : public own_pages, across_forks {
  public:
    // `pool` is needed by sqwq, punt and hashed, and must outlive the ring. -EINVAL: depth, CPUs for the
    // submission thread none of which is to be had, a pool that is missing. With direct_by::aio: -EAGAIN when fs.aio-max-nr leaves
    // no room for the depth, -ENOSYS and -EPERM when there is no AIO.
    [[nodiscard]] IOWQ_API static int create(const ring_config &config, wq *pool,
                                             std::unique_ptr<ring> &out);
    // No request may be under way.
    IOWQ_API ~ring();

    // What submit has done with a request.
    enum class submitted { completed, queued };
    // Takes a request on its way. completed: its result is set and it will not be reaped. queued:
    // commit() sends it, if nothing has before, and reap() returns it. A request that is refused is
    // completed with the error: -EBUSY, `depth` of them are in flight (queued and not yet reaped);
    // -EINVAL, its address has a tag in the upper byte; -ESHUTDOWN, the pool's exit has begun, or
    // the ring is of the process that forked this one; -ENOMEM.
    [[nodiscard]] IOWQ_API submitted submit(request &r);
    // Sends what has been queued, if it has not gone already.
    IOWQ_API void commit();

    // Takes back a request that is in flight: true if it had not started, or is a read that has
    // only been begun, and then it will not be reaped. False: it will. If a thread is in its system
    // call, that is interrupted, again and again until it ends (in a mode with threads of the
    // ring's own while somebody reaps): -EINTR, or what it has done so far. What a device has been
    // given (O_DIRECT) comes when it is done. Of any other request, false.
    [[nodiscard]] IOWQ_API bool cancel(request &r);

    // Sends what has been queued, waits for `min` completions, or as many as are in flight, or
    // until `until`, or until a signal's handler without SA_RESTART has run while it slept; hands
    // out up to out.size() of them.
    [[nodiscard]] IOWQ_API unsigned reap(std::span<request *> out, unsigned min, deadline until);

    enum direction { reads, writes, others, nr_directions };
    [[nodiscard]] static direction direction_of(const request &r) {
        return r.op == opcode::read ? reads : r.op == opcode::write ? writes : others;
    }
    [[nodiscard]] const path_counts &counts(direction d) const { return counts_[d]; }
    // Submitted and neither completed at once nor reaped nor taken back.
    [[nodiscard]] unsigned in_flight() const { return in_flight_; }
    // How many requests were issued from each CPU, by its number.
    [[nodiscard]] std::span<const uint64_t> ran_on() const { return ran_on_; }
    // Its own threads, without the pool's: sqthread's and handoff's. Any thread may ask.
    [[nodiscard]] IOWQ_API unsigned threads() const;

  private:
    ring(const ring_config &config, wq *pool, bool submitter_serves);

    [[nodiscard]] submitted send(request &r);
    [[nodiscard]] submitted completed(request &r, unsigned how);
    [[nodiscard]] submitted refused(request &r, int error);
    void send_to_sqthread(request &r);
    [[nodiscard]] bool help_sqthread();
    [[nodiscard]] submitted enqueue(request &r, bool hash);
    [[nodiscard]] bool taken_by_pool(request &r, bool hash);
    [[nodiscard]] bool aio_is_for(const request &r);
    [[nodiscard]] bool sent_by_aio(request &r);
    [[nodiscard]] bool goes_on_pooled(request &r);
    static void run_item(work **w);
    static bool issue_pooled(request &r);
    static bool issue_helping(request &r);

    [[nodiscard]] bool take_back(request &r);
    void comes_back(request &r);
    void collect();
    void has_come(const request &r);
    [[nodiscard]] unsigned take(std::span<request *> out);
    [[nodiscard]] unsigned take_from_aio(std::span<request *> out, unsigned min, deadline until,
                                         bool &interrupted);
    [[nodiscard]] bool wait(unsigned count, deadline until);
    void look_after_threads();

    [[nodiscard]] unsigned waited_for(std::span<request *> reads);
    void leave_begun();

    void hand_out(request &r);
    void count(const request &r);

    // immutable after construction
    const offload mode_;
    const unsigned depth_;
    wq *const pool_;

    // What it would only wait for the submitter may do itself, as it is where others would do it.
    const bool submitter_serves_;

    cq cq_;
    std::unique_ptr<class sqthread> sq_; // pushes to cq_, so it goes first

    // owner thread only
    bool aio_wanted_;
    std::unique_ptr<class linux_aio> aio_;
    clock::time_point looked_after_{}; // when the ring's own threads last were
    unsigned no_help_for_ = 0;         // so many waits, as what was to be read was not in the cache
    unsigned in_flight_ = 0;
    unsigned elsewhere_ = 0; // with the pool or the submission thread, not yet taken from cq_
    unsigned slow_ = 0;      // of these, what is not only tried there
    unsigned expected_ = 0;  // the workers are to send them by AIO
    // Taken from cq_, not yet handed out: oldest first, linked by next.
    request *ready_ = nullptr;
    request *newest_ready_ = nullptr;
    bool interrupting_ = false; // threads of the ring's own, whose calls have been cancelled
    begun_reads begun_{submitter_serves_};
    bool worker_starts_ = false; // one has been woken since the last wait
    path_counts counts_[nr_directions];
    std::array<uint64_t, CPU_SETSIZE> ran_on_{};
};

} // namespace iowq
