// SPDX-License-Identifier: MIT
// iowq-run PROGRAM ...: runs a program with io_uring in user space.
#include "iowq/uring/program_file.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <linux/io_uring.h>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IOWQ_MULTIARCH // where it is only read
#define IOWQ_MULTIARCH "."
#endif

using namespace iowq::uring;

namespace {

constexpr const char *help = R"(usage: iowq-run [--if-needed] [--liburing] PROGRAM [ARGUMENT ...]

Runs a program, and what it runs, with io_uring in user space: where the kernel's is forbidden, or
missing. The program has to be linked dynamically.

  --if-needed   leave the program alone where the kernel's io_uring is to be had
  --liburing    the program is linked with liburing.so.2: put this project's in its place, which
                is faster than to trap the program's system calls. Calls that the program makes in
                another way stay the kernel's.
)";
constexpr const char *liburing = "liburing.so.2";
constexpr int no_success = 2, not_started = 126, not_found = 127; // as the shell's

bool kernel_has_it() {
    io_uring_params p{};
    long fd = syscall(SYS_io_uring_setup, 1, &p);
    return fd >= 0 && close(static_cast<int>(fd)) == 0;
}

// The folder that has the library: `built`, seen from that of this program, or one where
// `make install` may have put it, the last of which is Debian's. Empty: none.
std::string folder_of(const std::string &library, const char *built) {
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own);
    std::string here(own, length > 0 ? static_cast<size_t>(length) : 0);
    here.resize(here.rfind('/') == here.npos ? 0 : here.rfind('/'));
    for (const char *there :
         {built, "/../lib/iowq/", "/../lib64/iowq/", "/../lib/" IOWQ_MULTIARCH "/iowq/"})
        if (std::string folder = here + there; access((folder + library).c_str(), R_OK) == 0)
            return folder;
    return {};
}

// Puts it first in a list that the dynamic linker goes through.
void put_first(const char *variable, const std::string &what) {
    const char *others = getenv(variable);
    setenv(variable, (what + (others ? ":" : "") + (others ? others : "")).c_str(), 1);
}

// These return 0, or the status to end with.

int no_library(const char *name, const char *where) {
    fprintf(stderr, "iowq-run: there is no %s %s, nor in ../lib/iowq\n", name, where);
    return no_success;
}

int trap_calls(const char *program) {
    std::string folder = folder_of(library_name, "/");
    if (folder.empty())
        return no_library(library_name, "beside it");
    std::string library = folder + library_name;
    if (library.find_first_of(": ") != library.npos) {
        fprintf(stderr, "iowq-run: LD_PRELOAD cannot name %s: it has a colon or a space\n",
                library.c_str());
        return no_success;
    }
    char room[path_room];
    const char *file = find_in_path(program, room);
    program_file it = program_file::look_at(AT_FDCWD, file, 0, library.c_str());
    if (it.obstacle) {
        it.tell(file);
        return not_started;
    }
    const char *others = getenv("LD_PRELOAD");
    if (!others || !preloads_library(others)) // else this is a second iowq-run in the first
        put_first("LD_PRELOAD", library);
    return 0;
}

int replace_liburing() {
    std::string folder = folder_of(liburing, "/liburing/");
    if (folder.empty())
        return no_library(liburing, "in liburing beside it");
    put_first("LD_LIBRARY_PATH", folder);
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    bool if_needed = false, by_name = false;
    int first = 1;
    for (; first < argc && argv[first][0] == '-'; first++) {
        std::string_view option = argv[first];
        if (option == "--help" || option == "-h")
            return fputs(help, stdout) < 0;
        if_needed |= option == "--if-needed";
        by_name |= option == "--liburing";
        if (option != "--if-needed" && option != "--liburing") {
            fprintf(stderr, "iowq-run: there is no option %s (see iowq-run --help)\n", argv[first]);
            return no_success;
        }
    }
    if (first >= argc) {
        fprintf(stderr, "iowq-run: no program is named (see iowq-run --help)\n");
        return no_success;
    }
    if (!if_needed || !kernel_has_it())
        if (int status = by_name ? replace_liburing() : trap_calls(argv[first]))
            return status;
    execvp(argv[first], argv + first);
    fprintf(stderr, "iowq-run: %s: %s\n", argv[first], strerror(errno));
    return errno == ENOENT ? not_found : not_started;
}
