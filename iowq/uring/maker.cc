// SPDX-License-Identifier: MIT
#include "iowq/uring/maker.h"

#include "iowq/os/thread.h"

namespace iowq::uring {

int maker::start() {
    locked hold(one_at_a_time_);
    if (started_)
        return 0;
    thread_handle thread;
    if (int error = start_thread(thread, cpu_mask::of_this_thread(), main, this))
        return error;
    started_ = true;
    return 0;
}

int maker::run(int (*make)(void *), void *arg) {
    locked hold(one_at_a_time_);
    make_ = make;
    arg_ = arg;
    wanted_.unpark();
    (void)done_.park();
    return result_;
}

void *maker::main(void *its) {
    auto &self = *static_cast<maker *>(its);
    detach_this_thread();
    name_this_thread("iowq-maker");
    for (;;) {
        (void)self.wanted_.park();
        self.result_ = self.make_(self.arg_);
        self.done_.unpark();
    }
}

} // namespace iowq::uring
