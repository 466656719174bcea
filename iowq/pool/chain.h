// SPDX-License-Identifier: MIT
// Serialisation by exact key. A key that has items queued or running has a chain: a FIFO, and a
// token that stands for it on one acct. The worker that takes the token pops the items one at a
// time. So they never overlap and keep their order, and an item that has not started can still be
// cancelled. A helper (wq::help) may take the token instead. Owned by its wq; any thread may call
// it.
//
// Invariants:
//  1. There is at most one chain a key. It is in the table from its first item until its worker,
//     helper or canceller finds it empty.
//  2. A chain's token is on an acct, or its worker or helper holds the chain: never both, never
//     neither.
//  3. A chain whose token is on an acct has items; only while it is held may it have none.
//  4. On an acct a token has the flags of the item that was the chain's first when it came there.
//
// Locks: each shard's lock guards the chains whose keys fall there. It is taken before an acct's.
#pragma once

#include "iowq/pool/acct.h"

#include <array>
#include <memory>
#include <vector>

namespace iowq {

struct chain_shard;

// A chain is its own token, which an acct queues. It has no func, by which a worker tells it from
// an item. Its `key` is that of its items.
struct chain : work {
    explicit chain(chain_shard &in);

    chain_shard &in;
    // guarded by the shard's lock, as is `key`
    acct *home = nullptr; // the acct that the token is put on
    fifo items;
    chain *next_chain = nullptr; // in its bucket, or among the spare ones
};

// The chains of the keys whose hash falls into this shard.
struct alignas(64) chain_shard {
    static constexpr size_t nr_buckets = 64;

    mutex lock;
    std::array<chain *, nr_buckets> buckets IOWQ_GUARDED_BY(lock){};
    chain *spare IOWQ_GUARDED_BY(lock) = nullptr;
    bool closed IOWQ_GUARDED_BY(lock) = false;
    uint64_t queued IOWQ_GUARDED_BY(lock) = 0; // items of all its chains
    // Not freed before the table is: a canceller may still have one in hand.
    std::vector<std::unique_ptr<chain>> all IOWQ_GUARDED_BY(lock);
};

inline chain::chain(chain_shard &in) : in(in), items(in.queued, this) {}

class chain_table {
  public:
    // Queues a hashed item that is `on_its_way`. If its key has no chain yet, the new one's token
    // goes to `home`, and `todo` is what `home` asks for. -ESHUTDOWN once closed. -ENOMEM when more
    // keys have chains than ever before and no memory is left.
    [[nodiscard]] int enqueue(work *w, acct &home, acct::action &todo);

    // The chain that a token on an acct stands for; nullptr for an ordinary item.
    [[nodiscard]] static chain *of(work *taken) {
        return taken->func ? nullptr : static_cast<chain *>(taken);
    }
    // The next item of a chain whose token the worker took, published as self.current. nullptr:
    // there is none left, and the chain is the worker's no more. `passed`: as in acct::take.
    [[nodiscard]] work *next(chain &c, worker &self, work_list &passed);
    // The same for a helper, if the item may be helped with; it is published in `helped`. nullptr:
    // there is none, and the chain is still the helper's.
    [[nodiscard]] work *next_to_help(chain &c, current_work &helped, bool may_sleep,
                                     work_list &passed);
    // The item in `helped` becomes the chain's first again, for a worker. As acct::give_back.
    [[nodiscard]] bool give_back(chain &c, work *w, current_work &helped);
    // The turn is over: the token goes back on its acct, if items are left. Returns that acct, with
    // what it asks for in `todo`. nullptr: nothing is to be asked, as no items are left, or the
    // acct is `own`, the worker's, whose queue it looks at next.
    [[nodiscard]] acct *end_turn(chain &c, const acct *own, acct::action &todo);

    // Ends a chain whose token nobody will take any more, and gives back its items.
    [[nodiscard]] work_list dissolve(chain &c);

    // Unlinks an item that has been seen on this chain. False: it is not there any more.
    [[nodiscard]] bool cancel(chain &c, work *w, work_list &passed);

    // Takes no more items, and gives back those queued that are unbound.
    [[nodiscard]] work_list close(work_list &passed);
    // Unlinks the queued items that match, or only the first one. nullptr matches every item.
    [[nodiscard]] work_list cancel_matching(match_fn match, void *data, bool all,
                                            work_list &passed);

    // Takes and releases every shard's lock, around a fork (fork.h).
    void hold_still() IOWQ_ANNOTATE(no_thread_safety_analysis) {
        for (chain_shard &s : shards_)
            s.lock.lock();
    }
    void go_on() IOWQ_ANNOTATE(no_thread_safety_analysis) {
        for (chain_shard &s : shards_)
            s.lock.unlock();
    }

    // Puts new_marker() behind the items of each chain that has any queued.
    template <class NewMarker>
    void mark_each(NewMarker new_marker) {
        for (chain_shard &s : shards_) {
            locked guard(s.lock);
            for (chain *c : s.buckets)
                for (; c; c = c->next_chain)
                    if (!c->items.empty())
                        c->items.push_marker(new_marker());
        }
    }

    // Shows how many items are queued. They are of no node: a chain's next item goes where that is
    // enqueued.
    void show(shown_figures &to) const IOWQ_ANNOTATE(no_thread_safety_analysis) {
        to.add_several("queued", shown_figure::level, &shards_[0].queued, nr_shards,
                       sizeof(chain_shard));
    }

  private:
    static constexpr size_t nr_shards = 16;
    static constexpr size_t nr_buckets = chain_shard::nr_buckets;

    struct place {
        chain_shard &in;
        size_t bucket;
    };
    [[nodiscard]] place place_of(const chain_key &key);
    [[nodiscard]] static chain *find(const place &at, const chain_key &key)
        IOWQ_REQUIRES(at.in.lock);
    [[nodiscard]] static chain *add(const place &at, const chain_key &key, acct &home)
        IOWQ_REQUIRES(at.in.lock);
    static void retire(const place &at, chain &c) IOWQ_REQUIRES(at.in.lock);
    // After items have been cancelled: retires the chain if it is empty and no worker holds it.
    static void settle(const place &at, chain &c, work_list &passed) IOWQ_REQUIRES(at.in.lock);

    std::array<chain_shard, nr_shards> shards_;
};

} // namespace iowq
