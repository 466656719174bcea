// SPDX-License-Identifier: MIT
// Learns whether carriers (linux_aio.h) save so many calls of io_submit that each is worth a
// worker's wake. Owned by the reaper; the submitter's thread only.
#pragma once

#include "iowq/os/learner.h"

#include <utility>

namespace iowq {

class carrier_gain {
  public:
    // Is handing over worth it? Else the submitter sends by itself.
    [[nodiscard]] bool pays() const { return pays_.worth_it(); }

    // A request carries: what the carrier before it has saved is known now.
    void begins() {
        if (commits_) // else there was none, or it was not committed
            pays_.learn(commits_ >= worth_a_wake);
        commits_ = 0;
    }
    // A request carries, or follows a carrier.
    void joined() { uncommitted_ = true; }
    void committed() { commits_ += std::exchange(uncommitted_, false); }
    // The submitter sends one by itself. Now and then handing over is tried again, and the carrier
    // before does not count then.
    void sent_alone() {
        (void)pays_.worth_trying();
        commits_ = 0;
    }

  private:
    static constexpr unsigned worth_a_wake = 8; // a wake costs as much as so many calls

    bool uncommitted_ = false; // something has joined since the last commit
    unsigned commits_ = 0;     // that the carrier carries: so many calls does it save
    learner pays_{learner::rule{4, 4, 2, 1024}};
};

} // namespace iowq
