// SPDX-License-Identifier: MIT
// Makes a ring and uses it, and says in a line whether there was one; whether the test's own
// library is preloaded; and its argument.
#include <dlfcn.h>
#include <stdio.h>

#include <liburing.h>

int main(int argc, char **argv) {
    struct io_uring ring;
    struct io_uring_cqe *cqe;
    int error = io_uring_queue_init(8, &ring, 0);
    if (!error) {
        io_uring_prep_nop(io_uring_get_sqe(&ring));
        io_uring_submit_and_wait(&ring, 1);
        error = io_uring_peek_cqe(&ring, &cqe);
    }
    printf("%s", error ? "none" : "ring");
#ifndef STATIC
    printf("%s", dlsym(RTLD_DEFAULT, "of_the_test") ? ", own" : "");
#endif
    printf(", %s\n", argc > 1 ? argv[argc - 1] : "no argument");
    return 0;
}
