// SPDX-License-Identifier: MIT
#include "iowq/ring/merged_syncs.h"

#include "iowq/os/assert.h"
#include "iowq/ring/request.h"

namespace iowq {

merged_syncs::added merged_syncs::add(request &r, const wq *pool) {
    if (orphaned())
        return added::apart;
    locked guard(lock_);
    if (!carrier_) {
        carrier_ = &r;
        pool_ = pool;
        return added::carries;
    }
    if (pool != pool_)
        return added::apart;
    waiting_.push_back(r);
    return added::waits;
}

request *merged_syncs::begin() {
    locked guard(lock_);
    iowq_assert(carrier_ && call_ == not_called);
    call_ = waiting_.empty() ? alone : with_others;
    return waiting_.take_all();
}

request *merged_syncs::pass_on() {
    locked guard(lock_);
    iowq_assert(carrier_);
    carrier_ = waiting_.pop_front();
    call_ = not_called;
    return carrier_;
}

request *merged_syncs::dissolve() {
    locked guard(lock_);
    iowq_assert(carrier_ && call_ == not_called);
    carrier_ = nullptr;
    return waiting_.take_all();
}

merged_syncs::found merged_syncs::take_out(const request &r) {
    locked guard(lock_);
    if (carrier_ == &r)
        return call_ == not_called ? found::queued : call_ == alone ? found::called : found::shared;
    return waiting_.remove(r) ? found::waited : found::shared;
}

} // namespace iowq
