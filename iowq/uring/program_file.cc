// SPDX-License-Identifier: MIT
#include "iowq/uring/program_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace iowq::uring {

namespace {

// What the C library of this machine is loaded by.
#if defined(__x86_64__)
constexpr const char *loader = "/lib64/ld-linux-x86-64.so.2";
constexpr unsigned machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr const char *loader = "/lib/ld-linux-aarch64.so.1";
constexpr unsigned machine = EM_AARCH64;
#endif

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The plain calls: the C library's may be where a thread is cancelled.
class opened {
  public:
    opened(int folder, const char *path)
        : fd_(static_cast<int>(
              syscall(SYS_openat, folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))) {}
    ~opened() {
        if (*this)
            syscall(SYS_close, fd_);
    }
    opened(const opened &) = delete;
    opened &operator=(const opened &) = delete;

    explicit operator bool() const { return fd_ >= 0; }
    [[nodiscard]] int fd() const { return fd_; }
    // How many bytes; 0: none.
    size_t read(void *into, size_t bytes, uint64_t at) const {
        long got = syscall(SYS_pread64, fd_, into, bytes, at);
        return got > 0 ? static_cast<size_t>(got) : 0;
    }

  private:
    int fd_;
};

// A program that runs with other rights than its user's has its LD_PRELOAD ignored. As the filter
// has taken the right to get more, set-user-ID files run as any other.
const char *obstacle_of_rights(const opened &file, const char *library) {
    if (getuid() != geteuid() || getgid() != getegid())
        return "would run with other rights than its user's";
    if (getuid() && syscall(SYS_fgetxattr, file.fd(), "security.capability", nullptr, 0) > 0)
        return "has capabilities of its own";
    return faccessat(AT_FDCWD, library, R_OK, 0) ? "could not read the library" : nullptr;
}

bool is_loader(const opened &file) {
    struct stat one, other;
    return fstat(file.fd(), &one) == 0 && stat(loader, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

const char *obstacle_in_elf(const opened &file, const Elf64_Ehdr &head) {
    bool native = head.e_ident[EI_CLASS] == ELFCLASS64 && head.e_ident[EI_DATA] == ELFDATA2LSB &&
                  head.e_machine == machine;
    if (!native) // its calls are not trapped
        return nullptr;
    for (unsigned i = 0; i < head.e_phnum; i++) {
        Elf64_Phdr part;
        if (file.read(&part, sizeof part, head.e_phoff + i * sizeof part) != sizeof part)
            return nullptr;
        if (part.p_type != PT_INTERP)
            continue;
        char name[256] = {};
        file.read(name, std::min<size_t>(sizeof name - 1, part.p_filesz), part.p_offset);
        return last_part(name) == last_part(loader) ? nullptr : "is linked with another C library";
    }
    return is_loader(file) ? nullptr : "is linked statically";
}

// The interpreter that the first line of a script names, in `out`. False: the file is no script.
bool read_interpreter(std::string_view text, char (&out)[256]) {
    if (!text.starts_with("#!"))
        return false;
    text.remove_prefix(std::min(text.find_first_not_of(" \t", 2), text.size()));
    text = text.substr(0, text.find_first_of(std::string_view(" \t\n\0", 4)));
    if (text.empty() || text.size() >= sizeof out)
        return false;
    *std::copy(text.begin(), text.end(), out) = 0;
    return true;
}

} // namespace

program_file program_file::look_at(int folder, const char *path, int flags, const char *library) {
    program_file it;
    if (path && !*path && flags & AT_EMPTY_PATH) {
        char *number = stpcpy(it.file, "/proc/self/fd/");
        *std::to_chars(number, std::end(it.file) - 1, folder).ptr = 0;
        path = it.file;
    }
    constexpr int deepest = 5; // the kernel's own limit of scripts that name scripts
    for (int depth = 0; path && depth <= deepest; depth++) {
        struct stat known;
        if (fstatat(folder, path, &known, 0) || !S_ISREG(known.st_mode) ||
            faccessat(folder, path, X_OK, AT_EACCESS))
            return it;
        opened program(folder, path);
        if (!program) {
            it.obstacle = errno == EACCES ? "may not be read" : nullptr;
            return it;
        }
        alignas(Elf64_Ehdr) char begin[256];
        size_t got = program.read(begin, sizeof begin, 0);
        if (got >= sizeof(Elf64_Ehdr) && memcmp(begin, ELFMAG, SELFMAG) == 0) {
            it.obstacle = obstacle_in_elf(program, *reinterpret_cast<Elf64_Ehdr *>(begin));
            if (!it.obstacle)
                it.obstacle = obstacle_of_rights(program, library);
            return it;
        }
        if (!read_interpreter({begin, got}, it.file))
            return it;
        path = it.file;
        folder = AT_FDCWD;
    }
    return it;
}

void program_file::tell(const char *path) const {
    if (*file)
        path = file;
    const char *words[] = {"iowq-run: ", path, " ", obstacle,
                           ", so io_uring in user space cannot be put into it\n"};
    std::array<iovec, std::size(words)> pieces;
    std::transform(std::begin(words), std::end(words), pieces.begin(), [](const char *word) {
        return iovec{const_cast<char *>(word), strlen(word)};
    });
    syscall(SYS_writev, STDERR_FILENO, pieces.data(), pieces.size());
}

const char *find_in_path(const char *name, char (&room)[path_room]) {
    if (strchr(name, '/'))
        return name;
    const char *value = getenv("PATH");
    size_t length = strlen(name);
    for (std::string_view rest = value ? value : "/bin:/usr/bin"; *name;) {
        std::string_view folder = rest.substr(0, rest.find(':'));
        struct stat known;
        if (folder.size() + length + 2 <= sizeof room) {
            char *end = std::copy(folder.begin(), folder.end(), room);
            if (!folder.empty())
                *end++ = '/';
            memcpy(end, name, length + 1);
            if (stat(room, &known) == 0 && S_ISREG(known.st_mode) && access(room, X_OK) == 0)
                return room;
        }
        if (folder.size() == rest.size())
            break;
        rest.remove_prefix(folder.size() + 1);
    }
    return nullptr;
}

bool preloads_library(const char *value) {
    for (std::string_view rest = value; !rest.empty();) {
        std::string_view entry = rest.substr(0, rest.find_first_of(": "));
        if (last_part(entry) == library_name)
            return true;
        rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
    }
    return false;
}

} // namespace iowq::uring
