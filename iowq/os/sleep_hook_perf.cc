// SPDX-License-Identifier: MIT
// perf's context-switch records. A dummy event for each worker's thread has the kernel write a
// record of 8 bytes into a ring at each switch, and no other records. The ring is mapped read-only,
// so the kernel overwrites the oldest: nothing is ever lost, and the newest record is the thread's
// state.
#include "iowq/os/lock.h"
#include "iowq/os/sleep_hook.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <linux/perf_event.h>
#include <new>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace iowq {

namespace {

// One thread's event: the page that says how far the ring has been written, and the ring, one page
// too.
class switch_records {
  public:
    // For the calling thread. 0, or -errno with the call that failed in `failed`.
    [[nodiscard]] int open(const char *&failed) {
        perf_event_attr attr{};
        attr.size = sizeof attr;
        attr.type = PERF_TYPE_SOFTWARE;
        attr.config = PERF_COUNT_SW_DUMMY;
        attr.context_switch = 1;
        attr.exclude_kernel = 1; // it counts nothing anyway; so unprivileged callers may open it
        attr.exclude_hv = 1;
        failed = "perf_event_open";
        long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
        if (fd < 0)
            return -errno;
        failed = "mmap of the perf event";
        void *at =
            mmap(nullptr, page() + ring_bytes(), PROT_READ, MAP_SHARED, static_cast<int>(fd), 0);
        int error = at == MAP_FAILED ? -errno : 0;
        close(static_cast<int>(fd)); // the event lives on with its mapping
        if (!error)
            at_ = static_cast<const char *>(at);
        return error;
    }
    void close_mapping() {
        munmap(const_cast<char *>(at_), page() + ring_bytes());
        at_ = nullptr;
    }
    [[nodiscard]] bool is_open() const { return at_; }

    // If the kernel writes a record meanwhile, the answer is as of a moment ago.
    [[nodiscard]] bool newest_is_sleep() const {
        auto *control = reinterpret_cast<const perf_event_mmap_page *>(at_);
        // Acquire: pairs with the kernel's barrier between the record and data_head.
        uint64_t written = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
        if (written == 0)
            return false; // no switch yet: the thread has run since it opened the event
        size_t newest = (written - sizeof(perf_event_header)) % ring_bytes();
        auto *record = reinterpret_cast<const perf_event_header *>(at_ + page() + newest);
        uint16_t misc = __atomic_load_n(&record->misc, __ATOMIC_RELAXED);
        return misc & PERF_RECORD_MISC_SWITCH_OUT && !(misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT);
    }

  private:
    static size_t page() {
        static const auto bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        return bytes;
    }
    static size_t ring_bytes() { return page(); }

    const char *at_ = nullptr;
};

class perf_hook final : public sleep_hook {
  public:
    int attach() override {
        switch_records mine;
        const char *failed;
        if (int error = mine.open(failed))
            return error;
        locked guard(lock_);
        for (size_t place = 0; place < threads_.size(); place++) {
            if (!threads_[place].is_open()) {
                threads_[place] = mine;
                return static_cast<int>(place);
            }
        }
        try {
            threads_.push_back(mine);
        } catch (const std::bad_alloc &) {
            mine.close_mapping();
            return -ENOMEM;
        }
        return static_cast<int>(threads_.size() - 1);
    }
    void detach(int place) override {
        locked guard(lock_);
        threads_[static_cast<size_t>(place)].close_mapping();
    }
    bool sleeps(int place) override {
        locked guard(lock_); // the worker may just be leaving
        const switch_records &its = threads_[static_cast<size_t>(place)];
        return its.is_open() && its.newest_is_sleep();
    }

  private:
    mutex lock_;
    std::vector<switch_records> threads_ IOWQ_GUARDED_BY(lock_); // by place; closed ones are free
};

std::string paranoia() {
    char text[16] = "";
    if (FILE *f = fopen("/proc/sys/kernel/perf_event_paranoid", "re")) {
        if (!fgets(text, sizeof text, f))
            text[0] = '\0';
        fclose(f);
    }
    text[strcspn(text, "\n")] = '\0';
    return text[0] ? text : "unknown";
}

} // namespace

int open_perf_hook(std::unique_ptr<sleep_hook> &out, std::string &why) {
    switch_records probe;
    const char *failed;
    if (int error = probe.open(failed)) {
        why = std::string("sleep hook perf: ") + failed + ": " + strerror(-error);
        if (error == -EPERM || error == -EACCES)
            why += " (kernel.perf_event_paranoid is " + paranoia() +
                   "; above 2 it takes CAP_PERFMON, and a container may forbid it)";
        return error == -EINVAL || error == -E2BIG ? -EOPNOTSUPP : error;
    }
    probe.close_mapping();
    out = std::make_unique<perf_hook>();
    return 0;
}

} // namespace iowq
