// SPDX-License-Identifier: MIT
#include "iowq/pool/chain.h"

#include "iowq/os/assert.h"
#include <cerrno>
#include <new>

namespace iowq {

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
        c = c->next_chain;
    return c;
}

chain *chain_table::add(const place &at, const chain_key &key, acct &home) {
    chain *c = at.in.spare;
    if (c) {
        at.in.spare = c->next_chain;
    } else {
        std::unique_ptr<chain> fresh(new (std::nothrow) chain(at.in));
        if (!fresh)
            return nullptr;
        c = fresh.get();
        try {
            at.in.all.push_back(std::move(fresh));
        } catch (const std::bad_alloc &) {
            return nullptr;
        }
    }
    iowq_assert_all(!find(at, key));
    c->key = key;
    c->home = &home;
    c->next_chain = at.in.buckets[at.bucket];
    at.in.buckets[at.bucket] = c;
    return c;
}

void chain_table::retire(const place &at, chain &c) {
    for (chain **link = &at.in.buckets[at.bucket]; *link; link = &(*link)->next_chain) {
        if (*link == &c) {
            *link = c.next_chain;
            break;
        }
        iowq_assert((*link)->next_chain);
    }
    iowq_assert(c.items.empty());
    c.next_chain = at.in.spare;
    at.in.spare = &c;
}

void chain_table::settle(const place &at, chain &c, work_list &passed) {
    // If the token is not on the acct, a worker holds the chain, and will find it empty.
    if (c.items.empty() && c.home->with_queue([&](work_queue &q) { return q.cancel(&c, passed); }))
        retire(at, c);
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
            c->items.push_back(w);
            home.count_hashed(true);
            return 0;
        }
        c = add(at, w->key, home);
        if (!c)
            return -ENOMEM;
        c->items.push_back(w);
        c->flags = w->flags;
        c->where.store(work::on_its_way, relaxed);
        if (int error = home.push(c)) {
            work_list none;
            (void)c->items.cancel(w, none);
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
    work *w = c.items.pop_front(passed);
    if (!w) {
        retire(at, c);
        return nullptr;
    }
    self.current.publish(w);
    fifo::published(w);
    return w;
}

work *chain_table::next_to_help(chain &c, current_work &helped, bool may_sleep, work_list &passed) {
    place at = place_of(c.key);
    locked guard(at.in.lock);
    work *first = c.items.front();
    if (!first || !may_be_helped_with(*first, may_sleep))
        return nullptr;
    work *w = c.items.pop_front(passed);
    helped.publish(w);
    fifo::published(w);
    return w;
}

bool chain_table::give_back(chain &c, work *w, current_work &helped) {
    place at = place_of(c.key);
    locked guard(at.in.lock);
    if (helped.finish())
        return false;
    w->flags &= ~static_cast<uint32_t>(work_helpable);
    c.items.push_front(w);
    return true;
}

acct *chain_table::end_turn(chain &c, const acct *own, acct::action &todo) {
    place at = place_of(c.key);
    locked guard(at.in.lock);
    acct *home = c.home;
    iowq_assert_all(c.where.load(relaxed) == work::nowhere);
    if (c.items.empty()) {
        retire(at, c);
        return nullptr;
    }
    c.flags = c.items.front()->flags;
    home->with_queue([&c](work_queue &q) { q.put_back(&c); });
    if (home == own)
        return nullptr;
    todo = home->pushed(false);
    return home;
}

work_list chain_table::dissolve(chain &c) {
    place at = place_of(c.key);
    locked guard(at.in.lock);
    work_list items = c.items.take_all(false);
    retire(at, c);
    return items;
}

work_list chain_table::close(work_list &passed) {
    for (chain_shard &s : shards_) {
        locked guard(s.lock);
        s.closed = true;
    }
    return cancel_matching([](work *w, void *) { return (w->flags & work_unbound) != 0; }, nullptr,
                           true, passed);
}

} // namespace iowq
