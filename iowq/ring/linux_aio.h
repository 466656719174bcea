// SPDX-License-Identifier: MIT
// O_DIRECT reads and writes by Linux AIO. As in io_uring's own inline path they are sent to the
// device and not waited for, so no thread has to block for each of them. A request that would block
// before it reaches the device comes back with -EAGAIN (RWF_NOWAIT). Allowed where io_uring is not.
// Owned by the reaper; the submitter's thread only, except send_carried() and send_by_worker().
//
// The submitter sends what it pushes. Or others send: one request, the *carrier*, goes to the pool,
// and those that come before a worker does follow it. Whoever comes to the carrier sends all of
// them, several in a call. Such a call does not block, so none of them waits for another.
//
// Invariants:
//  1. At most `depth` requests are pushed or sent and not yet handed out, so the kernel always has
//     room. The ring's limit on what is in flight ensures this.
//  2. While requests follow, their carrier is queued on the pool, or somebody has it who is about
//     to take them.
#pragma once

#include "iowq/os/aio.h"
#include "iowq/os/atomic.h"
#include "iowq/os/fork.h"
#include "iowq/ring/request.h"

#include <memory>
#include <span>
#include <vector>

namespace iowq {

class linux_aio final : across_forks {
  public:
    // `event_fd`: an eventfd that the kernel tells of each completion, or -1. -EAGAIN:
    // fs.aio-max-nr leaves no room for `depth` more. -ENOSYS, -EPERM: no AIO here. -ENOMEM.
    [[nodiscard]] static int create(unsigned depth, int event_fd, std::unique_ptr<linux_aio> &out);
    // Waits for what is in flight, and for those who have just sent.
    ~linux_aio();

    // ---- the submitter sends

    // An O_DIRECT read or write, to be sent by the next send().
    void push(request &r);
    void send();
    // Takes back one that has been pushed and not sent. False: there is no such.
    [[nodiscard]] bool remove(const request &r);

    // ---- others send

    enum class part {
        follows, // it will be sent by whoever comes to the carrier
        carries, // it is to go to the pool, and is the carrier from now on
        alone    // it is to go to the pool alone, as its device is on another node
    };
    [[nodiscard]] part join(request &r);
    // Takes back those that follow, oldest first, linked by `next`. The carrier stays one.
    [[nodiscard]] request *take_followers();
    // By whoever has the carrier: the same, and there is no carrier any more.
    [[nodiscard]] request *end_carrying();

    // By whoever has the carrier: sends it, and those that follow. `how`: what their paths get.
    // Returns those that io_submit has refused, linked by `next`, with its -errno as their result.
    [[nodiscard]] request *send_carried(request &carrier, path how);
    // By a worker, which may block: sends one. 0: it will be handed out. -errno: it was not sent.
    [[nodiscard]] int send_by_worker(request &r);

    // One that others have sent has been handed out.
    void came_back() { returned_++; }
    // There are `n` that others have sent, or are to send. Have they sent them all?
    [[nodiscard]] bool all_sent(unsigned n) const { return sent_.load(relaxed) - returned_ == n; }

    // ---- completions

    // Is there something for poll() to hand out?
    [[nodiscard]] bool any_complete() const;
    // Hands out up to out.size() that are complete, with AIO's results. Makes no system call.
    [[nodiscard]] unsigned poll(std::span<request *> out);
    // The same, but waits for `min`, or until `until`. May return early. `interrupted`: a signal's
    // handler has run while it slept.
    [[nodiscard]] unsigned wait(std::span<request *> out, unsigned min, deadline until,
                                bool &interrupted);

  private:
    linux_aio(unsigned depth, int event_fd)
        : event_fd_(event_fd), iocbs_(depth), batch_(depth), events_(depth) {}
    void fill(iocb &cb, request &r, int flags) const;
    [[nodiscard]] aio_ring &kernels() const { return aio_ring::of(context_); }
    void fail(request &r, int64_t error);

    const int event_fd_;
    aio_context_t context_ = 0; // the address of the ring of completions
    std::vector<iocb> iocbs_;   // of the batch; the kernel copies them
    std::vector<iocb *> batch_;
    unsigned nr_batch_ = 0;
    std::vector<io_event> events_;
    request *failed_ = nullptr; // refused by io_submit, linked by `next`
    unsigned returned_ = 0;     // of those that others have sent
    int carriers_node_ = -1;    // file::node

    // The newest that follows. nobody: there is only a carrier. nullptr: there is none.
    alignas(64) atomic<request *> newest_{nullptr};

    // Written by whoever sends in the submitter's place: how many calls have begun, which publishes
    // their requests to the submitter that reaps them, and how many requests have been sent.
    alignas(64) atomic<unsigned> calls_{0};
    atomic<unsigned> sent_{0};
};

} // namespace iowq
