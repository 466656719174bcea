# SPDX-License-Identifier: MIT
"""--busy: beside which load the modes are measured. Other programs want CPUs on every server."""

from suite.errors import BadInput

IDLE = "none"
# {as asked for: (how many of n CPUs are kept busy, in words)}
LOADS = {"one": (lambda cpus: 1, "beside one busy CPU"),
         "half": (lambda cpus: cpus // 2, "with half of the CPUs busy")}


def busy_of(text, cpus):
    """The Load's `busy`: empty for none. `cpus`: those that the comparison may use."""
    if text == IDLE:
        return ""
    if text not in LOADS:
        raise BadInput(f"--busy {text}: allowed are {IDLE}, {', '.join(LOADS)}")
    if len(cpus) < 2:
        raise BadInput(f"--busy {text}: keeps a CPU busy beside another one, and only CPU "
                       f"{min(cpus)} may be used here")
    return text


def words_of(busy):
    return LOADS[busy][1] if busy else ""


def busy_cpus(busy, cpus):
    """Which of the CPUs are kept busy: the last ones."""
    ordered = sorted(cpus)
    return ordered[len(ordered) - LOADS[busy][0](len(ordered)):] if busy else []
