// SPDX-License-Identifier: MIT
#include "iowq/ring/route.h"

#include "iowq/os/any_call.h"
#include "iowq/os/assert.h"
#include "iowq/ring/request.h"

namespace iowq {

namespace {

// The properties of a request and its file that decide its way. A nop has no file.

bool reads(const request &r) { return r.op == opcode::read; }
bool writes(const request &r) { return r.op == opcode::write; }
bool direct(const request &r) { return r.target && r.target->direct; }
bool syncs(const request &r) { return r.op == opcode::fsync || r.op == opcode::fdatasync; }
// On a regular file or a block device, where it ends in bounded time.
bool on_storage(const request &r) { return r.target && (r.target->regular || r.target->block); }
// On a regular file, through the page cache.
bool on_cached_file(const request &r) { return r.target && r.target->regular && !r.target->direct; }
bool in_memory(const request &r) { return r.target && r.target->in_memory; }
// There a sync has nothing to do.
bool never_waits(const request &r) { return in_memory(r) && (r.is_rw() || syncs(r)); }
// Trying it starts its readahead, if it misses.
bool may_begin(const request &r) { return reads(r) && on_storage(r) && nowait_worthwhile(r); }
// Linux AIO does not wait for it.
bool aio_takes(const request &r) { return direct(r) && on_storage(r) && r.is_rw() && divisible(r); }
// Has the file not refused RWF_NOWAIT?
bool nowait_taken(const request &r) { return r.target->nowait[writes(r)].worth_it(); }
// The caller wants it to fail where it would wait. With O_DIRECT it waits all the same.
bool callers_own_nowait(const request &r) {
    return r.is_rw() && r.rw_flags & RWF_NOWAIT && !direct(r);
}

// A write that copies into the page cache, and waits only if it is throttled.
bool copied(const request &r) { return writes(r) && !direct(r) && !flushed(r); }

// Does the plain call sleep? A buffered read that has missed waits for the device, as does all that
// bypasses the page cache.
route::sleep on_worker(const request &r, bool missed) {
    if (r.op == opcode::nop)
        return route::never;
    bool copies = in_memory(r) || copied(r) || r.rw_flags & RWF_NOWAIT || (reads(r) && !missed);
    return copies && !direct(r) ? route::may : route::will;
}

// Writes and trims through the page cache, which hashed serialises by file.
bool may_be_hashed(const request &r) {
    return (writes(r) || r.op == opcode::trim) && on_cached_file(r);
}

// A worker makes the plain call.
void called_on_worker(const request &r, bool hashed, bool missed, route &way) {
    way.by = route::worker;
    way.unbound = r.target && !on_storage(r);
    way.hashed = hashed;
    way.call = on_worker(r, missed);
}

// What the submitter may do with a write that waits on a chain.
route::how chain_help(const request &r) {
    return !copied(r)             ? route::not_at_all
           : in_memory(r)         ? route::calls
           : nowait_worthwhile(r) ? route::tries
                                  : route::copies;
}

// ---- system calls by their number

call_facts facts_of(const request &r) { return iowq::facts_of(r.number, r.args); }

call_facts::wait waits(const request &r, const call_facts &known) {
    return known.by_file && on_storage(r) ? call_facts::on_storage : known.waits;
}

// Does the plain call sleep?
route::sleep of_call(call_facts::wait waits, bool quick) {
    return waits == call_facts::never                 ? route::never
           : waits == call_facts::on_storage && quick ? route::may
                                                      : route::will;
}

void by_number(offload mode, const request &r, ring_facts known, route &way) {
    const call_facts facts = facts_of(r);
    const call_facts::wait wait = waits(r, facts);
    if (mode == offload::inline_ || (facts.by_identity && !known.as_others))
        return;
    bool threads = has_threads(mode);
    way.call = of_call(wait, known.quick);
    if (facts.tried)
        way.first = route::tries;
    way.hashed = mode == offload::hashed && facts.enters && r.target;
    if (mode == offload::punt && (way.call != route::will || facts.tried))
        return;
    way.by = threads ? route::thread : route::worker;
    way.unbound = !threads && wait == call_facts::on_others;
    if (way.call != route::will)
        way.help = facts.by_identity && !threads ? route::at_once : route::calls;
    if (mode == offload::sqthread) { // it hands nothing over
        way.first = route::calls;
        way.call = route::never;
    }
}

// ---- by mode

void on_pool(const request &r, bool hash, ring_facts known, route &way) {
    bool hashed = hash && may_be_hashed(r), can_try = nowait_worthwhile(r);
    called_on_worker(r, hashed, false, way);
    bool sent = !hashed && known.aio && aio_takes(r), at_once = sent && nowait_taken(r);
    if (sent)
        way.first = at_once ? route::sends : route::sends_blocking;
    else if (reads(r) && can_try) { // tried, so that the pool knows exactly which reads sleep
        way.first = route::tries;
        way.begins = known.trying_begins && on_storage(r);
    }
    if (hashed)
        way.help = chain_help(r);
    else if (r.is_rw())
        way.help = in_memory(r) ? route::calls
                   : at_once    ? route::sends
                   : can_try    ? route::tries
                                : route::not_at_all;
}

void on_thread(const request &r, route &way) {
    way.by = route::thread;
    // Reads alone: writes are made in the order in which they were submitted.
    way.help = reads(r) && in_memory(r) ? route::calls
               : may_begin(r)           ? route::tries
                                        : route::not_at_all;
}

void by_leader(const request &r, ring_facts known, route &way) {
    on_thread(r, way);
    way.begins = known.trying_begins && way.help == route::tries;
    if (nowait_worthwhile(r))
        way.first = route::tries;
    bool waits = r.op != opcode::nop && !callers_own_nowait(r) && !never_waits(r);
    if (waits)
        way.call = copied(r) && on_cached_file(r) ? route::may : route::will;
}

// What this leaves unsaid is the default: the submitter makes the plain call.
void punted(const request &r, ring_facts known, route &way) {
    if (nowait_worthwhile(r)) {
        way.first = known.alone && may_begin(r) ? route::later : route::tries;
        way.begins = known.trying_begins && reads(r) && on_storage(r);
        way.hashed = may_be_hashed(r);
    } else if (!never_waits(r) && !callers_own_nowait(r)) {
        bool hashed = may_be_hashed(r);
        if (!hashed && known.aio && aio_takes(r) && nowait_taken(r))
            way.first = route::sends;
        else
            called_on_worker(r, hashed, false, way);
        if (hashed)
            way.help = chain_help(r);
    }
}

void by_mode(offload mode, const request &r, ring_facts known, route &way) {
    switch (mode) {
    case offload::inline_:
        break;
    case offload::sqthread:
        on_thread(r, way);
        break;
    case offload::handoff:
        by_leader(r, known, way);
        break;
    case offload::sqwq:
        on_pool(r, false, known, way);
        break;
    case offload::hashed:
        on_pool(r, true, known, way);
        break;
    case offload::punt:
        punted(r, known, way);
        break;
    }
}

} // namespace

void route_of(offload mode, const request &r, ring_facts known, route &way) {
    way = {};
    if (r.op == opcode::call)
        by_number(mode, r, known, way);
    else
        by_mode(mode, r, known, way);
    if (way.help == route::sends ? known.sends : known.itself && way.may_be_issued_at_once()) {
        way.by = route::submitter;
        way.first = way.help == route::at_once ? route::calls : way.help;
    }
    way.merged = known.merges && way.by == route::worker && syncs(r);
    // Whoever sends is done with it before the device is, so the next of its chain would overlap.
    iowq_assert_all(!(way.hashed && way.by_aio()));
}

route rest_of(const request &r, route::who next, bool missed) {
    route way;
    if (r.op == opcode::call) { // a message: nothing else is tried
        way.by = next;
        way.unbound = next == route::worker;
        way.call = route::will;
        return way;
    }
    if (next == route::worker) {
        called_on_worker(r, r.way.hashed, missed, way);
        // AIO takes it from its beginning.
        if (r.way.first == route::sends && r.way.help != route::not_at_all && r.done == 0)
            way.first = route::sends_blocking;
        return way;
    }
    way.by = next;
    way.call = missed && r.way.call != route::never ? route::will : r.way.call;
    return way;
}

} // namespace iowq
