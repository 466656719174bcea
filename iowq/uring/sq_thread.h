// SPDX-License-Identifier: MIT
// The thread of IORING_SETUP_SQPOLL: submits what the program puts into the queue, without a call.
// When nothing has come for a while it sleeps, and IORING_SQ_NEED_WAKEUP says so.
#pragma once

#include "iowq/os/clock.h"
#include "iowq/os/park.h"
#include "iowq/os/thread.h"

#include <linux/io_uring.h>
#include <memory>
#include <thread>

namespace iowq::uring {

class instance;

class sq_thread {
  public:
    [[nodiscard]] static int create(instance &its, const io_uring_params &p,
                                    std::unique_ptr<sq_thread> &out);
    ~sq_thread(); // ends the thread
    // The program has said that there is something, or may.
    void wake() { parker_.unpark(); }

  private:
    sq_thread(instance &its, std::chrono::milliseconds idle) : its_(its), idle_(idle) {}
    void run();
    [[nodiscard]] bool nothing_to_do() const;

    instance &its_;
    const std::chrono::milliseconds idle_;
    atomic<bool> stop_{false};
    parker parker_;
    std::thread thread_;
};

} // namespace iowq::uring
