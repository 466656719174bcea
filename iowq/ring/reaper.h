// SPDX-License-Identifier: MIT
// Where a ring's requests come back, and how its submitter waits for them. Owned by the ring; the
// submitter's thread only, except what says otherwise, and nr_threads().
//
// Requests come back from three sources: completions (pushed by the pool and the ring's own
// threads), Linux AIO, and reads that have been begun. reap() polls all of them, then helps (issues
// what others have not come to), then waits at one of them. Nothing else decides where to wait.
//
// Invariants:
//  1. A request in flight is at one place, `where`; it is counted there and nowhere else.
//  2. Only the submitter writes `where`. A worker or a thread that is done with a request pushes
//     it; the submitter moves it when it takes the completion.
//  3. At most `depth` requests are in flight: AIO and the submission ring have room for no more.
#pragma once

#include "iowq/os/assert.h"
#include "iowq/pool/wq.h"
#include "iowq/ring/begun_reads.h"
#include "iowq/ring/call_costs.h"
#include "iowq/ring/carrier_gain.h"
#include "iowq/ring/cq.h"
#include "iowq/ring/sqthread.h"

#include <array>
#include <memory>
#include <span>

namespace iowq {

class evidence;
class linux_aio;
class tuner;

class reaper {
  public:
    // `may_help`: the submitter may do the work of the workers, or of the submission thread, where
    // it would only wait; they are on its CPUs. `pool` may be nullptr.
    // `events`: the submitter waits elsewhere, and its event is told of completions.
    reaper(unsigned depth, std::chrono::nanoseconds spin, wq *pool, bool may_help, bool events,
           evidence &counted, tuner &tuned);
    ~reaper();

    // ---- any thread ----

    [[nodiscard]] cq &completions() { return completions_; }
    // What is at `to_aio` is sent by these (linux_aio.h).
    [[nodiscard]] request *send_carried(request &carrier, path how);
    [[nodiscard]] request *end_carrying();
    [[nodiscard]] int send_by_aio(request &r);

    // ---- what there is ----

    [[nodiscard]] int start_threads(const sqthread_config &config) {
        return sqthread::create(config, completions_, threads_);
    }
    [[nodiscard]] int open_aio();
    [[nodiscard]] int open_event();
    // -1: it has none.
    [[nodiscard]] int event_fd() const { return event_ ? event_->fd() : -1; }
    [[nodiscard]] wq *pool() { return pool_; }
    [[nodiscard]] bool aio() const { return aio_ != nullptr; }
    // How many threads the ring has of its own.
    [[nodiscard]] unsigned nr_threads() const { return threads_ ? threads_->threads() : 0; }
    [[nodiscard]] bool trying_begins() const { return begun_.trying_begins(); }
    // Are the workers on the submitter's CPUs, also now?
    [[nodiscard]] bool help_is_welcome() const { return !pool_ || pool_->welcomes_help(); }
    // Does a path mean to those that requests go to what it means to the calling thread?
    [[nodiscard]] bool paths_are_others_too() const {
        identity own = identity::of_this_thread();
        return threads_ ? threads_->looks_up_paths_as(own) : pool_->looks_up_paths_as(own);
    }
    // Does the submitter send O_DIRECT itself, as handing it over costs more calls than it saves?
    [[nodiscard]] bool sends_itself() const { return may_help_ && !carriers_.pays(); }

    // ---- a request's way in, and back ----

    [[nodiscard]] unsigned in_flight() const { return depth_ - room(); }
    [[nodiscard]] unsigned room() const { return at(place::nowhere); }
    void show(shown_figures &to) const {
        static_assert(place{} == place::nowhere); // which is the first
        to.add_several("in flight", shown_figure::level, &at_[1], nr_places - 1);
    }

    // Takes a read that has been begun.
    void add_begun(request &r);
    void to_aio(request &r);
    void to_threads(request &r);
    // False: it is refused, and its result is set.
    [[nodiscard]] bool to_pool(request &r);
    // Sends what has been queued and not sent yet.
    void commit();
    // A request is over.
    void count(const request &r);
    [[nodiscard]] const call_costs &costs() const { return costs_; }

    // Ends early for requests that have been posted.
    [[nodiscard]] unsigned reap(std::span<request *> out, unsigned min, deadline until);
    [[nodiscard]] bool ended_for_posted() const { return ended_for_posted_; }
    // Those that have been posted, oldest first, linked by `next`. They are not in flight.
    [[nodiscard]] request *take_posted() { return posted_.take_all(); }
    // False: it is not among them.
    [[nodiscard]] bool take_back_posted(const request &r) {
        collect();
        return posted_.remove(r);
    }

    // The submitter is back from where it waits for its event;
    void hear();
    // it goes there. `more`: there is something to reap of which the reaper does not know.
    void tell(bool more);
    // There may be something to reap that has not been pushed.
    void tell_if_ready(bool more);

    // True: nobody had come to the request, and it is not in flight any more. False: it comes back;
    // a thread in its system call has been interrupted.
    [[nodiscard]] bool cancel(request &r);

  private:
    static constexpr size_t nr_places = static_cast<size_t>(place::away) + 1;
    static constexpr size_t index(place where) { return static_cast<size_t>(where); }
    [[nodiscard]] unsigned at(place where) const { return at_[index(where)]; }
    // The one place that counts.
    void move(request &r, place to) {
        iowq_assert(at(r.where) > 0);
        at_[index(r.where)]--;
        at_[index(to)]++;
        r.where = to;
    }
    // How many are with AIO, and with those that complete by pushing.
    [[nodiscard]] unsigned in_aio() const { return at(place::aio) + at(place::to_aio); }
    [[nodiscard]] unsigned elsewhere() const {
        return at(place::copied) + at(place::tried) + at(place::away);
    }
    // Would reap() hand out something that has not been pushed, or look at something?
    [[nodiscard]] bool is_ready() const;
    // May completions be pushed? Not of what AIO has, which others may have sent.
    [[nodiscard]] bool pushes_expected() const;

    void collect();
    void comes_back(request &r);
    void hand_out(request &r);
    [[nodiscard]] unsigned hand_out_waited(std::span<request *> reads);

    [[nodiscard]] unsigned wait_and_hand_out(std::span<request *> out, unsigned min,
                                             deadline until);
    [[nodiscard]] unsigned poll(std::span<request *> out);
    [[nodiscard]] unsigned poll_completions(std::span<request *> out);
    [[nodiscard]] unsigned keep_done(std::span<request *> from_aio);
    [[nodiscard]] bool goes_on(request &r);

    [[nodiscard]] bool queue_to_pool(request &r);
    void to_pool_again(request *those);

    [[nodiscard]] bool help(deadline until);
    [[nodiscard]] bool help_threads();

    [[nodiscard]] bool may_wait_in_begun(deadline until) const;
    void leave_begun();
    [[nodiscard]] unsigned wait_in_begun(std::span<request *> out);
    [[nodiscard]] unsigned wait_in_aio(std::span<request *> out, unsigned min, deadline until,
                                       bool &interrupted);
    [[nodiscard]] cq::waited gather(unsigned count, deadline until);
    [[nodiscard]] bool wait_for_completions(unsigned count, deadline until);
    void look_at_cpus();

    [[nodiscard]] bool take_off(request &r);
    [[nodiscard]] bool take_off_unsent(request &r);

    // immutable after construction
    const unsigned depth_;
    wq *const pool_;
    const bool may_help_;
    evidence &counted_;
    tuner &tuned_;

    std::shared_ptr<event> event_;
    cq completions_;
    begun_reads begun_;
    std::unique_ptr<linux_aio> aio_;
    std::unique_ptr<sqthread> threads_; // after completions_, to which they push: destroyed before

    std::array<unsigned, nr_places> at_{};
    linked_list<request> ready_;
    linked_list<request> posted_;
    bool ended_for_posted_ = false;
    bool worker_starts_ = false; // a worker has been woken since the last wait
    carrier_gain carriers_;
    bool slept_ = false; // in this reap
    unsigned waits_ = 0;
    clock::time_point next_look_at_cpus_ = clock::now() + cpus_looked_at_every;
    // Do several completions come in the moment in which the reaper waits for them?
    learner gathering_pays_{learner::rule{8, 8, 1, 64}};
    // Are the reads that the submission thread has in the page cache?
    learner help_pays_{learner::rule{1, 1, 1, 1000}};
    call_costs costs_;
};

} // namespace iowq
