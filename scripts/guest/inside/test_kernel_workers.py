# SPDX-License-Identifier: MIT
"""Where the kernel puts its own io-wq's workers: what our placement is to be compared with."""

import devices
import fio

READS = 4


def on_node(topology, node):
    """Options that keep a job on a node's CPUs. libnuma knows no nodes without memory."""
    if topology.nodes[node].megabytes:
        return {"numa_cpu_nodes": node}
    return {"cpus_allowed": ",".join(map(str, topology.cpus_of(node)))}


def test_the_kernels_workers_keep_to_the_node_of_the_submitter(tmp_path, topology):
    """Each of them waits for a read that is held back, so that they can be looked at in peace."""
    with devices.null_block("memory", 4) as memory:
        for node in (number for number, its in enumerate(topology.nodes) if its.cpus):
            folder = tmp_path / str(node)
            folder.mkdir()
            with devices.slow("slow", memory, 4 << 20) as slow:
                job = {"filename": slow.path, "rw": "randread", "bs": "4k", "iodepth": READS,
                       "io_size": READS * 4096, "offload": "uring_async", **on_node(topology, node)}
                with fio.started(folder, {}, {"job": job}) as running:
                    running.wait_until(lambda: slow.held_back() == READS)
                    workers = running.threads("iou-wrk-")
                    slow.let_go()
                    done = running.result()
            assert done.status == 0, done.said
            assert len(workers) >= READS, workers
            for worker in workers:
                assert worker.cpus == topology.cpus_of(node), (node, workers)
                assert worker.last_cpu in topology.cpus_of(node), (node, workers)
