// SPDX-License-Identifier: MIT
#include "iowq/ring/begun_reads.h"

namespace iowq {

namespace {

// Each so many waits it is looked whether the next had come meanwhile; after so many looks in vain it is
// taken for granted that none ever does.
constexpr unsigned waits_a_look = 16;
constexpr unsigned most_in_vain = 16;

} // namespace

void begun_reads::add(request &r) {
    r.begun = false;
    r.next = nullptr;
    one_device_ = !oldest_ || (one_device_ && r.target->key.hi == oldest_->target->key.hi);
    (oldest_ ? newest_->next : oldest_) = &r;
    newest_ = &r;
}

request &begun_reads::pop_oldest() {
    request &r = *oldest_;
    oldest_ = r.next;
    return r;
}

bool begun_reads::remove(const request &r) {
    request *before = nullptr;
    for (request *here = oldest_; here; before = here, here = here->next) {
        if (here != &r)
            continue;
        (before ? before->next : oldest_) = here->next;
        if (newest_ == here)
            newest_ = before;
        return true;
    }
    return false;
}

unsigned begun_reads::wait(std::span<request *> out) {
    bool look = ++waits_ % waits_a_look == 0 && oldest_ != newest_;
    bool come = look && learn_from_oldest();
    out[0] = &pop_oldest();
    if (!come)
        issue_blocking(*out[0]);
    return 1 + take(out.subspan(1));
}

bool begun_reads::learn_from_oldest() {
    bool come = issue_nowait(*oldest_);
    in_vain_ = come ? 0 : in_vain_ + 1;
    trying_begins_ = in_vain_ < most_in_vain;
    return come;
}

unsigned begun_reads::take(std::span<request *> out, unsigned most_misses) {
    unsigned n = 0;
    unsigned misses = 0;
    for (request *r = oldest_, *next; r && n < out.size() && misses < most_misses; r = next) {
        next = r->next;
        if (!issue_nowait(*r)) {
            misses++;
            continue;
        }
        in_vain_ = 0;
        (void)remove(*r);
        out[n++] = r;
    }
    return n;
}

} // namespace iowq
