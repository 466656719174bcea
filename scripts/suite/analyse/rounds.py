# SPDX-License-Identifier: MIT
"""Which rounds count: those in which other programs took CPU time are left out.

That looks at what others did, never at the figures, so that it favours no mode.
"""

from suite.request.plan import TRACED

DISTURBED = 0.1  # CPUs that others take
LEAST = 5  # rounds that are left: with fewer, no difference is called (stats.LEAST_COVERAGE)


def foreign_cpus(finished):
    """{round: the most that others took during one of its runs}, where that was looked at; None: it
    cannot be known."""
    found = {}
    for run, record, _ in finished:
        if run.repeat != TRACED and "foreign_cpus" in record:
            known = [found.get(run.repeat), record["foreign_cpus"]]
            found[run.repeat] = max((cpus for cpus in known if cpus is not None), default=None)
    return found


def disturbed(finished):
    return {repeat for repeat, cpus in foreign_cpus(finished).items() if (cpus or 0) > DISTURBED}


def counted(finished):
    """`finished` without the disturbed rounds, if enough others are there; else as it is."""
    out = disturbed(finished)
    clean = {run.repeat for run, _, _ in finished} - out - {TRACED}
    return [row for row in finished if row[0].repeat not in out] \
        if len(clean) >= LEAST else finished


def words(finished):
    """The lines that say which rounds were disturbed."""
    cpus, out = foreign_cpus(finished), sorted(disturbed(finished))
    if cpus and None in cpus.values():
        return ["Whether other programs disturbed the runs is unknown: /proc does not show them."]
    if not out:
        return []
    which = f"round {out[0]}" if len(out) == 1 else f"rounds {', '.join(map(str, out))}"
    took = f"In {which} of {len(cpus)} other programs took up to {max(cpus.values()):.1f} CPUs"
    if len(counted(finished)) < len(finished):
        return [f"{took}: left out."]
    return [f"{took}, and too few rounds are left without: all count. So this shows how the modes "
            "do beside others."]
