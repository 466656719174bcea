# SPDX-License-Identifier: MIT
"""Loads in words."""

import pytest
from suite.analyse.words import load_words
from suite.request.plan import Load


@pytest.mark.parametrize("block, words", [
    ("4096", "reads and writes of 4 KiB, O_DIRECT"),
    ("4096 8192", "reads and writes of 4 KiB and 8 KiB, O_DIRECT"),
    ("1048576 2097152 4096", "reads and writes of 4 KiB, 1 MiB and 2 MiB, O_DIRECT"),
    ("512 1073741824", "reads and writes of 512 bytes and 1 GiB, O_DIRECT"),
    ("4000", "reads and writes of 4000 bytes, O_DIRECT"),
    ("4k-16k", "reads and writes of 4k-16k, O_DIRECT"),
    ("8192 4k/50:64k/50", "reads and writes of 4k/50:64k/50 and 8 KiB, O_DIRECT"),
    ("", "reads and writes, O_DIRECT"),
])
def test_sizes_are_told_with_units_and_from_the_smallest(block, words):
    job = {"reads": True, "writes": True, "cache": "direct", "block": block}
    assert load_words(job) == words
    assert load_words(job | {"block": "1"}, Load("j", block)) == words


def test_operations_are_named_in_place_of_reads_and_writes():
    job = {"reads": True, "writes": False, "cache": "warm", "block": "4096"}
    assert load_words(job | {"operations": ["stat"]}, Load("j", "4096")) == "stat, caches warm"
    assert load_words(job | {"operations": []}) == "reads of 4 KiB, buffered, page cache warm"
