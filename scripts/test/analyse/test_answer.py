# SPDX-License-Identifier: MIT
"""The one sentence for a load."""

from types import SimpleNamespace

import pytest
from suite.analyse.answer import answers


def verdict(where, *good, row=None, flags=()):
    return SimpleNamespace(load="load", where=where, judged=SimpleNamespace(row=row), good=[
        SimpleNamespace(point=SimpleNamespace(mode=mode), flags=["x"] * (mode in flags))
        for mode in good])


@pytest.mark.parametrize(("verdicts", "sentence"), [
    ([verdict("depth 8", "a")], "a at depth 8"),
    ([verdict("depth 8", "a", "b", flags="b")], "a or b ! at depth 8"),
    ([verdict("depth 8", *"abcde")], "5 modes at depth 8"),
    ([verdict("depth 1", "a", "b"), verdict("depth 8", "b")],
     "b, as good as the best at each of 2 points"),
    ([verdict("depth 1", "a", flags="a"), verdict("depth 8", "a")],
     "a !, as good as the best at each of 2 points"),
    ([verdict("depth 1", "a"), verdict("depth 8", "b"), verdict("depth 32", "b")],
     "a at depth 1; b at depths 8 and 32"),
    ([verdict("depth 1, 10 k I/Os/s offered", "a"), verdict("depth 1, 20 k I/Os/s offered", "b"),
      verdict("depth 8", "a")],
     "a at depth 1, 10 k I/Os/s offered and depth 8; b at depth 1, 20 k I/Os/s offered"),
    ([verdict("depth 8, log syncs by p99", "a", row="r"), verdict("depth 8, reads by IOPS", "b",
                                                                  row="s")],
     "a at depth 8, log syncs by p99; b at depth 8, reads by IOPS"),
    ([verdict("depth 8, log syncs by p99", "a", row="r"), verdict("depth 8, reads by IOPS", "a",
                                                                  row="s")],
     "a, as good as the best by each of 2 figures"),
    ([verdict(f"depth {n}", mode) for n, mode in enumerate("abcde")],
     "it depends: no mode is as good as the best at all of 5 points"),
])
def test_the_sentence(verdicts, sentence):
    assert answers(verdicts) == {"load": sentence}
