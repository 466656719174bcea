# SPDX-License-Identifier: MIT
"""Names for the addresses of a user-space stack, and where the pool's probes lie.

The tracers give plain addresses, and by the time that these are looked up the process has often
ended. So its mappings are noted while it lives, and the names come from the files.
"""

import bisect
import ctypes
import os
import re
import struct
from pathlib import Path

PROVIDER = "iowq"
EXIT = "_ZN4iowq2wq4exitEv"  # iowq::wq::exit(), with which a wq begins to end
PT_LOAD, SHT_SYMTAB, SHT_NOTE, SHT_DYNSYM, STT_FUNC = 1, 2, 7, 11, 2


class NotElf(Exception):
    pass


class Elf:
    """The functions and static probes (USDT) of a 64-bit ELF file."""

    def __init__(self, path):
        try:
            self.data = Path(path).read_bytes()
            self.order = {1: "<", 2: ">"}[self.data[5]]
            if self.data[:4] != b"\x7fELF" or self.data[4] != 2:
                raise NotElf(path)
            self.loads = self.read_loads()
            self.sections = self.read_sections()
            self.functions = self.read_functions()
        except (OSError, KeyError, IndexError, struct.error) as error:
            raise NotElf(path) from error
        self.starts = [start for start, _, _ in self.functions]

    def unpack(self, layout, at):
        return struct.unpack_from(self.order + layout, self.data, at)

    def read_loads(self):
        (at,), (size, number) = self.unpack("Q", 32), self.unpack("HH", 54)
        headers = [self.unpack("IIQQQQQQ", at + i * size) for i in range(number)]
        return [(h[2], h[3], h[5]) for h in headers if h[0] == PT_LOAD]

    def read_sections(self):
        """[(name, type, address, offset, size, link)]"""
        (at,), (size, number, names) = self.unpack("Q", 40), self.unpack("HHH", 58)
        raw = [self.unpack("IIQQQQII", at + i * size) for i in range(number)]
        strings = raw[names][4] if raw else 0
        return [(self.text(strings + h[0]), h[1], h[3], h[4], h[5], h[6]) for h in raw]

    def text(self, at):
        return self.data[at:self.data.index(b"\0", at)].decode(errors="replace")

    def read_functions(self):
        """[(address, size, name as the linker knows it)], by address."""
        found = {}
        for _, kind, _, offset, size, link in self.sections:
            if kind not in (SHT_SYMTAB, SHT_DYNSYM):
                continue
            strings = self.sections[link][3]
            for at in range(offset, offset + size, 24):
                name, info, _, section, value, length = self.unpack("IBBHQQ", at)
                if info & 15 == STT_FUNC and section and value:
                    found.setdefault(value, (value, length, strings + name))
        return [(value, length, self.text(name)) for value, length, name in sorted(found.values())]

    def function_at(self, offset):
        """The name of the function at an offset in the file, or None."""
        address = next((offset - o + a for o, a, size in self.loads if o <= offset < o + size),
                       None)
        if address is None:
            return None
        index = bisect.bisect_right(self.starts, address) - 1
        if index < 0:
            return None
        start, size, name = self.functions[index]
        return readable(name) if address < start + max(size, 1) else None

    def offset_of(self, address):
        return next((address - a + o for o, a, size in self.loads if a <= address < a + size), None)

    def function_offset(self, name):
        return next((self.offset_of(start) for start, _, n in self.functions if n == name), None)

    def probes(self):
        """[(name, offset in the file, arguments)] of the pool's static probes."""
        sections = {name: (address, offset, size) for name, _, address, offset, size, _
                    in self.sections}
        found, (_, at, size) = [], sections.get(".note.stapsdt", (0, 0, 0))
        base_now, end = sections.get(".stapsdt.base", (0, 0, 0))[0], at + size
        while at < end:
            owner, length, _ = self.unpack("III", at)
            content = at + 12 + (owner + 3) // 4 * 4
            address, base, _ = self.unpack("QQQ", content)
            provider = self.text(content + 24)
            name = self.text(content + 25 + len(provider))
            arguments = self.text(content + 26 + len(provider) + len(name))
            if provider == PROVIDER:
                found.append((name, self.offset_of(address + base_now - base), arguments))
            at = content + (length + 3) // 4 * 4
        return found


def has_probes(path):
    """Whether a file has the pool's probes: a quick look, as most files that a process maps have
    none."""
    try:
        return b"stapsdt\0" in (data := Path(path).read_bytes()) and b"\0iowq\0create\0" in data
    except OSError:
        return False


def demangler():
    try:
        demangle = ctypes.CDLL("libstdc++.so.6").__cxa_demangle
    except (OSError, AttributeError):
        return None
    demangle.restype = ctypes.c_void_p
    return demangle


DEMANGLE = demangler()
FREE = ctypes.CDLL(None).free
FREE.argtypes = [ctypes.c_void_p]


def readable(name):
    """A function's name: C++ without arguments, others without what a compiler added."""
    name = name.partition("@")[0]
    if name.startswith("_Z") and DEMANGLE:
        status = ctypes.c_int()
        text = DEMANGLE(re.sub(r"\.(cold|part|constprop|isra).*$", "", name).encode(), None, None,
                        ctypes.byref(status))
        if text:
            name = ctypes.string_at(text).decode(errors="replace")
            FREE(text)
    return without_arguments(name)


def without_arguments(name):
    """iowq::wq::enqueue(iowq::work*, bool&) [clone .cold] as iowq::wq::enqueue; also without
    template arguments."""
    name = name.replace("(anonymous namespace)::", "")
    name = re.sub(r" \[clone .*?\]", "", name)
    name = re.sub(r"(?<=\w)\.(cold|part|constprop|isra)(\.\d+)*$", "", name)
    shorter = None
    while shorter != name:
        shorter, name = name, re.sub(r"\([^()]*\)( const)?|<[^<>]+>", "", name)
    return name.strip()


class Mappings:
    """The mappings of each process when it was last seen alive."""

    LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) ..x. ([0-9a-f]+) \S+ \d+ +(/.*)")

    def __init__(self):
        self.of = {}
        self.files = {}

    def note(self, pid):
        """Notes a process's mappings, if it has any: a process about to end has none any more."""
        try:
            text = Path(f"/proc/{pid}/maps").read_text(errors="surrogateescape")
        except OSError:
            return
        found = [(int(start, 16), int(end, 16), int(offset, 16), path)
                 for start, end, offset, path in self.LINE.findall(text)]
        if found:
            self.of[pid] = found

    def paths(self, pid):
        return list(dict.fromkeys(row[3] for row in self.of.get(pid, [])))

    def frame(self, pid, address):
        """`function [file]`; None where the address is in no function of a file."""
        for start, end, offset, path in self.of.get(pid, []):
            if start <= address < end:
                name = self.elf(path) and self.elf(path).function_at(address - start + offset)
                return f"{name} [{os.path.basename(path)}]" if name else None
        return None

    def elf(self, path):
        if path not in self.files:
            try:
                self.files[path] = Elf(path)
            except NotElf:
                self.files[path] = None
        return self.files[path]

    def stack(self, pid, addresses):
        """The frames before the first without a name, behind which frame pointers lead nowhere."""
        frames = []
        for address in addresses:
            frame = self.frame(pid, address)
            if not frame:
                break
            if frame not in frames[-1:]:  # a destructor calls its other half
                frames.append(frame)
        return tuple(frames)
