/* SPDX-License-Identifier: MIT
 * Adds up the bytes of each file, all files at a time, even where io_uring is forbidden:
 *   cc sum.c $(pkg-config --cflags --libs iowq) -o sum && ./sum FILE... */
#include <iowq/io_wq.h>

#include <stdio.h>
#include <stdlib.h>

struct sum {
    struct io_wq_work work;
    const char *name;
    long bytes; /* their sum; -1: the file cannot be read */
};

static void add_up(struct io_wq_work **work) {
    struct sum *s = (struct sum *)*work;
    FILE *in = fopen(s->name, "rb");
    s->bytes = in ? 0 : -1;
    io_wq_worker_sleeping(NULL); /* it may wait for the disk: another worker takes over meanwhile */
    for (int c; in && (c = getc(in)) != EOF;)
        s->bytes += c;
    io_wq_worker_running(NULL);
    if (in)
        fclose(in);
}

int main(int argc, char **argv) {
    struct io_wq *wq = io_wq_create(2, NULL);
    struct sum *sums = calloc(argc, sizeof *sums);
    if (!wq || !sums)
        return perror("sum"), 1;
    for (int i = 1; i < argc; i++) {
        INIT_IO_WORK(&sums[i].work, add_up);
        sums[i].name = argv[i];
        io_wq_enqueue(wq, &sums[i].work);
    }
    io_wq_destroy(wq); /* runs what is queued */
    for (int i = 1; i < argc; i++)
        printf("%ld %s\n", sums[i].bytes, argv[i]);
    free(sums);
}
