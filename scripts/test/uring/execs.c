// SPDX-License-Identifier: MIT
// `execs WAY ENVIRONMENT FOLDER NAME [LIBRARY]` runs a program by one of the C library's ways, with
// the environment as it is, with a clean one, or with one that preloads LIBRARY. It says in a line
// with which errno that has failed, or with which status the program has ended.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// A child of vfork must not use the parent's malloc.
static volatile int may_not_allocate;
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
static void check(void) {
    if (may_not_allocate)
        abort();
}
void *malloc(size_t bytes) {
    check();
    return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
    check();
    return __libc_calloc(count, bytes);
}
void *realloc(void *at, size_t bytes) {
    check();
    return __libc_realloc(at, bytes);
}

static const char *way, *name;
static char path[4096];
static char *argv[] = {"program", "argument", NULL};
static char **env;

static int is(const char *which) { return strcmp(way, which) == 0; }

// Those that return only if they fail.
static void run(void) {
    may_not_allocate = 1;
    if (is("execve") || is("vfork"))
        execve(path, argv, env);
    else if (is("execv"))
        execv(path, argv);
    else if (is("execvp"))
        execvp(name, argv);
    else if (is("execvpe"))
        execvpe(name, argv, env);
    else if (is("execl"))
        execl(path, argv[0], argv[1], NULL);
    else if (is("execlp"))
        execlp(name, argv[0], argv[1], NULL);
    else if (is("execle"))
        execle(path, argv[0], argv[1], NULL, env);
    else if (is("execveat"))
        execveat(AT_FDCWD, path, argv, env, 0);
    else if (is("fexecve"))
        fexecve(open(path, O_RDONLY), argv, env);
    else
        _exit(2);
    may_not_allocate = 0;
}

static int status_of(pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) != pid)
        abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int main(int argc, char **arguments) {
    if (argc < 5)
        return 2;
    way = arguments[1];
    name = arguments[4];
    snprintf(path, sizeof path, "%s/%s", arguments[3], name);
    char search[4200];
    snprintf(search, sizeof search, "/nosuch:%s:/bin", arguments[3]);
    if (strcmp(arguments[2], "as it is") != 0)
        clearenv();
    setenv("PATH", search, 1);
    if (strcmp(arguments[2], "own") == 0)
        setenv("LD_PRELOAD", arguments[5], 1);
    env = environ;

    if (is("system") || is("popen")) {
        char command[5000];
        snprintf(command, sizeof command, "%s argument", path);
        fflush(stdout);
        FILE *its = is("popen") ? popen(command, "w") : NULL;
        int status = its ? pclose(its) : system(command);
        printf("status %d\n", WEXITSTATUS(status));
    } else if (is("posix_spawn") || is("posix_spawnp")) {
        pid_t pid;
        may_not_allocate = 1;
        int error = is("posix_spawn") ? posix_spawn(&pid, path, NULL, NULL, argv, env)
                                      : posix_spawnp(&pid, name, NULL, NULL, argv, env);
        may_not_allocate = 0;
        printf(error ? "errno %d\n" : "status %d\n", error ? error : status_of(pid));
    } else if (is("vfork")) {
        volatile int error = 0;
        pid_t pid = vfork();
        if (pid == 0) {
            run();
            error = errno;
            _exit(0);
        }
        may_not_allocate = 0;
        int status = status_of(pid);
        printf(error ? "errno %d\n" : "status %d\n", error ? error : status);
    } else {
        run();
        printf("errno %d\n", errno);
    }
    return 0;
}
