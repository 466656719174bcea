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
    for (fifo *q : {&d->held_, &d->done_}) {
        q->slots.reset(new (std::nothrow) request *[depth]);
        q->depth = depth;
        if (!q->slots)
            return -ENOMEM;
    }
    d->io_ = std::move(io);
    io = std::move(d);
    return 0;
}

bool drain::may_go(const request &r) const {
    return !sync_sent_ && (!is_sync(r) || under_way_ == 0);
}

submitted drain::send(request &r) {
    submitted how = io_->submit(r);
    if (how == submitted::queued) {
        under_way_++;
        sync_sent_ = is_sync(r);
    }
    return how;
}

submitted drain::submit(request &r) {
    if (held_.size == 0 && may_go(r))
        return send(r);
    held_.push(&r);
    return submitted::queued;
}

bool drain::fifo::remove(const request *r) {
    unsigned i = 0;
    while (i < size && at(i) != r)
        i++;
    if (i == size)
        return false;
    for (; i + 1 < size; i++)
        at(i) = at(i + 1);
    size--;
    return true;
}

bool drain::cancel(request &r) {
    if (held_.remove(&r))
        return true;
    bool taken_back = io_->cancel(r);
    under_way_ -= taken_back;
    sync_sent_ &= !taken_back;
    return taken_back;
}

// Sends what need not wait any longer. Returns whether anything was sent.
bool drain::release() {
    bool sent = false;
    while (held_.size && may_go(*held_.at(0))) {
        request *r = held_.pop();
        if (send(*r) == submitted::completed)
            done_.push(r);
        sent = true;
    }
    return sent;
}

unsigned drain::hand_out(std::span<request *> out) {
    unsigned n = 0;
    while (done_.size && n < out.size())
        out[n++] = done_.pop();
    return n;
}

int drain::reap(std::span<request *> out, unsigned min, iowq::deadline until) {
    unsigned n = hand_out(out);
    for (;;) {
        auto rest = out.subspan(n);
        // No more than are under way can come, whatever is held behind them.
        unsigned wanted = n < min ? std::min(min - n, under_way_) : 0;
        int got = rest.empty() ? 0 : io_->reap(rest, wanted, until);
        if (got < 0)
            return n ? static_cast<int>(n) : got; // what is reaped counts; the error comes again
        n += static_cast<unsigned>(got);
        under_way_ -= static_cast<unsigned>(got);
        if (got)
            sync_sent_ = false; // while it is under way, nothing else is
        if (release())
            if (int error = io_->commit())
                return n ? static_cast<int>(n) : error;
        n += hand_out(out.subspan(n));
        bool late = static_cast<unsigned>(got) < wanted;
        if (n >= min || n == out.size() || late)
            return static_cast<int>(n);
    }
}

} // namespace engine
