// SPDX-License-Identifier: MIT
#include "iowq/pool/thread_config.h"

#include <cerrno>
#include <cstring>

namespace iowq {

namespace {

struct trial {
    const thread_priorities &wanted;
    int error = 0;
};

// A thread that ends at once. The calling thread's own priorities could not always be had back.
int try_thread(const thread_config &wanted, const cpu_mask &cpus) {
    trial t{wanted.priorities};
    auto main = [](void *arg) -> void * {
        auto &its = *static_cast<trial *>(arg);
        its.error = set_priorities(its.wanted);
        return nullptr;
    };
    thread_handle thread;
    auto make = [&] {
        return start_thread(thread, cpus, main, &t, 0, if_cpus_are_gone::use_others, wanted.stack);
    };
    if (int error = create_by(wanted, make))
        return error;
    join(thread);
    return t.error;
}

} // namespace

int can_have(const thread_config &wanted, const cpu_mask &cpus, std::string &why) {
    if (wanted.name.empty() || wanted.name.size() > thread_config::longest_name) {
        why = "a name of threads has 1 to " + std::to_string(thread_config::longest_name) +
              " bytes, not " + std::to_string(wanted.name.size());
        return -EINVAL;
    }
    const std::optional<int> &nice = wanted.priorities.nice, &ioprio = wanted.priorities.ioprio;
    if (nice && (*nice < -20 || *nice > 19)) {
        why = "a thread's nice value is -20 to 19, not " + std::to_string(*nice);
        return -EINVAL;
    }
    if (wanted.lend || (!wanted.stack && !nice && !ioprio))
        return 0;
    int error = try_thread(wanted, cpus);
    if (error) {
        why = "a thread with";
        if (wanted.stack)
            why += " a stack of " + std::to_string(wanted.stack) + " bytes";
        if (nice)
            why += " nice " + std::to_string(*nice);
        if (ioprio)
            why += " ioprio " + std::to_string(*ioprio);
        why += std::string(" is not to be had: ") + strerror(-error);
    }
    return error;
}

} // namespace iowq
