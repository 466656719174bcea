// SPDX-License-Identifier: MIT
#include "side.h"

#include "iowq/ring/ring.h"

#include <cerrno>
#include <system_error>

namespace iowq::bench {

void require(int error, const char *what) {
    if (error < 0)
        throw std::system_error(-error, std::generic_category(), what);
}

void perform(item &i) {
    switch (i.what) {
    case deed::nop:
    case deed::mixed: // only a case is mixed; each of its items is a nop or a sleep
        return;
    case deed::sleep: {
        timespec length{0, 100'000};
        blocking annotation(i.kind);
        clock_nanosleep(CLOCK_MONOTONIC, 0, &length, nullptr);
        return;
    }
    case deed::read: {
        ssize_t n =
            pread(i.req.target->fd, i.req.buffer, i.req.length, static_cast<off_t>(i.req.offset));
        i.req.result = n < 0 ? -errno : n;
        return;
    }
    case deed::meet: {
        blocking annotation(i.kind);
        i.place->inside.count_down();
        i.place->leave.wait();
        return;
    }
    }
}

std::chrono::microseconds reaper_spin(const point &p) {
    bool alone = cpu_mask::of_this_thread().count() == 1;
    return p.of->spins && !alone ? ring_config{}.spin : std::chrono::microseconds{};
}

cq_side::cq_side(const point &p) : cq_(reaper_spin(p)) {}

request *cq_side::reap() {
    for (;;) {
        if (request *done = cq_.take())
            return done;
        if (!help())
            (void)cq_.wait(1, {}, std::exchange(worker_starts_, false));
    }
}

std::unique_ptr<side> make_side(const point &p) {
    switch (p.side) {
    case side_id::iowq:
        return make_iowq_side(p);
    case side_id::kernel:
        return make_kernel_side(p);
    case side_id::tbb:
        return make_tbb_side(p);
    case side_id::asio:
        return make_asio_side(p);
    case side_id::uv:
        return make_uv_side(p);
    case side_id::moodycamel:
        return make_moodycamel_side(p);
    case side_id::glib:
        return make_glib_side(p);
    case side_id::mutex:
        return make_mutex_side(p);
    }
    __builtin_unreachable();
}

} // namespace iowq::bench
