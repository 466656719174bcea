# SPDX-License-Identifier: GPL-2.0-only
"""Which node does the work (placement=), beside fio's own options. Where the machine has one node,
hwloc imagines a second one, with some of the real CPUs. `make numa` tests what is about memory, in
guests whose kernels know the nodes too."""

import os

import pytest
from conftest import refused
from test_pool import two_jobs

CPUS = sorted(os.sched_getaffinity(0))


@pytest.fixture(autouse=True)
def two_nodes(monkeypatch):
    if CPUS[:2] != [0, 1]:
        pytest.skip("needs the CPUs 0 and 1")
    monkeypatch.setenv("HWLOC_SYNTHETIC", "numa:2 pu:1")  # what is beyond them belongs to none


def on_first_node(fio, tmp_path, mode, **options):
    """A job on the first node's CPU."""
    return fio(mode, **{"filename": tmp_path / "data", "rw": "randrw", "size": "1m", "iodepth": 8,
                        "fsync": 4, "cpus_allowed": 0, "pool_stats": tmp_path / "evidence",
                        **options})


def ran_on(evidence):
    (said,) = evidence()
    assert sum(said["ran_on_nodes"].values()) == sum(said[way]["issued"]
                                                     for way in ("read", "write", "other"))
    return said["ran_on_nodes"], said


@pytest.mark.parametrize("placement,nodes",
                         [(None, "0"), ("local", "0"), ("none", "0"), ("node:0", "0"),
                                             ("node:1", "1")])
@pytest.mark.parametrize("mode", ["sqwq", "hashed", "sqthread", "handoff"])
def test_all_work_is_done_on_one_node(fio, tmp_path, evidence, mode, placement, nodes):
    result = on_first_node(fio, tmp_path, mode, **({"placement": placement} if placement else {}))
    assert result.status == 0, result.said
    assert ran_on(evidence)[0].keys() == {nodes}


@pytest.mark.parametrize("mode", ["sqwq", "hashed"])
def test_interleaved_work_is_done_on_both(fio, tmp_path, evidence, mode):
    result = on_first_node(fio, tmp_path, mode, placement="interleave")
    assert result.status == 0, result.said
    nodes, said = ran_on(evidence)
    assert nodes.keys() == {"0", "1"}
    queued = [node["enqueued"] for node in said["wq_nodes"].values()]
    if mode == "sqwq":
        assert abs(queued[0] - queued[1]) <= 1
    assert min(queued) > 0


def test_what_is_punted_goes_to_the_node_and_the_rest_stays(fio, tmp_path, evidence, file_system):
    result = on_first_node(fio, tmp_path, "punt", placement="node:1", fsync=0,
                           sync_file_range="write:4", filename=file_system("tmpfs") / "punted")
    assert result.status == 0, result.said
    nodes, said = ran_on(evidence)
    assert nodes == {"0": said["read"]["issued"] + said["write"]["issued"],
                     "1": said["other"]["issued"]}


def test_a_file_whose_device_is_at_no_node_is_served_locally(fio, tmp_path, evidence, file_system):
    result = fio("sqwq", filename=file_system("tmpfs") / "placement", rw="randrw", size="1m",
                 iodepth=8, cpus_allowed=0, placement="device", pool_stats=tmp_path / "evidence")
    assert result.status == 0, result.said
    assert ran_on(evidence)[0].keys() == {"0"}


def test_jobs_on_different_nodes_share_a_pool_that_serves_each_on_its_own(fio, tmp_path, evidence):
    result = two_jobs(fio, tmp_path, "sqwq", "--thread", first={"cpus_allowed": 0},
                      second={"cpus_allowed": 1})
    assert result.status == 0, result.said
    by_job = {said["job"]: said for said in evidence()}
    assert by_job["t"]["ran_on_nodes"].keys() == {"0"}
    assert by_job["second"]["ran_on_nodes"].keys() == {"1"}
    for said in by_job.values():
        assert all(node["workers_created"] for node in said["wq_nodes"].values()), "it is one pool"


def test_a_job_elsewhere_does_nothing_for_its_submission_thread(fio, tmp_path, evidence):
    result = on_first_node(fio, tmp_path, "handoff", placement="node:1")
    assert result.status == 0, result.said
    said = ran_on(evidence)[1]
    assert said["read"]["helped"] == said["read"]["waited"] == 0


@pytest.mark.parametrize("placement", ["node:2", "node:1000", "node", "node:", "node:-1", "node:1x",
                                       "local:1", "near"])
def test_what_is_no_placement_is_refused(fio, tmp_path, placement):
    result = fio("sqwq", filename=tmp_path / "data", rw="read", placement=placement)
    assert result.status != 0
    if placement.startswith("node:") and placement[5:].isdigit():
        refused(result, f"placement={placement}", "there is no such node here; there are: 0-1")
    elif placement == "near":
        assert "placement" in result.said
    else:
        refused(result, f"placement={placement}",
                "allowed: local, device, interleave, node:N, none")


@pytest.mark.parametrize("mode,placement,allowed", [
    ("inline", "node:1", "allowed: local, none"),
    ("inline", "interleave", "allowed: local, none"),
    ("sqthread", "interleave", "allowed: local, device, node:N, none"),
    ("handoff", "interleave", "allowed: local, device, node:N, none"),
    ("acall", "local", "allowed: none"),
    ("acall_pool", "device", "allowed: local"),
    ("uring", "local", "allowed: node:N"),
    ("uring_async", "interleave", "allowed: node:N"),
    ("uring_sqpoll", "node:1", "sqthread_cpu")])
def test_what_the_mode_cannot_do_is_refused(fio, tmp_path, mode, placement, allowed):
    refused(fio(mode, filename=tmp_path / "data", rw="read", placement=placement),
            f"offload={mode}", f"placement={placement}", allowed)


@pytest.mark.parametrize("mode,options,why", [
    ("sqwq", {"worker_cpus": 0},
     "none of that node's CPUs (1) is among those that worker_cpus names (0)"),
    ("uring_async", {"worker_cpus": 0}, "worker_cpus names (0)"),
    ("sqthread", {"sqthread_cpu": 0}, "sqthread_cpu=0 is on another node")])
def test_options_that_contradict_the_placement_are_refused(fio, tmp_path, mode, options, why):
    refused(fio(mode, filename=tmp_path / "data", rw="read", placement="node:1", **options),
            "placement=node:1", why)


def test_a_node_beyond_what_fio_may_use_is_refused(fio, tmp_path):
    refused(fio("sqwq", filename=tmp_path / "data", rw="read", placement="node:1",
                prefix=["taskset", "-c", "0"]),
            "placement=node:1", "none of that node's CPUs (1) is among those that fio may use (0)")


@pytest.mark.parametrize("thread", [{}, {"thread": None}])
def test_a_placement_looks_beyond_the_jobs_own_cpus(fio, tmp_path, evidence, thread):
    """cpus_allowed says where the job is; as a process or as a thread."""
    result = on_first_node(fio, tmp_path, "sqwq", placement="interleave", **thread)
    assert result.status == 0, result.said
    assert ran_on(evidence)[0].keys() == {"0", "1"}


def test_the_kernels_workers_keep_to_the_node(fio, tmp_path):
    result = fio("uring_async", filename=tmp_path / "data", rw="randrw", size="1m", iodepth=8,
                 placement="node:1", verify="crc32c")
    assert result.status == 0, result.said


def test_memory_stays_where_numa_mem_policy_wants_it(fio, tmp_path, evidence):
    result = on_first_node(fio, tmp_path, "sqwq", placement="node:1", numa_mem_policy="bind:0")
    if "doesn't support" in result.said or "not supported" in result.said:
        pytest.skip("fio without libnuma")
    assert result.status == 0, result.said
    (said,) = evidence()
    assert said["buffers_on_nodes"].keys() == {"0"}
