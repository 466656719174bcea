// SPDX-License-Identifier: MIT
// Compares the pool with the kernel's and with other libraries' pools: blocks of one measurement a
// point, in random order, so that ratios can be taken within a block.
#include "beside.h"
#include "side.h"
#include "targets.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <map>
#include <random>

namespace iowq::bench {

namespace {

struct options {
    unsigned blocks = 9;
    double seconds = 0.08;
    uint64_t seed = std::random_device{}();
    std::string csv = "build/bench.csv";
};

constexpr const char *usage =
    "iowq_bench [--blocks=9] [--seconds=0.08] [--seed=N] [--csv=build/bench.csv] "
    "[--benchmark_filter=REGEX] [--benchmark_list_tests]\n"
    "Names are case/side/window:N/workers:N.\n";

// Prints one line, and ends the program.
[[noreturn]] void stop(const std::string &why) {
    std::cerr << "iowq_bench: " << why << std::endl;
    exit(2);
}

template <class Number>
void parse(std::string_view argument, std::string_view text, Number low, Number high, Number &out) {
    auto [end, error] = std::from_chars(text.begin(), text.end(), out);
    if (error != std::errc{} || end != text.end() || !(out >= low && out <= high))
        stop("no sensible value: " + std::string(argument));
}

options parse_options(int argc, char **argv) {
    options o;
    for (int k = 1; k < argc; k++) {
        std::string_view argument = argv[k];
        auto is = [argument](std::string_view flag) { return argument.starts_with(flag); };
        std::string_view value = argument.substr(std::min(argument.find('=') + 1, argument.size()));
        if (is("--blocks="))
            parse(argument, value, 1u, 10000u, o.blocks);
        else if (is("--seconds="))
            parse(argument, value, 0.001, 60.0, o.seconds);
        else if (is("--seed="))
            parse<uint64_t>(argument, value, 0, UINT64_MAX, o.seed);
        else if (is("--csv="))
            o.csv = value;
        else
            stop("unknown argument: " + std::string(argument));
    }
    return o;
}

// Opens a nameless file in the folder of `path`, for the data; stops if it cannot be written to.
int open_unnamed_beside(const std::string &path) {
    std::string name = path + ".XXXXXX";
    int fd = mkostemp(name.data(), O_CLOEXEC);
    if (fd < 0)
        stop("cannot write " + path + ": " + strerror(errno));
    unlink(name.c_str());
    return fd;
}

void write_whole(const std::string &path, const std::vector<series> &all) {
    std::string unfinished = path + ".new";
    std::ofstream out(unfinished);
    write_csv(out, all);
    out.close();
    if (!out || rename(unfinished.c_str(), path.c_str()) != 0) {
        int error = errno;
        unlink(unfinished.c_str());
        stop("cannot write " + path + ": " + strerror(error));
    }
}

// Measures a point when Google Benchmark asks for it. Keeps the file to read, and the kernel's best
// ways.
class measurer {
  public:
    explicit measurer(const options &o) : options_(o) {}

    void run(benchmark::State &state, point p) {
        if (p.of->what == deed::read && data_ < 0)
            fill_data();
        if (p.side == side_id::kernel)
            p.way = way_of(p);
        outcome o = measure(p, options_.seconds, data_);
        for (auto _ : state) // once
            state.SetIterationTime(options_.seconds);
        if (!o.result) {
            state.SkipWithError(o.error.c_str());
            return;
        }
        state.counters["ops_per_s"] = o.result->ops_per_s;
        state.counters["p50_ns"] = o.result->p50_ns;
        state.counters["p99_ns"] = o.result->p99_ns;
        state.counters["cpu_ns_per_op"] = o.result->cpu_ns_per_op;
    }

  private:
    // The way of using io_uring that is fastest at this point, by the median of a few short
    // measurements.
    ring_way way_of(const point &p) {
        if (auto known = ways_.find(p.name()); known != ways_.end())
            return known->second;
        std::vector<ring_way> candidates = ring_ways(*p.of);
        std::vector<std::vector<double>> rates(candidates.size());
        for (int round = 0; round < 3; round++)
            for (size_t k = 0; k < candidates.size(); k++) {
                point tried = p;
                tried.way = candidates[k];
                if (auto o = measure(tried, options_.seconds / 2, data_); o.result)
                    rates[k].push_back(o.result->ops_per_s);
            }
        ring_way best;
        double rate_of_best = 0;
        for (size_t k = 0; k < candidates.size(); k++) {
            double rate = rates[k].empty() ? 0 : median_interval(rates[k]).median;
            if (rate > rate_of_best) {
                best = candidates[k];
                rate_of_best = rate;
            }
        }
        std::cout << p.name() << ": best with " << describe(best) << std::endl;
        return ways_[p.name()] = best;
    }

    void fill_data() {
        data_ = open_unnamed_beside(options_.csv);
        std::vector<char> megabyte(1 << 20, 'x');
        for (off_t at = 0; at < data_bytes; at += static_cast<off_t>(megabyte.size()))
            if (pwrite(data_, megabyte.data(), megabyte.size(), at) !=
                static_cast<ssize_t>(megabyte.size()))
                stop(std::string("cannot write the file to be read: ") + strerror(errno));
        (void)fdatasync(data_); // so that nothing writes it back while it is read
    }

    const options &options_;
    std::map<std::string, ring_way> ways_;
    int data_ = -1;
};

// Adds each result to its point's series.
class collector final : public benchmark::BenchmarkReporter {
  public:
    explicit collector(std::vector<series> &all) {
        for (series &s : all)
            by_name_[s.at.name()] = &s;
    }

    void begin(unsigned block) { block_ = block; }
    [[nodiscard]] unsigned failures() const { return failures_; }

    bool ReportContext(const Context &) override { return true; }
    void ReportRuns(const std::vector<Run> &runs) override {
        for (const Run &run : runs) {
            std::string name = run.run_name.function_name;
            if (run.error_occurred) {
                std::cerr << "failed: " << name << ": " << run.error_message << std::endl;
                failures_++;
                continue;
            }
            auto counter = [&run](const char *key) { return run.counters.at(key).value; };
            auto &blocks = by_name_.at(name)->blocks;
            blocks.resize(block_ + 1);
            blocks[block_] = figures{counter("ops_per_s"), counter("p50_ns"), counter("p99_ns"),
                                     counter("cpu_ns_per_op")};
        }
    }

  private:
    std::map<std::string, series *> by_name_;
    unsigned block_ = 0;
    unsigned failures_ = 0;
};

// Says what is skipped, and why.
std::vector<point> points_to_be_had() {
    int kernel_error = probe_kernel();
    std::string kernel = kernel_error ? strerror(-kernel_error) : "";
    std::map<beside, std::string> without{{beside::busy, why_not(beside::busy)},
                                          {beside::quota, why_not(beside::quota)}};
    for (auto &[what, why] : {std::pair{"kernel", kernel},
                              {"busy", without[beside::busy]},
                              {"quota", without[beside::quota]}})
        if (!why.empty())
            std::cout << "skipped: " << what << ": " << why << std::endl;
    std::vector<point> points = all_points();
    std::erase_if(points, [&](const point &p) {
        return (p.side == side_id::kernel && kernel_error) || !without[p.of->what_else].empty();
    });
    return points;
}

int run(const options &o) {
    close(open_unnamed_beside(o.csv));
    std::vector<series> all;
    for (const point &p : points_to_be_had())
        all.push_back({p, {}});

    measurer m(o);
    collector results(all);
    std::mt19937_64 random(o.seed);
    std::vector<point> order;
    for (const series &s : all)
        order.push_back(s.at);
    for (unsigned block = 0; block < o.blocks; block++) {
        std::ranges::shuffle(order, random);
        benchmark::ClearRegisteredBenchmarks();
        for (const point &p : order)
            benchmark::RegisterBenchmark(p.name().c_str(),
                                         [&m, p](auto &state) { m.run(state, p); })
                ->UseManualTime()
                ->Iterations(1)
                ->Repetitions(1);
        results.begin(block);
        if (!benchmark::RunSpecifiedBenchmarks(&results))
            return 2; // Google Benchmark has said that nothing matches
        bool ran = results.failures() ||
                   std::ranges::any_of(all, [](const series &s) { return !s.blocks.empty(); });
        if (!ran)
            return 0; // the names were to be listed only
        std::cout << "block " << block + 1 << " of " << o.blocks << ", seed " << o.seed
                  << std::endl;
    }
    print_targets(std::cout, all);
    write_whole(o.csv, all);
    std::cout << "table: " << o.csv << std::endl;
    if (results.failures())
        std::cerr << results.failures() << " measurements failed" << std::endl;
    return results.failures() ? 1 : 0;
}

} // namespace

} // namespace iowq::bench

int main(int argc, char **argv) {
    benchmark::Initialize(&argc, argv, [] { std::cout << iowq::bench::usage; });
    return iowq::bench::run(iowq::bench::parse_options(argc, argv));
}
