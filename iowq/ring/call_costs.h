// SPDX-License-Identifier: MIT
// Learns, of each system call on each file system, whether it pays to make it where it was
// submitted. Owned by the ring; the submitter's thread only.
//
// Each has an account, in time. A call saves what handing it over would have cost. It costs as long
// as it has waited, as all else in the ring waits with it.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace iowq {

class call_costs {
  public:
    // `device`: of the file system; 0: it is not known, so all such calls have one account.
    [[nodiscard]] bool pays(uint32_t number, uint64_t device) const {
        const account &its = at(number, device);
        return !its.is_of(number, device) || its.balance.count() >= 0;
    }
    // It has waited so long, wherever it was made.
    void learn(uint32_t number, uint64_t device, std::chrono::nanoseconds waited) {
        account &its = at(number, device);
        if (!its.is_of(number, device))
            its = {device, number, most}; // the first find their caches cold
        its.balance =
            std::clamp<std::chrono::nanoseconds>(its.balance + saved - waited, -most, most);
    }

    static constexpr std::chrono::microseconds saved{5}; // by a call that need not be handed over
    // So after 80 calls at most that do not wait, and after fewer that do, the way is another one.
    static constexpr std::chrono::microseconds most{200};

  private:
    struct account {
        uint64_t device = 0;
        uint32_t number = 0;
        std::chrono::nanoseconds balance{};
        [[nodiscard]] bool is_of(uint32_t n, uint64_t d) const {
            return number == n && device == d;
        }
    };
    [[nodiscard]] static size_t place(uint32_t number, uint64_t device) {
        return (number ^ device * 0x9e3779b97f4a7c15u >> 32) % nr_accounts;
    }
    [[nodiscard]] account &at(uint32_t number, uint64_t device) {
        return accounts_[place(number, device)];
    }
    [[nodiscard]] const account &at(uint32_t number, uint64_t device) const {
        return accounts_[place(number, device)];
    }

    // Two that fall on one place take turns at it.
    static constexpr size_t nr_accounts = 64;
    std::array<account, nr_accounts> accounts_;
};

} // namespace iowq
