// SPDX-License-Identifier: MIT
// kv.cc on plain threads, to be measured against it: a thread for each client, that makes the calls
// itself. The first to set something leads a group: it writes and syncs what the others have queued
// meanwhile.
//   c++ -std=c++20 kv_threads.cc -o kv_threads && ./kv_threads LOG SOCKET
#include "kv_log.h"

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void fail(const char *what) {
    perror(what);
    exit(1);
}

struct store {
    int log = -1;
    std::mutex lock;
    kv::index index;
    uint64_t end = 0; // of the log

    struct set {
        std::string_view key;
        uint32_t value;
        size_t record; // its length
    };
    std::string queued;
    std::vector<set> sets;
    uint64_t group = 1, done = 0; // that is being queued, that is on the disk
    bool busy = false;
    std::condition_variable group_done;

    void write(std::string_view key, std::string_view value) {
        std::string record = kv::record(key, value);
        std::unique_lock hold(lock);
        queued += record;
        sets.push_back({key, static_cast<uint32_t>(value.size()), record.size()});
        const uint64_t mine = group;
        group_done.wait(hold, [&] { return !busy || done >= mine; });
        if (done >= mine)
            return;
        busy = true;
        std::string all = std::exchange(queued, {});
        std::vector<set> its = std::exchange(sets, {});
        group++;
        hold.unlock();
        if (pwrite(log, all.data(), all.size(), static_cast<off_t>(end)) !=
                static_cast<ssize_t>(all.size()) ||
            fdatasync(log))
            fail("log");
        hold.lock();
        for (const set &each : its)
            index.add(each.key, each.value, std::exchange(end, end + each.record));
        done = mine;
        busy = false;
        group_done.notify_all();
    }

    std::optional<std::string> read(std::string_view key) {
        std::unique_lock hold(lock);
        const kv::place *found = index.find(key);
        if (!found)
            return {};
        kv::place at = *found;
        hold.unlock();
        std::string value(at.length, '\0');
        if (pread(log, value.data(), at.length, static_cast<off_t>(at.at)) !=
            static_cast<ssize_t>(at.length))
            fail("read");
        return value;
    }
};

std::string answer_to(store &all, const kv::command &wanted) {
    if (wanted.key.empty() || wanted.key.size() + wanted.value.size() > kv::longest)
        return "error: set KEY VALUE, or get KEY";
    if (!wanted.sets) {
        std::optional<std::string> value = all.read(wanted.key);
        return value ? "= " + *value : "none";
    }
    all.write(wanted.key, wanted.value);
    return "ok";
}

void serve(store &all, int client) {
    std::string in;
    char bytes[65536];
    for (ssize_t got; (got = recv(client, bytes, sizeof bytes, 0)) > 0;) {
        in.append(bytes, static_cast<size_t>(got));
        for (size_t length; (length = in.find('\n')) != in.npos; in.erase(0, length + 1)) {
            std::string line = answer_to(all, kv::command(std::string_view(in).substr(0, length)));
            line += '\n';
            (void)send(client, line.data(), line.size(), MSG_NOSIGNAL);
        }
    }
    close(client);
}

} // namespace

int main(int argc, char **argv) {
    static store all;
    if (argc != 3)
        return fprintf(stderr, "usage: kv_threads LOG SOCKET\n"), 1;
    if ((all.log = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0666)) < 0)
        fail(argv[1]);
    int64_t end = all.index.recover(all.log);
    if (end < 0)
        fail(argv[1]);
    all.end = static_cast<uint64_t>(end);
    sockaddr_un at{.sun_family = AF_UNIX, .sun_path = {}};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(argv[2]);
    strncpy(at.sun_path, argv[2], sizeof at.sun_path - 1);
    if (bind(listener, reinterpret_cast<sockaddr *>(&at), sizeof at) || listen(listener, 64))
        fail(argv[2]);
    for (;;) {
        int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0)
            std::thread([client] { serve(all, client); }).detach();
    }
}
