// SPDX-License-Identifier: MIT
// What each opcode means: one table. A new opcode is a row in opcodes.cc.
#pragma once

#include "iowq/uring/newer.h"
#include "iowq/uring/op.h"

namespace iowq::uring {

class registered;

struct opcode_row {
    const char *name = nullptr;
    // Takes from the SQE what the call needs. 0 or -errno, which is then the result.
    int (*prepare)(op &o, const io_uring_sqe &sqe, const registered &known) = nullptr;
    way by = way::at_once;
    // With way::tried: -EAGAIN where it would have waited.
    int64_t (*try_first)(op &o) = nullptr;
    // In place of a system call.
    int32_t (*own)(instance &its, op &o) = nullptr;
    bool ends_others = false; // it cancels
    uint16_t events = 0;      // with way::tried: POLL*, those before which it would wait
    // Which arguments are paths, and which descriptors, each a bit.
    unsigned paths = 0, fds = 0;
};

// nullptr: there is no such operation here.
[[nodiscard]] const opcode_row *row_of(unsigned code);
inline constexpr unsigned nr_opcodes = op_ftruncate + 1;

// Fills an op from its SQE. What is wrong with it makes it refused.
void prepare(op &o, const io_uring_sqe &sqe, const registered &known);
// Its registered file is the one that its slot has now. 0 or -EBADF.
[[nodiscard]] int find_file(op &o, const registered &known);
// Of one that is tried: -EAGAIN where it would have waited.
[[nodiscard]] int64_t try_call(op &o);
// Makes the plain call, and waits in it if it has to.
[[nodiscard]] int64_t call(op &o);
// Keeps what the call's arguments point at, as it will be made later. 0 or -errno.
[[nodiscard]] int keep(op &o);
// Frees what was kept.
void forget(op &o);
// Holds the files that the call's arguments name, as the program may close its descriptors.
void hold_files(op &o);
void let_go_of_files(op &o);
// Of one that is tried: the descriptor that it uses, which may be set to another one of its file,
// and the events (POLL*) before which it would wait.
[[nodiscard]] int file_of(const op &o);
void use_file(op &o, int fd);
[[nodiscard]] uint32_t events_for(const op &o);
// On which of the pool's sides it is to wait, and whether one of its file at a time is enough.
struct pool_needs {
    bool for_others = false, serialised = false;
};
[[nodiscard]] pool_needs needs_of(const op &o);
[[nodiscard]] bool is_timeout(const op &o);
// Does it limit the time of the one before it in its chain?
[[nodiscard]] bool is_limit(const op &o);
// Is a linked operation to be begun after this result?
[[nodiscard]] bool succeeded(const op &o);

} // namespace iowq::uring
