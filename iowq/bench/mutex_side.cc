// SPDX-License-Identifier: MIT
#include "side.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace iowq::bench {

namespace {

class mutex_side final : public cq_side {
  public:
    using cq_side::cq_side;
    // Not in the constructor: where a thread is not to be had, the destructor must stop the others.
    void start(unsigned workers) {
        for (unsigned k = 0; k < workers; k++)
            threads_.emplace_back([this] { serve(); });
    }
    ~mutex_side() override {
        {
            std::lock_guard guard(lock_);
            stopping_ = true;
        }
        filled_.notify_all();
        for (std::thread &t : threads_)
            t.join();
    }

    using side::submit;
    void submit(item &i) override {
        expect(i);
        {
            std::lock_guard guard(lock_);
            queue_.push_back(&i);
        }
        filled_.notify_one();
    }

  private:
    void serve() {
        std::unique_lock guard(lock_);
        for (;;) {
            filled_.wait(guard, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty())
                return;
            item *i = queue_.front();
            queue_.pop_front();
            guard.unlock();
            finish(*i);
            guard.lock();
        }
    }

    std::mutex lock_; // guards what follows
    std::condition_variable filled_;
    std::deque<item *> queue_;
    bool stopping_ = false;
    std::vector<std::thread> threads_; // main thread only
};

} // namespace

std::unique_ptr<side> make_mutex_side(const point &p) {
    auto made = std::make_unique<mutex_side>(p);
    made->start(p.workers);
    return made;
}

} // namespace iowq::bench
