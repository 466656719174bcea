/* SPDX-License-Identifier: GPL-2.0-only */
#include "pool.h"

#include "iowq/os/lock.h"
#include "pool_stats.h"

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace engine {

namespace {

// The pool that the jobs of the process share. It exists while a job has it.
class process_wq {
  public:
    [[nodiscard]] int join(const iowq::wq_config &wanted, std::shared_ptr<iowq::wq> &out,
                           std::string &why) {
        iowq::locked guard(lock_);
        out = pool_.lock();
        if (!out)
            return make(wanted, out, why);
        if (const char *option = other_than(wanted)) {
            why = std::string("wq_scope=process: another job has given another ") + option;
            return -EINVAL;
        }
        // Each job may have as many blocked workers as it would have alone.
        made_with_.max_bound += wanted.max_bound;
        (void)out->max_workers({.bound = made_with_.max_bound});
        return 0;
    }

  private:
    int make(const iowq::wq_config &wanted, std::shared_ptr<iowq::wq> &out, std::string &why)
        IOWQ_REQUIRES(lock_) {
        std::unique_ptr<iowq::wq> made;
        if (int error = iowq::wq::create(wanted, made, &why))
            return error;
        out = std::move(made);
        pool_ = out;
        made_with_ = wanted;
        return 0;
    }
    const char *other_than(const iowq::wq_config &wanted) const IOWQ_REQUIRES(lock_) {
        const iowq::wq_config &had = made_with_;
        return wanted.place != had.place || wanted.node != had.node ? "placement"
               : wanted.max_running != had.max_running              ? "max_bounded"
               : wanted.max_unbound != had.max_unbound              ? "max_unbounded"
               : wanted.idle != had.idle                            ? "idle_ms"
               : wanted.spin != had.spin                            ? "spin_us"
               : wanted.sleep_hook != had.sleep_hook                ? "sleep_hook"
               : wanted.cpus != had.cpus                            ? "worker_cpus"
                                                                    : nullptr;
    }

    iowq::mutex lock_;
    std::weak_ptr<iowq::wq> pool_ IOWQ_GUARDED_BY(lock_);
    iowq::wq_config made_with_ IOWQ_GUARDED_BY(lock_);
} of_the_process;

// How many items were queued on each node, and by how many workers they were served there.
void print_nodes(FILE *to, iowq::wq &pool) {
    const iowq::topology &machine = pool.machine();
    fputs(", \"wq_nodes\": {", to);
    for (unsigned node = 0; node < machine.nodes(); node++) {
        iowq::wq_counters at = pool.counters(node);
        fprintf(
            to,
            "%s\"%u\": {\"enqueued\": %llu, \"workers_created\": %llu, \"peak_running\": %u, "
            "\"peak_blocked\": %u}",
            node ? ", " : "", machine.os_number(node), static_cast<unsigned long long>(at.enqueued),
            static_cast<unsigned long long>(at.workers_created), at.peak_running, at.peak_blocked);
    }
    fputc('}', to);
}

} // namespace

int pool::make_wq(const iowq::wq_config &wq, bool shared, std::string &why) {
    if (shared)
        return of_the_process.join(wq, wq_, why);
    std::unique_ptr<iowq::wq> made;
    if (int error = iowq::wq::create(wq, made, &why)) {
        if (!why.empty())
            why += "; sleep_hook=annotate needs no rights";
        return error;
    }
    wq_ = std::move(made);
    return 0;
}

int pool::create(const iowq::ring_config &ring, const iowq::wq_config &wq, bool shared,
                 std::unique_ptr<backend> &out, std::string &why) {
    std::unique_ptr<pool> p(new (std::nothrow) pool);
    if (!p)
        return -ENOMEM;
    if (iowq::needs_pool(ring.mode))
        if (int error = p->make_wq(wq, shared, why))
            return error;
    if (int error = iowq::ring::create(ring, p->wq_.get(), p->ring_)) {
        if (iowq::needs_pool(ring.mode) && ring.direct == iowq::direct_by::aio)
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
        iowq::path_counts c = ring_->counts(static_cast<iowq::ring::direction>(d));
        fprintf(to,
                "\"%s\": {\"issued\": %llu, \"inline\": %llu, \"nowait_miss\": %llu, "
                "\"nowait_refused\": %llu, \"pooled\": %llu, \"helped\": %llu, \"aio\": %llu, "
                "\"sqthread\": %llu, \"handed_over\": %llu, \"waited\": %llu, "
                "\"merged\": %llu}, ",
                direction_names[d], n(c.issued), n(c.inlined), n(c.nowait_miss),
                n(c.nowait_refused), n(c.pooled), n(c.helped), n(c.aio), n(c.sqthread),
                n(c.handed_over), n(c.waited), n(c.merged));
    }
    fprintf(
        to,
        "\"enqueued\": %llu, \"chain_waits\": %llu, \"wakes\": %llu, \"workers_created\": %llu, "
        "\"workers_reaped\": %llu, \"peak_running\": %u, \"peak_blocked\": %u, "
        "\"trials\": %llu, \"trials_lost_ns\": %llu",
        n(workers.enqueued), n(workers.chain_waits), n(workers.wakes), n(workers.workers_created),
        n(workers.workers_reaped), workers.peak_running, workers.peak_blocked,
        n(ring_->tuning().trials), n(static_cast<uint64_t>(ring_->tuning().lost.count())));
    if (wq_) {
        iowq::wq::pace now = wq_->paced();
        fprintf(to, ", \"cpus\": \"%s\", \"max_running\": %u", now.now.cpus.list().c_str(),
                now.max_running);
        print_nodes(to, *wq_);
    }
}

} // namespace engine
