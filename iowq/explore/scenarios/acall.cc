// SPDX-License-Identifier: MIT
// acall's hand-overs: a completion against those who wait for it.
#include "iowq/acall/acall.h"
#include "iowq/explore/scenarios/scenario.h"

#include <sys/syscall.h>

using namespace scenarios;

namespace {

struct one_call {
    acall_completion completion{};
    acall_id id{};
    acall_submission what{};

    explicit one_call(uint32_t flags) {
        what.nr = SYS_getppid;
        what.flags = flags;
        what.cookie = 7;
        what.completion_pointer = reinterpret_cast<uintptr_t>(&completion);
        what.id_pointer = reinterpret_cast<uintptr_t>(&id);
    }
    void submit() {
        acall_submission *all[] = {&what};
        EXPECT(acall_submit(all, 1) == 1);
    }
    void wait() {
        acall_id *ids[] = {&id};
        EXPECT(acall_comp_pwait(ids, 1, nullptr, nullptr, 0) == 1);
        EXPECT(completion.cookie == 7);
    }
};

void end_acall() {
    while (acall_end() == -EBUSY)
        explore::yield();
}

} // namespace

SCENARIO(acall_completion_against_wait) {
    explore::may_leave_memory();
    auto a = std::make_unique<one_call>(0);
    a->submit();
    a->wait();
    EXPECT(static_cast<int64_t>(a->completion.return_code) > 0);
    end_acall();
}

SCENARIO(acall_two_who_wait) {
    explore::may_leave_memory();
    auto a = std::make_unique<one_call>(ACALL_SUBMIT_THREAD_POOL);
    a->submit();
    std::thread other([&] { a->wait(); });
    a->wait();
    other.join();
    end_acall();
}

SCENARIO(acall_cancel_against_end) {
    explore::may_leave_memory();
    auto a = std::make_unique<one_call>(explore::choose(2));
    a->submit();
    long result = acall_cancel(&a->id);
    EXPECT(result == 0 || result == -ESRCH);
    a->wait();
    end_acall();
}
