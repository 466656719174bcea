// SPDX-License-Identifier: MIT
// Learns, of each system call on each file system, whether it pays to make it where it was
// submitted. Owned by the ring; the submitter's thread only.
//
// Each has an account, in time. A call saves what handing it over would have cost. It costs as long
// as it has waited, as all else in the ring waits with it.
#pragma once

#include "iowq/ring/request.h"

#include <algorithm>
#include <array>

namespace iowq {

class call_costs {
  public:
    [[nodiscard]] bool pays(const request &r) const {
        const account &its = accounts_[place_of(r)];
        return !its.is_of(r) || its.balance.count() >= 0;
    }
    // It is over, wherever it was made.
    void learn(const request &r) {
        account &its = accounts_[place_of(r)];
        if (!its.is_of(r))
            its = {device_of(r), r.number, most}; // the first find their caches cold
        its.balance =
            std::clamp<std::chrono::nanoseconds>(its.balance + saved - r.waited, -most, most);
    }

    static constexpr std::chrono::microseconds saved{5}; // by a call that need not be handed over
    // So after 80 calls at most that do not wait, and after fewer that do, the way is another one.
    static constexpr std::chrono::microseconds most{200};

  private:
    struct account {
        uint64_t device = 0;
        uint32_t number = 0;
        std::chrono::nanoseconds balance{};
        [[nodiscard]] bool is_of(const request &r) const {
            return number == r.number && device == device_of(r);
        }
    };
    // Of the file system; 0: it is not known, so all such calls have one account.
    [[nodiscard]] static uint64_t device_of(const request &r) {
        return r.target ? r.target->key.hi : 0;
    }
    [[nodiscard]] static size_t place_of(const request &r) {
        return (r.number ^ device_of(r) * 0x9e3779b97f4a7c15u >> 32) % nr_accounts;
    }

    // Two that fall on one place take turns at it.
    static constexpr size_t nr_accounts = 64;
    std::array<account, nr_accounts> accounts_;
};

} // namespace iowq
