// SPDX-License-Identifier: MIT
#include "iowq/ring/issue.h"

#include "iowq/os/any_call.h"
#include "iowq/os/thread.h"
#include "iowq/pool/worker.h"

#include <utility>

namespace iowq {

namespace {

// From here on it is looked at whether a call has waited.
constexpr std::chrono::microseconds worth_a_look{30};
// The calling thread's.
struct last_look {
    long switches = 0; // voluntary ones
};

bool may_be_repeated(const request &r) {
    return r.op != opcode::call || !facts_of(r.number, r.args).once;
}

int64_t call_until_meant(const request &r) {
    int64_t got;
    do
        got = make_call(r);
    while (got < 0 && interrupted_in_vain(static_cast<int>(-got)) && may_be_repeated(r));
    return got;
}

int64_t call_as_sleeper(const request &r) {
    blocking section(r.way.call == route::will ? blocking::will : blocking::may);
    return call_until_meant(r);
}

// How long the thread has waited in a call that has taken so long. It has not, if it was only busy,
// or taken off its CPU. What it has slept between two looks counts as slept in the call.
std::chrono::nanoseconds waited_in(std::chrono::nanoseconds took) {
    if (took < worth_a_look)
        return {};
    long switches = voluntary_switches();
    bool slept = std::exchange(per_thread<last_look>().switches, switches) != switches;
    return slept ? took : std::chrono::nanoseconds{};
}

} // namespace

bool try_first(request &r, route::who next) {
    tried came_to = try_nowait(r);
    if (came_to == tried::done)
        return true;
    bool missed = came_to == tried::missed;
    r.begun = missed && r.way.begins;
    r.way = rest_of(r, next, missed);
    return r.begun;
}

void issue_blocking(request &r) {
    bool sleeps = r.way.call != route::never, measured = sleeps && r.op == opcode::call;
    // Exact where it has been handed over in any case.
    if (measured && r.way.by != route::submitter)
        per_thread<last_look>().switches = voluntary_switches();
    clock::time_point began = measured ? clock::now() : clock::time_point{};
    set_result(r, sleeps ? call_as_sleeper(r) : call_until_meant(r));
    if (measured)
        r.waited = waited_in(clock::now() - began);
}

bool issue_in_help(request &r) {
    if (r.way.help == route::calls || r.way.help == route::copies)
        issue_blocking(r);
    else if (!try_first(r, r.way.by))
        return false;
    r.path |= path_helped;
    return true;
}

} // namespace iowq
