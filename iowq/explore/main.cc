// SPDX-License-Identifier: MIT
// Explores one scenario, and says in one line what came of it: `ok` or `failed`, then the figures
// and, of a failure, the schedule. scripts/explore runs them all.
#include "iowq/explore/explore.h"
#include "iowq/explore/program.h"
#include "iowq/explore/scheduler.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <getopt.h>

namespace {

enum { exit_ok = 0, exit_failed = 1, exit_usage = 2 };

[[noreturn]] void usage(const char *why) {
    fprintf(
        stderr,
        "iowq_explore: %s\n"
        "usage: iowq_explore --list\n"
        "       iowq_explore SCENARIO --preemptions N [--stale N]   every schedule within these\n"
        "       iowq_explore SCENARIO --random N [--seed N]         some, with stale loads\n"
        "       iowq_explore SCENARIO --pct N [--seed N]            some, by priorities\n"
        "       iowq_explore SCENARIO --schedule TEXT               this one\n"
        "       and: --whole, also what leads to states that are known; --ends, says how they "
        "end;\n"
        "       --seconds N, the most that it may take; --places FILE, from where in the\n"
        "       program memory was accessed\n",
        why);
    exit(exit_usage);
}

uint64_t number(const char *text) {
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    if (!*text || *end || *text == '-')
        usage("a number is wanted, from 0 on");
    return n;
}

const explore::scenario &named(const char *name) {
    for (const auto &s : explore::scenarios())
        if (!strcmp(s.name, name))
            return s;
    usage("there is no such scenario (see --list)");
}

} // namespace

int main(int argc, char **argv) {
    uint64_t preemptions = 2, stale = 0, random = 0, pct = 0, seed = 1, seconds = 3600;
    const char *schedule = nullptr, *places = nullptr;
    bool list = false, whole = false, ends = false;
    const option known[] = {{"list", no_argument, nullptr, 'l'},
                            {"preemptions", required_argument, nullptr, 'p'},
                            {"stale", required_argument, nullptr, 's'},
                            {"random", required_argument, nullptr, 'r'},
                            {"pct", required_argument, nullptr, 'c'},
                            {"seed", required_argument, nullptr, 'e'},
                            {"seconds", required_argument, nullptr, 't'},
                            {"schedule", required_argument, nullptr, 'x'},
                            {"whole", no_argument, nullptr, 'w'},
                            {"ends", no_argument, nullptr, 'n'},
                            {"places", required_argument, nullptr, 'a'},
                            {}};
    for (int c; (c = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
        switch (c) {
        case 'l':
            list = true;
            break;
        case 'p':
            preemptions = number(optarg);
            break;
        case 's':
            stale = number(optarg);
            break;
        case 'r':
            random = number(optarg);
            break;
        case 'c':
            pct = number(optarg);
            break;
        case 'e':
            seed = number(optarg);
            break;
        case 't':
            seconds = number(optarg);
            break;
        case 'x':
            schedule = optarg;
            break;
        case 'w':
            whole = true;
            break;
        case 'n':
            ends = true;
            break;
        case 'a':
            places = optarg;
            explore::note_places();
            break;
        default:
            usage("an option that there is not");
        }
    }
    if (list) {
        for (const auto &s : explore::scenarios())
            puts(s.name);
        return exit_ok;
    }
    if (optind + 1 != argc)
        usage("one scenario is wanted");
    const explore::scenario &scenario = named(argv[optind]);
    std::unique_ptr<explore::search> by;
    if (schedule) {
        auto read = explore::read_schedule(schedule);
        if (!read)
            usage("that is not a schedule");
        by = explore::replay(*read);
    } else if (random) {
        by = explore::at_random(seed, random, true);
    } else if (pct) {
        by = explore::by_priorities(seed, pct, 3);
    } else {
        by = explore::exhaustive(static_cast<unsigned>(preemptions), static_cast<unsigned>(stale),
                                 whole);
    }

    if (scenario.machine)
        setenv("HWLOC_SYNTHETIC", scenario.machine, 1);
    if (explore::before_the_first())
        explore::before_the_first()();

    auto began = std::chrono::steady_clock::now();
    auto took = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    };
    uint64_t calls = 0;
    bool out_of_time = false;
    explore::limits most;
    most.every_point = most.told = schedule != nullptr;
    explore::outcome o = explore::run(scenario.run, *by, most, [&] {
        return out_of_time = ++calls % 256 == 0 && took() > static_cast<double>(seconds);
    });
    for (const std::string &end : o.ends)
        if (ends)
            puts(end.c_str());
    printf("%s\t%s\t%lu\t%lu\t%.2f\t%s\t%s\n",
           o.fault       ? "failed"
           : out_of_time ? "stopped"
                         : "ok",
           scenario.name, o.schedules, o.steps, took(),
           o.fault ? explore::written(o.failing).c_str() : "", o.fault ? o.fault->c_str() : "");
    fflush(stdout);
    if (places)
        explore::write_places(places);
    _Exit(o.fault ? exit_failed : exit_ok); // what a failed schedule left is not to be destroyed
}
