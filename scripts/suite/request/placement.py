# SPDX-License-Identifier: MIT
"""Placements: the CPUs, and the memory, that a run is held to, whatever its mode.

`none`; `cpus:LIST`, the CPUs of everything in fio; `nodes:C/M`, fio on the CPUs of node C and its
buffers on node M, by fio's own options; `nodes`, each C with each M. (The engine's `placement=`,
which says where the work is done, is an option of a mode; the engine counts where it was done.)
"""

import os
import re
from pathlib import Path

from suite.errors import BadInput
from suite.request.plan import NO_PLACEMENT

NODES = Path("/sys/devices/system/node")
ALL_PAIRS = "nodes"


def placements_of(text):
    """The placements that a text names; raises BadInput for one that this machine cannot do."""
    cpus = re.fullmatch(r"cpus:([\d+-]+)", text)
    if cpus:
        outside = cpu_list(cpus[1]) - os.sched_getaffinity(0)
        if outside or not cpu_list(cpus[1]):
            raise BadInput(f"--placements {text}: allowed are CPUs of this process: "
                           f"{'+'.join(map(str, sorted(os.sched_getaffinity(0))))}")
    elif text == ALL_PAIRS:
        return all_pairs()
    elif node_pair(text):
        if text not in all_pairs():
            raise BadInput(f"--placements {text}: this machine has the nodes "
                           f"{node_words('has_cpu')} with CPUs, and {node_words('has_memory')} "
                           "with memory")
    elif text != NO_PLACEMENT:
        raise BadInput(f"--placements {text}: allowed are none, cpus:LIST such as cpus:0+2-3, "
                       "nodes:C/M (CPUs of node C, memory of node M), and nodes (every such pair)")
    return [text]


def all_pairs():
    pairs = [f"nodes:{cpus}/{memory}" for cpus in nodes_that("has_cpu")
             for memory in nodes_that("has_memory")]
    if not pairs:
        raise BadInput(f"--placements nodes: this kernel tells of no NUMA nodes ({NODES})")
    return pairs


def nodes_that(have):
    """The nodes that the kernel lists in /sys's file of that name; empty if it is missing."""
    try:
        return sorted(cpu_list((NODES / have).read_text().strip().replace(",", "+")))
    except OSError:
        return []


def node_words(have):
    return ", ".join(map(str, nodes_that(have)))


def node_pair(placement):
    """(C, M) of nodes:C/M; None for any other placement."""
    match = re.fullmatch(r"nodes:(\d{1,4})/(\d{1,4})", placement)
    return match and (int(match[1]), int(match[2]))


def cpu_list(text):
    """`0-2+5` as {0, 1, 2, 5}; empty for a text that is no such list."""
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


def strayed(placement, mode, evidence):
    """Whether work ran on another node than the mode's placement= asks for, as one word, or None.

    `evidence` has the engine's counters, an object for each fio job. I/O that a submitter does
    itself is done on its node C; I/O that goes to the pool or the submission thread belongs on the
    node that was asked for. A node without CPUs is not checked, as another node serves it.
    """
    pair, asked = node_pair(placement), dict(mode.options).get("placement", "")
    node = re.fullmatch(r"node:(\d+)", asked)
    if not pair or not (node or asked == "local"):
        return None
    wanted = int(node[1]) if node else pair[0]
    if wanted not in nodes_that("has_cpu"):
        return None
    return "other_node" if any(ran_elsewhere(job, pair[0], wanted) for job in evidence) else None


def ran_elsewhere(job, own, wanted):
    """Whether one job's counters show work on a wrong node; the kernel's modes have none by node.
    """
    by_node = {int(node): ios for node, ios in job.get("ran_on_nodes", {}).items()}
    counts = [job.get(direction, {}) for direction in ("read", "write", "other")]
    handed_on = sum(max(c.get("pooled", 0), c.get("sqthread", 0)) for c in counts)
    done_itself = sum(c.get("issued", 0) for c in counts) - handed_on
    return any(ios > (done_itself if node == own else 0) for node, ios in by_node.items()
               if node != wanted)
