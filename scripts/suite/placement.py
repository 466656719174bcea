# SPDX-License-Identifier: MIT
"""Placements: the CPUs, and the memory, that a run is held to, whatever its mode.

`none`; `cpus:LIST`, the CPUs of everything in fio; `nodes:C/M`, fio on the CPUs of node C and its
buffers on node M, through fio's own options. (`placement=` of the engine, which says whose workers
take the work, is an option of a mode.)
"""

import os
import re
from pathlib import Path

from suite.errors import BadInput
from suite.plan import NO_PLACEMENT

NODES = Path("/sys/devices/system/node")


def check_placement(text):
    """The text itself; raises BadInput for what this machine cannot do."""
    cpus = re.fullmatch(r"cpus:([\d+-]+)", text)
    nodes = re.fullmatch(r"nodes:(\d+)/(\d+)", text)
    if cpus:
        outside = cpu_list(cpus[1]) - os.sched_getaffinity(0)
        if outside or not cpu_list(cpus[1]):
            raise BadInput(f"--placements {text}: allowed are CPUs of this process: "
                           f"{'+'.join(map(str, sorted(os.sched_getaffinity(0))))}")
    elif nodes:
        for node in nodes.groups():
            if not (NODES / f"node{node}").exists():
                there = sorted(int(path.name[4:]) for path in NODES.glob("node[0-9]*"))
                raise BadInput(f"--placements {text}: this machine has the nodes "
                               f"{', '.join(map(str, there)) or '(none)'}")
    elif text != NO_PLACEMENT:
        raise BadInput(f"--placements {text}: allowed are none, cpus:LIST such as cpus:0+2-3, and "
                       "nodes:C/M (CPUs of node C, memory of node M)")
    return text


def cpu_list(text):
    """`0-2+5` as {0, 1, 2, 5}; empty where it is no such list."""
    found = set()
    for part in text.split("+"):
        match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", part)
        if not match:
            return set()
        found |= set(range(int(match[1]), int(match[2] or match[1]) + 1))
    return found


def placement_options(text):
    """fio's options for a placement."""
    kind, _, value = text.partition(":")
    if kind == "cpus":
        return {"cpus_allowed": value.replace("+", ",")}
    if kind == "nodes":
        cpus, memory = value.split("/")
        return {"numa_cpu_nodes": cpus, "numa_mem_policy": f"bind:{memory}"}
    return {}
