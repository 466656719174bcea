// SPDX-License-Identifier: MIT
// What the tests of the pool share: items of several kinds, and pools to run them on.
#pragma once

#include "iowq/pool/monitor.h"
#include "iowq/pool/wq.h"
#include "iowq/test/schedule.h"

#include <cstring>
#include <deque>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <latch>
#include <map>
#include <semaphore>
#include <sys/socket.h>
#include <thread>

inline std::unique_ptr<iowq::wq> make(const iowq::wq_config &config = {}) {
    std::unique_ptr<iowq::wq> pool;
    EXPECT_EQ(iowq::wq::create(config, pool), 0);
    return pool;
}

inline iowq::wq_config limited(unsigned workers) {
    iowq::wq_config config;
    config.max_bound = workers;
    config.max_unbound = workers;
    return config;
}

// An item that runs a function object, and counts.
struct item : iowq::work {
    std::function<void(item &)> body;
    bool body_on_cancel = false;
    std::atomic<int> calls{0};
    std::atomic<bool> cancelled{false};
    std::binary_semaphore done{0};

    explicit item(std::function<void(item &)> b = {}) : body(std::move(b)) { func = call; }

    static void call(iowq::work **w) {
        auto &self = *static_cast<item *>(*w);
        self.calls++;
        self.cancelled = self.flags & iowq::work_cancel;
        if (self.body && (!self.cancelled || self.body_on_cancel))
            self.body(self);
        self.done.release(); // last: whoever waits may free the item
    }

    void run_on(iowq::wq &pool) {
        ASSERT_EQ(pool.enqueue(this), 0);
        done.acquire();
    }
};

// Holds the worker that runs it until told to go on.
struct holder : item {
    std::binary_semaphore in{0}, go{0};
    bool told = false; // that it has been cancelled

    explicit holder(uint32_t f = 0) {
        flags = f;
        body = [this](item &) {
            in.release();
            wait();
        };
    }
    void wait() {
        go.acquire();
        told = iowq::cancel_requested();
    }
    // Returns once it runs.
    void start_on(iowq::wq &pool) {
        ASSERT_EQ(pool.enqueue(this), 0);
        in.acquire();
    }
    void end() {
        go.release();
        done.acquire();
    }
};

// A holder whose worker counts as asleep.
struct sleeper : holder {
    explicit sleeper(uint32_t f = 0) : holder(f) {
        body = [this](item &) {
            iowq::blocking section(iowq::blocking::will);
            in.release();
            wait();
        };
    }
};

// Items that sleep until they are let go, as many at a time as the limit allows.
struct sleepers {
    std::deque<item> items;
    std::counting_semaphore<64> go{0};
    std::atomic<int> inside{0}, most{0};

    sleepers(iowq::wq &pool, int n, uint32_t flags = 0) {
        for (int i = 0; i < n; i++) {
            item &it = items.emplace_back([this](item &) {
                iowq::blocking section(iowq::blocking::will);
                int now = ++inside;
                for (int m = most; m < now && !most.compare_exchange_weak(m, now);) {
                }
                go.acquire();
                inside--;
            });
            it.flags = flags;
            EXPECT_EQ(pool.enqueue(&it), 0);
        }
    }
    void wait_inside(int n) {
        while (most < n)
            std::this_thread::yield();
    }
    void end() {
        go.release(static_cast<ptrdiff_t>(items.size()));
        for (item &it : items)
            it.done.acquire();
    }
};

// Has the pool run n items that wait for each other, so that there are n workers then.
inline void grow(iowq::wq &pool, int n, uint32_t flags = 0) {
    sleepers all(pool, n, flags);
    all.wait_inside(n);
    all.end();
}

inline void until_all_park(iowq::wq &pool) {
    while (pool.counters().nr_running > 0)
        std::this_thread::yield();
}

// Leaves another item to be run next.
struct linking : item {
    work *after = nullptr;
    linking() {
        func = [](work **w) {
            auto &self = *static_cast<linking *>(*w);
            *w = self.after;
            self.calls++;
            self.done.release();
        };
    }
};

// Workers without threads: the test does what they would do.
struct by_hand {
    std::unique_ptr<iowq::wq> pool = make();
    std::deque<iowq::worker> workers;
    iowq::worker &add(iowq::acct &home) {
        iowq::worker &w = workers.emplace_back(*pool, home, std::chrono::nanoseconds(0));
        home.with_workers([&w](iowq::worker_set &s) { s.started(w, -1); });
        return w;
    }
};

// Waits until a thread sleeps. Nothing is known where /proc does not tell.
inline void until_asleep(pid_t tid) {
    while (!iowq::thread_sleeps(tid).value_or(true))
        std::this_thread::yield();
}

// Flushes in a thread of its own, and returns once the flush waits.
struct flusher {
    iowq::wq &pool;
    std::atomic<pid_t> tid{0};
    std::atomic<bool> returned{false};
    std::thread thread;
    explicit flusher(iowq::wq &p)
        : pool(p), thread([this] {
              tid = gettid();
              EXPECT_EQ(pool.flush(), 0);
              returned = true;
          }) {
        while (tid == 0)
            std::this_thread::yield();
        until_asleep(tid);
    }
    ~flusher() { thread.join(); }
};

// An end to read from at which nothing arrives, unless something is written to the other.
struct silence {
    int fd[2] = {-1, -1};
    explicit silence(bool socket = false) {
        EXPECT_EQ(socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, fd) : pipe(fd), 0);
    }
    ~silence() {
        close(fd[0]);
        close(fd[1]);
    }
    void end(size_t readers = 1) const {
        EXPECT_EQ(write(fd[1], "12345678", readers), static_cast<ssize_t>(readers));
    }
    // Reads for as long as it takes. Returns 0 or the error.
    int listen() const {
        char byte;
        return read(fd[0], &byte, 1) < 0 ? errno : 0;
    }
};

// Waits in a read until it is cancelled.
struct listener : holder {
    int error = -1;
    explicit listener(const silence &quiet, uint32_t f = iowq::work_unbound) {
        flags = f;
        body = [this, &quiet](item &) {
            in.release();
            error = quiet.listen();
            told = iowq::cancel_requested();
        };
    }
    void expect_interrupted() {
        done.acquire();
        EXPECT_EQ(error, EINTR);
        EXPECT_TRUE(told);
        EXPECT_EQ(calls, 1);
    }
};

// An exit that has begun: an unbound item that was queued tells, as it is cancelled. What the pool
// ran before is left to be waited for.
struct begun_exit {
    holder runs{iowq::work_unbound};
    item queued;
    std::atomic<pid_t> tid{0};
    std::thread thread;
    explicit begun_exit(iowq::wq &pool) {
        runs.start_on(pool);
        queued.flags = iowq::work_unbound;
        EXPECT_EQ(pool.enqueue(&queued), 0);
        thread = std::thread([&] {
            tid = gettid();
            EXPECT_EQ(pool.exit(), 0);
        });
        queued.done.acquire();
        EXPECT_TRUE(queued.cancelled);
        runs.end();
    }
    ~begun_exit() { thread.join(); }
};

// Sees the pools of this process as another one would (shown.h): through files of /proc.
class observer {
  public:
    struct object {
        std::string what;
        pid_t pid = 0;
        std::map<std::string, int64_t> figures; // of all nodes
    };

    observer() {
        std::ifstream maps("/proc/self/maps");
        for (std::string line; std::getline(maps, line);) {
            uint64_t from = 0, to = 0;
            char rights[8] = {};
            if (sscanf(line.c_str(), "%lx-%lx %7s", &from, &to, rights) != 3 ||
                line.find('/') == std::string::npos || std::string(rights) != "rw-p")
                continue;
            for (; from < to; from += iowq::shown_board::page)
                if (char magic[16] = {}; read_at(from, magic, sizeof magic) &&
                                         !memcmp(magic, "iowq: shown here", sizeof magic))
                    board_ = from;
        }
    }
    ~observer() { close(memory_); }
    observer(const observer &) = delete;
    observer &operator=(const observer &) = delete;

    // All objects that are there from before they are read until after it.
    std::vector<object> look() {
        std::vector<object> found;
        for (size_t i = 0; i < iowq::shown_board::nr_slots; i++) {
            uint64_t before[2] = {}, after[2] = {};
            uint64_t slot = board_ + offsetof(iowq::shown_board, slot_of) + i * sizeof before;
            object o;
            if (read_at(slot, before, sizeof before) && before[0] > 1 && fill(before[0], o) &&
                read_at(slot, after, sizeof after) && !memcmp(before, after, sizeof before))
                found.push_back(o);
        }
        return found;
    }
    uint64_t left_out() {
        uint64_t n = UINT64_MAX;
        EXPECT_TRUE(read_at(board_ + offsetof(iowq::shown_board, left_out), &n, sizeof n));
        return n;
    }

  private:
    bool read_at(uint64_t at, void *to, size_t bytes) const {
        return pread(memory_, to, bytes, static_cast<off_t>(at)) == static_cast<ssize_t>(bytes);
    }
    bool fill(uint64_t at, object &o) {
        iowq::shown_object head{};
        if (!read_at(at, &head, sizeof head) || head.nr_figures > 10000)
            return false;
        o.what.assign(head.what, strnlen(head.what, sizeof head.what));
        o.pid = head.pid;
        std::vector<iowq::shown_figure> figures(head.nr_figures);
        if (!read_at(head.figures, figures.data(), figures.size() * sizeof(iowq::shown_figure)))
            return false;
        return std::all_of(figures.begin(), figures.end(), [&](const iowq::shown_figure &f) {
            int64_t value = 0;
            if (!(f.kind == iowq::shown_figure::list ? length(f, value) : sum(f, value)))
                return false;
            int64_t &known = o.figures[std::string(f.name, strnlen(f.name, sizeof f.name))];
            known = f.kind == iowq::shown_figure::limit ? std::max(known, value) : known + value;
            return true;
        });
    }
    bool sum(const iowq::shown_figure &f, int64_t &value) const {
        for (uint32_t i = 0; i < f.count; i++) {
            int64_t wide = 0;
            int32_t narrow = 0;
            if (f.bytes > 8 || !read_at(f.at + uint64_t{i} * f.step, &wide, f.bytes))
                return false;
            memcpy(&narrow, &wide, sizeof narrow);
            value += (i & f.mask) != f.mask ? 0 : f.bytes == 4 ? narrow : wide;
        }
        return true;
    }
    bool length(const iowq::shown_figure &f, int64_t &value) const {
        uint64_t item = 0, counted = 0;
        for (bool there = read_at(f.at, &item, 8); there && value < 1000; value += counted != 0) {
            if (item == 0 || item == f.end)
                return true;
            there = read_at(item + f.mask, &counted, 8) && read_at(item + f.step, &item, 8);
        }
        return false;
    }

    const int memory_ = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    uint64_t board_ = 0;
};
