# SPDX-License-Identifier: MIT
"""The guest is the machine that was asked for."""

from pathlib import Path

NODES = Path("/sys/devices/system/node")


def numbers(text):
    """The numbers of a list such as 0-3,8."""
    listed = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        listed += range(int(first), int(last or first) + 1)
    return listed


def test_the_nodes_and_their_cpus_are_those_that_were_asked_for(topology):
    assert numbers((NODES / "possible").read_text()) == list(range(len(topology.nodes)))
    for number in range(len(topology.nodes)):
        cpus = numbers((NODES / f"node{number}/cpulist").read_text())
        assert cpus == topology.cpus_of(number)


def test_each_distance_is_the_one_that_was_asked_for(topology):
    nodes = range(len(topology.nodes))
    for one in nodes:
        said = [int(d) for d in (NODES / f"node{one}/distance").read_text().split()]
        assert said == [topology.distance(one, other) for other in nodes]


def test_memory_is_where_it_was_asked_for(topology):
    assert numbers((NODES / "has_memory").read_text()) == [
        number for number, node in enumerate(topology.nodes) if node.megabytes]
    assert numbers((NODES / "has_cpu").read_text()) == [
        number for number, node in enumerate(topology.nodes) if node.cpus]


def test_the_disk_is_on_its_node(topology):
    device = Path("/sys/block/vda/device").resolve()  # virtio's, below PCI's
    assert int((device.parent / "numa_node").read_text()) == topology.disk_node
