// SPDX-License-Identifier: MIT
// Every kind of file, in every mode: the bytes, the errno, the file's position and what is left are
// those of the plain call. Each trial is made twice, on two specimens that are alike.
#include "iowq/ring/ring.h"

#include "iowq/test/item.h"
#include "iowq/test/ring/loop_device.h"
#include "iowq/test/ring/requests.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <pty.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

using namespace iowq;

namespace {

constexpr uint64_t at_position = request::at_position;
constexpr size_t pipe_size = 65536;
constexpr size_t much = 8 * pipe_size; // than a pipe or a socket holds

// A file to be tried, and what stands at its other end.
struct specimen {
    int fd = -1;
    int peer = -1;
    std::string skipped{};
    std::thread drain{}; // takes what is written, for as long as it takes
    std::string drained{};

    specimen() = default;
    specimen(const specimen &) = delete;
    specimen &operator=(const specimen &) = delete;
    ~specimen() {
        if (drain.joinable())
            drain.join();
        close(fd);
        if (peer >= 0)
            close(peer);
    }

    void give(std::string_view bytes) const {
        EXPECT_EQ(write(peer, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }
    void nonblocking() const { EXPECT_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0); }
    void drain_bytes(size_t total) {
        drain = std::thread([this, total] {
            std::vector<char> some(4096);
            while (drained.size() < total) {
                ssize_t n = read(peer, some.data(), some.size());
                if (n <= 0)
                    return;
                drained.append(some.data(), static_cast<size_t>(n));
            }
        });
    }
};

constexpr const char *ten = "0123456789";

void open_pipe(specimen &s, int flags, bool read_end) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, flags), 0);
    s.fd = ends[read_end ? 0 : 1];
    s.peer = ends[read_end ? 1 : 0];
}
void open_sockets(specimen &s, int type) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, type, 0, ends), 0);
    s.fd = ends[0];
    s.peer = ends[1];
}
void open_file(specimen &s, int flags, std::string_view holds) {
    char name[] = "build/iowq_test.XXXXXX";
    int writer = mkstemp(name);
    ASSERT_GE(writer, 0) << "run the tests from the repository's root";
    ASSERT_EQ(write(writer, holds.data(), holds.size()), static_cast<ssize_t>(holds.size()));
    s.fd = open(name, flags);
    unlink(name);
    close(writer);
    if (s.fd < 0)
        s.skipped = "the build's file system does not open files so";
}
void open_fifo(specimen &s) {
    std::string name = "build/iowq_test.fifo." + std::to_string(getpid());
    unlink(name.c_str());
    ASSERT_EQ(mkfifo(name.c_str(), 0600), 0);
    s.fd = open(name.c_str(), O_RDWR); // opened so, it does not wait for a writer
    s.peer = open(name.c_str(), O_WRONLY);
    unlink(name.c_str());
}
void open_terminal(specimen &s) {
    ASSERT_EQ(openpty(&s.peer, &s.fd, nullptr, nullptr, nullptr), 0);
}
void open_path(specimen &s, const char *path, int flags) {
    s.fd = open(path, flags);
    if (s.fd < 0)
        s.skipped = std::string("there is no ") + path;
}
void open_device(specimen &s, std::string_view holds) {
    std::string why;
    const char *path = loop_device(why);
    if (!path) {
        s.skipped = why;
        return;
    }
    s.fd = open(path, O_RDWR);
    ASSERT_EQ(pwrite(s.fd, holds.data(), holds.size(), 0), static_cast<ssize_t>(holds.size()));
}

struct trial {
    const char *name;
    void (*make)(specimen &s);
    opcode op;
    uint64_t length;
    uint64_t offset = 0;
    bool hears = false; // what has been written is to be read at the other end
};

constexpr opcode in = opcode::read, out = opcode::write;

const trial trials[] = {
    // What is there is not all that is asked for.
    {"pipe_read",
     [](auto &s) {
         open_pipe(s, 0, true);
         s.give(ten);
     },
     in, 64},
    {"fifo_read",
     [](auto &s) {
         open_fifo(s);
         s.give(ten);
     },
     in, 64},
    {"stream_read",
     [](auto &s) {
         open_sockets(s, SOCK_STREAM);
         s.give(ten);
     },
     in, 64},
    {"packet_read",
     [](auto &s) {
         open_sockets(s, SOCK_SEQPACKET);
         s.give(ten);
         s.give("b");
     },
     in, 64},
    {"datagram_read",
     [](auto &s) {
         open_sockets(s, SOCK_DGRAM);
         s.give(ten);
         s.give("b");
     },
     in, 64},
    {"datagram_cut",
     [](auto &s) {
         open_sockets(s, SOCK_DGRAM);
         s.give(ten);
         s.give("b");
     },
     in, 4},
    {"eventfd_read", [](auto &s) { s.fd = eventfd(2, EFD_SEMAPHORE); }, in, 16},
    {"eventfd_short", [](auto &s) { s.fd = eventfd(1, 0); }, in, 4},
    {"eventfd_write", [](auto &s) { s.fd = eventfd(1, EFD_NONBLOCK); }, out, 8},
    {"timerfd_read",
     [](auto &s) {
         s.fd = timerfd_create(CLOCK_MONOTONIC, 0);
         itimerspec once{{}, {0, 1}};
         EXPECT_EQ(timerfd_settime(s.fd, 0, &once, nullptr), 0);
     },
     in, 64},
    {"timerfd_write", [](auto &s) { s.fd = timerfd_create(CLOCK_MONOTONIC, 0); }, out, 8},
    {"terminal_read",
     [](auto &s) {
         open_terminal(s);
         s.give("012\nabc\n");
     },
     in, 64},
    {"terminal_write", [](auto &s) { open_terminal(s); }, out, 10, 0, true},
    {"proc_read", [](auto &s) { open_path(s, "/proc/self/limits", O_RDONLY); }, in, 4096},
    {"proc_read_more", [](auto &s) { open_path(s, "/proc/self/smaps", O_RDONLY); }, in, 65536},
    {"proc_write", [](auto &s) { open_path(s, "/proc/self/limits", O_RDONLY); }, out, 8},
    {"sys_read",
     [](auto &s) { open_path(s, "/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY); }, in, 64,
     2},
    {"directory_read", [](auto &s) { open_path(s, "build", O_RDONLY); }, in, 64},
    {"directory_write", [](auto &s) { open_path(s, "build", O_RDONLY); }, out, 64},
    {"zero_read", [](auto &s) { open_path(s, "/dev/zero", O_RDWR); }, in, 64, 5},
    {"full_write", [](auto &s) { open_path(s, "/dev/full", O_RDWR); }, out, 64},
    {"null_read", [](auto &s) { open_path(s, "/dev/null", O_RDWR); }, in, 64},
    {"regular_read", [](auto &s) { open_file(s, O_RDWR, ten); }, in, 64, 3},
    {"regular_write", [](auto &s) { open_file(s, O_RDWR, ten); }, out, 64, 3},
    {"block_read", [](auto &s) { open_device(s, ten); }, in, 64, 3},
    {"block_write", [](auto &s) { open_device(s, ten); }, out, 64, 3},
    {"block_end_read", [](auto &s) { open_device(s, ten); }, in, 4096, loop_device_size - 100},
    {"block_end_write", [](auto &s) { open_device(s, ten); }, out, 4096, loop_device_size - 100},
    {"block_beyond_write", [](auto &s) { open_device(s, ten); }, out, 4096, loop_device_size},

    // What is written finds no room, or room for a part.
    {"pipe_write", [](auto &s) { open_pipe(s, 0, false); }, out, 64, 0, true},
    {"pipe_write_much",
     [](auto &s) {
         open_pipe(s, 0, false);
         s.drain_bytes(much);
     },
     out, much},
    {"stream_write_much",
     [](auto &s) {
         open_sockets(s, SOCK_STREAM);
         s.drain_bytes(much);
     },
     out, much},
    {"datagram_write", [](auto &s) { open_sockets(s, SOCK_DGRAM); }, out, 64, 0, true},
    {"pipe_write_unread",
     [](auto &s) {
         open_pipe(s, 0, false);
         close(std::exchange(s.peer, -1));
     },
     out, 64},

    // O_NONBLOCK.
    {"pipe_nonblock_read", [](auto &s) { open_pipe(s, O_NONBLOCK, true); }, in, 64},
    {"pipe_nonblock_some",
     [](auto &s) {
         open_pipe(s, O_NONBLOCK, true);
         s.give(ten);
     },
     in, 64},
    {"pipe_nonblock_part", [](auto &s) { open_pipe(s, O_NONBLOCK, false); }, out, much, 0, true},
    {"stream_nonblock_read",
     [](auto &s) {
         open_sockets(s, SOCK_STREAM);
         s.nonblocking();
     },
     in, 64},
    {"stream_nonblock_part",
     [](auto &s) {
         open_sockets(s, SOCK_STREAM);
         s.nonblocking();
     },
     out, much, 0, true},
    {"eventfd_nonblock", [](auto &s) { s.fd = eventfd(0, EFD_NONBLOCK); }, in, 8},
    {"terminal_nonblock",
     [](auto &s) {
         open_terminal(s);
         s.nonblocking();
     },
     in, 64},
    {"regular_nonblock", [](auto &s) { open_file(s, O_RDWR | O_NONBLOCK, ten); }, in, 64},

    // The other end is gone.
    {"pipe_end",
     [](auto &s) {
         open_pipe(s, 0, true);
         close(std::exchange(s.peer, -1));
     },
     in, 64},
    {"stream_end",
     [](auto &s) {
         open_sockets(s, SOCK_STREAM);
         s.give(ten);
         close(std::exchange(s.peer, -1));
     },
     in, 64},

    // At the file's own position, and at its end.
    {"regular_position_read",
     [](auto &s) {
         open_file(s, O_RDWR, ten);
         lseek(s.fd, 4, SEEK_SET);
     },
     in, 3, at_position},
    {"regular_position_end",
     [](auto &s) {
         open_file(s, O_RDWR, ten);
         lseek(s.fd, 4, SEEK_SET);
     },
     in, 64, at_position},
    {"regular_position_write",
     [](auto &s) {
         open_file(s, O_RDWR, ten);
         lseek(s.fd, 4, SEEK_SET);
     },
     out, 64, at_position},
    {"direct_position_read",
     [](auto &s) {
         open_file(s, O_RDWR | O_DIRECT, std::string(8192, 'x'));
         lseek(s.fd, 4096, SEEK_SET);
     },
     in, 4096, at_position},
    {"block_position_read",
     [](auto &s) {
         open_device(s, ten);
         lseek(s.fd, 4, SEEK_SET);
     },
     in, 3, at_position},
    {"pipe_position",
     [](auto &s) {
         open_pipe(s, 0, true);
         s.give(ten);
     },
     in, 64, at_position},
    {"proc_position", [](auto &s) { open_path(s, "/proc/self/limits", O_RDONLY); }, in, 100,
     at_position},
    {"append_write", [](auto &s) { open_file(s, O_RDWR | O_APPEND, ten); }, out, 64, 3},
    {"append_position", [](auto &s) { open_file(s, O_RDWR | O_APPEND, ten); }, out, 64,
     at_position},
    {"flushed_write", [](auto &s) { open_file(s, O_RDWR | O_DSYNC, ten); }, out, 64, 3},
    {"append_direct",
     [](auto &s) { open_file(s, O_RDWR | O_APPEND | O_DIRECT, std::string(4096, 'x')); }, out, 4096,
     0},

    // O_DIRECT that is not aligned, or lies across the end.
    {"direct_read", [](auto &s) { open_file(s, O_RDWR | O_DIRECT, std::string(8192, 'x')); }, in,
     4096, 4096},
    {"direct_end", [](auto &s) { open_file(s, O_RDWR | O_DIRECT, std::string(5000, 'x')); }, in,
     8192, 4096},
    {"direct_beyond", [](auto &s) { open_file(s, O_RDWR | O_DIRECT, ten); }, in, 4096, 8192},
    {"direct_odd_read", [](auto &s) { open_file(s, O_RDWR | O_DIRECT, std::string(8192, 'x')); },
     in, 100, 7},
    {"direct_odd_write", [](auto &s) { open_file(s, O_RDWR | O_DIRECT, std::string(8192, 'x')); },
     out, 100, 7},
    {"direct_pipe",
     [](auto &s) {
         open_pipe(s, O_DIRECT, true);
         s.give(ten);
         s.give("b");
     },
     in, 64},

    // Nothing, and much.
    {"regular_none_read", [](auto &s) { open_file(s, O_RDWR, ten); }, in, 0},
    {"regular_none_write", [](auto &s) { open_file(s, O_RDWR, ten); }, out, 0},
    {"direct_none", [](auto &s) { open_file(s, O_RDWR | O_DIRECT, ten); }, in, 0},
    {"pipe_none", [](auto &s) { open_pipe(s, 0, true); }, in, 0},
    {"stream_none", [](auto &s) { open_sockets(s, SOCK_STREAM); }, in, 0},
    {"datagram_none", [](auto &s) { open_sockets(s, SOCK_DGRAM); }, out, 0, 0, true},
    {"regular_far_read", [](auto &s) { open_file(s, O_RDWR, ten); }, in, 64, 5ull << 30},
    {"regular_far_write", [](auto &s) { open_file(s, O_RDWR, ten); }, out, 64, 5ull << 30},
    {"regular_much_read", [](auto &s) { open_file(s, O_RDWR, ten); }, in, 3ull << 30},
    {"direct_much_read", [](auto &s) { open_file(s, O_RDWR | O_DIRECT, std::string(4096, 'x')); },
     in, 3ull << 30},
    {"null_much_write", [](auto &s) { open_path(s, "/dev/null", O_RDWR); }, out, 3ull << 30},
    {"regular_negative_offset", [](auto &s) { open_file(s, O_RDWR, ten); }, in, 64, 1ull << 63},
    {"regular_negative_length", [](auto &s) { open_file(s, O_RDWR, ten); }, in, 1ull << 63},

    // Not opened for it.
    {"pipe_wrong_end", [](auto &s) { open_pipe(s, 0, true); }, out, 64},
    {"regular_read_only", [](auto &s) { open_file(s, O_RDONLY, ten); }, out, 64},
};

// Memory to read into and write from. What is asked for beyond `used` is never touched.
char *memory() {
    constexpr size_t used = much;
    static char *at = static_cast<char *>(mmap(nullptr, 4ull << 30, PROT_READ | PROT_WRITE,
                                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    EXPECT_NE(at, MAP_FAILED);
    static const std::string pattern = [] {
        std::string bytes(used, '?');
        for (size_t i = 0; i < used; i++)
            bytes[i] = static_cast<char>('a' + i % 23);
        return bytes;
    }();
    return static_cast<char *>(memcpy(at, pattern.data(), used));
}

// What can be had without waiting.
std::string rest_of(int fd) {
    std::string bytes;
    char some[4096];
    pollfd ready = {fd, POLLIN, 0};
    while (poll(&ready, 1, 0) == 1 && ready.revents & POLLIN) {
        ssize_t n = read(fd, some, sizeof some);
        if (n <= 0)
            break;
        bytes.append(some, static_cast<size_t>(n));
        bytes += '|'; // datagrams stay apart
    }
    return bytes;
}

struct outcome {
    int64_t result;
    std::string bytes;
    off_t position;
    std::string left;  // in the file, or still to be read
    std::string heard; // at the other end
    bool operator==(const outcome &) const = default;
};

std::string shown(const std::string &bytes) {
    return bytes.size() <= 80 ? bytes : std::to_string(bytes.size()) + " bytes";
}
void PrintTo(const outcome &o, std::ostream *to) {
    *to << "{" << o.result << ", \"" << shown(o.bytes) << "\", position " << o.position
        << ", left \"" << shown(o.left) << "\", heard \"" << shown(o.heard) << "\"}";
}

outcome observe(specimen &s, const trial &t, int64_t result, const char *buffer) {
    outcome o{result, {}, 0, {}, {}};
    if (t.op == in && result > 0)
        o.bytes.assign(buffer, std::min(static_cast<size_t>(result), size_t{4096}));
    if (s.drain.joinable()) {
        s.drain.join();
        o.heard = s.drained;
    } else if (t.hears) {
        o.heard = rest_of(s.peer);
    }
    o.position = lseek(s.fd, 0, SEEK_CUR);
    struct stat st;
    EXPECT_EQ(fstat(s.fd, &st), 0);
    if (S_ISREG(st.st_mode) && st.st_size) {
        int cached = fcntl(s.fd, F_GETFL) & ~O_DIRECT;
        EXPECT_EQ(fcntl(s.fd, F_SETFL, cached), 0);
        o.left.resize(static_cast<size_t>(std::min(st.st_size, off_t{65536})));
        off_t from = st.st_size > 65536 ? st.st_size - 65536 : 0;
        (void)!pread(s.fd, o.left.data(), o.left.size(), from);
        o.left += " of " + std::to_string(st.st_size);
    } else if (S_ISBLK(st.st_mode)) {
        o.left.resize(8192);
        EXPECT_EQ(pread(s.fd, o.left.data(), 4096, 0), 4096);
        EXPECT_EQ(pread(s.fd, &o.left[4096], 4096, loop_device_size - 4096), 4096);
    } else if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(s.fd) ||
               !(st.st_mode & S_IFMT)) {
        o.left = rest_of(s.fd);
    }
    return o;
}

// /proc shows other figures the next time; that they come at all is the point.
void forget_contents(const trial &t, outcome &o) {
    if (std::string_view(t.name).starts_with("proc_read_more"))
        o.bytes.clear(), o.result = o.result > 0;
}

outcome plainly(const trial &t) {
    specimen s;
    t.make(s);
    char *m = memory();
    bool streams = t.offset == at_position || (pread(s.fd, m, 0, 0) < 0 && errno == ESPIPE);
    auto at = static_cast<off_t>(t.offset);
    ssize_t n = t.op == in ? streams ? read(s.fd, m, t.length) : pread(s.fd, m, t.length, at)
                : streams ? write(s.fd, m, t.length)
                           : pwrite(s.fd, m, t.length, at);
    return observe(s, t, n < 0 ? -errno : n, m);
}

struct way {
    offload mode;
    const char *name;
    direct_by direct = direct_by::best;
};
const way ways[] = {{offload::inline_, "inline"},
                    {offload::sqthread, "sqthread"},
                    {offload::handoff, "handoff"},
                    {offload::sqwq, "sqwq"},
                    {offload::punt, "punt"},
                    {offload::hashed, "hashed"},
                    {offload::punt, "punt_pool", direct_by::pool}};

void PrintTo(const way &w, std::ostream *to) { *to << w.name; }
void PrintTo(const trial &t, std::ostream *to) { *to << t.name; }

class kinds : public testing::TestWithParam<std::tuple<way, trial>> {};

} // namespace

TEST_P(kinds, are_as_by_the_plain_call) {
    const auto &[how, t] = GetParam();
#if defined(__SANITIZE_THREAD__)
    if (t.op == out && t.length > 1ull << 30 && t.length < 1ull << 63)
        GTEST_SKIP() << "ThreadSanitizer notes every byte of what a call is given to write";
#endif
    signal(SIGPIPE,
           SIG_IGN); // the threads of the modes block it; here the plain call is made as well
    specimen s;
    ASSERT_NO_FATAL_FAILURE(t.make(s));
    if (!s.skipped.empty())
        GTEST_SKIP() << s.skipped;
    file f;
    ASSERT_EQ(f.examine(s.fd), 0);
    std::unique_ptr<wq> pool = make();
    std::unique_ptr<ring> io;
    ring_config config;
    config.mode = how.mode;
    config.depth = 4;
    config.direct = how.direct;
    ASSERT_EQ(ring::create(config, pool.get(), io), 0);
    char *m = memory();
    prepared r(f, t.op, m, t.offset, t.length);
    if (io->submit(r) == ring::submitted::queued) {
        io->commit();
        request *got = nullptr;
        unsigned n = io->reap({&got, 1}, 1, clock::now() + std::chrono::seconds(20));
        if (n == 0) {
            s.give(std::string(64, '!')); // so that it ends
            (void)io->reap({&got, 1}, 1, {});
            FAIL() << "it waited for more";
        }
        ASSERT_EQ(got, &r);
    }
    outcome was = observe(s, t, r.result, m), expected = plainly(t);
    forget_contents(t, was);
    forget_contents(t, expected);
    EXPECT_EQ(was, expected);
}

INSTANTIATE_TEST_SUITE_P(of_files, kinds,
                         testing::Combine(testing::ValuesIn(ways), testing::ValuesIn(trials)),
                         [](const auto &p) {
                             return std::string(std::get<0>(p.param).name) + "_" +
                                    std::get<1>(p.param).name;
                         });
