// SPDX-License-Identifier: MIT
// What a C program does with acall.
#define _GNU_SOURCE
#include "iowq/acall/acall.h"
#include "iowq/test/from_c.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int acall_from_c(void);

int acall_from_c(void) {
    int fd[2];
    EXPECT(pipe(fd) == 0);

    char text[6] = "";
    struct acall_id id, written;
    struct acall_completion done = {0, 0};
    struct acall_submission reading = {
        .nr = SYS_read,
        .flags = ACALL_SUBMIT_THREAD_POOL,
        .cookie = 7,
        .completion_pointer = (uintptr_t)&done,
        .id_pointer = (uintptr_t)&id,
        .args = {(uint64_t)fd[0], (uintptr_t)text, sizeof text},
    };
    struct acall_submission writing = {
        .nr = SYS_write,
        .id_pointer = (uintptr_t)&written,
        .args = {(uint64_t)fd[1], (uintptr_t) "acall", sizeof text},
    };
    struct acall_submission *both[] = {&reading, &writing};
    EXPECT(acall_submit(both, 2) == 2);
    EXPECT(acall_submit_error() == 0);

    struct acall_id *ids[] = {&id};
    EXPECT(acall_comp_pwait(ids, 1, NULL, NULL, 0) == 1);
    EXPECT(__atomic_load_n(&done.cookie, __ATOMIC_ACQUIRE) == 7);
    EXPECT((int64_t)done.return_code == (int64_t)sizeof text);
    EXPECT(strcmp(text, "acall") == 0);
    struct acall_id *other[] = {&written}; // it may be read before the call is over
    EXPECT(acall_comp_pwait(other, 1, NULL, NULL, 0) == 1);

    union {
        struct acall_completion_ring ring;
        unsigned char
            room[sizeof(struct acall_completion_ring) + 2 * sizeof(struct acall_completion)];
    } space;
    memset(&space, 0, sizeof space);
    space.ring.nr = 2;
    struct acall_submission unknown = {
        .nr = 100000,
        .cookie = 8,
        .completion_ring_pointer = (uintptr_t)&space.ring,
    };
    struct acall_submission *one[] = {&unknown};
    EXPECT(acall_submit(one, 1) == 1);
    EXPECT(acall_ring_pwait(&space.ring, 0, 1, NULL, NULL, 0) == 1);
    EXPECT(space.ring.head == 1);
    EXPECT(space.ring.comps[1].cookie == 8);

    close(fd[0]);
    close(fd[1]);
    return 0;
}
