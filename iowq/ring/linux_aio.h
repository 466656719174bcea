// SPDX-License-Identifier: MIT
// O_DIRECT reads and writes by Linux AIO: as in io_uring's own inline path they are sent to the
// device and not waited for, so no thread has to block for each of them. What would block before
// that (RWF_NOWAIT) comes back with -EAGAIN. Allowed where io_uring is not. Owned by the reaper;
// the submitter's thread only, but for send_by_worker().
//
// Invariant: at most `depth` requests are pushed or sent and not yet handed out, so the kernel
// always has room. The ring sees to it.
#pragma once

#include "iowq/os/aio.h"
#include "iowq/os/atomic.h"
#include "iowq/ring/request.h"

#include <memory>
#include <span>
#include <vector>

namespace iowq {

class linux_aio {
  public:
    // -EAGAIN: fs.aio-max-nr leaves no room for `depth` more. -ENOSYS, -EPERM: no AIO here.
    // -ENOMEM.
    [[nodiscard]] static int create(unsigned depth, std::unique_ptr<linux_aio> &out);
    // Waits for what is under way.
    ~linux_aio();

    // An O_DIRECT read or write, to be sent by the next send().
    void push(request &r);
    void send();
    // Takes back one that has been pushed and not sent. False: it has been, or never was pushed.
    [[nodiscard]] bool remove(const request &r);
    // A worker, who may block, sends one. 0: it will be handed out. -errno: it has not been sent.
    [[nodiscard]] int send_by_worker(request &r);

    // Hands out up to out.size() that are complete, what AIO says as their results. Without a
    // system call.
    [[nodiscard]] unsigned poll(std::span<request *> out);
    // The same, but waits for `min`, or until `until`. May return early, `interrupted` when a
    // signal's handler has run while it slept.
    [[nodiscard]] unsigned wait(std::span<request *> out, unsigned min, deadline until,
                                bool &interrupted);

  private:
    explicit linux_aio(unsigned depth) : iocbs_(depth), batch_(depth), events_(depth) {}
    static void fill(iocb &cb, request &r, int flags);
    [[nodiscard]] aio_ring &kernels() const { return *reinterpret_cast<aio_ring *>(context_); }
    void fail(request &r, int64_t error);

    aio_context_t context_ = 0; // the address of the ring of completions
    std::vector<iocb> iocbs_;   // of the batch; the kernel copies them
    std::vector<iocb *> batch_;
    unsigned nr_batch_ = 0;
    std::vector<io_event> events_;
    request *failed_ = nullptr; // refused by io_submit, linked by `next`

    // By the workers: publishes a request to whoever reaps it.
    alignas(64) atomic<unsigned> sent_{0};
};

} // namespace iowq
