# SPDX-License-Identifier: MIT
import re
from types import SimpleNamespace

import pytest
from conftest import SCRIPTS
from suite.draw.styles import STYLES, styles
from suite.errors import BadInput
from suite.request.modes import (COUNTERPARTS, KERNEL, OFFLOADS, counterpart, needs_io_uring,
                                 of_kernel, ours, parse_mode, parse_modes)

COUNTERS = ("issued", "inline", "nowait_miss", "nowait_refused", "pooled", "chain_wait", "sqthread",
            "acall")


def job(cache="warm", reads=True, writes=False):
    return SimpleNamespace(cache=cache, reads=reads, writes=writes, buffered=cache != "direct")


def stats(writes=0, **counted):
    return {"read": dict.fromkeys(COUNTERS, 0) | counted,
            "write": dict.fromkeys(COUNTERS, 0) | {"issued": writes},
            "other": dict.fromkeys(COUNTERS, 0)}


def test_our_modes_become_the_engine_with_an_offload():
    options = parse_mode("sqwq+max_bounded=4").job_options("/x/iowq.so")
    assert options == {"ioengine": "external:/x/iowq.so", "offload": "sqwq", "max_bounded": "4"}
    assert list(options)[0] == "ioengine"


def test_fio_engines_keep_their_name_and_options():
    assert parse_mode("fio:psync+io_submit_mode=offload").job_options("/x") == {
        "ioengine": "psync", "io_submit_mode": "offload"}


def test_io_uring_in_user_space_is_fios_engine_with_its_options():
    mode = parse_mode("iowq:io_uring+sqthread_poll=1")
    assert mode.job_options("/x") == {"ioengine": "io_uring", "sqthread_poll": "1"}
    assert mode.under_iowq_run and mode.offload is None
    assert not parse_mode("fio:io_uring").under_iowq_run and not parse_mode("punt").under_iowq_run


@pytest.mark.parametrize("text", ["iowq:", "iowq:libaio", "iowq:io_uring_cmd", "iowq:../x",
                                  "iowq:punt", "iowq:io_uring "])
def test_only_what_uses_io_uring_can_have_it_in_user_space(text):
    with pytest.raises(BadInput) as told:
        parse_mode(text)
    assert str(told.value) == (
        f"mode '{text}': io_uring in user space is for engines that use io_uring: allowed is "
        "iowq:io_uring, with options as iowq:io_uring+option=value")


@pytest.mark.parametrize("text", [
    "nosuch", "", "fio:", "fio:a b", "fio:../x", "sqwq+", "sqwq+x", "sqwq+x=$(reboot)", "sqwq+x='",
    "sqwq+iodepth=4", "sqwq+filename=/dev/sda", "sqwq+ioengine=null", "sqwq+a=1+a=2",
    "sqwq+x=a\nrw=write", "iowq", "iowq:io_uring+", "iowq:io_uring+bs=8k",
    "iowq:io_uring+kernel_handoff=1",
])
def test_bad_modes_are_refused(text):
    with pytest.raises(BadInput):
        parse_mode(text)


def test_an_unknown_mode_is_answered_with_all_that_are_allowed():
    allowed = "inline, sqthread, .*hashed, acall, .*uring.*fio:NAME.*iowq:io_uring"
    with pytest.raises(BadInput, match=allowed):
        parse_mode("pnut")


def test_a_mode_given_twice_is_refused():
    with pytest.raises(BadInput, match="twice"):
        parse_modes("sqwq,punt,sqwq")


def test_operations_in_place_of_reads_and_writes_have_paths_of_their_own():
    found = stats() | {"other": {"issued": 9, "inline": 9}}
    for at in (job(), job("cold"), job(writes=True)):
        assert parse_mode("punt").strayed(found, {}, at) is None
        assert parse_mode("inline").strayed(found, {}, at) is None
        assert parse_mode("hashed").strayed(found, {}, at) == "no_pooled"


@pytest.mark.parametrize("name, counted, at, strayed", [
    ("punt", {"inline": 9}, job(), None),
    ("punt", {"pooled": 9}, job(), "no_inline"),
    ("punt", {"nowait_miss": 9, "pooled": 9}, job("cold"), None),
    ("punt", {"inline": 9}, job("cold"), "no_nowait_miss"),
    ("punt", {"inline": 9}, job("direct"), "no_pooled"),
    ("sqwq", {"pooled": 9}, job(), None),
    ("sqwq", {"inline": 9}, job(), "no_pooled"),
    ("sqwq", {"helped": 9}, job(), None),
    ("handoff", {"helped": 9}, job(), None),
    ("hashed", {"pooled": 9}, job(), None),
    ("hashed", {"pooled": 9}, job(writes=True), "no_pooled"),
    ("sqthread", {"sqthread": 9}, job(), None),
    ("sqthread", {"inline": 9}, job(), "no_sqthread"),
    ("inline", {"pooled": 9}, job(), "no_inline"),
    ("acall", {"acall": 9}, job(), None),
    ("acall_pool", {"inline": 9}, job(), "no_acall"),
    ("uring", {"issued": 9}, job(), None),
    ("uring", {}, job(), "no_issued"),
])
def test_a_mode_that_did_not_take_its_own_path_is_found_out(name, counted, at, strayed):
    assert parse_mode(name).strayed(stats(writes=9 * at.writes, **counted), {}, at) == strayed


def test_writes_that_were_not_asked_for_are_not_missed():
    only_reads = stats(writes=0, pooled=9)
    assert parse_mode("hashed").strayed(only_reads, {}, job(writes=True)) is None


def test_missing_evidence_is_not_taken_for_good_evidence():
    assert parse_mode("sqwq").strayed(None, {}, job()) == "no_evidence"
    assert parse_mode("fio:psync").strayed(None, {}, job()) is None


def test_kernel_modes_need_their_kernel_threads():
    mode = parse_mode("fio:io_uring+force_async=1")
    assert mode.strayed(None, {"fio": 3}, job()) == "no_iou-wrk"
    assert mode.strayed(None, {"fio": 3, "iou-wrk": 2}, job()) is None
    mode = parse_mode("uring_async")
    assert mode.strayed(stats(issued=9), {"fio": 3}, job()) == "no_iou-wrk"
    assert mode.strayed(stats(issued=9), {"fio": 3}, job(), counted=4) is None, "by the engine"


@pytest.mark.parametrize("name, threads, in_user_space, strayed", [
    ("iowq:io_uring", {"fio": 3}, True, None), ("iowq:io_uring", {"fio": 3}, False, "no_iowq-run"),
    ("iowq:io_uring+sqthread_poll=1", {"iou-sqp": 1}, False, "no_iowq-run"),
    ("iowq:io_uring+force_async=1", {"fio": 3}, True, "no_iowq-wrk"),
    ("iowq:io_uring+force_async=1", {"iowq-wrk-0b": 2}, True, None),
    ("fio:io_uring", {"fio": 3}, False, None),
])
def test_io_uring_in_user_space_is_seen_to_be_there(name, threads, in_user_space, strayed):
    assert parse_mode(name).strayed(None, threads, job(), in_user_space) == strayed


@pytest.mark.parametrize("name, needs", [
    ("uring", True), ("uring_sqpoll+x=1", True), ("fio:io_uring", True),
    ("fio:io_uring+force_async=1", True), ("iowq:io_uring", False), ("punt", False),
    ("fio:libaio", False)])
def test_which_modes_need_the_kernels_io_uring(name, needs):
    assert needs_io_uring(name) == needs


@pytest.mark.parametrize("name, its", [
    ("punt", True), ("uring+x=1", True), ("fio:psync", False), ("iowq:io_uring", False)])
def test_which_modes_are_the_engines(name, its):
    assert ours(name) == its


def test_every_mode_of_the_engine_has_a_look_of_its_own():
    assert OFFLOADS.keys() <= STYLES.keys()


def test_no_two_modes_look_alike_and_a_mode_always_looks_the_same():
    known = list(STYLES)
    others = [f"sqwq+max_bounded={n}" for n in range(1, 13)]
    looks = styles(known + others)
    assert len({(s.colour, s.point) for s in looks.values()}) == len(looks)
    assert all(styles(["punt", name])[name] == looks[name] for name in known)


def test_the_readme_and_the_suite_pair_the_same_modes():
    readme = (SCRIPTS.parent / "engine/README.md").read_text()
    modes = readme.partition("\n## The modes\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^- `(\w+)`(?:, the default)? \((?:`(\w+)`|none)\):", modes,
                        re.MULTILINE)
    assert {name: kernel or None for name, kernel in listed} == {
        name: COUNTERPARTS.get(name) for name in OFFLOADS if name not in KERNEL}
    assert set(COUNTERPARTS.values()) < set(KERNEL)


def test_options_after_a_plus_leave_the_counterpart_as_it_is_but_for_fios_engine():
    assert counterpart("sqwq+max_bounded=4") == counterpart("sqwq") == "uring_async"
    assert counterpart("iowq:io_uring") == "fio:io_uring"
    assert counterpart("iowq:io_uring+force_async=1") == "fio:io_uring+force_async=1"
    assert counterpart("handoff") is counterpart("uring") is counterpart("fio:psync") is None
    assert of_kernel("uring_sqpoll+x=1") and not of_kernel("punt") and not of_kernel("fio:io_uring")
