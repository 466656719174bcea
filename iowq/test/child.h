// SPDX-License-Identifier: MIT
// Tests in a child of a fork, which may change what concerns the whole process.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK()                                                      \
    GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork"
#else
#define SKIP_WHERE_NO_THREADS_FOLLOW_A_FORK()
#endif

// Runs `test` in a child that leaves by exit(), as programs do. Returns what the test does, or 128
// and the number of the signal that ended it.
template <class Test>
int in_child(Test test) {
    fflush(nullptr);
    pid_t child = fork();
    if (child == 0) {
        alarm(120); // it must not hang
        exit(test());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
