# SPDX-License-Identifier: MIT
"""Which of several modes is worse than another of them, and which comes near all of them: tests
that few rounds are enough for.

With 8 rounds a mode's own spread is hardly known, so each is moved towards that of all modes, the
more so the more alike they are: Smyth's moderated t (Statistical Applications in Genetics and
Molecular Biology 3, 2004), on logarithms from which the rounds' own levels have been taken. The
mode that it is compared with is picked as the best of all, for which every comparison is paid
(Bonferroni), and so are the comparisons of a report (Holm). The share of reports with a false call
is then at most 5 %, also where spreads are unequal, or have heavy tails (test_moderated.py).

Near the best is who is near each of the others, whichever of them is the best. No leader is picked
for that, which with noise is often the wrong one, and nothing has to be paid for.
"""

from itertools import count
from math import exp, inf, lgamma, log, log1p, sqrt

LEVEL = 0.05  # the share of reports in which some mode may be called worse that is not
LEAST = 3  # rounds; with fewer there is no spread to speak of
FITS, FITTED = 100, 1e-9  # sweeps of the fit at most, and what is near enough
LEAST_VARIANCE = 1e-12  # of values that do not differ


class Compared:
    """What the rounds of [{round: logarithm}], one for each mode, say of them; more is better."""

    def __init__(self, modes):
        self.modes = modes
        self.levels, residuals = fitted(modes)
        self.tested = [m for m, rest in enumerate(residuals) if len(rest) >= LEAST]
        if len(self.tested) < 2:
            self.tested = []
            return
        freedom = [len(residuals[m]) - 1 for m in self.tested]
        share = len(self.tested) / (len(self.tested) - 1)  # of a spread, beside the rounds' own
        variances = [max(share * sum(e * e for e in residuals[m]) / df, LEAST_VARIANCE)
                     for m, df in zip(self.tested, freedom)]
        # The spreads of two modes are one to the rounds: there cannot be more to learn from the
        # others than their rounds hold.
        prior, usual = prior_of(variances, freedom, most=(len(self.tested) - 2) * min(freedom))
        self.freedom = {m: prior + df for m, df in zip(self.tested, freedom)}
        self.own = dict(zip(self.tested, variances))
        self.moderated = {m: (prior * usual + df * variance) / (prior + df)
                          for m, df, variance in zip(self.tested, freedom, variances)}

    def chance(self, ahead, behind, share, variances):
        """Of so long a distance between two modes, where `behind` is `share` of `ahead`."""
        shared = len(self.modes[ahead].keys() & self.modes[behind].keys())
        if not shared:
            return 1.0
        spread = sqrt((variances[ahead] + variances[behind]) / shared)
        distance = self.levels[ahead] - self.levels[behind] + log(share)
        return student_tail(distance / spread, min(self.freedom[ahead], self.freedom[behind]))

    def worse(self, share=1):
        """For each mode, how likely such a distance to the best of them is where it comes to
        `share` of it. 1 for the best, and where there are too few rounds."""
        found = [1.0] * len(self.modes)
        best = max(self.tested, key=lambda m: self.levels[m], default=None)
        for m in self.tested:
            if m != best:
                found[m] = min(1.0, (len(self.tested) - 1)
                               * self.chance(best, m, share, self.moderated))
        return found

    def near(self, share):
        """For each mode, how likely it is to stand so well where it comes to no more than `share`
        of one of the others. A mode that is less steady than the others keeps its own spread."""
        spread = {m: max(self.own[m], self.moderated[m]) for m in self.tested}
        return [max((self.chance(m, other, 1 / share, spread) for other in self.tested
                     if other != m), default=1.0) if m in self.tested else 1.0
                for m in range(len(self.modes))]


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
