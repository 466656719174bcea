# SPDX-License-Identifier: MIT
import re
from types import SimpleNamespace

import pytest
from conftest import SCRIPTS
from suite.draw.styles import STYLES, styles
from suite.errors import BadInput
from suite.request.modes import (COUNTERPARTS, KERNEL, OFFLOADS, counterpart, of_kernel,
                                 parse_mode, parse_modes)

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


@pytest.mark.parametrize("text", [
    "nosuch", "", "fio:", "fio:a b", "fio:../x", "sqwq+", "sqwq+x", "sqwq+x=$(reboot)", "sqwq+x='",
    "sqwq+iodepth=4", "sqwq+filename=/dev/sda", "sqwq+ioengine=null", "sqwq+a=1+a=2",
    "sqwq+x=a\nrw=write",
])
def test_bad_modes_are_refused(text):
    with pytest.raises(BadInput):
        parse_mode(text)


def test_an_unknown_mode_is_answered_with_all_that_are_allowed():
    allowed = "inline, sqthread, handoff, sqwq, punt, hashed, acall, .*uring.*fio:NAME"
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


def test_every_mode_of_the_engine_has_a_look_of_its_own():
    assert OFFLOADS.keys() <= STYLES.keys()


def test_no_two_modes_look_alike_and_a_mode_always_looks_the_same():
    known = list(STYLES)
    others = [f"sqwq+max_bounded={n}" for n in range(1, 13)]
    looks = styles(known + others)
    assert len({(s.colour, s.point) for s in looks.values()}) == len(looks)
    assert all(styles(["punt", name])[name] == looks[name] for name in known)


def test_the_readme_and_the_suite_pair_the_same_modes():
    readme = (SCRIPTS.parent / "README.md").read_text()
    listed = re.findall(r"^- `(\w+)`(?:, the default)? \((?:`(\w+)`|none)\):", readme,
                        re.MULTILINE)
    assert {name: kernel or None for name, kernel in listed} == {
        name: COUNTERPARTS.get(name) for name in OFFLOADS if name not in KERNEL}
    assert set(COUNTERPARTS.values()) < set(KERNEL)


def test_options_after_a_plus_leave_the_counterpart_as_it_is():
    assert counterpart("sqwq+max_bounded=4") == counterpart("sqwq") == "uring_async"
    assert counterpart("handoff") is counterpart("uring") is counterpart("fio:psync") is None
    assert of_kernel("uring_sqpoll+x=1") and not of_kernel("punt") and not of_kernel("fio:io_uring")
