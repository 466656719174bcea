// SPDX-License-Identifier: MIT
// Random programs of SQEs, with links, drains, cancels and more completions than there is room for:
// on the kernel's io_uring and on ours. A model says which results each SQE may have, and which
// CQEs come before which; mostly it leaves one result.
#include "iowq/test/schedule.h"
#include "iowq/test/uring/program.h"

#include <algorithm>
#include <fcntl.h>
#include <poll.h>
#include <random>
#include <set>
#include <utility>

namespace {

constexpr unsigned size = 40; // bytes of the file

enum class kind { nop, bad_file, unknown, sync, read, wait, poll, cancel, limit };

struct planned {
    kind what;
    unsigned batch = 0;
    unsigned flags = 0;
    unsigned offset = 0, length = 1;
    unsigned target = 0; // of a cancel: an index, or one that is none
    // Of its chain.
    size_t first = 0, after = 0;
    bool drains = false, refused = false;
};

using results = std::set<int>;
constexpr int cancelled = -ECANCELED, interrupted = -EINTR;

class random_sqes {
  public:
    explicit random_sqes(uint64_t seed) : random_(seed) {
        bool small = below(2), links = below(2), drains = below(3) == 0, cancels = below(2);
        entries_ = small ? 16 : 64;
        for (unsigned batch = 0, batches = 1 + below(4); batch < batches; batch++) {
            const size_t end = sqes_.size() + 1 + below(entries_ - 2); // or one more
            while (sqes_.size() < end)
                add(batch, links, drains, cancels);
            sqes_.back().flags &= ~links_on;
        }
        find_chains();
    }

    // {index, result}, in their order.
    std::vector<std::pair<size_t, int>> run(const which_uring &on, int file) {
        int ends[2];
        EXPECT_EQ(pipe(ends), 0);
        std::vector<std::pair<size_t, int>> got;
        {
            static std::array<char, 256 * 64> memory;
            static const timespec late{1000, 0};
            program p(on, entries_, IORING_SETUP_SUBMIT_ALL, entries_);
            int added = 0;
            for (size_t i = 0; i < sqes_.size(); i++) {
                add_to(p, sqes_[i], file, ends[0], &memory[i * 64], late);
                added++;
                if (i + 1 == sqes_.size() || sqes_[i + 1].batch != sqes_[i].batch) {
                    EXPECT_EQ(p.submit(), std::exchange(added, 0));
                }
            }
            overflows_ = __atomic_load_n(p.sq_word(p.params().sq_off.flags), __ATOMIC_ACQUIRE) &
                         IORING_SQ_CQ_OVERFLOW;
            std::string bytes(waits() + 1, 'x'); // and one more, so that polls find it
            EXPECT_EQ(write(ends[1], bytes.data(), bytes.size()),
                      static_cast<ssize_t>(bytes.size()));
            while (got.size() < sqes_.size()) {
                int error = on.enter(p.fd, 0, 1, IORING_ENTER_GETEVENTS);
                EXPECT_TRUE(error == 0 || error == -EINTR) << strerror(-error);
                for (const io_uring_cqe &cqe : p.take())
                    got.emplace_back(cqe.user_data - 1, cqe.res);
            }
            EXPECT_EQ(got.size(), sqes_.size());
        }
        close(ends[0]);
        close(ends[1]);
        return got;
    }
    [[nodiscard]] bool overflowed() const { return overflows_; } // in the last run

    // Which results each may have.
    [[nodiscard]] std::vector<results> allowed(const which_uring &on) const {
        std::vector<results> all(sqes_.size());
        bool may_run = true, may_be_broken_off = false;
        for (size_t i = 0; i < sqes_.size(); i++) {
            const planned &its = sqes_[i];
            if (i == its.first) {
                may_run = true;
                may_be_broken_off = false;
            }
            if (its.refused) {
                all[i] = {its.what == kind::unknown ? -EINVAL : cancelled};
                continue;
            }
            if (may_run)
                all[i] = alone(i, on);
            if (may_be_broken_off)
                all[i].insert(cancelled);
            if (its.what == kind::limit || !may_run)
                continue;
            const results own = alone(i, on);
            may_run = !std::all_of(own.begin(), own.end(), [&](int r) { return breaks(its, r); });
            may_be_broken_off |=
                std::any_of(own.begin(), own.end(), [&](int r) { return breaks(its, r); });
        }
        return all;
    }
    // One that says 0 has cancelled what it was to.
    [[nodiscard]] bool is_vain(size_t cancel, const std::vector<int> &all) const {
        const planned &its = sqes_[cancel];
        return its.what == kind::cancel && all[cancel] == 0 && all[its.target] != cancelled;
    }
    // Must the CQE of one come before the other's?
    [[nodiscard]] bool promises(size_t one, size_t other) const {
        const planned &a = sqes_[one], &b = sqes_[other];
        if (a.what == kind::limit || b.what == kind::limit || a.refused || b.refused)
            return false;
        return one < other && (a.first == b.first || a.drains || b.drains);
    }

    [[nodiscard]] bool has(kind what) const {
        return std::any_of(sqes_.begin(), sqes_.end(), [&](auto &s) { return s.what == what; });
    }
    [[nodiscard]] bool links() const { return has_flag(links_on); }
    [[nodiscard]] bool drains() const { return has_flag(IOSQE_IO_DRAIN); }

  private:
    static constexpr unsigned links_on = IOSQE_IO_LINK | IOSQE_IO_HARDLINK, nobody = 9999;

    unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
    [[nodiscard]] bool has_flag(unsigned flag) const {
        return std::any_of(sqes_.begin(), sqes_.end(), [&](auto &s) { return s.flags & flag; });
    }
    [[nodiscard]] size_t waits() const {
        return static_cast<size_t>(std::count_if(sqes_.begin(), sqes_.end(),
                                                 [](auto &s) { return s.what == kind::wait; }));
    }

    void add(unsigned batch, bool links, bool drains, bool cancels) {
        constexpr kind quick[] = {kind::nop,  kind::nop,  kind::bad_file, kind::sync,
                                  kind::read, kind::read, kind::read};
        planned its{below(20) == 0             ? kind::unknown
                    : below(5) == 0            ? (below(3) ? kind::wait : kind::poll)
                    : cancels && below(4) == 0 ? kind::cancel
                                               : quick[below(std::size(quick))]};
        its.batch = batch;
        its.offset = below(size);
        its.length = 1 + below(size);
        if (its.what == kind::cancel)
            its.target = some_that_waits();
        if (below(4) == 0)
            its.flags |= IOSQE_ASYNC;
        if (links && below(3) == 0)
            its.flags |= below(4) ? IOSQE_IO_LINK : IOSQE_IO_HARDLINK;
        if (drains && below(8) == 0)
            its.flags |= IOSQE_IO_DRAIN;
        sqes_.push_back(its);
        if (its.what == kind::wait && its.flags & links_on && below(2)) {
            planned limit{kind::limit};
            limit.batch = batch;
            limit.flags = IOSQE_IO_LINK;
            sqes_.push_back(limit);
        }
    }
    unsigned some_that_waits() {
        std::vector<unsigned> those{nobody};
        for (unsigned i = 0; i < sqes_.size(); i++)
            if (sqes_[i].what == kind::wait || sqes_[i].what == kind::poll)
                those.push_back(i);
        return those[below(static_cast<unsigned>(those.size()))];
    }
    void find_chains() {
        for (size_t first = 0, after; first < sqes_.size(); first = after) {
            bool drains = false, refused = false;
            for (after = first; after == first || sqes_[after - 1].flags & links_on; after++) {
                drains |= (sqes_[after].flags & IOSQE_IO_DRAIN) != 0;
                refused |= sqes_[after].what == kind::unknown;
            }
            for (size_t i = first; i < after; i++) {
                sqes_[i].first = first;
                sqes_[i].after = after;
                sqes_[i].drains = drains;
                sqes_[i].refused = refused;
            }
        }
    }

    static void add_to(program &p, const planned &its, int file, int waits, char *memory,
                       const timespec &late) {
        io_uring_sqe *sqe = nullptr;
        switch (its.what) {
        case kind::nop:
            sqe = &p.add(IORING_OP_NOP);
            break;
        case kind::bad_file:
            sqe = &p.add(IORING_OP_READ, 12345, memory, 8);
            break;
        case kind::unknown:
            sqe = &p.add(200);
            break;
        case kind::sync:
            sqe = &p.add(IORING_OP_FSYNC, file);
            break;
        case kind::read:
            sqe = &p.add(IORING_OP_READ, file, memory, its.length, its.offset);
            break;
        case kind::wait:
            sqe = &p.add(IORING_OP_READ, waits, memory, 1);
            break;
        case kind::poll:
            sqe = &p.add(IORING_OP_POLL_ADD, waits);
            sqe->poll32_events = POLLIN;
            break;
        case kind::cancel:
            sqe = &p.add(IORING_OP_ASYNC_CANCEL, -1, reinterpret_cast<void *>(its.target + 1ul));
            break;
        case kind::limit:
            sqe = &p.add(IORING_OP_LINK_TIMEOUT, -1, &late, 1);
        }
        sqe->flags = static_cast<uint8_t>(its.flags);
    }

    // Does it end its chain with this result?
    static bool breaks(const planned &its, int result) {
        bool is_short = its.what == kind::read && result < static_cast<int>(its.length);
        return !(its.flags & IOSQE_IO_HARDLINK) && (result < 0 || is_short);
    }
    // Does this cancel find what it is to cancel, which waits and does nothing else?
    [[nodiscard]] bool certain(size_t cancel) const {
        const planned &its = sqes_[cancel];
        const planned &target = sqes_[its.target];
        bool drains = false, another = false;
        for (size_t i = 0; i < sqes_.size(); i++) {
            drains |= i <= its.after - 1 && sqes_[i].drains;
            another |=
                i != cancel && sqes_[i].what == kind::cancel && sqes_[i].target == its.target;
        }
        return target.after == target.first + 1 && target.batch < its.batch &&
               !(target.flags & IOSQE_ASYNC) && its.first == cancel && !its.refused &&
               !(its.flags & IOSQE_ASYNC) && !drains && !another;
    }
    // The results of one that nothing before it in its chain keeps from running. The kernel cancels
    // what is for a worker where, by a signal that comes meanwhile, it creates none; and a worker
    // goes on with the chain.
    [[nodiscard]] results alone(size_t index, const which_uring &on) const {
        results found = with_a_worker(index);
        for (size_t i = sqes_[index].first; i <= index; i++)
            if (on.kernel && (sqes_[i].flags & IOSQE_ASYNC || sqes_[i].what == kind::sync))
                found.insert(cancelled);
        return found;
    }
    [[nodiscard]] results with_a_worker(size_t index) const {
        const planned &its = sqes_[index];
        switch (its.what) {
        case kind::bad_file:
            return {-EBADF};
        case kind::read:
            return {static_cast<int>(std::min(its.length, size - its.offset))};
        case kind::limit: // what it limits ends before
            return {cancelled};
        case kind::cancel:
            if (its.target == nobody)
                return {-ENOENT};
            return certain(index) ? results{0} : results{0, -EALREADY, -ENOENT};
        case kind::wait:
        case kind::poll: {
            results its_own{its.what == kind::poll ? POLLIN : 1};
            for (size_t i = 0; i < sqes_.size(); i++)
                if (sqes_[i].what == kind::cancel && sqes_[i].target == index) {
                    if (certain(i))
                        return {cancelled};
                    its_own.insert({cancelled, interrupted});
                }
            return its_own;
        }
        default:
            return {0};
        }
    }

    std::mt19937_64 random_;
    unsigned entries_;
    std::vector<planned> sqes_;
    bool overflows_ = false;
};

class random_programs : public testing::TestWithParam<which_uring> {};
INSTANTIATE_TEST_SUITE_P(uring, random_programs, testing::Values(kernel, ours),
                         [](const auto &its) { return its.param.name; });

TEST_P(random_programs, have_the_results_and_the_order_that_are_promised) {
    if (!GetParam().is_there())
        GTEST_SKIP() << "the kernel's io_uring is not to be had";
    char name[] = "build/uring.XXXXXX";
    int file = mkstemp(name);
    EXPECT_EQ(write(file, std::string(size, 'x').data(), size), ssize_t{size});
    const unsigned all = stress_items(200);
    unsigned links = 0, drains = 0, cancels = 0, overflows = 0;
    for (unsigned round = 0; round < all; round++) {
        uint64_t seed = test_seed() + round;
        SCOPED_TRACE("IOWQ_SEED=" + std::to_string(seed));
        random_sqes sqes(seed);
        std::vector<results> allowed = sqes.allowed(GetParam());
        auto got = sqes.run(GetParam(), file);
        std::vector<int> by_index(got.size());
        for (auto [index, result] : got)
            by_index[index] = result;
        for (size_t i = 0; i < got.size(); i++) {
            auto [index, result] = got[i];
            ASSERT_TRUE(allowed[index].contains(result))
                << index << ": " << result << " not in " << testing::PrintToString(allowed[index]);
            ASSERT_FALSE(sqes.is_vain(index, by_index)) << index;
            for (size_t j = 0; j < i; j++)
                ASSERT_FALSE(sqes.promises(index, got[j].first))
                    << got[j].first << " came before " << index;
        }
        links += sqes.links();
        drains += sqes.drains();
        cancels += sqes.has(kind::cancel);
        overflows += sqes.overflowed();
    }
    for (unsigned each : {links, drains, cancels, overflows})
        EXPECT_GE(each * 20, all) << links << ", " << drains << ", " << cancels << ", "
                                  << overflows;
    close(file);
    unlink(name);
}

} // namespace
