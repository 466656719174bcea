// SPDX-License-Identifier: MIT
#include "iowq/explore/scheduler.h"

#include "iowq/explore/explore.h"
#include "iowq/explore/heap.h"
#include "iowq/explore/program.h"

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <deque>
#include <ucontext.h>
#include <utility>

namespace explore {

namespace {

constexpr size_t stack_bytes = 256 << 10;
constexpr nanoseconds start_of_time = 1'000'000'000'000;

struct thread {
    enum { ready, waiting, finished } state = ready;
    thread_id id = 0;
    view now;
    history past;
    void *(*start)(void *) = nullptr;
    void *argument = nullptr;
    std::string name;

    // while waiting
    uintptr_t at = 0;
    const char *what = "";
    nanoseconds until = 0;
    uint64_t since = 0; // the step
    bool interruptible = false;
    bool in_call = false; // which takes its time
    bool yielded = false; // since all others that can had a turn
    bool stayed = false;  // has yielded, and gone on all the same
    // how that ended
    bool timed_out = false, interrupted = false;
    long waits = 0;

    // while another one runs
    jmp_buf registers;
    bool entered = false;
    char *stack = nullptr;
    std::string locals;
    int error = 0; // errno
    unsigned depth = 0;
    char exceptions[16];
};

class scheduler;
constinit scheduler *s = nullptr; // made by the first run, and never destroyed
constinit bool running = false;
constinit unsigned depth = 0; // of `inside`

class scheduler {
  public:
    outcome run(void (*scenario)(), search &by, const limits &most,
                const std::function<bool()> &stop);

    memory mem;
    bool leaves_memory = false;
    unsigned unjoined = 0; // threads that have been created and not joined
    thread *current = nullptr;
    std::deque<thread> threads; // addresses stay
    nanoseconds clock = 0;

    thread &add(void *(*start)(void *), void *argument);
    void go_on(bool can_go_on); // somebody
    unsigned others(std::span<thread_id> out, bool new_round);
    [[noreturn]] void fail(const std::string &what);
    void point(uintptr_t at, bool writes, uintptr_t pc);
    [[nodiscard]] uint64_t state() const;
    unsigned decide(char kind, unsigned n, unsigned (search::*ask)(uint64_t, unsigned));
    void *allocate(size_t bytes, size_t alignment, bool zeroed, uintptr_t pc);
    bool release(void *at, uintptr_t pc);
    [[nodiscard]] bool is_own(uintptr_t at) const; // thread_local

  private:
    static void enter();
    void begin(void (*scenario)());
    void one(void (*scenario)());
    void check_end();
    void switch_to(thread &next);
    [[nodiscard]] bool let_time_pass(nanoseconds most);
    [[nodiscard]] std::string who_waits() const;

    search *search_ = nullptr;
    limits most_;
    void (*scenario_)() = nullptr;
    outcome result_;
    uint64_t step_ = 0;
    schedule taken_;
    jmp_buf host_;
    bool given_up_ = false; // there was nothing new in it
    thread_locals locals_;
    variables variables_;
    std::array<char *, most_threads> stacks_{}; // each thread has the same in every schedule
    heap heap_;

    friend nanoseconds explore::now();
};

// ---- fibres

thread &scheduler::add(void *(*start)(void *), void *argument) {
    if (threads.size() == most_threads)
        fail("more than " + std::to_string(most_threads) + " threads in one schedule");
    thread &t = threads.emplace_back();
    t.id = static_cast<thread_id>(threads.size() - 1);
    t.start = start;
    t.argument = argument;
    t.locals = locals_.initial;
    if (current) {
        unjoined++;
        t.now = current->now;
        current->now.tick(current->id);
        current->past.add(t.id);
        t.past.add(current->past.number());
    }
    t.now.tick(t.id);
    memset(t.exceptions, 0, sizeof t.exceptions);
    if (!stacks_[t.id])
        stacks_[t.id] = map_memory(stack_bytes);
    t.stack = stacks_[t.id];
    return t;
}

void scheduler::enter() {
    thread &t = *s->current;
    depth = 0;
    t.start(t.argument);
    depth = 1;
    t.state = thread::finished;
    t.now.tick(t.id);
    wake(reinterpret_cast<uintptr_t>(&t), ~0u);
    s->go_on(false);
    abort();
}

void scheduler::switch_to(thread &next) {
    thread *last = current;
    if (last == &next)
        return;
    void *exceptions = abi::__cxa_get_globals();
    if (last) {
        last->locals.assign(locals_.at, locals_.bytes);
        last->error = errno;
        last->depth = depth;
        memcpy(last->exceptions, exceptions, sizeof last->exceptions);
    }
    current = &next;
    memcpy(locals_.at, next.locals.data(), locals_.bytes);
    memcpy(exceptions, next.exceptions, sizeof next.exceptions);
    errno = next.error;
    depth = next.depth;
    if (last && _setjmp(last->registers))
        return;
    if (next.entered)
        _longjmp(next.registers, 1);
    next.entered = true;
    static ucontext_t start; // of one at a time
    getcontext(&start);
    start.uc_stack.ss_sp = next.stack;
    start.uc_stack.ss_size = stack_bytes;
    start.uc_link = nullptr;
    makecontext(&start, enter, 0);
    setcontext(&start);
}

// ---- who goes on

// Until the first deadline, or else that time; is somebody's wait over?
bool scheduler::let_time_pass(nanoseconds most) {
    thread *first = nullptr;
    for (thread &t : threads)
        if (t.state == thread::waiting && (!first || t.until < first->until))
            first = &t;
    if (!first || first->until > most) {
        if (current->state == thread::ready)
            clock = most;
        return false;
    }
    clock = std::max(clock, first->until);
    for (thread &t : threads)
        if (t.state == thread::waiting && t.until <= clock) {
            t.timed_out = true;
            t.state = thread::ready;
        }
    return true;
}

std::string scheduler::who_waits() const {
    std::string text;
    for (const thread &t : threads)
        if (t.state == thread::waiting)
            text += "\n  " + std::to_string(t.id) + " " + t.name + ": " + t.what;
    return text;
}

// The other threads that can go on, those behind the caller first. Those that have yielded have to
// wait for a turn of each other one, or they might spin for ever.
unsigned scheduler::others(std::span<thread_id> out, bool new_round) {
    unsigned n = 0;
    for (size_t i = 1; i < threads.size(); i++) {
        thread &t = threads[(current->id + i) % threads.size()];
        if (new_round)
            t.yielded = false;
        if (t.state == thread::ready && !t.yielded)
            out[n++] = t.id;
    }
    return n;
}

void scheduler::go_on(bool can_go_on) {
    std::array<thread_id, most_threads> options;
    for (;;) {
        unsigned n = 0;
        if (can_go_on)
            options[n++] = current->id;
        n += others(std::span(options).subspan(n), false);
        if (n == 0) // all have yielded that can go on: another round
            n = others(options, true);
        if (n > 0 && !can_go_on && current->state == thread::ready && !current->stayed)
            options[n++] = current->id; // it has yielded, but the others may be slow, once
        if (n == 0 && current->state == thread::ready) { // it has yielded, and spins alone
            if (let_time_pass(clock + 1000))
                continue;
            options[n++] = current->id;
        }
        if (n == 0) {
            if (let_time_pass(clock + most_.horizon))
                continue;
            bool over = true;
            for (const thread &t : threads)
                over &= t.state == thread::finished;
            if (!over)
                fail("deadlock: nobody can go on" + who_waits());
            current = nullptr;
            _longjmp(host_, 1);
        }
        if (++step_ > most_.steps)
            fail("no end after " + std::to_string(step_) + " steps" + who_waits());
        unsigned chosen =
            n > 1 ? search_->thread(step_, std::span(options).first(n), !can_go_on, state()) : 0;
        if (chosen == search::nothing_new) {
            given_up_ = true;
            _longjmp(host_, 1);
        }
        if (chosen)
            taken_.push_back({step_, '>', options[chosen]});
        thread &next = threads[options[chosen]];
        current->stayed = &next == current && (current->stayed || !can_go_on);
        switch_to(next);
        return;
    }
}

uint64_t scheduler::state() const {
    uint64_t all = mixed(mem.state(), clock) + mixed(locks_state(), current->id);
    for (const thread &t : threads)
        all += mixed(mixed(t.past.number(), t.id),
                     t.state + 4 * t.interrupted + 8 * t.yielded + 16 * t.stayed);
    return all;
}

void scheduler::point(uintptr_t at, bool writes, uintptr_t pc) {
    current->now.tick(current->id);
    if (most_.told)
        fprintf(stderr, "%lu\t%u\t%s\t%#lx\n", step_ + 1, current->id, in_program(pc).c_str(), at);
    if (mem.is_shared(at, current->id, writes) || most_.every_point)
        go_on(true);
    else if (++step_ > most_.steps)
        fail("no end after " + std::to_string(step_) + " steps" + who_waits());
}

unsigned scheduler::decide(char kind, unsigned n, unsigned (search::*ask)(uint64_t, unsigned)) {
    unsigned chosen = (search_->*ask)(++step_, n);
    if (chosen)
        taken_.push_back({step_, kind, chosen});
    current->past.add(chosen);
    return chosen;
}

// ---- a schedule

void scheduler::begin(void (*scenario)()) {
    threads.clear();
    current = nullptr;
    scenario_ = scenario;
    step_ = 0;
    clock = start_of_time;
    taken_.clear();
    given_up_ = false;
    heap_.begin();
    leaves_memory = false;
    unjoined = 0;
    variables_.restore();
    mem.begin();
    begin_system();
}

void scheduler::check_end() {
    if (leaves_memory || given_up_)
        return;
    std::string left = heap_.left_behind();
    if (left.empty())
        return;
    result_.fault = left;
    result_.failing = taken_;
}

void scheduler::fail(const std::string &what) {
    depth++;
    result_.fault = what;
    result_.failing = taken_;
    if (getenv("EXPLORE_STOP")) // in a debugger
        raise(SIGTRAP);
    _longjmp(host_, 1);
}

outcome scheduler::run(void (*scenario)(), search &by, const limits &most,
                       const std::function<bool()> &stop) {
    most_ = most;
    result_ = {};
    mem.how_old = [this](unsigned n) { return decide('-', n, &search::stale); };
    mem.on_fault = [this](const char *what, uintptr_t at, uintptr_t pc, uintptr_t other_pc,
                          thread_id other) {
        char text[300];
        snprintf(text, sizeof text, "%s, of %#lx: thread %u at %s, and thread %u at %s", what, at,
                 current->id, in_program(pc).c_str(), other, in_program(other_pc).c_str());
        fail(text);
    };
    search_ = &by;
    while (!result_.fault && by.next(std::exchange(mem.found_shared, false)) && !stop()) {
        one(scenario);
        result_.schedules++;
        result_.steps += step_;
        if (!result_.fault)
            check_end();
    }
    return result_;
}

void scheduler::one(void (*scenario)()) {
    begin(scenario);
    depth = 1;
    running = true;
    thread &first = add(
        [](void *) -> void * {
            s->scenario_();
            return nullptr;
        },
        nullptr);
    first.name = "scenario";
    if (!_setjmp(host_))
        switch_to(first);
    running = false;
    depth = 0;
}

void *scheduler::allocate(size_t bytes, size_t alignment, bool zeroed, uintptr_t pc) {
    void *at = heap_.allocate(current->id, bytes, alignment, zeroed, pc);
    if (!at)
        fail("a thread has allocated more than there is");
    return at;
}

bool scheduler::release(void *at, uintptr_t pc) {
    if (!heap_.has(at))
        return false;
    if (!running) // what a failed schedule has left
        return true;
    size_t bytes;
    if (const char *wrong = heap_.free(at, bytes))
        fail(wrong);
    if (unjoined)
        mem.free({current->id, current->now, pc, current->past}, reinterpret_cast<uintptr_t>(at),
                 bytes);
    return true;
}

bool scheduler::is_own(uintptr_t at) const {
    auto locals = reinterpret_cast<uintptr_t>(locals_.at);
    return at >= locals && at < locals + locals_.bytes;
}

} // namespace

// ---- for others

outcome run(void (*scenario)(), search &by, const limits &most, const std::function<bool()> &stop) {
    if (!s)
        s = new scheduler;
    return s->run(scenario, by, most, stop);
}

bool exploring() { return running && depth == 0; }
inside::inside() { depth++; }
inside::~inside() { depth--; }

void point(uintptr_t at, bool writes, uintptr_t pc) { s->point(at, writes, pc); }
void crossing() { s->go_on(true); }
void yield() {
    if (!running)
        return;
    inside guard;
    thread &t = *s->current;
    t.past.yields();
    t.yielded = true;
    s->go_on(false);
}

bool wait_at(uintptr_t at, const char *what, nanoseconds until, bool interruptible) {
    thread &t = *s->current;
    t.state = thread::waiting;
    t.at = at;
    t.what = what;
    t.until = until;
    t.interruptible = interruptible;
    t.timed_out = t.interrupted = false;
    t.waits++;
    static uint64_t order = 0;
    t.since = order++;
    t.past.add(at);
    s->go_on(false);
    t.interruptible = false;
    return !t.timed_out;
}
bool was_interrupted() { return s->current->interrupted; }

void interrupt(thread_id id) {
    thread &t = s->threads[id];
    if (!t.interruptible)
        return;
    t.interrupted = true;
    t.past.add(s->current->past.number());
    t.interruptible = false;
    t.state = thread::ready;
}

void takes_time(const char *what, bool interruptible) {
    thread &t = *s->current;
    t.what = what;
    t.in_call = true;
    t.interruptible = interruptible;
    t.interrupted = false;
    t.waits++;
    s->go_on(false);
    t.in_call = t.interruptible = false;
    t.past.add(1);
}

unsigned wake(uintptr_t at, unsigned most) {
    unsigned woken = 0;
    while (woken < most) {
        thread *first = nullptr;
        for (thread &t : s->threads)
            if (t.state == thread::waiting && t.at == at && (!first || t.since < first->since))
                first = &t;
        if (!first)
            break;
        first->state = thread::ready;
        first->past.add(s->current->past.number());
        woken++;
    }
    return woken;
}

thread_id create_thread(void *(*start)(void *), void *argument) {
    return s->add(start, argument).id;
}

void join_thread(thread_id id) {
    thread &t = s->threads[id];
    while (t.state != thread::finished)
        (void)wait_at(reinterpret_cast<uintptr_t>(&t), "joins a thread", INT64_MAX);
    s->current->now.join(t.now);
    s->unjoined--;
    s->current->past.add(t.past.number());
}

thread_id this_thread() { return s->current->id; }
void name_thread(const char *name) { s->current->name = name; }
bool sleeps(thread_id id) {
    return s->threads[id].state == thread::waiting || s->threads[id].in_call;
}
long sleeps_so_far() { return s->current->waits; }
nanoseconds now() {
    s->current->past.add(static_cast<uint64_t>(s->clock));
    return s->clock;
}

caller by_this_thread(uintptr_t pc) {
    return {s->current->id, s->current->now, pc, s->current->past};
}
memory &the_memory() { return s->mem; }
void fail(const std::string &what) { s->fail(what); }
void expect(bool holds, const char *what) {
    if (holds)
        return;
    if (running)
        s->fail(std::string("this does not hold: ") + what);
    fprintf(stderr, "this does not hold: %s\n", what);
    abort();
}
void (*&before_the_first())() {
    static void (*does)() = nullptr;
    return does;
}
std::vector<scenario> &scenarios() {
    static std::vector<scenario> all;
    return all;
}
unsigned choose(unsigned n) {
    if (!exploring())
        return 0;
    inside guard;
    return s->decide('=', n, &search::value);
}
const view &view_of(thread_id id) { return s->threads[id].now; }
void may_leave_memory() { s->leaves_memory = true; }
bool may_race(uintptr_t at) { return s->unjoined && !s->is_own(at); }

void *allocate(size_t bytes, size_t alignment, bool zeroed, uintptr_t pc) {
    return s->allocate(bytes, alignment, zeroed, pc);
}
bool release(void *at, uintptr_t pc) { return s && s->release(at, pc); }

} // namespace explore
