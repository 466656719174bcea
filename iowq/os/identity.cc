// SPDX-License-Identifier: MIT
#include "iowq/os/identity.h"

#include <linux/kcmp.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq {

namespace {

// These calls are the thread's own, and with this argument change nothing.
constexpr auto nobody = static_cast<uid_t>(-1);

// Where the kernel cannot tell: no.
bool has_own_folder() { return syscall(SYS_kcmp, gettid(), getpid(), KCMP_FS, 0, 0) > 0; }

} // namespace

identity identity::of_this_thread() {
    return {static_cast<uid_t>(setfsuid(nobody)), static_cast<gid_t>(setfsgid(nobody)),
            has_own_folder()};
}

bool identity::take() const {
    identity now = of_this_thread();
    if (now.user != user)
        setfsuid(user);
    if (now.group != group)
        setfsgid(group);
    return now == *this || of_this_thread() == *this;
}

} // namespace iowq
