// SPDX-License-Identifier: MIT
// The table of ways: what every mode does with every kind of request. iowq/README.md shows it; this
// test prints it, and fails when the two differ.
#include "iowq/ring/request.h"
#include "iowq/ring/route.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <sys/syscall.h>
#include <vector>

using namespace iowq;

namespace {

// A row of the table: a kind of request, on a kind of file, with what has been learnt.
struct row {
    const char *name;
    void (*set)(request &r, file &f, ring_facts &known);
};

void regular(file &f) { f.regular = f.seekable = true; }
void past_the_cache(file &f) {
    regular(f);
    f.direct = true;
}
void on_stream(request &r, opcode op) { r.op = op; }

const row rows[] = {
    {"nop", [](request &r, file &, ring_facts &) { r.target = nullptr; }},
    {"read", [](request &r, file &f, ring_facts &) { regular(f), r.op = opcode::read; }},
    {"write", [](request &r, file &f, ring_facts &) { regular(f), r.op = opcode::write; }},
    {"fsync, fdatasync",
     [](request &r, file &f, ring_facts &) { regular(f), r.op = opcode::fsync; }},
    {"sync_file_range",
     [](request &r, file &f, ring_facts &) { regular(f), r.op = opcode::sync_file_range; }},
    {"trim", [](request &r, file &f, ring_facts &) { regular(f), r.op = opcode::trim; }},
    {"read, in memory", [](request &r, file &f,
                           ring_facts &) { regular(f), f.in_memory = true, r.op = opcode::read; }},
    {"write, in memory",
     [](request &r, file &f, ring_facts &) {
         regular(f), f.in_memory = true, r.op = opcode::write;
     }},
    {"fsync, fdatasync, in memory",
     [](request &r, file &f, ring_facts &) {
         regular(f), f.in_memory = true, r.op = opcode::fsync;
     }},
    {"read, write, O_DIRECT",
     [](request &r, file &f, ring_facts &) { past_the_cache(f), r.op = opcode::write; }},
    {"the same, no AIO",
     [](request &r, file &f, ring_facts &known) {
         past_the_cache(f), r.op = opcode::write, known.aio = false;
     }},
    {"read, block device",
     [](request &r, file &f, ring_facts &) { f.block = f.seekable = true, r.op = opcode::read; }},
    {"write, block device",
     [](request &r, file &f, ring_facts &) { f.block = f.seekable = true, r.op = opcode::write; }},
    {"read, stream", [](request &r, file &, ring_facts &) { on_stream(r, opcode::read); }},
    {"write, stream", [](request &r, file &, ring_facts &) { on_stream(r, opcode::write); }},
    {"read, at the file's position",
     [](request &r, file &f, ring_facts &) {
         regular(f), r.op = opcode::read, r.offset = request::at_position;
     }},
    {"write, O_APPEND",
     [](request &r, file &f, ring_facts &) { regular(f), f.appends = true, r.op = opcode::write; }},
    {"write, RWF_DSYNC or O_DSYNC",
     [](request &r, file &f, ring_facts &) { regular(f), f.flushes = true, r.op = opcode::write; }},
    {"read, RWF_NOWAIT of the caller's own",
     [](request &r, file &f, ring_facts &) {
         regular(f), r.op = opcode::read, r.rw_flags = RWF_NOWAIT;
     }},
    {"read, RWF_NOWAIT once refused",
     [](request &r, file &f, ring_facts &) {
         regular(f), r.op = opcode::read, f.nowait[0].learn(false);
     }},
    {"write, RWF_NOWAIT once refused",
     [](request &r, file &f, ring_facts &) {
         regular(f), r.op = opcode::write, f.nowait[1].learn(false);
     }},
    {"O_DIRECT, refused in AIO before",
     [](request &r, file &f, ring_facts &) {
         past_the_cache(f), r.op = opcode::write, f.nowait[1].learn(false);
     }},
    {"read, depth 1",
     [](request &r, file &f, ring_facts &known) {
         regular(f), r.op = opcode::read, known.alone = true;
     }},
    {"read, where trying begins nothing",
     [](request &r, file &f, ring_facts &known) {
         regular(f), r.op = opcode::read, known.trying_begins = false;
     }},
    {"call that never waits",
     [](request &r, file &, ring_facts &) { r.prepare_call(SYS_getpid, {}); }},
    {"call that storage answers",
     [](request &r, file &f, ring_facts &) { r.prepare_call(SYS_statx, {}, &f); }},
    {"call that changes a folder",
     [](request &r, file &f, ring_facts &) { r.prepare_call(SYS_unlinkat, {}, &f); }},
    {"these, if they were found to wait",
     [](request &r, file &f,
        ring_facts &known) { r.prepare_call(SYS_unlinkat, {}, &f), known.quick = false; }},
    {"call for a message",
     [](request &r, file &, ring_facts &) { r.prepare_call(SYS_recvfrom, {}); }},
    {"call that waits for others",
     [](request &r, file &, ring_facts &) { r.prepare_call(SYS_accept4, {}); }},
    {"path that others look up in another way",
     [](request &r, file &f,
        ring_facts &known) { r.prepare_call(SYS_statx, {}, &f), known.as_others = false; }},
};

const struct {
    offload mode;
    const char *name;
} modes[] = {{offload::inline_, "inline"},  {offload::sqthread, "sqthread"},
             {offload::handoff, "handoff"}, {offload::sqwq, "sqwq"},
             {offload::hashed, "hashed"},   {offload::punt, "punt"}};

route decided(offload mode, const request &r, ring_facts known = {}) {
    route way;
    route_of(mode, r, known, way);
    return way;
}

// As README.md explains.
std::string cell(const route &way) {
    static const char *const who[] = {"S", "W", "T"};
    static const char *const how[] = {"", "call", "try", "AIO", "AIO?", "later"};
    static const char *const sleep[] = {"", "?", "!"};
    std::string text = std::string(who[way.by]) + " " + how[way.first];
    if (way.by != route::submitter && way.first == route::calls)
        text += sleep[way.call];
    text += way.begins ? " b" : "";
    text += way.help == route::copies ? " H" : way.may_be_helped_with() ? " h" : "";
    text += way.help == route::at_once ? " i" : "";
    text += way.hashed ? " #" : "";
    text += way.merged ? " m" : "";
    text += way.unbound ? " u" : "";
    return text;
}

std::string table() {
    std::ostringstream out;
    out << "| request |";
    for (auto &m : modes)
        out << " " << m.name << " |";
    out << "\n| --- |";
    for (size_t i = 0; i < std::size(modes); i++)
        out << " --- |";
    out << "\n";
    for (const row &each : rows) {
        out << "| " << each.name << " |";
        for (auto &m : modes) {
            file f;
            request r;
            r.target = &f;
            r.length = 1;
            ring_facts known{true, needs_pool(m.mode)};
            each.set(r, f, known);
            out << " " << cell(decided(m.mode, r, known)) << " |";
        }
        out << "\n";
    }
    return out.str();
}

} // namespace

TEST(route, the_contract_shows_the_table_of_ways) {
    std::ifstream contract("iowq/README.md");
    if (!contract)
        GTEST_SKIP() << "iowq/README.md is not below the current folder";
    std::string text((std::istreambuf_iterator<char>(contract)), {});
    EXPECT_NE(text.find(table()), std::string::npos)
        << "iowq/README.md, \"The table of ways\", is to show:\n"
        << table();
}

// What follows an attempt: the contract's rules under the table.
TEST(route, the_rest_of_what_was_tried_is_waited_for_by_whom_it_goes_to) {
    file f;
    regular(f);
    request r;
    r.target = &f;
    r.length = 1;
    for (opcode op : {opcode::read, opcode::write}) {
        r.op = op;
        for (auto &m : modes) {
            SCOPED_TRACE(m.name);
            r.way = decided(m.mode, r);
            if (r.way.first != route::tries)
                continue;
            route::who next = has_threads(m.mode) ? route::thread : route::worker;
            for (bool missed : {false, true}) {
                route rest = rest_of(r, next, missed);
                EXPECT_EQ(rest.by, next);
                EXPECT_EQ(rest.first, route::calls);
                EXPECT_EQ(rest.help, route::not_at_all);
                EXPECT_FALSE(rest.begins);
                EXPECT_EQ(rest.hashed, op == opcode::write && m.mode == offload::punt);
                // A read that missed waits for the device; a write copies, but no leader bets on
                // that once it has missed.
                bool will = missed && (op == opcode::read || m.mode == offload::handoff);
                EXPECT_EQ(rest.call, will || (op == opcode::read && m.mode == offload::handoff)
                                         ? route::will
                                         : route::may);
            }
        }
    }
}

// The submitter's own attempt to send goes on in the same way, whoever has made it.
TEST(route, what_cannot_be_sent_at_once_is_sent_by_a_worker_who_may_wait) {
    file f;
    past_the_cache(f);
    request r;
    r.target = &f;
    r.length = 1;
    r.op = opcode::write;
    struct {
        offload mode;
        uint64_t done;
        route::how first;
    } table[] = {{offload::sqwq, 0, route::sends_blocking},
                 {offload::hashed, 0, route::sends_blocking},
                 {offload::sqwq, 1, route::calls}, // AIO would begin again
                 {offload::punt, 0, route::calls}};
    for (bool sends : {false, true}) {
        for (auto &each : table) {
            r.way = decided(each.mode, r, {.aio = true, .sends = sends});
            EXPECT_EQ(r.way.first, route::sends);
            EXPECT_EQ(r.way.by == route::submitter, sends || each.mode == offload::punt);
            r.done = each.done;
            route rest = rest_of(r, route::worker, true);
            EXPECT_EQ(rest.by, route::worker);
            EXPECT_EQ(rest.first, each.first);
            EXPECT_EQ(rest.help, route::not_at_all);
            EXPECT_EQ(rest.call, route::will);
        }
    }
}

TEST(route, a_thread_that_never_hands_over_goes_on_with_what_the_submitter_could_not_help_with) {
    file f;
    regular(f);
    request r;
    r.target = &f;
    r.length = 1;
    r.op = opcode::read;
    r.way = decided(offload::sqthread, r);
    EXPECT_EQ(r.way.help, route::tries);
    EXPECT_EQ(rest_of(r, route::thread, true).call, route::never);
}

// Somebody who only looks may ask as often as they like.
TEST(route, is_the_same_each_time) {
    for (const row &each : rows) {
        file f;
        request r;
        r.target = &f;
        r.length = 1;
        ring_facts known{true, true};
        each.set(r, f, known);
        for (auto &m : modes)
            EXPECT_EQ(cell(decided(m.mode, r, known)), cell(decided(m.mode, r, known)));
    }
}
