// SPDX-License-Identifier: MIT
#include "iowq/ring/ring.h"
#include "side.h"

#include <array>

namespace iowq::bench {

namespace {

std::unique_ptr<wq> make_pool(const point &p) {
    wq_config config;
    config.max_bound = p.workers;
    if (!p.of->spins)
        config.spin = {};
    std::unique_ptr<wq> pool;
    require(wq::create(config, pool), "wq::create");
    return pool;
}

class iowq_side final : public cq_side {
  public:
    explicit iowq_side(const point &p)
        : cq_side(p), helps_(p.of->helps), flags_(p.of->keys ? work_hashed : 0u),
          pool_(make_pool(p)) {}

    using side::submit;
    void submit(item &i) override {
        expect(i);
        work &w = i.req.item;
        w.func = run;
        w.flags = flags_;
        if (helps_ && i.what == deed::nop)
            w.flags |= work_helpable;
        w.key = {0, i.key};
        bool woke = false;
        require(pool_->enqueue(&w, woke), "wq::enqueue");
        worker_starts_ |= woke;
    }

  private:
    static void run(work **w) { finish(item_of(reinterpret_cast<request *>(*w))); }
    [[nodiscard]] bool help() override { return helps_ && pool_->help(); }

    const bool helps_;
    const uint32_t flags_;
    std::unique_ptr<wq> pool_;
};

// Reads go through a ring, as programs would use the library.
class iowq_ring_side final : public side {
  public:
    explicit iowq_ring_side(const point &p) : pool_(make_pool(p)) {
        ring_config config;
        config.mode = offload::sqwq;
        config.depth = p.window;
        config.help = p.of->helps;
        require(ring::create(config, pool_.get(), ring_), "ring::create");
    }

    using side::submit;
    void submit(item &i) override {
        i.req.op = opcode::read;
        if (ring_->submit(i.req) == ring::submitted::completed) {
            i.req.next = std::exchange(completed_, &i.req);
            return;
        }
        ring_->commit();
    }

    [[nodiscard]] request *reap() override {
        request *done = std::exchange(completed_, nullptr);
        for (unsigned n = ring_->reap(reaped_, done ? 0 : 1, {}); n-- > 0;)
            reaped_[n]->next = std::exchange(done, reaped_[n]);
        return done;
    }

  private:
    std::unique_ptr<wq> pool_;
    std::unique_ptr<ring> ring_;
    std::array<request *, 64> reaped_{};
    request *completed_ = nullptr; // by submit itself, newest first
};

} // namespace

std::unique_ptr<side> make_iowq_side(const point &p) {
    if (p.of->what == deed::read)
        return std::make_unique<iowq_ring_side>(p);
    return std::make_unique<iowq_side>(p);
}

} // namespace iowq::bench
