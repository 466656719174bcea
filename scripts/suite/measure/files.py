# SPDX-License-Identifier: MIT
"""The files of a job: their names and sizes, as fio derives them, and whether they fit."""

import os
import re
import stat
from collections import defaultdict

from suite.errors import BadInput
from suite.measure.cgroups import memory_available

# fio writes sizes that are no number of bytes (10%, 3z, all of the device) as numbers above this.
MOST_BYTES = 1 << 62
KEYWORD = re.compile(r"\$(jobname|jobnum|filenum)", re.IGNORECASE)


def targets(job, folder):
    """Every path that the job could open: its file names, and whatever lies in its folder."""
    paths = [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names]
    return paths + named(job, folder)


def named(job, folder):
    """The paths that the job file names, or implies."""
    return [path for section in job.sections
            for path in [*sizes_of(job, section, folder), *opened_folders(job, section, folder)]]


def opened_folders(job, section, folder):
    text = section.text("opendir")
    if "$" in text:
        raise BadInput(f"job file {job.path}: opendir={text}: a path with a $ is not compared")
    return [os.path.join(folder, text)] if text else []


def sizes_of(job, section, folder):
    """{path: the most bytes that it can come to have} of a section, all of its processes together.

    As in fio's setup_files: each file has filesize=, or a process's files share size=.
    """
    found = defaultdict(int)
    size, highest = known(section, "size"), max((0, *section.values("filesize")))
    for number in range(max(1, section.value("numjobs", 1))):
        names = names_of(job, section, folder, number)
        offset = known(section, "offset") + number * known(section, "offset_increment")
        each = highest or (offset - -size // len(names) if size else 0)
        for name in names:
            path = os.path.join(folder, name)
            found[path] = max(found[path], each)
    return found


def known(section, name):
    """An option's bytes; 0 where it is a share of a file, which must be there already."""
    value = section.value(name)
    return value if value < MOST_BYTES else 0


def names_of(job, section, folder, number):
    """The names of the files of one of a section's processes."""
    files = max(1, section.value("nrfiles", 1))
    shape = section.text("filename_format") or "$jobname.$jobnum.$filenum"
    for option, text in (("filename", ":".join(section.files)),
                         ("filename_format", KEYWORD.sub("", shape))):
        if "$" in text:
            raise BadInput(f"job file {job.path}: {option}={section.text(option)}: a path with a $ "
                           "is not compared")
    if section.files:
        return section.files
    if files == 1 and special(os.path.join(folder, section.name)):
        return [section.name]
    words = {"jobname": section.name, "jobnum": str(number)}
    return [KEYWORD.sub(lambda match, file=file: (words | {"filenum": str(file)})[match[1].lower()],
                        shape) for file in range(files)]


def special(path):
    """Whether a path is there and is no regular file: a section named like it means that."""
    return os.path.lexists(path) and (os.path.islink(path) or not os.path.isfile(path))


def names_outside(job, folder):
    """Whether the job names anything outside its own folder."""
    own = os.path.realpath(folder)
    return any(os.path.commonpath([own, os.path.realpath(path)]) != own
               for path in targets(job, folder))


def outside_files(job, folder):
    """Regular files that the job names outside its own folder, whose cache state counts as well."""
    own = os.path.realpath(folder)
    real = {os.path.realpath(path) for path in targets(job, folder)}
    return sorted(path for path in real if os.path.isfile(path)
                  and os.path.commonpath([own, path]) != own)


def data_files(job, folder):
    """Whatever lies in the job's folder, and the files elsewhere that it names."""
    own = [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names]
    return sorted(own) + outside_files(job, folder)


def sizes_of_all(jobs):
    """{path: bytes} of the files that fio makes, or makes longer, for these [(job, its folder)];
    raises BadInput where their sizes have no bound."""
    found = defaultdict(int)
    for job, folder in jobs:
        own = os.path.realpath(folder)
        for section in job.sections:
            for path, size in sizes_of(job, section, folder).items():
                real = os.path.realpath(path)
                mine = os.path.commonpath([own, real]) == own
                # A job that reads is kept from making anything elsewhere.
                if (mine or job.writes) and (not os.path.exists(real) or os.path.isfile(real)):
                    found[real] = max(found[real], size)
                    if section.value("fill_device") and not size:
                        raise BadInput(f"job file {job.path}: fill_device=1 without size= would "
                                       f"fill all of {folder}: give it a size=")
    return found


def check_room(jobs):
    """Raises BadInput if the files of all these [(job, its folder)] do not fit beside one another:
    fio would fill the disk before it says so."""
    disks = defaultdict(dict)
    for path, size in sizes_of_all(jobs).items():
        disks[os.stat(nearest(path)).st_dev][path] = size
    for sizes in disks.values():
        needed = sum(sizes.values())
        room = free(next(iter(sizes))) + sum(min(allocated(path), size)
                                             for path, size in sizes.items())
        if needed > room:
            names = dict.fromkeys(job.path for job, _ in jobs)
            raise BadInput(f"job file {', '.join(names)}: its files take {needed >> 20} MiB, and "
                           f"{os.path.dirname(max(sizes, key=sizes.get))} has room for "
                           f"{room >> 20} MiB")


def check_cache(jobs):
    """Raises BadInput if the files of one of these [(job, its folder)], which it wants in the page
    cache, do not fit in memory."""
    for job, folder in jobs:
        if job.cache != "warm":
            continue
        own = sizes_of_all([(job, folder)])
        others = {path: os.path.getsize(path) for path in outside_files(job, folder)}
        needed, room = sum((others | own).values()), memory_available()
        if needed > room:
            raise BadInput(f"job file {job.path}: its files are to be in the page cache, and take "
                           f"{needed >> 20} MiB, and there is memory for {room >> 20} MiB: give it "
                           "a smaller size=")


def nearest(path):
    """The path, or the first folder above it that is there."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def free(path):
    disk = os.statvfs(nearest(path))
    return disk.f_bavail * disk.f_frsize


def allocated(path):
    """The bytes of the disk that a file takes; 0 where there is none."""
    return os.stat(path).st_blocks * 512 if os.path.exists(path) else 0


def files_there(folder):
    """{path: (device, inode), by which a file is told from a later one with its name}"""
    paths = [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names]
    return {path: (os.lstat(path).st_dev, os.lstat(path).st_ino) for path in paths}


def remove_new(folder, before):
    """Removes the regular files that were not in a folder before: files that a failed fio has laid
    out are of no use, and may have filled the disk."""
    for path, which in files_there(folder).items():
        if before.get(path) != which and stat.S_ISREG(os.lstat(path).st_mode):
            os.unlink(path)
