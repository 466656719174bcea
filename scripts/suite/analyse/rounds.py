# SPDX-License-Identifier: MIT
"""Which rounds count: those in which other programs took CPU time, or the machine was suspended,
are left out.

That looks at what others did, never at the figures, so that it favours no mode.
"""

from collections import defaultdict
from statistics import median

from suite.request.plan import TRACED
from suite.units import percent

DISTURBED = 0.1  # CPUs that others take
# Where these cannot be seen: more of the time in which some task waited for a CPU than in other
# runs of the same point, in most runs of a round. A mode's own threads wait for one another too.
PRESSED = 0.1
SUSPENDED_S = 0.01
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
    cpus = foreign_cpus(finished)
    return ({repeat for repeat, most in cpus.items() if (most or 0) > DISTURBED}
            | suspended(finished)
            | ({repeat for repeat, more in pressure(finished).items() if more > PRESSED}
               if unseen(cpus) else set()))


def unseen(cpus):
    return bool(cpus) and all(most is None for most in cpus.values())


def suspended(finished):
    return {run.repeat for run, record, _ in finished
            if record.get("suspended_s", 0) > SUSPENDED_S} - {TRACED}


def pressure(finished):
    """{round: by how much its runs' pressure on CPUs was above that of their points}; medians."""
    points, rounds = defaultdict(list), defaultdict(list)
    known = [(run, record["pressure"]["cpu"]) for run, record, _ in finished
             if run.repeat != TRACED and "cpu" in (record.get("pressure") or {})]
    for run, share in known:
        points[run.point].append(share)
    for run, share in known:
        rounds[run.repeat].append(share - median(points[run.point]))
    return {repeat: median(shares) for repeat, shares in rounds.items()}


def counted(finished):
    """`finished` without the disturbed rounds, if enough others are there; else as it is."""
    out = disturbed(finished)
    clean = {run.repeat for run, _, _ in finished} - out - {TRACED}
    return [row for row in finished if row[0].repeat not in out] \
        if len(clean) >= LEAST else finished


def words(finished):
    """The lines that say which rounds were disturbed, and by what."""
    cpus, out = foreign_cpus(finished), disturbed(finished)
    lines = []
    if unseen(cpus):
        lines.append("Other programs cannot be seen here, as /proc shows only this container's "
                     "own: " + ("their part is judged by the pressure on CPUs."
                                if pressure(finished) else
                                "whether they disturbed the runs is unknown."))
    if not out:
        return lines
    left_out = len(counted(finished)) < len(finished)
    for which, what in reasons(finished, cpus, out):
        lines.append(f"In {named(which)} of {len(cpus)} {what}"
                     + (": left out." if left_out else "."))
    if not left_out:
        lines.append("Too few rounds are left without these: all count. So this shows how the "
                     "modes do beside others.")
    return lines


def reasons(finished, cpus, out):
    """[(rounds, what disturbed them)]"""
    asleep, pressed = suspended(finished), pressure(finished)
    others = out - asleep
    found = [(asleep, "the machine was suspended")] if asleep else []
    if others and unseen(cpus):
        most = max(pressed[repeat] for repeat in others)
        found.append((others, "tasks waited for a CPU for more of the time than usual, by up to "
                              f"{percent(most)}"))
    elif others:
        most = max(cpus[repeat] for repeat in others)
        found.append((others, f"other programs took up to {most:.1f} CPUs"))
    return found


def named(rounds):
    return f"round {min(rounds)}" if len(rounds) == 1 else \
        f"rounds {', '.join(map(str, sorted(rounds)))}"
