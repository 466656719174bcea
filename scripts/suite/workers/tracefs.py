# SPDX-License-Identifier: MIT
"""The kernel's own tracing files as a tracer of workers, for machines without bpftrace.

An instance of its own keeps its events apart from whatever else is traced, and is removed at the
end.
"""

import os
import re
from pathlib import Path

from suite.workers.records import Event
from suite.workers.tracing import Refused, Tracer, check_may_trace, mount_tracefs

NAME = "iowq_workers_"
EVENTS = ("task/task_newtask", "sched/sched_process_exit", "sched/sched_process_exec")
WELCOME = ("syscalls/sys_enter_exit", "syscalls/sys_enter_exit_group")
THREAD = 0x10000  # CLONE_THREAD
BUFFER_KB = 8192
HEAD = re.compile(r"^.*-(\d+) +(?:\([ \d-]+\) +)?\[\d+\] +(?:\S+ +)?(\d+\.\d+): (.*)$")
FRAME = re.compile(r"^ =>\s+<?([^\s>]+)")


class Tracefs(Tracer):
    name = "tracefs"
    at, instance, pipe = None, None, None

    def check(self):
        check_may_trace()
        self.at = mount_tracefs()

    def start(self, processes, sources, stop):
        self.check()
        remove_leftovers(self.at)
        self.output, self.probes = [], []
        self.instance = self.at / "instances" / f"{NAME}{os.getpid()}"
        try:
            self.instance.mkdir()
            self.set_up(sources)
        except OSError as error:
            self.stop()
            raise Refused(f"tracefs refuses: {error.strerror} at {error.filename}") from error

    def set_up(self, sources):
        for name, text in (("trace_clock", "mono"), ("buffer_size_kb", str(BUFFER_KB)),
                           ("options/stacktrace", "1")):
            self.write(name, text)
        if (self.instance / "options/userstacktrace").exists():
            self.write("options/userstacktrace", "1")
        self.pipe = os.open(self.instance / "trace_pipe", os.O_RDONLY | os.O_NONBLOCK)
        for event in EVENTS:
            self.write(f"events/{event}/enable", "1")
        for event in WELCOME:
            if (self.instance / f"events/{event}").exists():
                self.write(f"events/{event}/enable", "1")
        for source in sources:
            for what, where in source.for_tracefs():
                self.add_probe(what, where)

    def add_probe(self, what, where):
        """Adds a probe of the pool's, if it can: on a machine without uprobes there are still the
        kernel's stacks."""
        group, event = f"{NAME}{os.getpid()}", f"{what}_{len(self.probes)}"
        try:
            append(self.at / "uprobe_events", f"p:{group}/{event} {where}")
            self.probes.append(f"{group}/{event}")
            self.write(f"events/{group}/{event}/enable", "1")
            self.exit_is_seen |= what == "wq_exit"
        except OSError as error:
            note = f"no user-space stacks: {error.strerror} at {error.filename}"
            self.notes += [note] if note not in self.notes else []

    def write(self, name, text):
        append(self.instance / name, text)

    def waited(self):
        return self.pipe

    def pump(self):
        while True:
            try:
                part = os.read(self.pipe, 1 << 20)
            except OSError:
                return  # nothing more for now
            if not part:
                return
            self.output.append(part)

    def drain(self):
        self.pump()

    def stop(self):
        """Removes everything again, also after a start that failed halfway."""
        if self.pipe is not None:
            self.pump()
            os.close(self.pipe)
        self.pipe = None
        if self.instance and self.instance.exists():
            os.rmdir(self.instance)
        for probe in self.probes:
            try:
                append(self.at / "uprobe_events", f"-:{probe}")
            except OSError:
                self.notes.append(f"{probe} is left in {self.at}/uprobe_events")
        self.probes = []

    def events(self):
        """Each event, with the stacks that follow it in its own thread."""
        found, latest, frames = [], {}, None
        for line in b"".join(self.output).decode(errors="replace").splitlines():
            frame = FRAME.match(line)
            if frame:
                if frames is not None:
                    frames.append(frame[1])
                continue
            head = HEAD.match(line)
            if not head:
                self.note_losses(line)
                continue
            tid, text = int(head[1]), head[3]
            if text in ("<stack trace>", "<user stack trace>"):
                frames = latest.setdefault(tid, {})[text] = []
                continue
            frames = None
            event = understood(float(head[2]), tid, text)
            latest[tid] = {"event": event}
            found += [latest[tid]] if event else []
        return sorted(map(with_stacks, found), key=lambda event: event.at_s)

    def note_losses(self, line):
        lost = re.search(r"LOST (\d+) EVENTS", line)
        if lost:
            self.notes.append(f"tracefs lost {lost[1]} events: figures may be too low")


def understood(at_s, tid, text):
    """An Event of one line of the trace, or None for a line of no interest."""
    match = re.match(r"task_newtask: pid=(\d+) comm=.* clone_flags=([0-9a-f]+)", text)
    if match:
        return Event("new", at_s, tid, child=int(match[1]),
                     thread=bool(int(match[2], 16) & THREAD))
    match = re.match(r"sched_process_exit: comm=(.*) pid=\d+ prio=", text)
    if match:
        return Event("exit", at_s, tid, name=match[1])
    if text.startswith("sched_process_exec: "):
        return Event("exec", at_s, tid)
    match = re.match(r"sys_exit(_group)?\(", text)
    if match:
        return Event("ending", at_s, tid, thread=not match[1])
    match = re.match(r"(create|reap|wq_exit)_\d+: \(\S+\)(?: wq=(\d+))?", text)
    if match:
        return Event(match[1], at_s, tid, wq=int(match[2] or 0))
    return None


def with_stacks(record):
    event = record["event"]
    event.kernel = tuple(name.partition("+")[0] for name in record.get("<stack trace>", ()))
    event.user = tuple(int(word, 16) for word in record.get("<user stack trace>", ())
                       if re.fullmatch(r"[0-9a-f]+", word))
    return event


def append(path, line):
    """Appends a line. Python's own append asks for the position in the file, which is refused."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, (line + "\n").encode())
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(file)


def remove_leftovers(at):
    """Removes the instances of commands that were killed."""
    for instance in (at / "instances").glob(f"{NAME}*"):
        if not Path("/proc", instance.name.removeprefix(NAME)).exists():
            try:
                os.rmdir(instance)
            except OSError:
                pass
    try:
        probes = (at / "uprobe_events").read_text()
    except OSError:
        return
    for pid, event in re.findall(rf"^p:{NAME}(\d+)/(\w+)", probes, re.M):
        if not Path("/proc", pid).exists():
            append(at / "uprobe_events", f"-:{NAME}{pid}/{event}")
