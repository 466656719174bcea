// SPDX-License-Identifier: MIT
#include "iowq/os/node_memory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <linux/mempolicy.h>
#include <new>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace iowq {

namespace {

// The kernel looks at one bit less than it is told that the mask has.
constexpr size_t most_nodes = 1024;
constexpr size_t word_bits = 8 * sizeof(unsigned long);
using node_mask = std::array<unsigned long, most_nodes / word_bits>;
constexpr unsigned long mask_bits = most_nodes + 1;

constexpr size_t batch = 512; // pages a call

// Of a stack that glibc keeps for the next thread, only the last PTHREAD_STACK_MIN bytes stay
// touched.
constexpr size_t left_of_others = 65536;

uintptr_t page_bytes() {
    static const auto bytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    return bytes;
}
uintptr_t page_of(uintptr_t address) { return address & ~(page_bytes() - 1); }
uintptr_t page_of(const void *address) { return page_of(reinterpret_cast<uintptr_t>(address)); }
size_t whole_pages(size_t bytes) { return page_of(bytes + page_bytes() - 1); }

node_mask only(int node) {
    auto bit = static_cast<size_t>(node);
    node_mask mask{};
    mask[bit / word_bits] = 1ul << bit % word_bits;
    return mask;
}

// Moves each page of a range to `node`; below 0 it only looks where the page is. Calls found with
// each page's status, its node or -errno.
template <class Found>
void each_page(uintptr_t from, uintptr_t end, int node, Found found) {
    std::array<void *, batch> pages;
    std::array<int, batch> wanted, status;
    wanted.fill(node);
    for (uintptr_t page = page_of(from); page < end;) {
        size_t n = 0;
        for (; n < batch && page < end; page += page_bytes())
            pages[n++] = reinterpret_cast<void *>(page);
        if (syscall(SYS_move_pages, 0, n, pages.data(), node < 0 ? nullptr : wanted.data(),
                    status.data(), node < 0 ? 0 : MPOL_MF_MOVE) < 0)
            return;
        for (size_t i = 0; i < n; i++)
            found(status[i]);
    }
}

int set_policy(void *from, size_t bytes, int mode, const node_mask &mask) {
    uintptr_t begin = page_of(from);
    size_t length = whole_pages(reinterpret_cast<uintptr_t>(from) + bytes - begin);
    return syscall(SYS_mbind, begin, length, mode, &mask, mask_bits, MPOL_MF_MOVE) ? -errno : 0;
}

void *map_pages(size_t bytes) {
    void *pages = mmap(nullptr, whole_pages(bytes), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? nullptr : pages;
}

} // namespace

void live_on_node(int node) {
    if (node < 0 || static_cast<size_t>(node) >= most_nodes)
        return;
    node_mask mask = only(node);
    if (syscall(SYS_set_mempolicy, MPOL_PREFERRED, &mask, mask_bits))
        return;
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes))
        return;
    void *stack;
    size_t bytes;
    if (pthread_attr_getstack(&attributes, &stack, &bytes) == 0) {
        // The pages have been touched by the thread's creator or by an earlier thread with this
        // stack.
        auto bottom = reinterpret_cast<uintptr_t>(stack);
        auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
        each_page(std::max(bottom, here - left_of_others), bottom + bytes, node, [](int) {});
    }
    pthread_attr_destroy(&attributes);
}

int move_to_node(int node, void *from, size_t bytes) {
    if (node < 0)
        return 0;
    if (static_cast<size_t>(node) >= most_nodes)
        return -EINVAL;
    return set_policy(from, bytes, MPOL_PREFERRED, only(node));
}

int hold_to_own_policy(void *from, size_t bytes) {
    int mode;
    node_mask mask{};
    if (syscall(SYS_get_mempolicy, &mode, &mask, mask_bits, nullptr, 0ul))
        return -errno;
    return set_policy(from, bytes, mode, mask);
}

void forget_node(void *from, size_t bytes) {
    auto end = reinterpret_cast<uintptr_t>(from) + bytes;
    uintptr_t first = page_of(from), first_whole = whole_pages(reinterpret_cast<uintptr_t>(from));
    syscall(SYS_mbind, first, whole_pages(end - first), MPOL_DEFAULT, nullptr, 0ul, 0);
    if (page_of(end) > first_whole)
        madvise(reinterpret_cast<void *>(first_whole), page_of(end) - first_whole, MADV_DONTNEED);
}

std::map<int, size_t> pages_by_node(const void *from, size_t bytes) {
    std::map<int, size_t> found;
    auto begin = reinterpret_cast<uintptr_t>(from);
    each_page(begin, begin + bytes, -1, [&](int status) {
        if (status >= 0)
            found[status]++;
    });
    return found;
}

void *node_pages::do_allocate(size_t bytes, size_t) {
    void *pages = map_pages(bytes);
    if (!pages)
        throw std::bad_alloc();
    (void)move_to_node(node_, pages, bytes);
    return pages;
}

void node_pages::do_deallocate(void *pages, size_t bytes, size_t) {
    munmap(pages, whole_pages(bytes));
}

void *own_pages::operator new(size_t bytes, const std::nothrow_t &) noexcept {
    return map_pages(bytes);
}
void *own_pages::operator new(size_t bytes) {
    void *pages = map_pages(bytes);
    if (!pages)
        throw std::bad_alloc();
    return pages;
}
void own_pages::operator delete(void *pages, size_t bytes) { munmap(pages, whole_pages(bytes)); }

} // namespace iowq
