// SPDX-License-Identifier: MIT
// What scenarios of the pool share: small pools, and items that count.
#pragma once

#include "iowq/explore/explore.h"
#include "iowq/os/cpu_quota.h"
#include "iowq/os/file_io.h"
#include "iowq/os/park.h"
#include "iowq/pool/wq.h"

#include <memory>
#include <thread>
#include <vector>

namespace scenarios {

using namespace iowq;

using explore::gate;

inline wq_config small(unsigned workers) {
    wq_config config;
    config.max_bound = config.max_unbound = workers;
    config.max_running = workers;
    config.idle = std::chrono::hours(10000); // nobody finds lost work by leaving
    config.spin = {};
    return config;
}

inline std::unique_ptr<wq> pool_of(const wq_config &config) {
    std::unique_ptr<wq> pool;
    EXPECT(wq::create(config, pool) == 0);
    return pool;
}

// Ends it, and looks that nobody is counted any more.
inline void end(std::unique_ptr<wq> &pool) {
    EXPECT(pool->exit() == 0);
    wq_counters now = pool->counters();
    EXPECT(now.nr_workers == 0 && now.nr_running == 0 && now.nr_blocked == 0);
    pool.reset();
}

// Its func runs `does`, unless it is cancelled, and counts.
struct item : work {
    explicit item(std::function<void(item &)> does = {}, uint32_t with_flags = 0)
        : does(std::move(does)) {
        flags = with_flags;
        func = [](work **w) {
            auto &self = *static_cast<item *>(*w);
            *w = nullptr;
            if (self.flags & work_cancel)
                self.cancelled++;
            else if (self.does)
                self.does(self);
            self.runs++;
            self.over.open();
        };
    }

    std::function<void(item &)> does;
    unsigned runs = 0;      // cancelled or not
    unsigned cancelled = 0; // of them
    gate over;
};

inline void exactly_once(const item &i) { EXPECT(i.runs == 1); }

} // namespace scenarios
