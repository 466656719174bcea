// SPDX-License-Identifier: MIT
#include "iowq/explore/heap.h"

#include "iowq/explore/program.h"

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace explore {

char *map_memory(size_t bytes) {
    static char *next = reinterpret_cast<char *>(0x100000000000);
    // Not mmap, which is the program's (linux.cc).
    void *at = mmap64(std::exchange(next, next + bytes), bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED)
        abort();
    return static_cast<char *>(at);
}

void heap::begin() {
    used_ = {};
    blocks_.clear();
}

void *heap::allocate(thread_id by, size_t bytes, size_t alignment, bool zeroed, uintptr_t pc) {
    size_t from = (used_[by] + alignment - 1) / alignment * alignment;
    size_t rounded = (bytes + 15) / 16 * 16;
    if (from + rounded > part)
        return nullptr;
    used_[by] = from + rounded + 16; // and never the same eight bytes as the next one's
    char *at = memory_ + by * part + from;
    memset(at, zeroed ? 0 : 0xa5, rounded); // anything but what happened to be there before
    blocks_[reinterpret_cast<uintptr_t>(at)] = {rounded, pc, false};
    return at;
}

bool heap::has(const void *at) const { return at >= memory_ && at < memory_ + all; }

const char *heap::free(const void *at, size_t &bytes) {
    auto found = blocks_.find(reinterpret_cast<uintptr_t>(at));
    if (found == blocks_.end())
        return "something is freed that was not allocated";
    if (std::exchange(found->second.freed, true))
        return "memory is freed twice";
    bytes = found->second.bytes;
    return nullptr;
}

std::string heap::left_behind() const {
    for (const auto &[at, b] : blocks_)
        if (!b.freed)
            return std::to_string(b.bytes) + " bytes were left behind, allocated at " +
                   in_program(b.pc);
    return {};
}

} // namespace explore
