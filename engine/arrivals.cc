/* SPDX-License-Identifier: GPL-2.0-only */
#include "arrivals.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <sys/prctl.h>
#include <thread>

namespace engine {

using iowq::request;
using std::chrono::duration_cast;
using submitted = iowq::ring::submitted;

namespace {

// A sleep ends late, by what it takes to get a CPU back. So it ends this long before an arrival,
// and the rest of the time is spent polling.
constexpr std::chrono::microseconds polled{50};

} // namespace

// ---- the schedule

schedule::schedule(double per_second, uint64_t seed, unsigned job) : mean_gap_(1e9 / per_second) {
    std::seed_seq both{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), job};
    random_.seed(both);
}

// By hand, as each C++ library has a std::exponential_distribution of its own.
schedule::nanoseconds schedule::next() {
    double below_one = static_cast<double>(random_() >> 11) * 0x1p-53;
    return at_ += mean_gap_ * -std::log1p(-below_one);
}

// ---- the open loop

arrivals::arrivals(const arrivals_config &config)
    : per_second_(config.per_second), schedule_(config.per_second, config.seed, config.job) {}

int arrivals::create(const arrivals_config &config, std::unique_ptr<backend> &io, arrivals *&out) {
    std::unique_ptr<arrivals> a(new (std::nothrow) arrivals(config));
    if (!a || !a->held_.reserve(config.depth) || !a->done_.reserve(config.depth))
        return -ENOMEM;
    // With the default slack the kernel may end each sleep of this thread 50 us late.
    (void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    a->io_ = std::move(io);
    out = a.get();
    io = std::move(a);
    return 0;
}

void arrivals::give_time(job_request &r, time_point now) {
    if (r.pace == pacing::goes_on)
        return;
    if (r.pace != pacing::arrives) {
        stands_still_ |= r.pace == pacing::verifies;
        r.due = std::max(now, last_due_);
        return;
    }
    if (stands_still_)
        start_ = now - duration_cast<iowq::clock::duration>(schedule_.last());
    stands_still_ = false;
    r.at = duration_cast<std::chrono::nanoseconds>(schedule_.next());
    r.due = last_due_ = start_ + r.at;
}

void arrivals::send(job_request &r, time_point now) {
    r.sent = now;
    if (r.pace == pacing::arrives) {
        nr_++;
        last_at_ = r.at;
        behind_ += now - r.due;
        most_behind_ = std::max(most_behind_, now - r.due);
    }
    if (io_->submit(r) == submitted::queued) {
        in_flight_++;
        return;
    }
    r.done = iowq::clock::now();
    done_.push(r);
}

// Sends the requests that have arrived. Returns whether there was any.
bool arrivals::send_due(time_point now) {
    bool any = false;
    while (!held_.empty()) {
        auto &r = static_cast<job_request &>(held_.front());
        if (r.due > now)
            break;
        (void)held_.pop();
        send(r, now);
        any = true;
        now = iowq::clock::now();
    }
    return any;
}

submitted arrivals::submit(request &given) {
    auto &r = static_cast<job_request &>(given);
    time_point now = iowq::clock::now();
    give_time(r, now);
    if (r.pace == pacing::goes_on) {
        send(r, now);
        return submitted::queued;
    }
    held_.push(r);
    (void)send_due(now);
    return submitted::queued;
}

bool arrivals::cancel(request &r) {
    if (held_.remove(r))
        return true;
    bool taken_back = io_->cancel(r);
    in_flight_ -= taken_back;
    return taken_back;
}

int arrivals::take(std::span<request *> out, unsigned min, iowq::deadline until) {
    int got = out.empty() || !in_flight_ ? 0 : io_->reap(out, min, until);
    if (got <= 0)
        return got;
    in_flight_ -= static_cast<unsigned>(got);
    time_point now = iowq::clock::now();
    for (request *r : out.first(static_cast<unsigned>(got)))
        static_cast<job_request *>(r)->done = now;
    return got;
}

// Sleeps until shortly before the next arrival, or until a request is done.
int arrivals::wait(std::span<request *> out, iowq::deadline until) {
    if (!held_.empty()) {
        time_point poll_from = static_cast<job_request &>(held_.front()).due - polled;
        if (poll_from <= iowq::clock::now())
            return 0;
        until = std::min(until.value_or(poll_from), poll_from);
    }
    if (in_flight_)
        return take(out, 1, until);
    if (until)
        std::this_thread::sleep_until(*until);
    return 0;
}

int arrivals::reap(std::span<request *> out, unsigned min, iowq::deadline until) {
    unsigned n = 0;
    for (;;) {
        time_point now = iowq::clock::now();
        int error = send_due(now) ? io_->commit() : 0;
        n += done_.hand_out(out.subspan(n));
        int got = error ? error : take(out.subspan(n), 0, {});
        n += static_cast<unsigned>(std::max(got, 0));
        bool none_to_come = held_.empty() && !in_flight_;
        if (got >= 0 && n < min && n < out.size() && !none_to_come && (!until || now < *until)) {
            got = wait(out.subspan(n), until);
            n += static_cast<unsigned>(std::max(got, 0));
        } else if (got >= 0) {
            return static_cast<int>(n);
        }
        if (got < 0)
            return n ? static_cast<int>(n) : got; // the next call has the error again
    }
}

void arrivals::print_stats(FILE *to) const {
    io_->print_stats(to);
    auto ns = [](std::chrono::nanoseconds t) { return static_cast<long long>(t.count()); };
    fprintf(to,
            ", \"arrival_rate\": %u, \"arrivals\": %llu, \"schedule_ns\": %lld, "
            "\"behind_max_ns\": %lld, \"behind_mean_ns\": %lld",
            per_second_, static_cast<unsigned long long>(nr_), ns(last_at_), ns(most_behind_),
            nr_ ? ns(behind_) / static_cast<long long>(nr_) : 0);
}

} // namespace engine
