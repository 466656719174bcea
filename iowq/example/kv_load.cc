// SPDX-License-Identifier: MIT
// Measures a kv or a kv_threads that runs: each client sets or gets one of 10,000 keys, waits for
// the answer, and goes on. Prints the rate, and how long the slowest 1 % of either took at least.
//   c++ -std=c++20 kv_load.cc -o kv_load && ./kv_load SOCKET CLIENTS SECONDS PERCENT_OF_SETS
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using clock = std::chrono::steady_clock;
using times = std::vector<double>; // us

struct client {
    int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    times sets, gets;

    bool connect_to(const char *path) const {
        sockaddr_un at{.sun_family = AF_UNIX, .sun_path = {}};
        strncpy(at.sun_path, path, sizeof at.sun_path - 1);
        return connect(socket, reinterpret_cast<sockaddr *>(&at), sizeof at) == 0;
    }
    [[nodiscard]] bool ask(const std::string &line) const {
        char answer[4096];
        ssize_t got = send(socket, line.data(), line.size(), MSG_NOSIGNAL);
        do
            got = got > 0 ? recv(socket, answer, sizeof answer, 0) : 0;
        while (got > 0 && answer[got - 1] != '\n');
        return got > 0;
    }
    void run(unsigned seed, unsigned percent_of_sets, const std::atomic<bool> &stop) {
        std::mt19937 random(seed);
        const std::string value(100, 'v');
        while (!stop) {
            bool set = random() % 100 < percent_of_sets;
            std::string key = std::to_string(random() % 10000);
            clock::time_point began = clock::now();
            if (!ask(set ? "set " + key + " " + value + "\n" : "get " + key + "\n"))
                return;
            std::chrono::duration<double, std::micro> took = clock::now() - began;
            (set ? sets : gets).push_back(took.count());
        }
    }
};

void tell(const char *what, times all, double seconds) {
    std::sort(all.begin(), all.end());
    printf("%s: %.0f a second, p99 %.0f us\n", what, static_cast<double>(all.size()) / seconds,
           all.empty() ? 0 : all[all.size() * 99 / 100]);
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 5)
        return fprintf(stderr, "usage: kv_load SOCKET CLIENTS SECONDS PERCENT_OF_SETS\n"), 1;
    const double seconds = atof(argv[3]);
    std::vector<client> clients(static_cast<size_t>(atoi(argv[2])));
    for (const client &c : clients)
        if (!c.connect_to(argv[1]))
            return perror(argv[1]), 1;
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < clients.size(); i++)
        threads.emplace_back(
            [&, i] { clients[i].run(i, static_cast<unsigned>(atoi(argv[4])), stop); });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop = true;
    for (std::thread &t : threads)
        t.join();
    times sets, gets;
    for (const client &c : clients) {
        sets.insert(sets.end(), c.sets.begin(), c.sets.end());
        gets.insert(gets.end(), c.gets.begin(), c.gets.end());
    }
    tell("sets", sets, seconds);
    tell("gets", gets, seconds);
}
