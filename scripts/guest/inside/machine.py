# SPDX-License-Identifier: MIT
"""What the kernel says of this machine's nodes, and of the threads of a process; and a process with
little memory."""

import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

NODES = Path("/sys/devices/system/node")
CGROUPS = Path("/sys/fs/cgroup")


def numbers(text):
    """The numbers of a list such as 0-3,8."""
    listed = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        listed += range(int(first), int(last or first) + 1)
    return listed


def node_of_cpu():
    """{CPU: node}"""
    return {cpu: int(node.name.removeprefix("node")) for node in NODES.glob("node[0-9]*")
            for cpu in numbers((node / "cpulist").read_text())}


def node_of_disk(name):
    """The node of the PCI device that a virtio disk is."""
    device = Path(f"/sys/block/{name}/device").resolve()
    return int((device.parent / "numa_node").read_text())


class Thread:
    """One thread of a process: its name, its state, its CPUs, and the one that it used last."""

    def __init__(self, task):
        status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines()
                      if ":\t" in line)
        # The name is in brackets and may hold anything, so fields count from its end.
        after_name = (task / "stat").read_text().rpartition(")")[2].split()
        self.id = int(task.name)
        self.name = status["Name"]
        self.state = after_name[0]
        self.cpus = numbers(status["Cpus_allowed_list"])
        self.last_cpu = int(after_name[36])

    def __repr__(self):
        return f"{self.name} {self.state} on {self.last_cpu} of {self.cpus}"


def threads(pid):
    """The process's threads that are there now."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            found.append(Thread(task))
        except (FileNotFoundError, ProcessLookupError):  # it has just left
            pass
    return found


def pages_by_node(pid):
    """[(a mapping's line of numa_maps, {node: pages})]"""
    lines = Path(f"/proc/{pid}/numa_maps").read_text().splitlines()
    return [(line, {int(node): int(pages) for node, pages in re.findall(r" N(\d+)=(\d+)", line)})
            for line in lines]


def swapped_in():
    """How many pages have come back from swap since the machine began."""
    counts = dict(line.split() for line in Path("/proc/vmstat").read_text().splitlines())
    return int(counts["pswpin"])


@contextmanager
def memory_limit(size):
    """Limits the new memory of this process, and of what it starts meanwhile, to `size` bytes."""
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", CGROUPS], check=True, timeout=30)
    group = CGROUPS / "little"
    try:
        (CGROUPS / "cgroup.subtree_control").write_text("+memory")
        group.mkdir()
        (group / "memory.max").write_text(str(size))
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield
    finally:
        (CGROUPS / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()
        subprocess.run(["umount", CGROUPS], check=True, timeout=30)
