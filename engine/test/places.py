# SPDX-License-Identifier: GPL-2.0-only
"""Where files may lie: file systems on others; and processes with less than a whole machine."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import time

import pytest

SIZE = 1 << 20  # of the file that each load has, in bytes


def command_of(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    return path or pytest.skip(f"{name} is not installed")


def run(*command):
    """Says why it cannot."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{command[0]}: {done.stderr.strip()}")


def wait_until(condition):
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


# ---- places: a function of what undoes them, an empty folder, and conftest's file_system()


def below_another(kind, mount):
    """What mount(undo, lower, upper, work, merged) makes of a file system of that kind. The file is
    in the lower one, so the first write copies it."""

    def make(undo, folder, file_system):
        parts = [file_system(kind) / f"{folder.name}-{name}" for name in ("lower", "upper", "work")]
        for part in parts:
            part.mkdir()
            undo.callback(shutil.rmtree, part)
        (parts[0] / "data").write_bytes(os.urandom(SIZE))
        mount(undo, *parts, folder)
        return folder

    return make


def layers(lower, upper, work):
    return f"lowerdir={lower},upperdir={upper},workdir={work}"


def overlay(undo, lower, upper, work, merged):
    run("mount", "-t", "overlay", "overlay", "-o", layers(lower, upper, work), merged)
    undo.callback(subprocess.run, ["umount", merged], check=True)


def fuse_overlay(undo, lower, upper, work, merged):
    server = subprocess.Popen([command_of("fuse-overlayfs"), "-f", "-o",
                               layers(lower, upper, work), merged])
    # It holds the layers, and stays as long as another's mount namespace has a copy of its mount.
    undo.callback(server.wait, 20)
    undo.callback(server.kill)
    wait_until(lambda: merged.is_mount() or server.poll() is not None)
    if server.poll() is not None:
        pytest.skip(f"fuse-overlayfs ended with status {server.returncode}")
    undo.callback(subprocess.run, ["umount", merged], check=True)


def on(kind):
    return lambda undo, folder, file_system: file_system(kind)


def without_cow(undo, folder, file_system):
    plain = file_system("btrfs") / folder.name
    plain.mkdir()
    undo.callback(shutil.rmtree, plain)
    run(command_of("chattr"), "+C", plain)
    return plain


def ramfs(undo, folder, file_system):
    run("mount", "-t", "ramfs", "ramfs", folder)
    undo.callback(subprocess.run, ["umount", folder], check=True)
    return folder


def loop(*options):
    def make(undo, folder, file_system):
        image = file_system("ext4") / f"{folder.name}.img"
        with open(image, "wb") as file:
            file.truncate(16 << 20)
        undo.callback(image.unlink)
        made = subprocess.run(["losetup", *options, "--find", "--show", image],
                              capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"losetup: {made.stderr.strip()}")
        device = pathlib.Path(made.stdout.strip())
        backing = pathlib.Path("/sys/block", device.name, "loop/backing_file")
        # Whoever has it open is to close it first.
        undo.callback(wait_until, lambda: not backing.exists())
        undo.callback(subprocess.run, ["losetup", "--detach", device], check=True)
        return device

    return make


PLACES = {
    "ext4": on("ext4"),
    "xfs": on("xfs"),
    "btrfs": on("btrfs"),
    "btrfs_nocow": without_cow,
    "tmpfs": on("tmpfs"),
    "ramfs": ramfs,
    "overlay": below_another("ext4", overlay),
    "overlay_tmpfs": below_another("tmpfs", overlay),
    "fuse": below_another("ext4", fuse_overlay),
    "loop": loop(),
    "loop_4k": loop("--sector-size", "4096"),
}


@contextlib.contextmanager
def place(name, folder, file_system):
    """The file that a load there has."""
    needs_root()
    with contextlib.ExitStack() as undo:
        where = PLACES[name](undo, folder, file_system)
        yield where if where.is_block_device() else where / "data"


# ---- circumstances: what a command is put behind, so that it runs in them


def shell(before):
    return ["sh", "-e", "-c", f'{before}; exec "$@"', "sh"]


@contextlib.contextmanager
def limited(controller, amount):
    """In a cgroup whose CONTROLLER.max is `amount`, by the name that it has in either version."""
    needs_root()
    first = pathlib.Path("/sys/fs/cgroup", controller)
    for top in (first, *second_cgroups()):
        group = top / f"iowq-{os.getpid()}"
        try:
            if top != first:
                (top / "cgroup.subtree_control").write_text(f"+{controller}")
            group.mkdir()
        except OSError:
            continue
        break
    else:
        pytest.skip(f"no cgroup for {controller} can be made")
    try:
        limits = [group / f"{controller}.max", group / "memory.limit_in_bytes"]
        next(filter(pathlib.Path.exists, limits)).write_text(str(amount))
        yield shell(f"echo $$ >{group}/cgroup.procs")
    finally:
        group.rmdir()


def second_cgroups():
    """Where cgroups of the second version are mounted."""
    mounts = pathlib.Path("/proc/self/mounts").read_text().splitlines()
    return [pathlib.Path(line.split()[1]) for line in mounts if line.split()[2] == "cgroup2"]


def in_mounts_of_its_own(*words):
    needs_root()
    prefix = [command_of("unshare"), "--mount", *words]
    run(*prefix, "true")
    return prefix


def without_proc():
    return [*in_mounts_of_its_own(), *shell("umount --lazy /proc")]


def hidden_processes():
    """Of a job that has given up root, not even its own threads are shown."""
    return [*in_mounts_of_its_own("--pid", "--fork", "--mount-proc"),
            *shell("mount -o remount,hidepid=2 /proc")]


def needs_root():
    if os.geteuid() != 0:
        pytest.skip("needs root")
