// SPDX-License-Identifier: MIT
#include "measure.h"

#include "beside.h"
#include "side.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <poll.h>
#include <random>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

namespace iowq::bench {

namespace {

using std::chrono::duration;
using seconds_t = duration<double>;

constexpr double limit_s = 20; // how much longer than planned a measurement may take
constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();
constexpr unsigned read_bytes = 4096;

// What a child sends to its parent. It is less than PIPE_BUF, so it comes whole or not at all.
struct message {
    figures result{not_measured, not_measured, not_measured, not_measured};
    char error[256] = "";
};

double ns_since(clock::time_point start) {
    return duration<double, std::nano>(clock::now() - start).count();
}

double cpu_ns() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    auto ns = [](const timeval &t) {
        return 1e9 * static_cast<double>(t.tv_sec) + 1e3 * static_cast<double>(t.tv_usec);
    };
    return ns(used.ru_utime) + ns(used.ru_stime);
}

double percentile(std::vector<double> &values, double share) {
    if (values.empty())
        return not_measured;
    auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
    auto at = values.begin() + static_cast<ptrdiff_t>(rank ? rank - 1 : 0);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

clock::time_point after(double seconds) {
    return clock::now() + std::chrono::duration_cast<clock::duration>(seconds_t(seconds));
}

void reap_all(side &s, size_t count) {
    while (count)
        for (request *r = s.reap(); r; r = r->next)
            count--;
}

// The submitter: keeps a window of items in flight, each replaced by itself when it completes.
class submitter {
  public:
    submitter(side &s, const point &p, int data)
        : side_(s), case_(*p.of), stride_(p.window == 1 ? 1 : 8), items_(p.window) {
        file_.fd = data;
        if (case_.what == deed::read) {
            require(file_.examine(data), "fstat");
            buffers_.resize(size_t{p.window} * read_bytes);
        }
        for (unsigned k = 0; k < p.window; k++) {
            item &i = items_[k];
            i.slot = k;
            i.what = case_.what;
            if (case_.what == deed::mixed)
                i.what = k % 2 ? deed::sleep : deed::nop;
            i.kind = case_.kind;
            if (case_.what == deed::read) {
                i.req.target = &file_;
                i.req.buffer = &buffers_[size_t{k} * read_bytes];
                i.req.length = read_bytes;
            }
        }
        // Touched now, so that no page fault falls into a measurement.
        latencies_.resize(1 << 18);
    }

    // For `seconds`, beginning with whatever is in flight.
    figures run(double seconds) {
        done_ = done_asleep_ = 0;
        latencies_.clear();
        double cpu_before = cpu_ns();
        auto start = clock::now();
        if (!filled_)
            for (item &i : items_)
                refill(i);
        filled_ = true;
        for (auto end = after(seconds); !reap_until(end);)
            ;
        double ns = ns_since(start);
        double cpu = cpu_ns() - cpu_before;
        auto counted = static_cast<double>(case_.what == deed::mixed ? done_asleep_ : done_);
        return {counted / ns * 1e9, percentile(latencies_, 0.5), percentile(latencies_, 0.99),
                cpu / static_cast<double>(done_)};
    }

    void drain() { reap_all(side_, items_.size() - waiting_.size()); }

  private:
    // Only timed items read the clock, so that the others cost no more than they must.
    bool reap_until(clock::time_point end) {
        bool over = false;
        for (request *r = side_.reap(); r;) {
            item &i = item_of(r);
            r = r->next;
            done_++;
            done_asleep_ += i.what == deed::sleep;
            if (i.timed) {
                auto now = clock::now();
                latencies_.push_back(duration<double, std::nano>(now - i.submitted).count());
                over |= now >= end;
            }
            if (i.what == deed::read && i.req.result != read_bytes)
                require(i.req.result < 0 ? static_cast<int>(i.req.result) : -EIO, "read");
            refill(i);
        }
        return over;
    }

    void refill(item &i) {
        bool of_interest = case_.what != deed::mixed || i.what == deed::nop;
        i.timed = of_interest && sequence_++ % stride_ == 0;
        if (case_.keys)
            i.key = next_key_++ % case_.keys;
        if (i.what == deed::read)
            i.req.offset = random_() % (data_bytes / read_bytes) * read_bytes;
        if (case_.batch == 1) {
            if (i.timed)
                i.submitted = clock::now();
            side_.submit(i);
            return;
        }
        waiting_.push_back(&i);
        if (waiting_.size() < case_.batch)
            return;
        for (auto now = clock::now(); item * w : waiting_)
            w->submitted = now;
        side_.submit(waiting_);
        waiting_.clear();
    }

    side &side_;
    const bench_case &case_;
    const unsigned stride_; // one item in so many is timed
    std::vector<item> items_;
    std::vector<item *> waiting_; // until their batch is full
    file file_;
    std::vector<char> buffers_;
    std::minstd_rand random_{1};
    std::vector<double> latencies_;
    bool filled_ = false;
    uint64_t sequence_ = 0;
    unsigned next_key_ = 0;
    uint64_t done_ = 0;
    uint64_t done_asleep_ = 0;
};

figures run_window(const point &p, double seconds, int data) {
    std::unique_ptr<side> pool = make_side(p);
    submitter s(*pool, p, data);
    (void)s.run(seconds / 4); // warms up
    figures result = s.run(seconds);
    s.drain();
    return result;
}

// The time in which a pool with one worker grows until a whole window of items is inside, measured
// over and over with new pools.
figures run_growth(const point &p, double seconds) {
    std::vector<double> times;
    double cpu = 0;
    auto end = after(seconds);
    do {
        gathering place(p.window);
        std::vector<item> items(p.window);
        std::unique_ptr<side> pool = make_side(p);
        item first;
        pool->submit(first);
        reap_all(*pool, 1);
        double cpu_before = cpu_ns();
        auto start = clock::now();
        for (item &i : items) {
            i.what = deed::meet;
            i.kind = p.of->kind;
            i.place = &place;
            pool->submit(i);
        }
        place.inside.wait();
        times.push_back(ns_since(start));
        place.leave.count_down();
        reap_all(*pool, items.size());
        cpu += cpu_ns() - cpu_before;
    } while (clock::now() < end);
    double p50 = percentile(times, 0.5);
    return {p.window / p50 * 1e9, p50, percentile(times, 0.99),
            cpu / static_cast<double>(times.size() * p.window)};
}

// The CPU time of a pool that has nothing to do: the process's less its main thread's.
figures run_idle(const point &p, double seconds) {
    std::unique_ptr<side> pool = make_side(p);
    item nop;
    for (int k = 0; k < 1000; k++) {
        pool->submit(nop);
        reap_all(*pool, 1);
    }
    std::vector<item> sleepers(p.window);
    for (item &i : sleepers) {
        i.what = deed::sleep;
        i.kind = p.of->kind;
        pool->submit(i);
    }
    reap_all(*pool, sleepers.size());
    auto ns = [](clockid_t of) {
        timespec used{};
        clock_gettime(of, &used);
        return 1e9 * static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec);
    };
    auto pools_ns = [&] { return ns(CLOCK_PROCESS_CPUTIME_ID) - ns(CLOCK_THREAD_CPUTIME_ID); };
    std::this_thread::sleep_for(std::chrono::milliseconds(50)); // until all have parked
    double before = pools_ns();
    std::this_thread::sleep_for(seconds_t(seconds * 3.75)); // 300 ms by default
    // The two clocks are read one after the other, so no CPU time may come out a little below 0.
    return {not_measured, not_measured, not_measured, std::max(0.0, pools_ns() - before)};
}

// A child's whole life.
[[noreturn]] void run_child(const point &p, const surroundings &around, double seconds, int data,
                            int out) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    message m;
    try {
        around.enter();
        switch (p.of->how) {
        case method::window:
            m.result = run_window(p, seconds, data);
            break;
        case method::growth:
            m.result = run_growth(p, seconds);
            break;
        case method::idle:
            m.result = run_idle(p, seconds);
        }
    } catch (const std::exception &e) {
        strncpy(m.error, e.what(), sizeof m.error - 1);
    }
    _exit(write(out, &m, sizeof m) == sizeof m ? 0 : 1); // skips the peers' destructors of statics
}

std::string ending(int status) {
    if (WIFSIGNALED(status))
        return std::string("its process died: ") + strsignal(WTERMSIG(status));
    return "its process left with status " + std::to_string(WEXITSTATUS(status));
}

outcome measure_in(const surroundings &around, const point &p, double seconds, int data) {
    int ends[2];
    if (pipe(ends) != 0)
        return {{}, std::string("pipe: ") + strerror(errno)};
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        run_child(p, around, seconds, data, ends[1]);
    }
    int fork_error = errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return {{}, std::string("fork: ") + strerror(fork_error)};
    }
    pollfd end{.fd = ends[0], .events = POLLIN, .revents = 0};
    double patience_s = limit_s + 5 * seconds;
    bool in_time = poll(&end, 1, static_cast<int>(1e3 * patience_s)) > 0;
    if (!in_time)
        kill(child, SIGKILL);
    message m;
    bool whole = in_time && read(ends[0], &m, sizeof m) == sizeof m;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!in_time)
        return {{}, "no result after " + std::to_string(std::lround(patience_s)) + " s"};
    if (!whole)
        return {{}, ending(status)};
    if (m.error[0])
        return {{}, m.error};
    return {m.result, ""};
}

} // namespace

outcome measure(const point &p, double seconds, int data) {
    // A quota is given for 100 ms at a time: so it is measured over several of these, by default.
    if (p.of->what_else == beside::quota)
        seconds *= 5;
    try {
        surroundings around(p.of->what_else);
        return measure_in(around, p, seconds, data);
    } catch (const std::system_error &e) {
        return {{}, e.what()};
    }
}

} // namespace iowq::bench
