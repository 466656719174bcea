// SPDX-License-Identifier: MIT
// Compares the ways to know that a worker sleeps (sleep_hook.h): what each costs an item and the
// switches of other threads, how soon a sleeping worker is compensated for, and whether a worker
// that computes is taken for a sleeping one. Prints one table, a row a way: medians over repeats.
// In each repeat the ways take turns in random order.
//   hooks_bench [repeats]      default: 9
#include "iowq/pool/wq.h"
#include "iowq/ring/cq.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <random>
#include <semaphore>
#include <thread>
#include <unistd.h>
#include <utility>

namespace iowq::bench {

namespace {

constexpr unsigned nops = 1'000'000, naps = 5'000, pairs = 150, computations = 40, rounds = 20'000;
constexpr unsigned window = 64;

struct way {
    const char *name;
    sleep_hook_kind hook;
    blocking::kind kind = blocking::may; // what items that sleep say, with annotate
};
constexpr way ways[] = {
    {"hook_annotate, will", sleep_hook_kind::annotate, blocking::will},
    {"hook_annotate, may", sleep_hook_kind::annotate},
    {"hook_perf", sleep_hook_kind::perf},
    {"hook_bpf", sleep_hook_kind::bpf},
    {"hook_none", sleep_hook_kind::none},
};

// The table's columns.
enum figure {
    item_ns,
    replaced_p50_us,
    replaced_p99_us,
    naps_k_per_s,
    false_workers,
    false_asleep,
    others_switch_ns,
    nr_figures
};
constexpr const char *titles[] = {"item ns",       "replaced p50 us",   "p99 us",   "naps K/s",
                                  "false workers", "of them at a time", "switch ns"};
static_assert(std::size(titles) == nr_figures);
using figures = std::array<std::vector<double>, nr_figures>; // of each repeat

[[noreturn]] void stop(const std::string &why) {
    std::cerr << "hooks_bench: " << why << std::endl;
    exit(2);
}

void require(int error, const std::string &what) {
    if (error)
        stop(what + ": " + strerror(-error));
}

std::unique_ptr<wq> make(const way &how, unsigned workers) {
    wq_config config;
    config.max_bound = workers;
    config.sleep_hook = how.hook;
    std::unique_ptr<wq> pool;
    require(wq::create(config, pool), how.name);
    return pool;
}

double ns(clock::duration d) { return std::chrono::duration<double, std::nano>(d).count(); }

double cpu_ns(clockid_t of) {
    timespec used{};
    clock_gettime(of, &used);
    return 1e9 * static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec);
}

double percentile(std::vector<double> &values, double share) {
    if (values.empty())
        return std::nan("");
    auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
    auto at = values.begin() + static_cast<ptrdiff_t>(rank ? rank - 1 : 0);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

struct in_window : request {
    blocking::kind kind = blocking::may;
};

void complete(work **w) {
    auto &i = *reinterpret_cast<in_window *>(*w); // a request's work comes first
    static_cast<cq *>(i.user_data)->push(i);
}

// Sleeps 100 us.
void nap(work **w) {
    {
        timespec length{0, 100'000};
        blocking annotation(reinterpret_cast<in_window *>(*w)->kind);
        clock_nanosleep(CLOCK_MONOTONIC, 0, &length, nullptr);
    }
    complete(w);
}

// One worker, and one item that enqueues itself again and whose annotated call returns at once:
// what the pool and the way cost. Returns ns an item.
double run_again(const way &how) {
    struct again : work {
        wq *pool = nullptr;
        blocking::kind kind = blocking::may;
        unsigned left = nops;
        parker done;
    } it;
    auto pool = make(how, 1);
    it.pool = pool.get();
    it.kind = how.kind;
    it.func = [](work **w) {
        auto &self = *static_cast<again *>(*w);
        { blocking annotation(self.kind); }
        if (--self.left == 0)
            self.done.unpark();
        else
            require(self.pool->enqueue(&self), "enqueue");
    };
    auto start = clock::now();
    require(pool->enqueue(&it), "enqueue");
    it.done.park();
    return ns(clock::now() - start) / nops;
}

// Keeps the window filled until `count` items are done. Returns ns an item.
double keep_window(const way &how, unsigned workers, void (*func)(work **), unsigned count) {
    cq done(std::chrono::microseconds(10));
    std::vector<in_window> items(window);
    auto pool = make(how, workers);
    auto start = clock::now();
    unsigned left = count;
    auto send = [&](request &r) {
        left--;
        require(pool->enqueue(&r.item), "enqueue");
    };
    for (in_window &i : items) {
        i.user_data = &done;
        i.item.func = func;
        i.kind = how.kind;
        send(i);
    }
    for (unsigned reaped = 0; reaped < count;) {
        for (request *r = done.take(); r; reaped++)
            if (request *i = std::exchange(r, r->next); left)
                send(*i);
        if (reaped < count)
            (void)done.wait(1, {});
    }
    return ns(clock::now() - start) / count;
}

// Two items: the first sleeps until the second has run.
struct pair {
    struct part : work {
        pair *of = nullptr;
    } first, second;
    blocking::kind kind;
    clock::time_point slept, queued, started;
    std::binary_semaphore go{0}, done{0};

    explicit pair(blocking::kind k) : kind(k) {
        first.of = second.of = this;
        first.func = [](work **w) {
            pair &p = *static_cast<part *>(*w)->of;
            {
                p.slept = clock::now();
                blocking annotation(p.kind);
                p.go.acquire();
            }
            p.done.release();
        };
        second.func = [](work **w) {
            pair &p = *static_cast<part *>(*w)->of;
            p.started = clock::now();
            p.go.release();
        };
    }
};

// The time from when the first of a pair sleeps and the second is queued, to the second's start.
void replace(const way &how, figures &out) {
    std::deque<pair> all;
    std::vector<double> times;
    auto pool = make(how, 2);
    for (unsigned i = 0; i <= pairs; i++) {
        pair &p = all.emplace_back(how.kind);
        require(pool->enqueue(&p.first), "enqueue");
        p.queued = clock::now();
        require(pool->enqueue(&p.second), "enqueue");
        p.done.acquire();
        if (i > 0) // the first pair creates the workers
            times.push_back(ns(p.started - std::max(p.slept, p.queued)) / 1e3);
        while (pool->counters().nr_running > 0)
            std::this_thread::yield();
    }
    out[replaced_p50_us].push_back(percentile(times, 0.5));
    out[replaced_p99_us].push_back(percentile(times, 0.99));
}

// Items that compute for 5 ms, in calls that may block, beside other threads that want every CPU.
// No item sleeps, so every worker but the first is a mistake.
void compute(const way &how, figures &out) {
    struct computing : work {
        std::binary_semaphore done{0};
    };
    std::atomic<bool> over{false};
    std::vector<std::thread> others;
    for (unsigned i = 0; i < std::thread::hardware_concurrency(); i++)
        others.emplace_back([&over] {
            while (!over.load(std::memory_order_relaxed))
                ;
        });
    std::deque<computing> items(computations);
    auto pool = make(how, 16);
    for (computing &c : items) {
        c.func = [](work **w) {
            auto &c = *static_cast<computing *>(*w);
            {
                blocking annotation(blocking::may);
                constexpr auto mine = CLOCK_THREAD_CPUTIME_ID;
                for (double end = cpu_ns(mine) + 5e6; cpu_ns(mine) < end;)
                    ;
            }
            c.done.release();
        };
        require(pool->enqueue(&c), "enqueue");
    }
    for (computing &c : items)
        c.done.acquire();
    over = true;
    for (std::thread &t : others)
        t.join();
    wq_counters counted = pool->counters();
    out[false_workers].push_back(static_cast<double>(counted.workers_created) - 1);
    out[false_asleep].push_back(counted.peak_blocked);
}

// Two threads that are none of the pool's wake each other on one CPU. Returns ns a switch.
double switch_others(const way &how) {
    auto pool = make(how, 2);
    int there[2], back[2];
    if (pipe(there) || pipe(back))
        stop(std::string("pipe: ") + strerror(errno));
    const cpu_mask one = cpu_mask::only(cpu_mask::of_this_thread().numbers().front());
    auto pass_on = [&one](int from, int to, bool begins) {
        (void)move_task(0, one);
        char byte = 0;
        bool good = true;
        for (unsigned i = 0; i < rounds && good; i++)
            good = (!begins || write(to, &byte, 1) == 1) && read(from, &byte, 1) == 1 &&
                   (begins || write(to, &byte, 1) == 1);
        if (!good)
            stop(std::string("pipe: ") + strerror(errno));
    };
    auto start = clock::now();
    std::thread other(pass_on, there[0], back[1], false);
    std::thread(pass_on, back[0], there[1], true).join();
    other.join();
    double each = ns(clock::now() - start) / (2.0 * rounds);
    for (int fd : {there[0], there[1], back[0], back[1]})
        close(fd);
    return each;
}

void measure(const way &how, figures &out) {
    out[item_ns].push_back(run_again(how));
    // With none the pool never knows of a sleep: the second of a pair would wait for ever.
    if (how.hook != sleep_hook_kind::none)
        replace(how, out);
    out[naps_k_per_s].push_back(1e6 / keep_window(how, window, nap, naps));
    // An item that says that it will block is believed, so the pool cannot be mistaken.
    if (how.kind != blocking::will)
        compute(how, out);
    out[others_switch_ns].push_back(switch_others(how));
}

void print(const std::vector<std::pair<const way *, figures>> &rows) {
    printf("| way |");
    for (const char *title : titles)
        printf(" %s |", title);
    printf("\n| --- |");
    for (size_t k = 0; k < nr_figures; k++)
        printf(" --- |");
    printf("\n");
    for (auto [how, measured] : rows) {
        printf("| %s |", how->name);
        for (auto &values : measured) {
            if (values.empty()) {
                printf(" - |");
                continue;
            }
            double median = percentile(values, 0.5);
            printf(median < 10 ? " %.1f (%.1f to %.1f) |" : " %.0f (%.0f to %.0f) |", median,
                   *std::min_element(values.begin(), values.end()),
                   *std::max_element(values.begin(), values.end()));
        }
        printf("\n");
    }
}

} // namespace

} // namespace iowq::bench

int main(int argc, char **argv) {
    using namespace iowq;
    using namespace iowq::bench;
    unsigned repeats = 9;
    if (argc > 2)
        stop("usage: hooks_bench [repeats]");
    if (argc == 2) {
        std::string_view text = argv[1];
        auto [end, error] = std::from_chars(text.begin(), text.end(), repeats);
        if (error != std::errc{} || end != text.end() || repeats == 0)
            stop("no sensible number of repeats: " + std::string(text));
    }
    std::vector<std::pair<const way *, figures>> rows;
    for (const way &how : ways) {
        std::unique_ptr<sleep_hook> hook;
        std::string why;
        if (open_sleep_hook(how.hook, hook, why))
            printf("skipped: %s: %s\n", how.name, why.c_str());
        else
            rows.push_back({&how, {}});
    }
    std::mt19937 random{std::random_device{}()};
    for (unsigned i = 0; i < repeats; i++) {
        std::vector<size_t> order(rows.size());
        for (size_t k = 0; k < order.size(); k++)
            order[k] = k;
        std::shuffle(order.begin(), order.end(), random);
        for (size_t k : order)
            measure(*rows[k].first, rows[k].second);
    }
    printf("medians of %u repeats (least to most):\n", repeats);
    print(rows);
    return 0;
}
