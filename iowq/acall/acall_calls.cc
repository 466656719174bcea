// SPDX-License-Identifier: MIT
#include "iowq/acall/acall_calls.h"

#include "iowq/os/any_call.h"
#include "iowq/os/assert.h"

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace iowq::acalls {

constinit mutex lock;

namespace {

constexpr size_t kernels_sigset_size = 8;
constexpr size_t most_calls = 1u << 20; // outstanding

// The contents of an acall_id.
struct id_parts {
    uint64_t slot;
    uint64_t generation;
};
static_assert(sizeof(id_parts) == sizeof(acall_id));

// ---- fork: the child has none of the threads

void before_fork() IOWQ_ANNOTATE(acquire_capability(lock)) { lock.lock(); }
void after_fork() IOWQ_ANNOTATE(release_capability(lock)) { lock.unlock(); }

void in_child() IOWQ_ANNOTATE(release_capability(lock)) {
    state &s = all();
    s.spare = nullptr;
    for (call &c : s.calls) {
        c.live = false;
        c.cancellers = 0;
        c.where.store(work::nowhere, relaxed); // it may have been queued
        c.next_spare = std::exchange(s.spare, &c);
    }
    s.busy = 0;
    s.rings.clear();
    s.waiting = nullptr;
    s.pool.reset();
    lock.unlock();
}

// ---- rings

// Makes sure that one more completion will find a free entry (one that has been consumed). The
// entries that follow `head` are kept for the outstanding calls, whichever of them ends first.
int reserve_place(acall_completion_ring *ring) IOWQ_REQUIRES(lock) {
    auto [it, added] = all().rings.try_emplace(ring);
    ring_in_use &use = it->second;
    if (added)
        use.nr = ring->nr;
    uint32_t next = ring->head + use.outstanding + 1;
    // Where head wraps to 0, the entries do not follow each other, unless nr is a power of two.
    bool jumps = next < ring->head && use.outstanding > 0 && (use.nr & (use.nr - 1));
    // Acquire: pairs with the consumer's store of 0, so an entry is overwritten only after the
    // consumer has read it.
    if (!jumps && use.outstanding < use.nr &&
        !atomic_ref(ring->comps[next % use.nr].cookie).load(acquire)) {
        use.outstanding++;
        return 0;
    }
    if (added)
        all().rings.erase(it);
    return -EBUSY;
}

void give_back_place(acall_completion_ring *ring) IOWQ_REQUIRES(lock) {
    auto it = all().rings.find(ring);
    iowq_assert(it != all().rings.end() && it->second.outstanding > 0);
    if (--it->second.outstanding == 0)
        all().rings.erase(it);
}

void fill(acall_completion &comp, long result, uint64_t cookie) {
    comp.return_code = static_cast<uint64_t>(result);
    // Release: whoever sees the cookie sees the return code, and may free or reuse the completion.
    atomic_ref(comp.cookie).store(cookie, release);
}

// ---- waiting

// Sets the waiter's `result` and `there`.
void look(waiter &w) IOWQ_REQUIRES(lock) {
    if (w.ring) {
        // Under the lock every entry up to head is filled. Atomic, as others read head without it.
        uint32_t since = atomic_ref(w.ring->head).load(relaxed) - w.tail;
        bool ahead = since > INT32_MAX;
        w.result = ahead ? -EINVAL : long{since};
        w.there = ahead || since >= w.min;
        return;
    }
    for (unsigned long i = 0; i < w.nr && w.result >= 0; i++) {
        call *c = nullptr;
        int error = look_up(w.ids[i], c);
        if (error || !c)
            w.result = error ? error : 1;
    }
    w.there = w.result != 0;
}

void wake_those_who_wait() IOWQ_REQUIRES(lock) {
    for (waiter **link = &all().waiting; *link;) {
        waiter &w = **link;
        look(w);
        if (!w.there) {
            link = &w.next;
            continue;
        }
        *link = w.next;
        // Under the lock, or the waiter might have closed the event.
        raise_event(w.event);
    }
}

// Returns whether the waiter is to wait.
bool enlist(waiter &w) IOWQ_EXCLUDES(lock) {
    locked guard(lock);
    look(w);
    if (!w.there && w.event >= 0)
        w.next = std::exchange(all().waiting, &w);
    return !w.there;
}

void unlist(waiter &w) IOWQ_REQUIRES(lock) {
    for (waiter **link = &all().waiting; *link; link = &(*link)->next) {
        if (*link == &w) {
            *link = w.next;
            return;
        }
    }
}

} // namespace

state::state() {
    if (at_fork(before_fork, after_fork, in_child))
        throw std::bad_alloc();
}

state &all() {
    static state &s = *new state;
    return s;
}

// ---- the life of a record

int take(const acall_submission &s, call *&out) {
    state &now = all();
    if (!now.spare && now.calls.size() == most_calls)
        return -EAGAIN;
    if (!now.spare)
        now.spare = &now.calls.emplace_back(now.calls.size());
    if (acall_completion_ring *ring = ring_of(s))
        if (int error = reserve_place(ring))
            return error;
    call &c = *now.spare;
    now.spare = c.next_spare;
    iowq_assert(!c.live && !c.cancellers);
    now.busy++;
    c.what = s;
    c.generation++;
    c.live = true;
    c.cancelled = false;
    c.phase = call::coming;
    if (s.id_pointer) {
        id_parts id{c.slot, c.generation};
        memcpy(reinterpret_cast<acall_id *>(s.id_pointer), &id, sizeof id);
    }
    out = &c;
    return 0;
}

void put_back(call &c) {
    locked guard(lock);
    if (c.what.id_pointer)
        memset(reinterpret_cast<acall_id *>(c.what.id_pointer), 0, sizeof(acall_id));
    if (acall_completion_ring *ring = ring_of(c.what))
        give_back_place(ring);
    c.live = false;
    spare_if_unused(c);
}

void complete(call &c, long result) {
    locked guard(lock);
    const acall_submission &s = c.what;
    if (s.completion_pointer)
        fill(*reinterpret_cast<acall_completion *>(s.completion_pointer), result, s.cookie);
    if (acall_completion_ring *ring = ring_of(s)) {
        uint32_t nr = all().rings.find(ring)->second.nr;
        give_back_place(ring);
        atomic_ref head(ring->head);
        uint32_t at = head.load(relaxed) + 1;
        // Relaxed: a reader without the lock relies on the cookie, which is stored last.
        head.store(at, relaxed);
        fill(ring->comps[at % nr], result, s.cookie);
    }
    c.live = false;
    wake_those_who_wait();
    spare_if_unused(c);
}

void spare_if_unused(call &c) {
    if (c.live || c.cancellers)
        return;
    c.next_spare = std::exchange(all().spare, &c);
    all().busy--;
}

int look_up(const acall_id *id, call *&found) {
    if (!id)
        return -EFAULT;
    id_parts parts;
    memcpy(&parts, id, sizeof parts);
    if (parts.slot >= all().calls.size())
        return -EINVAL;
    call &c = all().calls[parts.slot];
    if (parts.generation == 0 || parts.generation > c.generation)
        return -EINVAL;
    found = c.live && c.generation == parts.generation ? &c : nullptr;
    return 0;
}

long wait_for(waiter &w, const timespec *utime, const sigset_t *sigmask, size_t sigsetsize) {
    if (sigmask && sigsetsize != kernels_sigset_size)
        return -EINVAL;
    if (utime && (utime->tv_sec < 0 || utime->tv_nsec < 0 || utime->tv_nsec >= 1000000000))
        return -EINVAL;
    int error = 0;
    if (enlist(w)) { // only looks, as there is no event yet: most often none is needed
        w.event = open_event();
        if (w.event < 0)
            return w.event;
        if (enlist(w))
            error = wait_for_event(w.event, utime, sigmask);
    }
    locked guard(lock);
    if (!w.there)
        unlist(w);
    if (w.event >= 0)
        close_event(w.event);
    return error && !w.there ? error : w.result;
}

} // namespace iowq::acalls
