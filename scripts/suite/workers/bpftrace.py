# SPDX-License-Identifier: MIT
"""bpftrace as a tracer of workers: tracepoints of the kernel and the pool's own probes.

A thread of io_uring's is made by create_io_thread(). That calls the tracepoint task_newtask, though
not sched_process_fork, and the kernel's stack there shows who asked for the worker. So no function
of the kernel's has to be looked for, let alone probed.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from suite.measure.process import ended_by_parent
from suite.workers.records import Event
from suite.workers.tracing import Refused, Tracer, check_may_trace, mount_tracefs

READY_S, END_S = 40, 15
THREAD = 0x10000  # CLONE_THREAD

# The depths differ, as each depth has a table of its own in bpftrace: the many stacks of wakings
# cannot push those of creations out.
DEEP, USER_DEEP, WOKEN_DEEP = 24, 32, 12

# No names of user space, as looking them up takes bpftrace seconds, in which it would lag behind.
SETTINGS = {"BPFTRACE_PERF_RB_PAGES": "512", "BPFTRACE_MAP_KEYS_MAX": "65536",
            "BPFTRACE_NO_USER_SYMBOLS": "1"}

PROGRAM = f"""
BEGIN {{ %(family)s printf("ready %%lld\\n", nsecs); }}
tracepoint:sched:sched_process_exec /@family[pid]/ {{ printf("exec %%lld %%d\\n", nsecs, tid); }}
tracepoint:task:task_newtask /!@family[pid]/ {{ delete(@family[args->pid]); }}
tracepoint:task:task_newtask /@family[pid]/ {{
    if ((args->clone_flags & {THREAD}) == 0) {{ @family[args->pid] = 1; }}
    printf("new %%lld %%d %%d %%d\\n%%s--\\n%%s..\\n", nsecs, tid, args->pid,
           args->clone_flags & {THREAD}, kstack(perf, {DEEP}), ustack(perf, {USER_DEEP}));
}}
tracepoint:sched:sched_waking
/strncmp(args->comm, "iou-", 4) == 0 || strncmp(args->comm, "iowq-", 5) == 0/ {{
    @waker[args->pid] = tid;
    @kernel[args->pid] = kstack(perf, {WOKEN_DEEP});
    @user[args->pid] = ustack(perf, {WOKEN_DEEP});
}}
tracepoint:sched:sched_process_exit /@family[pid]/ {{
    if (@waker[tid]) {{
        printf("exit %%lld %%d %%d %%s\\n%%s--\\n%%s--\\n%%s..\\n", nsecs, tid, @waker[tid], comm,
               kstack(perf, {DEEP}), @kernel[tid], @user[tid]);
    }} else {{
        printf("exit %%lld %%d 0 %%s\\n%%s..\\n", nsecs, tid, comm, kstack(perf, {DEEP}));
    }}
}}
tracepoint:sched:sched_process_exit /@waker[tid]/ {{
    delete(@waker[tid]); delete(@kernel[tid]); delete(@user[tid]);
}}
%(more)s
interval:ms:50 {{ printf("tick %%lld\\n", nsecs); }}
END {{ clear(@family); clear(@waker); clear(@kernel); clear(@user); }}
"""

ENDING = """
tracepoint:syscalls:sys_enter_%(call)s /@family[pid]/ {
    printf("ending %%lld %%d %(thread)d\\n", nsecs, tid);
}
"""
PROBE = """
%(where)s /@family[pid]/ {
    printf("%(what)s %%lld %%d %%lld\\n%%s..\\n", nsecs, tid, arg0, ustack(perf, %(deep)d));
}
"""

# A worker's own record says whether it is bound, in a way that depends on the kernel. It has the
# record by the time that it takes its name.
BOUND = """
tracepoint:task:task_rename /@family[pid]/ {
    $w = (struct io_worker *)((struct task_struct *)curtask)->worker_private;
    if ($w != 0) { printf("bound %%lld %%d %%d\\n", nsecs, tid, %s); }
}
"""
BOUND_BY_QUEUE = BOUND % "$w->acct->all_list.next == $w->wq->acct[0].all_list.next"
BOUND_BY_FLAG = BOUND % "($w->flags & 8) != 0"  # until Linux 6.14


class Bpftrace(Tracer):
    name = "bpftrace"
    process, output = None, b""

    def check(self):
        check_may_trace()
        if not shutil.which("bpftrace"):
            raise Refused("bpftrace is not installed")
        self.events_at = mount_tracefs() / "events"

    def start(self, processes, sources, stop):
        """Returns when everything is attached; raises Refused if it cannot be."""
        self.check()
        reason = ""
        for bound in self.ways_to_tell_bound():
            reason = self.try_program(self.program(processes, sources, bound), stop)
            if not reason:
                self.kind_is_known = bool(bound)
                return
        raise Refused(reason)

    def ways_to_tell_bound(self):
        if not Path("/sys/kernel/btf/vmlinux").exists():
            return [""]
        return [BOUND_BY_QUEUE, BOUND_BY_FLAG, ""]

    def program(self, processes, sources, bound):
        more = bound
        for call in ("exit", "exit_group"):
            if (self.events_at / f"syscalls/sys_enter_{call}").exists():
                more += ENDING % {"call": call, "thread": call == "exit"}
        for source in sources:
            for where, what in source.for_bpftrace():
                more += PROBE % {"where": where, "what": what, "deep": USER_DEEP}
                self.exit_is_seen |= what == "wq_exit"
        family = " ".join(f"@family[{pid}] = 1;" for pid in sorted(processes))
        return PROGRAM % {"family": family, "more": more}

    def try_program(self, program, stop):
        """Starts bpftrace with a program; returns why that failed, or an empty text."""
        self.errors = os.memfd_create("bpftrace")
        self.output = b""
        self.process = subprocess.Popen(
            ["bpftrace", "-B", "line", "-e", program], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self.errors, start_new_session=True,
            preexec_fn=ended_by_parent(signal.SIGKILL),
            env=os.environ | SETTINGS)
        os.set_blocking(self.process.stdout.fileno(), False)
        give_up = time.monotonic() + READY_S
        while time.monotonic() < give_up and stop.signal is None:
            self.pump()
            ready = re.search(rb"^ready (\d+)$", self.output, re.M)
            if ready:
                self.set_clock(int(ready[1]))
                return ""
            if self.process.poll() is not None:
                return f"bpftrace does not run here: {self.complaint()}"
            time.sleep(0.02)
        self.stop()
        return f"bpftrace was not ready within {READY_S} s"

    def set_clock(self, told_ns):
        """Learns how far bpftrace's clock is ahead of ours: where the kernel offers CLOCK_BOOTTIME,
        it takes that, which goes on in suspend."""
        boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        monotonic = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        ahead = boot - monotonic
        self.ahead_ns = ahead if abs(told_ns - boot) < abs(told_ns - monotonic) else 0

    def complaint(self):
        lines = os.pread(self.errors, 65536, 0).decode(errors="replace").splitlines()
        told = [line.strip() for line in lines if "ERROR" in line and "RLIMIT_MEMLOCK" not in line]
        return (told or lines or [f"exit status {self.process.returncode}"])[0]

    def waited(self):
        return self.process.stdout.fileno()

    def pump(self):
        """Takes what bpftrace has printed: the pipe holds little, and what does not fit is lost."""
        while True:
            try:
                part = os.read(self.process.stdout.fileno(), 1 << 20)
            except BlockingIOError:
                return
            if not part:
                return
            self.output += part

    def drain(self):
        """Waits for ticks that are later than now: by then whatever happened before has come."""
        now_ns = time.monotonic_ns() + self.ahead_ns
        give_up = time.monotonic() + END_S
        while time.monotonic() < give_up and self.process.poll() is None:
            self.pump()
            ticks = re.findall(rb"^tick (\d+)$", self.output[-65536:], re.M)
            if len([tick for tick in ticks if int(tick) > now_ns + 50e6]) > 1:
                return
            time.sleep(0.02)
        self.notes.append("bpftrace lagged behind to the end: what it saw last is not told")

    def stop(self):
        """Ends bpftrace, which now and then does not notice a signal; its output is drained by now.
        """
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGKILL):
            if self.process and self.process.poll() is None:
                self.process.send_signal(number)
                give_up = time.monotonic() + 1
                while self.process.poll() is None and time.monotonic() < give_up:
                    self.pump()
                    time.sleep(0.01)
        if self.process:
            self.process.wait()
            self.pump()
            self.process.stdout.close()
            self.note_losses()

    def note_losses(self):
        told = os.pread(self.errors, 1 << 20, 0) + self.output
        os.close(self.errors)
        lost = sum(int(n) for n in re.findall(rb"[Ll]ost (\d+) events", told))
        if lost:
            self.notes.append(f"bpftrace lost {lost} events: figures may be too low")
        self.process = None

    def events(self):
        text = self.output.decode(errors="replace")
        records = re.finditer(r"^(new|exit|create|reap|wq_exit) (\d+) (.*)\n([\s\S]*?)^\.\.$"
                              r"|^(exec|bound|ending) (\d+) (.*)$", text, re.M)
        found = []
        for match in records:
            what, at, words, stacks = match[1] or match[5], match[2] or match[6], \
                match[3] or match[7], match[4] or ""
            event = Event(what, (int(at) - self.ahead_ns) / 1e9, int(words.split()[0]))
            READERS[what](event, words.split(maxsplit=2), stacks.split("--\n"))
            found.append(event)
        return sorted(found, key=lambda event: event.at_s)


def kernel_frames(text):
    return tuple(re.findall(r"^\s+[0-9a-f]+ ([^\s+]+)", text, re.M))


def addresses(text):
    return tuple(int(word, 16) for word in re.findall(r"^\s+(?:0x)?([0-9a-f]+)\b", text, re.M))


def read_new(event, words, stacks):
    event.child, event.thread = int(words[1]), words[2] != "0"
    event.kernel, event.user = kernel_frames(stacks[0]), addresses(stacks[1])


def read_exit(event, words, stacks):
    event.waker, event.name = int(words[1]), words[2] if len(words) > 2 else ""
    event.kernel = kernel_frames(stacks[0])
    if len(stacks) > 2:
        event.woken_kernel, event.woken_user = kernel_frames(stacks[1]), addresses(stacks[2])


def read_probe(event, words, stacks):
    event.wq, event.user = int(words[1]), addresses(stacks[0])


def read_bound(event, words, _stacks):
    event.bound = words[1] == "1"


def read_ending(event, words, _stacks):
    event.thread = words[1] == "1"


READERS = {"new": read_new, "exit": read_exit, "create": read_probe, "reap": read_probe,
           "wq_exit": read_probe, "bound": read_bound, "ending": read_ending,
           "exec": lambda *_: None}
