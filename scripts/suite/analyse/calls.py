# SPDX-License-Identifier: MIT
"""Which modes of a report are called worse, and how the 5 % are spent that may be wrong."""

from suite.analyse.moderated import LEVEL, Compared, holm
from suite.analyse.rounds import LEAST

# In a race, what is shown not to be as good at this level leaves it; the rest is for its end.
EARLY_LEVEL = 0.01


def worse(contests, race):
    """{(number of the contest, mode)}"""
    if not race:
        return holm(chances(contests))
    return early(contests) | holm(chances(contests), LEVEL - EARLY_LEVEL)


def early(contests):
    """Those that the first rounds show not to be as good as the best; none before there are enough
    of them."""
    look = look_of(contests)
    return holm(chances(contests, look), EARLY_LEVEL) if look else set()


def look_of(contests):
    """The last of the fewest rounds that call a difference; None if there are fewer."""
    rounds = sorted({r for contest in contests for log in contest.logs.values() for r in log})
    return rounds[LEAST - 1] if len(rounds) >= LEAST else None


def chances(contests, look=None):
    """{(number of the contest, mode): p value}: of being worse than the best; of the rounds up to a
    look, of being worse than what is as good."""
    found = {}
    for i, contest in enumerate(contests):
        logs = {mode: {r: v for r, v in log.items() if look is None or r <= look}
                for mode, log in contest.logs.items()}
        share = 1 if look is None else contest.rules.as_good
        found |= {(i, mode): p for mode, p in
                  zip(logs, Compared(list(logs.values())).worse(share))}
    return found
