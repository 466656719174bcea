# SPDX-License-Identifier: MIT
"""The search for a capacity, against servers that are made up: it is near the truth, its interval
holds the truth as often as it says, and it follows from what was found alone."""

import math
import random
from math import inf

import pytest
from suite.analyse.capacity import (ABOVE, LEAST_IOS, NEAR, USUAL_TRIES, Limit, Span, between,
                                    by_rate, interval_of, is_kept, next_rate)

TRIALS = 300


def searched(span, keeps):
    """The tries of a whole search; `keeps(rate)` answers for one run."""
    tries = []
    while (rate := next_rate(tries, span)) is not None:
        tries.append((rate, keeps(rate)))
        assert len(tries) < 100, "it ends"
    return tries


@pytest.mark.parametrize("answers, kept", [
    ([True], True), ([False], None), ([False, False], False), ([False, True], None),
    ([False, True, True], True), ([False, True, False], False)])
def test_a_rate_is_kept_at_once_and_broken_by_two_of_three(answers, kept):
    assert is_kept(answers) is kept


def test_without_noise_it_ends_around_the_truth_wherever_that_is():
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    source = random.Random(seed)
    for _ in range(TRIALS):
        unit = source.choice([1, 1, 3, 8])
        span = Span(250 // unit * unit, 10**source.uniform(3.5, 6), unit)
        truth = source.uniform(1.05 * span.least, span.closed)
        tries = searched(span, lambda rate, truth=truth: rate <= truth)
        low, high = between(tries)
        assert low <= truth < (high or span.most)
        assert (high or span.most) <= NEAR * low + 2 * unit
        assert all(rate % unit == 0 and span.least <= rate < span.most for rate, _ in tries)
        assert all(sum(rate == other for other, _ in by_rate(tries)) == 1 for rate, _ in tries)


def test_the_usual_number_of_tries_is_what_it_takes_where_most_modes_end():
    for share in (0.3, 0.5, 0.8, 0.95):
        tries = searched(Span(250, 1e5), lambda rate, most=share * 1e5: rate <= most)
        assert USUAL_TRIES / 2 <= len(tries) <= 1.3 * USUAL_TRIES


def test_where_no_rate_keeps_the_limit_it_ends_at_the_lowest():
    tries = searched(Span(250, 1e6), lambda rate: False)
    assert between(tries) == (0, 250) and tries[-1][0] == 250
    assert len(tries) <= 12, "quickly"


def test_where_every_rate_keeps_the_limit_there_is_no_end():
    tries = searched(Span(250, 1e5), lambda rate: True)
    low, high = between(tries)
    assert high is None and ABOVE * 1e5 / NEAR <= low < ABOVE * 1e5


def test_nothing_is_tried_where_a_run_has_too_few_ios():
    assert next_rate([], Span(250, 249.0)) is None
    assert Limit(1e6, 0.4).least == LEAST_IOS / 0.4


def test_one_disturbed_run_does_not_lead_astray():
    """Whichever run it is: none has ended nearer to the truth without it."""
    for spoilt in range(12):
        count = iter(range(100))
        tries = searched(Span(250, 1e5), lambda rate: rate <= 8e4 and next(count) != spoilt)
        low, high = between(tries)
        assert low <= 8e4 < high <= NEAR * low + 2


def server(source, truth, spread, disturbed, steep):
    """keeps(rate): p99 grows as in a queue, and its median breaks the limit at the truth. `steep`:
    of all that the server can do, the share at which that is. Some runs are disturbed."""
    def keeps(rate):
        load = rate / truth * steep
        p99 = inf if load >= 1 else (1 - steep) / (1 - load)
        p99 *= math.exp(source.gauss(0, spread)) * (10 if source.random() < disturbed else 1)
        return p99 < 1
    return keeps


@pytest.mark.parametrize("truth", [0.9, 0.3, 0.02])
@pytest.mark.parametrize("spread, disturbed, steep, least", [
    (0.1, 0, 0.9, 0.9375), (0.4, 0.2, 0.9, 0.9375),
    # Half of all rates within 30 % of the truth keep the limit by chance, and half of them do not.
    (0.5, 0, 0.5, 0.9)])
def test_the_interval_of_5_rounds_holds_the_truth_as_often_as_it_says(truth, spread, disturbed,
                                                                      steep, least):
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    source, held = random.Random(seed), 0
    for _ in range(TRIALS):
        found = []
        for _ in range(5):
            span = Span(250, 1e5 * math.exp(source.gauss(0, 0.05)))
            now = truth * 1e5 * math.exp(source.gauss(0, 0.03))
            low, high = between(searched(span, server(source, now, spread, disturbed, steep)))
            found.append((low, high or inf))
        interval = interval_of(found)
        assert interval.coverage == 0.9375
        held += interval.low <= truth * 1e5 <= interval.high
    # Four standard errors below what is meant: once in 30,000 such tests by chance.
    assert held / TRIALS > least - 4 * math.sqrt(least * (1 - least) / TRIALS)


def test_the_interval_is_never_narrower_than_what_a_round_tells():
    same = interval_of([(100, 104)] * 5)
    assert (same.low, same.high) == (100, 104) and 100 < same.median < 104
    none = interval_of([(0, 250)] * 3 + [(300, 310)] * 2)
    assert (none.low, none.median, none.high) == (0, 0, 310)
    assert interval_of([(0, 250), (0, 250), (300, 310), (310, 320)]).median == 0, "of no rate"
    endless = interval_of([(300, inf)] * 4 + [(200, 210)])
    assert (endless.low, endless.median, endless.high) == (200, 300, inf)
