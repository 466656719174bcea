# SPDX-License-Identifier: MIT
"""--judge: what may decide, and what is no such thing."""

import pytest
from suite.errors import BadInput
from suite.fio.output import Row
from suite.request.judged import Criterion, Limit, check_judge, parse_judge


@pytest.mark.parametrize("text, criteria", [
    (None, []),
    ("iops", [Criterion("iops")]),
    ("p99.9", [Criterion("p99.9")]),
    ("read:p99", [Criterion("p99", "", "read")]),
    ("log:sync:P99", [Criterion("p99", "log", "sync")]),
    ("log:iops", [Criterion("iops", "log")]),
    ("a:b:c:bw", [Criterion("bw", "a:b:c")]),
    ("iops, p99<1.5ms", [Criterion("iops"), Criterion("p99", limit=Limit("<", 1.5e6, "1.5ms"))]),
    ("w:write:iops > 10k", [Criterion("iops", "w", "write", Limit(">", 1e4, "10k"))]),
    ("mean<200us", [Criterion("mean", limit=Limit("<", 2e5, "200us"))]),
])
def test_what_decides(text, criteria):
    assert parse_judge(text) == criteria


@pytest.mark.parametrize("text, complaint", [
    ("ipos", "figures are iops, bw"),
    ("", ""),
    ("iops,", "allowed is [SECTION:]"),
    ("log:sync", "figures are iops, bw"),
    ("p100", "figures are"),
    ("p99<", "allowed is [SECTION:]"),
    ("p99<1", "a time with its unit"),
    ("p99<1k", "a time with its unit"),
    ("iops>1ms", "a rate, such as 10k"),
    ("log:cpu", "CPU time is known of the whole run only"),
])
def test_what_is_no_criterion_is_refused_in_one_line(text, complaint):
    with pytest.raises(BadInput) as refused:
        parse_judge(text)
    assert complaint in str(refused.value) and "\n" not in str(refused.value)


def test_a_section_that_no_job_has_is_refused():
    class Job:
        sections = [type("Section", (), {"name": name}) for name in ("log", "readers")]

    check_judge("log:sync:p99,read:iops,iops", [Job])
    with pytest.raises(BadInput, match="there is no section 'lag': allowed are log, readers"):
        check_judge("log:iops,lag:sync:p99", [Job])


@pytest.mark.parametrize("sign, low, high, kept", [
    ("<", 1, 2, True), ("<", 4, 5, False), ("<", 2, 4, None),
    (">", 1, 2, False), (">", 4, 5, True), (">", 2, 4, None)])
def test_a_limit_is_kept_by_a_whole_interval(sign, low, high, kept):
    assert Limit(sign, 3, "3").kept(low, high) is kept


def test_a_criterion_is_of_the_rows_that_it_names():
    row = Row("log", "sync")
    assert Criterion("p99", "log").matches(row) and Criterion("p99", "", "sync").matches(row)
    assert not Criterion("p99", "readers").matches(row)
    assert not Criterion("p99", "log", "write").matches(row)
    assert Criterion("p99").of_whole and not Criterion("p99", "log").of_whole
