// SPDX-License-Identifier: MIT
// The pool's hand-overs. Each scenario's items are looked at once the pool has been destroyed, so
// that its joins order what the workers wrote.
#include "iowq/explore/scenarios/scenario.h"

using namespace scenarios;

namespace {

// What is read of the machine once, before the first schedule.
void know_the_machine() {
    topology machine;
    (void)topology::load(cpu_mask::of_this_thread(), machine);
    (void)cpu_quota();
}
[[maybe_unused]] const auto known = (explore::before_the_first() = know_the_machine, true);

} // namespace

// ---- queueing and waking

SCENARIO(enqueue_against_parking) {
    auto a = std::make_unique<item>(), b = std::make_unique<item>();
    auto pool = pool_of(small(1));
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
}

SCENARIO(two_who_enqueue) {
    gate done;
    auto a = std::make_unique<item>(), b = std::make_unique<item>([&](item &) { done.open(); });
    auto pool = pool_of(small(1));
    std::thread other([&] { EXPECT(pool->enqueue(a.get()) == 0); });
    EXPECT(pool->enqueue(b.get()) == 0);
    done.wait(); // without the end of the pool, which would find it
    other.join();
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
}

// What is pushed while the only worker goes to sleep gets one.
SCENARIO(sleep_against_push) {
    gate second_ran;
    auto a = std::make_unique<item>([&](item &) {
        blocking sleeps(blocking::will);
        second_ran.wait();
    });
    auto b = std::make_unique<item>([&](item &) { second_ran.open(); });
    wq_config config = small(1);
    config.max_bound = 2;
    auto pool = pool_of(config);
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
}

// An item that wants a worker of its own gets one when one of those that run falls asleep.
SCENARIO(concurrent_against_sleep) {
    gate last_ran;
    auto sleeps = std::make_unique<item>([&](item &) {
        blocking in_its_call(blocking::will);
        last_ran.wait();
    });
    auto computes = std::make_unique<item>([&](item &) { last_ran.wait(); }, work_concurrent);
    auto last = std::make_unique<item>([&](item &) { last_ran.open(); }, work_concurrent);
    wq_config config = small(3);
    config.max_running = 2;
    auto pool = pool_of(config);
    EXPECT(pool->enqueue(sleeps.get()) == 0);
    EXPECT(pool->enqueue(computes.get()) == 0);
    EXPECT(pool->enqueue(last.get()) == 0);
    end(pool);
    for (const auto *i : {sleeps.get(), computes.get(), last.get()})
        exactly_once(*i);
}

// An item that wants a worker of its own gets one when more may run, as there are more CPUs.
SCENARIO(concurrent_against_more_cpus) {
    gate last_ran;
    auto waits = [&](item &) { last_ran.wait(); };
    auto a = std::make_unique<item>(waits, work_concurrent);
    auto b = std::make_unique<item>(waits, work_concurrent);
    auto last = std::make_unique<item>([&](item &) { last_ran.open(); }, work_concurrent);
    wq_config config = small(3);
    config.max_running.reset();
    config.reach.emplace().add(0);
    config.reach->add(1);
    auto pool = pool_of(config);
    cpu_mask one;
    one.add(0);
    EXPECT(pool->set_affinity(one) == 0);
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    std::thread other([&] { EXPECT(pool->set_affinity({}) == 0); });
    EXPECT(pool->enqueue(last.get()) == 0);
    last_ran.wait();
    other.join();
    end(pool);
    for (const auto *i : {a.get(), b.get(), last.get()})
        exactly_once(*i);
}

// A node whose workers all sleep has its work done by the other node's.
SCENARIO_ON("numa:2 pu:1", another_nodes_worker) {
    gate second_ran;
    auto a = std::make_unique<item>([&](item &) {
        blocking sleeps(blocking::will);
        second_ran.wait();
    });
    auto b = std::make_unique<item>([&](item &) { second_ran.open(); });
    auto c = std::make_unique<item>();
    wq_config config = small(1);
    config.place = placement::device;
    auto pool = pool_of(config);
    a->node = b->node = 0;
    c->node = 1;
    EXPECT(pool->enqueue(c.get()) == 0);
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    second_ran.wait(); // without the end of the pool, which would find it
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
    exactly_once(*c);
}

// An item may be gone as soon as its func has been called.
SCENARIO(items_that_free_themselves) {
    static unsigned gone;
    gone = 0;
    auto pool = pool_of(small(1));
    for (uint32_t flags : {0u, 0u | work_hashed, 0u | work_unbound}) {
        auto *w = new work;
        w->flags = flags;
        w->func = [](work **it) {
            delete std::exchange(*it, nullptr);
            atomic_ref(gone).fetch_add(1, relaxed);
        };
        EXPECT(pool->enqueue(w) == 0);
    }
    end(pool);
    EXPECT(gone == 3);
}

SCENARIO(workers_that_leave) {
    auto a = std::make_unique<item>(), b = std::make_unique<item>();
    gate ran;
    b->does = [&](item &) { ran.open(); };
    wq_config config = small(1);
    config.idle = std::chrono::milliseconds(1);
    config.last_stays = false;
    auto pool = pool_of(config);
    EXPECT(pool->enqueue(a.get()) == 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + explore::choose(2)));
    EXPECT(pool->enqueue(b.get()) == 0);
    ran.wait();
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
}

SCENARIO(limits_lowered) {
    gate ran;
    auto a = std::make_unique<item>(), b = std::make_unique<item>();
    auto c = std::make_unique<item>([&](item &) { ran.open(); });
    auto pool = pool_of(small(2));
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    EXPECT(pool->max_workers({1, 1}).bound == 2);
    EXPECT(pool->enqueue(c.get()) == 0);
    ran.wait();
    end(pool);
    for (const auto *i : {a.get(), b.get(), c.get()})
        exactly_once(*i);
}

// ---- threads that are not to be had

// What no thread is to be had for is cancelled, before the pool ends.
SCENARIO(creation_that_fails) {
    explore::refuse_threads([] { return explore::choose(2) == 1; });
    auto a = std::make_unique<item>(), b = std::make_unique<item>();
    auto pool = pool_of(small(2));
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    a->over.wait();
    b->over.wait();
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
}

// ---- the end

SCENARIO(exit_against_enqueue) {
    auto a = std::make_unique<item>(), b = std::make_unique<item>(nullptr, work_unbound);
    auto pool = pool_of(small(1));
    auto accepted = std::make_unique<int[]>(2);
    std::thread other([&] {
        accepted[0] = pool->enqueue(a.get());
        accepted[1] = pool->enqueue(b.get());
    });
    EXPECT(pool->exit() == 0);
    other.join();
    end(pool);
    for (const auto &[i, error] :
         {std::pair(a.get(), accepted[0]), std::pair(b.get(), accepted[1])})
        EXPECT(error == 0 ? i->runs == 1 : error == -ESHUTDOWN && i->runs == 0);
}

SCENARIO(two_who_exit) {
    auto a = std::make_unique<item>();
    auto pool = pool_of(small(1));
    EXPECT(pool->enqueue(a.get()) == 0);
    auto ends = [&] {
        EXPECT(pool->exit() == 0);
        EXPECT(pool->counters().nr_workers == 0);
        exactly_once(*a);
    };
    std::thread other(ends);
    ends();
    other.join();
    end(pool);
}

SCENARIO(flush_against_take) {
    auto started = std::make_unique<atomic<int>>(0);
    auto starts = [&](item &) { started->fetch_add(1, relaxed); };
    auto a = std::make_unique<item>(starts), b = std::make_unique<item>(starts);
    auto pool = pool_of(small(2));
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    EXPECT(pool->flush() == 0);
    // Each has been taken; it may not have come to the first line of its own.
    EXPECT(pool->cancel(a.get()) != cancel_result::ok);
    EXPECT(pool->cancel(b.get()) != cancel_result::ok);
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
    EXPECT(started->load(relaxed) == 2);
}

// A marker goes with what it stands behind, also when that is cancelled and nothing else is taken.
SCENARIO(flush_against_cancel) {
    gate flushed;
    auto a = std::make_unique<item>([&](item &) { flushed.wait(); });
    auto b = std::make_unique<item>();
    auto pool = pool_of(small(1));
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    std::thread other([&] { EXPECT(pool->flush() == 0); });
    (void)pool->cancel(b.get());
    other.join();
    flushed.open();
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
}

// ---- help

SCENARIO(two_who_help) {
    auto items = std::make_unique<item[]>(4);
    auto pool = pool_of(small(1));
    for (int i = 0; i < 4; i++) {
        items[i].flags = work_helpable;
        EXPECT(pool->enqueue(&items[i]) == 0);
    }
    std::thread other([&] { (void)pool->help(); });
    (void)pool->help();
    other.join();
    end(pool);
    for (int i = 0; i < 4; i++)
        exactly_once(items[i]);
}

SCENARIO(help_against_take) {
    auto a = std::make_unique<item>(nullptr, work_helpable), b = std::make_unique<item>(),
         c = std::make_unique<item>(nullptr, work_helpable);
    auto pool = pool_of(small(1));
    for (auto *i : {a.get(), b.get(), c.get()})
        EXPECT(pool->enqueue(i) == 0);
    while (pool->help()) {
    }
    end(pool);
    for (const auto *i : {a.get(), b.get(), c.get()})
        exactly_once(*i);
}

// ---- the monitor

// It finds a worker asleep in a call that may block, as it has to: the other item waits for that.
SCENARIO(monitor_against_the_calls_end) {
    gate second_ran;
    auto a = std::make_unique<item>([&](item &) {
        blocking may(blocking::may);
        second_ran.wait();
    });
    auto b = std::make_unique<item>([&](item &) {
        blocking may(blocking::may);
        second_ran.open();
    });
    wq_config config = small(1);
    config.max_bound = 2;
    auto pool = pool_of(config);
    EXPECT(pool->enqueue(a.get()) == 0);
    EXPECT(pool->enqueue(b.get()) == 0);
    second_ran.wait();
    end(pool);
    exactly_once(*a);
    exactly_once(*b);
}

SCENARIO(monitors_last_look) {
    gate second_ran;
    auto a = std::make_unique<item>([](item &) { blocking may(blocking::may); });
    auto b = std::make_unique<item>([&](item &) {
        blocking may(blocking::may);
        second_ran.wait();
    });
    auto c = std::make_unique<item>([&](item &) { second_ran.open(); });
    wq_config config = small(1);
    config.max_bound = 2;
    auto pool = pool_of(config);
    EXPECT(pool->enqueue(a.get()) == 0);
    // Also just when the monitor is about to stop looking, at its fourth look.
    std::this_thread::sleep_for(std::chrono::microseconds(50 * explore::choose(8)));
    EXPECT(pool->enqueue(b.get()) == 0);
    EXPECT(pool->enqueue(c.get()) == 0);
    second_ran.wait(); // without the end of the pool, which would find c
    end(pool);
    for (const auto *i : {a.get(), b.get(), c.get()})
        exactly_once(*i);
}
