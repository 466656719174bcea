// SPDX-License-Identifier: MIT
#include "iowq/ring/linux_aio.h"

#include "iowq/os/assert.h"
#include "iowq/os/thread.h"
#include "iowq/os/topology.h"
#include "iowq/ring/linked_list.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

namespace iowq {

namespace {

// So many others send in one call. The device gets them when the call is over, so with more it
// would do nothing meanwhile.
constexpr unsigned at_once = 8;

// No request's address.
request *const nobody = reinterpret_cast<request *>(uintptr_t{1});

// Those that follow, by the newest of them.
request *followers(request *newest) { return newest == nobody ? nullptr : oldest_first(newest); }

request &of(const iocb &cb) { return *reinterpret_cast<request *>(cb.aio_data); }

} // namespace

int linux_aio::create(unsigned depth, int event_fd, std::unique_ptr<linux_aio> &out) {
    try {
        std::unique_ptr<linux_aio> a(new linux_aio(depth, event_fd));
        if (int error = aio_setup(depth, a->context_))
            return error;
        if (!a->kernels().is_known())
            return -ENOSYS;
        out = std::move(a);
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
    return 0;
}

linux_aio::~linux_aio() {
    if (orphaned())
        return;
    while (sent_.load(acquire) != returned_) // pairs with whoever has sent the last ones
        yield();
    if (context_)
        aio_destroy(context_);
}

void linux_aio::fill(iocb &cb, request &r, int flags) const {
    r.cpu = this_cpu();
    cb = {};
    cb.aio_data = reinterpret_cast<uintptr_t>(&r);
    cb.aio_lio_opcode = r.op == opcode::read ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
    cb.aio_fildes = static_cast<uint32_t>(r.target->fd);
    cb.aio_buf = reinterpret_cast<uintptr_t>(r.buffer);
    cb.aio_nbytes = r.length;
    cb.aio_offset = static_cast<int64_t>(r.offset);
    cb.aio_rw_flags = r.rw_flags | flags;
    if (event_fd_ >= 0) {
        cb.aio_flags = IOCB_FLAG_RESFD;
        cb.aio_resfd = static_cast<uint32_t>(event_fd_);
    }
}

void linux_aio::push(request &r) {
    iowq_assert(nr_batch_ < iocbs_.size());
    iocb &cb = iocbs_[nr_batch_];
    fill(cb, r, RWF_NOWAIT);
    batch_[nr_batch_++] = &cb;
}

void linux_aio::send() {
    (void)aio_submit_all(context_, std::span(batch_).first(nr_batch_),
                         [this](iocb &cb, int64_t error) { fail(of(cb), error); });
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

// ---- others send

linux_aio::part linux_aio::join(request &r) {
    request *newest = newest_.load(relaxed);
    while (newest) {
        if (r.target->node != carriers_node_)
            return part::alone;
        r.next = newest == nobody ? nullptr : newest;
        // Release: publishes the request to end_carrying.
        if (newest_.compare_exchange_weak(newest, &r, release, relaxed))
            return part::follows;
    }
    carriers_node_ = r.target->node;
    newest_.store(nobody, relaxed); // published by the enqueue of the carrier
    return part::carries;
}

request *linux_aio::take_followers() {
    request *newest = newest_.load(relaxed);
    // A failure means that whoever has the carrier has taken them.
    if (!newest || newest == nobody ||
        !newest_.compare_exchange_strong(newest, nobody, relaxed, relaxed))
        return nullptr;
    return followers(newest);
}

request *linux_aio::end_carrying() {
    return followers(newest_.exchange(nullptr, acquire)); // pairs with join
}

// Once the last request is sent this object stays only until it is counted as sent.
request *linux_aio::send_carried(request &carrier, path how) {
    std::array<iocb, at_once> iocbs;
    std::array<iocb *, at_once> batch;
    request *refused = nullptr;
    carrier.next = end_carrying();
    for (request *r = &carrier; r;) {
        unsigned n = 0;
        for (; r && n < at_once; r = r->next, n++) {
            fill(iocbs[n], *r, RWF_NOWAIT);
            r->path |= how;
            batch[n] = &iocbs[n];
        }
        calls_.fetch_add(1, release); // pairs with poll and wait
        unsigned sent =
            aio_submit_all(context_, std::span(batch).first(n), [&](iocb &cb, int64_t error) {
                of(cb).result = error;
                of(cb).next = std::exchange(refused, &of(cb));
            });
        // Nothing is touched if none was sent. Release: pairs with the destructor.
        if (sent)
            sent_.fetch_add(sent, release);
    }
    return refused;
}

int linux_aio::send_by_worker(request &r) {
    iocb cb;
    iocb *batch = &cb;
    fill(cb, r, 0);
    int refused = 0;
    calls_.fetch_add(1, release); // pairs with poll and wait
    if (aio_submit_all(context_, {&batch, 1},
                       [&](iocb &, int64_t error) { refused = static_cast<int>(error); }))
        sent_.fetch_add(1, release); // pairs with the destructor
    return refused;
}

// ---- completions

void linux_aio::fail(request &r, int64_t error) {
    r.result = error;
    r.next = failed_;
    failed_ = &r;
}

bool linux_aio::any_complete() const { return failed_ || kernels().any(); }

unsigned linux_aio::poll(std::span<request *> out) {
    unsigned n = 0;
    for (; failed_ && n < out.size(); failed_ = failed_->next)
        out[n++] = failed_;
    kernels().take(static_cast<unsigned>(out.size()) - n, [&](const io_event &its) {
        auto *r = reinterpret_cast<request *>(its.data);
        r->result = its.res;
        out[n++] = r;
    });
    (void)calls_.load(acquire); // pairs with those who send
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
    (void)calls_.load(acquire); // pairs with those who send
    return n;
}

} // namespace iowq
