// SPDX-License-Identifier: MIT
#include "side.h"

#include <glib.h>

namespace iowq::bench {

namespace {

// An exclusive GThreadPool: all of its threads stand ready.
class glib_side final : public cq_side {
  public:
    explicit glib_side(const point &p) : cq_side(p) {
        GError *error = nullptr;
        pool_ = g_thread_pool_new([](void *i, void *) { finish(*static_cast<item *>(i)); }, nullptr,
                                  static_cast<int>(p.workers), TRUE, &error);
        if (!error)
            return;
        std::string why = error->message;
        g_error_free(error);
        throw std::runtime_error("g_thread_pool_new: " + why);
    }
    ~glib_side() override { g_thread_pool_free(pool_, FALSE, TRUE); }

    using side::submit;
    void submit(item &i) override {
        expect(i);
        g_thread_pool_push(pool_, &i, nullptr); // fails only where a thread would have to be made
    }

  private:
    GThreadPool *pool_;
};

} // namespace

std::unique_ptr<side> make_glib_side(const point &p) { return std::make_unique<glib_side>(p); }

} // namespace iowq::bench
