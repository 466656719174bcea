// SPDX-License-Identifier: MIT
// Requests that wait for others before they are issued: those behind a link or a barrier, the time
// limits of requests, and those for which the ring has no room. Owned by its ring, and stands
// before the rest of it; the submitter's thread only. A ring that has none of these pays a few
// comparisons a request.
//
// A *unit* is a request, or the head of those that are linked. Units are issued in the order of
// their submission, as far as barriers let them. What is behind a head is issued when the request
// before it is over.
//
// Invariants:
//  1. A request that is held is at one place: it is behind another one, or the limit of one that is
//     held, or in `open_`, `waiting_` or `done_`.
//  2. While a barrier is in flight nothing else is, but for what is linked behind it.
//
// Source: IOSQE_IO_LINK, IOSQE_IO_HARDLINK, IOSQE_IO_DRAIN, IORING_OP_LINK_TIMEOUT.
#pragma once

#include "iowq/ring/linked_list.h"
#include "iowq/ring/reaper.h"

namespace iowq {

class ordering {
  public:
    // Issues a request in `ring`, as ring::submit. True: it is completed.
    using issue_fn = bool (*)(void *ring, request &r);
    ordering(void *ring, issue_fn issue, reaper &issued)
        : ring_(ring), issue_(issue), issued_(issued) {}

    // Must requests be submitted and reaped here?
    [[nodiscard]] bool active() const { return held_ + watched_ > 0; }
    [[nodiscard]] static bool concerns(const request &r) {
        return r.link != linked::none || r.drains || r.limits;
    }
    // How many it holds: not issued yet, or over and not handed out.
    [[nodiscard]] unsigned held() const { return held_; }
    void show(shown_figures &to) const { to.add("in flight", shown_figure::level, held_); }

    // True: it is completed, as it needs not wait; or it is refused, and its result says so.
    [[nodiscard]] bool submit(request &r);
    // One that is completed is to be handed out by reap all the same.
    void keep(request &r) { is_over(r, r.result); }
    // Has it something to hand out?
    [[nodiscard]] bool any_over() const { return !done_.empty(); }
    // What has been submitted last is linked to nothing that comes.
    void close();
    // As ring::reap and ring::cancel.
    [[nodiscard]] unsigned reap(std::span<request *> out, unsigned min, deadline until);
    [[nodiscard]] bool cancel(request &r);

  private:
    [[nodiscard]] bool may_go(const request &head) const {
        return !barrier_ && (!head.drains || issued_.in_flight() == 0) && has_room(head);
    }
    [[nodiscard]] bool has_room(const request &r) const {
        return issued_.room() >= (r.limit ? 2 : 1);
    }
    void add_to_open(request &r);
    void go(request *r);
    void limit(request &r);
    [[nodiscard]] request *next_behind(request &r);
    void time_is_up(request &limit);
    void is_over(request &r, int64_t result);
    void cancel_all(request *linked);
    void cancel_held_limit(request &r);
    void release();
    [[nodiscard]] bool take_out(request &r);
    [[nodiscard]] unsigned hand_out(std::span<request *> out);

    void *const ring_;
    const issue_fn issue_;
    reaper &issued_;

    request *open_ = nullptr;      // the head of those that are being linked,
    request *newest_ = nullptr;    // and the last behind it
    linked_list<request> waiting_; // heads that a barrier keeps
    linked_list<request> done_;    // to be handed out
    unsigned held_ = 0;
    unsigned watched_ = 0; // in flight, and something is to be done at their end
    bool barrier_ = false; // one is in flight
};

} // namespace iowq
