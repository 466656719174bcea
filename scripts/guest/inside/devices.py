# SPDX-License-Identifier: MIT
"""Block devices made for one test: in memory, and by device-mapper over these."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

NULL_BLOCK = Path("/sys/kernel/config/nullb")
SECTOR = 512
HOLDS_BACK_MS = 24 * 60 * 60 * 1000


@contextmanager
def null_block(name, megabytes, **attributes):
    """A null_blk device that keeps what is written. Attributes as in configfs: home_node=1, ..."""
    folder = NULL_BLOCK / name
    folder.mkdir()
    try:
        for key, value in {"size": megabytes, "memory_backed": 1, "blocksize": 4096,
                           **attributes, "power": 1}.items():
            (folder / key).write_text(str(value))
        yield Path("/dev") / name
    finally:
        (folder / "power").write_text("0")
        folder.rmdir()


@contextmanager
def swap(megabytes):
    with null_block("swap", megabytes) as device:
        for command in ("mkswap", "swapon"):
            subprocess.run([command, device], check=True, timeout=30, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            subprocess.run(["swapoff", device], check=True, timeout=30)


def dmsetup(*words, table=None):
    # There is no udev that would make the devices' nodes.
    return subprocess.run(["dmsetup", *words], input=table, text=True, check=True,
                          stdout=subprocess.PIPE, env={**os.environ, "DM_DISABLE_UDEV": "1"}).stdout


@contextmanager
def mapped(name, rows):
    """A device-mapper device. rows: (bytes, target and its arguments), one after another; {start}
    in them is the row's own start in sectors."""
    table, start = "", 0
    for size, target in rows:
        table += f"{start} {size // SECTOR} {target.format(start=start)}\n"
        start += size // SECTOR
    dmsetup("create", name, table=table)
    try:
        yield Path("/dev/mapper") / name
    finally:
        # With force, what a failed test has left waiting in it ends with an error.
        dmsetup("remove", "--force", "--retry", name)


class Slow:
    """A device that answers no read before it is told to, so that no test has to guess a time."""

    def __init__(self, path):
        self.path = path

    def held_back(self):
        """How many reads wait in it: "0 SECTORS delay READS WRITES ..."."""
        return int(dmsetup("status", self.path.name).split()[3])

    def let_go(self):
        """dm-delay ends what it holds back when it is suspended."""
        dmsetup("suspend", self.path.name)
        dmsetup("resume", self.path.name)


@contextmanager
def slow(name, over, size):
    with mapped(name, [(size, f"delay {over} 0 {HOLDS_BACK_MS}")]) as path:
        yield Slow(path)
