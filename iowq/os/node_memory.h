// SPDX-License-Identifier: MIT
// Memory on a NUMA node, named by its OS number (topology.h). Below 0 the place is left to the
// kernel. A node is a preference: where it is not there, or this process may not use it, the memory
// is wherever the kernel puts it.
#pragma once

#include "iowq/os/api.h"

#include <map>
#include <memory>
#include <memory_resource>

namespace iowq {

// From now on the calling thread's memory is taken from the node, whatever policy it has inherited.
// The stack that it has used so far is moved there.
void live_on_node(int node);

// Puts a range's pages on the node; those that have been touched already are moved. 0, or -errno of
// mbind.
[[nodiscard]] IOWQ_API int move_to_node(int node, void *from, size_t bytes);

// Gives a range the calling thread's own policy, whoever touches the pages first. 0, or -errno of
// get_mempolicy or mbind.
[[nodiscard]] IOWQ_API int hold_to_own_policy(void *from, size_t bytes);

// Undoes move_to_node and hold_to_own_policy, for memory whose contents nobody needs any more: the
// range has the default policy again, and the whole pages in it are dropped. So whoever gets the
// memory next takes pages by their own policy.
IOWQ_API void forget_node(void *from, size_t bytes);

// How many pages of a range lie on each node, by OS number. Pages never touched are not counted.
[[nodiscard]] IOWQ_API std::map<int, size_t> pages_by_node(const void *from, size_t bytes);

// Memory in whole pages, on a node.
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
// An object of a node_arena, which must outlive it.
template <class T>
using on_node = std::unique_ptr<T, destroy>;

// Objects on one node, whose pages hold nothing else. The memory of a destroyed object is not used
// again. Not thread-safe.
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

// A base of objects that have whole pages to themselves. So the pages are on the node of the thread
// that makes the object.
struct IOWQ_API own_pages {
    static void *operator new(size_t bytes);
    static void *operator new(size_t bytes, const std::nothrow_t &) noexcept;
    static void operator delete(void *pages, size_t bytes);
};

} // namespace iowq
