// SPDX-License-Identifier: MIT
#include "iowq/acall/acall_calls.h"
#include "iowq/os/any_call.h"
#include "iowq/os/thread.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

namespace iowq::acalls {

namespace {

constexpr auto pool_idle = std::chrono::milliseconds(200);
constexpr unsigned default_threads = 256;

bool begin_call(call &c) IOWQ_EXCLUDES(lock) {
    locked guard(lock);
    if (c.cancelled)
        return false;
    c.phase = call::calling;
    c.tid = this_task();
    return true;
}

void end_call(call &c) IOWQ_EXCLUDES(lock) {
    std::optional<timer_t> signals;
    {
        locked guard(lock);
        c.phase = call::over;
        signals = std::exchange(c.signals, {});
    }
    // Deleting the timer is a system call, which takes a signal that is still pending.
    if (signals)
        interrupt_signal::stop_sending(*signals);
}

long call_unless_cancelled(call &c) {
    if (!begin_call(c))
        return -ECANCELED;
    long result = make_any_call(c.what.nr, c.what.args);
    end_call(c);
    return result;
}

// ---- the pool

// Why the pool runs a call with work_cancel: it was asked to, or gets no thread.
long why_not_started(call &c) IOWQ_EXCLUDES(lock) {
    locked guard(lock);
    return c.cancelled ? -ECANCELED : -EAGAIN;
}

void run_in_pool(work **w) {
    call &c = static_cast<call &>(**w);
    long result;
    if (c.flags & work_cancel) {
        result = why_not_started(c);
    } else {
        blocking section(blocking::will);
        result = call_unless_cancelled(c);
    }
    complete(c, result);
}

int open_pool() IOWQ_REQUIRES(lock) {
    if (all().pool)
        return 0;
    wq_config config;
    config.max_unbound = std::min(default_threads, config.max_unbound);
    config.idle = pool_idle;
    config.last_stays = false;
    return wq::create(config, all().pool);
}

// ---- threads of their own

void *run_in_own_thread(void *arg) {
    call &c = *static_cast<call *>(arg);
    detach_this_thread();
    name_this_thread("iowq-acall");
    complete(c, call_unless_cancelled(c));
    return nullptr;
}

// For a call that is `calling` in a thread of its own. The kernel repeats the signal until that
// thread deletes the timer.
int interrupt(call &c) IOWQ_REQUIRES(lock) {
    if (c.signals)
        return 0;
    timer_t signals;
    int error = all().signal->send_repeatedly(c.tid, signals);
    if (!error)
        c.signals = signals;
    return error;
}

// ---- submitting

int check(const acall_submission *s) {
    if (!s)
        return -EFAULT;
    if (s->flags & ~ACALL_SUBMIT_THREAD_POOL || !may_be_made_for_others(s->nr) ||
        s->completion_pointer % alignof(acall_completion) ||
        s->completion_ring_pointer % alignof(acall_completion_ring))
        return -EINVAL;
    if (acall_completion_ring *ring = ring_of(*s))
        if (!s->cookie || !in_range(ring->nr))
            return -EINVAL;
    return 0;
}

// Opens what the call needs, and makes it a record. `pool`: the one to enqueue it on; nullptr: it
// gets a thread of its own. `signal`: the one that its own thread must not block.
int prepare(const acall_submission &s, call *&c, wq *&pool, int &signal) IOWQ_EXCLUDES(lock) {
    locked guard(lock);
    state &now = all();
    if (!now.signal)
        if (int error = now.signal.emplace().open()) {
            now.signal.reset();
            return error;
        }
    bool pooled = s.flags & ACALL_SUBMIT_THREAD_POOL;
    if (pooled)
        if (int error = open_pool())
            return error;
    if (int error = take(s, c))
        return error;
    c->func = run_in_pool;
    c->flags = work_unbound | work_concurrent;
    pool = pooled ? now.pool.get() : nullptr;
    signal = now.signal->number();
    return 0;
}

int submit(const acall_submission *s) {
    if (int error = check(s))
        return error;
    call *c;
    wq *pool;
    int signal;
    if (int error = prepare(*s, c, pool, signal))
        return error;
    thread_handle thread;
    int error =
        pool ? pool->enqueue(c)
             : start_thread(thread, cpu_mask::of_this_thread(), run_in_own_thread, c, signal);
    if (error)
        put_back(*c);
    return error;
}

// No exception leaves the library.
template <class Function>
long guarded(Function function) {
    try {
        return function();
    } catch (const std::bad_alloc &) {
        return -ENOMEM;
    }
}

// Of the thread's last acall_submit.
struct last_submit {
    long error = 0;
};

} // namespace

} // namespace iowq::acalls

using namespace iowq;
using namespace iowq::acalls;

long acall_submit(acall_submission **submissions, unsigned long nr) {
    long &error = per_thread<last_submit>().error;
    error = nr && !submissions ? -EFAULT : 0;
    unsigned long done = 0;
    while (done < nr && !error) {
        error = guarded([&] { return submit(submissions[done]); });
        if (!error)
            done++;
    }
    return done || !error ? static_cast<long>(done) : error;
}

long acall_submit_error(void) { return per_thread<last_submit>().error; }

long acall_comp_pwait(acall_id **ids, unsigned long nr, timespec *utime, const sigset_t *sigmask,
                      size_t sigsetsize) {
    if (nr == 0)
        return -EINVAL;
    if (!ids)
        return -EFAULT;
    return guarded([&] {
        waiter w;
        w.ids = ids;
        w.nr = nr;
        return wait_for(w, utime, sigmask, sigsetsize);
    });
}

long acall_ring_pwait(acall_completion_ring *ring, uint32_t tail, uint32_t min, timespec *utime,
                      const sigset_t *sigmask, size_t sigsetsize) {
    if (!ring)
        return -EFAULT;
    if (reinterpret_cast<uintptr_t>(ring) % alignof(acall_completion_ring) || !in_range(ring->nr) ||
        min > ring->nr)
        return -EINVAL;
    return guarded([&] {
        waiter w;
        w.ring = ring;
        w.tail = tail;
        w.min = min;
        return wait_for(w, utime, sigmask, sigsetsize);
    });
}

long acall_cancel(acall_id *id) {
    return guarded([&]() -> long {
        call *c = nullptr;
        wq *pool = nullptr;
        {
            locked guard(lock);
            if (int error = look_up(id, c))
                return error;
            if (!c || c->phase == call::over)
                return -ESRCH;
            bool pooled = c->what.flags & ACALL_SUBMIT_THREAD_POOL;
            if (c->phase == call::calling && !pooled)
                return interrupt(*c);
            c->cancelled = true; // a call that is coming does not begin
            if (!pooled)
                return 0;
            c->cancellers++;
            pool = all().pool.get();
        }
        // The call may be over by now; then this finds nothing.
        (void)pool->cancel(c);
        locked guard(lock);
        c->cancellers--;
        spare_if_unused(*c);
        return 0;
    });
}

long acall_max_threads(unsigned most) {
    return guarded([&]() -> long {
        wq *pool = nullptr;
        {
            locked guard(lock);
            if (int error = open_pool())
                return error;
            pool = all().pool.get();
            all().busy++;
        }
        long old = pool->max_workers({0, most}).unbound;
        locked guard(lock);
        all().busy--;
        return old;
    });
}

long acall_end(void) {
    return guarded([]() -> long {
        std::unique_ptr<wq> pool;
        locked guard(lock);
        if (all().busy)
            return -EBUSY;
        pool = std::move(all().pool);
        all().signal.reset();
        return 0;
    });
}
