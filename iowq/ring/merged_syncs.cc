// SPDX-License-Identifier: MIT
#include "iowq/ring/merged_syncs.h"

#include "iowq/os/assert.h"
#include "iowq/ring/request.h"

#include <utility>

namespace iowq {

merged_syncs::added merged_syncs::add(request &r, const wq *pool) {
    if (orphaned())
        return added::apart;
    locked guard(lock_);
    r.next = nullptr;
    if (!carrier_) {
        carrier_ = &r;
        pool_ = pool;
        return added::carries;
    }
    if (pool != pool_)
        return added::apart;
    (oldest_ ? newest_->next : oldest_) = &r;
    newest_ = &r;
    return added::waits;
}

request *merged_syncs::begin() {
    locked guard(lock_);
    iowq_assert(carrier_ && call_ == not_called);
    call_ = oldest_ ? with_others : alone;
    return take_all();
}

request *merged_syncs::pass_on() {
    locked guard(lock_);
    iowq_assert(carrier_);
    carrier_ = oldest_;
    if (oldest_)
        oldest_ = oldest_->next;
    call_ = not_called;
    return carrier_;
}

request *merged_syncs::dissolve() {
    locked guard(lock_);
    iowq_assert(carrier_ && call_ == not_called);
    carrier_ = nullptr;
    return take_all();
}

merged_syncs::found merged_syncs::take_out(const request &r) {
    locked guard(lock_);
    if (carrier_ == &r)
        return call_ == not_called ? found::queued : call_ == alone ? found::called : found::shared;
    request *before = nullptr;
    for (request *here = oldest_; here; before = here, here = here->next) {
        if (here != &r)
            continue;
        (before ? before->next : oldest_) = here->next;
        if (newest_ == here)
            newest_ = before;
        return found::waited;
    }
    return found::shared;
}

request *merged_syncs::take_all() { return std::exchange(oldest_, nullptr); }

} // namespace iowq
