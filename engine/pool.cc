/* SPDX-License-Identifier: GPL-2.0-only */
#include "pool.h"

#include "pool_stats.h"

#include <cerrno>
#include <cstring>
#include <new>

namespace engine {

int pool::create(const iowq::ring_config &ring, const iowq::wq_config &wq,
                 std::unique_ptr<backend> &out, std::string &why) {
    std::unique_ptr<pool> p(new (std::nothrow) pool);
    if (!p)
        return -ENOMEM;
    if (iowq::needs_pool(ring.mode))
        if (int error = iowq::wq::create(wq, p->wq_, &why)) {
            if (!why.empty())
                why += "; sleep_hook=annotate needs no rights";
            return error;
        }
    if (int error = iowq::ring::create(ring, p->wq_.get(), p->ring_)) {
        if (ring.mode == iowq::offload::punt && ring.direct == iowq::direct_by::aio)
            why = std::string("direct_by=aio: no Linux AIO for iodepth=") +
                  std::to_string(ring.depth) + " here: " + strerror(-error) +
                  (error == -EAGAIN ? " (fs.aio-max-nr)" : "") + "; direct_by=pool needs none";
        return error;
    }
    out = std::move(p);
    return 0;
}

unsigned pool::threads() const {
    if (!wq_)
        return ring_->threads();
    iowq::wq_counters workers = wq_->counters();
    return static_cast<unsigned>(workers.workers_created - workers.workers_reaped);
}

void pool::print_stats(FILE *to) const {
    auto n = [](uint64_t v) { return static_cast<unsigned long long>(v); };
    iowq::wq_counters workers;
    if (wq_)
        workers = wq_->counters();
    for (unsigned d = 0; d < iowq::ring::nr_directions; d++) {
        const iowq::path_counts &c = ring_->counts(static_cast<iowq::ring::direction>(d));
        fprintf(to,
                "\"%s\": {\"issued\": %llu, \"inline\": %llu, \"nowait_miss\": %llu, "
                "\"nowait_refused\": %llu, \"pooled\": %llu, \"helped\": %llu, \"aio\": %llu, "
                "\"sqthread\": %llu, \"handed_over\": %llu}, ",
                direction_names[d], n(c.issued), n(c.inlined), n(c.nowait_miss),
                n(c.nowait_refused), n(c.pooled), n(c.helped), n(c.aio), n(c.sqthread),
                n(c.handed_over));
    }
    fprintf(
        to,
        "\"enqueued\": %llu, \"chain_waits\": %llu, \"wakes\": %llu, \"workers_created\": %llu, "
        "\"workers_reaped\": %llu, \"peak_running\": %u, \"peak_blocked\": %u",
        n(workers.enqueued), n(workers.chain_waits), n(workers.wakes), n(workers.workers_created),
        n(workers.workers_reaped), workers.peak_running, workers.peak_blocked);
}

} // namespace engine
