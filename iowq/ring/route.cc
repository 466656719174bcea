// SPDX-License-Identifier: MIT
#include "iowq/ring/route.h"

#include "iowq/ring/request.h"

namespace iowq {

namespace {

// What decides, of a request and its file.
struct traits {
    explicit traits(const request &r)
        : nop(r.op == opcode::nop), reads(r.op == opcode::read), writes(r.op == opcode::write),
          modifies(writes || r.op == opcode::trim),
          storage(on(r) && (on(r)->regular || on(r)->block)), direct(on(r) && on(r)->direct),
          cached_file(on(r) && on(r)->regular && !direct), in_memory(on(r) && on(r)->in_memory),
          can_try(nowait_worthwhile(r)), begins(reads && can_try && storage),
          by_aio(direct && storage && r.is_rw() && divisible(r)),
          refuses_nowait(r.is_rw() && !on(r)->nowait[writes].worth_it()),
          own_nowait(r.is_rw() && r.rw_flags & RWF_NOWAIT && !direct) {}

    const bool nop, reads, writes;
    const bool modifies;
    const bool storage;        // a regular file or a block device: it ends in bounded time
    const bool direct;         // past the cache
    const bool cached_file;    // a regular file, through the cache
    const bool in_memory;      // reads and writes wait for no device
    const bool can_try;        // RWF_NOWAIT says something about it
    const bool begins;         // a try that misses begins it
    const bool by_aio;         // Linux AIO does not wait for it
    const bool refuses_nowait; // the file system has refused RWF_NOWAIT
    const bool own_nowait;     // what would wait fails: so the caller wants it

  private:
    static const iowq::file *on(const request &r) { return r.target; } // a nop has none
};

// A buffered read that has missed the cache waits for the device, as does all that goes past the
// cache. A buffered write copies into the cache, and waits only when it is throttled.
route::sleep on_worker(const request &r, const traits &t, bool missed) {
    bool copies = t.in_memory || t.writes || r.rw_flags & RWF_NOWAIT || (t.reads && !missed);
    return t.nop ? route::never : copies && !t.direct ? route::may : route::will;
}

route on_pool(const request &r, const traits &t, bool hash, ring_facts known) {
    route way;
    way.by = route::worker;
    way.unbound = r.target && !t.storage;
    way.hashed = hash && t.modifies && t.cached_file;
    if (t.by_aio && known.aio)
        way.first = route::sends;
    else if (t.reads && t.can_try) // so that the pool knows exactly which ones sleep
        way.first = route::tries;
    if (!way.hashed && r.is_rw())
        way.help = t.in_memory ? route::calls : t.can_try ? route::tries : route::not_at_all;
    way.begins = t.begins && known.trying_begins;
    way.call = on_worker(r, t, false);
    way.rest = on_worker(r, t, true);
    return way;
}

route on_thread(const traits &t) {
    route way;
    way.by = route::thread;
    way.help = t.begins ? route::tries : route::not_at_all;
    return way;
}

route by_leader(const request &r, const traits &t, ring_facts known) {
    route way = on_thread(t);
    if (t.can_try)
        way.first = route::tries;
    way.begins = t.begins && known.trying_begins;
    bool waits = !t.nop && !t.own_nowait && !(t.in_memory && r.is_rw());
    way.call = !waits ? route::never : t.writes && t.cached_file ? route::may : route::will;
    way.rest = route::will;
    return way;
}

route punted(const request &r, const traits &t, ring_facts known) {
    route way = on_pool(r, t, true, known);
    way.help = route::not_at_all; // it has been tried
    bool sends = way.first == route::sends && !t.refuses_nowait;
    way.by = route::submitter;
    if ((t.in_memory && r.is_rw()) || t.own_nowait)
        way.first = route::calls;
    else if (t.can_try)
        way.first = route::tries;
    else if (sends)
        way.first = route::sends;
    else
        return way.onward(route::worker, false);
    return way;
}

} // namespace

route route_of(offload mode, const request &r, ring_facts known) {
    traits t(r);
    switch (mode) {
    case offload::inline_:
        return {};
    case offload::sqthread:
        return on_thread(t);
    case offload::handoff:
        return by_leader(r, t, known);
    case offload::sqwq:
        return on_pool(r, t, false, known);
    case offload::hashed:
        return on_pool(r, t, true, known);
    case offload::punt:
        return punted(r, t, known);
    }
    __builtin_unreachable();
}

} // namespace iowq
