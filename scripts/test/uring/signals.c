// SPDX-License-Identifier: MIT
// Programs that have to do with signals, each a function: `signals NAME` runs one, and exits with 0
// if it has come to what it says.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <liburing.h>

#define EXPECT(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "line %d: not so: %s (errno %d)\n", __LINE__, #condition, errno); \
            _exit(1); \
        } \
    } while (0)

extern char **environ;

static struct io_uring ring;
static int fds[2]; // a pipe

static void set_up(struct io_uring *its) { EXPECT(io_uring_queue_init(8, its, 0) == 0); }

// A call of each kind.
static void use(struct io_uring *its) {
    struct io_uring_cqe *cqe;
    struct io_uring_sqe *sqe = io_uring_get_sqe(its);
    EXPECT(sqe);
    io_uring_prep_nop(sqe);
    EXPECT(io_uring_submit_and_wait(its, 1) == 1);
    EXPECT(io_uring_peek_cqe(its, &cqe) == 0 && cqe->res == 0);
    io_uring_cqe_seen(its, cqe);
    EXPECT(io_uring_register(its->ring_fd, ~0u >> 1, NULL, 0) == -EINVAL);
}

// As io_uring_enter(2), for a completion that is not to come.
static int wait_for_one(const sigset_t *mask) {
    long got = syscall(SYS_io_uring_enter, ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS, mask, 8);
    return got < 0 ? -errno : (int)got;
}

static sigset_t every(void) {
    sigset_t all;
    sigfillset(&all);
    return all;
}

static volatile int calls;
static void use_in_handler(int number) {
    (void)number;
    calls++;
    use(&ring);
}

static void set_action(int number, void (*handler)(int), int flags) {
    struct sigaction act = {.sa_handler = handler, .sa_flags = flags};
    sigfillset(&act.sa_mask);
    EXPECT(sigaction(number, &act, NULL) == 0);
}

// ---- signals that are blocked

static void blocked_by_pthread_sigmask(void) {
    sigset_t all = every();
    EXPECT(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
    use(&ring);
    EXPECT(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
    use(&ring);
}

static void blocked_by_sigprocmask(void) {
    sigset_t all = every();
    EXPECT(sigprocmask(SIG_BLOCK, &all, NULL) == 0);
    use(&ring);
}

static void blocked_by_the_old_calls(void) {
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    sigblock(~0);
    use(&ring);
    sigsetmask(~0);
    use(&ring);
    sighold(SIGSYS);
    use(&ring);
    sigset(SIGSYS, SIG_HOLD);
    use(&ring);
}

static void blocked_in_a_handler(void) {
    set_action(SIGUSR1, use_in_handler, 0);
    raise(SIGUSR1);
    signal(SIGUSR2, use_in_handler);
    raise(SIGUSR2);
    EXPECT(calls == 2);
}

static void blocked_in_sigsuspend(void) {
    set_action(SIGUSR1, use_in_handler, 0);
    sigset_t all = every(), one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sigprocmask(SIG_BLOCK, &one, NULL);
    raise(SIGUSR1);
    sigdelset(&all, SIGUSR1);
    EXPECT(sigsuspend(&all) == -1 && errno == EINTR && calls == 1);
}

static void blocked_while_it_waits(void) {
    set_action(SIGUSR1, use_in_handler, 0);
    sigset_t all = every(), one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sigprocmask(SIG_BLOCK, &one, NULL);
    raise(SIGUSR1);
    sigdelset(&all, SIGUSR1);
    EXPECT(wait_for_one(&all) == -EINTR && calls == 1);
}

static void *use_in_thread(void *unused) {
    use(&ring);
    return unused;
}

static void blocked_by_a_threads_attribute(void) {
    sigset_t all = every();
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    EXPECT(pthread_attr_setsigmask_np(&attr, &all) == 0);
    pthread_t thread;
    EXPECT(pthread_create(&thread, &attr, use_in_thread, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

static void nothing_but_use(void) { use(&ring); }

static void blocked_by_a_spawns_attribute(void) {
    posix_spawnattr_t attr;
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t all = every();
    EXPECT(posix_spawnattr_setsigmask(&attr, &all) == 0);
    EXPECT(posix_spawnattr_setsigdefault(&attr, &all) == 0);
    char *argv[] = {"signals", "nothing_but_use", NULL};
    pid_t pid;
    int status;
    EXPECT(posix_spawn(&pid, "/proc/self/exe", NULL, &attr, argv, environ) == 0);
    EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
}

static void blocked_before_a_fork(void) {
    blocked_by_sigprocmask();
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = {"signals", "nothing_but_use", NULL};
        execv("/proc/self/exe", argv);
        _exit(1);
    }
    int status;
    EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
}

// ---- the program's own SIGSYS

siginfo_t last; // not static, as the compiler then takes it to stay as it is
sigset_t mask_inside;
static void take_it(int number, siginfo_t *what, void *context) {
    (void)context;
    EXPECT(number == SIGSYS);
    calls++;
    last = *what;
    sigprocmask(SIG_BLOCK, NULL, &mask_inside);
    use(&ring);
}

static void its_own_handler(void) {
    struct sigaction act = {.sa_sigaction = take_it, .sa_flags = SA_SIGINFO}, before;
    sigaddset(&act.sa_mask, SIGUSR1);
    EXPECT(sigaction(SIGSYS, &act, &before) == 0 && before.sa_handler == SIG_DFL);
    use(&ring);
    EXPECT(calls == 0);
    raise(SIGSYS);
    EXPECT(calls == 1 && last.si_pid == getpid() && last.si_code == SI_TKILL);
    EXPECT(sigismember(&mask_inside, SIGUSR1) && !sigismember(&mask_inside, SIGUSR2));
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    EXPECT(!sigismember(&now, SIGUSR1));
    union sigval value = {.sival_int = 42};
    EXPECT(sigqueue(getpid(), SIGSYS, value) == 0);
    EXPECT(calls == 2 && last.si_code == SI_QUEUE && last.si_value.sival_int == 42);
    EXPECT(sigaction(SIGSYS, NULL, &before) == 0 && before.sa_sigaction == take_it);
    EXPECT(before.sa_flags & SA_SIGINFO && sigismember(&before.sa_mask, SIGUSR1));
    use(&ring);
}

static void handled_once(void) {
    set_action(SIGSYS, use_in_handler, SA_RESETHAND);
    raise(SIGSYS);
    struct sigaction now;
    sigaction(SIGSYS, NULL, &now);
    EXPECT(calls == 1 && now.sa_handler == SIG_DFL);
}

static void set_by_signal(void) {
    EXPECT(signal(SIGSYS, use_in_handler) == SIG_DFL);
    raise(SIGSYS);
    EXPECT(calls == 1);
    EXPECT(signal(SIGSYS, SIG_IGN) == use_in_handler);
    raise(SIGSYS);
    use(&ring);
    EXPECT(sigset(SIGSYS, use_in_handler) == SIG_IGN);
    raise(SIGSYS);
    EXPECT(calls == 2);
    EXPECT(sigignore(SIGSYS) == 0);
    raise(SIGSYS);
    EXPECT(calls == 2 && signal(SIGSYS, SIG_DFL) == SIG_IGN);
    use(&ring);
}

// Of a child that does this.
static int end_of(void (*what)(void)) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        what();
        _exit(0);
    }
    int status;
    EXPECT(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void raise_it(void) { raise(SIGSYS); }

static void ends_by_it(void) { EXPECT(end_of(raise_it) == SIGSYS); }

// A filter of its own, which traps getpriority, or has it fail.
static void filter(unsigned number, unsigned answer) {
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof steps / sizeof *steps, steps};
    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
}

static void its_own_filter(void) {
    struct sigaction act = {.sa_sigaction = take_it, .sa_flags = SA_SIGINFO};
    EXPECT(sigaction(SIGSYS, &act, NULL) == 0);
    filter(SYS_getpriority, SECCOMP_RET_TRAP | 7);
    getpriority(PRIO_PROCESS, 0);
    EXPECT(calls == 1 && last.si_syscall == SYS_getpriority && last.si_errno == 7);
    use(&ring);
}

static void trap_without_a_handler(void) {
    filter(SYS_getpriority, SECCOMP_RET_TRAP);
    getpriority(PRIO_PROCESS, 0);
}
static void trap_that_is_ignored(void) {
    signal(SIGSYS, SIG_IGN);
    trap_without_a_handler();
}

static void ends_by_its_own_filter(void) {
    EXPECT(end_of(trap_without_a_handler) == SIGSYS);
    EXPECT(end_of(trap_that_is_ignored) == SIGSYS);
}

// ---- calls from handlers

static void count_it(int number) {
    (void)number;
    calls++;
}

// A signal that has come before the wait, and while handlers make a call go on.
static void a_signal_ends_a_wait(void) {
    set_action(SIGUSR1, count_it, SA_RESTART);
    sigset_t none, one;
    sigemptyset(&none);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sigprocmask(SIG_BLOCK, &one, NULL);
    for (int i = 1; i <= 100; i++) {
        raise(SIGUSR1);
        EXPECT(wait_for_one(&none) == -EINTR && calls == i);
    }
}

static pthread_t main_thread;
static atomic_bool done;
static void *send_signals(void *unused) {
    while (!done) {
        pthread_kill(main_thread, SIGUSR1);
        usleep(100);
    }
    return unused;
}

static void signals_end_waits(int flags, void (*handler)(int)) {
    set_action(SIGUSR1, handler, flags);
    main_thread = pthread_self();
    pthread_t thread;
    pthread_create(&thread, NULL, send_signals, NULL);
    for (int i = 0; i < 200; i++)
        EXPECT(wait_for_one(NULL) == -EINTR);
    done = 1;
    pthread_join(thread, NULL);
    EXPECT(calls >= 200);
}

static void other_threads_end_a_wait(void) { signals_end_waits(SA_RESTART, count_it); }

static struct io_uring another;
static void use_both(int number) {
    use_in_handler(number);
    use(&another);
}

static void handlers_use_rings_while_it_waits(void) {
    set_up(&another);
    signals_end_waits(0, use_both);
    use(&another);
}

// A handler that comes at any time, in the calls' own code and in malloc's.
static void handlers_use_rings_at_any_time(void) {
    set_up(&another);
    set_action(SIGALRM, use_in_handler, SA_RESTART);
    struct itimerval often = {{0, 300}, {0, 300}};
    setitimer(ITIMER_REAL, &often, NULL);
    struct io_uring one;
    void *kept[16] = {0};
    for (unsigned i = 0; calls < 300; i++) {
        free(kept[i % 16]);
        kept[i % 16] = malloc(i % 5000);
        struct io_uring_sqe *sqe = io_uring_get_sqe(&another);
        io_uring_prep_nop(sqe);
        sqe->flags |= i % 4 ? 0 : IOSQE_ASYNC;
        EXPECT(io_uring_submit(&another) == 1);
        struct io_uring_cqe *cqe;
        int error;
        while ((error = io_uring_wait_cqe(&another, &cqe)) == -EINTR)
            ;
        EXPECT(error == 0);
        io_uring_cqe_seen(&another, cqe);
        if (i % 64 == 0) {
            set_up(&one);
            io_uring_queue_exit(&one);
        }
    }
}

static sigjmp_buf out;
static void jump(int number) {
    (void)number;
    siglongjmp(out, 1);
}

static void *wait_in_thread(void *unused) {
    struct io_uring_cqe *cqe;
    EXPECT(io_uring_wait_cqe(&ring, &cqe) == 0 && cqe->user_data == 7);
    io_uring_cqe_seen(&ring, cqe);
    return unused;
}

static void handlers_jump_out_of_a_wait(void) {
    set_action(SIGUSR1, jump, 0);
    sigset_t none, one;
    sigemptyset(&none);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sigprocmask(SIG_BLOCK, &one, NULL);
    for (volatile int i = 0; i < 100; i++) {
        if (sigsetjmp(out, 1) == 0) {
            raise(SIGUSR1);
            wait_for_one(&none);
            EXPECT(!"reached");
        }
        use(&ring);
    }
    pthread_t thread;
    pthread_create(&thread, NULL, wait_in_thread, NULL);
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    io_uring_prep_nop(sqe);
    sqe->flags |= IOSQE_ASYNC;
    sqe->user_data = 7;
    EXPECT(io_uring_submit(&ring) == 1);
    EXPECT(pthread_join(thread, NULL) == 0);
}

// ---- memory

// Inside of a call.
static __thread int allocations, inside;
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void __libc_free(void *), *__libc_memalign(size_t, size_t);

static void take_note(void) { allocations += inside; }
void *malloc(size_t bytes) {
    take_note();
    return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
    take_note();
    return __libc_calloc(count, bytes);
}
void *realloc(void *at, size_t bytes) {
    take_note();
    return __libc_realloc(at, bytes);
}
void free(void *at) {
    if (at)
        take_note();
    __libc_free(at);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
    take_note();
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void **at, size_t alignment, size_t bytes) {
    take_note();
    *at = __libc_memalign(alignment, bytes);
    return *at ? 0 : ENOMEM;
}

enum { many = 256 };

// Calls of many kinds, some of which wait.
static void work_through(struct io_uring *its, int file) {
    static char bytes[many][64];
    static struct iovec segments[many][20];
    for (int i = 0; i < many; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(its);
        for (int k = 0; k < 20; k++)
            segments[i][k] = (struct iovec){bytes[i] + k, 1};
        if (i % 4 == 0)
            io_uring_prep_readv(sqe, file, segments[i], 20, 0);
        else if (i % 4 == 1)
            io_uring_prep_read(sqe, fds[0], bytes[i], 1, 0);
        else if (i % 4 == 2)
            io_uring_prep_openat(sqe, AT_FDCWD, "/nosuch", O_RDONLY, 0);
        else
            io_uring_prep_nop(sqe);
        sqe->flags |= i % 8 == 0 ? IOSQE_ASYNC : i % 8 == 3 ? IOSQE_IO_LINK : 0;
    }
    inside = 1;
    EXPECT(io_uring_submit_and_wait(its, many / 2) == many);
    inside = 0;
    for (int i = 0; i < many / 4; i++)
        EXPECT(write(fds[1], "x", 1) == 1);
    for (int i = 0; i < many; i++) {
        struct io_uring_cqe *cqe;
        inside = 1;
        EXPECT(io_uring_wait_cqe(its, &cqe) == 0);
        inside = 0;
        io_uring_cqe_seen(its, cqe);
    }
}

static void no_call_allocates(void) {
    struct io_uring big; // not the first, with which a thread is created
    inside = 1;
    EXPECT(io_uring_queue_init(many, &big, 0) == 0);
    inside = 0;
    EXPECT(allocations == 0);
    int file = open("/dev/zero", O_RDWR);
    for (int i = 0; i < 3; i++)
        work_through(&big, file);
    EXPECT(allocations == 0);
    int several[100];
    for (int i = 0; i < 100; i++)
        several[i] = file;
    inside = 1;
    EXPECT(io_uring_register_files(&big, several, 100) == 0);
    EXPECT(io_uring_register_files_update(&big, 0, several, 100) == 100);
    EXPECT(io_uring_unregister_files(&big) == 0);
    struct iovec buffer = {several, sizeof several};
    EXPECT(io_uring_register_buffers(&big, &buffer, 1) == 0);
    EXPECT(io_uring_unregister_buffers(&big) == 0);
    io_uring_queue_exit(&big);
    inside = 0;
    EXPECT(allocations == 0);
}

// ---- the stack

enum { stack_size = 256 << 10 };
static _Alignas(4096) char alternate[stack_size];

static void paint(void) { memset(alternate, 0x5a, stack_size); }
static size_t painted_over(void) {
    size_t clean = 0;
    while (clean < stack_size && alternate[clean] == 0x5a)
        clean++;
    return stack_size - clean;
}

static struct io_uring_params params;
static long answer;
static long (*make)(void);
static void make_it(int number) {
    (void)number;
    answer = make();
}
// How much of a stack a call takes, with the signal frame of a trap.
static size_t stack_of(long (*call)(void)) {
    make = call;
    stack_t its = {.ss_sp = alternate, .ss_size = stack_size};
    EXPECT(sigaltstack(&its, NULL) == 0);
    set_action(SIGUSR1, make_it, SA_ONSTACK);
    paint();
    raise(SIGUSR1);
    return painted_over();
}

static long no_ring(void) { return syscall(SYS_getpriority, 0, 0); }
static long setup(void) { return syscall(SYS_io_uring_setup, 64, &params); }
static long enter(void) { return io_uring_submit_and_wait(&ring, 1); }

// Makes them, and takes their completions. How much of a stack that took.
static size_t stack_of_calls(unsigned count) {
    size_t took = stack_of(enter);
    EXPECT(answer == (long)count);
    for (unsigned i = 0; i < count; i++) {
        struct io_uring_cqe *cqe;
        EXPECT(io_uring_wait_cqe(&ring, &cqe) == 0);
        io_uring_cqe_seen(&ring, cqe);
    }
    return took;
}

static void the_stack_is_little(void) {
    static char bytes[64];
    static struct iovec segments[20];
    for (int k = 0; k < 20; k++)
        segments[k] = (struct iovec){bytes + k, 1};
    int file = open("/dev/zero", O_RDWR);
    io_uring_prep_read(io_uring_get_sqe(&ring), fds[0], bytes, 1, 0);
    EXPECT(write(fds[1], "x", 1) == 1);
    (void)stack_of_calls(1); // which looks functions up, as the next one does
    (void)stack_of(no_ring);
    size_t before = stack_of(no_ring), most = 0;
    enum { nop, readv_, async, openat_, of_several, kinds };
    for (int warm = 1; warm >= 0; warm--)
        for (int kind = 0; kind < kinds; kind++) {
            unsigned count = kind == of_several ? 8 : 1;
            for (unsigned i = 0; i < count; i++) {
                struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
                if (kind == nop)
                    io_uring_prep_nop(sqe);
                else if (kind == openat_)
                    io_uring_prep_openat(sqe, AT_FDCWD, "/nosuch", O_RDONLY, 0);
                else
                    io_uring_prep_readv(sqe, file, segments, 20, 0);
                sqe->flags |= kind == async ? IOSQE_ASYNC : 0;
            }
            size_t took = stack_of_calls(count) - before;
            fprintf(stderr, "%s%d: %zu bytes\n", warm ? "first " : "", kind, took);
            if (took > most)
                most = took;
        }
    size_t took = stack_of(setup) - before;
    fprintf(stderr, "setup: %zu bytes\n", took);
    EXPECT(answer >= 0 && most < 8192 && took < 8192);
}

// ---- the C library's syscall(2)

static void made_by_syscall(void) {
    struct io_uring_params its = {0};
    errno = 77;
    long fd = syscall(SYS_io_uring_setup, 4, &its);
    EXPECT(fd >= 0 && errno == 77 && its.sq_entries == 4);
    EXPECT(syscall(SYS_io_uring_enter, fd, 0, 0, 1u << 31, NULL, 0) == -1 && errno == EINVAL);
    EXPECT(syscall(SYS_io_uring_register, fd, 999, NULL, 0) == -1 && errno == EINVAL);
    EXPECT(close((int)fd) == 0);
    EXPECT(syscall(SYS_io_uring_enter, fd, 0, 0, 0, NULL, 0) == -1 && errno == EBADF);
    // All others, and their six arguments, are the C library's.
    EXPECT(syscall(SYS_getpid) == getpid());
    EXPECT(syscall(999999L) == -1 && errno == ENOSYS);
    char *got = (char *)syscall(SYS_mmap, NULL, 4096L, PROT_READ, MAP_PRIVATE, fds[0], 4096L);
    EXPECT(got == MAP_FAILED && errno == ENODEV); // a pipe cannot be mapped
    long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0L);
    if (child == 0)
        _exit(7);
    int status;
    EXPECT(waitpid((pid_t)child, &status, 0) == child && WEXITSTATUS(status) == 7);
}

static long enter_nothing(void) {
    return syscall(SYS_io_uring_enter, ring.ring_fd, 0, 0, 0, NULL, 0);
}
static long submit_nothing(void) { return io_uring_submit_and_get_events(&ring); }

static void is_not_trapped(void) {
    (void)stack_of(enter_nothing);
    (void)stack_of(submit_nothing);
    size_t called = stack_of(enter_nothing), trapped = stack_of(submit_nothing);
    fprintf(stderr, "called: %zu bytes, trapped: %zu\n", called, trapped);
    EXPECT(called + 1024 < trapped); // without a signal's frame
}

// ---- filters that deny what the pool needs, with the kernel's io_uring they deny nothing

// What an operation comes to that a worker makes. No worker is there before.
static int made_by_worker(void) {
    static char byte;
    int file = open("/dev/zero", O_RDONLY);
    for (int i = 0; i < 3; i++) { // told once
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
        io_uring_prep_read(sqe, file, &byte, 1, 0);
        sqe->flags |= IOSQE_ASYNC;
    }
    EXPECT(io_uring_submit(&ring) == 3);
    int result = 0;
    for (int i = 0; i < 3; i++) {
        struct io_uring_cqe *cqe;
        EXPECT(io_uring_wait_cqe(&ring, &cqe) == 0);
        result = cqe->res;
        io_uring_cqe_seen(&ring, cqe);
    }
    return result;
}

static void no_more_threads(void) {
    filter(SYS_clone3, SECCOMP_RET_ERRNO | EPERM);
    filter(SYS_clone, SECCOMP_RET_ERRNO | EPERM);
    printf("%d\n", made_by_worker());
    use(&ring);
    struct io_uring one;
    int error = io_uring_queue_init(8, &one, 0);
    EXPECT(error == 0 || error == -EPERM);
}

static void no_reads(void) {
    filter(SYS_preadv2, SECCOMP_RET_ERRNO | ENOSYS);
    printf("%d\n", made_by_worker());
    use(&ring);
}

static const struct {
    const char *name;
    void (*run)(void);
} programs[] = {
#define PROGRAM(name) {#name, name}
    PROGRAM(nothing_but_use),
    PROGRAM(blocked_by_pthread_sigmask),
    PROGRAM(blocked_by_sigprocmask),
    PROGRAM(blocked_by_the_old_calls),
    PROGRAM(blocked_in_a_handler),
    PROGRAM(blocked_in_sigsuspend),
    PROGRAM(blocked_while_it_waits),
    PROGRAM(blocked_by_a_threads_attribute),
    PROGRAM(blocked_by_a_spawns_attribute),
    PROGRAM(blocked_before_a_fork),
    PROGRAM(its_own_handler),
    PROGRAM(handled_once),
    PROGRAM(set_by_signal),
    PROGRAM(ends_by_it),
    PROGRAM(its_own_filter),
    PROGRAM(ends_by_its_own_filter),
    PROGRAM(a_signal_ends_a_wait),
    PROGRAM(other_threads_end_a_wait),
    PROGRAM(handlers_use_rings_while_it_waits),
    PROGRAM(handlers_use_rings_at_any_time),
    PROGRAM(handlers_jump_out_of_a_wait),
    PROGRAM(no_call_allocates),
    PROGRAM(the_stack_is_little),
    PROGRAM(made_by_syscall),
#define DENIED PROGRAM
    DENIED(is_not_trapped),
    DENIED(no_more_threads),
    DENIED(no_reads),
};

int main(int argc, char **argv) {
    EXPECT(pipe(fds) == 0);
    set_up(&ring);
    for (size_t i = 0; argc == 2 && i < sizeof programs / sizeof *programs; i++)
        if (strcmp(argv[1], programs[i].name) == 0) {
            programs[i].run();
            return 0;
        }
    return 2;
}
