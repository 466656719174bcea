/* SPDX-License-Identifier: GPL-2.0-only */
// A job's threads over time. Where pool_stats= asks for it, a thread of the sampler's own counts
// them every 10 ms, and keeps the number when it has changed. Its memory is bounded: when that is
// full, every second sample is dropped, and the thread counts half as often from then on. Used by
// the job's thread.
#pragma once

#include "backend.h"

#include <memory>
#include <pthread.h>

namespace engine {

class sampler {
  public:
    struct sample {
        uint64_t ms; // since the start
        unsigned threads;
    };

    // `io` must outlive the sampler. -EAGAIN: no thread to be had. -ENOMEM.
    [[nodiscard]] static int start(const backend &io, std::unique_ptr<sampler> &out);
    ~sampler() { stop(); }

    // Joins the thread, and counts once more. samples() and peak() may be called only after stop().
    void stop();
    [[nodiscard]] std::span<const sample> samples() const { return {samples_.get(), nr_}; }
    [[nodiscard]] unsigned peak() const { return peak_; }

  private:
    explicit sampler(const backend &io) : io_(io) {}
    void run();
    void look();
    void keep_every_second();

    static constexpr unsigned most_ = 1024;

    const backend &io_;
    const iowq::clock::time_point began_ = iowq::clock::now();
    pthread_t thread_{};
    bool running_ = false;
    iowq::parker stop_;

    // written by the sampler's thread and, once that has been joined, by stop()
    std::unique_ptr<sample[]> samples_;
    unsigned nr_ = 0;
    unsigned peak_ = 0;
    std::chrono::milliseconds period_{10};
};

} // namespace engine
