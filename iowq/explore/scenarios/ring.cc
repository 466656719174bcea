// SPDX-License-Identifier: MIT
// The ring's hand-overs: completions, the submission thread, its leadership, begun reads, AIO.
#include "iowq/ring/ring.h"
#include "iowq/explore/scenarios/scenario.h"

#include <array>

using namespace scenarios;

namespace {

// A ring with a few requests, on one file that is not there.
struct ring_of {
    static constexpr unsigned depth = 4;

    ring_of(offload mode, explore::kind of_file, unsigned workers = 1) {
        EXPECT(target.examine(explore::open_file(of_file)) == 0);
        if (mode != offload::sqthread && mode != offload::handoff)
            pool = pool_of(small(workers));
        ring_config config;
        config.mode = mode;
        config.depth = depth;
        config.spin = {};
        config.sqthread_idle.emplace(0);
        config.sqthread_cpus = cpu_mask::of_this_thread();
        EXPECT(ring::create(config, pool.get(), io) == 0);
    }

    request &add(opcode what) {
        request &r = requests[used];
        r.prepare(what, target, &memory[used * 8], what == opcode::fsync ? 0 : 8, used * 8);
        used++;
        return r;
    }
    // Counts in `done`, if it was completed at once.
    void submit(request &r) {
        if (io->submit(r) == ring::submitted::completed)
            comes_back(r);
    }
    void comes_back(const request &r) {
        returned[static_cast<size_t>(&r - requests.data())]++;
        done++;
    }
    void reap(unsigned min, deadline until = {}) {
        std::array<request *, depth> got;
        unsigned n = io->reap(got, min, until);
        for (unsigned i = 0; i < n; i++)
            comes_back(*got[i]);
    }
    void reap_all() {
        while (done < used)
            reap(1);
    }
    // Each has come back once, with all its bytes, but for `cancelled`.
    void check(const request *cancelled = nullptr) {
        for (unsigned i = 0; i < used; i++) {
            EXPECT(returned[i] == 1);
            EXPECT(&requests[i] == cancelled ||
                   requests[i].result == static_cast<int64_t>(requests[i].length));
        }
        EXPECT(io->in_flight() == 0);
        io.reset();
        if (pool)
            end(pool);
    }

    file target;
    std::unique_ptr<wq> pool;
    std::unique_ptr<ring> io;
    std::array<request, depth> requests;
    std::array<unsigned, depth> returned{};
    std::array<char, depth * 8> memory;
    unsigned used = 0, done = 0;
};

std::unique_ptr<ring_of> with(offload mode, explore::kind of_file, unsigned workers = 1) {
    return std::make_unique<ring_of>(mode, of_file, workers);
}

} // namespace

// ---- completions

// A reaper that sleeps until two have come is woken once, by the second.
SCENARIO(reap_against_push) {
    auto r = std::make_unique<std::array<request, 2>>();
    auto completions = std::make_unique<cq>(std::chrono::nanoseconds(0));
    auto push = [&](size_t i) {
        (*r)[i].result = 1;
        completions->push((*r)[i]);
    };
    std::thread a(push, 0), b(push, 1);
    int64_t come = 0;
    while (come < 2) {
        EXPECT(completions->wait(static_cast<uint32_t>(2 - come), {}) == cq::waited::come);
        for (request *it = completions->take(); it; it = it->next)
            come += it->result;
    }
    a.join();
    b.join();
}

SCENARIO(timeout_against_push) {
    auto r = with(offload::sqwq, explore::kind::uncached);
    r->submit(r->add(opcode::fsync));
    r->submit(r->add(opcode::fsync));
    r->reap(2, clock::now() + std::chrono::microseconds(explore::choose(2)));
    r->reap_all();
    r->check();
}

SCENARIO(help_against_workers) {
    auto r = with(offload::sqwq, explore::kind::any);
    for (int i = 0; i < 3; i++)
        r->submit(r->add(opcode::read));
    r->reap_all();
    r->check();
}

SCENARIO(reads_that_are_begun) {
    auto r = with(offload::punt, explore::kind::any);
    for (int i = 0; i < 2; i++)
        r->submit(r->add(opcode::read));
    r->submit(r->add(opcode::fsync));
    r->reap_all();
    r->check();
}

SCENARIO(hashed_writes) {
    auto r = with(offload::hashed, explore::kind::uncached, 2);
    for (int i = 0; i < 2; i++)
        r->submit(r->add(opcode::write));
    r->reap_all();
    r->check();
}

// ---- merged syncs

// The second ring's sync is done by the first one's call, or by one of its own.
SCENARIO(syncs_of_one_file) {
    auto r = with(offload::sqwq, explore::kind::cached, 2);
    std::thread other([&] {
        ring_config config;
        config.mode = offload::sqwq;
        config.spin = {};
        std::unique_ptr<ring> io;
        EXPECT(ring::create(config, r->pool.get(), io) == 0);
        request mine, *got;
        mine.prepare(opcode::fsync, r->target);
        EXPECT(io->submit(mine) == ring::submitted::queued);
        EXPECT(io->reap({&got, 1}, 1, {}) == 1 && mine.result == 0);
    });
    r->submit(r->add(opcode::fsync));
    r->reap_all();
    other.join();
    r->check();
}

SCENARIO(sync_against_cancel) {
    auto r = with(offload::sqwq, explore::kind::cached);
    for (int i = 0; i < 3; i++)
        r->submit(r->add(opcode::fsync));
    request &cancelled = r->requests[explore::choose(2)];
    if (r->io->cancel(cancelled))
        r->comes_back(cancelled);
    r->reap_all();
    r->check(&cancelled);
}

// ---- AIO

SCENARIO(sent_by_aio) {
    auto r = with(offload::sqwq, explore::kind::direct);
    r->submit(r->add(opcode::read));
    r->submit(r->add(opcode::write));
    r->reap_all();
    r->check();
}

SCENARIO(carrier_against_followers) {
    auto r = with(offload::sqwq, explore::kind::direct);
    for (int i = 0; i < 3; i++)
        r->submit(r->add(opcode::read));
    r->reap_all();
    r->check();
}

// The one that is cancelled is the carrier, or follows it, or has been sent.
SCENARIO(cancel_against_carrier) {
    auto r = with(offload::sqwq, explore::kind::direct);
    for (int i = 0; i < 2; i++)
        r->submit(r->add(opcode::read));
    request &one = r->requests[explore::choose(2)];
    bool taken = r->io->cancel(one);
    if (taken)
        r->comes_back(one);
    r->reap_all();
    r->check(taken ? &one : nullptr);
}

// ---- the submission thread

SCENARIO(submission_against_sleep) {
    auto r = with(offload::sqthread, explore::kind::cached);
    r->submit(r->add(opcode::write));
    r->io->commit();
    r->submit(r->add(opcode::write));
    r->reap_all();
    r->check();
}

SCENARIO(take_back_against_take) {
    auto r = with(offload::sqthread, explore::kind::cached);
    for (int i = 0; i < 3; i++)
        r->submit(r->add(opcode::read));
    r->reap_all();
    r->check();
}

SCENARIO(remove_against_take) {
    auto r = with(offload::sqthread, explore::kind::cached);
    for (int i = 0; i < 3; i++)
        r->submit(r->add(opcode::write));
    r->io->commit();
    request &second = r->requests[1];
    bool removed = r->io->cancel(second);
    if (removed)
        r->comes_back(second);
    r->reap_all();
    r->check(&second);
}

// ---- the leadership

SCENARIO(leader_against_relief) {
    auto r = with(offload::handoff, explore::kind::slow);
    r->target.nowait[1].learn(false); // so that a write may sleep, and is not tried
    r->submit(r->add(opcode::write));
    r->submit(r->add(opcode::write));
    r->reap_all();
    r->check();
}

SCENARIO(leader_hands_over) {
    auto r = with(offload::handoff, explore::kind::uncached);
    r->submit(r->add(opcode::fsync));
    r->submit(r->add(opcode::fsync));
    r->reap_all();
    r->check();
}

// ---- cancelling what is in its call

namespace {

void cancel_a_waiting_read(offload mode) {
    auto r = with(mode, explore::kind::pipe);
    request &waits = r->add(opcode::read);
    r->submit(waits);
    r->io->commit();
    if (r->io->cancel(waits))
        r->comes_back(waits);
    r->reap_all();
    r->check(&waits);
}

} // namespace

SCENARIO(cancel_in_a_workers_call) { cancel_a_waiting_read(offload::sqwq); }
SCENARIO(cancel_in_the_threads_call) { cancel_a_waiting_read(offload::sqthread); }
SCENARIO(cancel_in_a_leaders_call) { cancel_a_waiting_read(offload::handoff); }
