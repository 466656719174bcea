// SPDX-License-Identifier: MIT
#include "iowq/ring/issue.h"

#include "iowq/pool/worker.h"

namespace iowq {

namespace {

int64_t call_until_meant(const request &r) {
    int64_t got;
    do
        got = make_call(r);
    while (got < 0 && interrupted_in_vain(static_cast<int>(-got)));
    return got;
}

int64_t call_as_sleeper(const request &r) {
    blocking section(r.way.call == route::will ? blocking::will : blocking::may);
    return call_until_meant(r);
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
    set_result(r, r.way.call == route::never ? call_until_meant(r) : call_as_sleeper(r));
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
