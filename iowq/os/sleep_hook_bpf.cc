// SPDX-License-Identifier: MIT
// A BPF program on the raw tracepoint sched_switch, which tells of every switch of the system. If
// one of the switch's two threads is a worker's, the program writes whether it sleeps into an array
// that is mapped here. So the monitor's look is a plain load.
//
// Threads are known by the address of their task_struct, an opaque number here: the tracepoint
// gives both of them. A worker learns its own by running the second program itself, when it starts.
// So neither type information (BTF) nor PID namespaces matter. The programs are assembled below.
#include "iowq/os/lock.h"
#include "iowq/os/sleep_hook.h"

#include <bitset>
#include <cerrno>
#include <cstring>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace iowq {

namespace {

constexpr uint32_t places = 1024; // a power of 2: the program bounds its index by a mask
constexpr uint32_t place_bytes = 64;
constexpr uint32_t states_bytes = places * place_bytes;
constexpr uint64_t no_place = ~uint64_t{0};

// ---- an assembler for the instructions that are needed

enum reg : uint8_t { r0, r1, r2, r3, r4, r6 = 6, fp = 10 };
using program = std::vector<bpf_insn>;

constexpr bpf_insn insn(int code, reg dst, reg src, int offset, int imm) {
    return {static_cast<uint8_t>(code), dst, src, static_cast<int16_t>(offset), imm};
}
constexpr bpf_insn move(reg to, reg from) {
    return insn(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}
constexpr bpf_insn set(reg to, int value) {
    return insn(BPF_ALU64 | BPF_MOV | BPF_K, to, r0, 0, value);
}
constexpr bpf_insn add(reg to, int value) {
    return insn(BPF_ALU64 | BPF_ADD | BPF_K, to, r0, 0, value);
}
constexpr bpf_insn add(reg to, reg from) {
    return insn(BPF_ALU64 | BPF_ADD | BPF_X, to, from, 0, 0);
}
constexpr bpf_insn mask(reg to, int bits) {
    return insn(BPF_ALU64 | BPF_AND | BPF_K, to, r0, 0, bits);
}
constexpr bpf_insn load64(reg to, reg at, int offset) {
    return insn(BPF_LDX | BPF_MEM | BPF_DW, to, at, offset, 0);
}
constexpr bpf_insn store64(reg at, int offset, reg from) {
    return insn(BPF_STX | BPF_MEM | BPF_DW, at, from, offset, 0);
}
constexpr bpf_insn store32(reg at, int offset, int value) {
    return insn(BPF_ST | BPF_MEM | BPF_W, at, r0, offset, value);
}
constexpr bpf_insn skip_if_equal(reg a, int value, int insns) {
    return insn(BPF_JMP | BPF_JEQ | BPF_K, a, r0, insns, value);
}
constexpr bpf_insn skip_if_not_equal(reg a, int value, int insns) {
    return insn(BPF_JMP | BPF_JNE | BPF_K, a, r0, insns, value);
}
constexpr bpf_insn call(int helper) { return insn(BPF_JMP | BPF_CALL, r0, r0, 0, helper); }
constexpr bpf_insn exit() { return insn(BPF_JMP | BPF_EXIT, r0, r0, 0, 0); }
// These take two instructions each.
program load_map(reg to, int fd) {
    return {insn(BPF_LD | BPF_DW | BPF_IMM, to, reg{BPF_PSEUDO_MAP_FD}, 0, fd), bpf_insn{}};
}
program load_only_value(reg to, int fd) {
    return {insn(BPF_LD | BPF_DW | BPF_IMM, to, reg{BPF_PSEUDO_MAP_VALUE}, 0, fd), bpf_insn{}};
}

program operator+(program a, const program &b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

int length(const program &code) { return static_cast<int>(code.size()); }

// ---- the two programs. `tasks` is a map from task to the offset of its place, `states` the array.

// The arguments of sched_switch. It has prev_state since Linux 5.18.
enum : int { arg_preempt = 0, arg_prev = 8, arg_next = 16, arg_prev_state = 24 };

// If the task in this argument (of r6) is a worker's: writes its state.
program write_state(int argument, int asleep, int tasks, int states) {
    program write = program{load64(r1, r0, 0), mask(r1, states_bytes - place_bytes)} +
                    load_only_value(r2, states) + program{add(r2, r1), store32(r2, 0, asleep)};
    return program{load64(r1, r6, argument), store64(fp, -8, r1)} + load_map(r1, tasks) +
           program{move(r2, fp), add(r2, -8), call(BPF_FUNC_map_lookup_elem),
                   skip_if_equal(r0, 0, length(write))} +
           write;
}

// A thread that was preempted, or could go on, does not sleep.
program on_switch(int tasks, int states) {
    program sleeps = write_state(arg_prev, 1, tasks, states);
    program unless_ready =
        program{load64(r1, r6, arg_prev_state), skip_if_equal(r1, 0, length(sleeps))} + sleeps;
    return program{move(r6, r1)} + write_state(arg_next, 0, tasks, states) +
           program{load64(r1, r6, arg_preempt), skip_if_not_equal(r1, 0, length(unless_ready))} +
           unless_ready + program{set(r0, 0), exit()};
}

// Run by a worker: enters its task into the map, with the offset in the first argument, or takes it
// out. Returns the helper's result.
program enlist(int tasks) {
    program enter = program{store64(fp, -16, r1)} + load_map(r1, tasks) +
                    program{move(r2, fp), add(r2, -8),      move(r3, fp),
                            add(r3, -16), set(r4, BPF_ANY), call(BPF_FUNC_map_update_elem),
                            exit()};
    program remove = load_map(r1, tasks) +
                     program{move(r2, fp), add(r2, -8), call(BPF_FUNC_map_delete_elem), exit()};
    return program{move(r6, r1), call(BPF_FUNC_get_current_task), store64(fp, -8, r0),
                   load64(r1, r6, 0),
                   // no_place, as the number is extended by its sign
                   skip_if_equal(r1, -1, length(enter))} +
           enter + remove;
}

// ---- the system call

class descriptor {
  public:
    descriptor() = default;
    ~descriptor() {
        if (fd_ >= 0)
            close(fd_);
    }
    descriptor(const descriptor &) = delete;
    descriptor &operator=(const descriptor &) = delete;

    // 0 or -errno.
    [[nodiscard]] int open(bpf_cmd what, bpf_attr &attr) {
        fd_ = static_cast<int>(syscall(SYS_bpf, what, &attr, sizeof attr));
        return fd_ < 0 ? -errno : 0;
    }
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_ = -1;
};

uint64_t address(const void *p) { return reinterpret_cast<uintptr_t>(p); }

int load(descriptor &out, const program &code) {
    bpf_attr attr{};
    attr.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
    attr.insns = address(code.data());
    attr.insn_cnt = static_cast<uint32_t>(code.size());
    attr.license = address("Dual MIT/GPL"); // get_current_task asks for it
    return out.open(BPF_PROG_LOAD, attr);
}

class bpf_hook final : public sleep_hook {
  public:
    bpf_hook() = default;
    ~bpf_hook() override {
        if (states_)
            munmap(states_, states_bytes);
    }

    // 0, or -errno with the call that failed in `failed`.
    [[nodiscard]] int open(const char *&failed) {
        bpf_attr attr{};
        attr.map_type = BPF_MAP_TYPE_HASH;
        attr.key_size = sizeof(uint64_t);
        attr.value_size = sizeof(uint64_t);
        attr.max_entries = places;
        failed = "BPF_MAP_CREATE";
        if (int error = tasks_.open(BPF_MAP_CREATE, attr))
            return error;
        descriptor states; // its mapping and its program keep it
        attr = {};
        attr.map_type = BPF_MAP_TYPE_ARRAY;
        attr.key_size = sizeof(uint32_t);
        attr.value_size = states_bytes;
        attr.max_entries = 1; // so that a program may address into its value
        attr.map_flags = BPF_F_MMAPABLE;
        if (int error = states.open(BPF_MAP_CREATE, attr))
            return error;
        failed = "mmap of the BPF array";
        void *at = mmap(nullptr, states_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, states.get(), 0);
        if (at == MAP_FAILED)
            return -errno;
        states_ = static_cast<char *>(at);
        failed = "BPF_PROG_LOAD";
        descriptor watcher; // its link keeps it
        if (int error = load(watcher, on_switch(tasks_.get(), states.get())))
            return error;
        if (int error = load(enlist_, enlist(tasks_.get())))
            return error;
        attr = {};
        attr.raw_tracepoint.name = address("sched_switch");
        attr.raw_tracepoint.prog_fd = static_cast<uint32_t>(watcher.get());
        failed = "BPF_RAW_TRACEPOINT_OPEN";
        // The program reads an argument that older kernels do not have, and is refused there.
        int error = link_.open(BPF_RAW_TRACEPOINT_OPEN, attr);
        return error == -EINVAL ? -EOPNOTSUPP : error;
    }

    int attach() override {
        size_t place = 0;
        {
            locked guard(lock_);
            while (place < places && taken_[place])
                place++;
            if (place == places)
                return -ENOSPC;
            taken_.set(place);
        }
        __atomic_store_n(state(place), 0,
                         __ATOMIC_RELAXED); // this thread runs; the place's last may have slept
        int error = run_enlist(place * place_bytes);
        if (error) {
            locked guard(lock_);
            taken_.reset(place);
            return error;
        }
        return static_cast<int>(place);
    }
    void detach(int place) override {
        // If the thread cannot be taken out, the place is lost: the program may still write there.
        if (run_enlist(no_place))
            return;
        locked guard(lock_);
        taken_.reset(static_cast<size_t>(place));
    }
    bool sleeps(int place) override {
        // Relaxed: nothing else that is read depends on it.
        return __atomic_load_n(state(static_cast<size_t>(place)), __ATOMIC_RELAXED);
    }

  private:
    [[nodiscard]] uint32_t *state(size_t place) const {
        return reinterpret_cast<uint32_t *>(states_ + place * place_bytes);
    }
    [[nodiscard]] int run_enlist(uint64_t offset) const {
        bpf_attr attr{};
        attr.test.prog_fd = static_cast<uint32_t>(enlist_.get());
        attr.test.ctx_in = address(&offset);
        attr.test.ctx_size_in = sizeof offset;
        if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof attr) < 0)
            return -errno;
        return static_cast<int>(attr.test.retval);
    }

    // immutable after open
    descriptor tasks_, enlist_, link_;
    char *states_ = nullptr;

    mutex lock_;
    std::bitset<places> taken_ IOWQ_GUARDED_BY(lock_);
};

} // namespace

int open_bpf_hook(std::unique_ptr<sleep_hook> &out, std::string &why) {
    auto hook = std::make_unique<bpf_hook>();
    const char *failed;
    if (int error = hook->open(failed)) {
        why = std::string("sleep hook bpf: ") + failed + ": " + strerror(-error);
        if (error == -EPERM || error == -EACCES)
            why += " (it takes CAP_BPF and CAP_PERFMON, and a container may forbid it)";
        if (error == -EOPNOTSUPP)
            why += " (the kernel's sched_switch does not say why a thread stops; Linux 5.18 does)";
        return error;
    }
    out = std::move(hook);
    return 0;
}

} // namespace iowq
