// SPDX-License-Identifier: MIT
#include "iowq/ring/begun_reads.h"

#include "iowq/os/assert.h"
#include "iowq/ring/issue.h"

namespace iowq {

namespace {

// How many waits to one look whether the oldest has come by itself.
constexpr unsigned waits_a_look = 16;

} // namespace

void begun_reads::add(request &r) {
    iowq_assert(r.op == opcode::read && r.target);
    r.begun = false;
    const request *oldest = reads_.oldest();
    one_device_ = !oldest || (one_device_ && r.target->key.hi == oldest->target->key.hi);
    reads_.push_back(r);
}

request &begun_reads::pop_oldest() {
    iowq_assert(!empty());
    return *reads_.pop_front();
}

bool begun_reads::has_come(request &r) { return try_nowait(r) == tried::done; }

unsigned begun_reads::poll(std::span<request *> out, unsigned most_misses) {
    unsigned n = 0;
    unsigned misses = 0;
    for (request *r = reads_.oldest(), *next; r && n < out.size() && misses < most_misses;
         r = next) {
        next = r->next;
        if (!has_come(*r)) {
            misses++;
            continue;
        }
        if (trying_begins())
            pays_.learn(true);
        (void)remove(*r);
        out[n++] = r;
    }
    return n;
}

unsigned begun_reads::wait(std::span<request *> out) {
    bool looks = ++waits_ % waits_a_look == 0 && reads_.has_several();
    bool come = looks && has_come(*reads_.oldest());
    if (looks)
        pays_.learn(come);
    out[0] = &pop_oldest();
    if (!come)
        issue_blocking(*out[0]);
    return 1 + poll(out.subspan(1));
}

} // namespace iowq
