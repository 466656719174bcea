# SPDX-License-Identifier: MIT
"""The page cache: puts files into it or out of it before a run, and checks with mincore."""

import ctypes
import mmap
import os

from suite.measure.mounts import in_memory

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
LIBC.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
LOWEST_BIT = bytes(state & 1 for state in range(256))  # the only bit that mincore defines
MAP_FAILED = ctypes.c_void_p(-1).value

DROP_CACHES = "/proc/sys/vm/drop_caches"
COLD_ENOUGH = 0.01


def resident_share(files):
    """The share of all pages of the files that lies in the page cache, from 0 to 1."""
    resident = total = 0
    for path in files:
        in_cache, pages = resident_pages(path)
        resident, total = resident + in_cache, total + pages
    return resident / total if total else 0.0


def resident_pages(path):
    size = os.path.getsize(path)
    if size == 0:
        return 0, 0
    pages = -(-size // mmap.PAGESIZE)
    states = ctypes.create_string_buffer(pages)
    with open(path, "rb") as file:
        address = LIBC.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, file.fileno(), 0)
    if address == MAP_FAILED:
        raise OSError(ctypes.get_errno(), "mmap", path)
    try:
        if LIBC.mincore(address, size, states) != 0:
            raise OSError(ctypes.get_errno(), "mincore", path)
    finally:
        LIBC.munmap(address, size)
    return states.raw[:pages].translate(LOWEST_BIT).count(1), pages


def write_back(files):
    """Waits for dirty pages: another mode's writes must not be paid for in this run."""
    for path in files:
        with open(path, "rb") as file:
            os.fsync(file.fileno())


def warm(files, written):
    """Reads what is not cached; files that the job writes are read without readahead.

    Readahead fills the cache with large folios, and ext4 takes several times as long for a 4 KiB
    buffered write into one. So the figures of a write job would depend on how the file came into
    the cache, and not on the mode.
    """
    advice = os.POSIX_FADV_RANDOM if written else os.POSIX_FADV_NORMAL
    for path in files:
        if resident_share([path]) < 1:
            with open(path, "rb", buffering=0) as file:
                os.posix_fadvise(file.fileno(), 0, 0, advice)
                while file.read(1 << 20):
                    pass


def drop(files):
    """Takes these files out of the page cache. Only if some of them stays, and the machine allows
    it, the whole cache is dropped: other programs, and the next run, have a use for the rest.

    Files that lie in memory stay in any case, so the cache is not dropped for them.
    """
    forget(files)
    droppable = [path for path in files if not in_memory(path)]
    if resident_share(droppable) > COLD_ENOUGH:
        try:
            with open(DROP_CACHES, "w") as control:
                control.write("1\n")
        except OSError:
            pass  # prepare() finds out what is left


def drop_names():
    """Takes what the kernel knows of names and inodes out of memory, and where these lie on a disk.
    Returns the flag that it could not."""
    try:
        with open(DROP_CACHES, "w") as control:
            control.write("3\n")
    except OSError:
        return "not_cold"
    return None


def forget(files):
    """Takes these files, and no others, out of the page cache."""
    write_back(files)
    for path in files:
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def prepare(state, files, written):
    """Brings the files into the state `warm`, `cold`, `direct`, or `mixed` (warm and direct jobs).

    Returns (share of resident pages, flag): the flag says that the state was not reached. With
    O_DIRECT the page cache must be empty too: else the run would have to write cached pages back,
    or throw them away.
    """
    write_back(files)
    warm(files, written) if state in ("warm", "mixed") else drop(files)
    share = resident_share(files)
    if state in ("warm", "mixed"):
        return share, "not_warm" if share < 1 else None
    return share, "not_cold" if share > COLD_ENOUGH else None
