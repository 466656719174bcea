// SPDX-License-Identifier: MIT
#include "targets.h"

#include <algorithm>
#include <cmath>
#include <iomanip>

namespace iowq::bench {

namespace {

using column = double figures::*;

// One of these points: the best in the compared column.
struct choice {
    const char *name;
    std::vector<side_id> sides;
    unsigned window;
    unsigned workers; // 0: any
};

struct target {
    const char *text;
    column what;
    choice ours;
    std::optional<choice> theirs; // none: our figure itself is compared, in units of `unit`
    double unit;
    std::optional<double> bound; // the least, for rates; the most, for times; none: not judged
};

bool more_is_better(column what) { return what == &figures::ops_per_s; }

std::vector<double> values_of(const series &s, column what) {
    std::vector<double> values;
    for (const auto &block : s.blocks)
        if (block && !std::isnan((*block).*what))
            values.push_back((*block).*what);
    return values;
}

const series *best(const std::vector<series> &all, const choice &c, column what) {
    const series *found = nullptr;
    double at_best = 0;
    for (const series &s : all) {
        if (s.at.of->name != std::string_view(c.name) || s.at.window != c.window ||
            (c.workers && s.at.workers != c.workers) || !std::ranges::count(c.sides, s.at.side))
            continue;
        std::vector<double> values = values_of(s, what);
        if (values.empty())
            continue;
        double median = median_interval(values).median;
        if (!found || (more_is_better(what) ? median > at_best : median < at_best)) {
            found = &s;
            at_best = median;
        }
    }
    return found;
}

std::vector<double> paired_ratios(const series &ours, const series &theirs, column what) {
    std::vector<double> ratios;
    for (size_t block = 0; block < std::min(ours.blocks.size(), theirs.blocks.size()); block++) {
        const auto &a = ours.blocks[block];
        const auto &b = theirs.blocks[block];
        if (a && b && (*b).*what > 0 && !std::isnan((*a).*what))
            ratios.push_back((*a).*what / ((*b).*what));
    }
    return ratios;
}

const std::vector<target> &targets() {
    using enum side_id;
    constexpr column rate = &figures::ops_per_s;
    constexpr column p50 = &figures::p50_ns;
    constexpr column p99 = &figures::p99_ns;
    constexpr column cpu = &figures::cpu_ns_per_op;
    const std::vector<side_id> peers{tbb, asio, uv, moodycamel, glib, mutex};
    // In oneTBB the sleepers starve: a tenth of the others' run. So its nops wait for nothing.
    const std::vector<side_id> fair{asio, uv, moodycamel, glib, mutex};
    // One point of the pool: as a ratio to theirs, or alone.
    auto against = [](const char *text, column what, const char *name, unsigned window,
                      unsigned workers, choice theirs, std::optional<double> bound) {
        return target{text, what, {name, {iowq}, window, workers}, theirs, 1, bound};
    };
    auto alone = [](const char *text, column what, const char *name, double unit, double bound) {
        return target{text, what, {name, {iowq}, 64, 64}, {}, unit, bound};
    };
    static const std::vector<target> table{
        against("nop, window 64: rate", rate, "nop", 64, 2, {"nop", {kernel}, 64, 0}, 8),
        against("nop, window 64: rate", rate, "nop", 64, 2, {"nop", peers, 64, 0}, 2),
        against("nop_busy, window 64: rate", rate, "nop_busy", 64, 2, {"nop_busy", {kernel}, 64, 0},
                4),
        against("nop_busy, window 64: rate", rate, "nop_busy", 64, 2, {"nop_busy", peers, 64, 0},
                1.2),
        against("nop_quota, window 64: rate", rate, "nop_quota", 64, 2,
                {"nop_quota", {kernel}, 64, 0}, {}),
        against("nop_quota, window 64: rate", rate, "nop_quota", 64, 2, {"nop_quota", peers, 64, 0},
                {}),
        against("nop, window 1: p50", p50, "nop", 1, 2, {"nop", {kernel}, 1, 0}, 0.2),
        against("nop, window 1: p50", p50, "nop", 1, 2, {"nop", {tbb}, 1, 0}, 0.9),
        against("nop_helped, window 1: p50", p50, "nop_helped", 1, 2, {"nop", {kernel}, 1, 0}, {}),
        against("nop_helped, window 64: rate", rate, "nop_helped", 64, 2, {"nop", {kernel}, 64, 0},
                {}),
        against("nop_busy, window 1: p50", p50, "nop_busy", 1, 2, {"nop_busy", {kernel}, 1, 0}, {}),
        against("nop_quota, window 1: p50", p50, "nop_quota", 1, 2, {"nop_quota", {kernel}, 1, 0},
                {}),
        against("nop_parked, window 1: p50", p50, "nop_parked", 1, 2,
                {"nop_parked", {kernel}, 1, 2}, 0.6),
        against("nop_parked, window 1: p50", p50, "nop_parked", 1, 2, {"nop_parked", {mutex}, 1, 2},
                1),
        against("nop, window 64: rate", rate, "nop", 64, 16, {"nop", {iowq}, 64, 2}, 0.8),
        against("nop, window 64: CPU time", cpu, "nop", 64, 2, {"nop", {kernel}, 64, 0}, 0.5),
        against("hashed_4: rate", rate, "hashed_4", 64, 2, {"nop", {kernel}, 64, 0}, 3),
        against("blocking_will: rate", rate, "blocking_will", 64, 64,
                {"blocking_will", {mutex}, 64, 64}, 0.9),
        against("blocking_may: rate", rate, "blocking_may", 64, 64,
                {"blocking_may", {mutex}, 64, 64}, 0.9),
        alone("growth_will: ms", p50, "growth_will", 1e6, 10),
        alone("growth_may: ms", p50, "growth_may", 1e6, 10),
        against("mixed_will: p99 of the nops", p99, "mixed_will", 64, 64,
                {"mixed_will", fair, 64, 64}, 0.5),
        against("mixed_may: p99 of the nops", p99, "mixed_may", 64, 64, {"mixed_may", fair, 64, 64},
                0.5),
        against("mixed_will_handed_over: p99", p99, "mixed_will_handed_over", 64, 64,
                {"mixed_will", fair, 64, 64}, {}),
        against("mixed_may_handed_over: p99", p99, "mixed_may_handed_over", 64, 64,
                {"mixed_may", fair, 64, 64}, {}),
        against("mixed_will: rate of the sleepers", rate, "mixed_will", 64, 64,
                {"mixed_will", {mutex}, 64, 64}, 0.9),
        against("mixed_may: rate of the sleepers", rate, "mixed_may", 64, 64,
                {"mixed_may", {mutex}, 64, 64}, 0.9),
        against("pread: rate", rate, "pread", 32, 2, {"pread", {kernel}, 32, 0}, 2),
        against("pread_busy: rate", rate, "pread_busy", 32, 2, {"pread_busy", {kernel}, 32, 0},
                1.3),
        against("pread_quota: rate", rate, "pread_quota", 32, 2, {"pread_quota", {kernel}, 32, 0},
                {}),
        // Without help: the hand-over alone.
        against("pread_handed_over: rate", rate, "pread_handed_over", 32, 2,
                {"pread", {kernel}, 32, 0}, {}),
        against("pread_busy_handed_over: rate", rate, "pread_busy_handed_over", 32, 2,
                {"pread_busy", {kernel}, 32, 0}, {}),
        alone("idle: CPU ms in 300 ms", cpu, "idle", 1e6, 0.01),
    };
    return table;
}

// Two that are equal are never shown to be. So a ratio is as good as 1 within this.
constexpr double noise = 0.05;

// met or missed only where the whole interval says so.
const char *verdict_on(const target &t, const interval &i) {
    if (!t.bound)
        return "not judged";
    bool more = more_is_better(t.what);
    double bound = *t.bound;
    if (t.theirs && bound == 1)
        bound += more ? -noise : noise;
    if (more ? i.low >= bound : i.high <= bound)
        return "met";
    return (more ? i.high < bound : i.low > bound) ? "missed" : "open";
}

std::string who(const point &p) {
    return std::string(p.of->name) + "/" + p.side_name() + " " + std::to_string(p.workers);
}

} // namespace

interval median_interval(std::vector<double> values) {
    std::ranges::sort(values);
    size_t n = values.size();
    // tail: the probability that fewer than k values are below the true median.
    double probability = std::pow(0.5, static_cast<double>(n));
    double tail = 0;
    size_t k = 0;
    while (k < n / 2 && (k == 0 || tail + probability <= 0.025)) {
        tail += probability;
        probability *= static_cast<double>(n - k) / static_cast<double>(k + 1);
        k++;
    }
    k = std::max<size_t>(k, 1);
    double median = (values[(n - 1) / 2] + values[n / 2]) / 2;
    return {median, values[k - 1], values[n - k]};
}

void write_csv(std::ostream &out, const std::vector<series> &all) {
    out << "case,side,window,workers,ops_per_s,p50_ns,p99_ns,cpu_ns_per_op\n";
    for (const series &s : all) {
        if (std::ranges::none_of(s.blocks, [](const auto &b) { return b.has_value(); }))
            continue;
        out << s.at.of->name << ',' << s.at.side_name() << ',' << s.at.window << ','
            << s.at.workers;
        for (column c :
             {&figures::ops_per_s, &figures::p50_ns, &figures::p99_ns, &figures::cpu_ns_per_op}) {
            std::vector<double> values = values_of(s, c);
            out << ',';
            if (!values.empty())
                out << std::fixed << std::setprecision(1) << median_interval(values).median;
        }
        out << '\n';
    }
}

void print_targets(std::ostream &out, const std::vector<series> &all) {
    out << std::left << std::setw(34) << "what" << std::setw(62) << "ours : theirs, and workers"
        << std::setw(30) << "median of pairs [~95 %]" << std::setw(10) << "target"
        << "\n";
    for (const target &t : targets()) {
        const series *ours = best(all, t.ours, t.what);
        const series *theirs = t.theirs ? best(all, *t.theirs, t.what) : nullptr;
        std::vector<double> values;
        if (ours && theirs)
            values = paired_ratios(*ours, *theirs, t.what);
        else if (ours && !t.theirs)
            for (double v : values_of(*ours, t.what))
                values.push_back(v / t.unit);
        std::ostringstream pair, found, bound;
        if (t.bound)
            bound << (more_is_better(t.what) ? ">= " : "<= ") << *t.bound;
        std::string verdict = "not run";
        if (!values.empty()) {
            interval i = median_interval(values);
            pair << who(ours->at);
            if (theirs)
                pair << " : " << who(theirs->at);
            found << std::setprecision(3) << i.median << " [" << i.low << ", " << i.high << "]";
            verdict = verdict_on(t, i);
        }
        out << std::setw(34) << t.text << std::setw(62) << pair.str() << std::setw(30)
            << found.str() << std::setw(10) << bound.str() << verdict << "\n";
    }
}

} // namespace iowq::bench
