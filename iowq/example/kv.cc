// SPDX-License-Identifier: MIT
// A key-value log in one thread: an epoll loop, and a ring that writes and reads for it.
//   c++ -std=c++20 kv.cc $(pkg-config --cflags --libs iowq) -o kv && ./kv LOG SOCKET
// A client of the Unix socket sends lines, and gets a line for each:
//   set KEY VALUE    "ok", once it is on the disk
//   get KEY          "= VALUE", or "none"
// What comes while the disk is busy with one group of sets becomes the next group: one write, that
// is flushed, for all of them. After a crash all that was answered with "ok" is there.
#include "kv_log.h"

#include <iowq/ring.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <vector>

namespace {

[[noreturn]] void fail(const char *what, int64_t error) {
    fprintf(stderr, "kv: %s: %s\n", what, strerror(static_cast<int>(error)));
    exit(1);
}

struct client {
    std::string in;
    bool waits = false; // for an answer
    bool gone = false;
};

struct server {
    iowq::file log;
    std::unique_ptr<iowq::wq> pool;
    std::unique_ptr<iowq::ring> io;
    kv::index index;
    uint64_t end = 0; // of the log
    int epoll = epoll_create1(EPOLL_CLOEXEC), listener = -1;
    std::map<int, client> clients; // by descriptor

    struct set {
        int from;
        std::string key;
        uint32_t value;
        size_t record; // its length
    };
    std::string queued, written; // records
    std::vector<set> queued_sets, written_sets;
    iowq::request write;
    bool busy = false;

    struct get : iowq::request {
        server *of;
        int from;
        std::string value;
    };

    void watch(int fd) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
            fail("epoll", errno);
    }

    // Whoever does not read its answers is not waited for.
    void answer(int fd, std::string line) {
        line += '\n';
        if (send(fd, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT) !=
            static_cast<ssize_t>(line.size()))
            shutdown(fd, SHUT_RDWR); // its end is read next
        client &c = clients[fd];
        c.waits = false;
        if (c.gone)
            end_of(fd);
    }
    void end_of(int fd) {
        clients.erase(fd);
        close(fd);
    }

    // One at a time, so that answers come in order.
    void next_commands(int fd) {
        for (;;) {
            auto it = clients.find(fd);
            if (it == clients.end() || it->second.waits)
                return;
            std::string &in = it->second.in;
            size_t length = in.find('\n');
            if (length == in.npos)
                return;
            std::string line = in.substr(0, length);
            in.erase(0, length + 1);
            it->second.waits = true;
            run_command(fd, kv::command(line));
        }
    }
    void run_command(int fd, const kv::command &wanted) {
        if (wanted.key.empty() || wanted.key.size() + wanted.value.size() > kv::longest)
            answer(fd, "error: set KEY VALUE, or get KEY");
        else if (wanted.sets)
            set_later(fd, wanted);
        else if (const kv::place *at = index.find(wanted.key))
            read(fd, *at);
        else
            answer(fd, "none");
    }

    void read(int fd, kv::place at) {
        auto *g = new get;
        g->of = this;
        g->from = fd;
        g->value.resize(at.length);
        g->prepare(iowq::opcode::read, log, g->value.data(), at.length, at.at);
        g->then = [](iowq::request &r) {
            std::unique_ptr<get> done(static_cast<get *>(&r));
            if (r.result != static_cast<int64_t>(r.length))
                fail("read", r.result < 0 ? -r.result : EIO);
            done->of->answer(done->from, "= " + done->value);
            done->of->next_commands(done->from);
        };
        io->start(*g);
    }

    void set_later(int fd, const kv::command &wanted) {
        std::string record = kv::record(wanted.key, wanted.value);
        queued_sets.push_back({fd, std::string(wanted.key),
                               static_cast<uint32_t>(wanted.value.size()), record.size()});
        queued += record;
    }

    // Writes what is queued, unless the disk is busy with those before.
    void write_group() {
        if (busy || queued.empty())
            return;
        busy = true;
        written = std::exchange(queued, {});
        written_sets = std::exchange(queued_sets, {});
        write.prepare(iowq::opcode::write, log, written.data(), written.size(), end);
        write.rw_flags = RWF_DSYNC;
        write.user_data = this;
        write.then = [](iowq::request &r) {
            static_cast<server *>(r.user_data)->group_is_written();
        };
        io->start(write);
    }
    // What the disk has after a failure, nobody knows: the next start finds out.
    void group_is_written() {
        if (write.result != static_cast<int64_t>(written.size()))
            fail("log", write.result < 0 ? -write.result : EIO);
        std::vector<set> done = std::exchange(written_sets, {});
        for (const set &each : done)
            index.add(each.key, each.value, std::exchange(end, end + each.record));
        busy = false;
        write_group(); // first, so that the disk does not wait for the answers
        io->commit();
        for (const set &each : done) {
            answer(each.from, "ok");
            next_commands(each.from);
        }
    }

    void accept_client() {
        int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd >= 0)
            watch(fd);
    }
    void receive(int fd) {
        std::array<char, 65536> bytes;
        ssize_t got = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
        client &c = clients[fd];
        if (got > 0) {
            c.in.append(bytes.data(), static_cast<size_t>(got));
            next_commands(fd);
        } else if (got == 0 || errno != EAGAIN) {
            (void)epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
            c.gone = true;
            if (!c.waits)
                end_of(fd);
        }
    }

    void run() {
        for (std::array<epoll_event, 64> events;;) {
            write_group();
            io->commit();
            int n = epoll_wait(epoll, events.data(), events.size(), -1);
            for (int i = 0; i < n; i++) {
                if (events[i].data.fd == io->event_fd())
                    io->dispatch(0, {});
                else if (events[i].data.fd == listener)
                    accept_client();
                else
                    receive(events[i].data.fd);
            }
        }
    }
};

int listen_on(const char *path) {
    sockaddr_un at{.sun_family = AF_UNIX, .sun_path = {}};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    strncpy(at.sun_path, path, sizeof at.sun_path - 1);
    if (bind(fd, reinterpret_cast<sockaddr *>(&at), sizeof at) || listen(fd, 64))
        fail(path, errno);
    return fd;
}

} // namespace

int main(int argc, char **argv) {
    static server s;
    if (argc != 3)
        return fprintf(stderr, "usage: kv LOG SOCKET\n"), 1;
    if (int error = s.log.examine(open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0666)))
        fail(argv[1], -error);
    int64_t end = s.index.recover(s.log.fd);
    if (end < 0)
        fail(argv[1], -end);
    s.end = static_cast<uint64_t>(end);
    int error = iowq::wq::create({}, s.pool);
    if (!error)
        error = iowq::ring::create({.event_fd = true}, s.pool.get(), s.io);
    if (error)
        fail("ring", -error);
    s.watch(s.listener = listen_on(argv[2]));
    s.watch(s.io->event_fd());
    s.run();
}
