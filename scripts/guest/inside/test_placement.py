# SPDX-License-Identifier: MIT
"""Where placement= has work done, for submitters on each node, in each mode: by which CPUs, by
threads that may use which, and with buffers on which node.

What the table of counts shows (OUT) is what these tests have checked.
"""

import json
import os
import platform

import pytest

import devices
import fio
import machine

OUT = "/out/numa-counts.json"
IOS = 64
BLOCK = 4096
DISK = "/dev/vda"


def with_cpus(topology):
    return [number for number, node in enumerate(topology.nodes) if node.cpus]


def with_memory(topology):
    return [number for number, node in enumerate(topology.nodes) if node.megabytes]


def nearest(topology, node, among):
    return min(among, key=lambda other: (topology.distance(node, other), other))


class Case:
    """A job on one node, and where its work and its buffers have to be."""

    def __init__(self, topology, submitter, mode, placement, **options):
        self.topology, self.submitter = topology, submitter
        self.mode, self.placement, self.options = mode, placement, options
        self.name = f"{mode}-{placement.replace(':', '')}-{submitter}-{len(options)}"

    @property
    def asked(self):
        """The node that placement= names, or leads to; None: there are several."""
        if self.placement.startswith("node:"):
            return int(self.placement[5:])
        if self.placement == "device":
            return self.topology.disk_node
        return None if self.placement == "interleave" else self.submitter

    @property
    def nodes(self):
        cpus = with_cpus(self.topology)
        return set(cpus) if self.asked is None else {nearest(self.topology, self.asked, cpus)}

    @property
    def buffers(self):
        """The node of the buffers; None: whoever touches them first decides."""
        if "numa_mem_policy" in self.options:
            return int(self.options["numa_mem_policy"].removeprefix("bind:"))
        if self.asked is None or self.placement in ("default", "none"):
            return None
        return nearest(self.topology, self.asked, with_memory(self.topology))

    @property
    def data(self):
        return None if self.mode == "hashed" else self.topology.disk_node

    def job(self, files):
        # mmap: malloc's pages are shared with what else lies there, and with jobs that were before.
        job = {"offload": self.mode, **fio.on_node(self.topology, self.submitter), "iodepth": 8,
               "bs": BLOCK, "size": IOS * BLOCK, "mem": "mmap", **self.options}
        if self.placement != "default":
            job["placement"] = self.placement
        if self.mode == "hashed":
            return {**job, "filename": f"{files}/hashed", "rw": "randwrite"}
        # Past the cache, so that punt has something to punt.
        return {**job, "filename": DISK, "rw": "randread", "direct": 1, "direct_by": "pool"}

    def check(self, said):
        ran_on = {int(node): count for node, count in said["ran_on_nodes"].items()}
        by_kernel = {}
        for cpu, count in said["ran_on_cpus"].items():
            node = machine.node_of_cpu()[int(cpu)]
            by_kernel[node] = by_kernel.get(node, 0) + count
        assert ran_on == by_kernel, "the engine's nodes are the kernel's"
        assert sum(ran_on.values()) == IOS
        if self.placement == "interleave":
            # Idle workers steal, so an item need not run where it was queued.
            queued = {int(node): at["enqueued"] for node, at in said["wq_nodes"].items()}
            assert set(queued) == self.nodes, self.name
            assert max(queued.values()) - min(queued.values()) <= 1, queued
        else:
            assert set(ran_on) == self.nodes, self.name
        if self.buffers is not None:
            assert set(map(int, said["buffers_on_nodes"])) == {self.buffers}, self.name

    def row(self, said):
        return {"mode": self.mode, "placement": self.placement, "submitter": self.submitter,
                "data": self.data, "ios": IOS,
                "ran_on": said["ran_on_nodes"], "buffers_on": said["buffers_on_nodes"]}


def cases(topology):
    """Every placement of sqwq, from every node; of the other modes those that differ, from two."""
    last = len(topology.nodes) - 1
    submitters = with_cpus(topology)
    for submitter in submitters:
        every = ["default", "local", "none", "interleave", "device",
                 *(f"node:{node}" for node in range(len(topology.nodes)))]
        for placement in every:
            yield Case(topology, submitter, "sqwq", placement)
        if submitter not in (submitters[0], submitters[-1]):
            continue
        # Writes to one file are a chain, which is where it began until it is idle: not interleaved.
        for mode, placement in (("hashed", "local"), ("hashed", f"node:{last}"),
                                ("punt", "device"), ("punt", f"node:{last}"),
                                ("sqthread", "local"), ("sqthread", f"node:{last}"),
                                ("handoff", "device"), ("handoff", f"node:{last}")):
            yield Case(topology, submitter, mode, placement)
        if topology.nodes[submitter].megabytes:
            yield Case(topology, submitter, "sqwq", f"node:{last}",
                       numa_mem_policy=f"bind:{submitter}")


def run(folder, several):
    done = fio.run(folder, {}, fio.a_few_at_once({c.name: c.job(folder) for c in several}))
    assert done.status == 0, done.said
    return done.stats


def write_counts(topology, rows):
    nodes = [{"os": number, "cpus": ",".join(map(str, topology.cpus_of(number))),
              "memory_mb": node.megabytes} for number, node in enumerate(topology.nodes)]
    every = range(len(topology.nodes))
    with open(OUT, "w", encoding="utf-8") as out:
        json.dump({"numa_counts": 1, "emulated": True,
                   "accelerator": os.environ["IOWQ_ACCELERATOR"],
                   "kernel": platform.release(), "topology": os.environ["IOWQ_TOPOLOGY"],
                   "nodes": nodes,
                   "distances": [[topology.distance(a, b) for b in every] for a in every],
                   "rows": rows}, out)


def test_work_and_buffers_are_where_the_placement_puts_them(tmp_path, topology):
    several = list(cases(topology))
    stats = run(tmp_path, several)
    for case in several:
        case.check(stats[case.name])
    write_counts(topology, [case.row(stats[case.name]) for case in several if not case.options])


@pytest.mark.parametrize("mode", ["sqwq", "sqthread"])
def test_a_misplacement_is_caught(tmp_path, topology, mode):
    """The same check, of a job whose option is another than the one that is checked."""
    first, second = with_cpus(topology)[:2]
    meant = Case(topology, first, mode, f"node:{first}")
    placed = Case(topology, first, mode, f"node:{second}")
    stats = run(tmp_path, [placed])
    placed.check(stats[placed.name])
    with pytest.raises(AssertionError):
        meant.check(stats[placed.name])


def waiting_workers(folder, case, **options):
    """[(node, thread)], each of which waits for a read that is held back; and what fio did."""
    reads = 8
    with devices.null_block("memory", 4) as memory, devices.slow("slow", memory, 4 << 20) as slow:
        job = {**case.job(folder), "filename": slow.path, "size": reads * BLOCK, **options}
        with fio.started(folder, {}, {"job": job}) as running:
            running.wait_until(lambda: slow.held_back() == reads)
            workers = running.threads("iowq-wrk-")
            slow.let_go()
            done = running.result()
    assert done.status == 0, done.said
    assert len(workers) >= reads, workers
    return [(int(worker.name.removeprefix("iowq-wrk-").rstrip("bu")), worker)
            for worker in workers]


@pytest.mark.parametrize("placement", ["local", "interleave", "node:1"])
def test_workers_may_use_the_cpus_of_their_node_only(tmp_path, topology, placement):
    case = Case(topology, 0, "sqwq", placement)
    workers = waiting_workers(tmp_path, case)
    for node, worker in workers:
        assert worker.cpus == topology.cpus_of(node), workers
        assert worker.last_cpu in worker.cpus, workers
    assert {node for node, _ in workers} == case.nodes


def test_jobs_on_different_nodes_write_one_file_by_one_pool_and_keep_every_byte(tmp_path, topology):
    """They share the file's chain. That it keeps its order is seen by iowq_test here."""
    nodes = with_cpus(topology)
    region = 256 << 10
    jobs = {f"on-{node}": {**fio.on_node(topology, node), "offset": number * region}
            for number, node in enumerate(nodes)}
    done = fio.run(tmp_path, {"offload": "hashed", "wq_scope": "process", "rw": "randwrite",
                              "filename": tmp_path / "data", "bs": BLOCK, "size": region,
                              "iodepth": 8, "verify": "crc32c"}, jobs)
    assert done.status == 0, done.said
    for job in done.jobs.values():
        assert job["write"]["total_ios"] == job["read"]["total_ios"] == region // BLOCK
    assert all(said["chain_waits"] for said in done.stats.values())


@pytest.mark.parametrize("options,why", [
    ({"placement": "node:9"}, "there is no such node here"),
    ({"placement": "node:1", "worker_cpus": "0"}, "none of that node's CPUs"),
    ({"placement": "node:1", "offload": "sqthread", "sqthread_cpu": 0}, "is on another node")])
def test_what_contradicts_the_placement_is_refused_in_one_line(tmp_path, options, why):
    done = fio.run(tmp_path, {}, {"job": {"offload": "sqwq", "filename": "/dev/vda", "rw": "read",
                                          "size": "4k", **options}})
    assert done.status != 0
    lines = {line for line in done.said.splitlines() if line.startswith("iowq:")}
    assert len(lines) == 1 and why in lines.pop(), done.said


def test_a_worker_knows_of_no_cpu_that_is_offline(tmp_path, topology):
    node = next((n for n in with_cpus(topology) if len(topology.cpus_of(n)) > 1), None)
    if node is None:
        pytest.skip("no node has a second CPU")
    away = topology.cpus_of(node)[-1]
    online = f"/sys/devices/system/cpu/cpu{away}/online"
    case = Case(topology, 0, "sqwq", f"node:{node}")
    with open(online, "w", encoding="ascii") as switch:
        switch.write("0")
    try:
        workers = waiting_workers(tmp_path, case)
    finally:
        with open(online, "w", encoding="ascii") as switch:
            switch.write("1")
    left = [cpu for cpu in topology.cpus_of(node) if cpu != away]
    assert all(at == node and worker.cpus == left for at, worker in workers), workers


# ---- where the kernel puts its own io-wq's workers: what ours is to be compared with

IN_FLIGHT = 4


def check_kernels_workers(folder, topology, submitter, node, **options):
    """The workers keep to the node's CPUs. Each waits for a read that is held back, so that they
    stay while they are looked at."""
    folder.mkdir()
    job = {"rw": "randread", "bs": "4k", "iodepth": IN_FLIGHT, "io_size": IN_FLIGHT * 4096,
           "offload": "uring_async", **fio.on_node(topology, submitter), **options}
    with devices.null_block("memory", 4) as memory, devices.slow("slow", memory, 4 << 20) as slow:
        with fio.started(folder, {"filename": slow.path}, {"job": job}) as running:
            running.wait_until(lambda: slow.held_back() == IN_FLIGHT)
            workers = running.threads("iou-wrk-")
            slow.let_go()
            done = running.result()
    assert done.status == 0, done.said
    assert len(workers) >= IN_FLIGHT, workers
    for worker in workers:
        assert worker.cpus == topology.cpus_of(node), (node, workers)
        assert worker.last_cpu in topology.cpus_of(node), (node, workers)


def test_the_kernels_workers_keep_to_the_node_of_the_submitter(tmp_path, topology):
    for node in (number for number, its in enumerate(topology.nodes) if its.cpus):
        check_kernels_workers(tmp_path / str(node), topology, node, node)


def test_the_kernels_workers_keep_to_the_node_that_they_are_given(tmp_path, topology):
    check_kernels_workers(tmp_path / "elsewhere", topology, 0, 1, placement="node:1")
