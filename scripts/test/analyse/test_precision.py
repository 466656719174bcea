# SPDX-License-Identifier: MIT
"""What is said where a comparison did not come to the precision that was asked for."""

import pytest
import synthetic
from suite.analyse import precision
from suite.report.conclusion import summaries_of


@pytest.mark.parametrize(("share", "said"), [(None, ""), (0.5, ""), (0.001, "4 of 4 points")])
def test_points_that_stayed_wide_are_named(tmp_path, share, said):
    folder = synthetic.results(tmp_path / "r", ["fio:psync", "inline"], depths=(1, 8), repeats=9)
    plan = folder.read_plan() | {"precision": share}
    lines = precision.words(plan, summaries_of(plan, folder.finished()))
    assert bool(lines) == bool(said)
    if said:
        assert said in lines[0] and "did not come to ±0.1 % within 9 rounds" in lines[0]
        assert "inline, depth 8: ±" in lines[0]
