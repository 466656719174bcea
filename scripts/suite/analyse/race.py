# SPDX-License-Identifier: MIT
"""The race: what a few rounds have shown not to be as good as the best is measured no further, and
its time goes to the others, in more rounds.

There is one look, after the fewest rounds that call a difference, and calls.py says how it is paid
for. Nothing ends early because it is decided: whoever stops when he likes what he sees calls too
much.
"""

from dataclasses import replace

from suite.analyse import calls, rounds
from suite.analyse.summary import summarise
from suite.analyse.verdict import Rules, contests_of
from suite.request.asked import RACE_ROUNDS
from suite.request.plan import TRACED


def out(asked, finished):
    """(the round of the look, the points that have left the race then); (None, none) before.

    That depends only on the rounds before, which are whole: whoever resumes a comparison goes on
    with the same points.
    """
    clean = sorted({run.repeat for run, _, _ in finished} - rounds.disturbed(finished) - {TRACED})
    if not asked.race or len(clean) < rounds.LEAST:
        return None, set()
    look = clean[rounds.LEAST - 1]
    rules = Rules.of_asked(asked)
    early = summarise([row for row in finished if row[0].repeat <= look], asked.baseline)
    contests = contests_of(early, rules)
    called = calls.early(contests)
    left, stay = set(), set()
    for i, contest in enumerate(contests):
        for s in contest.sure:
            (left if (i, s.point.mode) in called else stay).add(s.point)
    return look, left - stay


def last_round(asked, finished):
    """The number of the last round, as far as it is known by now: with those made in place of
    disturbed ones, and those that the time of the points allows that have left the race."""
    planned = asked.repeats + min(asked.spare, len(rounds.disturbed(finished)))
    look, left = out(asked, finished)
    if not left:
        return planned
    racing = len(staying(asked, left))
    return min(look + (planned - look) * len(asked.points) // racing, RACE_ROUNDS * planned)


def staying(asked, left):
    """The points that are still measured, with the baseline of each."""
    stay = set(asked.points) - left
    return stay | ({replace(point, mode=asked.baseline) for point in stay} & set(asked.points))


def words(plan, summaries):
    """The line that says who left, and what the others got."""
    last = {s.point: max(s.by_repeat) for s in summaries.values() if s.by_repeat}
    look = calls.look_of(contests_of(summaries, Rules.of_plan(plan)))
    left = [point for point, repeat in last.items() if look and repeat <= look]
    if not plan.get("race") or not left or len(left) == len(last):
        return []
    return [f"After round {look}, {len(left)} of {len(last)} points were shown to be worse, and "
            "were measured no further: their time went to the others, up to round "
            f"{max(last.values())}."]
