// SPDX-License-Identifier: MIT
#include "side.h"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

namespace iowq::bench {

namespace {

class asio_side final : public cq_side {
  public:
    explicit asio_side(const point &p) : cq_side(p), pool_(p.workers) {
        for (unsigned key = 0; key < p.of->keys; key++)
            strands_.emplace_back(pool_.get_executor());
    }
    ~asio_side() override { pool_.join(); }

    using side::submit;
    void submit(item &i) override {
        expect(i);
        if (strands_.empty())
            boost::asio::post(pool_, [&i] { finish(i); });
        else
            boost::asio::post(strands_[i.key], [&i] { finish(i); });
    }

  private:
    boost::asio::thread_pool pool_;
    std::vector<boost::asio::strand<boost::asio::thread_pool::executor_type>> strands_;
};

} // namespace

std::unique_ptr<side> make_asio_side(const point &p) { return std::make_unique<asio_side>(p); }

} // namespace iowq::bench
