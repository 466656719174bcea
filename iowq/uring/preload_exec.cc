// SPDX-License-Identifier: MIT
// The filter holds for whatever a program runs, so the library has to be preloaded there, too:
// where LD_PRELOAD does not name it, it is put in front, and where that cannot help, nothing is
// run. A child of vfork shares its parent's memory: nothing here allocates, and all that is written
// is on the stack. Only system and popen, which no such child may call, change the environment.
#include "iowq/uring/next_function.h"
#include "iowq/uring/program_file.h"

#include <alloca.h>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

namespace iowq::uring {

namespace {

constinit next_function<&execve> next_execve("execve");
constinit next_function<&execvpe> next_execvpe("execvpe");
constinit next_function<&execveat> next_execveat("execveat");
constinit next_function<&fexecve> next_fexecve("fexecve");
constinit next_function<&posix_spawn> next_posix_spawn("posix_spawn");
constinit next_function<&posix_spawnp> next_posix_spawnp("posix_spawnp");
constinit next_function<&system> next_system("system");
constinit next_function<&popen> next_popen("popen");

constexpr const char variable[] = "LD_PRELOAD=";
constexpr size_t variable_length = sizeof variable - 1;

// Where this library is; empty: nobody knows.
char own_path[PATH_MAX];

__attribute__((constructor)) void find_them() {
    next_execve.find();
    next_execvpe.find();
    next_execveat.find();
    next_fexecve.find();
    next_posix_spawn.find();
    next_posix_spawnp.find();
    Dl_info known;
    if (dladdr(own_path, &known) == 0 || !realpath(known.dli_fname, own_path))
        *own_path = 0;
}

// What an environment has, and what one that has the library preloaded has room for.
struct environment {
    size_t count = 0;
    const char *preloaded = nullptr; // the value of LD_PRELOAD; nullptr: there is none

    explicit environment(char *const *all) {
        for (; all && all[count]; count++)
            if (strncmp(all[count], variable, variable_length) == 0)
                preloaded = all[count] + variable_length;
    }
    [[nodiscard]] bool carries_on() const { return preloaded && preloads_library(preloaded); }
    [[nodiscard]] size_t length() const {
        return variable_length + strlen(own_path) + 1 + (preloaded ? strlen(preloaded) : 0) + 1;
    }
    // Writes LD_PRELOAD as it is to be.
    void write(char *to) const {
        to = stpcpy(stpcpy(to, variable), own_path);
        if (preloaded && *preloaded)
            stpcpy(stpcpy(to, ":"), preloaded);
    }
};

// 0, or the errno of an exec that is refused.
int look(int folder, const char *path, int flags) {
    program_file it = program_file::look_at(folder, path, flags, own_path);
    if (!it.obstacle)
        return 0;
    it.tell(path);
    return EACCES;
}

// Calls run with an environment that has the library preloaded. What that returns, or an errno.
template <class Run>
int with_library(char *const *given, Run run) {
    environment known(given);
    if (known.carries_on())
        return run(given);
    constexpr size_t most_variables = 1 << 14, longest = 1 << 14; // of what is put on the stack
    if (known.count > most_variables || known.length() > longest)
        return E2BIG;
    auto *text = static_cast<char *>(alloca(known.length()));
    known.write(text);
    auto **own = static_cast<char **>(alloca((known.count + 2) * sizeof(char *)));
    char **to = own;
    *to++ = text;
    for (size_t i = 0; i < known.count; i++)
        if (strncmp(given[i], variable, variable_length) != 0)
            *to++ = given[i];
    *to = nullptr;
    return run(own);
}

// As exec does: it returns only with an error.
template <class Run>
int execute(int folder, const char *path, int flags, char *const *env, Run run) {
    int error = look(folder, path, flags);
    if (!error)
        error = with_library(env, [&](char *const *own) {
            run(own);
            return errno;
        });
    errno = error;
    return -1;
}

int execute_file(const char *path, char *const *argv, char *const *env) {
    return execute(AT_FDCWD, path, 0, env, [&](char *const *own) { next_execve(path, argv, own); });
}

int execute_named(const char *name, char *const *argv, char *const *env) {
    char room[path_room];
    return execute(AT_FDCWD, find_in_path(name, room), 0, env,
                   [&](char *const *own) { next_execvpe(name, argv, own); });
}

// Calls run with the array of what execl and its like have as arguments, first and up to the null
// pointer, and with the list that is then at what follows.
template <class Run>
int with_array(const char *first, va_list &list, Run run) {
    va_list counted;
    va_copy(counted, list);
    size_t count = 1;
    for (const char *each = first; each; each = va_arg(counted, const char *))
        count++;
    va_end(counted);
    constexpr size_t most = 1 << 15;
    if (count > most) {
        errno = E2BIG;
        return -1;
    }
    auto **argv = static_cast<char **>(alloca(count * sizeof(char *)));
    argv[0] = const_cast<char *>(first);
    for (size_t i = 0; argv[i]; i++)
        argv[i + 1] = va_arg(list, char *);
    return run(argv);
}

// The C library's own children get the process's environment.
void carry_on_in_environ() {
    (void)with_library(environ, [](char *const *own) {
        if (own != environ)
            setenv("LD_PRELOAD", own[0] + variable_length, 1);
        return 0;
    });
}

} // namespace

} // namespace iowq::uring

using namespace iowq::uring;

IOWQ_EXPORTED int execve(const char *path, char *const argv[], char *const env[]) noexcept {
    return execute_file(path, argv, env);
}
IOWQ_EXPORTED int execv(const char *path, char *const argv[]) noexcept {
    return execute_file(path, argv, environ);
}
IOWQ_EXPORTED int execvp(const char *name, char *const argv[]) noexcept {
    return execute_named(name, argv, environ);
}
IOWQ_EXPORTED int execvpe(const char *name, char *const argv[], char *const env[]) noexcept {
    return execute_named(name, argv, env);
}
IOWQ_EXPORTED int execl(const char *path, const char *first, ...) noexcept {
    va_list list;
    va_start(list, first);
    int error =
        with_array(first, list, [&](char **argv) { return execute_file(path, argv, environ); });
    va_end(list);
    return error;
}
IOWQ_EXPORTED int execlp(const char *name, const char *first, ...) noexcept {
    va_list list;
    va_start(list, first);
    int error =
        with_array(first, list, [&](char **argv) { return execute_named(name, argv, environ); });
    va_end(list);
    return error;
}
IOWQ_EXPORTED int execle(const char *path, const char *first, ...) noexcept {
    va_list list;
    va_start(list, first);
    int error = with_array(first, list, [&](char **argv) {
        return execute_file(path, argv, va_arg(list, char *const *));
    });
    va_end(list);
    return error;
}
IOWQ_EXPORTED int execveat(int folder, const char *path, char *const argv[], char *const env[],
                           int flags) noexcept {
    return execute(folder, path, flags, env,
                   [&](char *const *own) { next_execveat(folder, path, argv, own, flags); });
}
IOWQ_EXPORTED int fexecve(int fd, char *const argv[], char *const env[]) noexcept {
    return execute(fd, "", AT_EMPTY_PATH, env,
                   [&](char *const *own) { next_fexecve(fd, argv, own); });
}

IOWQ_EXPORTED int posix_spawn(pid_t *pid, const char *path,
                              const posix_spawn_file_actions_t *actions,
                              const posix_spawnattr_t *attributes, char *const argv[],
                              char *const env[]) {
    int error = look(AT_FDCWD, path, 0);
    return error ? error : with_library(env, [&](char *const *own) {
        return next_posix_spawn(pid, path, actions, attributes, argv, own);
    });
}
IOWQ_EXPORTED int posix_spawnp(pid_t *pid, const char *name,
                               const posix_spawn_file_actions_t *actions,
                               const posix_spawnattr_t *attributes, char *const argv[],
                               char *const env[]) {
    char room[path_room];
    int error = look(AT_FDCWD, find_in_path(name, room), 0);
    return error ? error : with_library(env, [&](char *const *own) {
        return next_posix_spawnp(pid, name, actions, attributes, argv, own);
    });
}

IOWQ_EXPORTED int system(const char *command) {
    carry_on_in_environ();
    return next_system(command);
}
IOWQ_EXPORTED FILE *popen(const char *command, const char *mode) {
    carry_on_in_environ();
    return next_popen(command, mode);
}
