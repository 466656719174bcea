# SPDX-License-Identifier: MIT
"""Which of several modes is worse than another of them: a test that few rounds are enough for.

With 8 rounds a mode's own spread is hardly known, so each is moved towards that of all modes, the
more so the more alike they are: Smyth's moderated t (Statistical Applications in Genetics and
Molecular Biology 3, 2004), on logarithms from which the rounds' own levels have been taken. The
mode that it is compared with is picked as the best of all, for which every comparison is paid
(Bonferroni), and so are the comparisons of a report (Holm). The share of reports with a false call
is then at most 5 %, also where spreads are unequal, or have heavy tails (test_moderated.py).
"""

from itertools import count
from math import exp, inf, lgamma, log, log1p, sqrt

LEVEL = 0.05  # the share of reports in which some mode may be called worse that is not
LEAST = 3  # rounds; with fewer there is no spread to speak of
FITS, FITTED = 100, 1e-9  # sweeps of the fit at most, and what is near enough
LEAST_VARIANCE = 1e-12  # of values that do not differ


def p_values(modes):
    """For each of [{round: logarithm}], more being better: how likely such a distance to the best
    of them is where they are equal. 1 for the best, and where there are too few rounds."""
    levels, residuals = fitted(modes)
    tested = [m for m, rest in enumerate(residuals) if len(rest) >= LEAST]
    found = [1.0] * len(modes)
    if len(tested) < 2:
        return found
    freedom = [len(residuals[m]) - 1 for m in tested]
    share = len(tested) / (len(tested) - 1)  # of a spread, in what is left beside the rounds' own
    variances = [max(share * sum(e * e for e in residuals[m]) / df, LEAST_VARIANCE)
                 for m, df in zip(tested, freedom)]
    # The spreads of two modes are one to the rounds: there cannot be more to learn from the others
    # than their rounds hold.
    prior, usual = prior_of(variances, freedom, most=(len(tested) - 2) * min(freedom))
    moderated = {m: (prior * usual + df * variance) / (prior + df)
                 for m, df, variance in zip(tested, freedom, variances)}
    best = max(tested, key=lambda m: levels[m])
    for m, df in zip(tested, freedom):
        shared = len(modes[m].keys() & modes[best].keys())
        if m != best and shared:
            spread = sqrt((moderated[m] + moderated[best]) / shared)
            behind = (levels[best] - levels[m]) / spread
            found[m] = min(1.0, (len(tested) - 1) * student_tail(behind, prior + df))
    return found


def fitted(modes):
    """([each mode's level], [[what is left of its values]]): value = mode's level + round's level.
    """
    rounds = sorted({r for mode in modes for r in mode})
    of_round, levels = dict.fromkeys(rounds, 0.0), [0.0] * len(modes)
    for _ in range(FITS):
        before = list(levels)
        for m, mode in enumerate(modes):
            levels[m] = sum(v - of_round[r] for r, v in mode.items()) / len(mode) if mode else -inf
        if all(abs(now - was) < FITTED for now, was in zip(levels, before) if now > -inf):
            break
        for r in rounds:
            here = [mode[r] - levels[m] for m, mode in enumerate(modes) if r in mode]
            of_round[r] = sum(here) / len(here)
    return levels, [[v - of_round[r] - levels[m] for r, v in mode.items()]
                    for m, mode in enumerate(modes)]


def prior_of(variances, freedom, most):
    """(degrees of freedom, variance) that the others' spreads are worth to each."""
    if most <= 0:
        return 0, 0.0
    df = sum(freedom) / len(freedom)
    logs = [log(v) - digamma(n / 2) + log(n / 2) for v, n in zip(variances, freedom)]
    mean = sum(logs) / len(logs)
    unlike = sum((x - mean) ** 2 for x in logs) / (len(logs) - 1) - trigamma(df / 2)
    prior = min(most, 2 * trigamma_inverse(unlike)) if unlike > 0 else most
    return prior, exp(mean + digamma(prior / 2) - log(prior / 2))


def holm(values, level=LEVEL):
    """Which of these p values are small enough, by their keys, so that one of them is so by chance
    in at most `level` of cases: {key}."""
    called = set()
    for i, (key, p) in enumerate(sorted(values.items(), key=lambda row: row[1])):
        if p > level / (len(values) - i):
            break
        called.add(key)
    return called


# ---- functions of mathematics


def digamma(x):
    shift = 0.0
    while x < 8:
        shift, x = shift - 1 / x, x + 1
    y = 1 / (x * x)
    return shift + log(x) - 1 / (2 * x) - y * (1 / 12 - y * (1 / 120 - y / 252))


def trigamma(x):
    shift = 0.0
    while x < 8:
        shift, x = shift + 1 / (x * x), x + 1
    y = 1 / (x * x)
    return shift + 1 / x + y / 2 + y / x * (1 / 6 - y * (1 / 30 - y / 42))


def trigamma_inverse(value):
    low, high = 1e-4, 1e7
    while high > low * (1 + 1e-9):
        middle = sqrt(low * high)
        low, high = (middle, high) if trigamma(middle) > value else (low, middle)
    return low


def student_tail(t, df):
    """The probability of more than t in Student's distribution."""
    half = beta_share(df / (df + t * t), df / 2, 0.5) / 2
    return half if t > 0 else 1 - half


def beta_share(x, a, b):
    """The regularised incomplete beta function, by its continued fraction."""
    if not 0 < x < 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x > (a + 1) / (a + b + 2):
        return 1 - front * fraction(1 - x, b, a) / b
    return front * fraction(x, a, b) / a


def fraction(x, a, b):
    """By Lentz's method."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in count(1):
        for step in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1 / (1 + step * d)
            c = 1 + step / c
            value *= c * d
        if abs(c * d - 1) < 1e-12:
            return value
    raise AssertionError
