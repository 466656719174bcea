// SPDX-License-Identifier: MIT
// Put into a program: memory for this library, which is not the program's malloc's. A call may be
// made in a signal's handler that has interrupted that, and then its locks are held. While a lock
// is held here, all signals are blocked, or calls from their handlers are refused (inside.h). So
// nothing of this library uses `new` outside of io_uring's calls and of its own threads.
//
// Memory comes in powers of two, each of which has a list of what is free. Little is asked for, and
// most of it again and again, so none goes back to the kernel but large pieces.
#include "iowq/os/lock.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <pthread.h>
#include <sys/mman.h>
#include <utility>

namespace iowq::uring {

namespace {

// Stands before each piece that is given out.
struct alignas(std::max_align_t) piece {
    size_t size; // with this, a power of two, or what was mapped
    void *begin; // of the piece: before this where it is aligned more than usual
};
struct free_piece {
    free_piece *next;
};

constexpr size_t smallest = 64, chunk = 256 << 10; // what is larger is mapped alone

class memory {
  public:
    // nullptr: there is none.
    void *take(size_t size) IOWQ_EXCLUDES(lock_) {
        locked hold(lock_);
        free_piece *&first = free_[index(size)];
        if (free_piece *found = first) {
            first = found->next;
            return found;
        }
        if (static_cast<size_t>(end_ - next_) < size) {
            void *more = map(chunk);
            if (!more)
                return nullptr;
            next_ = static_cast<char *>(more);
            end_ = next_ + chunk;
        }
        return std::exchange(next_, next_ + size);
    }
    void give_back(void *at, size_t size) IOWQ_EXCLUDES(lock_) {
        locked hold(lock_);
        free_piece *&first = free_[index(size)];
        first = new (at) free_piece{first};
    }
    static void *map(size_t bytes) {
        void *got =
            mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return got == MAP_FAILED ? nullptr : got;
    }

  private:
    static unsigned index(size_t size) { return static_cast<unsigned>(std::countr_zero(size)); }

    mutex lock_;
    std::array<free_piece *, std::countr_zero(chunk) + 1> free_ IOWQ_GUARDED_BY(lock_){};
    char *next_ IOWQ_GUARDED_BY(lock_) = nullptr, *end_ IOWQ_GUARDED_BY(lock_) = nullptr;
};

constinit memory its_own;

// Another thread of the parent may have been changing it.
__attribute__((constructor)) void begin_anew_in_children() {
    pthread_atfork(nullptr, nullptr, [] { std::construct_at(&its_own); });
}

void *allocate(size_t bytes, size_t alignment) {
    size_t more = sizeof(piece) + (alignment > alignof(piece) ? alignment : 0);
    if (bytes > PTRDIFF_MAX - more)
        return nullptr;
    size_t size = std::max(bytes + more, smallest);
    bool alone = size > chunk;
    size = alone ? size : std::bit_ceil(size);
    void *begin = alone ? memory::map(size) : its_own.take(size);
    if (!begin)
        return nullptr;
    auto at = reinterpret_cast<uintptr_t>(begin) + sizeof(piece);
    at = (at + alignment - 1) & ~(alignment - 1);
    new (reinterpret_cast<piece *>(at) - 1) piece{size, begin};
    return reinterpret_cast<void *>(at);
}

void release(void *at) {
    if (!at)
        return;
    auto [size, begin] = static_cast<piece *>(at)[-1];
    if (size > chunk)
        munmap(begin, size);
    else
        its_own.give_back(begin, size);
}

void *allocate_or_throw(size_t bytes, size_t alignment) {
    void *got = allocate(bytes, alignment);
    return got ? got : throw std::bad_alloc();
}

} // namespace

} // namespace iowq::uring

using namespace iowq::uring;

// The arrays' forms call these.
void *operator new(size_t bytes) { return allocate_or_throw(bytes, alignof(piece)); }
void *operator new(size_t bytes, std::align_val_t alignment) {
    return allocate_or_throw(bytes, static_cast<size_t>(alignment));
}
void *operator new(size_t bytes, const std::nothrow_t &) noexcept {
    return allocate(bytes, alignof(piece));
}
void *operator new[](size_t bytes, const std::nothrow_t &) noexcept {
    return allocate(bytes, alignof(piece));
}
void operator delete(void *at) noexcept { release(at); }
void operator delete(void *at, size_t) noexcept { release(at); }
void operator delete(void *at, std::align_val_t) noexcept { release(at); }
void operator delete(void *at, size_t, std::align_val_t) noexcept { release(at); }
