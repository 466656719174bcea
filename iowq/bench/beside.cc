// SPDX-License-Identifier: MIT
#include "beside.h"

#include "iowq/os/cpu_quota.h"
#include "iowq/os/thread.h"
#include "iowq/os/topology.h"
#include "side.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace iowq::bench {

namespace {

namespace fs = std::filesystem;

constexpr unsigned period_us = 100'000; // as Docker and Kubernetes set it
constexpr double quota_cpus = 0.5;
constexpr const char *own_name = "iowq-bench-"; // and the process's number

void checked(bool done, const std::string &what) {
    if (!done)
        throw std::system_error(errno, std::generic_category(), what);
}

void write_to(const std::string &path, const std::string &text) {
    int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    checked(fd >= 0, path);
    bool whole = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    int error = errno;
    close(fd);
    errno = error;
    checked(whole, path);
}

// ---- busy

// A process that keeps this CPU busy until it is killed, or this process ends.
pid_t start_loop(unsigned cpu) {
    pid_t loop = fork();
    checked(loop >= 0, "fork");
    if (loop)
        return loop;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (move_task(0, cpu_mask::only(cpu)) != 0)
        _exit(1);
    for (;;)
        asm volatile("");
}

// ---- quota

// Those of benchmarks that were killed.
void remove_left_over(const std::string &root) {
    std::error_code ignored;
    for (const auto &entry : fs::directory_iterator(root, ignored)) {
        std::string name = entry.path().filename();
        pid_t pid = 0;
        if (name.starts_with(own_name))
            std::from_chars(name.data() + strlen(own_name), name.data() + name.size(), pid);
        if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH)
            rmdir(entry.path().c_str());
    }
}

// Also if a process in it has ended only just now, and is not gone yet.
void remove_cgroup(const std::string &folder) {
    for (int attempt = 0; attempt < 500 && rmdir(folder.c_str()) != 0; attempt++)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

std::string make_cgroup() {
    auto mounted = find_cpu_cgroups(cgroup_files().mounts);
    errno = ENOENT;
    checked(mounted.has_value(), "cgroups with the cpu controller");
    auto [root, unified] = *mounted;
    if (unified)
        write_to(root + "/cgroup.subtree_control", "+cpu");
    remove_left_over(root);
    std::string folder = root + "/" + own_name + std::to_string(getpid());
    checked(mkdir(folder.c_str(), 0755) == 0, folder);
    std::string period = std::to_string(period_us);
    std::string limit = std::to_string(static_cast<unsigned>(quota_cpus * period_us));
    try {
        if (unified) {
            write_to(folder + "/cpu.max", limit + " " + period);
        } else {
            write_to(folder + "/cpu.cfs_period_us", period);
            write_to(folder + "/cpu.cfs_quota_us", limit);
        }
    } catch (...) {
        remove_cgroup(folder);
        throw;
    }
    return folder;
}

} // namespace

surroundings::surroundings(beside what) {
    if (what == beside::busy)
        loop_ = start_loop(cpu_mask::of_this_thread().numbers().back());
    if (what == beside::quota)
        cgroup_ = make_cgroup();
}

surroundings::~surroundings() {
    if (loop_) {
        kill(loop_, SIGKILL);
        waitpid(loop_, nullptr, 0);
    }
    if (!cgroup_.empty())
        remove_cgroup(cgroup_);
}

void surroundings::enter() const {
    if (!cgroup_.empty())
        write_to(cgroup_ + "/cgroup.procs", "0"); // the writer
}

std::string why_not(beside what) {
    if (what == beside::busy && cpu_mask::of_this_thread().count() < 2)
        return "it keeps a CPU busy beside another one, and there is only one here";
    try {
        surroundings tried(what);
    } catch (const std::system_error &e) {
        return e.what();
    }
    return "";
}

} // namespace iowq::bench
