# SPDX-License-Identifier: GPL-2.0-only
"""Tables: every mode gives back what was written, wherever it lies and whatever is missing."""

import contextlib
import errno
import itertools
import os

import pytest

import places
from conftest import KERNELS, MODES, OURS, turns

WAYS = ["buffered", "direct"]
LOAD = {"verify": "crc32c", "iodepth": 16, "size": places.SIZE}


def rotation(*lists):
    """One of our modes and one of the kernel's for each combination, other two for the next; or all
    with IOWQ_FULL=1."""
    for i, values in enumerate(itertools.product(*lists)):
        both = [OURS[i % len(OURS)], KERNELS[i % len(KERNELS)]]
        for mode in MODES if os.environ.get("IOWQ_FULL") else both:
            yield pytest.param(*values, mode, id="-".join(map(str, (*values, mode))))


def works(result):
    assert result.status == 0, (result.said, result.data)
    assert result.job["error"] == 0
    assert "iowq:" not in result.said


def takes_direct(path):
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_DIRECT))
    except OSError:
        return False
    return True


@pytest.fixture
def file_at(tmp_path_factory, file_system):
    """file_at("xfs") is a file on such a place."""
    with contextlib.ExitStack() as made:
        def get(name):
            folder = tmp_path_factory.mktemp("place")
            return made.enter_context(places.place(name, folder, file_system))

        yield get


@pytest.mark.parametrize("way,place,mode", rotation(WAYS, places.PLACES))
def test_a_place_gives_back_what_was_written(fio, file_at, way, place, mode):
    """Once more to a job that opens the file anew, for which fio drops it from the cache."""
    load = {**LOAD, "filename": file_at(place), "direct": int(way == "direct")}
    written = fio(mode, rw="randwrite", fsync=64, **load)
    if way == "direct" and not takes_direct(load["filename"]):
        assert written.status != 0
        assert "does not support O_DIRECT" in written.said  # fio's own words
        return
    works(written)
    works(fio(mode, rw="randread", **load))


@pytest.mark.parametrize("mode", MODES)
def test_less_than_a_sector_past_the_cache_is_the_same_error_in_every_mode(fio, file_at, mode):
    result = fio(mode, filename=file_at("loop_4k"), rw="randread", bs=512, direct=1, iodepth=16)
    assert result.status == 1
    assert result.job["error"] == errno.EINVAL


@pytest.mark.parametrize("way,mode", rotation(WAYS))
def test_without_proc(fio, tmp_path, way, mode):
    works(fio(mode, filename=tmp_path / "data", rw="randrw", direct=int(way == "direct"), **LOAD,
              prefix=places.without_proc()))


@pytest.mark.parametrize("way,mode", rotation(WAYS))
def test_where_processes_are_hidden_from_others(fio, open_folder, way, mode):
    works(fio(mode, filename=open_folder / "data", rw="randwrite", direct=int(way == "direct"),
              **LOAD, uid=65534, gid=65534, create_on_open=1, prefix=places.hidden_processes()))


@pytest.mark.parametrize("way,mode", rotation(WAYS))
def test_with_less_memory_than_the_file_has(fio, tmp_path, way, mode):
    with places.limited("memory", 48 << 20) as prefix:
        works(fio(mode, filename=tmp_path / "data", rw="randrw", bs="64k",
                  direct=int(way == "direct"), **{**LOAD, "size": "64m"}, prefix=prefix))


FIOS_OWN = 3  # fio, its helper thread, and the job
ENOUGH = 3  # acall_pool: two calls that wait for each other's place are enough


@pytest.mark.parametrize("room,mode", turns([0, 1, ENOUGH], MODES))
def test_with_no_room_for_threads(fio, tmp_path, room, mode):
    """It works, or says in one line what it lacks."""
    with places.limited("pids", FIOS_OWN + room) as prefix:
        result = fio(mode, filename=tmp_path / "data", rw="randrw", direct=1, direct_by="pool",
                     **LOAD, prefix=prefix)
    if result.status == 0:
        works(result)
        return
    assert room < ENOUGH
    lines = {line for line in result.said.splitlines() if "iowq:" in line}
    assert len(lines) == 1 and "pids.max" in lines.pop(), result.said
