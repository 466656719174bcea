# SPDX-License-Identifier: MIT
"""What pools and rings of running processes count, read where they count it.

What is linked with the library has a board in its data, at the beginning of a page: a list of the
pools and rings that there are, with the name, the address and the width of each figure
(iowq/os/shown.h). So nothing here knows the library's structures but those of the board.
"""

import os
import re
import struct
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from suite.errors import BadInput
from suite.measure.process import TICKS, Family

MAGIC, LAYOUT = b"iowq: shown here", 1
PAGE = 4096
BOARD = struct.Struct("=16sIIQ")  # magic, layout, slots, left out
SLOT = struct.Struct("=QQ")  # address of the object, turn
OBJECT = struct.Struct("=32sQQQIi")
FIGURE = struct.Struct("=16sQQIiIIII")
TOTAL, LEVEL, LIMIT, LIST = range(4)
BEING_FILLED = 1
TRIES = 5  # at what changes while it is read
LONGEST = 4096  # of a list
MOST_FIGURES, MOST_BYTES = 10_000, 1 << 20  # of an object, and of a figure: else it has gone
POOL, RING = "pool", "ring "


class Gone(Exception):
    """What was to be read is not there any more."""


class Memory:
    """The memory of a process, as whoever may trace it reads it."""

    def __init__(self, pid):
        self.file = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.file)

    def read(self, at, size):
        try:
            found = os.pread(self.file, size, at)
        except (OSError, OverflowError):
            found = b""
        if len(found) != size:
            raise Gone
        return found

    def unpack(self, layout, at):
        return layout.unpack(self.read(at, layout.size))

    def word(self, at):
        return int.from_bytes(self.read(at, 8), "little")


def data_of_programs(pid):
    """[(from, to)] of the writable data of each program and library that a process runs."""
    found, runs = [], set()
    for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
        span, rights, _, device, inode, *_ = line.split(maxsplit=5)
        if inode != "0" and "x" in rights:
            runs.add((device, inode))
        if inode != "0" and rights == "rw-p":
            found.append(((device, inode), *[int(end, 16) for end in span.split("-")]))
    return [(start, end) for file, start, end in found if file in runs]


def boards(pid, memory):
    """The addresses of the boards."""
    found = []
    for start, end in data_of_programs(pid):
        try:
            data = memory.read(start, end - start)
        except Gone:
            continue
        found += [start + at for at in range(0, end - start, PAGE) if data.startswith(MAGIC, at)]
    return found


# ---- figures


@dataclass(frozen=True)
class Figure:
    name: str
    at: int
    end: int
    kind: int
    node: int
    width: int
    count: int
    step: int
    mask: int

    def value(self, memory, arrays):
        """`arrays`: those read before, and the lengths of lists, as several figures are parts of
        one."""
        if self.width not in (4, 8) or not (self.step or self.kind == LIST) or \
                max(self.count * self.step, self.step, self.mask) > MOST_BYTES:
            raise Gone  # freed, and something else by now
        place = (self.at, self.width, self.count, self.step)
        if self.kind == LIST:
            if place not in arrays:
                arrays[place] = self.length(memory)
            return arrays[place]
        if place not in arrays:
            data = memory.read(self.at, (self.count - 1) * self.step + self.width)
            numbers = [int.from_bytes(data[at:at + self.width], "little", signed=True)
                       for at in range(0, len(data), self.step)] if any(data) else []
            arrays[place] = [(at, number) for at, number in enumerate(numbers) if number]
        return sum(number for at, number in arrays[place] if at & self.mask == self.mask)

    def length(self, memory):
        """Of a list to whose front others are adding, or which somebody takes as a whole: what was
        taken meanwhile is walked anew."""
        counted = 0
        for _ in range(TRIES):
            first = memory.word(self.at)
            if first in (0, self.end):
                return 0
            try:
                counted = self.walk(memory, first, 0)[0]
                if self.walk(memory, memory.word(self.at), first)[1] == first:
                    break
            except Gone:
                pass
        return counted

    def walk(self, memory, item, until):
        """(how many count, where it ended)"""
        counted = steps = 0
        while item not in (0, self.end, until) and steps < LONGEST:
            data = memory.read(item, max(self.step, self.mask) + 8)
            counted += any(data[self.mask:self.mask + 8])
            item = int.from_bytes(data[self.step:self.step + 8], "little")
            steps += 1
        return counted, item


@dataclass
class Shown:
    """A pool or a ring at one moment."""

    key: tuple  # no other object of the process has it, before or after
    what: str
    self: int
    of: int
    kinds: dict  # {name: kind}
    values: dict  # {node: {name: value}}, -1 for what is of no node
    at_s: float

    def sum(self, name):
        found = [values[name] for values in self.values.values() if name in values]
        return (max if self.kinds.get(name) == LIMIT else sum)(found) if found else 0


def text(field):
    return field.partition(b"\0")[0].decode(errors="replace")


def read_object(memory, at, key):
    what, self, of, figures, count, pid = memory.unpack(OBJECT, at)
    if count > MOST_FIGURES:
        raise Gone
    found = [Figure(text(name), *rest)
             for name, *rest in FIGURE.iter_unpack(memory.read(figures, count * FIGURE.size))]
    kinds = {f.name: f.kind for f in found if f.kind != LIST}
    values, arrays = {}, {}
    now_s = time.monotonic()
    for figure in found:
        here = values.setdefault(figure.node, Counter())
        value = figure.value(memory, arrays)
        here[figure.name] = max(here[figure.name], value) if figure.kind == LIMIT \
            else here[figure.name] + value
    for here in values.values():
        for name, value in here.items():
            here[name] = max(value, 0)  # some dip below for a moment
    return pid, Shown(key, text(what), self, of, kinds, values, now_s)


def read_slot(memory, at):
    """(the process that made it, Shown), or None: the slot is free, or changes all the time."""
    for _ in range(TRIES):
        try:
            before = memory.unpack(SLOT, at)
            if before[0] <= BEING_FILLED:
                return None
            found = read_object(memory, before[0], (at, before[1]))
            if memory.unpack(SLOT, at) == before:
                return found
        except (Gone, struct.error):
            pass
    return None


# ---- processes


@dataclass
class Process:
    pid: int
    command: str
    threads: int
    cpu_s: float
    at_s: float = 0.0
    boards: int = 0
    left_out: int = 0
    refused: bool = False
    shown: list = field(default_factory=list)

    def of_kind(self, what):
        return [one for one in self.shown if one.what.startswith(what)]


def own_number(pid):
    """A process's number as it knows it itself, in its own namespace."""
    numbers = re.search(r"^NSpid:(.*)$", Path(f"/proc/{pid}/status").read_text(errors="replace"),
                        re.M)
    return int(numbers[1].split()[-1]) if numbers else pid


def look_at(pid):
    """One process; None: it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        name, fields = stat.partition("(")[2].rpartition(")")[0], stat.rpartition(")")[2].split()
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        words = " ".join(word.decode(errors="replace") for word in words).strip()
        found = Process(pid, "".join(c if c.isprintable() else "?" for c in words or name),
                        int(fields[17]), (int(fields[11]) + int(fields[12])) / TICKS)
    except (OSError, IndexError):
        return None
    try:
        found.at_s = time.monotonic()
        with Memory(pid) as memory:
            read_boards(found, own_number(pid), memory)
    except PermissionError:
        found.refused = True
    except (OSError, Gone):
        return None
    return found


def read_boards(process, known_as, memory):
    for at in boards(process.pid, memory):
        _, layout, slots, left_out = memory.unpack(BOARD, at)
        if layout != LAYOUT:
            raise BadInput(f"{process.pid}: its library is not of this script's version: it shows "
                           f"layout {layout}, and {LAYOUT} is known")
        process.boards += 1
        process.left_out += left_out
        table = memory.read(at + BOARD.size, slots * SLOT.size)
        for slot in range(0, len(table), SLOT.size):
            if SLOT.unpack_from(table, slot)[0] > BEING_FILLED:
                found = read_slot(memory, at + BOARD.size + slot)
                if found and found[0] == known_as:  # not what its parent had before a fork
                    process.shown.append(found[1])


def look(root):
    """A process that runs and its descendants; [] when it has ended."""
    found = [look_at(pid) for pid in sorted(Family(root).members(), key=lambda p: (p != root, p))]
    found = [process for process in found if process]
    return found if found and found[0].pid == root else []


def check(root, found):
    """Raises BadInput if there is nothing to be seen, and will not be."""
    if any(process.boards for process in found):
        return
    refused = [process.pid for process in found if process.refused]
    if refused:
        raise BadInput(f"{refused[0]}: its memory is not for this user to read: allowed is root "
                       "with CAP_SYS_PTRACE, and the process's own user while "
                       "kernel.yama.ptrace_scope is 0")
    raise BadInput(f"{root}: no pool of iowq's in it or its descendants: allowed is what runs the "
                   "library: fio with the engine, a program under iowq-run, or one linked with it")
