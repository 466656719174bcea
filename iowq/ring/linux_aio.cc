// SPDX-License-Identifier: MIT
#include "iowq/ring/linux_aio.h"

#include "iowq/os/assert.h"
#include "iowq/os/topology.h"

#include <algorithm>
#include <cerrno>
#include <new>

namespace iowq {

int linux_aio::create(unsigned depth, std::unique_ptr<linux_aio> &out) {
    try {
        std::unique_ptr<linux_aio> a(new linux_aio(depth));
        if (int error = aio_setup(depth, a->context_))
            return error;
        if (a->kernels().magic != aio_ring::known || a->kernels().incompatible_features)
            return -ENOSYS;
        out = std::move(a);
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return 0;
}

linux_aio::~linux_aio() {
    if (context_)
        aio_destroy(context_);
}

void linux_aio::fill(iocb &cb, request &r, int flags) {
    r.cpu = this_cpu();
    cb = {};
    cb.aio_data = reinterpret_cast<uintptr_t>(&r);
    cb.aio_lio_opcode = r.op == opcode::read ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
    cb.aio_fildes = static_cast<uint32_t>(r.target->fd);
    cb.aio_buf = reinterpret_cast<uintptr_t>(r.buffer);
    cb.aio_nbytes = r.length;
    cb.aio_offset = static_cast<int64_t>(r.offset);
    cb.aio_rw_flags = r.rw_flags | flags;
}

void linux_aio::push(request &r) {
    iowq_assert(nr_batch_ < iocbs_.size());
    iocb &cb = iocbs_[nr_batch_];
    fill(cb, r, RWF_NOWAIT);
    batch_[nr_batch_++] = &cb;
}

int linux_aio::send_by_worker(request &r) {
    iocb cb;
    iocb *batch = &cb;
    fill(cb, r, 0);
    aio_context_t context = context_;
    // Release: pairs with poll and wait. Before the call: once the request is sent, this object may
    // be gone.
    sent_.fetch_add(1, release);
    long n = aio_submit(context, 1, &batch);
    return n == 1 ? 0 : n < 0 ? static_cast<int>(n) : -EAGAIN;
}

void linux_aio::send() {
    for (unsigned sent = 0; sent < nr_batch_;) {
        long n = aio_submit(context_, nr_batch_ - sent, &batch_[sent]);
        if (n > 0)
            sent += static_cast<unsigned>(n);
        else // the first that was not sent is refused; those after it are tried next
            fail(*reinterpret_cast<request *>(batch_[sent++]->aio_data), n < 0 ? n : -EIO);
    }
    nr_batch_ = 0;
}

bool linux_aio::remove(const request &r) {
    for (unsigned i = 0; i < nr_batch_; i++) {
        if (iocbs_[i].aio_data != reinterpret_cast<uintptr_t>(&r))
            continue;
        std::move(&iocbs_[i + 1], &iocbs_[nr_batch_], &iocbs_[i]);
        nr_batch_--;
        return true;
    }
    return false;
}

void linux_aio::fail(request &r, int64_t error) {
    r.result = error;
    r.next = failed_;
    failed_ = &r;
}

unsigned linux_aio::poll(std::span<request *> out) {
    unsigned n = 0;
    for (; failed_ && n < out.size(); failed_ = failed_->next)
        out[n++] = failed_;
    aio_ring &ring = kernels();
    unsigned tail = atomic_ref(ring.tail).load(acquire); // the kernel's
    unsigned head = ring.head;
    for (; head != tail && n < out.size(); head = (head + 1) % ring.nr) {
        auto *r = reinterpret_cast<request *>(ring.events[head].data);
        r->result = ring.events[head].res;
        out[n++] = r;
    }
    atomic_ref(ring.head).store(head, release); // from now on the kernel may overwrite the entries
    (void)sent_.load(acquire);                  // pairs with send_by_worker
    return n;
}

unsigned linux_aio::wait(std::span<request *> out, unsigned min, deadline until,
                         bool &interrupted) {
    unsigned n = poll(out);
    if (n < min) {
        auto most = static_cast<unsigned>(std::min(events_.size(), out.size() - n));
        long got = aio_getevents(context_, min - n, most, events_.data(), until);
        interrupted = got == -EINTR;
        for (long i = 0; i < got; i++) {
            auto *r = reinterpret_cast<request *>(events_[static_cast<size_t>(i)].data);
            r->result = events_[static_cast<size_t>(i)].res;
            out[n++] = r;
        }
    }
    (void)sent_.load(acquire); // pairs with send_by_worker
    return n;
}

} // namespace iowq
