/* SPDX-License-Identifier: GPL-2.0-only */
#include "sampler.h"

#include "iowq/os/thread.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <linux/close_range.h>
#include <new>
#include <unistd.h>

namespace engine {

int sampler::start(const backend &io, std::unique_ptr<sampler> &out) {
    std::unique_ptr<sampler> s(new (std::nothrow) sampler(io));
    if (s)
        s->samples_.reset(new (std::nothrow) sample[most_]);
    if (!s || !s->samples_)
        return -ENOMEM;
    auto main = [](void *arg) -> void * {
        pthread_setname_np(pthread_self(), "iowq-sampler");
        // This thread reads nothing but /proc, so it needs no file of the job's. While it shared
        // them, each of the job's system calls would cost two atomic operations more, and the job
        // would be 3 % slower for being watched.
        (void)close_range(0, UINT_MAX, CLOSE_RANGE_UNSHARE);
        static_cast<sampler *>(arg)->run();
        return nullptr;
    };
    int error = iowq::start_thread(s->thread_, iowq::cpu_mask::of_this_thread(), main, s.get());
    if (error)
        return error;
    s->running_ = true;
    out = std::move(s);
    return 0;
}

void sampler::stop() {
    if (!running_)
        return;
    stop_.unpark();
    pthread_join(thread_, nullptr);
    running_ = false;
    look();
}

void sampler::run() {
    for (;;) {
        auto before = iowq::clock::now();
        look();
        auto after = iowq::clock::now();
        // With thousands of threads a look takes long. So looking is kept to 5 % of a CPU.
        auto pause = std::max<iowq::clock::duration>(period_, 20 * (after - before));
        if (stop_.park(after + pause))
            return;
    }
}

void sampler::look() {
    unsigned now = io_.threads();
    peak_ = std::max(peak_, now);
    if (nr_ && samples_[nr_ - 1].threads == now)
        return;
    if (nr_ == most_)
        keep_every_second();
    auto since = iowq::clock::now() - began_;
    samples_[nr_++] = {
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count()),
        now};
}

void sampler::keep_every_second() {
    nr_ /= 2;
    for (unsigned i = 0; i < nr_; i++)
        samples_[i] = samples_[2 * i];
    period_ *= 2;
}

} // namespace engine
