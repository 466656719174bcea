# SPDX-License-Identifier: MIT
"""Where the kernel puts its own io-wq's workers: what our placement is to be compared with."""

import devices
import fio

READS = 4


def check_workers(folder, topology, submitter, node, **options):
    """The workers keep to the node's CPUs. Each waits for a read that is held back, so that they
    stay while they are looked at."""
    folder.mkdir()
    job = {"rw": "randread", "bs": "4k", "iodepth": READS, "io_size": READS * 4096,
           "offload": "uring_async", **fio.on_node(topology, submitter), **options}
    with devices.null_block("memory", 4) as memory, devices.slow("slow", memory, 4 << 20) as slow:
        with fio.started(folder, {"filename": slow.path}, {"job": job}) as running:
            running.wait_until(lambda: slow.held_back() == READS)
            workers = running.threads("iou-wrk-")
            slow.let_go()
            done = running.result()
    assert done.status == 0, done.said
    assert len(workers) >= READS, workers
    for worker in workers:
        assert worker.cpus == topology.cpus_of(node), (node, workers)
        assert worker.last_cpu in topology.cpus_of(node), (node, workers)


def test_the_kernels_workers_keep_to_the_node_of_the_submitter(tmp_path, topology):
    for node in (number for number, its in enumerate(topology.nodes) if its.cpus):
        check_workers(tmp_path / str(node), topology, node, node)


def test_the_kernels_workers_keep_to_the_node_that_they_are_given(tmp_path, topology):
    check_workers(tmp_path / "elsewhere", topology, 0, 1, placement="node:1")
