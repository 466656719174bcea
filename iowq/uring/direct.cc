// SPDX-License-Identifier: MIT
#include "iowq/uring/direct.h"

#include "iowq/os/any_call.h"
#include "iowq/os/assert.h"
#include "iowq/os/thread.h"
#include "iowq/uring/held.h"
#include "iowq/uring/instance.h"
#include "iowq/uring/masked.h"
#include "iowq/uring/moves.h"
#include "iowq/uring/opcodes.h"
#include "iowq/uring/prepare.h"

#include <algorithm>
#include <new>
#include <sys/epoll.h>

namespace iowq::uring {

namespace {

constexpr std::chrono::nanoseconds once_a{std::chrono::milliseconds(1)};
// So many times nobody has come, and so many sleeps until it is forgotten.
constexpr unsigned until_eager = 4, until_lazy = 16;

// Of a file in several pieces, those that follow the first may not be found without waiting. Then
// the whole comes back once the first has been moved.
bool may_come_back_late(const op &o) {
    constexpr size_t piece = 4096;
    return o.nr_segments > 1 || o.segments->iov_len > piece;
}

uintptr_t this_thread() { return reinterpret_cast<uintptr_t>(&per_thread<char>()); }

} // namespace

bool direct_io::eager() const { return !can_sleep_ || neglected_.load(relaxed) >= until_eager; }

// ---- making it

int direct_io::create(instance &its, unsigned depth, timers &with,
                      std::unique_ptr<direct_io> &out) {
    std::unique_ptr<direct_io> d(new (std::nothrow) direct_io(its, with));
    if (!d)
        return -ENOMEM;
    if (int error = d->open(depth))
        return error;
    out = std::move(d);
    return 0;
}

int direct_io::open(unsigned depth) {
    depth_ = depth;
    look_.whose = this;
    look_.passed = time_to_look;
    device_.whose = this;
    device_.ready = told;
    device_.repeats = true; // so nobody has to read it
    int event = open_event();
    event_ = event < 0 ? event : set_aside(event);
    if (event_ < 0)
        return event_;
    if (int error = aio_setup(depth + 1, context_)) // and the event that wakes
        return error;
    if (!aio_ring::of(context_).is_known())
        return -ENOSYS;
    can_sleep_ = submit_wake() && aio_sleep(context_, clock::now(), nullptr) == -EFAULT;
    aio_ring::of(context_).take(1, [](const io_event &) {});
    return timers_.files().arm(device_, event_, EPOLLIN);
}

direct_io::~direct_io() {
    iowq_assert(!in_flight());
    while (device_.fd >= 0 && !timers_.files().disarm(device_))
        yield(); // it passes
    while (looking_.load(acquire) && !timers_.disarm(look_))
        yield();
    while (its_.inside_.load(acquire))
        yield();
    if (context_)
        aio_destroy(context_);
    for (int fd : {device_.fd, event_})
        if (fd >= 0)
            let_go(fd);
}

// ---- sending

bool direct_io::reserve() {
    // Pairs with time_to_look, which stops where it sees none.
    if (in_flight_.fetch_add(1, seq_cst) < depth_)
        return true;
    in_flight_.fetch_sub(1, relaxed);
    return false;
}

namespace {

void fill(iocb &cb, const op &o) {
    bool several = o.nr_segments > 1;
    cb = {};
    cb.aio_data = reinterpret_cast<uintptr_t>(&o);
    cb.aio_lio_opcode = writes(o) ? several ? IOCB_CMD_PWRITEV : IOCB_CMD_PWRITE
                        : several ? IOCB_CMD_PREADV
                                  : IOCB_CMD_PREAD;
    cb.aio_fildes = static_cast<uint32_t>(o.args[0]);
    cb.aio_buf = several ? as_argument(o.segments) : as_argument(o.segments->iov_base);
    cb.aio_nbytes = several ? o.nr_segments : o.segments->iov_len;
    cb.aio_offset = static_cast<int64_t>(o.offset);
    cb.aio_rw_flags = static_cast<int>(o.rw_flags | RWF_NOWAIT);
}

} // namespace

void direct_io::add(op &o) {
    iowq_assert(!is_full());
    fill(iocbs_[nr_batch_], o);
    batch_[nr_batch_] = &iocbs_[nr_batch_];
    nr_batch_++;
}

unsigned direct_io::send_batch(bool eagerly, std::span<op *> refused) {
    unsigned n = 0;
    submit(std::span(batch_).first(std::exchange(nr_batch_, 0)), eagerly,
           [&](op &o) { refused[n++] = &o; });
    return n;
}

bool direct_io::send(op &o, bool eagerly) {
    iocb cb, *batch = &cb;
    bool sent = true;
    fill(cb, o);
    submit({&batch, 1}, eagerly, [&](op &) { sent = false; });
    return sent;
}

template <class Refuse>
void direct_io::submit(std::span<iocb *> batch, bool eagerly, Refuse refuse) {
    if (eagerly)
        for (iocb *cb : batch) {
            cb->aio_flags = IOCB_FLAG_RESFD;
            cb->aio_resfd = static_cast<uint32_t>(event_);
        }
    else
        look_now_and_then();
    calls_.fetch_add(1, release); // pairs with take
    unsigned taken = aio_submit_all(context_, batch, [&](const iocb &cb, int64_t error) {
        auto &o = *reinterpret_cast<op *>(cb.aio_data);
        if (error == -EOPNOTSUPP)
            learn_refusal(o);
        refuse(o);
    });
    in_flight_.fetch_sub(static_cast<unsigned>(batch.size()) - taken, relaxed);
}

// ---- taking

unsigned direct_io::take(std::span<op *> out) {
    unsigned n = 0;
    bool woken = false;
    // Who sends, and takes afterwards, finds that the files of those that came back at once are
    // held: whoever has taken them holds the lock until then.
    locked hold(taking_);
    (void)aio_ring::of(context_).take(out.size(), [&](const io_event &its) {
        (void)calls_.load(acquire); // pairs with submit
        auto *o = reinterpret_cast<op *>(its.data);
        if (!o) {
            woken = true;
            return;
        }
        o->goes_on = !device_has_moved(*o, its.res);
        if (o->goes_on && o->files[0] < 0)
            hold_files(*o);
        out[n++] = o;
    });
    takes_.fetch_add(1, relaxed);
    in_flight_.fetch_sub(n, relaxed);
    if (woken) { // maybe in place of another thread
        end_sleep();
        waking_.store(false, seq_cst);
        wake();
    }
    return n;
}

// ---- sleeping

bool direct_io::begin_to_sleep() {
    uintptr_t sleeper = 0;
    return can_sleep_ && (sleeper_.compare_exchange_strong(sleeper, this_thread(), seq_cst) ||
                          sleeper == this_thread()); // a handler that has interrupted it
}

bool direct_io::sleep(deadline until, const sigset_t *mask) {
    if (unsigned left = neglected_.load(relaxed))
        neglected_.store(left - 1, relaxed);
    sigset_t own;
    return aio_sleep(context_, until, without_sigsys(mask, own)) != -EINTR;
}

// If it is this thread that does: a handler's own sleep may have ended it.
void direct_io::end_sleep() {
    uintptr_t self = this_thread();
    (void)sleeper_.compare_exchange_strong(self, 0, seq_cst);
}

// Polling an event for room ends at once.
bool direct_io::submit_wake() {
    iocb cb{}, *batch = &cb;
    cb.aio_lio_opcode = IOCB_CMD_POLL;
    cb.aio_fildes = static_cast<uint32_t>(event_);
    cb.aio_buf = EPOLLOUT;
    return aio_submit(context_, 1, &batch) == 1;
}

void direct_io::wake() {
    if (sleeper_.load(seq_cst) && !waking_.exchange(true, seq_cst) && !submit_wake())
        waking_.store(false,
                      relaxed); // it has no room while those who sleep have something to take
}

// ---- the timers' thread

void direct_io::look_now_and_then() {
    if (!looking_.load(seq_cst) && !looking_.exchange(true, seq_cst))
        timers_.arm(look_, CLOCK_MONOTONIC, now_of(CLOCK_MONOTONIC) + once_a.count());
}

void direct_io::told(void *whose, uint32_t) {
    auto &d = *static_cast<direct_io *>(whose);
    instance &its = d.its_;
    its.inside_.fetch_add(1, relaxed);
    its.take_direct(instance::by::guest);
    d.timers_.files().arm_again(d.device_, EPOLLIN);
    its.inside_.fetch_sub(1, release); // from here on it may be gone
}

// If nobody has come meanwhile for what is there, nobody may come at all.
void direct_io::time_to_look(timer &t) {
    direct_io &d = *static_cast<look &>(t).whose;
    instance &its = d.its_;
    its.inside_.fetch_add(1, relaxed);
    bool used = d.takes_.load(relaxed) != d.takes_seen_;
    if (!used && d.any()) {
        unsigned times = d.neglected_.load(relaxed) + 1;
        d.neglected_.store(times < until_eager ? times : until_lazy, relaxed);
        its.take_direct(instance::by::guest);
    }
    d.takes_seen_ = d.takes_.load(relaxed);
    bool goes_on = used || d.in_flight();
    if (!goes_on) {
        d.looking_.store(false, seq_cst);
        // Pairs with reserve: else whoever sends sees that it has stopped.
        goes_on = d.in_flight_.load(seq_cst) && !d.looking_.exchange(true, seq_cst);
    }
    if (goes_on)
        d.timers_.arm(d.look_, CLOCK_MONOTONIC, now_of(CLOCK_MONOTONIC) + once_a.count());
    its.inside_.fetch_sub(1, release); // from here on it may be gone
}

// ---- the instance's part

direct_io *instance::find_direct() {
    constexpr unsigned most = 1024;
    direct_io *known = direct_.load(acquire);
    if (known)
        return known;
    locked hold(registering_);
    if (!no_direct_ && !its_direct_) {
        no_direct_ =
            direct_io::create(*this, std::min(rings_->cq_entries(), most), *timers_, its_direct_);
        direct_.store(its_direct_.get(), release);
    }
    return its_direct_.get();
}

// Does anybody wait for completions who does not come for them? The submission thread does come.
bool instance::direct_is_eager(const direct_io &d) const {
    return !(flags_ & IORING_SETUP_SQPOLL) &&
           (d.eager() || posts_.waited_for() || descriptor_.tells() || event_.load(relaxed) >= 0);
}

// One that waits for nothing, and nothing waits for it. False: a worker is to make it.
bool instance::sent_alone(op &o) {
    direct_io *d = o.direct ? find_direct() : nullptr;
    if (!d || !d->reserve())
        return false;
    if (may_come_back_late(o))
        hold_files(o);
    d->add(o);
    gathered_.push_back(o);
    if (d->is_full())
        send_gathered();
    return true;
}

void instance::send_gathered() {
    if (gathered_.empty())
        return;
    {
        locked hold(lock_);
        while (op *o = gathered_.pop_front()) {
            in_flight_.push_back(*o);
            active_++;
        }
    }
    std::array<op *, direct_io::most_at_once> refused;
    direct_io *d = direct_.load(relaxed);
    unsigned n = d->send_batch(direct_is_eager(*d), refused);
    for (op *o : std::span(refused).first(n))
        if (!to_pool(*o))
            go_on(finish(*o, by::submitter), by::submitter);
}

// One of a chain: its file is held meanwhile. False: a worker is to make it.
bool instance::to_device(op &o) {
    direct_io *d = o.direct ? find_direct() : nullptr;
    if (!d || !d->reserve())
        return false;
    hold_files(o);
    return d->send(o, direct_is_eager(*d));
}

// Posts what the device has done.
void instance::take_direct(by whom) {
    direct_io *d = direct_.load(acquire);
    std::array<op *, direct_io::most_at_once> done;
    while (d && d->any()) {
        unsigned n = d->take(done), ended = 0;
        if (!n)
            return; // what is there wakes another thread
        {
            locked hold(lock_);
            for (op *&o : std::span(done).first(n))
                if (!o->goes_on && !o->linked) {
                    complete(*std::exchange(o, nullptr), o->result);
                    ended++;
                }
        }
        if (ended)
            posted(by::submitter);
        for (op *o : std::span(done).first(n))
            if (o && !(o->goes_on && to_pool(*o)))
                go_on(finish(*o, by::submitter), whom);
        if (ended)
            go_on(nullptr, whom);
    }
}

// Until there is more than `seen`. False: a handler of a signal has run.
bool instance::sleep(uint32_t seen, const waiting &how) {
    direct_io *d = direct_.load(acquire);
    if (!d || flags_ & IORING_SETUP_SQPOLL || !d->in_flight() || !d->begin_to_sleep())
        return posts_.wait(seen, how.until, how.mask);
    bool undisturbed = posts_.count() != seen || d->sleep(how.until, how.mask);
    d->end_sleep();
    if (posts_.waited_for())
        posts_.add(); // one of those may sleep here now
    return undisturbed;
}

} // namespace iowq::uring
