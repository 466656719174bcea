// SPDX-License-Identifier: MIT
#include "iowq/pool/chain.h"

#include <cerrno>
#include <cstddef>
#include <new>

namespace iowq {

static_assert(offsetof(chain, token) == 0,
              "chain_table::of takes the token's address for the chain's");

chain_table::place chain_table::place_of(const chain_key &key) {
    // Multiplying by odd constants and folding spreads inodes and ranges that differ in a few low
    // bits over shards and buckets.
    uint64_t h = (key.lo ^ key.hi * 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
    h ^= h >> 32;
    return {shards_[h % nr_shards], h / nr_shards % nr_buckets};
}

chain *chain_table::find(const place &at, const chain_key &key) {
    chain *c = at.in.buckets[at.bucket];
    while (c && !(c->key == key))
        c = c->next;
    return c;
}

chain *chain_table::add(const place &at, const chain_key &key, acct &home) {
    chain *c = at.in.spare;
    if (c) {
        at.in.spare = c->next;
    } else {
        std::unique_ptr<chain> fresh(new (std::nothrow) chain);
        if (!fresh)
            return nullptr;
        c = fresh.get();
        try {
            at.in.all.push_back(std::move(fresh));
        } catch (const std::bad_alloc &) {
            return nullptr;
        }
    }
    c->key = key;
    c->home = &home;
    c->next = at.in.buckets[at.bucket];
    at.in.buckets[at.bucket] = c;
    return c;
}

void chain_table::retire(const place &at, chain &c) {
    for (chain **link = &at.in.buckets[at.bucket]; *link; link = &(*link)->next) {
        if (*link == &c) {
            *link = c.next;
            break;
        }
    }
    c.next = at.in.spare;
    at.in.spare = &c;
}

void chain_table::settle(const place &at, chain &c, work_list &passed) {
    c.fifo.pop_markers(passed);
    // Not on the acct: then a worker holds the chain, and finds it empty.
    if (c.fifo.empty() && c.home->cancel(&c.token, passed))
        retire(at, c);
}

void chain_table::list(const place &at, chain &c, work *w) {
    w->where.store(&at.in, relaxed);
    c.fifo.push_back(w);
}

int chain_table::enqueue(work *w, acct &home, acct::action &todo) {
    place at = place_of(w->key);
    // Read first: once pushed, the item may be run and gone.
    bool concurrent = w->flags & work_concurrent;
    {
        locked guard(at.in.lock);
        if (at.in.closed)
            return -ESHUTDOWN;
        chain *c = find(at, w->key);
        if (c) {
            list(at, *c, w);
            home.count_hashed(true);
            return 0;
        }
        c = add(at, w->key, home);
        if (!c)
            return -ENOMEM;
        list(at, *c, w);
        c->token.where.store(work::on_its_way, relaxed);
        if (int error = home.push(&c->token)) {
            c->fifo.remove(w);
            w->where.store(work::on_its_way, relaxed);
            retire(at, *c);
            return error;
        }
    }
    home.count_hashed(false);
    todo = home.pushed(concurrent);
    return 0;
}

work *chain_table::next(chain &c, worker &self, work_list &passed) {
    place at = place_of(c.key); // the key stays while the chain is the worker's
    locked guard(at.in.lock);
    work *w = c.fifo.pop_front();
    if (!w) {
        retire(at, c);
        return nullptr;
    }
    c.fifo.pop_markers(passed);
    self.current.publish(w);
    w->where.store(work::nowhere, release); // as in acct::take
    return w;
}

acct *chain_table::end_turn(chain &c, const worker &self, acct::action &todo) {
    place at = place_of(c.key);
    locked guard(at.in.lock);
    acct *home = c.home;
    if (c.fifo.empty()) {
        retire(at, c);
        return nullptr;
    }
    home->requeue(&c.token);
    if (home == &self.home)
        return nullptr;
    todo = home->pushed(false);
    return home;
}

work_list chain_table::dissolve(chain &c) {
    place at = place_of(c.key);
    locked guard(at.in.lock);
    work_list items = c.fifo.take_all();
    retire(at, c);
    return items;
}

work_list chain_table::close(work_list &passed) {
    for (shard &s : shards_) {
        locked guard(s.lock);
        s.closed = true;
    }
    return cancel_matching([](work *w, void *) { return (w->flags & work_unbound) != 0; }, nullptr,
                           true, passed);
}

} // namespace iowq
