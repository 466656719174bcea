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

// What others may notice: of one address, or of any.
struct access {
    static constexpr uintptr_t any = ~uintptr_t{};
    uintptr_t at = any;
    bool writes = true;

    // Does it matter which of the two comes first?
    [[nodiscard]] bool conflicts(const access &other) const {
        return at == any || other.at == any ||
               (at >> 3 == other.at >> 3 && (writes || other.writes));
    }
};

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
    uint64_t since = 0; // whoever waits since an earlier number is woken first
    bool interruptible = false;
    bool in_call = false; // which takes its time
    bool stayed = false;  // has spun, and gone on all the same
    uint32_t behind = 0;  // who have a turn before it, if they can: a bit each
    access next{};        // what it does when it goes on
    bool is_late = false; // had it gone on when it was preempted, nobody would have noticed so far
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

// Why a thread asks who goes on.
enum class why { at_a_point, spins, in_a_call, cannot };

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
    void go_on(why asked, const access &next = {}); // somebody; next: what the caller does then
    unsigned options(why asked, std::span<thread_id> out);
    void happens(const access &what); // by the current thread
    [[noreturn]] void fail(const std::string &what);
    void point(uintptr_t at, bool writes, uintptr_t pc);
    [[nodiscard]] situation state() const;
    unsigned decide(char kind, unsigned n, unsigned (search::*ask)(uint64_t, unsigned));
    void *allocate(size_t bytes, size_t alignment, bool zeroed, uintptr_t pc);
    bool release(void *at, uintptr_t pc);
    [[nodiscard]] bool is_own(uintptr_t at) const; // thread_local

    outcome result;

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
    s->go_on(why::cannot);
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

// Who can go on, the default first: the caller at a point, then the others, those with the next
// numbers first. One that spun waits for a turn of each that could have gone on then, or it might
// spin for ever.
unsigned scheduler::options(why asked, std::span<thread_id> out) {
    uint32_t ready = 0;
    for (const thread &t : threads)
        ready |= uint32_t{t.state == thread::ready} << t.id;
    if (asked == why::spins)
        current->behind = ready & ~(1u << current->id);
    unsigned n = 0;
    if (asked == why::at_a_point)
        out[n++] = current->id;
    for (size_t i = 1; i < threads.size(); i++) {
        const thread &t = threads[(current->id + i) % threads.size()];
        if (ready & 1u << t.id && !(t.behind & ready) && !t.is_late)
            out[n++] = t.id;
    }
    // The caller's time has passed; or its call may end at once; and while it spins, the others may
    // be slow, once.
    bool may_stay = asked == why::cannot || (n > 0 && asked == why::in_a_call) ||
                    (n > 0 && asked == why::spins && !current->stayed);
    if (may_stay && current->state == thread::ready)
        out[n++] = current->id;
    return n;
}

void scheduler::happens(const access &what) {
    for (thread &t : threads)
        t.is_late &= !t.next.conflicts(what);
}

void scheduler::go_on(why asked, const access &next) {
    current->next = next;
    std::array<thread_id, most_threads> who;
    for (;;) {
        unsigned n = options(asked, who);
        given_up_ = n == 0 && std::any_of(threads.begin(), threads.end(),
                                          [](const thread &t) { return t.is_late; });
        if (given_up_)
            _longjmp(host_, 1);
        if (n == 0 && current->state == thread::ready) { // all others wait
            if (let_time_pass(clock + 1000))
                continue;
            who[n++] = current->id;
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
        unsigned chosen = n > 1 ? search_->thread(step_, std::span(who).first(n),
                                                  asked != why::at_a_point, state())
                                : 0;
        if (chosen == search::nothing_new) {
            given_up_ = true;
            _longjmp(host_, 1);
        }
        if (chosen)
            taken_.push_back({step_, '>', who[chosen]});
        thread &goes = threads[who[chosen]];
        current->is_late = chosen && asked == why::at_a_point && next.at != access::any &&
                           search_->has_tried_the_first();
        current->stayed = &goes == current && (current->stayed || asked == why::spins);
        for (thread &t : threads)
            t.behind &= ~(1u << goes.id);
        if (&goes != current) // one that has only stayed owes the others their turn
            goes.behind = 0;
        switch_to(goes);
        current->past.add(1); // what it does now, others may notice: it is not where it was
        happens(next);
        return;
    }
}

situation scheduler::state() const {
    uint32_t late = 0;
    uint64_t all = mixed(mem.state(), clock) + mixed(locks_state(), current->id);
    for (const thread &t : threads) {
        unsigned before = 0; // of those that wait at the same place: they are woken in order
        for (const thread &other : threads)
            before += t.state == thread::waiting && other.state == thread::waiting &&
                      other.at == t.at && other.since < t.since;
        uint64_t how = t.state + 4 * t.interrupted + 8 * t.in_call + 16 * t.stayed + 32 * before;
        all += mixed(mixed(t.past.number(), t.id), mixed(how, t.behind));
        late |= uint32_t{t.is_late} << t.id;
    }
    return {all, late};
}

void scheduler::point(uintptr_t at, bool writes, uintptr_t pc) {
    current->now.tick(current->id);
    if (most_.told)
        fprintf(stderr, "%lu\t%u\t%s\t%#lx\n", step_ + 1, current->id, in_program(pc).c_str(), at);
    if (mem.is_shared(at, current->id, writes) || most_.every_point)
        go_on(why::at_a_point, {at, writes});
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
    result.fault = left;
    result.failing = taken_;
}

void scheduler::fail(const std::string &what) {
    depth++;
    result.fault = what;
    result.failing = taken_;
    if (getenv("EXPLORE_STOP")) // in a debugger
        raise(SIGTRAP);
    _longjmp(host_, 1);
}

outcome scheduler::run(void (*scenario)(), search &by, const limits &most,
                       const std::function<bool()> &stop) {
    most_ = most;
    result = {};
    mem.how_old = [this](unsigned n) { return decide('-', n, &search::stale); };
    mem.on_fault = [this](const char *what, uintptr_t at, uintptr_t pc, uintptr_t other_pc,
                          thread_id other) {
        char text[300];
        snprintf(text, sizeof text, "%s, of %#lx: thread %u at %s, and thread %u at %s", what, at,
                 current->id, in_program(pc).c_str(), other, in_program(other_pc).c_str());
        fail(text);
    };
    search_ = &by;
    while (!result.fault && by.next(std::exchange(mem.found_shared, false)) && !stop()) {
        one(scenario);
        result.schedules++;
        result.steps += step_;
        if (!result.fault)
            check_end();
    }
    return result;
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
void crossing() { s->go_on(why::at_a_point); }
void yield() {
    if (!running)
        return;
    inside guard;
    thread &t = *s->current;
    t.past.yields();
    s->go_on(why::spins);
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
    s->go_on(why::cannot);
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
    s->go_on(why::in_a_call);
    t.in_call = t.interruptible = false;
}

unsigned wake(uintptr_t at, unsigned most) {
    s->happens({at, true});
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
    if (!running) // what refuse_threads() was given is asked from inside
        return 0;
    inside guard;
    return s->decide('=', n, &search::value);
}
void ends_as(const char *what) {
    inside guard;
    s->result.ends.insert(what);
}
const view &view_of(thread_id id) { return s->threads[id].now; }
void may_leave_memory() { s->leaves_memory = true; }
bool may_race(uintptr_t at) { return s->unjoined && !s->is_own(at); }

void *allocate(size_t bytes, size_t alignment, bool zeroed, uintptr_t pc) {
    return s->allocate(bytes, alignment, zeroed, pc);
}
bool release(void *at, uintptr_t pc) { return s && s->release(at, pc); }

} // namespace explore
