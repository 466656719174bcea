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
from suite.units import rate

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


# ---- what two looks say


def in_words(names):
    return {name.replace(" ", "_"): value for name, value in names.items()}


def figures_of(new, old, since_s, node=None):
    """{"now": levels, "a_second": rates, "in_all": totals}, of one node or all. The rates are None
    where there was no look before; `since_s`: when there was one, which did not see it."""
    seconds = new.at_s - (old.at_s if old else since_s) if since_s else 0
    nodes = list(new.values) if node is None else [node]
    names = {name for at in nodes for name in new.values[at]}

    def total(look, kind):
        return {name: sum(look.values.get(at, {}).get(name, 0) for at in nodes)
                for name in sorted(names) if new.kinds[name] == kind} if look else {}

    counted, before = total(new, TOTAL), total(old, TOTAL)
    rates = {name: round(max(value - before.get(name, 0), 0) / seconds, 1) if seconds else None
             for name, value in counted.items()}
    return {"now": in_words(total(new, LEVEL)), "a_second": in_words(rates),
            "in_all": in_words(counted)}


def process_document(new, old):
    # What was not there at the last look has counted from 0 since.
    before = {one.key: one for one in old.shown} if old else {}
    since_s = old.at_s if old else None
    seconds = new.at_s - old.at_s if old else 0
    pools = new.of_kind(POOL)
    place = {pool.self: at for at, pool in enumerate(pools)}
    return {
        "pid": new.pid, "command": new.command, "threads": new.threads,
        "cpus": round((new.cpu_s - old.cpu_s) / seconds, 2) if seconds else None,
        "may_be_read": not new.refused, "left_out": new.left_out,
        "pools": [{"max_running": pool.sum("max running"),
                   **figures_of(pool, before.get(pool.key), since_s),
                   "nodes": {str(node): figures_of(pool, before.get(pool.key), since_s, node)
                             for node in sorted(pool.values) if node >= 0}} for pool in pools],
        "rings": [{"mode": ring.what.removeprefix(RING), "pool": place.get(ring.of),
                   **figures_of(ring, before.get(ring.key), since_s)}
                  for ring in new.of_kind(RING)]}


def added_up(parts):
    """The sum of dictionaries; None where one of the numbers is."""
    sums = {}
    for part in parts:
        for name, value in part.items():
            had = sums.get(name, 0)
            sums[name] = None if None in (had, value) else round(had + value, 1)
    return sums


def document(new, old):
    """What --json prints, and the view shows. `old` is the look before, [] if there was none."""
    earlier = {process.pid: process for process in old}
    processes = [process_document(process, earlier.get(process.pid)) for process in new]
    parts = [part for process in processes for part in process["pools"] + process["rings"]]
    whole = added_up([{"cpus": p["cpus"]} for p in processes if p["cpus"] is not None])
    return {"schema": 1, "pid": new[0].pid, "command": new[0].command,
            "interval_s": round(new[0].at_s - old[0].at_s, 3) if old else None,
            "cpus": whole.get("cpus"),
            **{group: added_up(part[group] for part in parts)
               for group in ("now", "a_second", "in_all")},
            "processes": processes}


# ---- the view


@dataclass(frozen=True)
class Column:
    title: str
    group: str
    name: str
    first: int  # the lower, the longer it stays where the terminal is narrow

    @property
    def width(self):
        return max(len(self.title), 6) + 1


COLUMNS = [
    Column("running", "now", "running", 0), Column("blocked", "now", "blocked", 1),
    Column("queued", "now", "queued", 2), Column("workers", "now", "workers", 3),
    Column("flight", "now", "in_flight", 9),
    Column("items", "a_second", "enqueued", 7), Column("I/Os", "a_second", "issued", 8),
    Column("inline", "a_second", "inline", 10), Column("handed", "a_second", "handed_over", 4),
    Column("helped", "a_second", "helped", 5), Column("merged", "a_second", "merged", 6),
    Column("pooled", "a_second", "pooled", 11), Column("aio", "a_second", "aio", 12),
    Column("woken", "a_second", "woken", 13), Column("created", "a_second", "created", 14),
]
GROUPS = {"now": "now", "a_second": "a second"}
LABEL = 14
MOST = 1 << 16  # columns of what is no terminal


def columns_within(width):
    left, chosen = width - LABEL, []
    for column in sorted(COLUMNS, key=lambda c: c.first):
        left -= column.width
        if left < 0:
            break
        chosen.append(column)
    return [column for column in COLUMNS if column in chosen]


def titles(columns):
    """Two lines: what the columns of a group have in common, and the columns' own."""
    above = ""
    for group, title in GROUPS.items():
        width = sum(column.width for column in columns if column.group == group)
        above += f" {title} ".center(width - 1, "-").rjust(width) if width else ""
    return [" " * LABEL + above, " " * LABEL + "".join(c.title.rjust(c.width) for c in columns)]


def row(label, part, columns):
    def cell(column):
        if column.name not in part[column.group]:
            return ""
        value = part[column.group][column.name]
        return "-" if value is None else \
            rate(value) if column.group == "a_second" else str(value)

    return label[:LABEL].ljust(LABEL) + "".join(cell(c).rjust(c.width) for c in columns)


def rows_of(process, columns, known):
    """`known`: the command that the head has."""
    command = process["command"]
    lines = [f"{process['pid']} {command if command != known else '(the same command)'}"]
    for pool in process["pools"]:
        lines.append(row("  pool", pool, columns))
        if len(pool["nodes"]) > 1:
            lines += [row(f"    node {node}", part, columns)
                      for node, part in pool["nodes"].items()]
    lines += [row(f"  ring {ring['mode']}", ring, columns) for ring in process["rings"]]
    if process["left_out"]:
        lines.append(f"  and {process['left_out']} more pools and rings that are not shown")
    return lines


def several(number, word):
    return f"{number} {word}{'' if number == 1 else 's'}"


def head(found):
    pools = [pool for process in found["processes"] for pool in process["pools"]]
    rings = Counter(ring["mode"] for process in found["processes"] for ring in process["rings"])
    told = [several(len(pools), "pool"), several(rings.total(), "ring") +
            (f" ({', '.join(sorted(rings))})" if rings else ""),
            several(found["now"].get("workers", 0), "worker")]
    if pools:
        told.append("max_running " +
                    " or ".join(map(str, sorted({pool["max_running"] for pool in pools}))))
    if found["cpus"] is not None:
        told.append(f"{found['cpus']:.2f} CPUs")
    told.append(several(sum(process["threads"] for process in found["processes"]), "thread"))
    refused = sum(not process["may_be_read"] for process in found["processes"])
    if refused:
        told.append(f"{several(refused, 'descendant')} not to be read")
    return [f"iowq top: {found['pid']} {found['command']}", ", ".join(told)]


def render(found, width=MOST, height=None):
    """The lines of a view that fits."""
    columns = columns_within(width)
    shown = [process for process in found["processes"]
             if process["pools"] or process["rings"] or process["left_out"]]
    lines = [*head(found), ""]
    if shown:
        lines += [*titles(columns), row("all", found, columns)]
    else:
        lines.append("no pool and no ring at this moment")
    for process in shown:
        lines += rows_of(process, columns, found["command"])
    if height and len(lines) > height:
        left_out = len(lines) - height + 1
        lines[height - 1:] = [f"and {several(left_out, 'line')} more, which --once prints"]
    return [line[:width].rstrip() for line in lines]
