// SPDX-License-Identifier: MIT
#include "side.h"

#include <concurrentqueue/blockingconcurrentqueue.h>
#include <thread>

namespace iowq::bench {

namespace {

struct spinning : moodycamel::ConcurrentQueueDefaultTraits {};
struct parking : moodycamel::ConcurrentQueueDefaultTraits {
    static const int MAX_SEMA_SPINS = 0;
};

// moodycamel's BlockingConcurrentQueue, with a token for each thread as its documentation advises.
template <class Traits>
class moodycamel_side final : public cq_side {
  public:
    using cq_side::cq_side;
    // Not in the constructor: where a thread is not to be had, the destructor must stop the others.
    void start(unsigned workers) {
        for (unsigned k = 0; k < workers; k++)
            threads_.emplace_back([this] { serve(); });
    }
    ~moodycamel_side() override {
        for (size_t k = 0; k < threads_.size(); k++)
            queue_.enqueue(submitters_, nullptr); // whoever takes it leaves
        for (std::thread &t : threads_)
            t.join();
    }

    void submit(item &i) override {
        expect(i);
        require(queue_.enqueue(submitters_, &i) ? 0 : -ENOMEM, "enqueue");
    }
    void submit(std::span<item *const> batch) override {
        for (item *i : batch)
            expect(*i);
        require(queue_.enqueue_bulk(submitters_, batch.begin(), batch.size()) ? 0 : -ENOMEM,
                "enqueue_bulk");
    }

  private:
    void serve() {
        moodycamel::ConsumerToken own(queue_);
        for (item *i;;) {
            queue_.wait_dequeue(own, i);
            if (!i)
                return;
            finish(*i);
        }
    }

    moodycamel::BlockingConcurrentQueue<item *, Traits> queue_;
    moodycamel::ProducerToken submitters_{queue_};
    std::vector<std::thread> threads_; // main thread only
};

template <class Traits>
std::unique_ptr<side> make(const point &p) {
    auto made = std::make_unique<moodycamel_side<Traits>>(p);
    made->start(p.workers);
    return made;
}

} // namespace

std::unique_ptr<side> make_moodycamel_side(const point &p) {
    return p.of->spins ? make<spinning>(p) : make<parking>(p);
}

} // namespace iowq::bench
