// SPDX-License-Identifier: MIT
#include "iowq/ring/pooled.h"

#include "iowq/pool/worker.h"
#include "iowq/ring/issue.h"
#include "iowq/ring/reaper.h"

#include <cerrno>
#include <cstddef>

namespace iowq {

static_assert(offsetof(request, item) == 0, "run takes the item's address for the request's");

namespace {

// The request that cancel_pooled is taking back, and so must not be reaped. Per thread, as the pool
// cancels items in other threads at the same time, whose requests are to be reaped.
struct taking_back {
    request *it = nullptr;
};

// Sends a carrier, and the requests that follow it. What AIO refuses goes to the pool, as others
// must not wait for it.
void send_with_followers(request &carrier) {
    wq &pool = *carrier.owner->pool();
    request *next;
    for (request *r = carrier.owner->send_carried(carrier, helping() ? path_helped : path_pooled);
         r; r = next) {
        next = r->next;
        tried came_to = tried_by_aio(*r, r->result);
        if (came_to != tried::done) {
            r->path &= static_cast<uint16_t>(~path_helped);
            r->way = rest_of(*r, route::worker, came_to == tried::missed);
            bool woke;
            int error =
                r == &carrier && cancel_requested() ? -ECANCELED : enqueue_pooled(pool, *r, woke);
            if (error == 0) // the request is another worker's by now
                continue;
            r->result = error;
        }
        r->owner->completions().push(*r);
    }
}

void complete_all(request *linked, int error) {
    while (request *r = linked) {
        linked = r->next;
        r->result = error;
        r->owner->completions().push(*r);
    }
}

// The pool cancels it, and with a carrier those that follow it.
void complete_cancelled(request &r) {
    r.next = r.way.first == route::sends ? r.owner->end_carrying() : nullptr;
    complete_all(&r, -ECANCELED);
}

// True: the request is done, or begun. False: AIO has it, and will hand it out.
bool issue_on_worker(request &r) {
    r.path |= path_pooled;
    if (r.way.first == route::sends_blocking) {
        blocking section(blocking::may);
        if (r.owner->send_by_aio(r) == 0)
            return false;
    }
    if (r.way.first != route::tries || !try_first(r, route::worker))
        issue_blocking(r);
    return true;
}

// True: the request is done, or begun. False: it has been left to a worker, as only that may wait.
bool issue_on_helper(request &r) {
    bool issued = issue_in_help(r);
    if (!issued)
        leave_to_worker();
    return issued;
}

request &request_of(work *w) { return *reinterpret_cast<request *>(w); }

void run(work **w) {
    request &r = request_of(*w);
    if (r.item.flags & work_cancel) {
        if (per_thread<taking_back>().it != &r)
            complete_cancelled(r);
    } else if (r.way.first == route::sends) {
        send_with_followers(r);
    } else if (helping() ? issue_on_helper(r) : issue_on_worker(r)) {
        r.owner->completions().push(r);
    }
}

// ---- merged syncs

// Makes one call for the carrier and `others`.
void call_for_all(request &carrier, const request *others) {
    opcode asked = carrier.op;
    for (; others; others = others->next)
        if (others->op == opcode::fsync)
            carrier.op = opcode::fsync;
    issue_blocking(carrier);
    carrier.op = asked;
    carrier.path |= path_pooled;
}

// The carrier, and all that wait with it.
void run_syncs(work **w) {
    request &carrier = request_of(*w);
    merged_syncs &all = carrier.target->syncs;
    if (carrier.item.flags & work_cancel) {
        complete_all(all.dissolve(), -ECANCELED);
        carrier.result = -ECANCELED;
    } else {
        request *others = all.begin();
        call_for_all(carrier, others);
        if (request *next = all.pass_on()) // before any is completed: then the file may be gone
            *w = &next->item;
        while (request *r = others) {
            others = r->next;
            r->result = carrier.result;
            r->cpu = carrier.cpu;
            r->path |= path_pooled | path_merged;
            r->owner->completions().push(*r);
        }
    }
    carrier.owner->completions().push(carrier);
}

int enqueue_carrier(wq &pool, request &carrier, bool &woke) {
    int error = pool.enqueue(&carrier.item, woke);
    if (error)
        complete_all(carrier.target->syncs.dissolve(), error);
    return error;
}

// The carrier has been taken back: another one takes its place.
void replace_carrier(wq &pool, merged_syncs &all) {
    request *next = all.pass_on();
    bool woke;
    if (!next)
        return;
    if (int error = enqueue_carrier(pool, *next, woke)) {
        next->next = nullptr;
        complete_all(next, error);
    }
}

bool cancel_merged(wq &pool, request &r) {
    using found = merged_syncs::found;
    merged_syncs &all = r.target->syncs;
    for (;;) {
        switch (all.take_out(r)) {
        case found::waited:
            return true;
        case found::shared:
            return false;
        case found::called:
            (void)pool.cancel(&r.item);
            return false;
        case found::queued:
            if (pool.take_back(&r.item)) {
                replace_carrier(pool, all);
                return true;
            }
            yield(); // whoever has it is about to begin its call, or to enqueue it
        }
    }
}

} // namespace

int enqueue_pooled(wq &pool, request &r, bool &woke) {
    uint32_t flags = 0;
    if (r.way.unbound)
        flags |= work_unbound;
    if (r.way.may_be_helped_with())
        flags |= work_helpable;
    if (r.way.help == route::copies)
        flags |= work_may_sleep;
    if (r.way.hashed) {
        flags |= work_hashed;
        r.item.key = r.target->key;
    }
    r.item.func = r.way.merged ? run_syncs : run;
    r.item.flags = flags;
    r.item.node = r.target ? r.target->node : -1;
    if (r.way.merged) {
        switch (r.target->syncs.add(r, &pool)) {
        case merged_syncs::added::carries:
            return enqueue_carrier(pool, r, woke);
        case merged_syncs::added::waits:
            return 0;
        case merged_syncs::added::apart:
            r.way.merged = false;
            r.item.func = run;
        }
    }
    return pool.enqueue(&r.item, woke);
}

bool cancel_pooled(wq &pool, request &r) {
    if (r.way.merged)
        return cancel_merged(pool, r);
    per_thread<taking_back>().it = &r;
    bool queued = pool.cancel(&r.item) == cancel_result::ok;
    per_thread<taking_back>().it = nullptr;
    return queued;
}

} // namespace iowq
