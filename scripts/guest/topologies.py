# SPDX-License-Identifier: MIT
"""The machines that `make numa` starts, one entry each. The tests in the guest read them too.

To add a topology, add an entry: everything else follows from it.
"""

from dataclasses import dataclass

LOCAL, REMOTE = 10, 20  # what firmware says of a node's distance to itself, and to any other


@dataclass(frozen=True)
class Node:
    cpus: int
    megabytes: int


@dataclass(frozen=True)
class Topology:
    nodes: tuple  # those with CPUs first: the kernel numbers them in that order
    disk_node: int  # the node of the PCI bus that the one virtio disk sits on
    distances: tuple = ()  # a row for each node; empty: LOCAL and REMOTE

    def distance(self, one, other):
        if self.distances:
            return self.distances[one][other]
        return LOCAL if one == other else REMOTE

    def cpus_of(self, node):
        """CPUs are numbered node after node."""
        first = sum(n.cpus for n in self.nodes[:node])
        return list(range(first, first + self.nodes[node].cpus))


TOPOLOGIES = {
    "two": Topology(
        nodes=(Node(2, 384), Node(2, 384)),
        disk_node=1),
    # A ring, near ends closer than far ones: of node 0 the nearest is 2, then 1, then 3.
    "four": Topology(
        nodes=(Node(1, 256), Node(1, 256), Node(1, 256), Node(1, 256)),
        disk_node=2,
        distances=((10, 20, 15, 30),
                   (20, 10, 30, 15),
                   (15, 30, 10, 20),
                   (30, 15, 20, 10))),
    # Node 2 has a CPU and no memory, node 3 memory and no CPU.
    "memory-only": Topology(
        nodes=(Node(2, 384), Node(1, 256), Node(1, 0), Node(0, 256)),
        disk_node=3,
        distances=((10, 20, 28, 17),
                   (20, 10, 28, 25),
                   (28, 28, 10, 28),
                   (17, 25, 28, 10))),
}
