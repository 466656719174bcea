/* SPDX-License-Identifier: GPL-2.0-only */
#include "drain.h"

#include <algorithm>
#include <cerrno>
#include <new>

namespace engine {

using iowq::opcode;
using iowq::request;
using submitted = iowq::ring::submitted;

namespace {

bool is_sync(const request &r) {
    return r.op == opcode::fsync || r.op == opcode::fdatasync || r.op == opcode::sync_file_range;
}

} // namespace

int drain::create(unsigned depth, std::unique_ptr<backend> &io) {
    std::unique_ptr<drain> d(new (std::nothrow) drain);
    if (!d)
        return -ENOMEM;
    if (!d->held_.reserve(depth) || !d->done_.reserve(depth))
        return -ENOMEM;
    d->io_ = std::move(io);
    io = std::move(d);
    return 0;
}

bool drain::may_go(const request &r) const {
    return !sync_sent_ && (!is_sync(r) || in_flight_ == 0);
}

submitted drain::send(request &r) {
    submitted how = io_->submit(r);
    if (how == submitted::queued) {
        in_flight_++;
        sync_sent_ = is_sync(r);
    }
    return how;
}

submitted drain::submit(request &r) {
    if (held_.empty() && may_go(r))
        return send(r);
    held_.push(r);
    return submitted::queued;
}

bool drain::cancel(request &r) {
    if (held_.remove(r))
        return true;
    bool taken_back = io_->cancel(r);
    in_flight_ -= taken_back;
    sync_sent_ &= !taken_back;
    return taken_back;
}

// Sends the requests that no longer have to wait. Returns whether there was any.
bool drain::release() {
    bool sent = false;
    while (!held_.empty() && may_go(held_.front())) {
        request &r = held_.pop();
        if (send(r) == submitted::completed)
            done_.push(r);
        sent = true;
    }
    return sent;
}

int drain::reap(std::span<request *> out, unsigned min, iowq::deadline until) {
    unsigned n = done_.hand_out(out);
    for (;;) {
        auto rest = out.subspan(n);
        // No more can come than are in flight, however many are held behind them.
        unsigned wanted = n < min ? std::min(min - n, in_flight_) : 0;
        int got = rest.empty() ? 0 : io_->reap(rest, wanted, until);
        if (got < 0)
            return n ? static_cast<int>(n) : got; // the next call has the error again
        n += static_cast<unsigned>(got);
        in_flight_ -= static_cast<unsigned>(got);
        if (got)
            sync_sent_ = false; // a sync is in flight alone, so it is what was reaped
        if (release())
            if (int error = io_->commit())
                return n ? static_cast<int>(n) : error;
        n += done_.hand_out(out.subspan(n));
        bool late = static_cast<unsigned>(got) < wanted;
        if (n >= min || n == out.size() || late)
            return static_cast<int>(n);
    }
}

} // namespace engine
