// SPDX-License-Identifier: MIT
// Submission, and waiting for completions.
#include "iowq/os/atomic.h"
#include "iowq/uring/liburing/ring.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

namespace iowq::uring {

namespace {

uint32_t load(uint32_t *word) { return atomic_ref(*word).load(acquire); }

// Puts what was filled into the queue. How many wait there to be taken.
unsigned flush(io_uring &ring) {
    io_uring_sq &sq = ring.sq;
    if (sq.sqe_head != sq.sqe_tail) {
        sq.sqe_head = sq.sqe_tail;
        atomic_ref(*sq.ktail).store(sq.sqe_tail, release); // to the submission thread's load
    }
    return sq.sqe_tail - load(sq.khead);
}

// Is there a call to be made for so many? The submission thread takes them by itself while it is
// awake: it says that it goes to sleep, and looks once more, as this does the other way round.
bool has_to_submit(io_uring &ring, unsigned count, unsigned &flags) {
    if (!count || !(ring.flags & IORING_SETUP_SQPOLL))
        return count;
    atomic_ref(*ring.sq.ktail).fetch_add(0, seq_cst);
    if (!(atomic_ref(*ring.sq.kflags).load(seq_cst) & IORING_SQ_NEED_WAKEUP))
        return false;
    flags |= IORING_ENTER_SQ_WAKEUP;
    return true;
}

// Are there completions that only a call brings into the queue?
bool holds_back(io_uring &ring) {
    return load(ring.sq.kflags) & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN);
}

unsigned ready(const io_uring &ring) { return load(ring.cq.ktail) - *ring.cq.khead; }

io_uring_cqe *cqe_at(const io_uring &ring, unsigned place) {
    bool wide = ring.flags & IORING_SETUP_CQE32;
    return &ring.cq.cqes[size_t{place & ring.cq.ring_mask} << wide];
}

int enter(const io_uring &ring, unsigned submit, unsigned wait, unsigned flags, const void *arg,
          size_t size) {
    return calls->enter(ring.enter_ring_fd, ring.handle, submit, wait, flags | ring.int_flags, arg,
                        size);
}

// How a call waits: the argument of IORING_ENTER_GETEVENTS.
struct way_to_wait {
    unsigned flags = 0;
    const void *arg = nullptr;
    size_t size = 0;
    bool limited = false; // by a time
};

int submit_and_wait(io_uring &ring, unsigned wait, bool gets_events) {
    unsigned count = flush(ring), flags = 0;
    bool submits = has_to_submit(ring, count, flags);
    if (wait || gets_events || holds_back(ring))
        flags |= IORING_ENTER_GETEVENTS;
    else if (!submits)
        return static_cast<int>(count);
    return enter(ring, count, wait, flags, nullptr, 0);
}

// Submits so many, and waits until there are `wait` completions, of which the first is left in
// `cqe`; nullptr: there is none. How many were submitted, or -errno.
int get_cqe(io_uring &ring, io_uring_cqe *&cqe, unsigned submit, unsigned wait,
            const way_to_wait &how) {
    int submitted = 0;
    for (bool entered = false;; entered = true) {
        unsigned there = ready(ring), flags = 0;
        cqe = there ? cqe_at(ring, *ring.cq.khead) : nullptr;
        bool submits = has_to_submit(ring, submit, flags);
        bool asks = there < wait || (!there && !submits && !entered && holds_back(ring));
        if ((!asks && !submits) || (entered && how.limited))
            break;
        if (asks)
            flags |= IORING_ENTER_GETEVENTS | how.flags;
        int got = enter(ring, submit, wait, flags, how.arg, how.size);
        if (got < 0)
            return submitted ? submitted : got;
        submitted += got;
        submit -= static_cast<unsigned>(got);
        if (cqe || (submits && !got))
            break;
    }
    return cqe || submitted ? submitted : how.limited ? -ETIME : -EAGAIN;
}

int get_cqe_until(io_uring &ring, io_uring_cqe *&cqe, unsigned submit, unsigned wait,
                  const __kernel_timespec *most, const sigset_t *mask) {
    if (!most)
        return get_cqe(ring, cqe, submit, wait, {.arg = mask, .size = _NSIG / CHAR_BIT});
    io_uring_getevents_arg arg{};
    arg.sigmask = reinterpret_cast<uintptr_t>(mask);
    arg.sigmask_sz = _NSIG / CHAR_BIT;
    arg.ts = reinterpret_cast<uintptr_t>(most);
    return get_cqe(
        ring, cqe, submit, wait,
        {.flags = IORING_ENTER_EXT_ARG, .arg = &arg, .size = sizeof arg, .limited = true});
}

// So many completions, the oldest first.
unsigned peek(const io_uring &ring, io_uring_cqe **cqes, unsigned most) {
    unsigned count = std::min(most, ready(ring)), head = *ring.cq.khead;
    for (unsigned i = 0; i < count; i++)
        cqes[i] = cqe_at(ring, head + i);
    return count;
}

} // namespace

} // namespace iowq::uring

using namespace iowq::uring;

EXPORTED io_uring_sqe *io_uring_get_sqe(io_uring *ring) {
    io_uring_sq &sq = ring->sq;
    if (sq.sqe_tail - load(sq.khead) >= sq.ring_entries)
        return nullptr;
    bool wide = ring->flags & IORING_SETUP_SQE128;
    return &sq.sqes[size_t{sq.sqe_tail++ & sq.ring_mask} << wide];
}

EXPORTED int io_uring_submit(io_uring *ring) { return submit_and_wait(*ring, 0, false); }

EXPORTED int io_uring_submit_and_wait(io_uring *ring, unsigned wait) {
    return submit_and_wait(*ring, wait, false);
}

EXPORTED int io_uring_submit_and_get_events(io_uring *ring) {
    return submit_and_wait(*ring, 0, true);
}

EXPORTED int io_uring_get_events(io_uring *ring) {
    return enter(*ring, 0, 0, IORING_ENTER_GETEVENTS, nullptr, 0);
}

EXPORTED int __io_uring_sqring_wait(io_uring *ring) {
    return enter(*ring, 0, 0, IORING_ENTER_SQ_WAIT, nullptr, 0);
}

EXPORTED int __io_uring_get_cqe(io_uring *ring, io_uring_cqe **cqe, unsigned submit, unsigned wait,
                                sigset_t *mask) {
    return get_cqe_until(*ring, *cqe, submit, wait, nullptr, mask);
}

EXPORTED int io_uring_wait_cqes(io_uring *ring, io_uring_cqe **cqe, unsigned wait,
                                __kernel_timespec *most, sigset_t *mask) {
    return get_cqe_until(*ring, *cqe, 0, wait, most, mask);
}

EXPORTED int io_uring_wait_cqe_timeout(io_uring *ring, io_uring_cqe **cqe,
                                       __kernel_timespec *most) {
    return get_cqe_until(*ring, *cqe, 0, 1, most, nullptr);
}

EXPORTED int io_uring_submit_and_wait_timeout(io_uring *ring, io_uring_cqe **cqe, unsigned wait,
                                              __kernel_timespec *most, sigset_t *mask) {
    return get_cqe_until(*ring, *cqe, flush(*ring), wait, most, mask);
}

EXPORTED unsigned io_uring_peek_batch_cqe(io_uring *ring, io_uring_cqe **cqes, unsigned most) {
    unsigned count = peek(*ring, cqes, most);
    if (count || !holds_back(*ring))
        return count;
    (void)io_uring_get_events(ring);
    return peek(*ring, cqes, most);
}

// What the core does not claim to have: a shorter wait for the first completion, and arguments of
// waits in registered memory. As liburing answers on an older kernel.

EXPORTED int io_uring_wait_cqes_min_timeout(io_uring *, io_uring_cqe **, unsigned,
                                            __kernel_timespec *, unsigned, sigset_t *) {
    return -EINVAL;
}

EXPORTED int io_uring_submit_and_wait_min_timeout(io_uring *, io_uring_cqe **, unsigned,
                                                  __kernel_timespec *, unsigned, sigset_t *) {
    return -EINVAL;
}

EXPORTED int io_uring_submit_and_wait_reg(io_uring *, io_uring_cqe **, unsigned, int) {
    return -EINVAL;
}
