# SPDX-License-Identifier: MIT
"""File systems to compare on: folders of the user's own, or made for the comparison.

A file system that is made lies in an image in the scratch folder, and is mounted by a loop device
in this process's own mount namespace. So nothing stays mounted, however the comparison ends.
"""

import ctypes
import os
import shutil
import subprocess
import time

from suite.errors import BadInput
from suite.measure.cgroups import memory_available
from suite.measure.files import allocated, free

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x00020000
MADE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"],
        "btrfs": ["mkfs.btrfs", "-q", "-f"], "tmpfs": []}
LEAST_BYTES = 1 << 30
FREE_S = 20
SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def mount(texts, scratch, needed, again):
    """Makes and mounts the file systems; `again`, for --resume, keeps the images.

    `needed` is {name: bytes of the files on it}. Images are sparse: they take what is in them.
    """
    wanted = [text for text in texts if text in MADE]
    if not wanted:
        return
    if os.geteuid() != 0:
        raise BadInput(f"--file-systems {','.join(wanted)}: making a file system needs root; "
                       "folders on one may be given as NAME=DIR")
    if LIBC.unshare(CLONE_NEWNS) != 0:
        raise BadInput("--file-systems: no mount namespace of our own: "
                       f"{os.strerror(ctypes.get_errno())}")
    run("mount", "--make-rprivate", "/")
    check_images(wanted, scratch, needed)
    for kind in wanted:
        size = max(LEAST_BYTES, round(1.5 * needed[kind]) + (512 << 20))
        (scratch / kind).mkdir(parents=True, exist_ok=True)
        if kind == "tmpfs":
            run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(scratch / kind))
        else:
            mount_image(kind, image_of(kind, scratch), scratch / kind, size, again)


def unmount(texts, scratch):
    for kind in (text for text in texts if text in MADE):
        run("umount", str(scratch / kind))


def check_images(kinds, scratch, needed):
    """Raises BadInput where the files in the images, or in memory, could not fit."""
    images = [kind for kind in kinds if kind != "tmpfs"]
    rooms = [("memory", memory_available(), set(kinds) - set(images)),
             (scratch, free(scratch) + sum(allocated(image_of(kind, scratch)) for kind in images),
              images)]
    for where, room, there in rooms:
        wanted = sum(needed[kind] for kind in there)
        if wanted > room:
            raise BadInput(f"--file-systems {','.join(kinds)}: the files take {wanted >> 20} MiB, "
                           f"and {where} has room for {room >> 20} MiB")


def image_of(kind, scratch):
    return scratch / f"iowq-{kind}.img"


def mount_image(kind, image, point, size, again):
    if image.is_symlink():
        raise BadInput(f"--file-systems {kind}: {image} is a link, which is not followed")
    wait_until_free(image)
    if not (again and image.exists()):
        make_image(kind, image, size)
    # The device that mount makes is detached by the kernel when the namespace, and with it the
    # mount, goes away, and also if this process is killed before there is a mount.
    run("mount", "-t", kind, "-o", "loop", str(image), str(point))
    # Else the image would lie in the page cache a second time. Not every file system can.
    device = run("findmnt", "--noheadings", "--output", "SOURCE", str(point)).strip()
    tried("losetup", "--direct-io=on", device)


def make_image(kind, image, size):
    """An image has its name once it is whole: a killed comparison may leave one that is not, and
    a mkfs that still writes to it."""
    if not shutil.which(MADE[kind][0], path=SBIN):
        raise BadInput(f"--file-systems {kind}: {MADE[kind][0]} is not installed")
    unfinished = image.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with open(unfinished, "xb") as file:
        file.truncate(size)
    run(*MADE[kind], str(unfinished))
    unfinished.rename(image)


def wait_until_free(image):
    """Waits until no loop device has the image: processes of a killed comparison may still end."""
    started = time.monotonic()
    while image.exists() and run("losetup", "--associated", str(image)):
        if time.monotonic() - started > FREE_S:
            raise BadInput(f"--file-systems: {image} is in use by a loop device")
        time.sleep(0.05)


def tried(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False,
                          env=os.environ | {"PATH": SBIN})


def run(*command):
    done = tried(*command)
    if done.returncode != 0:
        raise BadInput(f"--file-systems: {' '.join(command)}: "
                       f"{(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return done.stdout
