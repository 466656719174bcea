// SPDX-License-Identifier: MIT
// Memory on a NUMA node, named by its OS number; below 0 it is left to the kernel, as is all that
// fails: a node that is not there, or that this process may not use, is no error, but a preference
// that was not met.
#pragma once

#include "iowq/os/api.h"

#include <map>
#include <memory>
#include <memory_resource>

namespace iowq {

// The calling thread's memory is taken from there from now on, instead of where the policy that it
// inherited says, and the stack that it has used so far goes there.
void live_on_node(int node);

// Where pages are to be, those that have been touched already moved there. 0, or -errno of mbind.
[[nodiscard]] IOWQ_API int move_to_node(int node, void *from, size_t bytes);

// The calling thread's own policy for a range, whoever touches it first. The same errors.
[[nodiscard]] IOWQ_API int hold_to_own_policy(void *from, size_t bytes);

// Undoes either for memory whose contents nobody needs any more: without a preference, and without
// the whole pages that lie in it, so that whoever gets the memory next finds nothing of it.
IOWQ_API void forget_node(void *from, size_t bytes);

// How many pages of a range lie on each node, by OS number; those that were never touched on none.
[[nodiscard]] IOWQ_API std::map<int, size_t> pages_by_node(const void *from, size_t bytes);

// Whole pages of their own, on a node.
class node_pages final : public std::pmr::memory_resource {
  public:
    explicit node_pages(int node) : node_(node) {}

  private:
    void *do_allocate(size_t bytes, size_t alignment) override;
    void do_deallocate(void *pages, size_t bytes, size_t alignment) override;
    bool do_is_equal(const memory_resource &other) const noexcept override {
        return this == &other;
    }

    const int node_;
};

struct destroy {
    template <class T>
    void operator()(T *object) const {
        std::destroy_at(object);
    }
};
// On a node_arena, which must outlive it.
template <class T>
using on_node = std::unique_ptr<T, destroy>;

// Objects that share their node, and pages with nothing else. What was destroyed is not used again.
// Not thread-safe.
class node_arena {
  public:
    explicit node_arena(int node) : pages_(node) {}

    // Throws std::bad_alloc.
    template <class T, class... Arguments>
    [[nodiscard]] on_node<T> make(Arguments &&...arguments) {
        void *place = objects_.allocate(sizeof(T), alignof(T));
        return on_node<T>(new (place) T(std::forward<Arguments>(arguments)...));
    }

  private:
    node_pages pages_;
    std::pmr::monotonic_buffer_resource objects_{&pages_};
};

// What derives from it has pages to itself, so that they are taken from where the thread lives that
// makes it.
struct IOWQ_API own_pages {
    static void *operator new(size_t bytes);
    static void *operator new(size_t bytes, const std::nothrow_t &) noexcept;
    static void operator delete(void *pages, size_t bytes);
};

} // namespace iowq
