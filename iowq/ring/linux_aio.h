// SPDX-License-Identifier: MIT
// O_DIRECT reads and writes by Linux AIO. As in io_uring's own inline path they are sent to the
// device and not waited for, so no thread has to block for each of them. A request that would block
// before it reaches the device comes back with -EAGAIN (RWF_NOWAIT). Allowed where io_uring is not.
// Owned by the reaper; the submitter's thread only, except send_by_worker().
//
// Invariant: at most `depth` requests are pushed or sent and not yet handed out, so the kernel
// always has room. The ring's limit on what is in flight ensures this.
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
    // Waits for what is in flight.
    ~linux_aio();

    // An O_DIRECT read or write, to be sent by the next send().
    void push(request &r);
    void send();
    // Takes back one that has been pushed and not sent. False: there is no such.
    [[nodiscard]] bool remove(const request &r);
    // By a worker, which may block: sends one. 0: it will be handed out. -errno: it was not sent.
    [[nodiscard]] int send_by_worker(request &r);

    // Hands out up to out.size() that are complete, with AIO's results. Makes no system call.
    [[nodiscard]] unsigned poll(std::span<request *> out);
    // The same, but waits for `min`, or until `until`. May return early. `interrupted`: a signal's
    // handler has run while it slept.
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

    // Written by the workers: publishes a request to the submitter that reaps it.
    alignas(64) atomic<unsigned> sent_{0};
};

} // namespace iowq
