# SPDX-License-Identifier: MIT
"""Placements on NUMA nodes: what becomes of them in a run, and what the engine's counters say."""

import shutil

import pytest
from conftest import SCRIPTS
from kept import kept_records
from suite.request import placement
from suite.request.modes import parse_mode
from pictures import svg_text

IDLE = dict.fromkeys(("issued", "inline", "pooled", "helped", "aio", "sqthread"), 0)


def counted(ran_on, **read):
    """One job's pool_stats, as far as they are read."""
    return {"read": IDLE | read, "write": IDLE, "other": IDLE, "ran_on_nodes": ran_on}


@pytest.fixture
def four_nodes(tmp_path, monkeypatch):
    """Nodes 0 to 2 have CPUs, node 3 has memory alone."""
    (tmp_path / "has_cpu").write_text("0-2\n")
    (tmp_path / "has_memory").write_text("0-3\n")
    monkeypatch.setattr(placement, "NODES", tmp_path)


@pytest.mark.parametrize("where, mode, job, flagged", [
    ("nodes:0/1", "sqwq+placement=local", counted({"0": 9}, issued=9, pooled=9), False),
    ("nodes:0/1", "sqwq+placement=local", counted({"0": 8, "1": 1}, issued=9, pooled=9), True),
    ("nodes:0/1", "inline+placement=local", counted({"0": 8, "2": 1}, issued=9, inline=9), True),
    ("nodes:0/1", "sqwq+placement=node:1", counted({"1": 9}, issued=9, pooled=9), False),
    ("nodes:0/1", "sqwq+placement=node:1", counted({"0": 1, "1": 8}, issued=9, pooled=9), True),
    ("nodes:0/1", "sqwq+placement=node:1", counted({"1": 8, "2": 1}, issued=9, pooled=9), True),
    # What the submitter does itself, it does where it is; nobody else's work belongs there.
    ("nodes:0/1", "punt+placement=node:1", counted({"0": 7, "1": 2}, issued=9, inline=7, pooled=2),
     False),
    ("nodes:0/1", "punt+placement=node:1", counted({"0": 8, "1": 1}, issued=9, inline=7, pooled=2),
     True),
    ("nodes:0/1", "punt+placement=node:1", counted({"0": 2, "2": 7}, issued=9, inline=7, pooled=2),
     True),
    ("nodes:0/0", "sqwq+placement=node:1", counted({"0": 5, "1": 4}, issued=9, helped=5, pooled=4),
     False),
    ("nodes:0/1", "sqthread+placement=node:1", counted({"0": 9}, issued=9, sqthread=9), True),
    # Nothing was asked for that the counters could contradict.
    ("nodes:0/1", "sqwq+placement=interleave", counted({"0": 3, "1": 6}, issued=9, pooled=9),
     False),
    ("nodes:0/1", "sqwq+placement=none", counted({"0": 3, "1": 6}, issued=9, pooled=9), False),
    ("nodes:0/1", "sqwq", counted({"0": 3, "1": 6}, issued=9, pooled=9), False),
    ("none", "sqwq+placement=node:1", counted({"0": 9}, issued=9, pooled=9), False),
    ("cpus:0", "sqwq+placement=local", counted({"1": 9}, issued=9, pooled=9), False),
    ("nodes:0/3", "sqwq+placement=node:3", counted({"0": 9}, issued=9, pooled=9), False),
    ("nodes:0/1", "uring_async+placement=node:1", {"read": {"issued": 9}}, False),
])
def test_work_that_ran_on_another_node_than_asked_is_found_out(four_nodes, where, mode, job,
                                                               flagged):
    other = counted({"0": 4} if "local" in mode else {"1": 4}, issued=4, pooled=4)
    assert placement.strayed(where, parse_mode(mode), [other, job]) == (
        "other_node" if flagged else None)


def test_a_run_whose_engine_counted_on_another_node_is_flagged_in_words(tmp_path, job_file, compare,
                                                                        engine):
    elsewhere = tmp_path / "fio"
    elsewhere.write_text(
        f'#!/bin/sh\n"{shutil.which("fio")}" "$@" || exit\n'
        "sed -i 's/\"ran_on_nodes\": {[^}]*}/\"ran_on_nodes\": {\"7\": 5}/' pool-stats.* "
        "2>/dev/null\nexit 0\n")
    elsewhere.chmod(0o755)
    done = compare(job_file(), "sqwq+placement=local+help=0,fio:psync", "--engine", engine, "--fio",
                   elsewhere, "--placements", placement.all_pairs()[0])
    assert done.returncode == 0, done.stderr
    assert "sqwq+placement=local+help=0, depth 1: path:other_node in 1 of 1" in done.stdout
    words = "work that belonged on the node of placement= ran on another"
    assert words in done.stdout and words in (tmp_path / "results/report.html").read_text()
    assert "fio:psync, depth 1: path" not in done.stdout


def test_every_pair_of_this_machines_nodes_runs_and_is_drawn(tmp_path, job_file, compare, engine):
    modes = ["sqwq+placement=interleave+help=0", "sqwq+placement=node:0+help=0"]
    done = compare(job_file(), ",".join(modes), "--engine", engine, "--placements", "nodes")
    assert done.returncode == 0, done.stderr
    assert "path:other_node" not in done.stdout
    pairs = placement.all_pairs()
    records = kept_records(tmp_path)
    assert sorted(record["run"]["placement"] for record in records) == sorted(2 * pairs)
    for record in records:
        (job,) = record["path_evidence"]
        assert sum(job["ran_on_nodes"].values()) == job["read"]["issued"]
        memory = record["run"]["placement"].rpartition("/")[2]
        assert list(job["buffers_on_nodes"]) == [memory], "bound by fio"
    picture = tmp_path / "results/charts/tiny-nodes.svg"
    words = svg_text(picture)
    assert all(f"{mode}, depth 1" in words for mode in modes)
    assert all(title in words for title in ("IOPS", "p99 latency", "buffers on node"))
    report = (tmp_path / "results/report.html").read_text()
    assert "submitter on node 0, buffers on 0" in report, "told to who points at a cell"


@pytest.mark.parametrize("name", ["numa-randread", "numa-randread-direct", "numa-randwrite-hashed"])
def test_the_jobs_about_nodes_run_on_any_machine(tmp_path, compare, engine, name):
    job = SCRIPTS.parent / f"jobs/{name}.fio"
    mode = "hashed+wq_scope=process" if "hashed" in name else "sqwq"
    done = compare(job, f"{mode}+placement=node:0,{mode}+placement=local", "--engine", engine,
                   "--placements", "nodes", "--runtime", "0.1")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"results/charts/{name}-nodes.svg").exists()
