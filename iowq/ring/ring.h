// SPDX-License-Identifier: MIT
// One submitter's way in and out: a mode decides where each request is issued, and the completions
// come back here. Used by one thread, the submitter, except post() and threads(). Several rings may
// share a wq. For those who know io_uring: request::prepare, submit, commit, reap
// (iowq/example/sum.cc). For those with an event loop: event_fd, start, post, dispatch.
#pragma once

#include "iowq/os/fork.h"
#include "iowq/os/node_memory.h"
#include "iowq/ring/evidence.h"
#include "iowq/ring/ordering.h"
#include "iowq/ring/reaper.h"
#include "iowq/ring/route.h"
#include "iowq/ring/tuner.h"

#include <optional>
#include <span>

namespace iowq {

// What punt, sqwq and hashed do with O_DIRECT reads and writes.
enum class direct_by {
    best, // aio, set up at the first such request; pool where that is not to be had
    aio,  // Linux AIO. In punt the submitter sends, and the wq gets what would block before that
    pool  // the wq, whose workers wait for the device
};

// What a ring is made with.
struct ring_config {
    offload mode = offload::punt;
    unsigned depth = 128;               // the most requests in flight; 1 to 65536
    std::chrono::microseconds spin{10}; // before the reaper sleeps
    std::optional<cpu_mask>
        sqthread_cpus{}; // of each of the ring's own threads; none given: the submitter's
    // For which the submission thread spins before it sleeps; none given: as long as that pays.
    std::optional<std::chrono::milliseconds> sqthread_idle{};
    direct_by direct = direct_by::best;
    // May the submitter issue itself what it was to hand over, where that does not block: while it
    // would only wait, and as long as handing over is found not to pay (tuner.h)?
    bool help = true;
    // In sqwq, punt and hashed: may syncs through one `file` be done by one call? One call does all
    // that were submitted before it begins, by whatever ring on the same wq, and all get its
    // result. It is an fsync if one of them is.
    bool merge_syncs = true;
    // With a depth of 1: the caller waits for each request right after submit, without a time
    // limit. So in punt submit makes the plain call of a read, and may block.
    bool waits_at_once = false;
    // The caller waits elsewhere: event_fd() tells of completions. So the ring begins no reads, as
    // somebody would have to wait for them.
    bool event_fd = false;
    int signal = 0; // of a ring with threads of its own, as wq_config::signal
};

// A submitter's way in and out. In the child of a fork the parent's ring takes no requests
// (-ESHUTDOWN), and reaps none.
class ring final : public own_pages, across_forks {
  public:
    // `pool` is needed by sqwq, punt and hashed, and must outlive the ring. -EINVAL: depth is out
    // of range, the pool is missing, or none of sqthread_cpus may be used. -ENOMEM. With threads of
    // its own, also the errors of sqthread::create; with an event fd those of eventfd(2). With
    // direct_by::aio: -EAGAIN when fs.aio-max-nr leaves no room for the depth, -ENOSYS and -EPERM
    // when there is no AIO.
    [[nodiscard]] IOWQ_API static int create(const ring_config &config, wq *pool,
                                             std::unique_ptr<ring> &out);
    // No request may be in flight.
    IOWQ_API ~ring();

    // What submit has done with a request.
    enum class submitted { completed, queued };
    // Takes a request. completed: its result is set and it will not be reaped. queued: commit()
    // sends it, unless it has been sent already, and reap() returns it. A request that is refused
    // is completed with the error: -EBUSY: `depth` requests are in flight (queued and not yet
    // reaped). -EINVAL: its address has a tag in the upper byte. -ESHUTDOWN: the pool's exit has
    // begun, or the ring belongs to the process that forked this one. -ENOMEM.
    [[nodiscard]] IOWQ_API submitted submit(request &r);
    // Sends what has been queued and not sent yet.
    IOWQ_API void commit();

    // Takes a request that comes back by reap() in any case, also when it is completed at once, or
    // refused. Where the ring has no room, it waits for some. commit() sends it.
    IOWQ_API void start(request &r);
    // The same of several, and sends them: at most one worker is woken for all.
    IOWQ_API void start(std::span<request *const> several);
    // By any thread: start and commit, made by the submitter, who is woken for it. That needs an
    // event fd, or that it waits in reap(). -EINVAL: the address has a tag in the upper byte, or it
    // is linked to a next one. -ESHUTDOWN: the ring belongs to the process that forked this one.
    [[nodiscard]] IOWQ_API int post(request &r);

    // Takes back a request that is in flight. True: it had not started, or was a read that had only
    // been begun; it will not be reaped. False: it will, or is not in flight. If a thread is in its
    // system call, that call is interrupted again and again until it ends, with -EINTR or with what
    // it has done so far. (To the ring's own threads the signal is repeated while the submitter
    // reaps.) What a device has been given (O_DIRECT) comes back when it is done.
    [[nodiscard]] IOWQ_API bool cancel(request &r);

    // Sends what has been queued. Waits for `min` completions, but for no more than are in flight;
    // it ends early at `until`, or when a signal's handler without SA_RESTART has run while it
    // slept. Hands out up to out.size() completions, and returns how many.
    [[nodiscard]] IOWQ_API unsigned reap(std::span<request *> out, unsigned min, deadline until);

    // The same, and calls `then` of each, which may submit, start and dispatch; then commits.
    IOWQ_API unsigned dispatch(unsigned min, deadline until);
    // Readable while there is something to reap; now and then also when there is nothing any more.
    // To be watched, not read. The ring closes it. Before the submitter goes to watch it, it
    // commits. -1: the ring was made without it.
    [[nodiscard]] int event_fd() const { return reaper_.event_fd(); }

    using direction = evidence::direction;
    using enum evidence::direction;
    [[nodiscard]] static direction direction_of(const request &r) {
        return evidence::direction_of(r);
    }
    [[nodiscard]] path_counts counts(direction d) const { return evidence_.counts(d); }
    // How many are submitted, and neither completed at once nor reaped nor taken back.
    [[nodiscard]] unsigned in_flight() const { return reaper_.in_flight() + ordering_.held(); }
    // Does submit take one more?
    [[nodiscard]] bool has_room() const { return in_flight() < depth_; }
    // How many requests were issued from each CPU, by its number.
    [[nodiscard]] std::span<const uint64_t> ran_on() const { return evidence_.ran_on(); }
    // What finding out whether handing over pays has cost.
    [[nodiscard]] const tuner::cost &tuning() const { return tuner_.costs(); }
    // How many threads it has of its own (sqthread, handoff), without the pool's. Any thread may
    // ask.
    [[nodiscard]] IOWQ_API unsigned threads() const;

  private:
    ring(const ring_config &config, wq *pool, bool may_help);

    [[nodiscard]] submitted take(request &r);
    [[nodiscard]] submitted issue_at_once(request &r);
    void start_posted();
    [[nodiscard]] unsigned reap_started(std::span<request *> out, unsigned min, deadline until);
    [[nodiscard]] bool aio_is_to_be_had();
    [[nodiscard]] submitted issue(request &r);
    [[nodiscard]] submitted enqueue(request &r);
    [[nodiscard]] submitted to_threads(request &r);
    [[nodiscard]] submitted completed(request &r, unsigned how);
    [[nodiscard]] submitted refused(request &r, int error);
    void show();

    // immutable after construction
    const offload mode_;
    const unsigned depth_;
    const bool alone_, waits_at_once_, merges_;

    // owner thread only
    bool aio_wanted_;
    evidence evidence_;
    tuner tuner_;
    reaper reaper_;
    ordering ordering_;
    shown shown_; // last, so it ends first
};

} // namespace iowq
