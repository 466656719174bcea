# SPDX-License-Identifier: MIT
"""The guest is the machine that was asked for."""

from machine import NODES, node_of_cpu, node_of_disk, numbers


def test_the_nodes_and_their_cpus_are_those_that_were_asked_for(topology):
    nodes = range(len(topology.nodes))
    assert numbers((NODES / "online").read_text()) == list(nodes)
    assert node_of_cpu() == {cpu: node for node in nodes for cpu in topology.cpus_of(node)}


def test_each_distance_is_the_one_that_was_asked_for(topology):
    nodes = range(len(topology.nodes))
    for one in nodes:
        said = [int(d) for d in (NODES / f"node{one}/distance").read_text().split()]
        assert said == [topology.distance(one, other) for other in nodes]


def test_memory_and_cpus_are_where_they_were_asked_for(topology):
    for kind, asked in (("has_memory", "megabytes"), ("has_cpu", "cpus")):
        assert numbers((NODES / kind).read_text()) == [
            number for number, node in enumerate(topology.nodes) if getattr(node, asked)]


def test_the_disk_is_on_its_node(topology):
    assert node_of_disk("vda") == topology.disk_node
