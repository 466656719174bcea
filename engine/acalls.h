/* SPDX-License-Identifier: GPL-2.0-only */
// Every I/O by acall: a system call in a thread of its own, or in acall's pool. Uses only the
// library's public C interface. Each job has one, used by the job's thread only, except threads();
// the pool is the process's.
//
// Invariants:
//  1. A slot is spare, unsent or in flight, and no two slots have the same request.
//  2. Unsent slots stand in the order of submission, and acall takes them in this order.
#pragma once

#include "backend.h"

#include "iowq/acall/acall.h"

#include <sys/uio.h>

namespace engine {

struct acalls_config {
    unsigned depth = 1;
    bool pooled = false;
    // Most threads at a time: the job's own or, where pooled, the pool's on each NUMA node. 0: as
    // many as the depth or, where pooled, the library's own limit.
    unsigned most = 0;
    std::chrono::microseconds spin{10};
};

class acalls final : public backend {
  public:
    // -ENOMEM. -EEXIST: another job of this process has given the pool another limit. Errors of
    // acall_max_threads.
    [[nodiscard]] static int create(const acalls_config &config, std::unique_ptr<backend> &out);
    ~acalls() override;

    iowq::ring::submitted submit(iowq::request &r) override;
    int commit() override;
    int reap(std::span<iowq::request *> out, unsigned min, iowq::deadline until) override;
    iowq::path_counts counts(iowq::ring::direction d) const override {
        return {.issued = issued_[d], .inlined = inlined_[d]};
    }
    // The threads of all jobs of this process that use acall, as acall's threads have no owner.
    unsigned threads() const override;
    void print_stats(FILE *to) const override;

  private:
    // What a call points to stays here until it is done.
    struct slot {
        acall_submission call{};
        iowq::request *r = nullptr;
        union {
            iovec data;        // of preadv2 and pwritev2
            uint64_t range[2]; // of BLKDISCARD
        };
        slot *next_spare = nullptr;
    };
    struct freed {
        void operator()(acall_completion_ring *ring) const { free(ring); }
    };

    explicit acalls(const acalls_config &config) : config_(config), spin_(config.spin) {}
    [[nodiscard]] int set_up();
    void prepare(slot &s, const iowq::request &r);
    // Sends what is unsent. A call that is refused stays unsent until one in flight ends. Where
    // none is in flight, it fails after some more tries.
    void send();
    [[nodiscard]] bool worth_another_try(long error);
    void fail_first(long error);
    [[nodiscard]] acall_completion &next_completion() const;
    [[nodiscard]] bool next_is_there() const;
    [[nodiscard]] unsigned take(std::span<iowq::request *> out);
    [[nodiscard]] long wait(uint32_t more, iowq::deadline until) const;

    const acalls_config config_;
    bool counted_ = false; // this job counts among the pool's users
    std::unique_ptr<slot[]> slots_;
    std::unique_ptr<acall_completion_ring, freed> ring_;
    std::unique_ptr<acall_submission *[]> unsent_; // twice the depth: seldom moved to the front
    std::unique_ptr<iowq::request *[]> failed_;    // their results are set
    slot *spare_ = nullptr;
    unsigned first_unsent_ = 0, nr_unsent_ = 0, nr_failed_ = 0, in_flight_ = 0;
    uint32_t consumed_ = 0; // completions, as the ring's head counts them
    unsigned refusals_ = 0; // in a row, with nothing in flight
    uint64_t refused_ = 0;  // how often acall took less than it was given
    iowq::adaptive_spin spin_;
    uint64_t issued_[iowq::ring::nr_directions] = {};
    uint64_t inlined_[iowq::ring::nr_directions] = {};
};

} // namespace engine
