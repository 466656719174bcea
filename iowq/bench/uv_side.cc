// SPDX-License-Identifier: MIT
#include "side.h"

#include <cstdlib>
#include <uv.h>

namespace iowq::bench {

namespace {

class uv_side final : public side {
  public:
    explicit uv_side(const point &p) : requests_(p.window) {
        // The only way to set libuv's number of threads; read once, at the process's first item.
        setenv("UV_THREADPOOL_SIZE", std::to_string(p.workers).c_str(), 1);
        require(uv_loop_init(&loop_), "uv_loop_init");
    }
    ~uv_side() override { uv_loop_close(&loop_); }

    using side::submit;
    void submit(item &i) override {
        i.req.user_data = this;
        uv_work_t &w = requests_[i.slot];
        w.data = &i;
        require(uv_queue_work(&loop_, &w, work, after_work), "uv_queue_work");
    }

    [[nodiscard]] request *reap() override {
        while (!oldest_)
            uv_run(&loop_, UV_RUN_ONCE);
        newest_ = nullptr;
        return std::exchange(oldest_, nullptr);
    }

  private:
    static void work(uv_work_t *w) { perform(*static_cast<item *>(w->data)); }
    static void after_work(uv_work_t *w, int) {
        request &r = static_cast<item *>(w->data)->req;
        auto &self = *static_cast<uv_side *>(r.user_data);
        r.next = nullptr;
        (self.newest_ ? self.newest_->next : self.oldest_) = &r;
        self.newest_ = &r;
    }

    uv_loop_t loop_{};
    std::vector<uv_work_t> requests_; // by slot
    request *oldest_ = nullptr;
    request *newest_ = nullptr;
};

} // namespace

std::unique_ptr<side> make_uv_side(const point &p) { return std::make_unique<uv_side>(p); }

} // namespace iowq::bench
