// SPDX-License-Identifier: MIT
// iowq-run PROGRAM ...: runs a program with io_uring in user space.
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/io_uring.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr const char *help = R"(usage: iowq-run [--if-needed] PROGRAM [ARGUMENT ...]

Runs a program, and what it runs, with io_uring in user space: where the kernel's is forbidden, or
missing. The program has to be linked dynamically.

  --if-needed   leave the program alone where the kernel's io_uring is to be had
)";
constexpr const char *library = "libiowq-uring.so";

bool kernel_has_it() {
    io_uring_params p{};
    long fd = syscall(SYS_io_uring_setup, 1, &p);
    return fd >= 0 && close(static_cast<int>(fd)) == 0;
}

// Beside this program, or in the lib beside its folder; empty: in neither.
std::string library_path() {
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own);
    std::string folder(own, length > 0 ? static_cast<size_t>(length) : 0);
    folder.resize(folder.rfind('/') == folder.npos ? 0 : folder.rfind('/'));
    for (const char *there : {"/", "/../lib/"})
        if (std::string path = folder + there + library; access(path.c_str(), R_OK) == 0)
            return path;
    return {};
}

} // namespace

int main(int argc, char **argv) {
    int first = 1;
    bool if_needed = argc > 1 && strcmp(argv[1], "--if-needed") == 0;
    first += if_needed;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return fputs(help, stdout) < 0;
    if (argc <= first || argv[first][0] == '-') {
        fprintf(stderr, "iowq-run: %s (see iowq-run --help)\n",
                argc <= first ? "no program is named" : "the only option is --if-needed");
        return 2;
    }
    if (!if_needed || !kernel_has_it()) {
        std::string path = library_path();
        if (path.empty()) {
            fprintf(stderr, "iowq-run: there is no %s beside it, nor in ../lib\n", library);
            return 2;
        }
        const char *others = getenv("LD_PRELOAD");
        if (!others || !strstr(others, library)) // else this is a second iowq-run in the first
            setenv("LD_PRELOAD", (path + (others ? ":" : "") + (others ? others : "")).c_str(), 1);
    }
    execvp(argv[first], argv + first);
    fprintf(stderr, "iowq-run: %s: %s\n", argv[first], strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
