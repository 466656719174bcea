# SPDX-License-Identifier: MIT
import string
from collections import defaultdict

import pytest
from suite.errors import BadInput
from suite.request.asked import numbers
from suite.request.plan import (Load, Point, Run, load_titles, plan_round, plan_runs, plan_traced,
                                unique_names)

POINTS = [Point(Load("job", "4096"), mode, depth)
          for mode in ("a", "b", "c") for depth in (1, 8, 32)]


def rounds(runs):
    found = defaultdict(list)
    for run in runs:
        found[run.repeat].append(run)
    return found


def test_every_round_holds_every_point_once_and_rounds_follow_one_another():
    runs = plan_runs(POINTS, repeats=6, seed=3)
    assert [run.repeat for run in runs] == sorted(run.repeat for run in runs)
    assert all(sorted(r.point.mode + str(r.point.depth) for r in one)
               == sorted(p.mode + str(p.depth) for p in POINTS) for one in rounds(runs).values())
    assert len({run.id for run in runs}) == len(runs)


def test_order_depends_on_the_seed_alone_and_differs_between_rounds():
    runs = plan_runs(POINTS, repeats=4, seed=3)
    assert runs == plan_runs(POINTS, repeats=4, seed=3)
    assert runs != plan_runs(POINTS, repeats=4, seed=4)
    assert len({tuple(r.point for r in one) for one in rounds(runs).values()}) > 1


def test_random_seed_is_one_a_round_and_new_in_the_next():
    seeds = [{run.randseed for run in one} for one in rounds(plan_runs(POINTS, 5, 3)).values()]
    assert all(len(one) == 1 for one in seeds)
    assert len(set.union(*seeds)) == 5


def test_runs_survive_json():
    run = plan_runs(POINTS, 1, 3)[0]
    assert Run.from_json(run.as_json()) == run


def test_names_are_harmless_and_never_clash():
    odd = ["a b", "a_b", "a'b", 'x"; rm -rf $HOME', "../../etc", "A_B", "fio:psync", "<b>", "..."]
    names = unique_names(odd)
    assert len({name.lower() for name in names.values()}) == len(odd)
    assert all(set(name) <= set(string.ascii_letters + string.digits + ".+=_-")
               and not name.startswith((".", "-")) for name in names.values())


@pytest.mark.parametrize("text", ["", "0", "1,", "1,x", "-1", "1.5", "70000", "1;2"])
def test_bad_depths_are_refused(text):
    with pytest.raises(BadInput, match="allowed are"):
        numbers("depths", text.split(","), 1, 65536)


def test_a_round_depends_on_its_number_and_the_seed_and_not_on_the_order_of_the_points():
    later = plan_round(list(reversed(POINTS)), 4, seed=3)
    assert later == rounds(plan_runs(POINTS, 5, 3))[4]


def test_a_mode_is_traced_once_a_load_at_its_deepest():
    runs = plan_traced(POINTS, seed=3)
    assert sorted((run.point.mode, run.point.depth) for run in runs) \
        == [("a", 32), ("b", 32), ("c", 32)]
    assert all(run.repeat == 0 for run in runs)


def test_a_load_is_told_by_what_differs_among_those_of_its_job():
    loads = [Load("a", "4096"), Load("a", "65536"), Load("b", "4096", mix="70"),
             Load("b", "4096", mix="30"), Load("c", "512", file_system="xfs")]
    assert list(load_titles(loads).values()) \
        == ["a, 4k", "a, 64k", "b, 70% reads", "b, 30% reads", "c"]
