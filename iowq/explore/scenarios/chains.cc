// SPDX-License-Identifier: MIT
// Hashed items: one of a key at a time, in their order.
#include "iowq/explore/scenarios/scenario.h"

using namespace scenarios;

namespace {

// Items of one key: they keep their order, and do not overlap.
struct keyed {
    int inside = 0, last = -1; // plain: a race is an overlap
    std::vector<std::unique_ptr<item>> items;

    item *add(uint32_t more = 0) {
        int number = static_cast<int>(items.size());
        items.push_back(std::make_unique<item>(
            [this, number](item &) {
                EXPECT(inside++ == 0);
                EXPECT(last < number);
                last = number;
                inside--;
            },
            work_hashed | more));
        items.back()->key = {1, 2};
        return items.back().get();
    }
    void check() const {
        for (const auto &i : items)
            exactly_once(*i);
    }
};

} // namespace

SCENARIO(chain_against_take) {
    auto k = std::make_unique<keyed>();
    auto pool = pool_of(small(2));
    for (int i = 0; i < 3; i++)
        EXPECT(pool->enqueue(k->add()) == 0);
    end(pool);
    k->check();
}

// After 16 items the chain's token goes behind what else is queued.
SCENARIO(chain_longer_than_a_turn) {
    auto k = std::make_unique<keyed>();
    auto pool = pool_of(small(1));
    for (int i = 0; i < 17; i++)
        EXPECT(pool->enqueue(k->add()) == 0);
    end(pool);
    k->check();
}

SCENARIO(chain_of_both_accts) {
    auto k = std::make_unique<keyed>();
    auto pool = pool_of(small(1));
    gate done;
    auto last = std::make_unique<item>([&](item &) { done.open(); }, work_hashed);
    last->key = {1, 2};
    EXPECT(pool->enqueue(k->add(work_unbound)) == 0);
    EXPECT(pool->enqueue(k->add()) == 0);
    EXPECT(pool->enqueue(last.get()) == 0);
    done.wait();
    end(pool);
    k->check();
}

SCENARIO_ON("numa:2 pu:1", chain_over_nodes) {
    auto k = std::make_unique<keyed>();
    wq_config config = small(1);
    config.place = placement::interleave;
    auto pool = pool_of(config);
    for (int i = 0; i < 3; i++)
        EXPECT(pool->enqueue(k->add()) == 0);
    end(pool);
    k->check();
}

SCENARIO(chain_against_cancel) {
    auto k = std::make_unique<keyed>();
    auto pool = pool_of(small(1));
    item *first = k->add(), *second = k->add(), *third = k->add();
    EXPECT(pool->enqueue(first) == 0);
    EXPECT(pool->enqueue(second) == 0);
    std::thread other([&] { (void)pool->cancel(second); });
    EXPECT(pool->enqueue(third) == 0);
    other.join();
    end(pool);
    k->check();
}

// The signals of an item that has been cancelled never interrupt the next one of its chain.
SCENARIO(signal_against_next_item) {
    int slow = explore::open_file(explore::kind::uncached);
    auto first = std::make_unique<item>(
        [](item &) {
            while (!cancel_requested())
                explore::yield();
        },
        work_hashed);
    auto second = std::make_unique<item>(
        [&](item &) {
            char byte;
            EXPECT(read_file(slow, &byte, 1, 0, 0) == 1);
        },
        work_hashed);
    first->key = second->key = {1, 2};
    auto pool = pool_of(small(1));
    EXPECT(pool->enqueue(first.get()) == 0);
    EXPECT(pool->enqueue(second.get()) == 0);
    EXPECT(pool->cancel(first.get()) != cancel_result::notfound);
    end(pool);
    exactly_once(*first);
    exactly_once(*second);
}

// An item that has been published as running, and is not queued, is found by who cancels it.
SCENARIO(chain_against_cancel_of_the_running) {
    gate cancelled;
    auto a = std::make_unique<item>([&](item &) { cancelled.wait(); }, work_hashed);
    a->key = {1, 2};
    auto pool = pool_of(small(1));
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->cancel(a.get()) != cancel_result::notfound);
    cancelled.open();
    end(pool);
    exactly_once(*a);
}

// A helper and a worker take turns at one chain.
SCENARIO(chain_against_help) {
    auto k = std::make_unique<keyed>();
    auto pool = pool_of(small(1));
    auto other = std::make_unique<item>();
    EXPECT(pool->enqueue(k->add(work_helpable)) == 0);
    EXPECT(pool->enqueue(k->add()) == 0);
    EXPECT(pool->enqueue(other.get()) == 0);
    (void)pool->help();
    end(pool);
    k->check();
    exactly_once(*other);
}

// An item that leaves itself to a worker is cancelled, or it runs.
SCENARIO(cancel_against_leaving) {
    struct leaving : work {
        unsigned runs = 0;
    };
    auto left = std::make_unique<leaving>();
    auto behind = std::make_unique<item>();
    left->flags = work_helpable | (explore::choose(2) ? work_hashed : 0u);
    left->key = {1, 2};
    left->func = [](work **w) {
        auto &self = *static_cast<leaving *>(*w);
        if (!(self.flags & work_cancel) && helping())
            return leave_to_worker();
        self.runs++;
    };
    auto pool = pool_of(small(1));
    EXPECT(pool->enqueue(left.get()) == 0);
    EXPECT(pool->enqueue(behind.get()) == 0);
    std::thread other([&] { (void)pool->cancel(left.get()); });
    (void)pool->help();
    other.join();
    end(pool);
    EXPECT(left->runs == 1);
    exactly_once(*behind);
}
