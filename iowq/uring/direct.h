// SPDX-License-Identifier: MIT
// Reads and writes with O_DIRECT that the device does, without a worker: by Linux AIO. One of an
// instance's, made for its first such operation. Any thread may call it, but for what says else.
//
// They are sent with RWF_NOWAIT, so that who sends them is not kept waiting. One that would have
// waited comes back at once, before its descriptor may mean another file. Where it may come back
// later its file is held.
//
// Who takes what the device has done:
// - whoever enters, or submits: that takes no system call;
// - a thread that waits for completions: it sleeps until the device has done something;
// - the timers' thread, as a program may look at its completions without a call. If programs wait
//   by calls, it only looks now and then (lazily). Else the device wakes it each time (eagerly).
//
// Invariants:
// 1. No more operations are in flight than the kernel has promised room for.
// 2. While one is in flight, the device will wake the timers' thread, or that looks now and then.
// 3. What has come back is taken under taking_, and its file is held before that is released. So
//    once whoever has sent it has taken what there is, the program may close the descriptor.
//
// Lock order: an instance's submitting_ and registering_ before taking_, and that before none.
#pragma once

#include "iowq/os/aio.h"
#include "iowq/os/lock.h"
#include "iowq/uring/op.h"
#include "iowq/uring/timers.h"

#include <array>
#include <csignal>
#include <memory>
#include <span>

namespace iowq::uring {

class direct_io {
  public:
    // `its`: whose operations they are. 0 or -errno, where there is no AIO for it.
    [[nodiscard]] static int create(instance &its, unsigned depth, timers &with,
                                    std::unique_ptr<direct_io> &out);
    // Nothing is in flight.
    ~direct_io();
    direct_io(const direct_io &) = delete;
    direct_io &operator=(const direct_io &) = delete;

    // ---- sending. `eagerly`: the device is to wake the timers' thread

    static constexpr unsigned most_at_once = 32;
    // Makes room for one more. False: there is none.
    [[nodiscard]] bool reserve();
    // Whoever submits: adds one to those that send_batch sends; it has room for so many.
    void add(op &o);
    [[nodiscard]] bool is_full() const { return nr_batch_ == most_at_once; }
    // Those that the kernel does not take are put into `refused`. How many.
    [[nodiscard]] unsigned send_batch(bool eagerly, std::span<op *> refused);
    // Any thread. False: the kernel does not take it.
    [[nodiscard]] bool send(op &o, bool eagerly);

    // ---- taking

    [[nodiscard]] bool any() const { return aio_ring::of(context_).any(); }
    // Operations that have ended, with their results, or that a worker is to go on with
    // (op::goes_on): the files of these are held.
    [[nodiscard]] unsigned take(std::span<op *> out);

    // ---- sleeping

    [[nodiscard]] bool in_flight() const { return in_flight_.load(relaxed); }
    // One thread at a time may sleep here, or has jumped out of it. False: another one does.
    [[nodiscard]] bool begin_to_sleep();
    // Until there is something to take, somebody calls wake, or the time has passed. False: a
    // handler of a signal has run.
    [[nodiscard]] bool sleep(deadline until, const sigset_t *mask);
    void end_sleep();
    // To be called after anything that whoever sleeps waits for.
    void wake();

    // ---- the timers' thread

    // Is the device to wake it, as nobody else comes?
    [[nodiscard]] bool eager() const;

  private:
    struct look : timer {
        direct_io *whose = nullptr;
    };

    direct_io(instance &its, timers &with) : its_(its), timers_(with) {}
    [[nodiscard]] int open(unsigned depth);
    template <class Refuse>
    void submit(std::span<iocb *> batch, bool eagerly, Refuse refuse);
    [[nodiscard]] bool submit_wake();
    void look_now_and_then();
    static void told(void *whose, uint32_t events);
    static void time_to_look(timer &t);

    instance &its_;
    timers &timers_;
    aio_context_t context_ = 0;
    unsigned depth_ = 0;
    int event_ = -1; // the device raises it of those that were sent eagerly
    polled device_;  // waits for it
    bool can_sleep_ = false;

    // Of who submits.
    std::array<iocb, most_at_once> iocbs_;
    std::array<iocb *, most_at_once> batch_;
    unsigned nr_batch_ = 0;

    atomic<unsigned> in_flight_{0}; // and those for which room was made
    atomic<unsigned> calls_{0};     // of io_submit: publishes the operations to who takes them
    mutex taking_;                  // the ring's head
    atomic<unsigned> takes_{0};

    atomic<uintptr_t> sleeper_{0}; // a thread; 0: none
    atomic<bool> waking_{false};   // an event that wakes it is on its way, or there

    look look_;
    atomic<bool> looking_{false}; // that is armed, or passes
    unsigned takes_seen_ = 0;     // of the timers' thread, when it looked last
    // More each time that nobody has come, less with each sleep.
    atomic<unsigned> neglected_{0};
};

} // namespace iowq::uring
