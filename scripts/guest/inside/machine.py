# SPDX-License-Identifier: MIT
"""What the kernel says of this machine's nodes, and of the threads of a process."""

import re
from pathlib import Path

NODES = Path("/sys/devices/system/node")


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
    """Those that are there now."""
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
