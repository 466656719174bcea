// SPDX-License-Identifier: MIT
// The CPUs and the CPU time that may be used at this moment, and what follows from them. They
// change while the process runs: by its affinity (taskset), its cpuset, CPUs that go offline and
// come back, its cgroups' quota. Whoever depends on them looks again, now and then.
#pragma once

#include "iowq/os/clock.h"
#include "iowq/os/cpu_quota.h"
#include "iowq/os/topology.h"

#include <algorithm>
#include <cmath>

namespace iowq {

struct cpus_now {
    cpu_mask cpus;
    std::optional<double> quota; // of CPU time, in CPUs

    // How many workers may run: two a CPU, and no more than two for each CPU of the quota.
    [[nodiscard]] unsigned running() const {
        double most = std::min<double>(cpus.count(), std::ceil(quota.value_or(cpu_mask::most)));
        return 2 * std::max(1u, static_cast<unsigned>(most));
    }
    // Does it pay to spin until another thread comes? Not where that thread needs this very CPU, or
    // the time that is spun away.
    [[nodiscard]] bool spinning_pays() const {
        return cpus.count() > 1 && quota.value_or(cpu_mask::most) >= 1;
    }
    bool operator==(const cpus_now &) const = default;
};

// From one look to the next.
#ifdef IOWQ_EXPLORE
inline constexpr std::chrono::hours cpus_looked_at_every{10000}; // never
#else
inline constexpr std::chrono::milliseconds cpus_looked_at_every{500};
#endif

} // namespace iowq
