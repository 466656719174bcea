# SPDX-License-Identifier: GPL-2.0-only
"""Every mode keeps every byte: fio's own verification, over modes, processes, depths and file
systems."""

import itertools
import os
import random

import pytest

from conftest import FILE_SYSTEMS, MODES

DIMENSIONS = [MODES, FILE_SYSTEMS, ["thread", "fork"], [1, 64], ["buffered", "direct"]]


def pairwise(dimensions, seed=1):
    """Few combinations in which every pair of values of two dimensions occurs."""
    uncovered = {((i, a), (j, b)) for i, j in itertools.combinations(range(len(dimensions)), 2)
                 for a in dimensions[i] for b in dimensions[j]}
    every = list(itertools.product(*dimensions))
    random.Random(seed).shuffle(every)

    def pairs(values):
        return set(itertools.combinations(enumerate(values), 2))

    chosen = []
    while uncovered:
        best = max(every, key=lambda values: len(pairs(values) & uncovered))
        uncovered -= pairs(best)
        chosen.append(best)
    return sorted(chosen, key=str)


def combinations():
    if os.environ.get("IOWQ_FULL"):
        return list(itertools.product(*DIMENSIONS))
    return pairwise(DIMENSIONS)


@pytest.mark.parametrize("mode,kind,process,depth,cache", combinations())
def test_random_writes_and_reads_verify(fio, file_system, mode, kind, process, depth, cache):
    result = fio(mode, directory=file_system(kind), rw="randrw", verify="crc32c", iodepth=depth,
                 direct=int(cache == "direct"), thread=None if process == "thread" else False,
                 bssplit="4k/60:12k/20:64k/20", filename="data", unlink=1)
    assert result.status == 0, result.said
    assert result.job["error"] == 0
    assert result.job["write"]["total_ios"] > 0
    assert result.job["read"]["total_ios"] > 0


@pytest.mark.parametrize("mode", MODES)
def test_a_damaged_block_is_found(fio, tmp_path, mode):
    """So that the tests above can fail."""
    name = tmp_path / "data"
    same = {"filename": name, "rw": "randwrite", "verify": "crc32c", "iodepth": 16, "size": "256k"}
    assert fio(mode, **same).status == 0
    with open(name, "r+b") as file:
        file.seek(100_000)
        byte = file.read(1)
        file.seek(100_000)
        file.write(bytes([byte[0] ^ 1]))
    damaged = fio(mode, **same, verify_only=None)
    assert damaged.status != 0
    assert "crc32c" in damaged.said
